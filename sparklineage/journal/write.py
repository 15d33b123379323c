"""Writing to the journal: whole lines appended, whole files replaced, a cursor moved on in place."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING, Any

from sparklineage.errors import JournalError
from sparklineage.journal.folder import RunFolder
from sparklineage.journal.place import place_of, see_in

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_WIDTH = 16
"""Characters that a number of a cursor takes, so that the file's length does not change with it."""
_PAGE = 4096
_LOOKS, _MOMENT = 20, 0.005
"""How often, and after how many seconds each, a line without an end is looked at again before it counts as torn."""


def create_folder(root: Path, run_id: str) -> RunFolder:
    """The folder of a new run, readable by its owner alone. Raises JournalError where it cannot be written."""
    folder = RunFolder(root / run_id)
    try:
        folder.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.deliveries.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise JournalError(
            f"{root}: the journal cannot be written ({error.strerror}); "
            "choose another place with --journal or SPARKLINEAGE_JOURNAL."
        ) from None
    return folder


def make_state(folder: RunFolder) -> None:
    """The folder that the relay writes into, for nobody else to read. Raises JournalError where it cannot be made."""
    if not folder.is_apart:
        return
    try:
        folder.state.mkdir(mode=0o700, exist_ok=True)
        folder.deliveries.mkdir(mode=0o700, exist_ok=True)
        see_in(folder.state, place_of(folder.path.parent.stat()))
    except OSError as error:
        raise JournalError(f"{folder.state}: cannot be made: {error.strerror}.") from None


def append_line(path: Path, record: Mapping[str, Any]) -> None:
    """Append one record as one line, in one write, so that lines of two writers never mix.

    Half a character, as in the name of a file that is no UTF-8, becomes a question mark. Where the disk was full when
    the last line was written, the part of it that is there becomes a line of its own.
    """
    text = json.dumps(record, separators=(",", ":"), ensure_ascii=False, default=str) + "\n"
    line = text.encode(errors="replace")
    fd = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if _is_torn(fd):
            line = b"\n" + line
        view = memoryview(line)
        while view:
            view = view[os.write(fd, view) :]
    finally:
        os.close(fd)


def _is_torn(fd: int) -> bool:
    """Whether the last line has no end, and nobody is writing it."""
    for _ in range(_LOOKS):
        size = os.fstat(fd).st_size
        if not size or os.pread(fd, 1, size - 1) == b"\n":
            return False
        # A line that another writer appends is seen page by page.
        time.sleep(_MOMENT)
        if os.fstat(fd).st_size == size:
            return True
    return False


def write_cursor(path: Path, record: Mapping[str, Any], *, whole: bool = True) -> None:
    """Write a small file anew: replaced whole, or in place where only numbers have changed since.

    In place is for what changes with every event: replacing a file makes ext4 put it onto the disk at once, which
    takes longer than sending the event did. Numbers are padded, so that the layout stays; one write below a page
    is there whole or not at all, whenever the process is killed, and what a reader sees is JSON all the time.
    A file that is replaced is on the disk before it has its name: after a power failure it would be empty.
    """
    fields = (f' "{key}": {_text(value):>{_WIDTH}}' for key, value in record.items())
    data = ("{\n" + ",\n".join(fields) + "\n}\n").encode("utf-8", "surrogatepass")
    if whole or len(data) > _PAGE or not _overwrite(path, data):
        _replace(path, data, durably=True)


def _text(value: object) -> str:
    return str(value) if type(value) is int else json.dumps(value, ensure_ascii=False)


def _overwrite(path: Path, data: bytes) -> bool:
    """False where there is no file of this length."""
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        return os.fstat(fd).st_size == len(data) and os.pwrite(fd, data, 0) == len(data)
    finally:
        os.close(fd)


def write_json(path: Path, record: Mapping[str, Any], *, durably: bool = False) -> None:
    """Write a small file whole: a reader sees the old one or the new one, never a part.

    A power failure may leave it empty, unless it is written `durably`, which takes as long as the disk does.
    """
    _replace(path, (json.dumps(record, indent=1, ensure_ascii=False) + "\n").encode("utf-8"), durably=durably)


def write_durably(path: Path, data: bytes) -> None:
    """Write a small file whole, so that it is there after a power failure too. Raises OSError."""
    _replace(path, data, durably=True)
    fd = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def sync(path: Path) -> None:
    """Put what was written to the file onto the disk, whoever wrote it. Raises OSError."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fdatasync(fd)
    finally:
        os.close(fd)


def _replace(path: Path, data: bytes, *, durably: bool = False) -> None:
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(fd, "wb") as file:
            file.write(data)
            if durably:
                file.flush()
                os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
