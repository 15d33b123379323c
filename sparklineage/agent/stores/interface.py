"""What a place for JARs can do, and what it is given."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

from sparklineage.agent.artifact import digest_of
from sparklineage.errors import AgentJarError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from sparklineage.agent.artifact import Artifact, Progress

State = Literal["missing", "equal", "other"]
"""What a place has under a file's name: nothing, the same bytes, or others; `other` too where it cannot be told."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, kw_only=True)
class Payload:
    """One file to be put somewhere."""

    name: str
    """Its name there."""
    path: Path | None
    """Where it lies; None for one that is not fetched yet, which can be compared and not sent."""
    sha512: str | None
    """None where neither the file nor a pinned digest is there."""
    size: int | None
    """Bytes."""


@dataclass(frozen=True, kw_only=True)
class Stored:
    """One JAR that a place has."""

    name: str
    size: int | None
    sha512: str | None
    """As it was written down when the toolkit put it there; None for a file of somebody else's."""


@dataclass(frozen=True, kw_only=True)
class StoreOptions:
    """What the kinds of places take besides the address."""

    encryption: str | None = None
    """Of S3: `AES256`, `aws:kms` or `aws:kms:dsse`."""
    kms_key: str | None = None
    """The id, ARN or alias of a key, for encryption by KMS."""
    tags: Mapping[str, str] = field(default_factory=dict)
    """Of an S3 object."""
    region: str | None = None
    """Where the bucket has to lie; None follows it wherever it is."""
    endpoint_url: str | None = None
    """Of an S3-compatible store."""


class Store(Protocol):
    """A folder of some service. Every method but `address` raises StoreError and its kinds, and MissingExtraError."""

    def address(self, name: str) -> str:
        """How Spark and people name a file here; without asking anybody."""

    def state(self, payload: Payload) -> State:
        """What is there under the payload's name. Raises NoSuchPlaceError where the place itself is missing."""

    def put(self, payload: Payload, progress: Progress | None) -> None:
        """Write the file, whole or not at all, over whatever is there."""

    def stored(self) -> Sequence[Stored]:
        """The JARs that are here, by name."""


def payload(path: Path, *, name: str | None = None, sha512: str | None = None) -> Payload:
    """A file of this machine; its digest is taken if it is not known. Raises AgentJarError where it cannot be read."""
    try:
        digest = sha512 or digest_of(path)
        return Payload(name=name or path.name, path=path, sha512=digest, size=path.stat().st_size)
    except FileNotFoundError:
        raise AgentJarError(f"{path}: there is no such file; give the path of a JAR.") from None
    except OSError as error:
        raise AgentJarError(f"{path}: cannot be read ({error.strerror or error}).") from None


def awaited(artifact: Artifact) -> Payload:
    """A file that is still to be fetched."""
    return Payload(name=artifact.file_name, path=None, sha512=artifact.sha512, size=artifact.size)


def refuse_control(target: str) -> None:
    """Raises UsageError for an address with a line break or another character that no name has."""
    if _CONTROL.search(target):
        raise UsageError(f"{target!r} has a control character in it; write the address on one line.")
