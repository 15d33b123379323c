"""Writes docs/cli.md and docs/exit-codes.md from the program itself; with --check it only tells whether they are stale.

The words of argparse differ between versions of Python, so the pages are made from the parser's own actions.
"""

from __future__ import annotations

import argparse
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sparklineage.cli.commands import COMMANDS, EXAMPLES, whole_parser
from sparklineage.cli.main import BROKEN_PIPE, INTERRUPTED
from sparklineage.errors import SparklineageError, tree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

WIDTH = 100
FOLDER = Path(__file__).parent
_NOTE = "<!-- Written by docs/generate.py; change the program, not this page. -->"


def cli_page() -> str:
    """Every command with its usage and options."""
    lines = ["# Commands", "", _NOTE, "", "| command | what it does |", "|---|---|"]
    lines += [f"| [`sparklineage {name}`](#sparklineage-{name}) | {_cell(text)} |" for name, text in COMMANDS.items()]
    lines += ["", "```console"]
    lines += [f"$ {command}  # {what}" for command, what in EXAMPLES]
    lines += [
        "```",
        "",
        "`sparklineage --version` prints the version, `--help` after a command its options.",
        "What a status means: [exit codes](exit-codes.md).",
    ]
    commands = _choices(whole_parser())
    for name in COMMANDS:
        lines += _command(commands[name], f"sparklineage {name}", "##")
    return "\n".join(lines) + "\n"


def exit_codes_page() -> str:
    """Every exit status, from the tree of errors."""
    rows = sorted(
        {(error.exit_code, error.__name__, error.meaning) for error in tree() if error is not SparklineageError}
    )
    lines = ["# Exit codes", "", _NOTE, ""]
    lines += [
        "`sparklineage submit` exits with the status of the job: 0 where it succeeded, its own status where it failed,",
        "128 + n where signal n ended it (130 for Ctrl-C, 143 for SIGTERM, 137 for SIGKILL). No code below ever",
        "replaces the status of a job that ran. They stand for failures of the toolkit itself, told in one sentence",
        "on stderr.",
        "",
        "| code | error | meaning |",
        "|---|---|---|",
        "| 1 | | a bug in sparklineage; `SPARKLINEAGE_DEBUG=1` shows where |",
        *(f"| {code} | `{name}` | {_cell(meaning)} |" for code, name, meaning in rows),
        f"| {INTERRUPTED} | | interrupted with Ctrl-C |",
        f"| {BROKEN_PIPE} | | whoever read the output closed it early, as `head` does |",
    ]
    return "\n".join(lines) + "\n"


PAGES: dict[str, Callable[[], str]] = {"cli.md": cli_page, "exit-codes.md": exit_codes_page}


def stale(folder: Path = FOLDER) -> list[str]:
    """The names of the pages that are missing or differ from what the program says."""
    return [
        name
        for name, page in PAGES.items()
        if not (folder / name).is_file() or (folder / name).read_text(encoding="utf-8") != page()
    ]


def _command(parser: argparse.ArgumentParser, name: str, mark: str) -> Iterator[str]:
    actions = parser._actions  # noqa: SLF001
    subcommands = _choices(parser)
    yield from ("", f"{mark} {name}", "")
    if parser.description:
        yield from textwrap.wrap(parser.description, WIDTH)
        yield from ("",) if not subcommands else ()
    if not subcommands:
        yield from ("```", " ".join([name, *_usage(actions)]), "```")
        rows = [(_spelling(action), action.help or "") for action in actions if action.dest != "help"]
        if any(text for _, text in rows):
            yield from ("", "| option | what it does |", "|---|---|")
            yield from (f"| `{_cell(spelling)}` | {_cell(text)} |" for spelling, text in rows)
    if parser.epilog:
        yield from ("", "```", parser.epilog.strip(), "```")
    for word, command in subcommands.items():
        yield from _command(command, f"{name} {word}", mark + "#")


def _choices(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    for action in parser._actions:  # noqa: SLF001
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            return dict(action.choices)
    return {}


def _usage(actions: Sequence[argparse.Action]) -> Iterator[str]:
    if any(action.option_strings and action.dest != "help" for action in actions):
        yield "[options]"
    for action in actions:
        if not action.option_strings:
            name = _value(action)
            yield {"?": f"[{name}]", "*": f"[{name} ...]", "+": f"{name} [{name} ...]"}.get(str(action.nargs), name)


def _spelling(action: argparse.Action) -> str:
    if not action.option_strings:
        return _value(action)
    value = [_value(action)] if action.nargs != 0 else []
    return ", ".join(" ".join([option, *value]) for option in action.option_strings)


def _value(action: argparse.Action) -> str:
    name: Any = action.metavar or ("|".join(map(str, action.choices)) if action.choices else action.dest.upper())
    return str(name)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def main(argv: Sequence[str]) -> int:
    """Write the pages, or with `--check` name the stale ones and return 1."""
    if "--check" in argv:
        for name in (found := stale()):
            print(f"docs/{name} is stale; `python -m docs.generate` writes it anew.", file=sys.stderr)
        return 1 if found else 0
    for name, page in PAGES.items():
        (FOLDER / name).write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
