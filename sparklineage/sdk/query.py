"""A running streaming query: asked in the driver's JVM."""

from __future__ import annotations

from typing import Any


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
