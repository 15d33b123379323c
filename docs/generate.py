"""Writes the pages of docs/ that describe the program, and conf/ and bootstrap/ from the example conf/sparklineage.yml.

With --check it only tells which of them are stale.

The words of argparse differ between versions of Python, so the pages are made from the parser's own actions.
"""

from __future__ import annotations

import argparse
import json
import shlex
import sys
import textwrap
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docs.facet_pages import facets_page
from docs.lint_pages import keys_page, lint_page
from docs.platform_pages import platforms_page
from docs.settings_pages import settings_page
from sparklineage.agent.names import LISTENER as AGENT
from sparklineage.assemble.order import order_for
from sparklineage.cli.commands import COMMANDS, EXAMPLES, whole_parser
from sparklineage.cli.main import BROKEN_PIPE, INTERRUPTED
from sparklineage.config import Settings, load_settings
from sparklineage.config.json_schema import json_schema
from sparklineage.config.loading import load_spec
from sparklineage.errors import SparklineageError, tree
from sparklineage.kits.databricks import kit as databricks_kit
from sparklineage.kits.dataproc import kit as dataproc_kit
from sparklineage.kits.emr import kit as emr_kit
from sparklineage.kits.interface import Jar, Kit
from sparklineage.kits.kubernetes import kit as kubernetes_kit
from sparklineage.kits.machine import kit as machine_kit
from sparklineage.submit.lineage_conf import LineageSpec, lineage_args
from sparklineage.submit.options import parse
from sparklineage.submit.user_conf import UserConf
from sparklineage.targets import NAMES, Application, target
from sparklineage.witness import LISTENER as WITNESS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

WIDTH = 100
ROOT = Path(__file__).resolve().parents[1]
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
        "`sparklineage lint` exits with 0 where it finds nothing wrong, 1 with errors or warnings, 2 where it could",
        "not read something.",
        "",
        "| code | error | meaning |",
        "|---|---|---|",
        "| 1 | | a bug in sparklineage; `SPARKLINEAGE_DEBUG=1` shows where |",
        *(f"| {code} | `{name}` | {_cell(meaning)} |" for code, name, meaning in rows),
        f"| {INTERRUPTED} | | interrupted with Ctrl-C |",
        f"| {BROKEN_PIPE} | | whoever read the output closed it early, as `head` does |",
    ]
    return "\n".join(lines) + "\n"


def submit_arguments() -> str:
    """What `submit` puts between the user's options and the application, for the example."""
    settings = _example()
    folder = settings.journal.value / _RUN
    spec = LineageSpec(
        run_id=_RUN,
        namespace=settings.namespace.value,
        app_name=settings.job.value or "",
        parent=None,
        folder=folder,
        agent_listener=AGENT,
        agent_jar=_JARS / f"openlineage-spark_2.13-{settings.agent_version.value}.jar",
        witness_listener=WITNESS,
        witness_jar=_JARS / "witness.jar",
        properties=settings.properties,
    )
    conf = lineage_args(parse(["job.py"]), UserConf(), spec)
    lines = ["# What `sparklineage submit --config conf/sparklineage.yml --profile prod job.py` adds, for one run id."]
    pairs = zip(conf.args[::2], conf.args[1::2], strict=True)
    return "\n".join([*lines, *(f"{flag} {shlex.quote(value)}" for flag, value in pairs)]) + "\n"


