"""YAML that a template engine fills before anybody reads it: Helm's `{{ … }}`, Jinja's `{% … %}`."""

from __future__ import annotations

import re
from typing import NamedTuple

# Neither looks across the beginning of another one, so that text without an end takes no time.
_TAG = re.compile(r"\{\{(?:(?!\{\{|\}\}).){0,4000}\}\}|\{%(?:(?!\{%|%\}).){0,4000}%\}", re.DOTALL)
_SILENT = re.compile(r"\{[{%]-?\s*(?:if|end\w*|with|define|set|/\*|\$\w+\s*:?=)")
"""Tags that write nothing themselves, and have no second branch that would write something else."""
_REST = re.compile(r"[ \t\r]*(?:\n|\Z)")
_FILLED = "\ue000"
"""A character for private use; it stands for what is not known yet."""
VARIABLES = re.compile(rf"{_FILLED}+|\$\{{[^{{}}\n]*\}}")
"""What takes the place of a value: the rest of a template, and what `envsubst` and its like put in."""


class Template(NamedTuple):
    """A template as YAML."""

    text: str
    """As long as the template and with the same lines, but without its tags."""
    adds_lines: bool
    """Whether it has tags in lines of their own that may bring anything."""


def untemplated(text: str) -> Template:
    """The YAML that a template surely holds."""
    if "{{" not in text and "{%" not in text:
        return Template(text, adds_lines=False)
    parts: list[str] = []
    done, adds_lines = 0, False
    for match in _TAG.finditer(text):
        alone = _begins_line(text, match.start()) and bool(_REST.match(text, match.end()))
        adds_lines = adds_lines or (alone and not _SILENT.match(match[0]))
        parts += [text[done : match.start()], _blanked(match[0], " " if alone else _FILLED)]
        done = match.end()
    return Template("".join([*parts, text[done:]]), adds_lines=adds_lines)


def _begins_line(text: str, at: int) -> bool:
    while at and text[at - 1] in " \t":
        at -= 1
    return at == 0 or text[at - 1] == "\n"


def _blanked(tag: str, char: str) -> str:
    return "\n".join(char * len(line) for line in tag.split("\n"))
