from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import sparklineage

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def strict() -> Iterator[None]:
    """An open step that is strict, in which facets and datasets raise what is wrong with them."""
    with sparklineage.step(None, "strict", strict=True):
        yield
