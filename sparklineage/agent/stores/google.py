"""A bucket of Google Cloud Storage, by the command `gcloud storage` with its own login."""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sparklineage.agent.stores.command import Command, Done, found
from sparklineage.agent.stores.interface import Payload, State, Stored, StoreOptions
from sparklineage.errors import CredentialsError, ForbiddenError, NoSuchPlaceError, StoreError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from sparklineage.agent.artifact import Progress


@dataclass(frozen=True, kw_only=True)
class Google:
    """Objects below a prefix, each of which is whole or not there."""

    folder: str
    """`gs://bucket/prefix` without a slash at its end."""
    command: Command

    def address(self, name: str) -> str:
        return f"{self.folder}/{name}"

    def state(self, payload: Payload) -> State:
        """Compared by size and MD5, which every object has that was sent in one piece."""
        done = self.command.run("objects", "describe", self.address(payload.name), "--format=json")
        if done.status != 0:
            if "not found" in done.err and "404" in done.err:
                return "missing"
            raise self._problem(done)
        about = _parsed(done)
        if not isinstance(about, dict) or str(about.get("size")) != str(payload.size) or payload.path is None:
            return "other"
        return "equal" if about.get("md5_hash") == _md5(payload.path) else "other"

    def put(self, payload: Payload, progress: Progress | None) -> None:
        done = self.command.run("cp", str(payload.path), self.address(payload.name))
        if done.status != 0:
            raise self._problem(done)
        if progress and payload.size is not None:
            progress(payload.size, payload.size)

    def stored(self) -> Sequence[Stored]:
        done = self.command.run("objects", "list", f"{self.folder}/*.jar", "--format=json(name,size)")
        if done.status != 0:
            raise self._problem(done)
        listed = _parsed(done)
        return [
            Stored(name=str(item["name"]).rpartition("/")[2], size=int(item["size"]), sha512=None)
            for item in (listed if isinstance(listed, list) else [])
        ]

    def _problem(self, done: Done) -> StoreError:
        if "404" in done.err:
            return NoSuchPlaceError(f"{self.folder}: {done.why}; make the bucket, or name another one.")
        if "403" in done.err or "does not have" in done.err:
            return ForbiddenError(f"{self.folder}: {done.why}")
        if "401" in done.err or "gcloud auth login" in done.err or "credential" in done.err.lower():
            return CredentialsError(f"{self.folder}: gcloud is not logged in; run `gcloud auth login`.")
        return StoreError(f"{self.folder}: cannot be read or written: {done.why}")


def store(target: str, options: StoreOptions, environ: Mapping[str, str]) -> Google:  # noqa: ARG001
    """The place of a `gs:` address. Raises UsageError where it names no bucket, or there is no `gcloud` here."""
    if not target.removeprefix("gs://").partition("/")[0]:
        raise UsageError(f"{target}: names no bucket; write gs://BUCKET/PREFIX.")
    command = found(target, ("gcloud", "storage"), environ, "the Google Cloud CLI")
    # Nobody answers a question.
    return Google(
        folder=target.rstrip("/"),
        command=Command(words=command.words, environ={**environ, "CLOUDSDK_CORE_DISABLE_PROMPTS": "1"}),
    )


def _parsed(done: Done) -> object:
    try:
        parsed: object = json.loads(done.out)
    except ValueError:
        raise StoreError(f"gcloud answered {done.out[:100]!r}, which is no JSON; try again.") from None
    return parsed


def _md5(path: Path) -> str:
    """As Google writes it."""
    total = hashlib.md5(usedforsecurity=False)
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            total.update(chunk)
    return b64encode(total.digest()).decode()
