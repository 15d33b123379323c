"""What a rewrite is: a function from a finding to the changes that mend it, or None where nothing is safe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sparklineage.config.catalogue import catalogue
from sparklineage.lint.fix.changes import Add, Change, Remove, Rename, SetValue
from sparklineage.lint.rules.agents import agent_version
from sparklineage.lint.settings import AGENT_PREFIX

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sparklineage.lint.rules import Target
    from sparklineage.lint.settings import Setting, Sheet

    Rewrite = Callable[["Case"], Sequence[Change] | None]


@dataclass(frozen=True, kw_only=True)
class Case:
    """A finding about a setting of a sheet."""

    sheet: Sheet
    setting: Setting
    target: Target

    @property
    def value(self) -> str | None:
        """The value, if the whole of it is known."""
        return self.setting.value.strip() if self.setting.known else None

    @property
    def has_type(self) -> bool:
        """Whether a transport is chosen, so that a further key of it does no harm."""
        return any(setting.value.strip() for setting in self.sheet.all(f"{AGENT_PREFIX}transport.type"))

    def moved(self, key: str, value: str | None = None) -> Sequence[Change] | None:
        """The setting under another key. Where that one says the same already, the setting goes."""
        setting, counts = self.setting, self._last(self.setting.key)
        if counts is not setting:
            # It has no effect, and might win under the other key.
            return [Remove(setting=setting)] if counts and counts.known and counts.value == setting.value else None
        there = self._last(key)
        if there is None and next(self.sheet.all(key), None) is None:
            changes: list[Change] = [Rename(setting=setting, key=key)]
            return changes if value is None else [*changes, SetValue(setting=setting, value=value)]
        same = there and there.known and there.value.strip() == (self.value if value is None else value)
        return [Remove(setting=setting)] if same else None

    def added(self, key: str, value: str) -> Sequence[Change] | None:
        """A further setting beside it, if it is not there; None where another value is."""
        if any(setting.value.strip() != value for setting in self.sheet.all(key)):
            return None
        return [] if self._last(key) else [Add(setting=self.setting, key=key, value=value)]

    def _last(self, key: str) -> Setting | None:
        """The setting of a key that counts among those that are given together with this one."""
        return next((one for one in reversed([*self.sheet.all(key)]) if one.group == self.setting.group), None)

    def allows(self, changes: Sequence[Change]) -> bool:
        """Whether the agent knows every key that would be new."""
        version = agent_version(self.sheet, self.target)
        names = [change.key for change in changes if isinstance(change, (Rename, Add))]
        keys = [catalogue().find(name) for name in names] if version else []
        return not any(key and version and key.status == "active" and not key.known_in(version) for key in keys)


def both(first: Sequence[Change] | None, second: Sequence[Change] | None) -> Sequence[Change] | None:
    """The changes of both, or None where one of them cannot be made."""
    return None if first is None or second is None else [*first, *second]
