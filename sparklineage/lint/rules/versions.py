"""Agents, Sparks and Scalas that do not fit together, and settings that the agent is too old for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from sparklineage.lint.rules.agents import LISTENER, agent_version, agents, brought, spark_version
from sparklineage.lint.rules.destinations import TRANSPORT, destinations, known, split
from sparklineage.lint.rules.interface import Hit, rule, unreadable
from sparklineage.lint.rules.releases import java_of, scala_of
from sparklineage.lint.settings import LISTENERS
from sparklineage.model.agent_jar import recognise
from sparklineage.model.versions import numbers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sparklineage.lint.rules.interface import Target
    from sparklineage.lint.settings import Sheet

_SCALA = re.compile(r"_(2\.1[123])(?=[:-])")
_NEEDS = (((4, 2), "1.53.0"), ((4,), "1.37.0"))
"""The oldest agent for a Spark and everything after it."""
_VARIABLES = "1.23.0"
_NAMES: Mapping[str | None, str] = {"glue": "Glue ", "databricks": "runtime ", "dataproc": "image "}
_LAST_FOR_SPARK_2 = "1.36.0"


@rule("SL050", "wrong-scala", "error", "An agent for another Scala")
def wrong_scala(sheet: Sheet, target: Target) -> Iterator[Hit]:
    """The agent is built for Scala 2.12 or 2.13, and Spark runs one of them: 4.x always 2.13; 3.x mostly 2.12, though
    builds of 3.2 to 3.5 with 2.13 exist. EMR 6 and 7, Glue 3 to 5 and Dataproc 2 run 2.12, EMR's releases of Spark 4,
    Glue 6 and Dataproc 3 2.13; Databricks has it in the name of the runtime. With the wrong one the application is
    stopped at its first job (`NoSuchMethodError … SparkListenerJobStart.stageIds()`).

    Source: executed, agent 1.53.0 for Scala 2.12 on Spark 4.2.0; OpenLineage#2798, #3275; Spark's own packages; the
    vendors' release notes.
    """
    agent = next((agent for agent in agents(sheet) if agent.jar.scala), None)
    theirs = _scala(sheet, target) if agent else None
    if agent and theirs and agent.jar.scala != theirs.scala:
        stopped = "the application is stopped at its first job (NoSuchMethodError)."
        yield Hit(
            at=agent.setting,
            found=f"The agent is for Scala {agent.jar.scala}, and {theirs.why}.",
            reality=stopped[0].upper() + stopped[1:]
            if theirs.sure
            else f"Unless this Spark is a build for {agent.jar.scala}, {stopped}",
            fix=f"Take openlineage-spark_{theirs.scala}.",
            severity=None if theirs.sure else "warning",
        )


class _Scala(NamedTuple):
    scala: str
    why: str
    sure: bool = True


def _scala(sheet: Sheet, target: Target) -> _Scala | None:
    """What Spark runs here; None where nothing tells."""
    spark = spark_version(sheet, target)
    major = numbers(spark)[:1] if spark else ()
    # The other packages of the application are for its Scala as well.
    others = {match[1] for _, entry in brought(sheet) if not recognise(entry) and (match := _SCALA.search(entry))}
    if release := scala_of(sheet):
        return _Scala(release, f"{_NAMES.get(sheet.platform, '')}{sheet.release} runs {release}")
    if major == (4,):
        return _Scala("2.13", f"Spark {spark} runs 2.13")
    if len(others) == 1:
        theirs = others.pop()
        return _Scala(theirs, f"the packages beside it are for {theirs}")
    return _Scala("2.12", f"Spark {spark} mostly runs 2.12", sure=False) if major in {(2,), (3,)} else None


@rule("SL051", "agent-and-spark", "error", "An agent that does not run on this Spark")
def agent_and_spark(sheet: Sheet, target: Target) -> Iterator[Hit]:
    """Spark 4 needs agent 1.37.0 or later (`NoSuchMethodError … QueryExecution.sparkSession()`), Spark 4.2 and later
    1.53.0; Spark 2 was given up in 1.37.0. A class that is missing stops the application.

    Source: agent source, change log and continuous integration; OpenLineage#3931; 1.53.0 executed on Spark 4.2.1.
    """
    spark, agent = spark_version(sheet, target), agent_version(sheet, target)
    if not spark or not agent or not numbers(spark) or not numbers(agent):
        return
    found = agents(sheet)
    at = found[0].setting if found else sheet.place
    needed = next((version for first, version in _NEEDS if numbers(spark) >= first), None)
    if needed and numbers(agent) < numbers(needed):
        yield Hit(
            at=at,
            found=f"Agent {agent} is too old for Spark {spark}.",
            reality="Classes that it calls are gone; the application may be stopped, or lineage missing.",
            fix=f"Take agent {needed} or later.",
        )
    elif numbers(spark) < (3,) and numbers(agent) > numbers(_LAST_FOR_SPARK_2):
        yield Hit(
            at=at,
            found=f"Agent {agent} no longer knows Spark {spark}.",
            reality="Spark 2 was given up in agent 1.37.0.",
            fix=f"Take agent {_LAST_FOR_SPARK_2} or older.",
        )


@rule("SL052", "agent-too-old-for-key", "error", "A key that the agent is too old for")
def too_old_for_key(sheet: Sheet, target: Target) -> Iterator[Hit]:
    """The key came with a later release than the one that is named here or with `--agent`. An older agent ignores it
    without a word; inside a composite or transform transport it cannot read its configuration. Variables
    `OPENLINEAGE__…` are read since 1.23.0.

    Source: executed, agent 1.32.0; agent source, release tags.
    """
    agent = agent_version(sheet, target)
    for setting in sheet.below("") if agent else ():
        key = known(setting.key)
        if agent and key and key.status == "active" and key.since and numbers(agent) < numbers(key.since):
            nested = setting.key.startswith(TRANSPORT) and split(setting.key)[0] != TRANSPORT
            yield Hit(
                at=setting,
                found=f"{setting.name} is known since agent {key.since}, and this one is {agent}.",
                reality=unreadable(setting) if nested else "This agent ignores it without a word.",
                fix=f"Take agent {key.since} or later, or remove the key.",
            )
    for variable in sheet.environment if agent and numbers(agent) < numbers(_VARIABLES) else ():
        if variable.key.startswith("OPENLINEAGE__"):
            yield Hit(
                at=variable,
                found=f"{variable.key} is known since agent {_VARIABLES}, and this one is {agent}.",
                reality="This agent ignores it without a word.",
                fix=f"Take agent {_VARIABLES} or later.",
            )


@rule("SL053", "agent-too-old-for-value", "error", "A choice that the agent is too old for")
def too_old_for_value(sheet: Sheet, target: Target) -> Iterator[Hit]:
    """The key is known, but this choice for it came later. `circuitBreaker.type=timeout` makes the configuration of
    agents before 1.35.0 unreadable (`NullPointerException`); a transport that is not there yet is not found. The
    kinesis transport could not be loaded from 1.24.0 to 1.45.

    Source: executed, agent 1.32.0; agent source, release tags; OpenLineage#3875, #4451.
    """
    agent = agent_version(sheet, target)
    for setting in sheet.below("") if agent else ():
        key, value = known(setting.key), setting.value.strip()
        first = key.agent_for(value, agent) if agent and key else None
        if first:
            yield Hit(
                at=setting,
                found=f"{setting.name}={value} works since agent {first}, and this one is {agent}.",
                reality=unreadable(setting),
                fix=f"Take agent {first} or later"
                + (", or type javaRuntime or simpleMemory." if value.lower() == "timeout" else "."),
            )


@rule("SL054", "agent-and-platform", "warning", "An agent that has trouble on this platform")
def agent_and_platform(sheet: Sheet, target: Target) -> Iterator[Hit]:
    """Agents before 1.40.0 may not find their transports on Databricks; 1.42.0 fails on Glue 5.1
    (`ServiceConfigurationError … SdkHttpService`), and older ones report no inputs of Glue's DynamicFrames.

    Source: change log of the agent, OpenLineage#4083, #4227, #4222. Not seen here, for want of an account.
    """
    agent = agent_version(sheet, target)
    version = numbers(agent or "")
    if not version:
        return
    trouble = None
    if sheet.platform == "databricks" and version < (1, 40):
        trouble = "Databricks", "It may not find its transports there, and then nothing is sent.", "1.40.0"
    elif sheet.platform == "glue" and version[:2] == (1, 42):
        trouble = "Glue", "It fails there with ServiceConfigurationError: … SdkHttpService.", "1.43.0"
    elif sheet.platform == "glue" and version < (1, 42):
        trouble = "Glue", "It does not report what DynamicFrames read.", "1.43.0"
    listeners = sheet.get(LISTENERS)
    found = agents(sheet)
    at = found[0].setting if found else listeners if listeners and LISTENER in listeners.entries else None
    if trouble and at:
        platform, reality, needed = trouble
        yield Hit(
            at=at,
            found=f"Agent {agent} has trouble on {platform}.",
            reality=reality,
            fix=f"Take agent {needed} or later.",
        )


@rule("SL055", "jwt-on-java-8", "warning", "A way of authentication that Java 8 does not have")
def jwt_on_java_8(sheet: Sheet, target: Target) -> Iterator[Hit]:  # noqa: ARG001
    """The agent runs on Java 8, but its `jwt` authentication calls what came with Java 9 (`List.of`). EMR 6, Glue 3 and
    4, and Databricks up to 15.4 run Java 8 unless told otherwise.

    Source: agent source (read, not seen to fail); the vendors' release notes.
    """
    java = java_of(sheet)
    for transport in destinations(sheet) if java == 8 else ():
        kind = transport.get("auth.type")
        if kind and kind.value.strip() == "jwt":
            yield Hit(
                at=kind,
                found=f"{kind.name} is jwt, and {_NAMES.get(sheet.platform, '')}{sheet.release} runs Java 8.",
                reality="The agent may fail there with NoSuchMethodError, and send nothing.",
                fix="Use api_key, or a release with Java 17.",
            )
