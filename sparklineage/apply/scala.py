"""The Scala of what is there already: an agent for another one ends every job."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sparklineage.config.platforms import platforms
from sparklineage.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable

_AGENT = re.compile(r"openlineage-spark_(2\.1[0-9])-[^/]*\.jar")


def same_scala(platform: str, release: str | None, jars: Iterable[str], what: str) -> None:
    """Raises ConfigError where the agent among `jars` is not for the Scala of the release that `what` has."""
    ours = next((found[1] for jar in jars if (found := _AGENT.search(jar))), None)
    if release is None or ours is None:
        return
    known = platforms().find(platform, release)
    # Of a release that nobody knows the Scala is a guess.
    if known.warning is None and known.release.scala != ours:
        raise ConfigError(
            f"{what} has {release} with Scala {known.release.scala}, and the agent is the one for {ours}: it would end "
            f"every job. Say --release {release}."
        )
