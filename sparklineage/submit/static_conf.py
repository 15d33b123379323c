"""Properties for a whole machine: every application on it finds its own run id and journal folder.

The witness reads `spark.sparklineage.spool` when Spark constructs it, and gives the application a folder below it,
into which it points the agent. So these properties can stand in spark-defaults.conf and never change.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sparklineage.model.conf_properties import properties_text
from sparklineage.submit.our_properties import CAPTURED_DEFAULT, REDACTED, STEP

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import PurePath


def static_properties(
    *, namespace: str, spool: PurePath, listeners: Sequence[str], jars: Sequence[PurePath]
) -> list[tuple[str, str]]:
    """Key and value of each property, in a stable order. `listeners` has the witness first, then the agent."""
    return [
        ("spark.extraListeners", ",".join(listeners)),
        ("spark.jars", ",".join(map(str, jars))),
        ("spark.openlineage.namespace", namespace),
        ("spark.openlineage.capturedProperties", ",".join((*CAPTURED_DEFAULT, STEP))),
        ("spark.redaction.regex", REDACTED),
        ("spark.sparklineage.spool", str(spool)),
    ]


def spark_defaults(properties: Sequence[tuple[str, str]]) -> str:
    """The text of a spark-defaults.conf, which is read as `java.util.Properties`: a backslash is written twice."""
    return properties_text(dict(properties))
