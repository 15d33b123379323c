"""What a fix has changed, for people to read: no line of it shows a secret."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from sparklineage.lint.fix.changes import Edit, edited
from sparklineage.lint.readers import READERS, UnreadableError
from sparklineage.model.masking import MASK, SECRET_KEY, mask

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sparklineage.lint.settings import Setting, Span

_CONTEXT = 3
_LINE_END = re.compile(r"\r\n|\r|\n")
# Headers and parameters are hidden whatever they are called, as on a command line.
_HIDDEN = re.compile(r"(?i)\.headers\.|urlparams|\.url\.param\.|\bauth\.(?!type$)")
_PARAMETER = re.compile(r"([?&][^=&\s\"'#]{1,64}=)[^&\s\"'#]+")
_REST = re.compile(r"[\w.\-]*")
# NAME=value, "name": "value", name = 'value'
_ASSIGNED = re.compile(r"[\"'\\]?\s{0,8}[=:,]\s{0,8}[\"']?([^\s\"'][^\"']*)")
# --name value, property.name value
_SPACED = re.compile(r"\s{1,8}[\"']?([^\s\"'\-=:,][^\s\"']*)")
_OPTION_OR_PROPERTY = re.compile(r"(?:(?<![\w\-])--|\w\.)[\w.\-]*\Z")


def masked_diff(before: str, after: str, *, file: str, kind: str) -> Iterator[str]:
    """The lines of a unified diff of two texts of one format, without line ends."""
    old, new = _lines(before), _lines(after)
    shown_old, shown_new = _Shown(before, kind), _Shown(after, kind)
    name = _printable(file)
    for number, group in enumerate(SequenceMatcher(None, old, new).get_grouped_opcodes(_CONTEXT)):
        if number == 0:
            yield from (f"--- {name}", f"+++ {name}")
        _, old_from, _, new_from, _ = group[0]
        _, _, old_to, _, new_to = group[-1]
        yield f"@@ -{_range(old_from, old_to)} +{_range(new_from, new_to)} @@"
        for tag, begin, end, new_begin, new_end in group:
            if tag == "equal":
                yield from shown_old(begin, end, " ")
            else:
                yield from shown_old(begin, end, "-")
                yield from shown_new(new_begin, new_end, "+")


def _lines(text: str) -> list[str]:
    lines = _LINE_END.split(text)
    return lines if lines[-1] else lines[:-1]


def _range(begin: int, end: int) -> str:
    # Where nothing stands, the number is that of the line before.
    return f"{begin + (end > begin)},{end - begin}"


class _Shown:
    """The lines of a text without its secrets, each made when it is asked for."""

    def __init__(self, text: str, kind: str) -> None:
        try:
            sheets = READERS[kind].read(text, "")
        except UnreadableError:
            sheets = ()
        settings = [setting for sheet in sheets for setting in (*sheet.settings, *sheet.environment)]
        secret = [setting for setting in settings if setting.value.strip() and _is_secret(setting)]
        self.secrets = {value for one in secret for value in (one.value, one.value.strip())}
        found = [*self.secrets, *(line[slice(*span)] for line in _lines(text) for span in _assigned(line))]
        self.secrets.update(word.strip("\"',;)}]") for value in found for word in value.split() if _is_telling(word))
        # A value can go on in further lines.
        hidden = (
            Edit(*one.value_span, MASK + "".join(_LINE_END.findall(text[slice(*one.value_span)])))
            for one in secret
            if one.value_span
        )
        self.lines = _lines(edited(text, dict.fromkeys(hidden)))

    def __call__(self, begin: int, end: int, mark: str) -> Iterator[str]:
        """Lines with a sign in front."""
        return (mark + _line(line, self.secrets) for line in self.lines[begin:end])


def _is_secret(setting: Setting) -> bool:
    return bool(SECRET_KEY.search(setting.key) or _HIDDEN.search(setting.key)) and not setting.key.endswith("auth.type")


def _is_telling(word: str) -> bool:
    """Whether a word is surely no ordinary one, so that it is the same secret where it stands a second time."""
    return len(word) >= 8 and any(char.isdigit() for char in word)


def _line(line: str, secrets: set[str]) -> str:
    line = mask(_PARAMETER.sub(rf"\1{MASK}", line), secrets)
    for start, end in reversed([*_assigned(line)]):
        line = f"{line[:start]}{MASK}{line[end:]}"
    return _printable(line)


def _assigned(line: str) -> Iterator[Span]:
    """Where values stand behind names that are names of secrets."""
    done = 0
    for match in SECRET_KEY.finditer(line):
        rest = _REST.match(line, match.end()) if match.start() >= done else None
        if rest is None:
            continue
        done = rest.end()
        value = _ASSIGNED.match(line, done)
        # Words of a sentence follow one another as well.
        if value is None and _OPTION_OR_PROPERTY.search(line, max(match.start() - 80, 0), match.start()):
            value = _SPACED.match(line, done)
        if value is not None:
            done = value.end()
            yield value.span(1)


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() or char == "\t" else "?" for char in text)
