"""Regular expressions, which Java reads in the end."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sparklineage.config.values.interface import WrongValueError
from sparklineage.config.values.words import read_text

if TYPE_CHECKING:
    from sparklineage.config.values.interface import Limits, Value

_JAVAS_OWN = re.compile(r"\\Q|&&|\[[^\]]*\[")
"""Quotations, and character classes inside of others: Python takes them for something else."""
_GROUP = re.compile(r"(?P<before>(?<!\\)(?:\\\\)*)\(\?<(?=[A-Za-z])")
_BOTH_REFUSE = (
    "missing )", "unbalanced parenthesis", "unterminated character set", "bad character range",
    "min repeat greater", "bad escape (end of pattern)", "redefinition of group name",
)  # fmt: skip
"""Python's words for what Java refuses too. It knows more than Python: possessive repetition, `\\p{L}`, `\\h`."""


def read_regex(found: object, limits: Limits) -> Value:
    """A text that Java would take, as far as Python can tell. Raises WrongValueError."""
    text = str(read_text(found, limits))
    if _JAVAS_OWN.search(text):
        return text
    try:
        re.compile(_GROUP.sub(r"\g<before>(?P<", text))
    except re.error as error:
        reason = error.msg.replace("unterminated subpattern", "a group is not closed")
        if reason.startswith(_BOTH_REFUSE):
            raise WrongValueError(f"a regular expression that is whole ({reason})") from None
    except (RecursionError, OverflowError):
        raise WrongValueError("a shorter regular expression") from None
    return text
