"""Putting a new text into the place of a file, whole or not at all."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path


def replace_file(path: Path, before: bytes, after: bytes, *, backup: bool = False) -> Path | None:
    """Write `after` to a file that held `before`, through links, and keep its mode and, where allowed, its owner.

    With `backup` the old file stays beside it as `NAME.orig`, or `NAME.orig.1` where that is there already; returns
    its path. Raises OSError for a file that cannot be written, or has changed.
    """
    target = path.resolve(strict=True)
    status = target.stat()
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "it is no regular file")
    # Whoever may write to the folder could replace the file, but its owner has said that it stays.
    if not status.st_mode & 0o222 or not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, "it is read-only")
    part = _written(target, after, status)
    try:
        if target.read_bytes() != before:
            raise OSError(errno.EBUSY, "it has changed meanwhile")
        kept = _keep(target, before, status) if backup else None
        part.replace(target)
    except BaseException:
        with suppress(OSError):
            part.unlink()
        raise
    return kept


def _written(target: Path, data: bytes, status: os.stat_result) -> Path:
    """A new file in the same folder."""
    descriptor, name = tempfile.mkstemp(prefix=f".{target.name[:100]}.", suffix=".part", dir=target.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            _like(file.fileno(), status)
            os.fsync(file.fileno())
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
    return Path(name)


def _like(descriptor: int, status: os.stat_result) -> None:
    with suppress(OSError):
        os.fchown(descriptor, status.st_uid, status.st_gid)
    os.fchmod(descriptor, stat.S_IMODE(status.st_mode))


def _keep(target: Path, data: bytes, status: os.stat_result) -> Path:
    """The old text under the first name that is free."""
    number = 0
    while True:
        name = target.with_name(f"{target.name}.orig{f'.{number}' if number else ''}")
        try:
            descriptor = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, stat.S_IRUSR | stat.S_IWUSR)
        except FileExistsError:
            number += 1
            continue
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            _like(file.fileno(), status)
        return name
