"""What is to be known or done about a finished conf set, a sentence each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sparklineage.config.catalogue import PREFIX
from sparklineage.model.conf_merge import TRANSPORT
from sparklineage.submit.existing_agent import existing_agent
from sparklineage.submit.user_conf import Setting, UserConf

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sparklineage.config.conf import Mode
    from sparklineage.model.conf_set import ConfSet
    from sparklineage.submit.spark import SparkInstall

_TYPE = f"{TRANSPORT}type"
_LOST = (f"{PREFIX}timeout.", f"{PREFIX}debug.")
_BREAKER = f"{PREFIX}circuitBreaker."


def about_delivery(conf: ConfSet, mode: Mode) -> Iterator[str]:
    """Where the events go, if that may surprise."""
    if mode == "direct" and _TYPE not in conf:
        yield "no transport is configured, so the agent prints its events into the driver's log."


def about_variables(conf: ConfSet) -> Iterator[str]:
    """What goes by variables, and what the agent drops then (agent source: mergeWithNonNull leaves that out)."""
    hidden = [entry.key for entry in conf.entries if entry.secret and entry.key.startswith(PREFIX)]
    if not hidden:
        return
    yield f"Spark would show {_listed(hidden)}: the driver gets that from variables of its environment instead."
    yield from lost_to_variables(conf)


def lost_to_variables(conf: ConfSet) -> Iterator[str]:
    """The properties that have no effect beside variables, or a file of the agent's own."""
    if not conf.carried:
        return
    lost = [entry for entry in conf.entries if entry.key.startswith(_LOST)]
    if lost:
        names = _listed([f"{entry.key} ({entry.source})" for entry in lost])
        yield f"{names} will have no effect: the agent drops what is below timeout and debug once it has variables."
    kind = conf.entry(f"{_BREAKER}type")
    if kind is not None and kind.value.written in {"simpleMemory", "javaRuntime"}:
        yield (f"{kind.key} is {kind.value.written} ({kind.source}), whose timeoutInSeconds the agent drops too, and "
               "without one it sends nothing; take the type timeout.")  # fmt: skip


def about_users(users: ConfSet, install: SparkInstall | None, agent_jar: Path | None) -> Iterator[str]:
    """What of the user's own properties decides about the lineage. `agent_jar` is ours."""
    disabled = users.entry(f"{PREFIX}disabled")
    if disabled is not None and disabled.value.written.strip().lower() == "true":
        yield f"the agent is off: {disabled.key}=true ({disabled.source})."
    kind = users.entry(_TYPE)
    if kind is not None and not kind.value.blank:
        yield f"{kind.key}={kind.shown} stays ({kind.source}): the agent sends its events itself, by that transport."
    settings = {entry.key: Setting(value=entry.value.written, source=entry.source) for entry in users.entries}
    existing = existing_agent(UserConf(settings=settings), install)
    if existing is not None and existing.name != str(agent_jar):
        yield (f"an agent is there already, {existing.name} ({existing.source}); with ours there are two on the class "
               "path, so take that one out.")  # fmt: skip


def _listed(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
