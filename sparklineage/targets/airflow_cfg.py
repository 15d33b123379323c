"""The section of a user's airflow.cfg: options are set in their lines, and comments stay.

Source: Airflow's AirflowConfigParser is Python's ConfigParser, with `%` written twice.
"""

from __future__ import annotations

import configparser
import json
import re
from typing import TYPE_CHECKING

from sparklineage.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sparklineage.targets.interface import Existing

SECTION = "openlineage"
_HEADER = re.compile(r"^\[(?P<name>[^\r\n]+)\]", re.MULTILINE)
_OPTION = re.compile(r"(?P<name>[^\s#;=:\[][^=:\r\n]*?)[ \t]*[=:](?P<text>.*)")


def is_cfg(existing: Existing) -> bool:
    """Whether it is such a file, or an empty one by its name; JSON is none."""
    try:
        json.loads(existing.text)
    except (ValueError, RecursionError):
        pass
    else:
        return False
    return _HEADER.search(existing.text) is not None or existing.name.endswith(".cfg")


def merged_cfg(existing: Existing, section: Mapping[str, str]) -> tuple[str, list[str]]:
    """The text with the options in it, and a sentence for each that stays as the user has it.

    An option without a value, as Airflow writes its defaults, is set. Raises ConfigError for what Airflow cannot read.
    """
    theirs = _read(existing)
    lines = existing.text.splitlines(keepends=True)
    begin, end = _extent(lines)
    newline = existing.newline
    notes = []
    added = []
    for name, text in section.items():
        written = f"{name} = {text.replace('%', '%%')}"
        given = theirs.get(name)
        if given is None:
            added.append(written)
        elif not given.strip():
            at = _line_of(lines, begin, end, name)
            lines[at] = written + lines[at][len(lines[at].rstrip("\r\n")) :]
        elif given.strip() != text.replace("%", "%%"):
            at = _line_of(lines, begin, end, name)
            notes.append(f"{name} stays as {existing.name}:{at + 1} has it, not {text}.")
    if added:
        if begin < 0:
            lines += ["" if not lines or not lines[-1].strip() else newline, f"[{SECTION}]{newline}"]
            end = len(lines)
        while end > max(begin, 0) + 1 and begin >= 0 and not lines[end - 1].strip():
            end -= 1
        if end and lines[end - 1] and not lines[end - 1].endswith(("\n", "\r")):
            lines[end - 1] += newline
        lines[end:end] = [one + newline for one in added]
    return "".join(lines), notes


def _read(existing: Existing) -> dict[str, str]:
    parser = configparser.RawConfigParser(strict=True)
    try:
        parser.read_string(existing.text, existing.name)
    except configparser.Error as error:
        # The message of the parser has the line in it, which may hold a password.
        listed = getattr(error, "errors", None)
        line = listed[0][0] if listed else getattr(error, "lineno", None)
        twice = isinstance(error, (configparser.DuplicateSectionError, configparser.DuplicateOptionError))
        why = "a section or option stands there for the second time" if twice else "no option of a section"
        raise ConfigError(f"{existing.name}{f':{line}' if line else ''}: {why}, so this is no airflow.cfg.") from None
    return dict(parser[SECTION]) if parser.has_section(SECTION) else {}


def _extent(lines: list[str]) -> tuple[int, int]:
    """The line of the section's header, and the one behind its last; -1 without one."""
    headers = {at: match["name"] for at, line in enumerate(lines) if (match := _HEADER.match(line))}
    begin = next((at for at, name in headers.items() if name == SECTION), -1)
    return begin, next((at for at in headers if at > begin >= 0), len(lines))


def _line_of(lines: list[str], begin: int, end: int, name: str) -> int:
    return next(
        at for at in range(begin + 1, end) if (match := _OPTION.match(lines[at])) and match["name"].lower() == name
    )
