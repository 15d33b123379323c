"""Writing to the journal: whole lines appended, whole files replaced, a cursor moved on in place."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from sparklineage.errors import JournalError
from sparklineage.journal.folder import RunFolder

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_WIDTH = 16
"""Characters that a number of a cursor takes, so that the file's length does not change with it."""
_PAGE = 4096


def create_folder(root: Path, run_id: str) -> RunFolder:
    """The folder of a new run, readable by its owner alone. Raises JournalError where it cannot be written."""
    folder = RunFolder(root / run_id)
    try:
        folder.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        (folder.path / "delivery").mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise JournalError(
            f"{root}: the journal cannot be written ({error.strerror}); "
            "choose another place with --journal or SPARKLINEAGE_JOURNAL."
        ) from None
    return folder


def append_line(path: Path, record: Mapping[str, Any]) -> None:
    """Append one record as one line, in one write, so that lines of two writers never mix."""
    line = json.dumps(record, separators=(",", ":"), ensure_ascii=False, default=str).encode() + b"\n"
    fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        view = memoryview(line)
        while view:
            view = view[os.write(fd, view) :]
    finally:
        os.close(fd)


def write_cursor(path: Path, record: Mapping[str, Any]) -> None:
    """Write a small file anew, in place where its length is the same, which padded numbers see to.

    For what changes with every event: replacing a file makes ext4 put it onto the disk at once, which takes
    longer than sending the event did. One write below a page is there whole or not at all, whenever the process
    is killed, and every mixture of two versions would still be JSON.
    """
    fields = (f" {json.dumps(key)}: {json.dumps(value, ensure_ascii=False):>{_WIDTH}}" for key, value in record.items())
    data = ("{\n" + ",\n".join(fields) + "\n}\n").encode("utf-8", "surrogatepass")
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        _replace(path, data)
        return
    try:
        if len(data) <= _PAGE and os.fstat(fd).st_size == len(data):
            os.pwrite(fd, data, 0)
            return
    finally:
        os.close(fd)
    _replace(path, data)


def write_json(path: Path, record: Mapping[str, Any]) -> None:
    """Write a small file whole: a reader sees the old one or the new one, never a part."""
    _replace(path, (json.dumps(record, indent=1, ensure_ascii=False) + "\n").encode("utf-8"))


def _replace(path: Path, data: bytes) -> None:
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(fd, "wb") as file:
            file.write(data)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
