"""The two JARs that a job with lineage carries, at paths that Spark reads as they are."""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from sparklineage.agent.fetch import cached, default_cache, fetch
from sparklineage.agent.inspect import inspect
from sparklineage.agent.limit import SlowError
from sparklineage.agent.releases import choose, releases
from sparklineage.cli.plain_paths import private_folder
from sparklineage.cli.progress import Progress
from sparklineage.errors import AgentJarError, UnsupportedSparkError
from sparklineage.model.masking import mask
from sparklineage.submit.lineage_conf import is_plain_jar_path
from sparklineage.witness import jar_path

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sparklineage.agent.artifact import Artifact
    from sparklineage.config import Settings
    from sparklineage.submit.options import SubmitCommand
    from sparklineage.submit.spark import SparkInstall
    from sparklineage.submit.user_conf import UserConf

PATIENCE = 30.0
"""Seconds that a job waits for its agent, and ten more for each megabyte that comes."""
SPARE = 300.0
"""Seconds for which a place that wasted this time is not asked again."""


def agent_jar(
    command: SubmitCommand, install: SparkInstall, user: UserConf, settings: Settings, environ: Mapping[str, str]
) -> Path:
    """The agent that was named, else the one that fits this Spark, from the cache or fetched; its path fit for Spark.

    A dry run fetches nothing and gives the path that the JAR would have. Raises UnsupportedSparkError for a Spark
    or Scala that the JAR was not made for, AgentJarError for everything that keeps the JAR away.
    """
    if (offered := settings.agent_jar.value) is not None:
        found = inspect(offered.absolute())
        if not command.own.force:
            found.require(install.version, install.scala)
        return _need_plain(found.path)
    _need_scala(settings, install)
    artifact = choose(install.version, install.scala, settings.agent_version.value, force=command.own.force)
    return had(artifact, command=command, install=install, user=user, settings=settings, environ=environ)


def had(
    artifact: Artifact,
    *,
    command: SubmitCommand,
    install: SparkInstall,
    user: UserConf,
    settings: Settings,
    environ: Mapping[str, str],
) -> Path:
    """A JAR from the cache, or fetched; in a dry run the path that it would have. Raises AgentJarError."""
    cache = default_cache(environ, Path.home())
    if command.own.dry_run:
        return cache / "jars" / artifact.path
    if settings.repository.value is None and (found_there := cached(artifact, cache=cache)) is not None:
        return _need_plain(found_there)
    from sparklineage.agent.repository import sources  # noqa: PLC0415  HTTP, TLS and XML: only where they are needed

    ivy = user.value("spark.jars.ivySettings")
    places = sources(
        home=Path.home(),
        environ=environ,
        repository=settings.repository.value,
        spark_home=install.home,
        ivy_settings=Path(ivy) if ivy else None,
    )
    try:
        with Progress(artifact.file_name, sys.stderr) as progress:
            jar = fetch(artifact, cache=cache, sources=places, progress=progress, limit=PATIENCE, spare=SPARE)
    except SlowError as error:
        where = f" --repository {mask(settings.repository.value)}" if settings.repository.value else ""
        again = f"sparklineage jar fetch {_what(artifact, settings, install)}{where}"
        raise AgentJarError(f"{error} To fetch it now, for as long as it takes: {again}") from None
    return _need_plain(jar)


def _what(artifact: Artifact, settings: Settings, install: SparkInstall) -> str:
    """The options of `jar fetch` for one JAR."""
    if artifact.name.startswith("openlineage-spark"):
        return f"--version {artifact.version} --scala {'2.13' if artifact.name.endswith('2.13') else '2.12'}"
    version = settings.agent_version.value or releases().default
    return f"--version {version} --scala {install.scala} --with {artifact.name}"


def _need_scala(settings: Settings, install: SparkInstall) -> None:
    asked = settings.agent_scala
    if asked.value is not None and asked.value != install.scala:
        raise UnsupportedSparkError(
            f"{asked.source}: agent.scala is {asked.value}, but this Spark ({install.version}) runs Scala "
            f"{install.scala}; leave agent.scala out, and the agent is chosen for the Spark that is found."
        )


def _need_plain(jar: Path) -> Path:
    if not is_plain_jar_path(jar):
        raise AgentJarError(
            f"{jar}: Spark would misread this path (a comma, a blank, a wild card or a letter beyond ASCII is in it); "
            "keep the JAR in another folder, with --agent-jar or SPARKLINEAGE_CACHE."
        )
    return jar


def witness_jar(warnings: list[str]) -> Path | None:
    """A path of the witness that Spark reads as it is; None where there is none, so that it is not listed.

    A listed class that is not on the class path fails the application, so there must be no doubt. Why there is
    none is added to `warnings`.
    """
    jar = jar_path()
    if not jar.is_file():
        warnings.append(f"{jar} is missing; failed queries may be told as COMPLETE. Install the package anew.")
        return None
    if is_plain_jar_path(jar):
        return jar
    # Named by its content's size and time, so that runs share it and an upgrade is not overlooked.
    state = jar.stat()
    folder = private_folder()
    with suppress(OSError):
        copy = (folder or jar.parent) / f"witness-{state.st_size}-{state.st_mtime_ns}.jar"
        if folder is not None and is_plain_jar_path(copy):
            if not copy.is_file():
                part = copy.with_suffix(f".{os.getpid()}.part")
                shutil.copyfile(jar, part)
                part.replace(copy)
            return copy
    warnings.append(f"{jar}: Spark would misread this path; failed queries may be told as COMPLETE.")
    return None
