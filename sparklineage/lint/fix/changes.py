"""What a fix is, in the words of Spark's properties, and what it is in a text."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Union

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sparklineage.lint.settings import Setting


@dataclass(frozen=True, kw_only=True)
class Rename:
    """The same value under another key."""

    setting: Setting
    key: str
    """The Spark property, however the file calls it."""


@dataclass(frozen=True, kw_only=True)
class SetValue:
    """Another value for the same key."""

    setting: Setting
    value: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Remove:
    """The setting goes."""

    setting: Setting


@dataclass(frozen=True, kw_only=True)
class Add:
    """A further setting, right behind the one that is named."""

    setting: Setting
    key: str
    value: str = field(repr=False)


Change = Union[Rename, SetValue, Remove, Add]  # noqa: UP007 - the classes above name it before it exists


class Edit(NamedTuple):
    """A part of a text, and what stands there afterwards."""

    start: int
    """Offset from 0."""
    end: int
    """Behind the last character; equal to the start where something is only added."""
    text: str

    def meets(self, other: Edit) -> bool:
        """Whether both want the same characters. What is added between two characters takes none of them."""
        if self.start == self.end or other.start == other.end:
            return self.start < other.end and other.start < self.end
        return max(self.start, other.start) < min(self.end, other.end)


def edited(text: str, edits: Iterable[Edit]) -> str:
    """The text with edits that do not meet; of several at one place the first given comes first."""
    parts = []
    at = 0
    for edit in sorted(edits, key=lambda edit: edit[:2]):
        parts += [text[at : edit.start], edit.text]
        at = max(at, edit.end)
    return "".join([*parts, text[at:]])


def expected(settings: Sequence[Setting], changes: Iterable[Change]) -> dict[str, list[str]]:
    """The values of each key, in their order, once the changes are made."""
    by_setting: dict[Setting, list[Change]] = {}
    for change in changes:
        by_setting.setdefault(change.setting, []).append(change)
    found: dict[str, list[str]] = {}
    for setting in settings:
        key: str | None = setting.key
        value = setting.value
        added = []
        for change in by_setting.get(setting, ()):
            if isinstance(change, Rename):
                key = change.key
            elif isinstance(change, SetValue):
                value = change.value
            elif isinstance(change, Remove):
                key = None
            else:
                added.append((change.key, change.value))
        for name, text in [*([(key, value)] if key is not None else []), *added]:
            found.setdefault(name, []).append(text)
    return found
