"""`sparklineage completion`: the completion script of a shell, to be read by its start-up file."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from sparklineage.cli.commands import COMMANDS, whole_parser
from sparklineage.errors import MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Mapping

SHELLS = ("bash", "zsh", "tcsh")
_FOLDERS, _FILES = {"DIR"}, {"FILE", "PATH", "JAR", "APP"}
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
    parser = _marked(whole_parser(spark=True), shtab.FILE, shtab.DIRECTORY)
    print(shtab.complete(parser, args.shell))
    return 0


def _marked(parser: argparse.ArgumentParser, files: Any, folders: Any) -> argparse.ArgumentParser:
    """The parser with shtab's marks on whatever takes a path."""
    for action in parser._actions:  # noqa: SLF001
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            for command in action.choices.values():
                _marked(command, files, folders)
        elif action.metavar in _FOLDERS:
            action.complete = folders  # type: ignore[attr-defined]
        elif action.metavar in _FILES:
            action.complete = files  # type: ignore[attr-defined]
    return parser
