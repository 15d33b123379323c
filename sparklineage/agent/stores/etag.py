"""Comparing a file with an object of S3 that carries no digest of ours."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_ETAG = re.compile(r'"?([0-9a-f]{32})(?:-(\d{1,5}))?"?')
_MIB = 1 << 20
_PARTS = (8 * _MIB, 16 * _MIB, 5 * _MIB)
"""Sizes of the parts: those of boto3 and the AWS CLI, of other tools, the smallest that there is."""


def same_by_etag(path: Path, etag: str) -> bool:
    """Whether the ETag is the MD5 of the file, or that of the MD5s of its parts.

    Source: Amazon S3 API Reference, Object. With a key of KMS the ETag is something else, and never the same.
    """
    match = _ETAG.fullmatch(etag)
    if match is None:
        return False
    size = path.stat().st_size
    if match[2] is None:
        return _md5(path, size or 1)[0].hex() == match[1]
    for part in _PARTS:
        if -(-size // part) == int(match[2]):
            whole = hashlib.md5(b"".join(_md5(path, part)), usedforsecurity=False)
            if whole.hexdigest() == match[1]:
                return True
    return False


def _md5(path: Path, part: int) -> list[bytes]:
    with path.open("rb") as file:
        found = []
        while content := file.read(part):
            found.append(hashlib.md5(content, usedforsecurity=False).digest())
    return found or [hashlib.md5(b"", usedforsecurity=False).digest()]
