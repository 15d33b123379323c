"""Properties for a `SparkSession.builder`, as long as its session can still take them. Imports no pyspark itself."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from sparklineage.errors import SessionRunsError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

_AT_START = ("spark.extraListeners", "spark.plugins")
_CLASS_PATH = (
    "spark.jars",
    "spark.jars.packages",
    "spark.driver.extraClassPath",
    "spark.driver.extraJavaOptions",
)
"""Read when the JVM is started."""
_SUBMIT = "start the job with `sparklineage submit` instead"


def options(builder: object) -> dict[str, str]:
    """What a builder has been told so far."""
    found: Mapping[str, Any] = getattr(builder, "_options", {})
    return {key: str(value) for key, value in found.items() if value is not None}


def set_option(builder: Any, key: str, text: str) -> None:
    builder.config(key, text)


def refuse_if_running(builder: object, keys: Collection[str], environ: Mapping[str, str]) -> None:
    """Raises SessionRunsError where a session, or a JVM with its class path, is there already."""
    remote = options(builder).get("spark.remote") or environ.get("SPARK_REMOTE") or ""
    if (remote and not remote.startswith("local")) or _connected():
        raise SessionRunsError(
            f"This is a session of Spark Connect: {_listed(keys, (*_AT_START, *_CLASS_PATH))} would have no effect in "
            "it. Set them where the server is started."
        )
    if "DATABRICKS_RUNTIME_VERSION" in environ:
        raise SessionRunsError(
            f"On Databricks the session runs already: {_listed(keys, (*_AT_START, *_CLASS_PATH))} would have no effect "
            "in it. Set them in the Spark configuration of the cluster."
        )
    context = getattr(sys.modules.get("pyspark"), "SparkContext", None)
    if getattr(context, "_active_spark_context", None) is not None:
        raise SessionRunsError(
            f"A Spark session already runs: {_listed(keys, (*_AT_START, *_CLASS_PATH))} would have no effect in it. "
            f"Configure the builder before the first session of the process; or {_SUBMIT}, or set them in the "
            "cluster's spark-defaults.conf."
        )
    late = [key for key in _CLASS_PATH if key in keys]
    if late and (getattr(context, "_gateway", None) is not None or "PYSPARK_GATEWAY_PORT" in environ):
        raise SessionRunsError(
            f"The JVM of this session already runs, as it does under spark-submit: {_listed(late, late)} would have no "
            f"effect in it, and a listener that is not on its class path fails the job. Please {_SUBMIT}."
        )


def _connected() -> bool:
    session = getattr(sys.modules.get("pyspark.sql.connect.session"), "SparkSession", None)
    if session is None:
        return False
    default = getattr(session, "_default_session", None)
    stopped = default is None or bool(getattr(default, "is_stopped", False))
    return not stopped or session.getActiveSession() is not None


def _listed(keys: Collection[str], known: Collection[str]) -> str:
    """The names of those that matter most, such as `spark.extraListeners and spark.jars`."""
    found = [key for key in known if key in keys][:3] or list(keys)[:3] or ["its properties"]
    return " and ".join([", ".join(found[:-1]), found[-1]] if len(found) > 1 else found)
