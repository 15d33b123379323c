from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import sparklineage
from sparklineage.model import warning

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def strict() -> Iterator[None]:
    """An open step that is strict, in which facets and datasets raise what is wrong with them."""
    with sparklineage.step(None, "strict", strict=True):
        yield


@pytest.fixture(autouse=True)
def _nothing_told_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Warnings of one process have an end, and those of these tests are not to count elsewhere."""
    monkeypatch.setattr(warning, "_told", set())
