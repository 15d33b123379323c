"""`requirements.txt`, where people look for the agent."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sparklineage.lint.finding import Place
from sparklineage.lint.settings import Setting, Sheet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sparklineage.lint.readers.shell import Word

KIND = "requirements"
TITLE = "requirements.txt"
PIP = "pip"
"""The key of a package that is to be installed."""
_PIP = re.compile(r"(?:.*/)?(?:pip[\d.]*|uv)")
_NAME = re.compile(r"(?:[\w.-]*[-_.])?requirements[\w.-]*\.(?:txt|in)")
_REQUIREMENT = re.compile(r"[ \t]*([A-Za-z0-9][^\s;#,]*)")


def claims(name: str, text: str) -> bool:  # noqa: ARG001
    """By its name."""
    return bool(_NAME.fullmatch(name))


def installed(words: Sequence[Word], file: str) -> Sheet | None:
    """The packages that a command installs with pip; None for another command."""
    values = [word.value for word in words]
    if "install" not in values or not any(_PIP.fullmatch(value) for value in values[: values.index("install")]):
        return None
    found = [
        Setting(key=PIP, value=word.value, text=word.text, place=Place(file, word.line, word.column), origin="command")
        for word in words[values.index("install") + 1 :]
        if not word.value.startswith("-")
    ]
    return Sheet(place=Place(file, words[0].line, words[0].column), settings=tuple(found))


def read(text: str, file: str) -> Sequence[Sheet]:
    """One sheet: a setting for each package."""
    found = []
    for number, line in enumerate(text.split("\n"), start=1):
        if match := _REQUIREMENT.match(line):
            place = Place(file, number, match.start(1) + 1)
            found.append(Setting(key=PIP, value=match[1], text=match[1], place=place, origin="properties"))
    return [Sheet(place=Place(file), settings=tuple(found))] if found else []
