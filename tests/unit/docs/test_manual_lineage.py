"""The page about manual lineage: its examples run, and its links lead somewhere."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

PAGE = Path(__file__).parents[3] / "docs" / "manual-lineage.md"
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)


@pytest.mark.parametrize("block", BLOCKS, ids=["step", "function", "stream", "facets"])
def test_an_example_runs_without_a_warning(
    block: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("SPARKLINEAGE_JOURNAL_RUN", str(tmp_path))
    exec(block, {"__name__": "example"})  # noqa: S102 - the page's own
    assert caplog.messages == []


def test_the_step_of_the_page_says_all_that_it_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPARKLINEAGE_JOURNAL_RUN", str(tmp_path))
    exec(BLOCKS[0], {})  # noqa: S102 - the page's own
    told: list[dict[str, Any]] = [json.loads(line) for line in (tmp_path / "steps.ndjson").read_text().splitlines()]
    assert [item["type"] for item in told] == ["stepStart", "stepDatasets", "stepDatasets", "stepFacets", "stepEnd"]
    fields = told[2]["outputs"][0]["facets"]["columnLineage"]["fields"]["score"]["inputFields"]
    assert [item["name"] for item in fields] == ["orders", "shop.public.customers"]


def test_every_link_leads_to_a_file() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", PAGE.read_text(encoding="utf-8"))
    missing = [link for link in links if not (PAGE.parent / link).exists()]
    assert missing == []
    assert len(links) > 8
