"""What the SDK needs of Spark: where the journal is, and the thread's local property.

pyspark is never imported here. A session is used through its public methods alone, so a Spark Connect
session (which has no `sparkContext`) simply has neither.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sparklineage.sdk.direct import Direct

STEP_PROPERTY = "spark.sparklineage.step"
STEP_TAG = "sparklineage.step"
"""Of nodes of a logical plan; the witness looks for it."""
JOURNAL_PROPERTY = "spark.sparklineage.journal"
JOURNAL_VARIABLE = "SPARKLINEAGE_JOURNAL_RUN"

_PID = os.getpid()
"""Of the process that imported this; see `Driver.step`."""

# Reading a SparkConf copies all of it through the gateway: once per context is enough.
_journals: WeakKeyDictionary[Any, str | None] = WeakKeyDictionary()


@dataclass(frozen=True, kw_only=True)
class Driver:
    """The driver that runs this code: its journal folder, and its SparkContext where it has one."""

    folder: Path | None
    """The run folder of the application, or None where lineage is off."""
    context: Any = None
    """None too where nothing that is declared gets anywhere."""
    direct: Direct | None = None
    """Where steps are sent to without a folder; None there too where nothing is known to send to."""

    @classmethod
    def of(cls, spark: Any, environ: Mapping[str, str]) -> Driver:
        """The driver behind a session (or the active one for None). Never raises."""
        if in_worker():
            return cls(folder=None)
        session = spark if spark is not None else active()
        context = context_of(session)
        path = (_journal_of(context) if context is not None else None) or environ.get(JOURNAL_VARIABLE)
        if path:
            return cls(folder=Path(path), context=context)
        from sparklineage.sdk.direct import direct  # noqa: PLC0415

        found = direct(session, context, environ)
        return cls(folder=None, context=context if found is not None else None, direct=found)

    @property
    def is_inert(self) -> bool:
        """Whether nothing that is declared gets anywhere."""
        return self.folder is None and self.direct is None

    def step(self) -> str | None:
        """The thread's step property. Never raises."""
        try:
            found: str | None = self.context.getLocalProperty(STEP_PROPERTY) if self._is_marking else None
        except Exception:  # noqa: BLE001 - a stopped context has no properties
            return None
        return found

    @property
    def is_at_hand(self) -> bool:
        """Whether this process may speak to the JVM."""
        # A forked child shares the parent's connection to the JVM, and would take the answers away from it.
        return self.context is not None and os.getpid() == _PID

    @property
    def _is_marking(self) -> bool:
        """Whether Spark's jobs are marked with the step. Only what reads a journal looks for the mark."""
        return self.folder is not None and self.is_at_hand

    def set_step(self, step: str | None) -> None:
        """Set the thread's step property, None to remove it. Each call is a way to the JVM and back."""
        if self._is_marking:
            self.context.setLocalProperty(STEP_PROPERTY, step)


def in_worker() -> bool:
    """Whether this is a Python worker of Spark's, where a module of the job's may be imported once more."""
    return "pyspark.worker" in sys.modules or "pyspark.worker_util" in sys.modules


def context_of(spark: Any) -> Any:
    """The SparkContext of a session or of itself; None under Spark Connect, or for what is no session."""
    try:
        return spark if hasattr(spark, "setLocalProperty") else spark.sparkContext
    except Exception:  # noqa: BLE001 - Spark Connect raises an error of its own here
        return None


def active() -> Any:
    """The session of this thread, else the process's SparkContext, where pyspark is in use at all."""
    try:
        sql = sys.modules.get("pyspark.sql")
        session = sql.SparkSession.getActiveSession() if sql else None
        if session is not None:
            return session
        # A session is active in the thread that made it, the context in all of them.
        return getattr(sys.modules["pyspark"].SparkContext, "_active_spark_context", None)
    except Exception:  # noqa: BLE001 - no session is no trouble
        return None


def _journal_of(context: Any) -> str | None:
    try:
        if context not in _journals:
            _journals[context] = context.getConf().get(JOURNAL_PROPERTY)
        return _journals[context]
    except Exception:  # noqa: BLE001 - a stopped context has no conf
        return None
