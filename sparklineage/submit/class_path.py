"""What is on the driver's class path before anything of ours, as far as names tell."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from sparklineage.model.lists import comma_list

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sparklineage.submit.spark import SparkInstall
    from sparklineage.submit.user_conf import UserConf

_CLASS_PATHS = ("spark.driver.extraClassPath", "spark.driver.defaultExtraClassPath")


class Named(NamedTuple):
    """A JAR or a package."""

    name: str
    """The path, URL or coordinates as found."""
    source: str
    """Where: `--jars`, `spark-defaults.conf …`, `$SPARK_HOME/jars`."""
    system: bool
    """Whether Java itself loads it: what it loads does not see the classes in `spark.jars`."""


def on_class_path(user_conf: UserConf, install: SparkInstall | None) -> Iterator[Named]:
    """In the order in which the class loader looks: Spark's own `jars`, the driver's class path (with `/*`),
    `spark.jars` (with wild cards), `spark.jars.packages`.
    """
    if install is not None:
        for path in sorted((install.home / "jars").glob("*.jar")):
            yield Named(str(path), "$SPARK_HOME/jars", system=True)
    for key in _CLASS_PATHS:
        for entry in (user_conf.value(key) or "").split(":"):
            # Java itself knows one wild card, a last `*`: every JAR in the folder.
            for name in _expanded(entry.strip()):
                yield Named(name, user_conf.source(key), system=True)
    for entry in comma_list(user_conf.value("spark.jars")):
        for name in _expanded(entry):
            yield Named(name, user_conf.source("spark.jars"), system=False)
    for entry in comma_list(user_conf.value("spark.jars.packages")):
        yield Named(entry, user_conf.source("spark.jars.packages"), system=False)


def _expanded(entry: str) -> Iterator[str]:
    local = Path(entry.removeprefix("file://").removeprefix("file:"))
    if re.search(r"[*?\[]", local.name) and "://" not in str(local):
        yield from sorted(map(str, local.parent.glob(local.name)))
    else:
        yield entry
