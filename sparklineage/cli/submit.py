"""`sparklineage submit`: the job as spark-submit would run it, and its lineage, true to the end."""

from __future__ import annotations

import json
import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from sparklineage.cli.say import say
from sparklineage.cli.streams import let_go
from sparklineage.errors import ConfigError, SparklineageError, UnsupportedSparkError, UsageError
from sparklineage.submit.options import parse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sparklineage.cli.lineage import Lineage
    from sparklineage.config import Settings
    from sparklineage.submit.options import SubmitCommand
    from sparklineage.submit.spark import SparkInstall
    from sparklineage.submit.user_conf import UserConf


def run_raw(argv: Sequence[str], environ: Mapping[str, str]) -> int:
    """Runs the job; returns its own exit status, 128+n for a signal."""
    if argv and argv[0] in ("--help", "-h"):
        from sparklineage.cli.submit_help import help_text  # noqa: PLC0415

        print(help_text())
        return 0
    from sparklineage.config import is_switched_off  # noqa: PLC0415
    from sparklineage.submit.application import check_application  # noqa: PLC0415
    from sparklineage.submit.java import check_java  # noqa: PLC0415
    from sparklineage.submit.spark import find_spark  # noqa: PLC0415
    from sparklineage.submit.user_conf import effective  # noqa: PLC0415

    command = parse(argv)
    install = find_spark(environ, home=command.own.spark_home, python=Path(sys.executable))
    if command.is_informational:
        return _bare(command, install, environ)
    user = effective(command, install, environ)
    check_application(command, deploy_mode=user.deploy_mode)
    # Off is off, also where the configuration could not be read.
    switched_off = command.own.no_lineage or is_switched_off(environ)
    settings = None if switched_off else _settings(command, environ)
    lineage_off = settings is None or settings.disabled.value
    if not (command.own.dry_run and lineage_off):
        check_java(environ, install.version)
    if settings is None or lineage_off:
        return _bare(command, install, environ)
    return _with_lineage(command, install, user, settings, environ)


def _settings(command: SubmitCommand, environ: Mapping[str, str]) -> Settings:
    from sparklineage.config import load_settings  # noqa: PLC0415

    own = command.own
    flags = {
        "--namespace": own.namespace,
        "--job-name": own.job_name,
        "--journal": str(own.journal) if own.journal else None,
        "--backend": own.backend,
        "--repository": own.repository,
        "--agent-version": own.agent_version,
        "--agent-jar": str(own.agent_jar) if own.agent_jar else None,
        "--drain-timeout": str(own.drain_timeout) if own.drain_timeout is not None else None,
    }
    return load_settings(environ=environ, flags=flags, directory=Path(), config=own.config, profile=own.profile)


def _argv(command: SubmitCommand, install: SparkInstall, extra: Sequence[str] = ()) -> list[str]:
    application = [command.application] if command.application is not None else []
    return [str(install.spark_submit), *command.spark_args, *extra, *application, *command.app_args]


def _bare(command: SubmitCommand, install: SparkInstall, environ: Mapping[str, str]) -> int:
    """Plain spark-submit, in place of this process: nothing of ours is left beside the job."""
    argv = _argv(command, install)
    if command.own.dry_run:
        _print_command(argv)
        return 0
    let_go()
    try:
        os.execve(argv[0], argv, {**environ, **install.environ_additions})
    except OSError as error:
        from sparklineage.errors import SparkNotFoundError  # noqa: PLC0415

        raise SparkNotFoundError(f"{argv[0]}: cannot be started: {error.strerror}.") from None


def _with_lineage(
    command: SubmitCommand, install: SparkInstall, user: UserConf, settings: Settings, environ: Mapping[str, str]
) -> int:
    from sparklineage.cli.lineage import prepare  # noqa: PLC0415
    from sparklineage.cli.run_job import open_run, run_job  # noqa: PLC0415

    try:
        lineage = prepare(command, install, user, settings, environ)
        run = None if command.own.dry_run else open_run(lineage, settings.journal.value)
    except (UsageError, ConfigError, UnsupportedSparkError):
        raise
    except SparklineageError as error:
        if command.own.strict:
            raise
        say(f"warning: {error} The job runs without lineage.")
        return _bare(command, install, environ)
    except Exception as error:  # a bug of ours must not keep the job from running
        if command.own.strict:
            raise
        say(f"warning: lineage could not be set up ({type(error).__name__}: {error}). The job runs without lineage.")
        return _bare(command, install, environ)
    for warning in (*settings.warnings, *lineage.warnings):
        say(f"warning: {warning}")
    argv = _argv(command, install, lineage.arguments)
    if run is None:
        _print_plan(lineage, argv)
        return 0
    return run_job(argv, run, lineage, settings, {**environ, **install.environ_additions, **lineage.environ})


def _print_command(argv: Sequence[str]) -> None:
    from sparklineage.cli.masked import masked_command  # noqa: PLC0415

    print(" \\\n  ".join(_grouped(masked_command(argv))))


def _grouped(argv: Sequence[str]) -> list[str]:
    """The command in lines: an option and its value stay together."""
    lines: list[str] = []
    for word in argv:
        quoted = shlex.quote(word)
        if lines and lines[-1].startswith("-") and " " not in lines[-1] and "=" not in lines[-1] and word[:1] != "-":
            lines[-1] += f" {quoted}"
        else:
            lines.append(quoted)
    return lines


def _print_plan(lineage: Lineage, argv: Sequence[str]) -> None:
    from sparklineage.cli.masked import masked_value  # noqa: PLC0415

    _print_command(argv)
    print("\n# properties that sparklineage adds")
    for key, value, why in lineage.properties:
        print(f"{key}={masked_value(key, value)}" + (f"    # {why}" if why else ""))
    if lineage.variables:
        print("\n# variables of the driver, for what must not be in its command")
        for name, text in lineage.variables.items():
            print(f"{name}={shlex.quote(text)}")
    print("\n# " + json.dumps(lineage.facts))
    for note in lineage.notes:
        print(f"# {note}")
