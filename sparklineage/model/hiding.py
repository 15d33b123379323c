"""Known secrets kept out of what is written and sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sparklineage.model.masking import mask, spellings

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sparklineage.model.event import Event

_TEXTS = frozenset({"message", "stackTrace", "query", "description"})
"""Prose and SQL. Elsewhere a password such as `postgres` is more likely a part of a name."""
_OURS = frozenset({"runId", "eventType", "eventTime", "producer", "schemaURL", "_producer", "_schemaURL"})
_LONG = 16


class Hider:
    """Masks the given values. An event that holds none of them costs one search of its text."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self.secrets: tuple[str, ...] = ()
        self.add(secrets)

    def add(self, secrets: Iterable[str]) -> None:
        """Mask these from now on too. May be called by another thread."""
        self.secrets = tuple(dict.fromkeys([*self.secrets, *(secret for secret in secrets if len(secret) >= 6)]))
        self._spelt = spellings(self.secrets)
        distinct = [item for item in self.secrets if len(item) >= _LONG or not (item.isalpha() or item.isdigit())]
        self._distinct = spellings(distinct)

    def occurs(self, line: str) -> bool:
        """Whether one of them stands in this line of JSON."""
        return any(text in line for text in self._spelt)

    def text(self, text: str) -> str:
        """The text without them and without what looks like a secret."""
        return mask(text, self.secrets)

    def event(self, event: Event) -> Event:
        """The event without them in any of its texts; what identifies it stays."""
        return {key: self._hidden(key, value) for key, value in event.items()}

    def _hidden(self, key: str, value: Any) -> Any:
        if isinstance(value, str):
            if key in _OURS:
                return value
            return _without(value, self._spelt if key in _TEXTS else self._distinct)
        if isinstance(value, dict):
            return {name: self._hidden(name, item) for name, item in value.items()}
        if isinstance(value, list):
            return [self._hidden(key, item) for item in value]
        return value


def _without(text: str, secrets: tuple[str, ...]) -> str:
    return mask(text, secrets) if any(item in text for item in secrets) else text
