"""A running streaming query: asked in the driver's JVM, or by a client of Spark Connect."""

from __future__ import annotations

import functools
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_FRAMES = 60
_TRIES = 3
"""Times in a row that a server may fail to answer; the client itself tries again for minutes each time."""


class UnreachableError(Exception):
    """There is nobody any more who could tell how the query goes on."""


class Query:
    """The query in the JVM of this driver."""

    def __init__(self, found: Any) -> None:
        """`found` is Java's own StreamingQuery."""
        self._found = found

    @classmethod
    def of(cls, session: Any, context: Any, query: str) -> Query | None:
        """By its id, whichever session has started it; None where that cannot be had."""
        try:
            number = context._jvm.java.util.UUID.fromString(query)  # noqa: SLF001 - there is no public way
            state = session._jsparkSession.sharedState()  # noqa: SLF001 - as above
            found = state.activeStreamingQueries().get(number)
        except Exception:  # noqa: BLE001 - no JVM, or one that lets nobody in
            return None
        return cls(found) if found is not None else None

    def wait(self, seconds: float) -> bool:
        """Whether it is over within so many seconds. Raises what it failed with, and UnreachableError."""
        try:
            return bool(self._found.awaitTermination(int(seconds * 1000)))
        except Exception as error:
            if type(error).__module__.startswith("pyspark.") or hasattr(error, "java_exception"):
                raise
            raise UnreachableError from error

    def is_stopped(self) -> bool:
        """Whether somebody has stopped it. Never raises.

        It is asked while a batch runs, whose failure Spark cannot know yet.
        """
        try:
            return not self._found.isActive()
        except Exception:  # noqa: BLE001 - no JVM, or one that is on its way out
            return False

    def batch(self) -> int | None:
        """The number of its latest batch; None where the batches tell by themselves."""
        return None


class RemoteQuery(Query):
    """The query on a server of Spark Connect, as the client that has started it has it."""

    def __init__(self, found: Any, *, pause: float = 1.0) -> None:
        """`found` is what `DataStreamWriter.start` returned; `pause` the seconds after the server did not answer."""
        super().__init__(found)
        self._pause, self._tries = pause, 0

    def wait(self, seconds: float) -> bool:
        """As above. A client that closes its session ends its queries."""
        try:
            over = bool(self._found.awaitTermination(seconds))
        except Exception as error:
            if _is_failure(error):
                raise
            # Somebody has interrupted all that the session waits for, or the server is away.
            return self._looked_up()
        self._tries = 0
        return over

    def batch(self) -> int | None:
        """By one question to the server."""
        with suppress(Exception):
            return int(self._found.lastProgress["batchId"])
        return None

    def _looked_up(self) -> bool:
        if getattr(getattr(self._found, "_session", None), "is_stopped", False):
            return True
        time.sleep(self._pause)
        try:
            is_active = bool(self._found.isActive)
            failure = None if is_active else self._found.exception()
        except Exception as error:
            self._tries += 1
            if self._tries >= _TRIES:
                raise UnreachableError from error
            return False
        self._tries = 0
        if failure is not None:
            raise failure
        return not is_active


def when_started(begun: Callable[[Any], None]) -> bool:
    """Have `begun` called with each query that a writer starts, while its function is being pickled for Spark Connect.

    Only what `start` returns is surely the query of this function: several may start at once, and be over at once. So
    the writer gets a `start` of its own, which does nothing else. Whether there is a writer; never raises.
    """
    frame = sys._getframe(1)  # noqa: SLF001 - the stack is all that tells
    for _ in range(_FRAMES):
        if frame.f_code.co_name == "foreachBatch":
            writer = frame.f_locals.get("self")
            start = getattr(type(writer), "start", None)
            if start is not None:
                return _watch(writer, functools.partial(start, writer), begun)
        if frame.f_back is None:
            break
        frame = frame.f_back
    return False


def _watch(writer: Any, start: Callable[..., Any], begun: Callable[[Any], None]) -> bool:
    @functools.wraps(type(writer).start)
    def started(*args: Any, **kwargs: Any) -> Any:
        query = start(*args, **kwargs)
        begun(query)
        return query

    try:
        writer.start = started
    except Exception:  # noqa: BLE001 - a writer that is not PySpark's own
        return False
    return True


def _is_failure(error: Exception) -> bool:
    """Whether it says how the query ended, and not that nobody could be asked."""
    return any(kind.__name__ == "StreamingQueryException" for kind in type(error).__mro__)
