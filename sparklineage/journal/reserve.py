"""Room on the disk for the one file that has to be written however full the disk is when the job ends."""

from __future__ import annotations

import errno
import json
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_SIZE = 64 * 1024


class Reserve:
    """Blocks set aside beside `path` before the job starts; `write` turns them into the file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._reserved = path.with_name(f".{path.name}.reserved")
        fd = os.open(self._reserved, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            # Real bytes, not posix_fallocate: that only promises on some file systems.
            if os.write(fd, b" " * _SIZE) != _SIZE:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self._reserved))
        finally:
            os.close(fd)

    def write(self, record: Mapping[str, Any]) -> None:
        """The file, whole. A text that does not fit is left out. Raises OSError where even that fails."""
        data = _encoded(record)
        if len(data) > _SIZE:
            data = _encoded({**record, "stackTrace": None})
        if len(data) > _SIZE:
            data = _encoded({**record, "stackTrace": None, "message": str(record.get("message"))[:1000]})
        fd = os.open(self._reserved, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            if os.pwrite(fd, data, 0) != len(data):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self._reserved))
            os.ftruncate(fd, len(data))
        finally:
            os.close(fd)
        self._reserved.replace(self._path)

    def drop(self) -> None:
        """Give the room back where it was not used."""
        with suppress(OSError):
            self._reserved.unlink(missing_ok=True)


def _encoded(record: Mapping[str, Any]) -> bytes:
    return (json.dumps(record, indent=1, ensure_ascii=False) + "\n").encode("utf-8", "replace")
