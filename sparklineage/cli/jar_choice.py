"""Which JARs the options of `jar` mean, and the places to fetch them from."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

from sparklineage.errors import SparkNotFoundError, UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Mapping

    from sparklineage.agent.artifact import Artifact
    from sparklineage.agent.source import Source
    from sparklineage.config.spec import Spec
    from sparklineage.submit.spark import SparkInstall


@dataclass(frozen=True, kw_only=True)
class Target:
    """One Spark that an agent is for; its version is None where only the Scala is known."""

    version: str | None
    scala: str


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What the options mean."""

    artifacts: tuple[Artifact, ...]
    """Agents first, then what their transports need; each once."""
    targets: tuple[Target, ...]
    spec: Spec
    install: SparkInstall | None
    """The Spark on this machine, where one is found: its Ivy may fetch."""

    def sources(self, environ: Mapping[str, str]) -> list[Source]:
        """The places to fetch from, first one first. Raises ConfigError."""
        from sparklineage.agent.repository import sources  # noqa: PLC0415  HTTP, TLS and XML: only where they are needed

        return sources(
            home=home_of(environ),
            environ=environ,
            repository=self.spec.text("agent.repository"),
            spark_home=self.install.home if self.install else None,
        )


def home_of(environ: Mapping[str, str]) -> Path:
    return Path(environ.get("HOME") or Path.home())


def cache_of(environ: Mapping[str, str]) -> Path:
    """The cache of JARs."""
    from sparklineage.agent.fetch import default_cache  # noqa: PLC0415

    return default_cache(environ, home_of(environ))


def add_choice(parser: argparse.ArgumentParser) -> None:
    """The options by which `fetch` and `upload` are told which JARs."""
    add = parser.add_argument
    add("--version", action="append", metavar="V", help="version of the agent (default: the newest known); repeatable")
    add("--scala", action="append", choices=["2.12", "2.13"], help="Spark's Scala; repeatable")
    add("--spark", action="append", metavar="V", help="the Spark that it is for, such as 3.5.6; repeatable")
    add("--platform", metavar="NAME", help="the platform that it is for, such as emr; with --release")
    add("--release", action="append", metavar="R", help="its release, such as emr-7.5.0; repeatable")
    add("--with", action="append", dest="companions", metavar="JAR",
        help="also this one, such as transports-gcs or kafka-clients; that of the configured transport comes anyway"
        )  # fmt: skip
    add("--force", action="store_true", help="take the nearest for a Spark that none is known to support")
    add("--locked", metavar="FILE", help="take the digests from this lock file, and all of its JARs if none are chosen")
    add_places(parser)


def add_places(parser: argparse.ArgumentParser) -> None:
    """The options that say where JARs come from."""
    add = parser.add_argument
    add("--repository", metavar="URL", help="fetch from this Maven repository: https, http or file")
    add("--spark-home", metavar="DIR", help="the Spark that it is for, and whose Ivy may fetch it")
    add("--config", metavar="FILE", help="configuration file (default: sparklineage.yml here)")
    add("--profile", metavar="NAME", help="profile of the file")


def choose_jars(args: argparse.Namespace, environ: Mapping[str, str]) -> Choice:
    """The JARs. Raises UsageError, ConfigError, UnsupportedSparkError, SparkNotFoundError and DigestError."""
    from sparklineage.agent.companions import all_companions, companion  # noqa: PLC0415

    spec, install = spec_of(args, environ), find_install(args, environ)
    lock = _lock(args)
    if lock is not None and not (args.version or args.scala or args.spark or args.release or args.companions):
        return Choice(artifacts=lock[1], targets=(), spec=spec, install=install)
    targets = tuple(_targets(args, spec, install))
    versions = args.version or [spec.text("agent.version")]
    agents = [_agent(target, version, force=args.force) for target, version in product(targets, versions)]
    found = dict.fromkeys(agents)
    for version in dict.fromkeys(agent.version for agent in agents):
        found |= dict.fromkeys(all_companions(transport_types(spec), version))
        found |= dict.fromkeys(companion(name, version) for name in args.companions or ())
    artifacts = tuple(found)
    if lock is not None:
        from sparklineage.agent.lockfile import locked  # noqa: PLC0415

        artifacts = locked(artifacts, lock[1], lock[0])
    return Choice(artifacts=artifacts, targets=targets, spec=spec, install=install)


def transport_types(spec: Spec) -> list[str]:
    """The types of the configured transport and of those inside of it, such as `composite`, `http`, `kafka`."""
    inside = [name for name in spec.resolved if name.startswith("transport.") and name.endswith(".type")]
    return [str(spec[name]) for name in inside if not name.endswith((".auth.type",)) and spec[name] is not None]


def spec_of(args: argparse.Namespace, environ: Mapping[str, str]) -> Spec:
    """The configuration, whose `agent` section counts. Raises ConfigError."""
    from sparklineage.config.loading import load_spec  # noqa: PLC0415

    return load_spec(
        environ=environ,
        flags={"--repository": args.repository},
        directory=Path.cwd(),
        config=Path(args.config) if args.config else None,
        profile=args.profile,
    )


def find_install(args: argparse.Namespace, environ: Mapping[str, str]) -> SparkInstall | None:
    """The Spark of --spark-home, else the one that `submit` would use. Raises SparkNotFoundError for the former."""
    from sparklineage.submit.spark import find_spark  # noqa: PLC0415

    home = Path(args.spark_home).expanduser() if args.spark_home else None
    try:
        return find_spark(environ, home=home, python=Path(sys.executable))
    except SparkNotFoundError:
        if home is not None:
            raise
        return None


def _lock(args: argparse.Namespace) -> tuple[Path, tuple[Artifact, ...]] | None:
    if not args.locked:
        return None
    from sparklineage.agent.lockfile import read_lock  # noqa: PLC0415

    path = Path(args.locked)
    return path, read_lock(path)


def _targets(args: argparse.Namespace, spec: Spec, install: SparkInstall | None) -> Iterator[Target]:
    if bool(args.platform) != bool(args.release):
        raise UsageError("--platform and --release go together: --platform emr --release emr-7.5.0.")
    chosen = False
    for release in args.release or ():
        chosen = True
        yield _of_release(args.platform, release)
    for version in args.spark or ():
        chosen = True
        scalas = args.scala or ["2.13" if version.partition(".")[0] == "4" else "2.12"]
        yield from (Target(version=version, scala=scala) for scala in scalas)
    if chosen:
        return
    configured = spec.text("agent.scala")
    scalas = args.scala or ([configured] if configured else [])
    if scalas and not args.spark_home:
        yield from (Target(version=None, scala=scala) for scala in scalas)
    elif install is None:
        raise UsageError(
            "no Spark was found here; say which one it is for with --spark, --scala or --platform and --release."
        )
    else:
        yield from (Target(version=install.version, scala=scala) for scala in scalas or [install.scala])


def _of_release(platform: str, release: str) -> Target:
    from sparklineage.cli.terminal import warn  # noqa: PLC0415
    from sparklineage.config.platforms import platforms  # noqa: PLC0415

    found = platforms().find(platform, release)
    if found.warning:
        warn(found.warning)
    return Target(version=found.release.upstream, scala=found.release.scala)


def _agent(target: Target, version: str | None, *, force: bool) -> Artifact:
    from sparklineage.agent.releases import choose, unchecked  # noqa: PLC0415

    if target.version is None:
        return unchecked(target.scala, version)
    return choose(target.version, target.scala, version, force=force)
