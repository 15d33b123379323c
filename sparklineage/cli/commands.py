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
    "jar": "fetch, check and upload the JARs that lineage needs",
    "init": "write a commented sparklineage.yml to start from",
    "explain": "tell what is configured, where each value came from, and what a key means",
    "conf": "print the finished Spark properties, or what a platform takes",
    "bootstrap": "write the kit that puts lineage and its relay on every node of a cluster",
    "schema": "print the JSON Schema of sparklineage.yml, for editors",
    "lint": "find mistakes in lineage configuration",
    "migrate": "bring lineage configuration up to date",
    "completion": "print the completion script of a shell",
}
"""Every command with its summary; `sparklineage.cli.<name>` is its module."""

SUBMIT_DESCRIPTION = (
    "Run a job through spark-submit and record its lineage. Every option of spark-submit is passed on, in your order; "
    "the options below may stand anywhere before the application. What follows the application is its own."
)

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


def whole_parser(*, spark: bool = False) -> Parser:
    """A parser that knows every command, for documentation and completion; with `spark` also spark-submit's options."""
    from sparklineage.config.spark_options import SWITCHES, VALUED  # noqa: PLC0415
    from sparklineage.submit.options import OWN_OPTIONS  # noqa: PLC0415

    parser = parser_for(*(name for name in COMMANDS if name != "submit"))
    parser.add_argument("-h", "--help", action="store_true", help="show the commands and leave")
    parser.add_argument("-V", "--version", action="store_true", help="show the version and leave")
    commands: Any = next(action for action in parser._actions if action.dest == "command")  # noqa: SLF001
    submit = commands.add_parser("submit", help=COMMANDS["submit"], description=SUBMIT_DESCRIPTION)
    known = {"--help", *(option.flag for option in OWN_OPTIONS)}
    for option in OWN_OPTIONS:
        _add_option(submit, option.flag, option.metavar, option.help)
    for flag in sorted((VALUED | SWITCHES) - known) if spark else ():
        _add_option(submit, flag, "VALUE" if flag in VALUED else None, "as for spark-submit")
    submit.add_argument("application", metavar="APP", help="the Python file or JAR")
    submit.add_argument("arguments", nargs="*", metavar="ARGUMENT", help="the application's own arguments")
    return parser


def _add_option(parser: Parser, flag: str, metavar: str | None, text: str) -> None:
    if metavar is None:
        parser.add_argument(flag, action="store_true", help=text)
    else:
        parser.add_argument(flag, metavar=metavar, help=text)


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