_RUN = "01936f0c-7e1b-7c6e-9d2f-3b1f0a5d8e42"
_JARS = Path("/opt/sparklineage")
_EXAMPLE = ROOT / "conf" / "sparklineage.yml"
_AGENTS = {
    "2.12": "9fe28ee2e5b2cb535cd51b6572394bddeb684bf0c58650a698cf7724ce62d94d",
    "2.13": "5d84b0ae7e72909b5aae7ed87df878bf06b28d9ac3005765c3529d0a66dbae6f",
}
"""SHA-256 of the agent that the example asks for, by Scala: a kit's script has it, and the JAR is not here."""
_KITS: dict[str, tuple[str, Callable[..., Kit]]] = {
    "emr": ("emr", emr_kit),
    "databricks": ("databricks", databricks_kit),
    "dataproc": ("dataproc", dataproc_kit),
    "kubernetes": ("kubernetes", kubernetes_kit),
    "machine": ("spark-defaults", machine_kit),
}
"""The platform of each kit, and what makes it."""
_IMAGE = "registry.example.com/spark-lineage:3.5"
_WITHOUT_KEY = ("glue", "sagemaker")


def _example() -> Settings:
    return load_settings(
        profile="prod",
        environ={"OPENLINEAGE_API_KEY": "not-used"},
        flags={},
        directory=ROOT,
        config=_EXAMPLE,
    )


def schema() -> str:
    """The JSON Schema of the file, for editors."""
    return json.dumps(json_schema(), indent=1, ensure_ascii=False) + "\n"


PAGES: dict[str, Callable[[], str]] = {
    "docs/cli.md": cli_page,
    "docs/exit-codes.md": exit_codes_page,
    "docs/settings.md": lambda: settings_page(_NOTE),
    "docs/platforms.md": lambda: platforms_page(_NOTE),
    "docs/keys.md": lambda: keys_page(_NOTE),
    "docs/lint.md": lambda: lint_page(_NOTE),
    "docs/facets.md": lambda: facets_page(_NOTE),
    "conf/sparklineage.schema.json": schema,
    "conf/submit-arguments.txt": submit_arguments,
}


def _targets() -> Iterator[tuple[str, Callable[[], str]]]:
    """A folder for each target: what `sparklineage conf TARGET --application … --out conf/TARGET` writes."""
    application = Application(uri="s3://example-jobs/flights.py", arguments=("--day", "2013-01-01"))
    for name in NAMES:
        profile = None if name in _WITHOUT_KEY else "prod"
        spec = load_spec(environ={}, flags={}, directory=ROOT, config=_EXAMPLE, profile=profile, platform=name)
        order = order_for(spec, name, install=None, home=Path("/"), application=application)
        # Before the lines are broken: where this checkout lies must not show.
        order = replace(order, why_agent=order.why_agent.replace(f"{ROOT}/", ""))
        for artefact in target(name).render(order).artefacts:
            yield f"conf/{name}/{artefact.name}", partial(str.replace, artefact.text, f"{ROOT}/", "")


def _kits() -> Iterator[tuple[str, Callable[[], str]]]:
    """The texts of the kits: what `sparklineage bootstrap PLATFORM --out bootstrap/PLATFORM` writes."""
    for name, (platform, kit) in _KITS.items():
        spec = load_spec(environ={}, flags={}, directory=ROOT, config=_EXAMPLE, profile="prod", platform=platform)
        if name == "kubernetes":
            spec = spec.with_platform("platform.relayImage", _IMAGE, "--image")
        order = order_for(spec, platform, install=None, home=Path("/"), kit=True)
        order = replace(order, why_agent=order.why_agent.replace(f"{ROOT}/", ""))
        agent = Jar(name=f"openlineage-spark_{order.scala}-1.53.0.jar", sha256=_AGENTS[order.scala])
        for file in kit(spec, order, agent).files:
            if file.text is not None:
                yield f"bootstrap/{name}/{file.name}", partial(str.replace, file.text, f"{ROOT}/", "")


PAGES |= _targets()
PAGES |= _kits()


def stale(root: Path = ROOT) -> list[str]:
    """The generated files that are missing or differ from what the program says."""
    return [
        name
        for name, page in PAGES.items()
        if not (root / name).is_file() or (root / name).read_text(encoding="utf-8") != page()
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
            print(f"{name} is stale; `python -m docs.generate` writes it anew.", file=sys.stderr)
        return 1 if found else 0
    for name, page in PAGES.items():
        (ROOT / name).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / name).write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
