"""Run ids. OpenLineage wants UUIDs; version 7 sorts by time, as the agent's own do."""

from __future__ import annotations

import os
import uuid

from sparklineage.model.clock import now_ms

_NAMESPACE = uuid.UUID("5b0f5a0e-6d0c-5a51-9c0e-3f7a3f1f9a10")


def new_run_id() -> str:
    """A new UUID of version 7 (RFC 9562)."""
    value = (now_ms() & ((1 << 48) - 1)) << 80 | int.from_bytes(os.urandom(10), "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return str(uuid.UUID(int=value))


def derived_run_id(*parts: object) -> str:
    """The same UUID (version 5) for the same parts, so that a journal read twice names its runs alike."""
    return str(uuid.uuid5(_NAMESPACE, "\x1f".join(map(str, parts))))


def is_run_id(text: str) -> bool:
    """Whether `text` is a UUID as `java.util.UUID.fromString` and every backend read it."""
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False
