"""The commands: a name, the module that holds it, and one line of help. A module is imported when it is needed."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import ModuleType

    from sparklineage.cli.parser import Parser

COMMANDS: dict[str, str] = {
    "submit": "run a Spark job through spark-submit and record its true lineage",
    "runs": "list the applications in the journal",
    "graph": "draw the datasets and jobs of one run, or of all",
    "relay": "deliver what waits in the journal",
    "agent": "show and fetch the OpenLineage agent's JARs",
    "completion": "print the completion script of a shell",
}
"""Every command with its summary; `sparklineage.cli.<name>` is its module."""

EXAMPLES = (
    ("sparklineage submit jobs/pipeline.py", "run a job; its lineage goes into the journal"),
    ("sparklineage graph latest", "draw what it read and wrote"),
    ("sparklineage runs", "every run, and what is delivered of it"),
)


def load(name: str) -> ModuleType:
    """The module of a command: `add_parser(subparsers)` and `run(args, environ) -> int`, save for `submit`."""
    return import_module(f"sparklineage.cli.{name}")


def parser_for(*names: str) -> Parser:
    """A parser that knows the given commands, apart from `submit`, which reads its own arguments."""
    from sparklineage.cli.parser import Parser  # noqa: PLC0415  --help must not wait for argparse

    parser = Parser(prog="sparklineage", add_help=False)
    commands: Any = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name in names:
        load(name).add_parser(commands)
    return parser


def overview() -> str:
    """What `sparklineage --help` prints."""
    wide = max(map(len, COMMANDS))
    long = max(len(command) for command, _ in EXAMPLES)
    lines = [
        "usage: sparklineage COMMAND [options]",
        "       sparklineage --version | --help",
        "",
        "The true lineage of Spark jobs, with OpenLineage.",
        "",
        "commands:",
        *(f"  {name:<{wide}}  {summary}" for name, summary in COMMANDS.items()),
        "",
        "examples:",
        *(f"  {command:<{long}}  {what}" for command, what in EXAMPLES),
        "",
        "`sparklineage COMMAND --help` tells the options of a command.",
    ]
    return "\n".join(lines)
