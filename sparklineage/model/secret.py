"""Secrets: a value that shows itself only where it is asked to, and a reference to one that lies elsewhere."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal, get_args

from sparklineage.errors import ConfigError
from sparklineage.model.masking import MASK

Kind = Literal["env", "file", "aws-secretsmanager", "aws-ssm", "databricks"]
KINDS: tuple[Kind, ...] = get_args(Kind)

FORMS: dict[Kind, str] = {
    "env": "env:NAME",
    "file": "file:/path",
    "aws-secretsmanager": "aws-secretsmanager:NAME-OR-ARN[#json-key]",
    "aws-ssm": "aws-ssm:/name",
    "databricks": "databricks:scope/key",
}
"""How a reference of each kind is written."""

_TEXT = r"[^\x00-\x1f\x7f]"
_PATTERNS: dict[Kind, re.Pattern[str]] = {
    # What is no name of a variable is perhaps the secret itself, and would be told as "not set".
    "env": re.compile(r"(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?P<field>)"),
    "file": re.compile(rf"(?://)?(?P<name>(?:/(?!/)|~){_TEXT}*)(?P<field>)"),
    # A name of Secrets Manager has no "#"; an ARN holds colons.
    "aws-secretsmanager": re.compile(rf"(?P<name>[A-Za-z0-9/_+=.@!:-]+)(?:#(?P<field>{_TEXT}+))?"),
    # A version or a label of a parameter follows a colon: /name:3
    "aws-ssm": re.compile(r"(?P<name>[A-Za-z0-9/_.:-]+)(?P<field>)"),
    "databricks": re.compile(r"(?P<name>[A-Za-z0-9_.@-]{1,128}/[A-Za-z0-9_.@-]{1,128})(?P<field>)"),
}

_PREFIX = re.compile(r"(?P<kind>[A-Za-z][A-Za-z_-]{1,24})\s?:")
# What the kinds are called elsewhere.
_ALIASES: dict[str, Kind] = {
    "environment": "env",
    "aws-secret": "aws-secretsmanager",
    "aws-secrets": "aws-secretsmanager",
    "secretsmanager": "aws-secretsmanager",
    "secrets-manager": "aws-secretsmanager",
    "ssm": "aws-ssm",
    "aws-parameter": "aws-ssm",
    "dbutils": "databricks",
}
# The forms of other tools: a variable in a template, a property on Databricks, an ARN alone.
_FOREIGN: tuple[tuple[re.Pattern[str], Kind], ...] = (
    (re.compile(r"\$\{[A-Za-z_][A-Za-z0-9_]*\}"), "env"),
    (re.compile(r"\{\{\s*secrets/[^{}]*\}\}"), "databricks"),
    (re.compile(r"arn:[a-z-]+:secretsmanager:\S*"), "aws-secretsmanager"),
    (re.compile(r"arn:[a-z-]+:ssm:\S*"), "aws-ssm"),
)


class Secret:
    """Holds a secret; `str`, `repr` and f-strings show a mask. `reveal()` at the one place that needs it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return f"Secret({MASK!r})"

    def __str__(self) -> str:
        return MASK

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)


@dataclass(frozen=True)
class SecretReference:
    """Where a secret lies. Says nothing about its value, so it may be shown."""

    kind: Kind
    name: str
    """The variable, the path, the name or ARN of the secret or parameter, or `scope/key`."""
    field: str = ""
    """A key of the JSON object that the secret of AWS Secrets Manager holds; empty takes the whole text."""

    def __post_init__(self) -> None:
        """Raises ConfigError for what `read` would not read back."""
        if _parts(self.kind, self.written.partition(":")[2]) != (self.name, self.field):
            raise ConfigError(_malformed(self.kind, "a reference"))

    @property
    def written(self) -> str:
        """The text that `read` reads back."""
        return f"{self.kind}:{self.name}" + (f"#{self.field}" if self.field else "")

    @classmethod
    def read(cls, text: str, *, source: str = "a reference") -> SecretReference | None:
        """The reference that `text` is, or None where it is a literal.

        Raises ConfigError, which names `source` and never the text, where a known kind is followed by something else
        than it takes: a secret written behind it by mistake must not show.
        """
        prefix, _, rest = text.strip().partition(":")
        kind = next((kind for kind in KINDS if kind == prefix), None)
        if kind is None or ":" not in text:
            return None
        parts = _parts(kind, rest)
        if parts is None:
            raise ConfigError(_malformed(kind, source))
        return cls(kind=kind, name=parts[0], field=parts[1])


def misspelt(text: str) -> str | None:
    """The form that `text` was probably meant to have, such as `env:NAME`; None where it looks like a literal.

    Finds misspelt kinds and what other tools write. The form holds nothing of the text, which may be a secret.
    """
    text = text.strip()
    for pattern, kind in _FOREIGN:
        if pattern.fullmatch(text):
            return FORMS[kind]
    found = _PREFIX.match(text)
    if found is None or text.partition(":")[0] in KINDS:
        return None
    prefix = found["kind"].lower().replace("_", "-")
    if prefix in _ALIASES:
        return FORMS[_ALIASES[prefix]]
    swapped = (kind for kind in KINDS if sorted(kind) == sorted(prefix))
    near = next(swapped, None) or next(iter(get_close_matches(prefix, KINDS, n=1, cutoff=0.72)), None)
    return FORMS[near] if near else None


def _parts(kind: Kind, rest: str) -> tuple[str, str] | None:
    found = _PATTERNS[kind].fullmatch(rest)
    if found is None or rest != rest.strip():
        return None
    return found["name"], found["field"] or ""


def _malformed(kind: Kind, source: str) -> str:
    return f"{source} begins with `{kind}:` but is no reference to a secret; write {FORMS[kind]}."
