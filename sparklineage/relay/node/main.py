"""`relay.pyz`: the command line of a node's relay, and the only place of it that prints and reads `os.environ`."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from typing import TYPE_CHECKING

from sparklineage.errors import SparklineageError, UsageError
from sparklineage.relay.node.config import config_at
from sparklineage.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sparklineage.relay.node.config import NodeConfig

_BROKEN_PIPE = 141
_STATUS = """\
exit status: 0, or 1 where `check` does not reach the backend; 2 for wrong options, 64 for a wrong relay.json,
65 for a spool that cannot be read or written, 67 where another relay watches it, 77 where events remain after `drain`
"""


def main(argv: Sequence[str] | None = None, environ: Mapping[str, str] | None = None) -> int:
    """Run one command and return its exit status; everything that goes wrong is one sentence on stderr."""
    environ = os.environ if environ is None else environ
    args = _parser().parse_args(argv)
    try:
        status = _run(args, environ)
        sys.stdout.flush()
        return status
    except SparklineageError as error:
        _tell(str(error))
        return error.exit_code
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _BROKEN_PIPE
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        # A bug of ours: one sentence, whatever it is.
        if environ.get("SPARKLINEAGE_DEBUG"):
            raise
        _tell(f"a bug of the relay ({type(error).__name__}); SPARKLINEAGE_DEBUG=1 shows where.")
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="relay.pyz",
        description="Delivers the lineage of the applications on this node.",
        epilog=_STATUS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    version = f"sparklineage relay {VERSION} (Python {platform.python_version()})"
    parser.add_argument("--version", action="version", version=version)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, text in _COMMANDS.items():
        command = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
        command.add_argument("--config", metavar="FILE", required=True, help="relay.json of this node, or "
                             "env:NAME for the variable that holds its text")  # fmt: skip
        if name == "watch":
            command.add_argument("--drain-timeout", metavar="SECONDS", type=float, default=10.0,
                                 help="how long to go on delivering once told to end (10)")  # fmt: skip
        if name == "drain":
            command.add_argument("--timeout", metavar="SECONDS", type=float, default=300.0,
                                 help="give up after this time (300)")  # fmt: skip
        if name == "status":
            command.add_argument("--json", action="store_true", help="as one JSON object, with all runs")
            command.add_argument("--all", action="store_true", help="all runs, not only the first 20")
    return parser


_COMMANDS = {
    "watch": "deliver while applications run, until TERM or INT",
    "status": "tell how the runs of this node stand",
    "drain": "deliver what waits, and leave",
    "check": "ask the backend once, without sending an event",
}


def _run(args: argparse.Namespace, environ: Mapping[str, str]) -> int:
    config = config_at(args.config, environ)
    if args.command == "check":
        return _check(config, environ)
    if args.command == "status":
        return _status(config, args)
    from sparklineage.relay.node.account import become_owner  # noqa: PLC0415
    from sparklineage.relay.node.log import Log  # noqa: PLC0415
    from sparklineage.relay.node.service import Node  # noqa: PLC0415
    from sparklineage.relay.service import Bell  # noqa: PLC0415

    become_owner(config.state)
    if args.command == "drain":
        seconds = _positive("--timeout", args.timeout)
        print(Node(config, environ, Log(None)).drain(Bell(), until=time.monotonic() + seconds))
        return 0
    seconds, bell = _positive("--drain-timeout", args.drain_timeout), Bell()
    log = Log(config.log)
    try:
        Node(config, environ, log).watch(bell, drain=seconds)
    except SparklineageError as error:
        log.alert(str(error))
        raise
    except Exception as error:
        log.alert(f"a bug of the relay ({type(error).__name__}) ends it")
        raise
    finally:
        log.close()
    return 0


def _check(config: NodeConfig, environ: Mapping[str, str]) -> int:
    from sparklineage.relay.node.check import check  # noqa: PLC0415
    from sparklineage.relay.node.place import region_of  # noqa: PLC0415
    from sparklineage.relay.node.secrets import fetcher  # noqa: PLC0415

    found = check(config.backend, fetcher(environ, region_of(config)))
    print(found.line)
    if found.hint:
        print(f"hint: {found.hint}")
    return 0 if found.good else 1


def _status(config: NodeConfig, args: argparse.Namespace) -> int:
    from sparklineage.relay.node.report import lines, report  # noqa: PLC0415

    found = report(config)
    if args.json:
        print(json.dumps(found, indent=1))
    else:
        for line in lines(found, everything=args.all):
            print(line)
    return 0


def _positive(option: str, seconds: float) -> float:
    if not seconds > 0:
        raise UsageError(f"{option} is {seconds:g}; write seconds, such as 10.")
    return seconds


def _tell(text: str) -> None:
    print(f"relay.pyz: {text}", file=sys.stderr, flush=True)
