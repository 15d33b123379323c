"""`sparklineage`: finds the command, and turns whatever goes wrong into one sentence and an exit code."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from sparklineage.cli.commands import COMMANDS, load, overview, parser_for
from sparklineage.cli.streams import let_go, open_missing
from sparklineage.errors import SparklineageError, UsageError, suggestion
from sparklineage.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

INTERRUPTED = 130
BROKEN_PIPE = 141


def main(argv: Sequence[str] | None = None, environ: Mapping[str, str] | None = None) -> int:
    """Run one command and return its exit status; prints to this process's stdout and stderr."""
    argv = sys.argv[1:] if argv is None else list(argv)
    environ = os.environ if environ is None else environ
    open_missing()
    for stream in (sys.stdout, sys.stderr):
        # A dataset's name may hold characters that this terminal cannot show.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        status = _run(argv, environ)
        if argv and argv[0] == "submit":
            let_go()  # the status is the job's own, whatever became of our streams
        else:
            sys.stdout.flush()
        return status
    except SparklineageError as error:
        _say(f"sparklineage: {error}")
        return error.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has had enough. The interpreter must not complain when it flushes at exit.
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except Exception as error:  # noqa: BLE001  a bug of ours: one sentence, whatever it is
        _report(error, debug=environ.get("SPARKLINEAGE_DEBUG") == "1")
        return SparklineageError.exit_code


def _run(argv: Sequence[str], environ: Mapping[str, str]) -> int:
    first = argv[0] if argv else "--help"
    if first in {"-h", "--help"}:
        print(overview())
        return 0
    if first in {"-V", "--version"}:
        print(f"sparklineage {VERSION}")
        return 0
    if first not in COMMANDS:
        kind = "option" if first.startswith("-") else "command"
        hint = suggestion(first, ["--help", "--version"] if kind == "option" else COMMANDS)
        raise UsageError(f"there is no {kind} {first!r}.{hint or f' The commands are {_listed()}.'}")
    command = load(first)
    if first == "submit":
        # What follows belongs to submit, spark-submit and the job; only submit can tell which is which.
        return int(command.run_raw(list(argv[1:]), environ))
    try:
        args = parser_for(first).parse_args(argv)
    except SystemExit as stop:  # --help has been printed
        return stop.code if isinstance(stop.code, int) else 0
    return int(command.run(args, environ))


def _listed() -> str:
    *names, last = COMMANDS
    return f"{', '.join(names)} and {last}"


def _say(sentence: str) -> None:
    with suppress(OSError):
        print(sentence, file=sys.stderr, flush=True)


def _report(error: Exception, *, debug: bool) -> None:
    from sparklineage.model.masking import mask  # noqa: PLC0415

    if debug:
        import traceback  # noqa: PLC0415

        _say(mask("".join(traceback.format_exception(type(error), error, error.__traceback__))).rstrip())
    text = mask(" ".join(f"{type(error).__name__}: {error}".split()))
    more = "" if debug else ", with what SPARKLINEAGE_DEBUG=1 adds to it"
    _say(f"sparklineage: this is a bug in sparklineage {VERSION}, please report it{more}: {text}")
