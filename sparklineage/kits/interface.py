"""What a kit is: files for a folder, some of which go to where the nodes fetch them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class KitFile:
    """One file of a kit; its content is a text, bytes, or that of another file."""

    name: str
    about: str
    """What it is and what to do with it, in a sentence."""
    text: str | None = None
    data: bytes | None = None
    source: Path | None = None
    """A file to be copied, such as the agent."""
    upload: bool = False
    """Whether the nodes fetch it, so that it has to be where they look for it."""
    executable: bool = False

    def content(self) -> bytes:
        """Its bytes. Raises OSError where a file to be copied cannot be read."""
        if self.source is not None:
            return self.source.read_bytes()
        return self.data if self.data is not None else (self.text or "").encode()


@dataclass(frozen=True, kw_only=True)
class Jar:
    """A JAR that a kit brings, such as the agent."""

    name: str
    sha256: str
    path: Path | None = None
    """Where it lies on this machine; None for an example without the JAR itself."""

    @classmethod
    def of(cls, path: Path, name: str | None = None) -> Jar:
        """A file, under its own or another name. Raises OSError."""
        return cls(name=name or path.name, sha256=sha256_of(path.read_bytes()), path=path)


@dataclass(frozen=True, kw_only=True)
class Kit:
    """Everything for one platform."""

    files: tuple[KitFile, ...]
    """The script first."""
    notes: tuple[str, ...] = ()
    """What is to be known and done, a sentence each."""

    def file(self, name: str) -> KitFile:
        """The file of this name. Raises KeyError."""
        for one in self.files:
            if one.name == name:
                return one
        raise KeyError(name)


def sha256_of(data: bytes) -> str:
    """In hexadecimal digits, as a script has it."""
    return hashlib.sha256(data).hexdigest()
