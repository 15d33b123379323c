"""What of the user's configuration made a difference, one sentence each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sparklineage.model.conf_merge import PARENT, TRANSPORT
from sparklineage.submit.our_properties import DISABLED, OWN, SUBMIT, TRANSPORT_TYPE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sparklineage.model.conf_entry import ConfEntry
    from sparklineage.model.conf_set import ConfSet
    from sparklineage.submit.lineage_conf import LineageSpec


def notes(whole: ConfSet, theirs: ConfSet, spec: LineageSpec, environ: Mapping[str, str]) -> Iterator[str]:
    """`whole` is what comes out, `theirs` the user's own and their file's."""
    for entry in map(whole.entry, OWN):
        if entry is not None and entry.firm:
            yield from (f"{entry.source} wins over {entry.key}={lost.value} ({lost.source})" for lost in entry.lost)
        elif entry is not None and entry.source != SUBMIT:
            yield _stays(entry)
    if spec.existing is not None:
        yield f"the agent that is there is used: {spec.existing.name} ({spec.existing.source})"
    if spec.parent is not None and (owner := first(theirs, *PARENT)):
        yield f"the parent from the environment gives way to {owner.key} ({owner.source})"
    yield from _transport_notes(whole, theirs, environ)
    for ours in spec.properties.entries:
        entry = theirs.entry(ours.key)
        if entry is not None and any(lost.source == ours.source for lost in entry.lost):
            yield _stays(entry)
    if is_disabled(whole):
        yield f"the agent is off: {DISABLED}=true ({source(whole, DISABLED)})"


def _transport_notes(whole: ConfSet, theirs: ConfSet, environ: Mapping[str, str]) -> Iterator[str]:
    kind, place = TRANSPORT_TYPE, source(whole, TRANSPORT_TYPE)
    if place != SUBMIT:
        yield f"the outbox is off, because {kind} is set: the agent sends its events itself ({place})"
        return
    delivery = "the agent writes to the journal, and the relay delivers"
    # Without a type the agent would refuse its whole configuration and emit nothing.
    if unused := first(theirs.without(kind), TRANSPORT):
        yield f"{unused.key} is not used, {kind} is missing: {delivery} ({unused.source})"
    if variable := min((name for name in environ if name.startswith("OPENLINEAGE__TRANSPORT")), default=None):
        yield f"{variable} is not used: {delivery}"


def _stays(entry: ConfEntry) -> str:
    return f"{entry.key}={entry.shown} stays as you set it ({entry.source})"


def first(conf: ConfSet, *prefixes: str) -> ConfEntry | None:
    """The first property that begins with one of these."""
    return next((entry for entry in conf.entries if entry.key.startswith(prefixes)), None)


def source(conf: ConfSet, key: str) -> str:
    """The place that set a property; empty where nobody did."""
    entry = conf.entry(key)
    return entry.source if entry else ""


def is_disabled(conf: ConfSet) -> bool:
    """Whether the agent is switched off."""
    value = conf.get(DISABLED)
    return value is not None and value.written.strip().lower() == "true"
