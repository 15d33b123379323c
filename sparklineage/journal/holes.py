"""Bytes of a file given back to the disk, while the file keeps its length and others go on writing to it."""

from __future__ import annotations

import os
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING

from sparklineage.journal.access import descriptor

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HEAD = 1 << 20
"""Bytes at the beginning that always stay: they say who the application is."""
_KEEP_SIZE, _PUNCH_HOLE = 1, 2  # of <linux/falloc.h>


def give_back(path: Path, end: int) -> bool:
    """Give back whole lines from `HEAD` on up to `end`, the end of a line; whether that was done.

    The file may be somebody else's, whose group we are of. A file system without holes leaves everything as it is.
    """
    with suppress(OSError):
        fd = descriptor(path, os.O_RDWR)
        try:
            start = os.pread(fd, HEAD, 0).rfind(b"\n") + 1
            if 0 < start < end <= os.fstat(fd).st_size:
                return _punch(fd, start, end - start)
        finally:
            os.close(fd)
    return False


def _punch(fd: int, start: int, length: int) -> bool:
    fallocate = _fallocate()
    if fallocate is None:
        return False
    return fallocate(fd, _KEEP_SIZE | _PUNCH_HOLE, start, length) == 0


@lru_cache(maxsize=1)
def _fallocate() -> Callable[..., int] | None:
    with suppress(ImportError, OSError, AttributeError):
        import ctypes  # noqa: PLC0415 - a megabyte that few need, and that small Pythons lack

        library = ctypes.CDLL(None, use_errno=True)
        # Where off_t has 32 bits the plain name would take those.
        found = getattr(library, "fallocate64", None) or library.fallocate
        found.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64)
        found.restype = ctypes.c_int
        return found
    return None
