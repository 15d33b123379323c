"""`sparklineage init`: a commented sparklineage.yml to start from."""

from __future__ import annotations

import shlex
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from sparklineage.cli.commands import COMMANDS
from sparklineage.errors import ConfigError, UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Mapping

    from sparklineage.config.starting import Answers

_ABOUT = """\
Write a commented sparklineage.yml. On a terminal it asks for what no option says; elsewhere it takes the options and
leaves the rest as examples. A file that is there is never overwritten."""


def add_parser(subparsers: Any) -> None:
    """Add `init` to the commands of a parser."""
    parser = subparsers.add_parser("init", help=COMMANDS["init"], description=_ABOUT)
    parser.add_argument("path", nargs="?", default="sparklineage.yml", metavar="FILE", help="default: sparklineage.yml")
    parser.add_argument("--namespace", metavar="NAME", help="OpenLineage namespace, such as dev.team.domain")
    parser.add_argument("--job-name", metavar="NAME", help="name of the application's job")
    parser.add_argument("--backend", metavar="URL", help="address of the OpenLineage backend")
    parser.add_argument("--api-key", metavar="REFERENCE", help="where its key lies, such as env:OPENLINEAGE_API_KEY")
    parser.add_argument("--yes", action="store_true", help="ask nothing")


def run(args: argparse.Namespace, environ: Mapping[str, str]) -> int:  # noqa: ARG001
    """Write the file and say what to do next. Raises UsageError for a wrong answer or a file that is there."""
    from sparklineage.cli.written import write_new  # noqa: PLC0415
    from sparklineage.config.starting import Answers, starting_file  # noqa: PLC0415

    path = Path(args.path)
    if path.exists() or path.is_symlink():
        raise UsageError(f"{path} is there already and stays as it is; name another file.")
    answers = Answers(namespace=_checked(args.namespace, "namespace", "--namespace") or Answers.namespace,
                      job=_checked(args.job_name, "job.name", "--job-name"),
                      url=_checked(args.backend, "transport.url", "--backend"),
                      api_key=_checked(args.api_key, "transport.auth.apiKey", "--api-key"))  # fmt: skip
    asks = not args.yes and sys.stdin.isatty() and sys.stdout.isatty()
    if answers.api_key and not answers.url and not asks:
        raise UsageError("--api-key needs the --backend that it is for.")
    if asks:
        answers = _asked(answers, args, sys.stdin)
    write_new(path, starting_file(answers), "init")
    shown = (
        "sparklineage explain"
        if args.path == "sparklineage.yml"
        else f"sparklineage explain --config {shlex.quote(args.path)}"
    )
    print(f"{path} is written. `{shown}` shows what it sets.")
    return 0


def _asked(answers: Answers, args: argparse.Namespace, stdin: TextIO) -> Answers:
    """The answers of a person; an empty line takes what stands in brackets."""

    def ask(question: str, default: str | None, key: str) -> str | None:
        while True:
            print(f"{question} [{default or 'none'}]: ", end="", flush=True)
            line = stdin.readline()
            if not line:
                print()
                raise KeyboardInterrupt
            try:
                return _checked(line.strip(), key, "the answer") or default
            except (UsageError, ConfigError) as error:
                print(error)

    questions: list[tuple[str, str, str, Callable[[Answers], bool]]] = [
        ("namespace", "Namespace of the jobs, as env.team.domain", "namespace", lambda _: args.namespace is None),
        ("job", "Name of the job; none takes the application's", "job.name", lambda _: args.job_name is None),
        ("url", "Address of the backend; none keeps lineage in the journal", "transport.url",
         lambda _: args.backend is None),
        ("api_key", "Where its API key lies, such as env:OPENLINEAGE_API_KEY", "transport.auth.apiKey",
         lambda found: bool(found.url) and args.api_key is None),
    ]  # fmt: skip
    for field, question, key, wanted in questions:
        if wanted(answers):
            given: dict[str, Any] = {field: ask(question, getattr(answers, field), key)}
            answers = replace(answers, **given)
    return answers


def _checked(text: str | None, name: str, where: str) -> str | None:
    """The text, if the key takes it. Raises UsageError, and ConfigError for a broken reference."""
    if not text:
        return None
    from sparklineage.config.conf import name_of_agent  # noqa: PLC0415
    from sparklineage.config.definition import definition  # noqa: PLC0415
    from sparklineage.config.reading import described, read_value  # noqa: PLC0415
    from sparklineage.config.values import WrongValueError  # noqa: PLC0415
    from sparklineage.model.masking import mask  # noqa: PLC0415
    from sparklineage.model.secret import Secret  # noqa: PLC0415

    key = definition().keys[name]
    try:
        value = read_value(text, key)
    except WrongValueError as error:
        raise UsageError(f"{where} is {described(text, key)}, but {error} is needed.{error.hint}") from None
    if isinstance(value, Secret):
        raise UsageError(f"{where} is no reference to a secret; write env:NAME or file:/path, never the secret itself.")
    if key.kind == "url" and mask(text) != text:
        raise UsageError(f"{where} has a secret in it, which does not belong into a file; give the address without it.")
    if name_of_agent(key.spark) and text.strip().startswith("[") and text.strip().endswith("]"):
        raise UsageError(f"{where} is a text in brackets, which the agent would read as a list; take others.")
    return value if isinstance(value, str) else text
