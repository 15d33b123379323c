"""A session that is made where an earlier one of this process was stopped: its JVM runs on, as in a notebook.

What that JVM was started with it keeps: its class path, its environment, and as system properties the options of its
first session, which every later SparkConf reads too.
"""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, Any

from sparklineage.submit.our_properties import LISTENERS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sparklineage.model.conf_set import ConfSet

LOG = logging.getLogger("sparklineage")
_AT_ITS_START = ("spark.jars", "spark.jars.packages", "spark.driver.extraClassPath", "spark.driver.extraJavaOptions")

_given: dict[str, str] = {}
"""The properties of the last session that was configured here."""


def left_jvm() -> Any:
    """The JVM, seen through py4j; None where there is none yet, or a session runs in it."""
    context = getattr(sys.modules.get("pyspark"), "SparkContext", None)
    if getattr(context, "_active_spark_context", None) is not None:
        return None
    return getattr(context, "_jvm", None)


def fitted(conf: ConfSet, jvm: Any) -> ConfSet | None:
    """What of the properties still has an effect in it; None, with a warning, where it has not got the listeners."""
    entry = conf.entry(LISTENERS)
    for name in entry.value.reveal().split(",") if entry is not None else ():
        if not _has(jvm, name.strip()):
            LOG.warning(
                "this session has no lineage: the JVM of the session before runs on, and has no %s on its class path; "
                "restart the Python process, and call sparklineage.configure before its first session",
                name.strip(),
            )
            return None
    return conf.without(*_AT_ITS_START)


def missed(variables: Mapping[str, str], jvm: Any) -> list[str]:
    """The names of the variables that it has not got with these values."""
    try:
        return [name for name, value in variables.items() if jvm.System.getenv(name) != value]
    except Exception:  # noqa: BLE001 - py4j's, where it is gone
        return []


def renew(conf: ConfSet, jvm: Any) -> None:
    """Take away what the session before was given and this one is not. Never raises."""
    given = {key: text for key, text in _given.items() if key not in conf and key not in _AT_ITS_START}
    try:
        for key, text in given.items():
            if jvm.System.getProperty(key) == text:
                jvm.System.clearProperty(key)
    except Exception:
        LOG.debug("the JVM cannot be asked for its properties", exc_info=True)


def remember(texts: Mapping[str, str]) -> None:
    """The properties that a session is configured with."""
    _given.clear()
    _given.update(texts)


def _has(jvm: Any, name: str) -> bool:
    try:
        jvm.java.lang.Thread.currentThread().getContextClassLoader().loadClass(name)
    except Exception:  # noqa: BLE001 - ClassNotFoundException, or no JVM any more
        return False
    return True
