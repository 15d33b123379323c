"""What the fast tests of several packages need."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.aws import moto_server


@pytest.fixture(scope="session")
def moto() -> Iterator[str]:
    """The address of AWS as moto plays it; a test that needs it empty resets it."""
    with moto_server() as url:
        yield url
