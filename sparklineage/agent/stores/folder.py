"""A folder of this machine, such as a mounted share."""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import url2pathname

from sparklineage.agent.artifact import CHUNK, digest_of
from sparklineage.agent.stores.interface import Payload, State, Stored, StoreOptions
from sparklineage.errors import ForbiddenError, NoSuchPlaceError, StoreError, TransferError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sparklineage.agent.artifact import Progress


@dataclass(frozen=True, kw_only=True)
class Folder:
    """Made where it is missing, inside of a folder that exists: what is not mounted must not look as if it were."""

    folder: Path

    def address(self, name: str) -> str:
        return str(self.folder / name)

    def state(self, payload: Payload) -> State:
        path = self.folder / payload.name
        try:
            if not self.folder.parent.is_dir():
                raise NoSuchPlaceError(f"{self.folder}: there is no folder {self.folder.parent}; mount or make it.")
            size = path.stat().st_size
            return "equal" if size == payload.size and digest_of(path) == payload.sha512 else "other"
        except FileNotFoundError:
            return "missing"
        except OSError as error:
            raise self._problem(error) from None

    def put(self, payload: Payload, progress: Progress | None) -> None:
        assert payload.path is not None  # noqa: S101 - whoever sends has fetched
        part = self.folder / f".{payload.name}.{os.getpid()}.part"
        try:
            self.folder.mkdir(exist_ok=True)
            digest = _copy(payload.path, part, progress)
            part.chmod(0o644)
            if digest != payload.sha512:
                raise TransferError(f"{payload.path}: it changed while it was copied; nothing was written, try again.")
            part.replace(self.folder / payload.name)
        except OSError as error:
            raise self._problem(error) from None
        finally:
            with suppress(OSError):
                part.unlink(missing_ok=True)

    def stored(self) -> Sequence[Stored]:
        try:
            paths = sorted(self.folder.glob("*.jar"))
            if not self.folder.is_dir():
                raise NoSuchPlaceError(f"{self.folder}: there is no such folder.")
            return [Stored(name=path.name, size=path.stat().st_size, sha512=digest_of(path)) for path in paths]
        except OSError as error:
            raise self._problem(error) from None

    def _problem(self, error: OSError) -> Exception:
        if isinstance(error, StoreError):
            return error
        if isinstance(error, PermissionError):
            return ForbiddenError(f"{self.folder}: may not be read or written; have its rights changed.")
        return StoreError(f"{self.folder}: cannot be read or written ({error.strerror or error}); nothing was left.")


def store(target: str, options: StoreOptions, environ: Mapping[str, str]) -> Folder:  # noqa: ARG001
    """The folder of a path or a `file:` URL."""
    path = Path(url2pathname(urlsplit(target).path)) if target.startswith("file:") else Path(target).expanduser()
    return Folder(folder=path.absolute())


def _copy(source: Path, target: Path, progress: Progress | None) -> str:
    """The SHA-512 of what was written, which is on the disk when this returns."""
    total, done, size = hashlib.sha512(), 0, source.stat().st_size
    with source.open("rb") as reader, target.open("wb") as writer:
        while chunk := reader.read(CHUNK):
            writer.write(chunk)
            total.update(chunk)
            done += len(chunk)
            if progress:
                progress(done, size)
        writer.flush()
        os.fsync(writer.fileno())
    return total.hexdigest()
