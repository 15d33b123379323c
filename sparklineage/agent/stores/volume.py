"""A volume of Unity Catalog, through the Files API."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from sparklineage.agent.artifact import CHUNK
from sparklineage.agent.stores.databricks import Workspace, digest_in, sidecar
from sparklineage.agent.stores.interface import Payload, State, Stored, StoreOptions
from sparklineage.errors import NoSuchPlaceError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sparklineage.agent.artifact import Progress


@dataclass(frozen=True, kw_only=True)
class Volume:
    """The Files API tells size and date of a file, no digest, so each file has its digest beside it."""

    folder: str
    """`/Volumes/catalog/schema/volume` and what is below it."""
    workspace: Workspace

    def address(self, name: str) -> str:
        return f"{self.folder}/{name}"

    def state(self, payload: Payload) -> State:
        path = self.address(payload.name)
        found = self.workspace.found(lambda client: client.files.get_metadata(path))
        if found is None:
            root = "/".join(self.folder.split("/")[:5])
            if self.workspace.found(lambda client: (client.files.get_directory_metadata(root), 1)) is None:
                raise NoSuchPlaceError(f"{self.folder}: there is no volume {root}; make it, or check its name.")
            return "missing"
        if found.content_length != payload.size:
            return "other"
        return "equal" if self._digest(path, found.last_modified) == payload.sha512 else "other"

    def _digest(self, path: str, modified: str | None) -> str:
        """What is written beside the file if it is not older than the file, else that of the file itself."""
        beside = self.workspace.found(lambda client: _read(client.files.download(f"{path}.sha512")))
        if beside is not None:
            content, written = beside
            digest = digest_in(content)
            if digest and modified and written and parsedate_to_datetime(written) >= parsedate_to_datetime(modified):
                return digest
        return self.workspace.ask(lambda client: _digest_of(client.files.download(path).contents))

    def put(self, payload: Payload, progress: Progress | None) -> None:
        path, size = self.address(payload.name), payload.size or 0

        def ask(client: Any) -> None:
            assert payload.path is not None  # noqa: S101 - whoever sends has fetched
            client.files.create_directory(self.folder)
            if progress:
                progress(0, size)
            with payload.path.open("rb") as file:
                client.files.upload(path, file, overwrite=True)
            client.files.upload(f"{path}.sha512", io.BytesIO(sidecar(payload)), overwrite=True)
            if progress:
                progress(size, size)

        self.workspace.ask(ask)

    def stored(self) -> Sequence[Stored]:
        def ask(client: Any) -> list[Stored]:
            entries = {entry.name: entry for entry in client.files.list_directory_contents(self.folder)}
            found = []
            for name, entry in sorted(entries.items()):
                if name.endswith(".jar") and not entry.is_directory:
                    beside = f"{name}.sha512" in entries
                    content = _read(client.files.download(f"{self.address(name)}.sha512"))[0] if beside else b""
                    found.append(Stored(name=name, size=entry.file_size, sha512=digest_in(content)))
            return found

        return self.workspace.ask(ask)


def store(target: str, options: StoreOptions, environ: Mapping[str, str]) -> Volume:  # noqa: ARG001
    """The volume of `/Volumes/catalog/schema/volume/…`. Raises UsageError."""
    folder = target.removeprefix("dbfs:").rstrip("/")
    parts = folder.split("/")[1:]
    if len(parts) < 4 or not all(parts) or {".", ".."} & set(parts):
        raise UsageError(f"{target}: no volume; write /Volumes/catalog/schema/volume.")
    rights = "WRITE VOLUME (and USE CATALOG and USE SCHEMA)"
    return Volume(folder=folder, workspace=Workspace(folder, rights))


def _read(answer: Any) -> tuple[bytes, str | None]:
    with answer.contents as contents:
        return contents.read(), answer.last_modified


def _digest_of(contents: Any) -> str:
    total = hashlib.sha512()
    with contents:
        while chunk := contents.read(CHUNK):
            total.update(chunk)
    return total.hexdigest()
