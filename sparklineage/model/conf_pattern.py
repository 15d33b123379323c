"""A regular expression of alternatives, such as the one by which Spark hides secrets."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sparklineage.errors import ConfigError
from sparklineage.model.conf_value import ConfValue

_PIECE = re.compile(r"\\Q.*?(?:\\E|\Z)|\\.|.", re.DOTALL)
_OPEN_END = re.compile(r"\(\?[a-zA-Z]*x")


@dataclass(frozen=True, slots=True)
class Pattern(ConfValue):
    """Alternatives joined with `|`.

    Joined, ours stand first: their pattern needs no parentheses then, which an inline flag, a `\\Q` or a comment of
    theirs could break.
    """

    joins = True
    text: str

    @property
    def written(self) -> str:
        return self.text

    @classmethod
    def read(cls, text: str) -> Pattern:
        return cls(text)

    @property
    def alternatives(self) -> tuple[str, ...]:
        """What `|` parts outside of groups, character classes and quotations."""
        return _alternatives(self.text)[0]

    def behind(self, theirs: ConfValue) -> ConfValue:
        """Raises ConfigError where ours would swallow what follows it."""
        if not isinstance(theirs, Pattern) or not self.text:
            return theirs
        if not theirs.text:
            return self
        known = set(theirs.alternatives)
        alternatives, whole = _alternatives(self.text)
        ours = [one for one in alternatives if one not in known]
        if not ours:
            return theirs
        if not whole and not self.text.endswith(f"|{theirs.text}"):
            raise ConfigError("a pattern with an open group, \\Q or (?x) cannot stand before another one.")
        # What is behind ours already is not written twice.
        return Pattern("|".join([*ours, theirs.text]))


def _alternatives(text: str) -> tuple[tuple[str, ...], bool]:
    """The alternatives, and whether the last of them is complete, so that `|` behind it is read as such."""
    found, groups, in_class, whole = [""], 0, 0, not _OPEN_END.search(text)
    for piece in _PIECE.findall(text):
        if piece == "|" and not groups and not in_class:
            found.append("")
            continue
        found[-1] += piece
        if piece.startswith(r"\Q"):
            whole = whole and piece.endswith(r"\E") and len(piece) > 3
        elif piece == "\\":
            whole = False
        elif piece == "[":
            in_class += 1
        elif piece == "]":
            in_class = max(in_class - 1, 0)
        elif not in_class and piece in {"(", ")"}:
            groups = max(groups + (1 if piece == "(" else -1), 0)
    return tuple(found), whole and not groups and not in_class
