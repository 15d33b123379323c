from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sparklineage.model import warning
from sparklineage.sdk import ended

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _nothing_told_yet(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A cause is told once in a process, and every test is to hear of it."""
    monkeypatch.setattr(warning, "_told", set())
    monkeypatch.setattr(ended, "_is_told", None)
    monkeypatch.setattr(ended, "_runs", set())
    yield
