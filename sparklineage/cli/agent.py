"""`sparklineage agent`: which agents there are, fetching one, and what a JAR is."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from sparklineage.errors import AgentJarError, SparkNotFoundError, UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from sparklineage.agent.artifact import Artifact
    from sparklineage.submit.spark import SparkInstall

_FETCH = """\
Put the agent's JAR into the cache, its digest checked, and print its path. Without options: the newest one for the
Spark that `sparklineage submit` would use. It comes from --repository; else from a copy that Maven or Ivy has on this
machine, the mirror in Maven's settings, or the Ivy inside Spark, with its settings."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """`agent fetch`, `agent releases` and `agent inspect`."""
    about = "Show and fetch the OpenLineage agent's JARs."
    parser = subparsers.add_parser("agent", help="show and fetch the OpenLineage agent's JARs", description=about)
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    fetch = actions.add_parser("fetch", help="put an agent's JAR on disk, verified", description=_FETCH)
    fetch.add_argument("--version", metavar="V", help="version of the agent (default: the newest known)")
    fetch.add_argument("--scala", choices=["2.12", "2.13"], help="Spark's Scala")
    fetch.add_argument("--spark-version", metavar="V", help="the Spark that it is for, such as 3.5.6 or 4.2.0")
    fetch.add_argument("--spark-home", metavar="DIR", help="the Spark that it is for, and whose Ivy may fetch it")
    fetch.add_argument("--repository", metavar="URL", help="fetch from this Maven repository: https, http or file")
    fetch.add_argument("--out", metavar="DIR", help="put a copy into this folder and print its path")
    fetch.add_argument("--config", metavar="FILE", help="configuration file")
    fetch.add_argument(
        "--force", action="store_true", help="take the nearest for a Spark that none is known to support"
    )
    what = "List the agents that are known, and the Spark versions each runs on."
    actions.add_parser("releases", help="list the known agents and what they run on", description=what)
    what = "Tell version and Scala of an agent JAR, the Spark versions it runs on, and whether it is as published."
    inspect = actions.add_parser("inspect", help="tell what a JAR is", description=what)
    inspect.add_argument("jar", metavar="JAR")


def run(args: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Prints the answer on stdout, progress on stderr."""
    if args.action == "releases":
        return _releases()
    if args.action == "inspect":
        return _inspect(Path(args.jar).expanduser())
    return _fetch(args, environ)


def _fetch(args: argparse.Namespace, environ: Mapping[str, str]) -> int:
    from sparklineage.agent.fetch import default_cache, fetch  # noqa: PLC0415
    from sparklineage.agent.repository import sources  # noqa: PLC0415
    from sparklineage.cli.progress import Progress  # noqa: PLC0415
    from sparklineage.config import load_settings  # noqa: PLC0415

    settings = load_settings(
        environ=environ,
        flags={"--repository": args.repository, "--agent-version": args.version},
        directory=Path.cwd(),
        config=Path(args.config) if args.config else None,
    )
    install = _spark(args, environ)
    artifact = _artifact(args, settings.agent_version.value, install)
    home = Path(environ.get("HOME") or Path.home())
    found = sources(
        home=home,
        environ=environ,
        repository=settings.repository.value,
        spark_home=install.home if install else None,
    )
    with Progress(artifact.file_name, sys.stderr) as progress:
        path = fetch(artifact, cache=default_cache(environ, home), sources=found, progress=progress)
    print(_copied(path, Path(args.out).expanduser()) if args.out else path)
    return 0


def _spark(args: argparse.Namespace, environ: Mapping[str, str]) -> SparkInstall | None:
    from sparklineage.submit.spark import find_spark  # noqa: PLC0415

    try:
        home = Path(args.spark_home).expanduser() if args.spark_home else None
        return find_spark(environ, home=home, python=Path(sys.executable))
    except SparkNotFoundError:
        # Only its Ivy is missed when the options say which Spark the agent is for.
        if args.spark_home or not (args.spark_version or args.scala):
            raise
        return None


def _artifact(args: argparse.Namespace, wanted: str | None, install: SparkInstall | None) -> Artifact:
    from sparklineage.agent.releases import choose, unchecked  # noqa: PLC0415

    if args.spark_version:
        scala = args.scala or ("2.13" if args.spark_version.startswith("4") else "2.12")
        return choose(args.spark_version, scala, wanted, force=args.force)
    if args.scala and not args.spark_home:
        return unchecked(args.scala, wanted)
    if install is None:
        raise UsageError("agent fetch: say which Spark it is for with --spark-version or --scala.")
    return choose(install.version, args.scala or install.scala, wanted, force=args.force)


def _copied(path: Path, folder: Path) -> Path:
    import shutil  # noqa: PLC0415

    target, part = folder / path.name, folder / f".{path.name}.part"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, part)
        part.replace(target)
    except OSError as error:
        raise AgentJarError(f"--out {folder}: cannot be written ({error.strerror}); name another folder.") from None
    return target


def _releases() -> int:
    from sparklineage.agent.releases import releases, span  # noqa: PLC0415

    known = releases()
    rows = [("version", "Scala", "Spark", "size")]
    for release in known.known:
        for scala, artifact in release.artifacts.items():
            version = release.version + (" (default)" if release.version == known.default else "")
            rows.append((version, scala, span(release.spark[scala]), f"{(artifact.size or 0) / 1e6:.1f} MB"))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip())
    return 0


def _inspect(path: Path) -> int:
    from sparklineage.agent.inspect import inspect  # noqa: PLC0415
    from sparklineage.agent.releases import span  # noqa: PLC0415

    jar = inspect(path)
    unknown = "not known"
    print(f"version  {jar.version or unknown}")
    print(f"Scala    {jar.scala or unknown}")
    print(f"Spark    {span(jar.spark) or unknown}")
    print(f"digest   {jar.digest_state()}")
    return 0
