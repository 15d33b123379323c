"""What a fix has changed, for people to read: no line of it shows a secret."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from sparklineage.lint.readers import READERS, UnreadableError
from sparklineage.model.masking import MASK, SECRET_KEY, mask

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sparklineage.lint.settings import Setting

_CONTEXT = 3
_LINE_END = re.compile(r"\r\n|\r|\n")
# Headers and parameters are hidden whatever they are called, as on a command line.
_HIDDEN = re.compile(r"(?i)\.headers\.|urlparams|\.url\.param\.|\bauth\.(?!type$)")
_PARAMETER = re.compile(r"([?&][^=&\s\"'#]{1,64}=)[^&\s\"'#]+")
_ASSIGNED = re.compile(
    rf"((?i:[\w.\-]{{0,80}}(?:{SECRET_KEY.pattern.removeprefix('(?i)')}|authorization)[\w.\-]{{0,80}})"
    r"[\"'\\]?\s{0,8}[=:,]\s{0,8}[\"']?)[^\s\"'][^\"']*"
)


def masked_diff(before: str, after: str, *, file: str, kind: str) -> Iterator[str]:
    """The lines of a unified diff of two texts of one format, without line ends."""
    old, new = _lines(before), _lines(after)
    shown_old, shown_new = _shown(before, kind), _shown(after, kind)
    name = _printable(file)
    for number, group in enumerate(SequenceMatcher(None, old, new).get_grouped_opcodes(_CONTEXT)):
        if number == 0:
            yield from (f"--- {name}", f"+++ {name}")
        _, old_from, _, new_from, _ = group[0]
        _, _, old_to, _, new_to = group[-1]
        yield f"@@ -{_range(old_from, old_to)} +{_range(new_from, new_to)} @@"
        for tag, begin, end, new_begin, new_end in group:
            if tag == "equal":
                yield from (f" {line}" for line in shown_old[begin:end])
                continue
            yield from (f"-{line}" for line in shown_old[begin:end])
            yield from (f"+{line}" for line in shown_new[new_begin:new_end])


def _lines(text: str) -> list[str]:
    lines = _LINE_END.split(text)
    return lines if lines[-1] else lines[:-1]


def _range(begin: int, end: int) -> str:
    # Where nothing stands, the number is that of the line before.
    return f"{begin + (end > begin)},{end - begin}"


def _shown(text: str, kind: str) -> list[str]:
    """The lines of a text without its secrets, as many as before."""
    try:
        sheets = READERS[kind].read(text, "")
    except UnreadableError:
        sheets = ()
    settings = [setting for sheet in sheets for setting in (*sheet.settings, *sheet.environment)]
    secret = [setting for setting in settings if setting.value.strip() and _is_secret(setting)]
    for start, end in sorted({one.value_span for one in secret if one.value_span}, reverse=True):
        # A value can go on in further lines.
        hidden = "".join(_LINE_END.findall(text[start:end]))
        text = f"{text[:start]}{MASK}{hidden}{text[end:]}"
    values = {value for one in secret for value in (one.value, one.value.strip())}
    return [_line(line, values) for line in _lines(text)]


def _is_secret(setting: Setting) -> bool:
    return bool(SECRET_KEY.search(setting.key) or _HIDDEN.search(setting.key)) and not setting.key.endswith("auth.type")


def _line(line: str, secrets: set[str]) -> str:
    line = mask(_PARAMETER.sub(rf"\1{MASK}", line), secrets)
    return _printable(_ASSIGNED.sub(rf"\1{MASK}", line))


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() or char == "\t" else "?" for char in text)
