"""What works, but not the way people think."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sparklineage.lint.readers.requirements import PIP
from sparklineage.lint.rules.interface import Hit, assigned, rule
from sparklineage.lint.settings import AGENT_PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sparklineage.lint.rules.interface import Target
    from sparklineage.lint.settings import Sheet

_AGENT_PACKAGE = re.compile(r"(?i)openlineage[-_.]spark(?![\w-])")
_NAMES = ("spark.app.name", f"{AGENT_PREFIX}appName", f"{AGENT_PREFIX}namespace")
_CHANGING = re.compile(
    r"(?<!\d)20\d\d[-_.]?[01]\d[-_.]?[0-3]\d(?!\d)"  # a date
    r"|(?i:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"  # a UUID
)
# What an expression of the shell, Python or a template looks like that gives another text each time.
_CALLS = re.compile(
    r"(?i)\$\(\s*(?:date|uuidgen)\b|`\s*(?:date|uuidgen)\b|\$\{?(?:RANDOM|EPOCHSECONDS|BASHPID)\b|\$\$"
    r"|\b(?:datetime|date)\.|\btime\.time\(|\bstrftime\(|\buuid[14]?\b[.(]|\{\{\s*(?:ds|ts|run_id)"
)


@rule("SL071", "changing-name", "warning", "A name that changes from run to run")
def changing_name(sheet: Sheet, target: Target) -> Iterator[Hit]:  # noqa: ARG001
    """The name of the application is the name of its job. With a date or an id in it every run becomes a new job with a
    history of one, and what reads its datasets is never the same job twice.

    Source: executed, agent 1.53.0; agent source (the job's name is made from `spark.openlineage.appName`, else
    `spark.app.name`).
    """
    for key in _NAMES:
        setting = sheet.get(key)
        # Where the agent has a name of its own, Spark's does not matter.
        if setting is None or (key == "spark.app.name" and sheet.agent("appName")):
            continue
        if _CHANGING.search(setting.value) or _CALLS.search(setting.text):
            steady = (
                "Keep the name the same" if key != "spark.app.name" else f"Set {AGENT_PREFIX}appName to a steady name"
            )
            yield Hit(
                at=setting,
                found=f"{setting.name} has a date, time or id in it.",
                reality="Every run becomes a new job, with a history of one run.",
                fix=f"{steady}; the run already has its time and its id.",
            )


@rule("SL072", "no-circuit-breaker", "info", "Direct http without a circuit breaker")
def no_breaker(sheet: Sheet, target: Target) -> Iterator[Hit]:  # noqa: ARG001
    """The agent posts each event while Spark's listeners wait, five seconds at most for each phase, and by default
    nothing limits the sum. With a backend that took two seconds an answer a job of 25 s took 47 s and lost 20 of 36
    events; with one that never answered it took 90 s.

    The type `asyncTaskQueue` (1.28.0 or later) lets the job go on after a second and sends beside it. The type
    `timeout` lets it wait until its limit, and sends nothing from a second session in the same process (see SL036).

    Source: executed, agent 1.53.0 on Spark 4.2; OpenLineage#2375.
    """
    kind = sheet.agent("transport.type")
    breaker = sheet.agent("circuitBreaker.type")
    if kind and kind.value.strip().lower() == "http" and not kind.late and breaker is None and not sheet.partial:
        yield Hit(
            at=kind,
            found="transport.type is http, and no circuit breaker is set.",
            reality="A slow backend delays the job, and makes the agent lose events.",
            fix=f"Add {assigned(kind, 'circuitBreaker.type', 'asyncTaskQueue')} (agent 1.28.0 or later), or let "
            "`sparklineage submit` deliver.",
        )


@rule("SL075", "pip-install", "error", "The agent is no Python package")
def pip_install(sheet: Sheet, target: Target) -> Iterator[Hit]:  # noqa: ARG001
    """`openlineage-spark` is a JAR. No Python package of that name exists, so installing it fails, and the one for
    Python, `openlineage-python`, does not make Spark send anything.

    Source: the release artefacts of OpenLineage; guides that have it.
    """
    for package in sheet.all(PIP):
        if _AGENT_PACKAGE.match(package.value.strip()):
            yield Hit(
                at=package,
                found=f"{package.value.strip()} is to be installed with pip.",
                reality="There is no such package: the agent is a JAR.",
                fix="Give spark-submit --packages io.openlineage:openlineage-spark_2.12:1.53.0 (_2.13 for Spark 4).",
            )
