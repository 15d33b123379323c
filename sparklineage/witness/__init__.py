"""The witness: a Spark listener that writes down how each query and job really ended.

Its Java source, its built JAR and the build live here, because a fresh machine may have a Java runtime
without a compiler. `python -m sparklineage.witness.build` makes the JAR anew, byte for byte the same.
"""

from __future__ import annotations

from pathlib import Path

from sparklineage.version import VERSION

LISTENER = "io.sparklineage.Witness"
"""The class for `spark.extraListeners`; it has to stand before the agent's."""

STORED_NAME = f"sparklineage-witness-{VERSION}.jar"
"""How the JAR is called where it is uploaded: conf sets name the one that they were made for."""


def jar_path() -> Path:
    """The JAR that the driver needs on its class path, one for every Spark and Scala."""
    return Path(__file__).with_name("witness.jar")
