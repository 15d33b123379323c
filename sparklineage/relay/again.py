"""A run id that comes again after its run was settled: another attempt in its folder, or a folder made anew.

What the application's files held when the run was settled is written in settled.json, so that the rest is told apart.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any

from sparklineage.journal import LineReader, read_json
from sparklineage.journal.read import size_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sparklineage.journal import RunFolder

_FIRST, _REST = 1 << 16, 1 << 20
"""Bytes of the witness's file that are looked at: of its beginning, and of what it wrote since."""


class Since(Enum):
    """What has come since a run was settled."""

    NOTHING = 0
    REST = 1
    """Events of its agent, and no application that they could belong to but the one that has ended."""
    ATTEMPT = 2
    """Another application, which goes on in the same files."""
    FOLDER = 3
    """Another folder of the same name, with files of its own."""


def marks(folder: RunFolder, readers: Iterable[LineReader]) -> dict[str, Any]:
    """What settled.json has to say for `since`: how far each file was read, and when the first application began."""
    return {"read": {reader.path.name: reader.offset for reader in readers}, "begun": _begun(folder)}


def since(folder: RunFolder) -> Since:
    """Raises JournalError where a file cannot be read."""
    settled = read_json(folder.settled) or {}
    witness, agent = _read_of(settled, folder.witness.name), _read_of(settled, folder.agent.name)
    written, reported = size_of(folder.witness), size_of(folder.agent)
    if witness is None or agent is None or not written:
        return Since.NOTHING
    if written < witness or _begun(folder) != settled.get("begun"):
        return Since.FOLDER if folder.is_apart else Since.NOTHING
    # Whoever wrote the outcome has seen the end of all attempts.
    if not folder.outcome.exists():
        found = LineReader(folder.witness, witness, access=folder.access).read(most=_REST)
        if any(record.get("type") == "application" for record in found):
            return Since.ATTEMPT
    return Since.REST if reported > agent else Since.NOTHING


def begin_again(folder: RunFolder, found: Since) -> None:
    """Let the run be settled once more, from its beginning. The caller holds its DeliveryLock. Raises OSError.

    Of an attempt nothing is told twice but its application's end. Where the folder is another one, what was known of
    the one before is dropped; dead letters stay.
    """
    if found is Since.ATTEMPT:
        folder.settled.replace(folder.settled_before)
    elif found is Since.FOLDER:
        for path in (*folder.state.glob("*.json"), *folder.deliveries.glob("*.json"), folder.events):
            if path != folder.settled:
                path.unlink(missing_ok=True)
        # Last: whoever is killed meanwhile finds the same again.
        folder.settled.unlink()


def attempts(folder: RunFolder) -> list[int]:
    """Where in the witness's file its attempts begin, as far as that is known."""
    place = _read_of(read_json(folder.settled_before) or {}, folder.witness.name)
    return [0] if place is None else [0, place]


def _read_of(settled: dict[str, Any], name: str) -> int | None:
    read = settled.get("read")
    found = read.get(name) if isinstance(read, dict) else None
    return found if isinstance(found, int) else None


def _begun(folder: RunFolder) -> int | None:
    """The time of the witness's first record."""
    first = next(LineReader(folder.witness, access=folder.access).read(most=_FIRST), {})
    time = first.get("time")
    return time if isinstance(time, int) else None
