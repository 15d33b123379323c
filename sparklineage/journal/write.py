"""Writing to the journal: whole lines appended, whole files replaced."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from sparklineage.errors import JournalError
from sparklineage.journal.folder import RunFolder

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


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


def write_json(path: Path, record: Mapping[str, Any]) -> None:
    """Write a small file whole: a reader sees the old one or the new one, never a part."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(fd, "w", encoding="utf-8") as file:
            json.dump(record, file, indent=1, ensure_ascii=False)
            file.write("\n")
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
