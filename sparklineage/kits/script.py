"""A script for bash out of parts that are shell files themselves, with settings above them.

Nothing of a user's ever gets into the text of a script but as the quoted value of a setting.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from sparklineage.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

PARTS = Path(__file__).with_name("parts")

LAYOUT: Mapping[str, str] = MappingProxyType(
    {
        "BASE": "/opt/sparklineage",
        "ETC": "/etc/sparklineage",
        "SPOOL": "/var/lib/sparklineage/spool",
        "STATE": "/var/lib/sparklineage/relay",
        "LOGS": "/var/log/sparklineage",
        "ACCOUNT": "sparklineage",
        "SERVICE": "sparklineage-relay",
        "LIMIT": "420",
        "STRICT": "",
        "JARS_BY": "link",
        "RELAY_BY": "",
        "RELAY_MEMORY": "256M",
    }
)
"""Settings of a node that are the same wherever a kit does not say otherwise. `LIMIT`: seconds for the whole script.
`STRICT`: empty or `yes`. `JARS_BY`: `link` or `copy`. `RELAY_BY`: empty for systemd where it runs, or `loop`."""

PYTHONS = ("python3", "/usr/bin/python3", "python3.13", "python3.12", "python3.11", "python3.10", "python3.9")
"""Where the relay's Python is looked for, unless a kit knows better."""

_NAME = re.compile(r"[A-Z][A-Z0-9_]*\Z")
_NEEDS = re.compile(r"^# Settings: ([^.]*)\.$", re.MULTILINE)
_ABOVE = re.compile(r"\A# shellcheck shell=bash\n")
_INDIRECT = "# shellcheck disable=SC2329 # functions are handed to `guarded` and `attempt` by their names"
_STRANGE = re.compile(r"[$`\u2018-\u201f\u2032-\u2036]")
_WIDTH = 120


def script(parts: Sequence[str], settings: Mapping[str, str | Sequence[str]], *, about: str | Sequence[str]) -> str:
    """A script of the parts in this order, such as `say`, …, `emr`, the last of which starts it.

    Settings that are not given are those of LAYOUT; a sequence becomes an array. `about` are the lines of comment above
    it. Raises ConfigError for a value that no shell can hold, and ValueError for parts and settings that do not fit
    together.
    """
    texts = {part: (PARTS / f"{part}.sh").read_text(encoding="utf-8") for part in parts}
    needed = sorted({name for text in texts.values() for name in needs(text)})
    if strange := sorted(set(settings) - set(needed)):
        raise ValueError(f"no part needs {', '.join(strange)}")
    if missing := [name for name in needed if name not in settings and name not in LAYOUT]:
        raise ValueError(f"a part needs {', '.join(missing)}")
    lines = ["#!/bin/bash", *comment(about), "#"]
    lines += [
        "# For bash 4.2 or later. The settings first; everything below them is the same in every script.",
        _INDIRECT,
        "",
    ]
    for name in needed:
        lines += assignment(name, settings[name] if name in settings else LAYOUT[name])
    return "\n".join(lines) + "\n\n" + "\n".join(_body(text) for text in texts.values())


def needs(text: str) -> Iterator[str]:
    """The settings that a part says it needs."""
    found = _NEEDS.search(re.sub(r"\n#   ", " ", text))
    listed = found.group(1) if found is not None else "none"
    yield from (name.strip() for name in listed.split(",") if listed != "none")


def assignment(name: str, value: str | Sequence[str]) -> Iterator[str]:
    """The lines that give a value to a setting for good."""
    if not _NAME.match(name):
        raise ValueError(f"{name}: not a name for a setting")
    if isinstance(value, str):
        yield f"readonly {name}={quoted(name, value)}"
        return
    words = [quoted(name, word) for word in value]
    # A comma between words is a common mistake, which checkers of shells warn of.
    words = [f"'{word}'" if "," in word and word[0] not in "'$" else word for word in words]
    line = f"readonly -a {name}=({' '.join(words)})"
    if len(line) <= _WIDTH:
        yield line
        return
    yield f"readonly -a {name}=("
    yield from (f"  {word}" for word in words)
    yield ")"


def quoted(name: str, value: str) -> str:
    """A value as one word of bash. Raises ConfigError for what no shell can hold."""
    try:
        data = value.encode()
    except UnicodeEncodeError:
        data = b"\0"
    if b"\0" in data:
        raise ConfigError(f"{name}: {value!r:.200} holds a character that no shell can hold; take it out.")
    if value.isprintable() and not _STRANGE.search(value):
        return shlex.quote(value)
    # What would break a line, show another text than is there, or look as if it were meant to be carried out, is
    # written out byte by byte.
    return "$'" + "".join(map(_escaped, value)) + "'"


def _escaped(char: str) -> str:
    if char in "\\'":
        return f"\\{char}"
    plain = char.isprintable() and not _STRANGE.search(char)
    return char if plain else "".join(f"\\x{byte:02x}" for byte in char.encode())


def comment(about: str | Sequence[str]) -> Iterator[str]:
    """Lines of comment, which nothing in them can end."""
    for line in about.splitlines() if isinstance(about, str) else about:
        text = " ".join(line.split())
        yield f"# {''.join(char if char.isprintable() else '?' for char in text)}".rstrip()


def _body(text: str) -> str:
    lines = re.sub(r"\n#   ", " ", _ABOVE.sub("", text))
    return re.sub(r"^# Settings: .*\n", "", lines, flags=re.MULTILINE)
