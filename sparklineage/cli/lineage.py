"""What a submit needs for its lineage: run id, JARs, parent, and the arguments that carry them."""

from __future__ import annotations

import getpass
import os
import shlex
import socket
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sparklineage.agent.names import LISTENER as AGENT
from sparklineage.agent.releases import misfit
from sparklineage.assemble.checked import checked
from sparklineage.cli.companions import sending
from sparklineage.cli.jars import agent_jar, witness_jar
from sparklineage.cli.masked import masked_command
from sparklineage.cli.plain_paths import ascii_path
from sparklineage.cli.variables import shown_variables
from sparklineage.errors import (
    ConfigError,
    SparklineageError,
    StrictError,
    UnsupportedSparkError,
    UsageError,
)
from sparklineage.journal import FORMAT, RunFolder
from sparklineage.model.agent_jar import recognise
from sparklineage.model.clock import now_ms
from sparklineage.model.ids import new_run_id
from sparklineage.model.masking import secrets_of
from sparklineage.model.naming import normalize_job_name
from sparklineage.model.parent_variables import parent_from
from sparklineage.submit.application import default_job_name, language
from sparklineage.submit.existing_agent import existing_agent
from sparklineage.submit.lineage_conf import LineageSpec, chosen_run_id, lineage_args
from sparklineage.version import VERSION
from sparklineage.witness import LISTENER as WITNESS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sparklineage.config import Settings
    from sparklineage.model.conf_set import ConfSet
    from sparklineage.submit.options import SubmitCommand
    from sparklineage.submit.spark import SparkInstall
    from sparklineage.submit.user_conf import UserConf


_NAMELESS = "spark_application"


@dataclass(frozen=True, kw_only=True)
class Lineage:
    """A submit that is ready to start."""

    run_id: str
    arguments: tuple[str, ...]
    properties: tuple[tuple[str, str, str], ...]
    """Key, value, why."""
    environ: Mapping[str, str]
    variables: Mapping[str, str]
    """Those of `environ` that carry what `arguments` must not hold, as people may see them."""
    record: Mapping[str, Any]
    """run.json."""
    facts: Mapping[str, Any]
    sender: str | None = None
    """The transport by which the agent itself sends, and where that is said; None in the outbox."""
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    secrets: tuple[str, ...] = field(default=(), repr=False)
    """Values that must not show in anything that we write."""
    language: str = "PYTHON"
    link: Path | None = None
    """A link to the journal's folder that was made for the JVM, to be removed after the job."""
    journal_flag: str = ""
    """What `relay drain` has to be told to find this journal."""


