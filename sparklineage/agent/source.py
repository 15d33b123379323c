"""Where a file may come from: what each place has to offer, and the copies that are on this machine already."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from sparklineage.agent.artifact import digest_of
from sparklineage.errors import AgentJarError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sparklineage.agent.artifact import Artifact, Progress
    from sparklineage.agent.limit import Limit


class Source(Protocol):
    """A place that may have an artifact."""

    @property
    def place(self) -> str:
        """What messages call it, without secrets."""

    def get(
        self, artifact: Artifact, target: Path, progress: Progress | None, limit: Limit | None = None
    ) -> str | None:
        """Write the file to `target`, which the caller checks and removes.

        Returns the SHA-512 that the place itself publishes for the file, None where it publishes none. Raises
        AgentJarError whose text is the reason, without a final full stop; SlowError when `limit` is over.
        """


@dataclass(frozen=True, kw_only=True)
class LocalCopies:
    """What Maven, Ivy or an earlier `--packages` has left on this machine. Never written to."""

    maven: Path
    """Maven's local repository."""
    ivy: tuple[Path, ...] = ()
    """Ivy's user folders, such as `~/.ivy2`."""

    @property
    def place(self) -> str:
        return "this machine"

    def get(
        self,
        artifact: Artifact,
        target: Path,
        progress: Progress | None,
        limit: Limit | None = None,  # noqa: ARG002 - a copy on this machine does not take long
    ) -> str | None:
        for path in self._candidates(artifact):
            try:
                if path.is_file() and (digest := _published(path, artifact.sha512)):
                    shutil.copyfile(path, target)
                    if progress:
                        size = target.stat().st_size
                        progress(size, size)
                    return digest
            except OSError:
                continue  # Somebody else's cache: an unreadable file in it is as good as none.
        raise AgentJarError(f"no intact copy on {self.place}")

    def _candidates(self, artifact: Artifact) -> Iterator[Path]:
        yield self.maven / artifact.path
        for home in self.ivy:
            for kind in ("jars", "bundles"):
                yield home / "cache" / artifact.group / artifact.name / kind / artifact.file_name
            # Where `spark-submit --packages` retrieves to.
            yield home / "jars" / f"{artifact.group}_{artifact.file_name}"


def _published(path: Path, pinned: str | None) -> str | None:
    """The file's SHA-512 if it is the pinned one, or for want of one the repository's own checksum fits."""
    digest = digest_of(path)
    if pinned:
        return digest if digest == pinned else None
    for algorithm in ("sha512", "sha1"):
        sibling = path.with_name(f"{path.name}.{algorithm}")
        if sibling.is_file():
            words = sibling.read_text("ascii", "replace").split()
            return digest if words and words[0].lower() == digest_of(path, algorithm) else None
    return None


@dataclass(frozen=True, kw_only=True)
class Nowhere:
    """Stands where a place would, to say why it cannot be asked."""

    place: str
    why: str

    def get(
        self,
        artifact: Artifact,  # noqa: ARG002
        target: Path,  # noqa: ARG002
        progress: Progress | None,  # noqa: ARG002
        limit: Limit | None = None,  # noqa: ARG002
    ) -> str | None:
        raise AgentJarError(self.why)
