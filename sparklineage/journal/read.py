"""Reading what others are still writing, and what they may have written to do harm."""

from __future__ import annotations

import errno
import json
import os
import re
import sys
from typing import TYPE_CHECKING, Any, BinaryIO

from sparklineage.errors import JournalError, JournalTooNewError
from sparklineage.journal.access import OWN
from sparklineage.journal.folder import FORMAT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sparklineage.journal.access import Access

_PIECE = 1 << 20
_MOST_FORMAT = 40
_MOST_CORRUPT = 1000
"""Numbers of damaged lines that are remembered."""
_BEGINNINGS = (b'{"eventTime"', b'{"type"')
"""Of the agent's events, and of records of ours."""
_MOST_BEGINNINGS = 16
# Newer Pythons refuse such a number themselves; older ones need minutes for it.
_HUGE = None if hasattr(sys, "get_int_max_str_digits") else re.compile(rb"[0-9]{4301}")


class LineReader:
    """Tails one NDJSON file: each call of `read` gives the complete lines added since the last.

    A line that is no JSON object, or longer than `access` allows, is skipped and counted in `corrupt` (line numbers,
    from 1). Of a line whose beginning is the rest of another, because the disk was full meanwhile or its machine
    stopped, the record at its end is given. A last line without its end waits for the next call, because the agent
    writes in pieces. Bytes that were given back to the disk are passed over.
    """

    def __init__(self, path: Path, offset: int = 0, *, access: Access = OWN) -> None:
        self.path = path
        self.offset = offset
        self.line = 0
        self.corrupt: list[int] = []
        self.more = False
        """Whether the last call stopped at its `most`, so that the file holds more."""
        self.size = 0
        """Bytes of the line that was read last."""
        self._access = access
        self._skipping = False
        """Whether `offset` is inside of a line that is too long."""

    def place(self) -> dict[str, Any]:
        """Where it is, for `go_to`."""
        return {"offset": self.offset, "line": self.line, "corrupt": self.corrupt, "skipping": self._skipping}

    def go_to(self, place: dict[str, Any]) -> None:
        """Go on where another reader of this file was."""
        self.offset, self.line = place["offset"], place["line"]
        self.corrupt, self._skipping = list(place["corrupt"]), place["skipping"]

    def read(self, *, final: bool = False, most: int = 1 << 26) -> Iterator[dict[str, Any]]:
        """The next complete records, at most `most` bytes of them; with `final` a torn last line counts too."""
        self.more = False
        try:
            with self._access.open(self.path) as file:
                chunk = self._chunk(file, most)
                self.more = self.offset + len(chunk) < os.fstat(file.fileno()).st_size
        except FileNotFoundError:
            return
        except JournalError:
            raise
        except OSError as error:
            raise JournalError(f"{self.path}: cannot be read: {error.strerror}.") from None
        end = chunk.rfind(b"\n") + 1
        lines, torn = chunk[:end].split(b"\n")[:-1], chunk[end:]
        if len(torn) > self._access.longest:
            # Nobody waits for its end; what follows is dropped up to the next line.
            lines.append(torn)
            end, self._skipping = len(chunk), True
        elif final and torn.strip() and not self.more:
            lines.append(torn)
            end = len(chunk)
        self.offset += end
        del chunk, torn
        for raw in lines:
            self.line += 1
            if not raw.strip():
                continue
            record = _record(raw, self._access)
            if record is None and len(self.corrupt) < _MOST_CORRUPT:
                self.corrupt.append(self.line)
            record = record or _behind_rest(raw, self._access)
            if record is not None:
                self.size = len(raw)
                yield record

    def _chunk(self, file: BinaryIO, most: int) -> bytes:
        """The bytes from `offset` on, more than `most` only where the first line is longer; `offset` may move."""
        if self._skipping and not self._skip(file, most):
            return b""
        passed = 0
        while passed < most:
            start, length = _stretch(file, self.offset)
            file.seek(start)
            data = file.read(min(most, length))
            chunk = data.lstrip(b"\0")
            passed += len(data)
            self.offset = start + len(data) - len(chunk)
            if chunk or not data:
                return chunk if b"\n" in chunk or not data else self._longer(file, chunk)
        return b""

    def _longer(self, file: BinaryIO, chunk: bytes) -> bytes:
        """With what follows, until a line is whole or too long."""
        pieces, size = [chunk], len(chunk)
        while size <= self._access.longest and (piece := file.read(_PIECE)):
            pieces.append(piece)
            size += len(piece)
            if b"\n" in piece:
                break
        return b"".join(pieces)

    def _skip(self, file: BinaryIO, most: int) -> bool:
        """To the end of the line that is too long; False where that is not here yet."""
        passed = 0
        while passed < most:
            file.seek(self.offset)
            piece = file.read(_PIECE)
            end = piece.find(b"\n") + 1
            self.offset += end or len(piece)
            passed += len(piece)
            self._skipping = not end
            if end or not piece:
                return bool(end)
        return False


