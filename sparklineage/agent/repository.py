"""Where to fetch from, in which order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sparklineage.agent.ivy import Ivy, find_java
from sparklineage.agent.login import with_login
from sparklineage.agent.maven import maven_settings
from sparklineage.agent.source import LocalCopies, Nowhere
from sparklineage.agent.web import repository as parse

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sparklineage.agent.source import Source


def sources(
    *,
    home: Path,
    environ: Mapping[str, str],
    repository: str | None = None,
    spark_home: Path | None = None,
    java: str | None = None,
    ivy_settings: Path | None = None,
    timeout: float = 15.0,
) -> list[Source]:
    """The places to ask, first one first.

    A configured `repository` is the only one. Else: copies on this machine; the mirror that Maven's settings put in
    the place of the public repository; Ivy with the user's Ivy settings (`ivy_settings`, or those in `home`), or,
    where neither Maven nor Ivy was told otherwise, as it comes: nobody's mirror is gone around. A repository whose
    URL or settings hold no login gets the one in the environment or in a netrc file. `java` is found through
    `environ` if not given. Raises ConfigError for a wrong URL or a broken settings file.
    """
    if repository:
        return [with_login(parse(repository, timeout=timeout), home=home, environ=environ, configured=True)]
    maven = maven_settings(home, environ, timeout=timeout)
    found: list[Source] = [LocalCopies(maven=maven.local, ivy=tuple(sorted(home.glob(".ivy2*"))))]
    if maven.mirror:
        found.append(with_login(maven.mirror, home=home, environ=environ, configured=False))
    own = home / ".ivy2" / "ivysettings.xml"
    settings = ivy_settings or (own if own.is_file() else None)
    if settings or not maven.mirror:
        found.append(_ivy(spark_home, java or find_java(environ), settings, environ))
    return found


def _ivy(spark_home: Path | None, java: str | None, settings: Path | None, environ: Mapping[str, str]) -> Source:
    if spark_home is None:
        return Nowhere(place="Ivy", why="there is no Spark whose Ivy could fetch it")
    if java is None:
        return Nowhere(place="Ivy", why="there is no Java that could run Spark's Ivy")
    return Ivy(spark_home=spark_home, java=java, settings=settings, environ=environ)
