"""A file of a Maven repository, with the digest that it has to have."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Progress = Callable[[int, "int | None"], None]
    """Called with the bytes that are there and the bytes expected (None where nobody knows)."""

CHUNK = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Artifact:
    """One JAR by its Maven coordinates. Without a `sha512` its repository has to vouch for it."""

    group: str
    name: str
    version: str
    sha512: str | None
    """The pinned digest, in lower-case hexadecimal."""
    size: int | None = None
    """Bytes, where known: for the progress bar alone, the digest is what decides."""

    @property
    def coordinates(self) -> str:
        """`io.openlineage:openlineage-spark_2.13:1.53.0`, as `--packages` takes it."""
        return f"{self.group}:{self.name}:{self.version}"

    @property
    def file_name(self) -> str:
        return f"{self.name}-{self.version}.jar"

    @property
    def path(self) -> PurePosixPath:
        """Where the file lies in a repository with Maven's layout."""
        return PurePosixPath(*self.group.split("."), self.name, self.version, self.file_name)


def apart(one: str, other: str) -> tuple[str, str]:
    """The beginnings of two digests, as long as it takes to see that they differ; 16 digits at least."""
    same = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), 0)
    digits = max(16, same + 4)
    return _beginning(one, digits), _beginning(other, digits)


def _beginning(text: str, digits: int) -> str:
    return f"{text[:digits]}…" if len(text) > digits else text


def digest_of(path: Path, algorithm: str = "sha512") -> str:
    """The digest of a file in lower-case hexadecimal (an agent JAR takes about 0.1 s)."""
    total = hashlib.new(algorithm)
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            total.update(chunk)
    return total.hexdigest()
