"""The properties that make Spark load the listeners, and what these need, but for the JARs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sparklineage.agent.names import LISTENER as AGENT
from sparklineage.model.conf_entry import ConfEntry
from sparklineage.model.conf_lists import CommaList
from sparklineage.model.conf_pattern import Pattern
from sparklineage.model.conf_value import Text
from sparklineage.submit.our_properties import CAPTURED_DEFAULT, REDACTED, STEP
from sparklineage.witness import LISTENER as WITNESS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sparklineage.config.conf import Mode
    from sparklineage.config.spec import Spec

OURS = "sparklineage"
"""The source of what no layer says."""


def listeners(mode: Mode) -> ConfEntry:
    """The agent, and in the outbox the witness before it."""
    outbox = mode == "outbox"
    return ConfEntry(
        key="spark.extraListeners",
        value=CommaList((WITNESS, AGENT), first=(WITNESS,)) if outbox else CommaList((AGENT,)),
        source=OURS,
        why="the witness and the agent" if outbox else "the agent",
    )


def redaction() -> ConfEntry:
    """What Spark hides on its pages and in its event log."""
    return ConfEntry(
        key="spark.redaction.regex", value=Pattern(REDACTED), source=OURS, why="hides keys and headers in Spark"
    )


def outbox(spec: Spec, spool: str) -> Iterator[ConfEntry]:
    """Where each application finds its journal below `spool`, and what ties its events to steps."""
    captured = CommaList((*CAPTURED_DEFAULT, STEP), default=CAPTURED_DEFAULT)
    yield ConfEntry(
        key="spark.openlineage.capturedProperties", value=captured, source=OURS, why="ties a query to its step"
    )
    yield ConfEntry(
        key="spark.sparklineage.spool",
        value=Text(spool),
        source=spec.source("delivery.journal") or OURS,
        why="where each application finds its run id and folder",
    )
