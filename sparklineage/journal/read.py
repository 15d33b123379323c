"""Reading what others are still writing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sparklineage.errors import JournalError, JournalTooNewError
from sparklineage.journal.folder import FORMAT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class LineReader:
    """Tails one NDJSON file: each call of `read` gives the complete lines added since the last.

    A line that is no JSON object is skipped and counted in `corrupt` (line numbers, from 1). A last line
    without its end waits for the next call, because the agent writes in pieces.
    """

    def __init__(self, path: Path, offset: int = 0) -> None:
        self.path = path
        self.offset = offset
        self.line = 0
        self.corrupt: list[int] = []
        self.more = False
        """Whether the last call stopped at its `most`, so that the file holds more."""

    def read(self, *, final: bool = False, most: int = 1 << 26) -> Iterator[dict[str, Any]]:
        """The next complete records, at most `most` bytes of them; with `final` a torn last line counts too."""
        self.more = False
        try:
            with self.path.open("rb") as file:
                file.seek(self.offset)
                chunk = file.read(most)
                while chunk and b"\n" not in chunk and (more := file.read(most)):
                    chunk += more
        except FileNotFoundError:
            return
        except OSError as error:
            raise JournalError(f"{self.path}: cannot be read: {error.strerror}.") from None
        self.more = len(chunk) >= most
        end = chunk.rfind(b"\n") + 1
        lines = chunk[:end].split(b"\n")[:-1]
        if final and chunk[end:].strip() and len(chunk) < most:
            lines.append(chunk[end:])
            end = len(chunk)
        self.offset += end
        for raw in lines:
            self.line += 1
            if not raw.strip():
                continue
            try:
                record = json.loads(raw)
            except ValueError:  # UnicodeDecodeError is one
                record = None
            if isinstance(record, dict):
                yield record
            else:
                self.corrupt.append(self.line)


def read_json(path: Path) -> dict[str, Any] | None:
    """The object in a file of ours, or None where there is none.

    Raises JournalTooNewError for a format beyond ours, JournalError for what cannot be read.
    """
    try:
        record = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise JournalError(f"{path}: cannot be read: {error.strerror}.") from None
    except ValueError:
        raise JournalError(f"{path}: is not JSON; the file is damaged, move it away.") from None
    if not isinstance(record, dict):
        raise JournalError(f"{path}: holds no JSON object; the file is damaged, move it away.")
    found = record.get("format", FORMAT)
    if not isinstance(found, int) or found > FORMAT:
        raise JournalTooNewError(
            f"{path}: written in journal format {found}, this version reads up to {FORMAT}; upgrade sparklineage."
        )
    return record
