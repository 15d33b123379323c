"""`sparklineage.lock`: the JARs of a cluster with their digests, so that every machine gets the same bytes."""

from __future__ import annotations

import json
import os
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sparklineage.agent.artifact import Artifact, apart
from sparklineage.errors import ConfigError, DigestError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

VERSION = 1
_PART = re.compile(r"[A-Za-z0-9_.\-]+")
_SHA512 = re.compile(r"[0-9a-f]{128}")


def write_lock(path: Path, artifacts: Iterable[Artifact]) -> None:
    """Write the file, whole or not at all, the same bytes for the same JARs. Every artifact has its digest.

    Raises ConfigError where it cannot be written.
    """
    entries = [
        {"coordinates": artifact.coordinates, "sha512": artifact.sha512, "size": artifact.size}
        for artifact in sorted(artifacts, key=lambda artifact: artifact.coordinates)
    ]
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_text(json.dumps({"version": VERSION, "artifacts": entries}, indent=2) + "\n", "utf-8")
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise ConfigError(f"{path}: cannot be written ({error.strerror}); name another file.") from None


def read_lock(path: Path) -> tuple[Artifact, ...]:
    """The JARs in a lock file, in its order. Raises ConfigError for anything that is none."""
    try:
        data = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: there is no such file; `sparklineage jar fetch --lock {path}` writes it.") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}).") from None
    except (ValueError, RecursionError):
        raise ConfigError(f"{path}: not JSON, so no lock file; write it anew with `jar fetch --lock`.") from None
    if not isinstance(data, dict) or not isinstance(data.get("artifacts"), list):
        raise ConfigError(f"{path}: no lock file, it has no list of artifacts; write it anew with `jar fetch --lock`.")
    if data.get("version") != VERSION:
        raise ConfigError(f"{path}: written by another version of the toolkit; write it anew with `jar fetch --lock`.")
    return tuple(_artifact(path, number, entry) for number, entry in enumerate(data["artifacts"], 1))


def locked(artifacts: Sequence[Artifact], lock: Sequence[Artifact], path: Path) -> tuple[Artifact, ...]:
    """The same artifacts with the digests of the lock, which has to know them all; all of it where none are given.

    Raises ConfigError for one that it does not know, DigestError where a pinned digest is another one.
    """
    if not artifacts:
        return tuple(lock)
    known = {artifact.coordinates: artifact for artifact in lock}
    found = []
    for artifact in artifacts:
        entry = known.get(artifact.coordinates)
        if entry is None:
            others = ", ".join(known) or "nothing"
            raise ConfigError(f"{path}: {artifact.coordinates} is not locked there, it has {others}.")
        if artifact.sha512 and artifact.sha512 != entry.sha512:
            there, published = apart(entry.sha512 or "", artifact.sha512)
            raise DigestError(
                f"{path}: the SHA-512 of {artifact.coordinates} is {there} there, but the published file has "
                f"{published}; write the lock anew, and find out who changed it."
            )
        found.append(replace(artifact, sha512=entry.sha512, size=entry.size))
    return tuple(found)


def _artifact(path: Path, number: int, entry: Any) -> Artifact:
    fields = entry if isinstance(entry, dict) else {}
    parts = str(fields.get("coordinates")).split(":")
    digest, size = fields.get("sha512"), fields.get("size")
    # They become parts of a path.
    if len(parts) != 3 or not all(_PART.fullmatch(part) and ".." not in part for part in parts):
        raise ConfigError(f"{path}: artifact {number} has no coordinates such as group:name:version.")
    if not isinstance(digest, str) or not _SHA512.fullmatch(digest):
        raise ConfigError(f"{path}: artifact {number} ({':'.join(parts)}) has no SHA-512 of 128 hexadecimal digits.")
    group, name, version = parts
    return Artifact(
        group=group, name=name, version=version, sha512=digest, size=size if isinstance(size, int) else None
    )
