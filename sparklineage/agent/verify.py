"""Whether a JAR has the bytes that it should have, and who says so."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sparklineage.agent.artifact import apart, digest_of
from sparklineage.agent.cached import pinned
from sparklineage.agent.companions import NAMES, companion
from sparklineage.agent.inspect import inspect
from sparklineage.agent.names import agent_name
from sparklineage.agent.releases import unchecked
from sparklineage.agent.web import Repository
from sparklineage.errors import AgentJarError, ConfigError, DigestError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sparklineage.agent.artifact import Artifact
    from sparklineage.agent.source import Source


@dataclass(frozen=True, kw_only=True)
class Verified:
    """A JAR whose digest is the one that it should have."""

    path: Path
    artifact: Artifact
    sha512: str
    by: str
    """Who says that it should: `the toolkit`, a lock file, the repository."""


def verify(path: Path, *, lock: tuple[Path, Sequence[Artifact]] | None, sources: Sequence[Source]) -> Verified:
    """The JAR, if its SHA-512 is that of the lock file, else the pinned one, else what a repository publishes.

    Raises DigestError where it has another one, AgentJarError where it cannot be read or nobody knows its digest,
    ConfigError for one that the lock file does not know.
    """
    try:
        found = digest_of(path)
    except FileNotFoundError:
        raise AgentJarError(f"{path}: there is no such file; give the path of a JAR.") from None
    except OSError as error:
        raise AgentJarError(f"{path}: cannot be read ({error.strerror or error}).") from None
    artifact, by = _locked(path, *lock) if lock else (_recognised(path, found), "the toolkit")
    wanted = artifact.sha512
    if wanted is None:
        wanted, by = _published(path, artifact, sources)
    if wanted != found:
        ours, theirs = apart(found, wanted)
        raise DigestError(
            f"{path}: not the bytes of {artifact.coordinates}: its SHA-512 begins with {ours.rstrip('…')}, and {by} "
            f"has {theirs.rstrip('…')}; fetch it again."
        )
    return Verified(path=path, artifact=artifact, sha512=found, by=by)


def _locked(path: Path, file: Path, lock: Sequence[Artifact]) -> tuple[Artifact, str]:
    for artifact in lock:
        if artifact.file_name == path.name:
            return artifact, str(file)
    names = ", ".join(artifact.file_name for artifact in lock) or "nothing"
    raise ConfigError(f"{file}: {path.name} is not locked there, it has {names}.")


def _recognised(path: Path, digest: str) -> Artifact:
    """What the file is: by its digest, its name, else its content. Raises AgentJarError."""
    for artifact in pinned():
        if artifact.sha512 == digest:
            return artifact
    for name in NAMES:
        if path.name.startswith(f"{name}-"):
            return _companion(name, path)
    named = agent_name(path.name)
    if named is None or named.version is None or named.scala is None:
        agent = inspect(path)
        if agent.version is None or agent.scala is None:
            raise AgentJarError(f"{path}: neither its name nor its content tells version and Scala; use --locked.")
        return unchecked(agent.scala, agent.version)
    return unchecked(named.scala, named.version)


def _companion(name: str, path: Path) -> Artifact:
    version = path.name.removeprefix(f"{name}-").removesuffix(".jar")
    known = companion(name, version)
    if known.version != version:
        raise AgentJarError(
            f"{path}: only the digest of {known.file_name} is pinned; use --locked for another version."
        )
    return known


def _published(path: Path, artifact: Artifact, sources: Sequence[Source]) -> tuple[str, str]:
    with tempfile.TemporaryDirectory() as folder:
        for source in sources:
            if isinstance(source, Repository) and (digest := source.digest(artifact, Path(folder))):
                return digest, source.place
    raise AgentJarError(
        f"{path}: no digest of {artifact.coordinates} is pinned, and no repository publishes one; name one with "
        "--repository, or use --locked."
    )
