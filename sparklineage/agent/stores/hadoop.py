"""A folder of HDFS, by the command `hdfs dfs` of the cluster's own configuration and login."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sparklineage.agent.stores.command import Command, Done, found
from sparklineage.agent.stores.interface import Payload, State, Stored, StoreOptions
from sparklineage.errors import CredentialsError, ForbiddenError, NoSuchPlaceError, StoreError, TransferError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sparklineage.agent.artifact import Progress

_MISSING = "No such file or directory"
_LINE = re.compile(r"(\d+) (.+)")


@dataclass(frozen=True, kw_only=True)
class Hadoop:
    """Written by `-put`, which renames a whole copy (Hadoop, FileSystemShell)."""

    folder: str
    """Without a slash at its end."""
    command: Command

    def address(self, name: str) -> str:
        return f"{self.folder}/{name}"

    def state(self, payload: Payload) -> State:
        """Of one with the same size everything is read: HDFS knows no digest that a file of this machine has."""
        place = self.address(payload.name)
        done = self.command.run("-stat", "%b", place)
        if done.status != 0:
            if _MISSING in done.err:
                return "missing"
            raise self._problem(done)
        if done.out.strip() != str(payload.size) or payload.sha512 is None:
            return "other"
        return "equal" if self.command.digest("-cat", place) == payload.sha512 else "other"

    def put(self, payload: Payload, progress: Progress | None) -> None:
        place = self.address(payload.name)
        for words in (("-mkdir", "-p", self.folder), ("-put", "-f", str(payload.path), place)):
            done = self.command.run(*words)
            if done.status != 0:
                raise self._problem(done)
        if self.command.digest("-cat", place) != payload.sha512:
            raise TransferError(f"{place}: arrived with other content; give --replace and try again.")
        if progress and payload.size is not None:
            progress(payload.size, payload.size)

    def stored(self) -> Sequence[Stored]:
        done = self.command.run("-test", "-d", self.folder)
        if done.status != 0:
            raise self._problem(done) if done.err.strip() else NoSuchPlaceError(f"{self.folder}: no such folder.")
        done = self.command.run("-stat", "%b %n", f"{self.folder}/*.jar")
        matches = [_LINE.fullmatch(line) for line in done.out.splitlines()]
        return [Stored(name=match[2], size=int(match[1]), sha512=None) for match in matches if match]

    def _problem(self, done: Done) -> StoreError:
        if "Permission denied" in done.err:
            return ForbiddenError(f"{self.folder}: {done.why}; have its rights changed.")
        if "GSSException" in done.err or "AccessControlException" in done.err:
            return CredentialsError(f"{self.folder}: {done.why}; log in with kinit first.")
        return StoreError(f"{self.folder}: cannot be read or written: {done.why}.")


def store(target: str, options: StoreOptions, environ: Mapping[str, str]) -> Hadoop:  # noqa: ARG001
    """The folder of an `hdfs:` address. Raises UsageError where there is no `hdfs` here."""
    command = found(target, ("hdfs", "dfs"), environ, "the client of Hadoop")
    return Hadoop(folder=target.rstrip("/"), command=command)
