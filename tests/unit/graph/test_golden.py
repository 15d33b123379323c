"""Each folder of tests/golden/graph holds events and what every format makes of them.

`SPARKLINEAGE_GOLDEN=write pytest tests/unit/graph` writes the expected files anew; review them with `git diff`.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sparklineage.graph import Graph, Look, build, draw, to_dot, to_json, to_mermaid

if TYPE_CHECKING:
    from collections.abc import Callable

CASES = Path(__file__).parents[2] / "golden" / "graph"
FORMS: dict[str, Callable[[Graph], str]] = {
    "expected.txt": lambda graph: draw(graph, Look(width=100)),
    "expected.narrow.txt": lambda graph: draw(graph, Look(width=60, unicode=False)),
    "expected.json": to_json,
    "expected.dot": to_dot,
    "expected.mmd": to_mermaid,
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("case", sorted(path.name for path in CASES.iterdir()))
def test_graph_looks_as_expected(case: str, form: str) -> None:
    """The events of the case come out as the file says, to the character."""
    events = (CASES / case / "events.ndjson").read_text(encoding="utf-8").splitlines()
    found = FORMS[form](build(map(json.loads, events))) + "\n"
    expected = CASES / case / form
    if os.environ.get("SPARKLINEAGE_GOLDEN") == "write":
        expected.write_text(found, encoding="utf-8")
    assert found == expected.read_text(encoding="utf-8")
