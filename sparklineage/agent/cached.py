"""What is in the cache of JARs."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from sparklineage.agent.artifact import digest_of
from sparklineage.agent.companions import companion
from sparklineage.agent.fetch import stamped_digest
from sparklineage.agent.releases import releases

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sparklineage.agent.artifact import Artifact

    State = Literal["intact", "damaged", "not known"]


@dataclass(frozen=True, kw_only=True)
class Cached:
    """One JAR of the cache."""

    path: Path
    coordinates: str
    size: int
    """Bytes."""
    state: State
    """By its pinned digest, else by the one that it had when it came; `not known` without either."""


def cached_jars(cache: Path) -> Iterator[Cached]:
    """Every JAR in the cache, by coordinates; each is read whole."""
    root = cache / "jars"
    digests = {artifact.coordinates: artifact.sha512 for artifact in pinned()}
    for path in sorted(root.rglob("*.jar")):
        parts = path.relative_to(root).parts
        if len(parts) < 4 or not path.is_file():
            continue  # Nothing that we have put there.
        coordinates = f"{'.'.join(parts[:-3])}:{parts[-3]}:{parts[-2]}"
        wanted = digests.get(coordinates) or stamped_digest(path)
        state: State = "not known"
        size = 0
        with suppress(OSError):
            size = path.stat().st_size
            if wanted:
                state = "intact" if digest_of(path) == wanted else "damaged"
        yield Cached(path=path, coordinates=coordinates, size=size, state=state)


def pinned_digest(file_name: str) -> str | None:
    """The SHA-512 that the toolkit knows for a JAR of this name; None for any other."""
    return next((artifact.sha512 for artifact in pinned() if artifact.file_name == file_name), None)


def pinned() -> Iterator[Artifact]:
    """Every JAR whose digest the toolkit knows."""
    for release in releases().known:
        yield from release.artifacts.values()
    yield companion("kafka-clients")
