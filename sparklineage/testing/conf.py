"""Spark properties that let a session of a test run report its lineage into a journal that nobody delivers."""

from __future__ import annotations

import atexit
import shutil
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from sparklineage.assemble.library import fetch_missing, for_this_python, load
from sparklineage.errors import AgentJarError
from sparklineage.journal import kept
from sparklineage.model.conf_set import ConfSet

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Mapping

    from sparklineage.config.spec import Spec

SPOOL = "spark.sparklineage.spool"
_SOURCE = "sparklineage.testing"
spools: list[Path] = []
"""The journals of this process's sessions."""
_beside: list[Path] = []
"""That of what has no session."""


def spark_conf(
    conf: Mapping[str, str] | None = None, *, journal: str | os.PathLike[str] | None = None
) -> dict[str, str]:
    """The properties of a session whose lineage the fixture `lineage` shows, for `SparkSession.builder.config(map=…)`.

    They have to be there before the first session of the process is built: agent and witness lie on the class path of
    its JVM. `conf` are properties of your own; lists such as `spark.jars` and `spark.extraListeners` are joined with
    them, and all of them are in the answer. `journal` is a folder for the records, else a temporary one.

    The sparklineage.yml in force counts, for a namespace or a filter, but nothing is ever sent: neither by the session
    nor by a `sparklineage.application` on it. Fetches the agent's JAR unless it is cached. Raises AgentJarError where
    it cannot be had, ConfigError and UnsupportedSparkError.
    """
    spec = _traced(load())
    done = for_this_python(spec)
    try:
        fetch_missing(done, spec)
    except AgentJarError as error:
        raise AgentJarError(f"{error} Once a network is at hand, `sparklineage jar fetch` puts it there.") from None
    users = ConfSet.of({key: str(value) for key, value in (conf or {}).items()}, source=_SOURCE)
    found = {**users.as_dict(reveal=True), **done.conf.merged_with(users).as_dict()}
    spool = Path(journal).absolute() if journal is not None else _temporary()
    spools.append(spool)
    kept.keep(spool)
    return {**found, SPOOL: str(spool)}


@contextmanager
def nothing_is_sent() -> Iterator[None]:
    """Meanwhile nothing that is declared, and no application, leaves this process; the fixture `lineage` shows it.

    A session that `sparklineage.configure` makes reports into the journal of the tests, too.
    """
    if not _beside:
        _beside.append(_temporary())
        # The last of the journals is that of a session, whose application a test sees before it has done anything.
        spools.insert(0, _beside[0])
    with kept.everything(_beside[0]):
        yield


def _traced(spec: Spec) -> Spec:
    """The same with lineage on and nobody to send it to, whatever it says for real jobs."""
    on = replace(spec.resolved["disabled"], value=False, source=_SOURCE, layer="options")
    return replace(spec, resolved={**spec.resolved, "disabled": on}).with_mode("outbox", _SOURCE)


def _temporary() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="sparklineage-testing-"))
    atexit.register(_remove, folder)
    return folder


def _remove(folder: Path) -> None:
    # A session that still runs writes its end after Python is gone.
    context = getattr(sys.modules.get("pyspark"), "SparkContext", None)
    if getattr(context, "_active_spark_context", None) is None:
        shutil.rmtree(folder, ignore_errors=True)
