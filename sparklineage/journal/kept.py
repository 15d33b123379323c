"""Lineage that stays where it is, whatever names a backend: that of the tests of this process.

A journal may be kept, as that of a session of the test run; then nothing in it is delivered. And while a test looks on,
everything is kept: what has no such session goes into a journal beside it.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from sparklineage.journal.folder import FORMAT, RunFolder
from sparklineage.journal.write import create_folder, write_json
from sparklineage.model.clock import now_ms
from sparklineage.model.ids import new_run_id

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WHY = "a test looks at it, so nothing is sent"
_JOB = "tests"
_spools: set[Path] = set()
_beside: list[Path] = []
"""The journal of what has no session, while everything is kept."""
_folders: dict[Path, Path] = {}
"""In each such journal the folder of steps without an application."""


def keep(spool: Path) -> None:
    """Deliver nothing from this journal."""
    _spools.add(spool)


def is_kept(folder: Path | None) -> bool:
    """Whether nothing of this run is to be delivered; for None, of one that has no folder yet."""
    return bool(_beside) if folder is None else folder.parent in _spools


@contextmanager
def everything(spool: Path) -> Iterator[None]:
    """Let nothing leave this process meanwhile; what has no kept journal goes into this one."""
    keep(spool)
    _beside.append(spool)
    try:
        yield
    finally:
        _beside.remove(spool)


def beside() -> Path | None:
    """The journal for what has no kept one; None unless everything is kept."""
    return _beside[-1] if _beside else None


def folder_beside() -> Path | None:
    """The folder there for steps that have neither session nor application. Raises OSError."""
    spool = beside()
    if spool is None:
        return None
    if spool not in _folders:
        made: RunFolder = create_folder(spool, new_run_id())
        job = {"namespace": "default", "name": _JOB}
        write_json(
            made.run, {"format": FORMAT, "runId": made.run_id, "job": job, "parent": None, "startedAt": now_ms()}
        )
        _folders[spool] = made.path
    return _folders[spool]
