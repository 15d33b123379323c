"""Reading a JSON object with one clear sentence for everything that is wrong in it."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from sparklineage.errors import ConfigError, suggestion

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# NUL is in no path; the others would write lines of their own into logs; a half of a pair is no UTF-8.
_UNSPEAKABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_KINDS = {dict: "an object", list: "a list", str: "a text", type(None): "null"}


class Object:
    """An object of a file. Every method raises ConfigError where what it finds is wrong."""

    def __init__(self, found: object, place: str, known: Sequence[str] | None = None) -> None:
        """`place` is how a sentence about it begins, such as `/etc/relay.json: backend`; `known` are its keys."""
        if not isinstance(found, dict):
            raise ConfigError(f"{place} is {kind(found)}; write an object.")
        self._found: dict[str, Any] = found
        self._place = place
        for name in found if known is not None else ():
            if name not in (known or ()):
                raise ConfigError(f"{self.place(name)} is no key that the relay knows.{suggestion(name, known or ())}")

    def place(self, name: str) -> str:
        """How a sentence about one of its keys begins."""
        return f"{self._place}.{name}" if ": " in self._place else f"{self._place}: {name}"

    def get(self, name: str) -> Any:
        """What stands there; None where nothing does."""
        return self._found.get(name)

    def items(self) -> Iterator[tuple[str, Any]]:
        yield from self._found.items()

    def text(self, name: str) -> str | None:
        """A text that is not blank, or None."""
        found = self.get(name)
        if found is not None and not (isinstance(found, str) and found.strip()):
            raise self.wrong(name, "a text that is not blank")
        return found

    def needed(self, name: str) -> str:
        """A text that has to be there."""
        found = self.text(name)
        if found is None:
            raise ConfigError(f"{self.place(name)} is missing; write a text.")
        return found

    def path(self, name: str) -> str | None:
        """An absolute path, or None."""
        found = self.text(name)
        if found is not None and not found.startswith("/"):
            raise self.wrong(name, "an absolute path")
        if found is not None and _UNSPEAKABLE.search(found):
            raise ConfigError(
                f"{self.place(name)} holds a line end or another control character; write an absolute path without any."
            )
        return found

    def choice(self, name: str, choices: Sequence[str]) -> str | None:
        found = self.text(name)
        if found is not None and found not in choices:
            problem = self.wrong(name, f"one of {', '.join(choices)}")
            raise ConfigError(f"{problem}{suggestion(found, choices)}")
        return found

    def flag(self, name: str) -> bool:
        """False where nothing stands there."""
        found = self.get(name)
        if found is not None and not isinstance(found, bool):
            raise self.wrong(name, "true or false")
        return bool(found)

    def seconds(self, name: str) -> float | None:
        """A number above 0, or None."""
        found = self.get(name)
        if found is None:
            return None
        if not isinstance(found, (int, float)) or isinstance(found, bool) or not 0 < found < math.inf:
            raise self.wrong(name, "a number of seconds above 0")
        return float(found)

    def count(self, name: str, least: int = 0) -> int | None:
        """A whole number, or None."""
        found = self.get(name)
        if found is not None and (not isinstance(found, int) or isinstance(found, bool) or found < least):
            raise self.wrong(name, f"a whole number from {least} on")
        return found

    def object(self, name: str, known: Sequence[str] | None = None) -> Object:
        """An empty one where nothing stands there."""
        found = self.get(name)
        return Object({} if found is None else found, self.place(name), known)

    def wrong(self, name: str, wanted: str) -> ConfigError:
        return ConfigError(f"{self.place(name)} is {kind(self.get(name))}; write {wanted}.")


def kind(value: object) -> str:
    """What a value is, in words: a number, true, false or a short text itself."""
    if isinstance(value, str) and value.strip() and len(value) <= 40 and value.isprintable():
        return f"`{value}`"
    if isinstance(value, (int, float)):
        return f"{value}".lower()
    return _KINDS.get(type(value), "something else")
