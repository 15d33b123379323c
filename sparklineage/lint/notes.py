"""Findings about a text itself, which no rule makes of its settings, and every code there is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sparklineage.lint.rules import RULES
from sparklineage.lint.rules.interface import Hit, Rule, rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sparklineage.lint.rules import Target
    from sparklineage.lint.settings import Sheet

UNKNOWN_FORMAT, UNKNOWN_CODE = "SL000", "SL008"


@rule(UNKNOWN_FORMAT, "unknown-format", "info", "A file that no reader knows")
def unknown_format(sheet: Sheet, target: Target) -> Iterator[Hit]:  # noqa: ARG001
    """Neither the name nor the content of a given file tells what it is, so nothing in it has been checked. In folders
    such files are left out without a word.

    Source: this command itself.
    """
    return iter(())


@rule(UNKNOWN_CODE, "unknown-code", "info", "A comment that silences no rule")
def unknown_code(sheet: Sheet, target: Target) -> Iterator[Hit]:  # noqa: ARG001
    """A comment `# sparklineage: ignore[…]` names a code that is no rule's, so it silences nothing.

    Source: this command itself.
    """
    return iter(())


NOTES: Mapping[str, Rule] = {note.code: note for note in (unknown_format, unknown_code)}
CODES: Mapping[str, Rule] = dict(sorted({**NOTES, **RULES}.items()))
"""Whatever a finding can have as its code."""
