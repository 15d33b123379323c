"""Workspace files of Databricks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from sparklineage.agent.stores.databricks import Workspace, digest_in, sidecar
from sparklineage.agent.stores.interface import Payload, State, Stored, StoreOptions
from sparklineage.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sparklineage.agent.artifact import Progress

# The API of the workspace itself takes and gives 10 MB at most; this one takes 500 MB, and is what the vendor's CLI
# uses. Source: databricks/cli, libs/filer/workspace_files_client.go and pull request 1795.
_IMPORT = "/api/2.0/workspace-files/import-file/"


@dataclass(frozen=True, kw_only=True)
class Files:
    """A file as large as the agent's cannot be read back, so each has its digest beside it."""

    folder: str
    """`/Workspace/…`, `/Shared/…` or `/Users/…`."""
    workspace: Workspace

    def address(self, name: str) -> str:
        return f"{self.folder}/{name}"

    def state(self, payload: Payload) -> State:
        path = self.address(payload.name)
        found = self.workspace.found(lambda client: client.workspace.get_status(path))
        if found is None:
            return "missing"
        if found.size is not None and found.size != payload.size:
            return "other"
        beside = self.workspace.found(lambda client: client.workspace.get_status(f"{path}.sha512"))
        if beside is None or (beside.modified_at or 0) < (found.modified_at or 0):
            return "other"
        digest = self.workspace.ask(lambda client: self._beside(client, path))
        return "equal" if digest == payload.sha512 else "other"

    def put(self, payload: Payload, progress: Progress | None) -> None:
        path, size = self.address(payload.name), payload.size or 0

        def ask(client: Any) -> None:
            assert payload.path is not None  # noqa: S101 - whoever sends has fetched
            client.workspace.mkdirs(self.folder)
            if progress:
                progress(0, size)
            with payload.path.open("rb") as file:
                _import(client, path, file)
            _import(client, f"{path}.sha512", sidecar(payload))
            if progress:
                progress(size, size)

        self.workspace.ask(ask)

    def stored(self) -> Sequence[Stored]:
        def ask(client: Any) -> list[Stored]:
            entries = {entry.path.rpartition("/")[2]: entry for entry in client.workspace.list(self.folder)}
            return [
                Stored(
                    name=name,
                    size=entry.size,
                    sha512=self._beside(client, self.address(name)) if f"{name}.sha512" in entries else None,
                )
                for name, entry in sorted(entries.items())
                if name.endswith(".jar")
            ]

        return self.workspace.ask(ask)

    @staticmethod
    def _beside(client: Any, path: str) -> str | None:
        with client.workspace.download(f"{path}.sha512") as contents:
            return digest_in(contents.read())


def store(target: str, options: StoreOptions, environ: Mapping[str, str]) -> Files:  # noqa: ARG001
    """The folder of `/Workspace/…`, `/Shared/…` or `/Users/…`. Raises UsageError."""
    folder = target.rstrip("/")
    parts = folder.split("/")[1:]
    if not all(parts) or {".", ".."} & set(parts) or parts in (["Workspace"], ["Users"], ["Workspace", "Users"]):
        raise UsageError(f"{target}: no folder for files; write one such as /Workspace/Shared/sparklineage.")
    return Files(folder=folder, workspace=Workspace(folder, "CAN EDIT on the folder"))


def _import(client: Any, path: str, content: Any) -> None:
    client.api_client.do(
        "POST",
        f"{_IMPORT}{quote(path.lstrip('/'), safe='')}",
        query={"overwrite": "true"},
        headers={"Content-Type": "application/octet-stream"},
        data=content,
    )
