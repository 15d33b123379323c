"""What `lint` says of a finished conf set, about the properties that come from the configuration."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sparklineage.errors import ConfigError
from sparklineage.lint import RULES, Place, Target
from sparklineage.lint.settings import AGENT_PREFIX, UNKNOWN, Setting, Sheet

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sparklineage.lint import Finding
    from sparklineage.model.conf_entry import ConfEntry
    from sparklineage.model.conf_set import ConfSet

_PLACE = re.compile(r"(.+):(\d+):(\d+)")
_TOLD_ELSEWHERE = frozenset(("SL023", "SL060", "SL061", "SL072", "SL074"))
"""Rules about JARs, secrets, circuit breakers and variables, for which the toolkit itself provides or has sentences."""


def checked(whole: ConfSet, configured: ConfSet) -> tuple[str, ...]:
    """A sentence for each warning about what is `configured`, as it stands in the `whole` that comes of it.

    Raises ConfigError, a sentence a line, for what loses the lineage or the job.
    """
    found = list(dict.fromkeys(_findings(whole, configured)))
    if errors := [sentence for severity, sentence in found if severity == "error"]:
        raise ConfigError("\n".join(errors))
    return tuple(sentence for severity, sentence in found if severity == "warning")


def _findings(whole: ConfSet, configured: ConfSet) -> Iterator[tuple[str, str]]:
    """Severity and sentence of each finding about a property of the configuration."""
    sheet = Sheet(
        place=Place("configuration"),
        settings=tuple(_setting(entry, carried=entry.key in whole.carried) for entry in whole.entries),
        own=True,
    )
    for code, rule in RULES.items():
        for finding in rule.findings(sheet, Target()) if code not in _TOLD_ELSEWHERE else ():
            source = _source(finding, whole, configured)
            if source is not None:
                yield finding.severity, f"{source}: {finding.found} {finding.reality} {finding.fix}"


def _setting(entry: ConfEntry, *, carried: bool) -> Setting:
    """An entry as rules see it; the agent reads its variables as it does its own file."""
    match = _PLACE.fullmatch(entry.source)
    return Setting(
        key=entry.key,
        value=UNKNOWN if entry.secret else entry.value.written,
        place=Place(match[1], int(match[2]), int(match[3])) if match else Place(entry.source),
        origin="yaml" if carried else "properties",
        spelled=entry.key.removeprefix(AGENT_PREFIX),
    )


def _source(finding: Finding, whole: ConfSet, configured: ConfSet) -> str | None:
    """Where the configuration says what a finding is about; None where somebody else does."""
    if finding.setting is None:
        return None
    own, entry = configured.entry(finding.setting.key), whole.entry(finding.setting.key)
    if own is None or entry is None or own.source == "default":
        return None
    sources = (entry.source, *entry.joined)
    return own.source if own.source in sources or set(own.joined) & set(sources) else None
