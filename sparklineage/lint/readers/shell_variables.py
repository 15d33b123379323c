"""The variables of a shell script whose values are certain, as far as they are known without running it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sparklineage.lint.readers.shell import Word
from sparklineage.lint.settings import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_OPENS = frozenset(("if", "for", "while", "until", "case", "select"))
_CLOSES = frozenset(("fi", "done", "esac"))
_KEYWORDS = frozenset(("then", "do", "else", "elif", "{", "}", "!"))
_MAY_SET_ANY = frozenset((".", "source", "eval"))
_TAKE_NAMES = frozenset(("for", "select", "read", "unset", "readarray", "mapfile", "getopts", "printf"))
_APPENDS = re.compile(r"([A-Za-z_]\w*)\+=")
_ALONE = re.compile(r"\$\{?([A-Za-z_]\w*)\}?")
_LONGEST = 10_000
"""Characters of a value: a script can double one again and again."""


class Variables:
    """Those of one script, its commands being told in their order."""

    def __init__(self) -> None:
        self.known: dict[str, Word] = {}
        self.depth = 0
        """In how many conditions and loops the commands stand."""
        self.before: list[dict[str, Word]] = []
        """What was known at each brace that is open."""

    def enter(self, words: Sequence[Word]) -> Sequence[Word]:
        """Go on to a command; returns it without the keywords in front of it."""
        while words and words[0].value in _KEYWORDS | _OPENS | _CLOSES:
            first = words[0].value
            self.depth = max(0, self.depth + (first in _OPENS) - (first in _CLOSES))
            self._function(first)
            if first in _TAKE_NAMES | {"case"}:
                break
            words = words[1:]
        if words and words[0].value in _MAY_SET_ANY:
            self.known.clear()
        for word in words if words and words[0].value in _TAKE_NAMES else ():
            self.known.pop(word.value, None)
        for word in words:
            if match := _APPENDS.match(word.text):
                self.known.pop(match[1], None)
        return words

    def _function(self, brace: str) -> None:
        """What a function sets is not certain behind it, for nobody may have called it."""
        if brace == "{":
            self.before.append(dict(self.known))
        elif brace == "}" and self.before:
            before = self.before.pop()
            for name in [name for name, word in self.known.items() if before.get(name) is not word]:
                del self.known[name]

    def assign(self, given: Mapping[str, Word]) -> None:
        """Take values in; what is only given in some cases is not certain."""
        for name, word in given.items():
            if self.depth or len(word.value) > _LONGEST or len(word.source) > _LONGEST:
                self.known.pop(name, None)
            else:
                self.known[name] = word

    def spread(self, words: Sequence[Word]) -> Iterator[Word]:
        """A command whose variables without quotes are taken apart at their blanks, as the shell does it."""
        for word in words:
            match = _ALONE.fullmatch(word.text)
            known = self.known.get(match[1]) if match and word.source else None
            if known is None or not known.value.strip(UNKNOWN):
                yield word
            else:
                for part in known.value.split():
                    yield Word(part, part, known.line, known.column, -1, known.source or known.text)