def prepare(
    command: SubmitCommand, install: SparkInstall, user: UserConf, settings: Settings, environ: Mapping[str, str]
) -> Lineage:
    """Decide everything, fetch the agent's JAR unless this is a dry run; nothing else is written.

    Raises UnsupportedSparkError where no known agent works with this Spark, and whatever speaks against any
    lineage at all. A missing agent JAR is a warning: the witness and the application's own events remain.
    """
    run_id = chosen_run_id(command, user) or new_run_id()
    folder = RunFolder(settings.journal.value / run_id)
    parent, warnings = parent_from(environ)
    warnings += user.problems
    elsewhere = _elsewhere(command, user)
    place = ascii_path(folder.path, warnings, create=not command.own.dry_run)
    if place is None:
        elsewhere = elsewhere or "the listeners are left out; only this job's start, end and steps are recorded"
    existing = None if elsewhere else existing_agent(user, install)
    if existing is not None and not command.own.force:
        reason = misfit(existing.version, existing.scala, install.version, install.scala)
        if reason is not None:
            raise UnsupportedSparkError(f"{existing.name} ({existing.source}): {reason}")
    agent: Path | None = None
    if existing is None and not elsewhere:
        try:
            agent = agent_jar(command, install, user, settings, environ)
        except (ConfigError, UsageError, UnsupportedSparkError):
            raise
        except SparklineageError as error:
            if command.own.strict:
                raise
            warnings.append(f"{error} The job runs without the agent: only its start and end are recorded.")
    properties = settings.properties
    companions: tuple[Path, ...] = ()
    if agent is not None or existing is not None:
        version = _version(agent, existing.version if existing else None)
        found = sending(
            command, install, user, settings, environ, version=version, existing=existing, warnings=warnings
        )
        properties, companions = found.properties, found.jars
        if found.fatal:
            agent = existing = None
    job = settings.job.value or default_job_name(command, user)
    if not normalize_job_name(job):
        # The agent would report a job without any name.
        warnings.append(f"the job name {job!r} has no letter or digit of ASCII; the job is called {_NAMELESS}.")
        job = _NAMELESS
    spec = LineageSpec(
        run_id=run_id,
        namespace=settings.namespace.value,
        app_name=job,
        parent=parent,
        folder=place or folder.path,
        agent_listener=AGENT,
        agent_jar=agent,
        existing=existing,
        witness_listener=WITNESS,
        witness_jar=None if elsewhere else witness_jar(warnings),
        companions=companions,
        properties=properties,
    )
    conf = lineage_args(command, user, spec, environ=environ)
    warnings += checked(conf.whole, properties)
    notes = list(conf.notes)
    if elsewhere:
        notes.append(elsewhere)
    parent_record = conf.parent.facet() if conf.parent else None
    return Lineage(
        run_id=run_id,
        arguments=() if elsewhere else conf.args,
        properties=() if elsewhere else tuple((item.key, item.value, item.why) for item in conf.properties),
        environ={
            "SPARKLINEAGE_JOURNAL_RUN": str(folder.path),
            **({} if elsewhere or command.own.dry_run else _secret_variables(conf.added, environ, warnings)),
        },
        variables=shown_variables(conf.added) if command.own.dry_run and not elsewhere else {},
        record={
            "format": FORMAT,
            "runId": run_id,
            "job": {"namespace": conf.namespace, "name": normalize_job_name(conf.app_name)},
            "parent": parent_record,
            "governance": dict(settings.governance) or None,
            "startedAt": now_ms(),
            "sparkVersion": install.version,
            "scalaVersion": install.scala,
            "agentVersion": _version(agent, existing.version if existing else None),
            "agent": (agent or existing) is not None,
            "witness": conf.witness,
            "transport": conf.transport,
            "backend": settings.backend.value.key if settings.backend.value else None,
            "command": masked_command(
                ["spark-submit", *command.spark_args, command.application or "", *command.app_args]
            ),
            "user": _user(environ),
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "toolkit": VERSION,
        },
        facts={
            "runId": run_id,
            "spark": install.version,
            "scala": install.scala,
            "sparkHome": str(install.home),
            "journal": str(folder.path),
            "backend": settings.backend.value.shown if settings.backend.value else None,
            "transport": conf.transport,
        },
        sender=None if elsewhere else conf.sender,
        notes=tuple(notes),
        warnings=tuple(warnings),
        secrets=_secrets(settings, environ),
        language=language(command),
        link=place if place != folder.path else None,
        journal_flag=_drain_options(command, settings),
    )


def _drain_options(command: SubmitCommand, settings: Settings) -> str:
    """The options of this submit that `relay drain` needs too, because no variable or file says the same."""
    own, backend = command.own, settings.backend.value
    options = ["--config", str(own.config)] if own.config else []
    options += ["--profile", own.profile] if own.profile else []
    if own.journal:
        options += ["--journal", str(settings.journal.value)]
    if own.backend and backend is not None:
        options += ["--backend", backend.shown]
    return "".join(f" {shlex.quote(option)}" for option in options)


def _elsewhere(command: SubmitCommand, user: UserConf) -> str | None:
    """Why no listener of ours can run in this job's driver; None where one can.

    Raises StrictError where not even the end can be known: spark-submit returns before the application has ended.
    """
    if command.remote or user.value("spark.remote"):
        return "Spark Connect: the listener belongs to the server; only this job's start, end and steps are recorded"
    if user.deploy_mode != "cluster":
        return None
    master = user.value("spark.master") or ""
    if master.startswith("yarn"):
        waits = user.value("spark.yarn.submit.waitAppCompletion")
    elif master.startswith("k8s"):
        waits = user.value("spark.kubernetes.submission.waitAppCompletion")
    else:
        waits = user.value("spark.standalone.submit.waitAppCompletion") or "false"
    if (waits or "true").strip().lower() == "false":
        raise StrictError(
            "--deploy-mode cluster without waitAppCompletion: spark-submit returns before the application has ended, "
            "so its end cannot be known here."
        )
    return (
        "deploy mode cluster: the driver runs on another machine, where this journal does not reach; "
        "only the application's start and end are recorded"
    )


def _secrets(settings: Settings, environ: Mapping[str, str]) -> tuple[str, ...]:
    backend = settings.backend.value
    return (*(backend.secrets if backend else ()), *secrets_of(environ))


def _secret_variables(conf: ConfSet, environ: Mapping[str, str], warnings: list[str]) -> dict[str, str]:
    """The variables by which an agent that sends its events itself gets its keys; no property may hold them."""
    from sparklineage.config.secrets import resolve  # noqa: PLC0415

    try:
        return conf.resolved(lambda reference, source: resolve(reference, source=source, environ=environ)).environment()
    except SparklineageError as error:
        warnings.append(f"{error} The agent sends its events without it.")
        return {}


def _version(agent: Path | None, existing: str | None) -> str | None:
    named = recognise(agent.name) if agent else None
    return named.version if named else existing


def _user(environ: Mapping[str, str]) -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return environ.get("USER") or str(os.getuid())
