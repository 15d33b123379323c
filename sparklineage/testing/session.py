"""The sessions of a test run: whether they are traced, and when they have told everything."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sparklineage.errors import SparklineageError
from sparklineage.testing.capture import Capture
from sparklineage.testing.conf import SPOOL, spools

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sparklineage.testing.capture import Mark, Settled

_PATIENCE_MS = 60_000
"""How long Spark may take to tell its listeners what has happened."""
_AGENT = "io.openlineage"
"""Below which the agent's loggers are."""
_LOCAL = {
    "spark.ui.enabled": "false",
    "spark.sql.shuffle.partitions": "1",
    "spark.ui.showConsoleProgress": "false",
}


class UntracedError(SparklineageError):
    """There is no session whose lineage could be seen."""


class Watch:
    """The lineage of this process's sessions from one moment on."""

    def __init__(self) -> None:
        self._capture = Capture(spools)
        self._state: Mapping[str, Mark] | None = None
        self._settled: list[Settled] = []
        self.begin()

    def begin(self) -> None:
        """Leave out everything so far."""
        context = _context()
        _wait(context)
        if context is not None and _is_traced(context):
            _quiet(context)
        self._state = None
        self._capture.begin()

    def read(self) -> list[Settled]:
        """Every application that has told something since. Raises UntracedError where none could."""
        __tracebackhide__ = True
        context = _context()
        if context is not None and not _is_traced(context):
            raise UntracedError(
                "The Spark session of this test has no lineage: build it with the fixture lineage_conf "
                "(SparkSession.builder.config(map=lineage_conf)), before any other session of this process."
            )
        _wait(context)
        state = self._capture.state()
        if not state:
            raise UntracedError(
                "No Spark session of this test run has lineage: use the fixture lineage_spark, or build yours with "
                "the fixture lineage_conf."
            )
        if state != self._state:
            self._settled, self._state = self._capture.read(), state
        return self._settled


def local_session(conf: Mapping[str, str]) -> Any:
    """A session in this process with these properties. Raises UntracedError where another one runs already."""
    from pyspark.sql import SparkSession

    if _context() is not None:
        raise UntracedError(
            "Another Spark session of this test run was there first, without lineage: build that one with the fixture "
            "lineage_conf, or use lineage_spark alone."
        )
    builder = SparkSession.builder.master("local[2]").appName("tests")
    for key, value in {**_LOCAL, **conf}.items():
        builder = builder.config(key, value)
    return builder.getOrCreate()


def _context() -> Any:
    context = getattr(sys.modules.get("pyspark"), "SparkContext", None)
    return getattr(context, "_active_spark_context", None)


def _is_traced(context: Any) -> bool:
    found = context.getConf().get(SPOOL)
    return found is not None and Path(found) in spools


def _quiet(context: Any) -> None:
    """Have the agent log errors alone, unless the run's own configuration has a level for it.

    It warns of nearly every query, by dozens of lines, in which the message of a test that fails would drown.
    """
    # Another logging than Log4j 2, and whatever py4j raises: the lines are a nuisance, no fault.
    with suppress(Exception):
        log4j = context._jvm.org.apache.logging.log4j  # noqa: SLF001 - there is no public way
        logging = log4j.LogManager.getContext(False)
        if logging.getConfiguration().getLoggerConfig(_AGENT).getName() != _AGENT:
            log4j.core.config.Configurator.setLevel(_AGENT, log4j.Level.ERROR)


def _wait(context: Any) -> None:
    if context is not None:
        context._jsc.sc().listenerBus().waitUntilEmpty(_PATIENCE_MS)  # noqa: SLF001 - there is no public way
