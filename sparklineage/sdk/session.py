"""What the SDK needs of Spark: where the journal is, and the thread's local property.

pyspark is never imported here. A session is used through its public methods alone, so a Spark Connect
session (which has no `sparkContext`) simply has neither.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, WeakSet

from sparklineage.errors import SparklineageError
from sparklineage.journal import kept
from sparklineage.sdk import ended
from sparklineage.sdk.functions.worker import in_worker
from sparklineage.sdk.warning import LOG

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sparklineage.sdk.sending.direct import Direct

_CONNECT = "SPARK_CONNECT_MODE_ENABLED"
"""PySpark itself sets it with a session of Spark Connect, whose server may be in this process, with its context."""
STEP_PROPERTY = "spark.sparklineage.step"
STEP_TAG = "sparklineage.step"
"""Of nodes of a logical plan; the witness looks for it."""
JOURNAL_PROPERTY = "spark.sparklineage.journal"
JOURNAL_VARIABLE = "SPARKLINEAGE_JOURNAL_RUN"

ENDED = (
    "The application of this session has ended, so what is declared now is not delivered; open another one with "
    "sparklineage.application(spark)."
)

# Reading a SparkConf copies all of it through the gateway: once per context is enough.
_journals: WeakKeyDictionary[Any, str | None] = WeakKeyDictionary()
_inherited: WeakSet[Any] = WeakSet()
"""The contexts that this process has of the one that it was forked from; those that it makes are its own."""
_closed: dict[str, bool] = {}
"""The folders of applications that have ended, and whether that was said."""


@dataclass(frozen=True, kw_only=True)
class Driver:
    """The driver that runs this code: its journal folder, and its SparkContext where it has one."""

    folder: Path | None
    """The run folder of the application, or None where lineage is off."""
    context: Any = None
    """None too where nothing that is declared gets anywhere."""
    is_remote: bool = False
    """Whether the session is one of Spark Connect: then no witness tells of its queries."""
    direct: Direct | None = None
    """Where steps are sent to without a folder; None there too where nothing is known to send to."""

    @classmethod
    def of(cls, spark: Any, environ: Mapping[str, str], *, quiet: bool = False) -> Driver:
        """The driver behind a session (or the active one for None). Never raises.

        Where its application has ended, that is said once, unless it is `quiet`.
        """
        if in_worker():
            return cls(folder=None)
        session = spark if spark is not None else active()
        context = context_of(session)
        is_remote = type(session).__module__.startswith("pyspark.sql.connect.")
        folder = folder_of(context, environ) or _folder_of_tests()
        if folder is not None:
            if not quiet and str(folder) in _closed:
                _warn_of_end(folder)
            return cls(folder=folder, context=context, is_remote=is_remote)
        from sparklineage.sdk.sending.direct import direct  # noqa: PLC0415

        found = direct(session, context, environ)
        if not quiet:
            ended.warn_of_end(found)
        return cls(folder=None, context=context if found is not None else None, is_remote=is_remote, direct=found)

    @property
    def is_inert(self) -> bool:
        """Whether nothing that is declared gets anywhere."""
        return self.folder is None and self.direct is None

    def step(self) -> str | None:
        """The thread's step property. Never raises."""
        try:
            found = self.context.getLocalProperty(STEP_PROPERTY) if self._is_marking else None
            return found if isinstance(found, str) else None  # a mock of a session says whatever
        except Exception:  # noqa: BLE001 - a stopped context has no properties
            return None

    @property
    def is_at_hand(self) -> bool:
        """Whether this process may speak to the JVM."""
        # A forked child shares the parent's connection to the JVM, and would take the answers away from it.
        return self.context is not None and self.context not in _inherited

    @property
    def _is_marking(self) -> bool:
        """Whether Spark's jobs are marked with the step. Only what reads a journal looks for the mark."""
        return self.folder is not None and self.is_at_hand

    def set_step(self, step: str | None) -> None:
        """Set the thread's step property, None to remove it. Each call is a way to the JVM and back."""
        if self._is_marking:
            self.context.setLocalProperty(STEP_PROPERTY, step)


def context_of(spark: Any) -> Any:
    """The SparkContext of a session or of itself; None under Spark Connect, or for what is no session."""
    try:
        return spark if hasattr(spark, "setLocalProperty") else spark.sparkContext
    except Exception:  # noqa: BLE001 - Spark Connect raises an error of its own here
        return None


def is_session(value: Any) -> bool:
    """Whether it is a session, classic or Connect, a SparkContext, or what does as one. Never raises."""
    if issubclass(type(value), type):
        return False
    kinds = {kind.__name__ for kind in type(value).__mro__}
    return not kinds.isdisjoint(("SparkSession", "SparkContext")) or any(
        _has(value, name) for name in ("setLocalProperty", "sparkContext", "conf")
    )


def _has(value: Any, name: str) -> bool:
    try:
        # A session of Spark Connect has the context's name, and raises an error of its own where it is asked for.
        return hasattr(type(value), name) or hasattr(value, name)
    except Exception:  # noqa: BLE001 - an object of the job's own
        return False


def active() -> Any:
    """The process's SparkContext, or its session of Spark Connect, where pyspark is in use at all.

    A process has one context, whichever of its sessions is active in this thread. That alone is asked for: to find the
    active session PySpark asks the JVM several times, which takes milliseconds, and may make a session anew for it.
    """
    try:
        found = _active_context()
        if found is not None and _CONNECT not in os.environ:
            return found
        sql = sys.modules.get("pyspark.sql")
        session = sql.SparkSession.getActiveSession() if sql else None
        remote = sys.modules.get("pyspark.sql.connect.session")
        if session is None and remote is not None:
            session = getattr(remote.SparkSession, "_default_session", None)
        if session is not None:
            return session
        return found
    except Exception:  # noqa: BLE001 - no session is no trouble
        return None


def _active_context() -> Any:
    return getattr(getattr(sys.modules.get("pyspark"), "SparkContext", None), "_active_spark_context", None)


def folder_of(context: Any, environ: Mapping[str, str]) -> Path | None:
    """The run folder that this session, or without one this process, declares into. Never raises."""
    path = (_journal_of(context) if context is not None else None) or environ.get(JOURNAL_VARIABLE)
    if not path:
        return None
    folder = Path(path)
    return folder if kept.beside() is None or kept.is_kept(folder) else None


def _folder_of_tests() -> Path | None:
    try:
        return kept.folder_beside()
    except (OSError, SparklineageError):
        return None


def move_journal(context: Any, folder: Path) -> None:
    """From now on what the session declares goes into this folder: that of its next application."""
    _journals[context] = str(folder)


def close_journal(folder: Path) -> None:
    """The application of this folder has ended; what is declared there from now on is not delivered."""
    _closed[str(folder)] = False


def is_closed(folder: Path) -> bool:
    """Whether its application has ended in this process."""
    return str(folder) in _closed


def _warn_of_end(folder: Path) -> None:
    if not _closed[str(folder)]:
        _closed[str(folder)] = True
        LOG.warning("%s", ENDED)


def _journal_of(context: Any) -> str | None:
    try:
        if context not in _journals:
            path = context.getConf().get(JOURNAL_PROPERTY)
            _journals[context] = path if isinstance(path, str) else None  # a mock of a session says whatever
        return _journals[context]
    except Exception:  # noqa: BLE001 - a stopped context has no conf
        return None


def _inherit() -> None:
    """In a forked child: what there is of contexts is the parent's."""
    for context in (*_journals, _active_context()):
        with suppress(TypeError):  # there is none
            _inherited.add(context)


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_inherit)
