"""`sparklineage completion`: the completion script of a shell, to be read by its start-up file."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from sparklineage.cli.commands import COMMANDS, parser_for
from sparklineage.errors import MissingExtraError
from sparklineage.submit.options import OWN_OPTIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

SHELLS = ("bash", "zsh", "tcsh")
_EPILOG = """\
bash: sparklineage completion bash > ~/.local/share/bash-completion/completions/sparklineage
zsh:  sparklineage completion zsh > a folder of your $fpath, as _sparklineage
tcsh: sparklineage completion tcsh > ~/.sparklineage.tcsh, and `source` it in ~/.tcshrc
"""


def add_parser(subparsers: Any) -> None:
    """Add `completion` to the commands of a parser."""
    parser = subparsers.add_parser(
        "completion",
        help=COMMANDS["completion"],
        description="Print the script that completes sparklineage's commands and options in a shell.",
        epilog=_EPILOG,
    )
    parser.add_argument("shell", choices=SHELLS, metavar="SHELL", help="bash, zsh or tcsh")


def run(args: argparse.Namespace, environ: Mapping[str, str]) -> int:  # noqa: ARG001
    """Print the script. Raises MissingExtraError without shtab."""
    try:
        import shtab
    except ImportError:
        raise MissingExtraError(
            "the completion scripts are made by shtab, which is not installed: "
            "pip install 'sparklineage-toolkit[completion]'."
        ) from None
    print(shtab.complete(whole_parser(shtab.FILE, shtab.DIRECTORY), args.shell))
    return 0


def whole_parser(files: Any = None, folders: Any = None) -> argparse.ArgumentParser:
    """Every command and option in one parser; `files` and `folders` are shtab's marks for what completes a path."""
    parser = parser_for(*(name for name in COMMANDS if name != "submit"))
    parser.add_argument("-h", "--help", action="store_true", help="what there is")
    parser.add_argument("-V", "--version", action="store_true", help="the version")
    commands: Any = next(action for action in parser._actions if isinstance(action, argparse._SubParsersAction))  # noqa: SLF001
    submit = commands.add_parser("submit", help=COMMANDS["submit"])
    for option in OWN_OPTIONS:
        if option.metavar is None:
            submit.add_argument(option.flag, action="store_true", help=option.help)
        else:
            submit.add_argument(option.flag, metavar=option.metavar, help=option.help)
    submit.add_argument("application", metavar="APP", help="the application").complete = files
    for command in commands.choices.values():
        for action in command._actions:  # noqa: SLF001
            if action.metavar == "DIR":
                action.complete = folders
            elif action.metavar in {"FILE", "JAR"}:
                action.complete = files
    return parser
