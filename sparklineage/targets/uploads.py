"""How the JARs of an order come to the place where the platform reads them."""

from __future__ import annotations

import re
import shlex
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sparklineage.targets.interface import Order

_AGENT = re.compile(r"openlineage-spark_(?P<scala>2\.1[23])-(?P<version>.+)\.jar")
_COMPANION = re.compile(r"(?P<name>transports-[a-z0-9]+|kafka-clients)-\d[\w.\-]*\.jar")
_STORES = ("s3://", "s3a://", "gs://", "hdfs://")
"""How the places begin that `jar upload` knows."""


def uploads(order: Order, reader: str) -> Iterator[str]:
    """A sentence with the command that puts the order's JARs there, and who has to be allowed to read them; none where
    there is no JAR of ours. A JAR of the platform's own lies there already.
    """
    base = (order.settings.get("artifacts") or "").rstrip("/")
    jars = [jar for jar in order.jars if base and jar.startswith(f"{base}/")]
    if not jars:
        return
    files = [jar.rpartition("/")[2] for jar in jars]
    if not base.startswith(_STORES):
        yield f"Put {' and '.join(files)} into {base}; {reader}."
        return
    yield f"Upload {' and '.join(files)}: `{shlex.join(_command(order, base, files))}`; {reader}."


def _command(order: Order, base: str, files: Sequence[str]) -> Iterator[str]:
    yield from ("sparklineage", "jar", "upload", base)
    agent = _AGENT.fullmatch(files[0])
    companions = [found["name"] for file in files if (found := _COMPANION.fullmatch(file))]
    named = [file for file in files if not file.startswith(("transports-", "kafka-clients", "sparklineage-witness"))]
    if agent is None and named:
        # A JAR of the user's own, which lies on their machine.
        yield PurePosixPath(named[0]).name
    if agent is not None or companions:
        yield from _spark(order, agent["scala"] if agent else order.scala)
        yield from ("--version", agent["version"] if agent else order.agent)
    for name in companions:
        yield from ("--with", name)


def _spark(order: Order, scala: str) -> tuple[str, ...]:
    """Which Spark it is for, by its release where that has the same Scala."""
    if order.release is not None and order.release.scala == scala and (asked := order.settings.get("release")):
        return ("--platform", order.release.platform, "--release", asked)
    return ("--scala", scala)
