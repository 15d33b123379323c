"""How far a download has come, on stderr: a bar on a terminal, one line elsewhere."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import TextIO

_WIDTH = 30


class Progress:
    """A `fetch` progress callback. Prints nothing where nothing has to be fetched.

    >>> with Progress("delta-spark.jar", sys.stderr) as progress:
    ...     fetch(artifact, cache=cache, sources=sources, progress=progress)
    """

    def __init__(self, name: str, stream: TextIO, doing: str = "fetching") -> None:
        self.name, self._stream, self._doing = name, stream, doing
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
                self._shown = f"sparklineage: {self._doing} {self.name}" + (f" ({_megabytes(total)})" if total else "")
                self._write(f"{self._shown}\n")
            return
        line = f"{self.name} {_megabytes(done)}"
        if total:
            filled = min(_WIDTH * done // total, _WIDTH)
            line = f"{self.name} [{'#' * filled:<{_WIDTH}}] {done / 1e6:.1f} of {_megabytes(total)}"
        if line != self._shown:
            self._write(f"\r{line:<{len(self._shown)}}")
            self._shown = line

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


class Together:
    """One bar for several transfers at once: their bytes added up. Elsewhere than on a terminal a line for each.

    >>> with Together(sys.stderr) as together:
    ...     pool.submit(fetch, artifact, progress=together.of(artifact.file_name, artifact.size))
    """

    def __init__(self, stream: TextIO, doing: str = "fetching") -> None:
        self._stream, self._doing = stream, doing
        self._lock = threading.Lock()
        self._sizes: dict[str, tuple[int, int | None]] = {}
        self._stopped = False
        self._bar = Progress("", stream, doing)

    def __enter__(self) -> Together:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.__exit__(kind, error, trace)

    def stop(self) -> None:
        """Let every transfer end at its next byte: its callback raises InterruptedError."""
        self._stopped = True

    def of(self, name: str, size: int | None = None) -> Callable[[int, int | None], None]:
        """The callback of one transfer; `size` counts until it tells its own."""
        single = Progress(name, self._stream, self._doing)

        def moved(done: int, total: int | None) -> None:
            if self._stopped:
                raise InterruptedError("stopped")
            with self._lock:
                self._sizes[name] = (done, total or size)
                if not self._stream.isatty():
                    single(done, total or size)
                    return
                totals = [known for _, known in self._sizes.values()]
                whole = sum(known or 0 for known in totals) if all(totals) else None
                self._bar.name = name if len(self._sizes) == 1 else f"{len(self._sizes)} JARs"
                self._bar(sum(there for there, _ in self._sizes.values()), whole)

        return moved


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"