def read_json(path: Path, *, access: Access = OWN) -> dict[str, Any] | None:
    """The object in a file of ours, or None where there is none.

    Raises JournalTooNewError for a format beyond ours, JournalError for what cannot be read.
    """
    try:
        with access.open(path) as file:
            data = file.read(access.longest + 1)
    except FileNotFoundError:
        return None
    except JournalError:
        raise
    except OSError as error:
        raise JournalError(f"{path}: cannot be read: {error.strerror}.") from None
    try:
        record = _loads(data, access)
    except ValueError:
        raise JournalError(f"{path}: is not JSON; the file is damaged, move it away.") from None
    if not isinstance(record, dict):
        raise JournalError(f"{path}: holds no JSON object; the file is damaged, move it away.")
    found = record.get("format", FORMAT)
    if not isinstance(found, int) or found > FORMAT:
        shown = str(found)[:_MOST_FORMAT] if isinstance(found, (int, str)) else "?"
        raise JournalTooNewError(
            f"{path}: written in journal format {ascii(shown)[1:-1]}, this version reads up to {FORMAT}; "
            "upgrade sparklineage."
        )
    return record


def _record(raw: bytes, access: Access) -> dict[str, Any] | None:
    try:
        record = _loads(raw, access)
    except ValueError:
        return None
    return record if isinstance(record, dict) else None


def _behind_rest(raw: bytes, access: Access) -> dict[str, Any] | None:
    """The record that was appended to a part of another one."""
    beginning = next((item for item in _BEGINNINGS if item in raw), None)
    start = 0
    for _ in range(_MOST_BEGINNINGS if beginning else 0):
        start = raw.find(beginning or b"", start + 1)
        if start < 0:
            break
        # An object inside of another is followed by the end of that: only a whole record ends with the line.
        record = _record(raw[start:], access)
        if record is not None:
            return record
    return None


def _loads(data: bytes, access: Access) -> Any:
    """Raises ValueError for what is no JSON, and for what would take unreasonable time or memory to read."""
    if len(data) > access.longest or data.count(b"{") + data.count(b"[") > access.brackets:
        raise ValueError("too large")
    if _HUGE is not None and _HUGE.search(data):
        raise ValueError("a number is too large")
    try:
        return json.loads(data.decode())  # UnicodeDecodeError is a ValueError
    except RecursionError:
        raise ValueError("too deep") from None


def size_of(path: Path) -> int:
    """Bytes of the file; 0 where there is none."""
    try:
        return path.lstat().st_size
    except OSError:
        return 0


def next_data(file: BinaryIO, offset: int) -> int:
    """Where the next bytes are that lie on the disk; the end of the file where there are none."""
    return _stretch(file, offset)[0]


def _stretch(file: BinaryIO, offset: int) -> tuple[int, int]:
    """Where the next bytes are that lie on the disk, and how many up to the next hole."""
    fd = file.fileno()
    # Asked before: what is appended after the answer "no data behind here" is no hole.
    size = os.fstat(fd).st_size
    try:
        start = os.lseek(fd, offset, os.SEEK_DATA)
        return start, os.lseek(fd, start, os.SEEK_HOLE) - start
    except OSError as error:
        if error.errno == errno.ENXIO:
            return max(offset, size), 0
        return offset, sys.maxsize  # a file system without holes
