"""The listener and its JAR: given twice, given too late, or one without the other."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sparklineage.errors import suggestion
from sparklineage.lint.rules.agents import CLASS_PATHS, LISTENER, agents, may_bring_an_agent
from sparklineage.lint.rules.interface import Hit, rule
from sparklineage.lint.settings import AGENT_PREFIX, JARS, LISTENERS, PACKAGES, UNKNOWN
from sparklineage.model.agent_jar import recognise
from sparklineage.model.versions import numbers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sparklineage.lint.rules.interface import Target
    from sparklineage.lint.settings import Setting, Sheet

LISTS = (
    LISTENERS, JARS, PACKAGES, "spark.jars.excludes", "spark.jars.repositories", "spark.submit.pyFiles", "spark.files",
    "spark.driver.extraClassPath", "spark.driver.extraJavaOptions", "spark.sql.extensions",
)  # fmt: skip
_COORDINATES = re.compile(r"io\.openlineage:openlineage-spark(?P<scala>_2\.1[23])?:(?P<version>\d+\.\d+\.\d+)")
_STATIC = (LISTENERS, JARS, PACKAGES, *CLASS_PATHS)


@rule("SL040", "given-twice", "warning", "A list that is given twice")
def given_twice(sheet: Sheet, target: Target) -> Iterator[Hit]:  # noqa: ARG001
    """Spark does not join lists: of two `--jars`, two `--packages` or two `spark.extraListeners` the last one counts,
    and an option of its own counts more than `--conf`. It is an error where the agent or its listener is what gets
    lost.

    Source: executed on Spark 3.5 and 4.2; OpenLineage#1097, #1841.
    """
    for key in LISTS:
        groups: dict[int, list[Setting]] = {}
        for setting in sheet.all(key):
            if not setting.late:
                groups.setdefault(setting.group, []).append(setting)
        for given in groups.values():
            counts = [setting for setting in given if setting.spelled.startswith("--")] or given
            winner = counts[-1]
            # A variable may well hold what came before it.
            for lost in given if winner.known else ():
                gone = set(lost.entries) - set(winner.entries)
                if lost is not winner and gone:
                    lineage = any(recognise(entry) or "openlineage" in entry.lower() for entry in gone)
                    other = f"as {winner.name} " if winner.name != lost.name else ""
                    yield Hit(
                        at=lost,
                        found=f"{lost.name} is given again {other}in line {winner.place.line}.",
                        reality="Only that one counts; " + _lost(key, lineage=lineage),
                        fix=f"Join them into one list{', with commas' if key in (JARS, PACKAGES, LISTENERS) else ''}.",
                        severity="error" if lineage else None,
                    )


@rule("SL041", "listener-twice", "error", "A listener that is named twice")
def listener_twice(sheet: Sheet, target: Target) -> Iterator[Hit]:  # noqa: ARG001
    """Spark registers a class as often as `spark.extraListeners` names it: every event is then sent twice.

    Source: executed on Spark 3.5 and 4.3.
    """
    setting = sheet.get(LISTENERS)
    entries = setting.entries if setting else ()
    if setting and LISTENER in entries and entries.count(LISTENER) > 1:
        yield Hit(
            at=setting,
            found="spark.extraListeners names the agent's listener twice.",
            reality="Spark registers it twice, and every event is sent twice.",
            fix="Name it once.",
        )


@rule("SL042", "wrong-listener", "error", "A listener class that does not exist")
def wrong_listener(sheet: Sheet, target: Target) -> Iterator[Hit]:  # noqa: ARG001
    """The class is `io.openlineage.spark.agent.OpenLineageSparkListener`. With a name that does not exist the
    application does not start: `Exception when registering SparkListener`. `openlineage.spark.*` is the package of
    releases before 0.1.

    Source: executed (a missing class); agent source (the name).
    """
    for setting in sheet.all(LISTENERS):
        for entry in setting.entries:
            near = entry != LISTENER and UNKNOWN not in entry and _meant(entry)
            if near and not setting.late:
                yield Hit(
                    at=setting,
                    found=f"{setting.name} names a class that is almost the agent's listener.",
                    reality="The application does not start: Exception when registering SparkListener.",
                    fix=f"Write {LISTENER}.",
                )


@rule("SL043", "listener-without-jar", "info", "A listener without its JAR")
def listener_without_jar(sheet: Sheet, target: Target) -> Iterator[Hit]:  # noqa: ARG001
    """The listener is named, but nothing here brings the agent. That is right where the JAR lies in `$SPARK_HOME/jars`
    or another file sets it. If not, the application does not start (`ClassNotFoundException`).

    Source: executed on Spark 3.5 and 4.3.
    """
    setting = sheet.get(LISTENERS)
    if setting and LISTENER in setting.entries and not setting.late and not may_bring_an_agent(sheet):
        yield Hit(
            at=setting,
            found="The agent's listener is named, and nothing here brings its JAR.",
            reality="Unless the JAR lies in $SPARK_HOME/jars or another file names it, the application does not start.",
            fix="Copy the JAR to /databricks/jars with an init script."
            if sheet.platform == "databricks"
            else "Add the agent to --jars or --packages, or check that the machine has it.",
        )


@rule("SL044", "jar-without-listener", "warning", "A JAR without its listener")
def jar_without_listener(sheet: Sheet, target: Target) -> Iterator[Hit]:  # noqa: ARG001
    """The agent's JAR alone does nothing: unless `spark.extraListeners` names its listener, there are no events, and
    no message says so.

    Source: executed, agent 1.53.0; OpenLineage#3115.
    """
    found = [agent for agent in agents(sheet) if not agent.setting.late]
    listeners = sheet.get(LISTENERS)
    # A class of the user's own may hand the events on; a variable may hold anything.
    if found and not sheet.partial and (listeners is None or not (listeners.entries or not listeners.known)):
        yield Hit(
            at=found[0].setting,
            found=f"{found[0].setting.name} brings the agent, and spark.extraListeners is not set.",
            reality=f"Unless {'a script or ' if sheet.scripts else ''}another file sets it, the agent is never called "
            "and there are no events.",
            fix=f"Add spark.extraListeners={LISTENER}.",
            severity="info" if sheet.scripts else None,
        )


@rule("SL045", "too-late", "error", "Set when the session exists already")
def too_late(sheet: Sheet, target: Target) -> Iterator[Hit]:  # noqa: ARG001
    """Listeners, JARs and the agent's keys are read once, when the SparkContext starts. On a session that exists, as in
    a notebook, on Databricks and in Glue, `.config(…)` gives but a warning (`Using an existing Spark session; only
    runtime SQL configurations will take effect`), and `spark.conf.get` then even returns the listener, although it is
    not registered. `spark.conf.set` of a listener raises `CANNOT_MODIFY_CONFIG`.

    Source: executed on Spark 3.5.9 and 4.3.0.
    """
    groups: dict[int, list[Setting]] = {}
    for setting in sheet.settings:
        if setting.late and (setting.key in _STATIC or setting.key.startswith(AGENT_PREFIX)):
            groups.setdefault(setting.group, []).append(setting)
    for first, *others in groups.values():
        them = "them" if others else "it"
        more = f" and {len(others)} further setting{'s' if len(others) > 1 else ''}" if others else ""
        yield Hit(
            at=first,
            found=f"{first.name}{more} {'are' if others else 'is'} set on a session that exists already.",
            reality=f"Spark and the agent read {them} only when the session starts.",
            fix=f"Set {them} before that: with spark-submit, in spark-defaults.conf, or in the first builder.",
        )


@rule("SL046", "jar-in-code", "info", "The agent's JAR set in code")
def jar_in_code(sheet: Sheet, target: Target) -> Iterator[Hit]:  # noqa: ARG001
    """`spark.jars` and `spark.jars.packages` in the builder work where `python job.py` starts Spark. Under
    `spark-submit` the JVM runs already: packages are not resolved, JARs do not reach the driver's class path, and the
    application does not start (`ClassNotFoundException`).

    Source: executed on Spark 3.5.6, 3.5.9, 4.2.1 and 4.3.0.
    """
    for agent in agents(sheet):
        if agent.setting.origin == "code" and not agent.setting.late:
            yield Hit(
                at=agent.setting,
                found=f"{agent.setting.name} brings the agent from code.",
                reality="That works with `python job.py`; under spark-submit the application does not start.",
                fix="Give the JAR with --jars or --packages, or in spark-defaults.conf.",
            )
            return


@rule("SL047", "two-agents", "warning", "Two agents on the class path")
def two_agents(sheet: Sheet, target: Target) -> Iterator[Hit]:  # noqa: ARG001
    """The agent is brought more than once. Which of the two is loaded is up to the class loader, and classes of
    different versions or Scalas do not fit together.

    Source: executed on Spark 3.5.9 (the one of --jars is loaded); OpenLineage#3407 (agent in two places).
    """
    found = agents(sheet)
    if len(found) > 1:
        yield Hit(
            at=found[1].setting,
            found=f"The agent is brought {len(found)} times.",
            reality="Which of them is loaded is up to the class loader.",
            fix="Keep one of them.",
        )


@rule("SL048", "no-such-artifact", "error", "Coordinates that do not exist")
def no_such_artifact(sheet: Sheet, target: Target) -> Iterator[Hit]:  # noqa: ARG001
    """Since 1.9.0 the agent's name ends in Spark's Scala, `openlineage-spark_2.12` or `_2.13`; up to 1.8.0 it had no
    ending. With the other form nothing is found (`unresolved dependency`), and the application does not start.

    Source: agent documentation, installation; executed (the message).
    """
    setting = sheet.get(PACKAGES)
    for entry in setting.entries if setting else ():
        match = _COORDINATES.fullmatch(entry)
        if setting and match and (numbers(match["version"]) >= (1, 9)) != bool(match["scala"]):
            old = bool(match["scala"])
            yield Hit(
                at=setting,
                found=f"{entry} does not exist.",
                reality="Ivy does not find it (unresolved dependency), and the application does not start.",
                fix="Take a newer agent; those up to 1.8.0 have no Scala in their name."
                if old
                else "Add Spark's Scala to the name: openlineage-spark_2.12, or openlineage-spark_2.13 for Spark 4.",
            )


def _meant(entry: str) -> bool:
    """Whether somebody wrote this for the agent's listener."""
    return entry.startswith("openlineage.spark.") or bool(
        suggestion(entry, (LISTENER,)) and "openlineage" in entry.lower()
    )


def _lost(key: str, *, lineage: bool) -> str:
    if not lineage:
        return "this one is lost."
    return "the listener is lost, and with it all lineage." if key == LISTENERS else "the agent's JAR is lost."
