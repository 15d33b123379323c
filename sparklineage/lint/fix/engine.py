"""A text, its findings, and the text without those that can be mended safely.

What is written is read again: a fix counts only if the settings are then exactly those that were meant, and if no rule
finds an error that was not there before.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, NamedTuple

from sparklineage.lint.check import told
from sparklineage.lint.fix.changes import Add, Change, Edit, Rename, edited, expected
from sparklineage.lint.fix.editors import editor_of
from sparklineage.lint.fix.rewrites import REWRITES, changes_for
from sparklineage.lint.readers import READERS, UnreadableError, reader_for
from sparklineage.lint.rules import Target

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from sparklineage.lint.finding import Finding
    from sparklineage.lint.readers import Reader
    from sparklineage.lint.settings import Sheet

_ROUNDS = 20
"""How often fixes may follow from fixes."""
_STEPS = 5
"""How often all of that is begun anew."""
_ATTEMPTS, _CHARACTERS = 200, 5_000_000
"""How many fixes of one text are tried one by one, where they do not all go together, and how much is read for it."""


@dataclass(frozen=True, kw_only=True)
class Fixed:
    """What became of one text."""

    kind: str | None
    """Its format; None where no reader knows it."""
    text: str
    """The new text; the old one where nothing could be mended."""
    codes: tuple[str, ...] = ()
    """The code of every fix that was made."""
    findings: tuple[Finding, ...] = ()
    """What remains of the findings that were asked for, in the order of the lines of the new text."""


def fix_text(
    text: str,
    file: str,
    *,
    kind: str | None = None,
    target: Target | None = None,
    codes: Sequence[str] | None = None,
) -> Fixed:
    """Mend what can be mended safely in a text; `file`, `kind`, `target` and `codes` are as for `check_text`.

    Doing it again changes nothing. Raises UnreadableError for a text that its format does not allow.
    """
    reader = READERS[kind] if kind else reader_for(PurePath(file).name, text)
    if reader is None:
        return Fixed(kind=None, text=text)
    fixer = _Fixer(reader, file, target or Target(), REWRITES.keys() if codes is None else codes)
    state = fixer.read(text)
    made: list[str] = []
    for _ in range(_STEPS):
        step = fixer.all_together(state) or fixer.one_by_one(state)
        if step is None:
            break
        state, more = step
        made += more
    found = {finding: None for _, finding in state.found if codes is None or finding.code in codes}
    return Fixed(
        kind=reader.KIND,
        text=state.text,
        codes=tuple(made),
        findings=tuple(sorted(found, key=lambda finding: (finding.place, finding.code))),
    )


def is_fixable(finding: Finding, sheet: Sheet, text: str, kind: str, target: Target | None = None) -> bool:
    """Whether there is a fix for a finding in this text; that it does no harm is not tried here."""
    return _fix(finding, sheet, text, kind, target or Target()) is not None


class _Fix(NamedTuple):
    sheet: Sheet
    finding: Finding
    changes: Sequence[Change]
    edits: Sequence[Edit]

    @property
    def keys(self) -> set[tuple[int, int, str]]:
        """The keys that would be new, each with what it is given in."""
        return {
            (id(self.sheet), change.setting.group, change.key)
            for change in self.changes
            if isinstance(change, (Rename, Add))
        }


class _State(NamedTuple):
    """A text and everything that is said about it."""

    text: str
    sheets: Sequence[Sheet]
    found: Sequence[tuple[Sheet, Finding]]

    @property
    def errors(self) -> Counter[str]:
        """How often each rule finds an error."""
        return Counter(finding.code for finding in {one for _, one in self.found} if finding.severity == "error")


_Step = tuple[_State, list[str]]


class _Fixer:
    def __init__(self, reader: Reader, file: str, target: Target, codes: Collection[str]) -> None:
        self.reader, self.file, self.target, self.codes = reader, file, target, frozenset(codes)

    def read(self, text: str) -> _State:
        """Raises UnreadableError."""
        sheets = self.reader.read(text, self.file)
        return _State(text, sheets, list(told(self.reader, text, sheets, target=self.target)))

    def all_together(self, state: _State) -> _Step | None:
        """Every fix that does not get in another's way, and what follows from them; None if that does harm."""
        before, made = state.errors, []
        for _ in range(_ROUNDS):
            chosen = self._apart(state)
            if not chosen:
                break
            after = self._apply(state, chosen)
            if after is None:
                return None
            state = after
            made += [fix.finding.code for fix in chosen]
        return (state, made) if made and not state.errors - before else None

    def one_by_one(self, state: _State) -> _Step | None:
        """Every fix that does no harm on its own."""
        made: list[str] = []
        attempts = iter(range(min(_ATTEMPTS, _CHARACTERS // (len(state.text) + 1))))
        while step := self._first_alone(state, attempts):
            state, more = step
            made += more
        return (state, made) if made else None

    def _first_alone(self, state: _State, attempts: Iterator[int]) -> _Step | None:
        steps = (self._alone(state, fix) for fix in self._fixes(state, self.codes) if next(attempts, None) is not None)
        return next((step for step in steps if step), None)

    def _alone(self, state: _State, fix: _Fix) -> _Step | None:
        """One fix, and then those of the errors that come up through it."""
        before, made = state.errors, [fix.finding.code]
        after = self._apply(state, [fix])
        for _ in range(_ROUNDS):
            worse = after.errors - before if after else None
            if after is None or not worse:
                break
            next_fix = next(self._fixes(after, self.codes & worse.keys()), None)
            if next_fix is None:
                return None
            made.append(next_fix.finding.code)
            after = self._apply(after, [next_fix])
        return (after, made) if after and not after.errors - before else None

    def _apart(self, state: _State) -> list[_Fix]:
        """The fixes that can be made at once: none wants another's characters, or sets a key that another sets."""
        chosen: list[_Fix] = []
        edits: list[Edit] = []
        keys: set[tuple[int, int, str]] = set()
        for fix in self._fixes(state, self.codes):
            if not (fix.keys & keys or any(_is_taken(edit, edits) for edit in fix.edits)):
                chosen.append(fix)
                keys |= fix.keys
                for edit in fix.edits:
                    insort(edits, edit)
        return chosen

    def _fixes(self, state: _State, codes: Collection[str]) -> Iterator[_Fix]:
        told_of: dict[Finding, set[int]] = {}
        for sheet, finding in state.found:
            told_of.setdefault(finding, set()).add(id(sheet))
        for sheet, finding in state.found:
            if finding.code in codes and (fix := _fix(finding, sheet, state.text, self.reader.KIND, self.target)):
                # What alternatives share is only changed if that is right for each of them.
                changed = {change.setting for change in fix.changes} if len(state.sheets) > 1 else set()
                if all(id(one) in told_of[finding] or changed.isdisjoint(one.settings) for one in state.sheets):
                    yield fix

    def _apply(self, state: _State, fixes: Sequence[_Fix]) -> _State | None:
        """The text with fixes made, if its settings are then the ones that were meant."""
        text = edited(state.text, [edit for fix in fixes for edit in fix.edits])
        try:
            text.encode()  # an escape can stand for what no file can hold
            after = self.read(text)
        except (UnreadableError, UnicodeEncodeError):
            return None
        changes = [change for fix in fixes for change in fix.changes]
        meant = [values for sheet in state.sheets if (values := expected(sheet.settings, changes))]
        there = [values for sheet in after.sheets if (values := expected(sheet.settings, ()))]
        return after if meant == there else None


def _is_taken(edit: Edit, edits: Sequence[Edit]) -> bool:
    """Whether one of the edits, which are in order, is the same or wants the same characters."""
    at = bisect_left(edits, edit)
    return any(edit == other or edit.meets(other) for other in edits[max(at - 1, 0) : at + 1])


def _fix(finding: Finding, sheet: Sheet, text: str, kind: str, target: Target) -> _Fix | None:
    changes = changes_for(finding, sheet, target)
    editor = editor_of(kind)
    edits: list[Edit] = []
    for change in changes or ():
        made = editor.edits(text, change)
        if made is None or any(edit.meets(other) for edit in made for other in edits):
            return None
        edits += made
    return _Fix(sheet, finding, changes, edits) if changes else None
