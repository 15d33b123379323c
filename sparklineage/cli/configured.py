"""The options by which commands are told which configuration they are about, and the conf set that comes of it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from sparklineage.errors import SparklineageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from sparklineage.assemble import Finished
    from sparklineage.config.spec import Spec
    from sparklineage.submit.spark import SparkInstall

_OPTIONS = {
    "--namespace": "NAME", "--job-name": "NAME", "--backend": "URL", "--journal": "DIR", "--agent-version": "VERSION",
    "--agent-jar": "PATH", "--repository": "URL",
}  # fmt: skip


def add_options(parser: argparse.ArgumentParser, *, platform: bool = True) -> None:
    """`--config`, `--profile`, `--platform`, and the options that are a layer of their own."""
    parser.add_argument("--config", metavar="FILE", help="configuration file (default: sparklineage.yml here)")
    parser.add_argument("--profile", metavar="NAME", help="profile of the file")
    if platform:
        parser.add_argument("--platform", metavar="NAME", help="platform whose section counts too")
    parser.add_argument("--spark-home", metavar="DIR", help="the Spark that it is for")
    for flag, value in _OPTIONS.items():
        parser.add_argument(flag, metavar=value, help="as for `submit`")


def spec_of(args: argparse.Namespace, environ: Mapping[str, str]) -> Spec:
    """The configuration that the options, the environment and the file give. Raises ConfigError."""
    from sparklineage.config.loading import load_spec  # noqa: PLC0415

    flags = {flag: getattr(args, flag[2:].replace("-", "_")) for flag in _OPTIONS}
    return load_spec(
        environ=environ,
        flags=flags,
        directory=Path(),
        config=Path(args.config) if args.config else None,
        profile=args.profile,
        platform=args.platform,
    )


def finished_of(spec: Spec, args: argparse.Namespace, environ: Mapping[str, str]) -> Finished:
    """Its finished conf set, for the Spark that is found, if any, joined with the properties file of `--into`.

    Raises what `finished`, `find_spark` and `properties_file` raise.
    """
    from sparklineage.assemble import finished  # noqa: PLC0415

    done = finished(spec, install=_install(args, environ), home=Path.home())
    return _into(done, Path(args.into), args.into) if args.into else done


def with_defaults(done: Finished, environ: Mapping[str, str]) -> tuple[Finished, Path | None]:
    """The same, joined with the spark-defaults.conf that Spark would read, and where that is; None where there is none.

    Raises ConfigError for one that cannot be read.
    """
    from sparklineage.submit.user_conf import defaults_file  # noqa: PLC0415

    path = defaults_file(done.install, environ)
    if path is None or not path.is_file():
        return done, None
    return _into(done, path, path.name), path


def _into(done: Finished, path: Path, name: str) -> Finished:
    from sparklineage.assemble.properties_file import properties_file  # noqa: PLC0415

    return done.merged_with(properties_file(path, name))


def _install(args: argparse.Namespace, environ: Mapping[str, str]) -> SparkInstall | None:
    from sparklineage.submit.spark import find_spark  # noqa: PLC0415

    home = Path(args.spark_home) if args.spark_home else None
    try:
        return find_spark(environ, home=home, python=Path(sys.executable))
    except SparklineageError:
        if home is not None:
            raise
        return None
