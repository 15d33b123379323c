"""What a rule is: a function from a sheet to hits, with the code and words that stand for it."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sparklineage.lint.finding import Finding, Place, Severity
from sparklineage.lint.settings import AGENT_PREFIX, UNKNOWN, Setting, Sheet
from sparklineage.model.masking import mask

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Check = Callable[["Sheet", "Target"], Iterator["Hit"]]

GREEN = "the job runs, and no event is sent."
FAILS = f"The agent cannot read its configuration: {GREEN}"
LEFT_OUT = "this whole file is left out; events go where Spark's configuration says, or else to the log."
_LONGEST = 300
"""Characters of a sentence; a key can be as long as its file."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """What the configuration is for, as far as the user says it."""

    spark: str | None = None
    agent: str | None = None


@dataclass(frozen=True, kw_only=True)
class Hit:
    """What a rule has found; the rule's code and severity come on top."""

    at: Setting | Place
    found: str
    reality: str
    fix: str
    severity: Severity | None = None
    """Where this case is worse or less bad than the rule's others."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule. Its description is what the documentation says happens."""

    code: str
    slug: str
    severity: Severity
    title: str
    description: str
    source: str
    """Where it is known from."""
    check: Check

    def findings(self, sheet: Sheet, target: Target) -> Iterator[Finding]:
        """What this rule has to say about a sheet."""
        for hit in self.check(sheet, target):
            yield Finding(
                code=self.code,
                severity=hit.severity or self.severity,
                place=hit.at.place if isinstance(hit.at, Setting) else hit.at,
                found=_shown(hit.found),
                reality=_shown(hit.reality),
                fix=_shown(hit.fix),
                setting=hit.at if isinstance(hit.at, Setting) else None,
            )


def unreadable(setting: Setting, why: str = "") -> str:
    """What becomes of the configuration that a setting makes unreadable, with what the agent does before in front.

    Of an openlineage.yml the log has one line of the level INFO, and no exception.
    """
    if setting.origin != "yaml":
        return f"{why}: {GREEN}" if why else FAILS
    return f"{why or 'The agent cannot read it'}: {LEFT_OUT}"


def spelled(setting: Setting, name: str) -> str:
    """A property of the agent, given without its prefix, as the file of a setting would spell it."""
    return name if setting.origin == "yaml" else AGENT_PREFIX + name


def assigned(setting: Setting, name: str, value: str) -> str:
    """The same with a value."""
    return f"{spelled(setting, name)}{': ' if setting.origin == 'yaml' else '='}{value}"


def _shown(text: str) -> str:
    """A sentence that quotes a file, without what looks like a secret or would change the terminal."""
    text = "".join(char if char.isprintable() else "?" for char in mask(text).replace(UNKNOWN, "…"))
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def rule(code: str, slug: str, severity: Severity, title: str) -> Callable[[Check], Rule]:
    """Make a rule of a function whose docstring says what happens and, in its last paragraph, how that is known."""

    def made(check: Check) -> Rule:
        text, mark, source = inspect.cleandoc(check.__doc__ or "").rpartition("Source: ")
        if not mark:
            raise TypeError(f"{code} names no source.")
        return Rule(
            code=code,
            slug=slug,
            severity=severity,
            title=title,
            description=text.strip(),
            source=" ".join(source.split()),
            check=check,
        )

    return made
