"""What `submit` adds to the user's command, joined with what is there and never in place of it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from sparklineage.errors import ConfigError
from sparklineage.model.conf_entry import ConfEntry
from sparklineage.model.conf_merge import PARENT
from sparklineage.model.conf_set import ConfSet
from sparklineage.model.conf_value import Text
from sparklineage.model.ids import is_run_id
from sparklineage.submit.lineage_notes import first, is_disabled, notes, source
from sparklineage.submit.our_properties import (
    APP_NAME,
    CAPTURED_DEFAULT,
    JARS,
    LISTENERS,
    NAMESPACE,
    OWN,
    REDACTED,
    RUN_ID,
    STEP,
    SUBMIT,
    TRANSPORT_TYPE,
    our_properties,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sparklineage.model.parent import Parent
    from sparklineage.submit.existing_agent import ExistingAgent
    from sparklineage.submit.options import SubmitCommand
    from sparklineage.submit.user_conf import UserConf

__all__ = [
    "CAPTURED_DEFAULT", "REDACTED", "STEP", "LineageConf", "LineageSpec", "Property", "chosen_run_id",
    "is_plain_jar_path", "lineage_args",
]  # fmt: skip
_PLAIN_PATH = re.compile(r"/[A-Za-z0-9_./+=@~-]+")


@dataclass(frozen=True, kw_only=True)
class LineageSpec:
    """What is to be added, decided by the command."""

    run_id: str
    """From `chosen_run_id`, or a new one."""
    namespace: str
    app_name: str
    parent: Parent | None
    folder: Path
    """The run's folder in the journal, absolute: the agent writes `agent.ndjson` in it."""
    agent_listener: str
    agent_jar: Path | None
    """None where the user's command brings one (`existing`), or none can be had: then it is not listed."""
    existing: ExistingAgent | None = None
    witness_listener: str
    witness_jar: Path | None
    """None where the witness is left out."""
    companions: tuple[Path, ...] = ()
    """What the transport needs beside the agent."""
    properties: ConfSet = field(default_factory=ConfSet)
    """What the configuration file adds, such as filters and tags; its secrets go another way (`ConfSet.environment`).

    Run id, namespace and name are said above, and not read here.
    """


@dataclass(frozen=True, kw_only=True)
class Property:
    """One property that we set, and why it has this value."""

    key: str
    value: str
    why: str


@dataclass(frozen=True, kw_only=True)
class LineageConf:
    """The arguments that go behind the user's spark-submit options and before the application."""

    args: tuple[str, ...]
    properties: tuple[Property, ...]
    notes: tuple[str, ...]
    """What of the user's made a difference, one sentence each, for the summary."""
    transport: Literal["outbox", "user"]
    """`user`: the user's own transport stays, so that nothing comes into the journal."""
    sender: str | None
    """That transport and its place; None in the outbox."""
    run_id: str
    namespace: str
    app_name: str
    parent: Parent | None
    """None too where the user's own parent properties stay."""
    witness: bool
    disabled: bool
    """The user switched the agent off with `spark.openlineage.disabled`."""
    whole: ConfSet
    """Everything that the application gets, the user's own included."""
    added: ConfSet
    """The same as `args`, together with what goes by variables (`ConfSet.environment`)."""


def is_plain_jar_path(path: Path) -> bool:
    """Whether Spark takes an absolute path as it is written: no list, no wild card, nothing a URI would change."""
    return _PLAIN_PATH.fullmatch(str(path)) is not None


def chosen_run_id(command: SubmitCommand, user_conf: UserConf) -> str | None:
    """The run id that the user chose, by `--run-id` or by property; None where a new one is free.

    Raises ConfigError for a property that is no UUID: the agent would emit nothing at all.
    """
    if command.own.run_id is not None:
        return command.own.run_id
    value = user_conf.value(RUN_ID)
    if value is None or not value.strip():
        return None
    if not is_run_id(value):
        raise ConfigError(
            f"{RUN_ID} ({user_conf.source(RUN_ID)}) must be a UUID, found {value[:100]!r}; "
            "with it the agent would report nothing. Remove it, or use --run-id."
        )
    return value


def lineage_args(
    command: SubmitCommand, user_conf: UserConf, spec: LineageSpec, *, environ: Mapping[str, str] | None = None
) -> LineageConf:
    """Our part of the command line, laid over the user's effective configuration.

    Lists are joined, the user's scalars stay, unless an option of ours on the command line says otherwise.
    Raises ConfigError for a run id that is no UUID.
    """
    user = ConfSet(
        tuple(
            ConfEntry(key=key, value=Text(setting.value), source=setting.source)
            for key, setting in user_conf.settings.items()
        )
    )
    ours = ConfSet(tuple(our_properties(command, spec, chosen_run_id(command, user_conf) or spec.run_id)))
    theirs = spec.properties.without(*OWN).merged_with(user)
    whole = ours.merged_with(theirs)
    _check_listeners(whole)
    added = whole.beyond(user)
    texts, place = added.as_dict(), source(whole, TRANSPORT_TYPE)
    return LineageConf(
        args=tuple(added.as_args()),
        properties=tuple(
            Property(key=entry.key, value=texts[entry.key], why=_why(entry))
            for entry in added.entries
            if entry.key in texts
        ),
        notes=tuple(notes(whole, theirs, spec, environ or {})),
        transport="outbox" if place == SUBMIT else "user",
        sender=None if place == SUBMIT else f"{whole[TRANSPORT_TYPE].written} ({place})",
        run_id=whole[RUN_ID].written,
        namespace=whole[NAMESPACE].written,
        app_name=whole[APP_NAME].written,
        parent=None if first(theirs, *PARENT) else spec.parent,
        witness=spec.witness_jar is not None,
        disabled=is_disabled(whole),
        whole=whole,
        added=added,
    )


def _why(entry: ConfEntry) -> str:
    others = [source for source in entry.joined if source != entry.source]
    ours = entry.why and (entry.joined or not any(lost.source == SUBMIT for lost in entry.lost))
    return (entry.why if ours else f"set in {entry.source}") + (
        f", joined with {' and '.join(others)}" if others else ""
    )


def _check_listeners(whole: ConfSet) -> None:
    """Raises ConfigError where the listeners or their JARs could not be joined: one without the other fails the job."""
    for key in (LISTENERS, JARS):
        entry = whole.entry(key)
        if entry is not None and (lost := next((lost for lost in entry.lost if lost.source == SUBMIT), None)):
            raise ConfigError(f"{key} ({entry.source}): {lost.reason}")
