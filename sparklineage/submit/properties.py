"""Spark's properties files, read exactly as `java.util.Properties` and Spark read them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sparklineage.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_BLANK = " \t\f"
_LINE_END = re.compile(r"\r\n|\r|\n")
_ESCAPES = {"t": "\t", "n": "\n", "r": "\r", "f": "\f"}
# Spark trims values as String.trim does (everything up to a blank), but keeps line ends.
_TRIMMED = "".join(map(chr, range(33))).replace("\r", "").replace("\n", "")


def load(path: Path) -> dict[str, str]:
    """The `spark.` properties in a file; Spark drops every other key.

    Raises ConfigError with one sentence for a file that Spark could not read either.
    """
    try:
        text = path.read_bytes().decode("utf-8", errors="replace")
    except OSError as error:
        raise ConfigError(
            f"{path}: the properties file cannot be read: {error.strerror}. Check --properties-file and SPARK_CONF_DIR."
        ) from None
    try:
        pairs = parse(text)
    except ValueError as error:
        raise ConfigError(f"{path}: {error}; write \\u and four hexadecimal digits, or \\\\ for a backslash.") from None
    return {key: value.strip(_TRIMMED) for key, value in pairs.items() if key.startswith("spark.")}


def parse(text: str) -> dict[str, str]:
    """Every key and value of a properties file; of a key given twice the last one counts.

    Raises ValueError for a `\\u` without four hexadecimal digits, as Java does.
    """
    return dict(_split(line) for line in _logical_lines(text))


def _logical_lines(text: str) -> Iterator[str]:
    """Lines without comments and blank ones, a trailing backslash joining the next line to this one."""
    joined: str | None = None
    for raw in _LINE_END.split(text):
        line = raw.lstrip(_BLANK)
        if joined is None and (not line or line[0] in "#!"):
            continue
        backslashes = len(line) - len(line.rstrip("\\"))
        if backslashes % 2:
            joined = (joined or "") + line[:-1]
        else:
            if whole := (joined or "") + line:
                yield whole
            joined = None
    if joined:
        yield joined


def _split(line: str) -> tuple[str, str]:
    end = 0
    while end < len(line) and line[end] not in "=:" + _BLANK:
        end += 2 if line[end] == "\\" else 1
    rest = line[end:].lstrip(_BLANK)
    if rest[:1] in {"=", ":"}:
        rest = rest[1:].lstrip(_BLANK)
    return _unescape(line[:end]), _unescape(rest)


def _unescape(text: str) -> str:
    if "\\" not in text:
        return text
    out: list[str] = []
    at = 0
    while at < len(text):
        char = text[at]
        at += 1
        if char != "\\":
            out.append(char)
            continue
        char = text[at : at + 1]
        at += 1
        if char == "u":
            digits = text[at : at + 4]
            if not re.fullmatch(r"[0-9A-Fa-f]{4}", digits):
                raise ValueError(f"\\u{digits} is no character")
            out.append(chr(int(digits, 16)))
            at += 4
        else:
            out.append(_ESCAPES.get(char, char))
    # Two escapes can be the halves of one character.
    return "".join(out).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
