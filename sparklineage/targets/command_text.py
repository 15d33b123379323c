"""A user's script of a shell with one command `spark-submit`: its options grow, and every other character stays.

What a variable holds is not known: `$NAME` stands for itself, and options that come out of one are not seen.
"""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, NamedTuple

from sparklineage.errors import ConfigError
from sparklineage.targets.arguments import changes, in_a_command, lines, options_conf, split
from sparklineage.targets.properties import beyond, laid_under

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sparklineage.model.conf_set import ConfSet
    from sparklineage.targets.interface import Existing

_NAMED = re.compile(r"^(?![ \t]*#).*?\bspark-submit(?![\w.\-])", re.MULTILINE)
_COMMAND = re.compile(r"[ \t]*(?:(?:exec|nohup|time)[ \t]+)?(?:\"?[\w./~${}\-]*/)?spark-submit\"?(?=[ \t\\\r\n]|\Z)")
_BLANKS = re.compile(r"(?:[ \t]|\\\r?\n)+")
_EXPANSION = r"\$(?:[A-Za-z_]\w*|\{[^{}`$]*\}|[@*#?0-9])"
_PIECE = re.compile(
    rf"(?P<bare>[^\s'\"\\$`;|&<>()#]|(?<=[^\s])#)|'(?P<single>[^']*)'|\"(?P<double>(?:[^\"\\$`]|\\.|{_EXPANSION})*)\""
    rf"|\\(?P<escaped>[^\n])|(?P<expansion>{_EXPANSION})",
    re.DOTALL,
)
_INSIDE = re.compile(rf"\\(?P<escaped>[$`\"\\])|\\\n|(?P<expansion>{_EXPANSION})|(?P<other>.)", re.DOTALL)
_ENDS = re.compile(r"\r?\n|[;|&<>)#]|\Z")
_FIRST = 0xF0000
"""Private characters stand for what the shell puts in."""


class _Word(NamedTuple):
    start: int
    end: int
    text: str
    splits: bool
    """Whether it is nothing but a variable without quotes, which may be several words."""


def is_script(existing: Existing) -> bool:
    """Whether it is no JSON, and has such a command."""
    return not existing.text.lstrip("\ufeff \t\r\n").startswith(("[", "{")) and bool(_NAMED.search(existing.text))


def merged_command(ours: ConfSet, existing: Existing) -> tuple[str, ConfSet, list[str]]:
    """The script, all of the properties, and what there is to say. Raises ConfigError with the place for a command that
    cannot be told apart.
    """
    at, besides = _begin(existing)
    expansions: list[str] = []
    words = list(_words(existing, at, expansions))
    options, rest = split([word.text for word in words])
    user = options_conf(options, existing.name)
    whole = laid_under(ours, user)
    replaced, more = changes(options, beyond(whole, user))
    edits = []
    for place, texts in replaced.items():
        span = words[place], words[min(place + len(next(lines(options[place:]))) - 1, len(options) - 1)]
        edits.append((span[0].start, span[1].end, " ".join(_written(text, expansions) for text in texts)))
    newline = _newline(existing.text[: words[0].start] + existing.text[words[-1].end :]) if words else existing.newline
    groups = [" ".join(_written(text, expansions) for text in group) for group in lines(more)]
    end = words[len(options) - 1].end if options else at
    if groups:
        # Of an edit at the same place the option itself comes first.
        edits.append((end, end, "".join(f" \\{newline}  {group}" for group in groups)))
    text = existing.text
    for start, stop, new in sorted(edits, key=lambda edit: edit[:2], reverse=True):
        text = text[:start] + new + text[stop:]
    notes = [f"{existing.name}:{line} names spark-submit too, and stays as it is." for line in besides]
    if rest and words[len(options)].splits:
        told = existing.text[words[len(options)].start : words[len(options)].end]
        notes.append(
            f"Options that {told} brings are not seen here; a list among them takes the place of the one here."
        )
    return text, whole, notes


def _begin(existing: Existing) -> tuple[int, list[int]]:
    """Where the command's options begin, and the lines that name the program besides."""
    starts = [match.start() for match in _NAMED.finditer(existing.text)]
    commands = {start: match for start in starts if (match := _COMMAND.match(existing.text, start))}
    (start, command), *others = commands.items() or ((starts[0], None),)
    if command is None or others or existing.text[:start].rstrip("\r\n").endswith(("\\", "|", "&&")):
        raise ConfigError(
            f"{existing.name}:{_line(existing, start)}: lineage gets into a script with one command spark-submit "
            "that begins a line; write its words as a JSON list instead, or take the options that come without --into."
        )
    return command.end(), [_line(existing, other) for other in starts if other != start]


def _words(existing: Existing, at: int, expansions: list[str]) -> Iterator[_Word]:
    text = existing.text
    while True:
        blank = _BLANKS.match(text, at)
        at = blank.end() if blank else at
        if _ENDS.match(text, at):
            return
        start, said, kinds = at, "", []
        while match := _PIECE.match(text, at):
            said += _said(match, expansions)
            kinds.append(match.lastgroup)
            at = match.end()
        if at == start or not (_BLANKS.match(text, at) or _ENDS.match(text, at)):
            raise ConfigError(
                f"{existing.name}:{_line(existing, at)}: {text[at : at + 20].splitlines()[0]!r} is more than a word in "
                "quotes or a variable; write the words of the command as a JSON list instead."
            )
        yield _Word(start, at, said, kinds == ["expansion"])


def _said(match: re.Match[str], expansions: list[str]) -> str:
    if match["double"] is not None:
        return "".join(_said_inside(part, expansions) for part in _INSIDE.finditer(match["double"]))
    if match["expansion"] is not None:
        return _kept(match["expansion"], expansions)
    return next((part for name in ("bare", "single", "escaped") if (part := match[name]) is not None), "")


def _said_inside(part: re.Match[str], expansions: list[str]) -> str:
    if part["expansion"] is not None:
        return _kept(part["expansion"], expansions)
    return part["escaped"] or part["other"] or ""


def _kept(expansion: str, expansions: list[str]) -> str:
    expansions.append(expansion)
    return chr(_FIRST + len(expansions) - 1)


def _written(text: str, expansions: list[str]) -> str:
    """The text as the shell reads it."""
    in_a_command(text)
    parts = re.split(f"([{chr(_FIRST)}-{chr(_FIRST + len(expansions))}])", text) if expansions else [text]
    if len(parts) == 1:
        return shlex.quote(text)
    return "".join(
        f'"{expansions[ord(part) - _FIRST]}"' if at % 2 else shlex.quote(part) for at, part in enumerate(parts) if part
    )


def _newline(around: str) -> str:
    """What the script's lines end with; those inside of a word say nothing of it."""
    ends = around.count("\n")
    return "\r\n" if ends and around.count("\r\n") == ends else "\n"


def _line(existing: Existing, at: int) -> int:
    return existing.text.count("\n", 0, at) + 1
