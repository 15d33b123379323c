"""The journal of a session goes on in another folder, for its next application.

The witness keeps its file open and appends, so that file itself moves, and a copy stays behind. The agent is given
another file, where that can be done in the running JVM; else a link in the place of its file leads to the new one,
because it opens that anew for each event (FileTransport in its source, 1.53). The events go on naming the first
application's run; `reportedAs` in the new run.json lets the relay put that right.
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sparklineage.errors import JournalError
from sparklineage.model.conf_merge import TRANSPORT
from sparklineage.submit.our_properties import RUN_ID, TRANSPORT_TYPE

if TYPE_CHECKING:
    from collections.abc import Callable

    from sparklineage.journal import RunFolder

_SHARED = 0o660
_WIDTH = 4096


@dataclass(frozen=True, kw_only=True)
class Reported:
    """What the agent of the session was told."""

    run_id: str
    """Under which it reports the application."""
    file: Path
    """Where it writes to."""

    @classmethod
    def of(cls, conf: Any) -> Reported:
        """From the conf of the SparkContext. Raises JournalError where it does not report into a journal."""
        run_id, file = conf.get(RUN_ID), conf.get(f"{TRANSPORT}location")
        if not run_id or not file or conf.get(TRANSPORT_TYPE) != "file":
            raise JournalError(
                "The agent of this session does not write into the journal, so there is none for a second application."
            )
        return cls(run_id=str(run_id), file=Path(file))


def hand_over(
    before: RunFolder, after: RunFolder, reported: Reported, lead: Callable[[Path], bool], *, shared: bool
) -> None:
    """Lead what the listeners write from now on into the folder `after`. Raises JournalError and OSError.

    `lead` gives the agent another file, and says whether it has.
    """
    for path in (after.agent, after.steps):
        path.touch(mode=0o600)
        if shared:
            path.chmod(_SHARED)
    if not lead(after.agent):
        _link(before, after, reported, shared=shared)
    if before.witness.exists():
        _move_witness(before, after)


def _link(before: RunFolder, after: RunFolder, reported: Reported, *, shared: bool) -> None:
    # The relay of a node follows no link, and leaves the folder alone that has one.
    if shared or reported.file.name != before.agent.name or reported.file.parent.parent != before.path.parent:
        raise JournalError(
            f"{reported.file}: the agent cannot be led into another folder, so a second application of this session "
            "has no lineage; stop the session, and make a new one for it."
        )
    link = reported.file.with_name(f".{reported.file.name}.next")
    link.unlink(missing_ok=True)
    link.symlink_to(after.agent)
    if reported.file.exists() and not reported.file.is_symlink():
        kept = reported.file.with_name(f"{reported.file.stem}.until-its-end.ndjson")
        kept.unlink(missing_ok=True)
        os.link(reported.file, kept)
    link.replace(reported.file)


def _move_witness(before: RunFolder, after: RunFolder) -> None:
    copy = before.witness.with_name(f".{before.witness.name}.copy")
    shutil.copy2(before.witness, copy)
    moved = after.witness.with_name(f".{after.witness.name}.moved")
    before.witness.rename(moved)
    copy.rename(before.witness)
    # What is known of the SparkContext and its process stays; the rest is of the application before. It becomes
    # blank where it is: the witness may be writing what follows.
    known = before.witness.read_bytes()
    known = known[: known.rfind(b"\n") + 1]
    header = next((line for line in reversed(known.splitlines(keepends=True)) if _is_header(line)), b"")
    with moved.open("r+b") as file:
        file.write(header + _blank(len(known) - len(header)))
    moved.rename(after.witness)  # for a relay to read


def _blank(size: int) -> bytes:
    """Lines of so many bytes in all that hold nothing."""
    line = b" " * (_WIDTH - 1) + b"\n"
    rest = size % _WIDTH
    return line * (size // _WIDTH) + (line[-rest:] if rest else b"")


def _is_header(line: bytes) -> bool:
    try:
        return bool(json.loads(line).get("type") == "application")
    except (ValueError, AttributeError):
        return False
