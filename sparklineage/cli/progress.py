"""How far a download has come, on stderr: a bar on a terminal, one line elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType
    from typing import TextIO

_WIDTH = 30


class Progress:
    """A `fetch` progress callback. Prints nothing where nothing has to be fetched.

    >>> with Progress("delta-spark.jar", sys.stderr) as progress:
    ...     fetch(artifact, cache=cache, sources=sources, progress=progress)
    """

    def __init__(self, name: str, stream: TextIO) -> None:
        self._name, self._stream = name, stream
        self._bar = stream.isatty()
        self._shown = ""

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar and self._shown:
            self._write("\n")

    def __call__(self, done: int, total: int | None) -> None:
        if not self._bar:
            if not self._shown:
                self._shown = f"sparklineage: fetching {self._name}" + (f" ({_megabytes(total)})" if total else "")
                self._write(f"{self._shown}\n")
            return
        line = f"{self._name} {_megabytes(done)}"
        if total:
            filled = min(_WIDTH * done // total, _WIDTH)
            line = f"{self._name} [{'#' * filled:<{_WIDTH}}] {done / 1e6:.1f} of {_megabytes(total)}"
        if line != self._shown:
            self._write(f"\r{line:<{len(self._shown)}}")
            self._shown = line

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"
