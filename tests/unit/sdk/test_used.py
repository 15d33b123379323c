"""What a function that is pickled can come to call, without looking at all the data that it has."""

from __future__ import annotations

import tracemalloc
from typing import Any

import pytest

from sparklineage.sdk.functions.used import unused

LOOKUP: dict[int, Any] = {}


class Mark:
    """Stands in a class for a method."""


class Client:
    get, put = Mark(), Mark()

    def ask(self, number: int) -> Any:
        return LOOKUP.get(number), self.get


def is_mark(kind: type) -> bool:
    return kind is Mark


@pytest.mark.parametrize(
    ("size", "expected"),
    [(20_000, {id(Client.put)}), (1_000_000, set())],
    ids=["of a common table all is seen", "of a large one a part, and all counts as used"],
)
def test_of_what_a_function_looks_up_in_no_more_than_a_part_is_seen(
    size: int, expected: set[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(globals(), "LOOKUP", dict.fromkeys(range(size)))
    tracemalloc.start()
    try:
        assert unused(Client().ask, is_mark) == expected
        assert tracemalloc.get_traced_memory()[1] < 4_000_000
    finally:
        tracemalloc.stop()
