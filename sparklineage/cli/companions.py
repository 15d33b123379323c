"""What the agent's transport needs beside the agent: without its JAR it would end the application."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sparklineage.agent.companions import all_companions
from sparklineage.cli.jars import had
from sparklineage.errors import AgentJarError, ConfigError, SparklineageError, UnsupportedSparkError, UsageError
from sparklineage.model.conf_merge import TRANSPORT
from sparklineage.submit.class_path import on_class_path
from sparklineage.submit.our_properties import TRANSPORT_TYPE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from sparklineage.agent.artifact import Artifact
    from sparklineage.config import Settings
    from sparklineage.model.conf_set import ConfSet
    from sparklineage.submit.existing_agent import ExistingAgent
    from sparklineage.submit.options import SubmitCommand
    from sparklineage.submit.spark import SparkInstall
    from sparklineage.submit.user_conf import UserConf

_TYPES = re.compile(re.escape(TRANSPORT) + r"(?:(?:transports\.[^.]+|transport)\.)*type")
_KAFKA = "kafka-clients"


@dataclass(frozen=True, kw_only=True)
class Sending:
    """How the agent can send its events itself."""

    properties: ConfSet
    """The configuration's, without its transport where that would not work."""
    jars: tuple[Path, ...] = ()
    """To be listed beside the agent's."""
    fatal: bool = False
    """Whether the user's own transport would end the application: then there must be no agent."""


def sending(
    command: SubmitCommand,
    install: SparkInstall,
    user: UserConf,
    settings: Settings,
    environ: Mapping[str, str],
    *,
    version: str | None,
    existing: ExistingAgent | None,
    warnings: list[str],
) -> Sending:
    """The JARs of the transport in force, from the cache or fetched, but for those that the user brings.

    `version` is that of the agent. Where one cannot be had the transport is left out, with a warning; with --strict
    that raises AgentJarError. Raises UnsupportedSparkError for an agent that is older than its transport.
    """
    theirs = bool((user.value(TRANSPORT_TYPE) or "").strip())
    types = _types(
        {key: found.value for key, found in user.settings.items()} if theirs else _texts(settings.properties)
    )
    needed = all_companions(types.values(), version)
    try:
        jars = tuple(
            had(artifact, command=command, install=install, user=user, settings=settings, environ=environ)
            for artifact in _missing(needed, user, install, existing)
        )
    except (ConfigError, UsageError, UnsupportedSparkError):
        raise
    except SparklineageError as error:
        if command.own.strict:
            raise
        entry = settings.properties.entry(TRANSPORT_TYPE)
        kind, place = types[TRANSPORT_TYPE], user.source(TRANSPORT_TYPE) if theirs or entry is None else entry.source
        if theirs:
            warnings.append(
                f"{error} With the transport {kind} ({place}) the agent would end the job, so it runs without the "
                "agent: only its start and end are recorded."
            )
            return Sending(properties=settings.properties, fatal=True)
        warnings.append(
            f"{error} The transport {kind} ({place}) is left out, with which the agent would end the job: the lineage "
            "is in the journal alone."
        )
        return Sending(properties=_without_transport(settings.properties))
    return Sending(properties=settings.properties, jars=jars)


def _texts(conf: ConfSet) -> dict[str, str]:
    return {entry.key: entry.value.written for entry in conf.entries}


def _types(properties: Mapping[str, str]) -> dict[str, str]:
    """The types of the transport and of those inside of it."""
    return {key: text for key, text in properties.items() if _TYPES.fullmatch(key)}


def _missing(
    needed: Iterable[Artifact], user: UserConf, install: SparkInstall, existing: ExistingAgent | None
) -> list[Artifact]:
    """What the user does not bring. Raises AgentJarError for what the agent would not see in `spark.jars`."""
    missing = []
    for artifact in needed:
        found = [named for named in on_class_path(user, install) if _is(named.name, artifact.name)]
        # The transports are loaded by the class loader of the application, Kafka's client by the agent's own.
        if existing is None or not existing.system or artifact.name != _KAFKA:
            missing += [] if found else [artifact]
        elif not any(named.system for named in found):
            raise AgentJarError(
                f"{existing.name} ({existing.source}) does not see what is in spark.jars, and {artifact.file_name} is "
                "not beside it; put it there, or leave that agent out."
            )
    return missing


def _is(name: str, artifact: str) -> bool:
    """Whether a JAR or a package holds an artifact, or brings it along."""
    group, colon, rest = name.strip().partition(":")
    if colon and "/" not in group and not group.endswith(".jar") and ":" in rest:
        package = rest.partition(":")[0]
        return package == artifact or (artifact == _KAFKA and "-kafka-" in package)
    file = re.split(r"[?#]", name, maxsplit=1)[0].rpartition("/")[2]
    whole = artifact == _KAFKA and "-kafka-" in file and "assembly" in file
    return whole or re.fullmatch(rf"{artifact}-\d.*\.jar", file) is not None


def _without_transport(properties: ConfSet) -> ConfSet:
    """The properties without the transport, and without the circuit breaker that came with it by default."""
    gone = [
        entry.key
        for entry in properties.entries
        if entry.key.startswith(TRANSPORT) or (entry.source == "default" and ".circuitBreaker." in entry.key)
    ]
    return properties.without(*gone)
