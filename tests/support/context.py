"""A SparkContext without Spark."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class Context:
    """The part of a SparkContext that steps use, with the local properties of each thread as in pinned-thread mode."""

    def __init__(self, folder: Path) -> None:
        """`folder` is that of its journal."""
        self.folder = folder
        self.local = threading.local()
        self.calls = 0
        """How often the JVM would have been asked."""

    def getConf(self) -> dict[str, str]:  # noqa: N802 - Spark's name
        return {"spark.sparklineage.journal": str(self.folder)}

    def getLocalProperty(self, key: str) -> str | None:  # noqa: N802 - Spark's name
        self.calls += 1
        found: str | None = getattr(self.local, key, None)
        return found

    def setLocalProperty(self, key: str, value: str | None) -> None:  # noqa: N802 - Spark's name
        self.calls += 1
        setattr(self.local, key, value)
