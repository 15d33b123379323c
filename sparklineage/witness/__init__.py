"""The witness: a Spark listener that writes down how each query and job, and the application, really ended.

Its Java source, its built JAR and the build live here, because a fresh machine may have a Java runtime
without a compiler. `python -m sparklineage.witness.build` makes the JAR anew, byte for byte the same. So it does
with the JAR that stands in for an agent that is missing on a node.
"""

from __future__ import annotations

from pathlib import Path

from sparklineage.version import VERSION

LISTENER = "io.sparklineage.Witness"
"""The class for `spark.extraListeners`; it has to stand before the agent's."""

STORED_NAME = f"sparklineage-witness-{VERSION}.jar"
"""How the JAR is called where it is uploaded: conf sets name the one that they were made for."""


ABSENT_NAME = "sparklineage-absent.jar"
"""How the stand-in for a missing agent is called on a node."""


def jar_path() -> Path:
    """The JAR that the driver needs on its class path, one for every Spark and Scala."""
    return Path(__file__).with_name("witness.jar")


def absent_jar_path() -> Path:
    """The JAR whose class has the agent's name, and which Spark passes over: a job starts where the agent is missing.

    Wherever it lies on a class path before the agent, there is no lineage.
    """
    return Path(__file__).with_name("absent.jar")
