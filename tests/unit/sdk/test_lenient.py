"""Facets and datasets that cannot be made, where a step is open and where none is."""

from __future__ import annotations

import inspect
import json
from typing import TYPE_CHECKING, Any

import pytest

import sparklineage
from sparklineage import datasets, facets
from sparklineage.model.lenient import NO_DATASET, NO_FACET, NoDataset, NoFacet
from sparklineage.relay.steps import Steps
from sparklineage.sdk.steps.step import StepHandle

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NAN = float("nan")
NOT_A_TEXT: Any = None
GOOD = sparklineage.Dataset("n", "good")
BAD: list[Callable[[StepHandle], None]] = [
    lambda step: step.facets(facets.mlflow(run_id=NOT_A_TEXT)),
    lambda step: step.facets(facets.mlflow(run_id="x", metrics={"auc": NAN})),
    lambda step: step.facets(facets.mlflow()),  # type: ignore[call-arg]
    lambda step: step.writes(datasets.s3("b", NOT_A_TEXT)),
    lambda step: step.reads(datasets.s3()),  # type: ignore[call-arg]
    lambda step: step.reads(datasets.s3("b", NOT_A_TEXT).with_facets(facets.documentation("x"))),
    lambda step: step.reads(GOOD.with_facets(facets.tags(NOT_A_TEXT))),
    lambda step: step.reads(GOOD.with_facets(facets.symlinks(datasets.s3("", "")))),
    lambda step: step.reads(
        GOOD.with_facets(facets.data_quality_assertions(facets.assertion(NOT_A_TEXT, success=True)))
    ),
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SPARKLINEAGE_JOURNAL_RUN", str(tmp_path))
    return tmp_path


def records(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "steps.ndjson").read_text().splitlines()]


@pytest.mark.parametrize("tell", BAD)
def test_in_a_step_it_is_one_warning_and_left_out(
    tell: Callable[[StepHandle], None], folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    done = False
    with sparklineage.step(None, "score", outputs=["s3://b/out"]) as step:
        tell(step)
        done = True
    assert done
    (message,) = caplog.messages
    assert message.startswith("step 'score': its lineage is not complete: ")
    told = records(folder)
    assert told[-1]["error"] is None
    read = [item for line in told for item in line.get("inputs", [])]
    assert read in ([], [{"namespace": "n", "name": "good", "facets": {}}])
    assert [line for line in told if line["type"] == "stepFacets"] == []


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("tell", BAD)
def test_outside_and_where_it_is_strict_it_raises(tell: Callable[[StepHandle], None]) -> None:
    with pytest.raises((ValueError, TypeError)):
        tell(StepHandle(None, "none"))
    with pytest.raises((ValueError, TypeError)), sparklineage.step(None, "score", strict=True) as step:
        tell(step)


@pytest.mark.parametrize("tell", BAD)
def test_in_a_job_without_lineage_it_is_nothing(
    tell: Callable[[StepHandle], None], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SPARKLINEAGE_JOURNAL_RUN", raising=False)
    with sparklineage.step(None, "around"):
        with sparklineage.step(None, "score") as step:
            tell(step)
        tell(step)
    assert caplog.messages == []
    with pytest.raises((ValueError, TypeError)):
        tell(StepHandle(None, "none"))


def test_what_is_made_of_nothing_is_nothing() -> None:
    assert isinstance(NO_DATASET.with_facets(NO_FACET), NoDataset)
    assert isinstance(sparklineage.Dataset.of(NO_DATASET), NoDataset)
    assert isinstance(facets.symlinks(NO_DATASET), NoFacet)


def test_the_relay_passes_over_a_dataset_without_a_name() -> None:
    steps = Steps()
    nothing = [{"namespace": "", "name": ""}]
    steps.feed({"type": "stepStart", "step": "s", "time": 1, "name": "s", "inputs": nothing, "outputs": nothing})
    assert not steps.by_id["s"].declares


def test_the_functions_are_what_they_were() -> None:
    assert facets.mlflow.__name__ == "mlflow"
    assert "run_id" in inspect.signature(facets.mlflow).parameters
    assert datasets.s3("b", "k") == sparklineage.Dataset("s3://b", "k")


def test_a_function_that_is_declared_inside_leaves_nothing_out_twice(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPARKLINEAGE_JOURNAL_RUN", str(tmp_path))
    with sparklineage.step(None, "score"):
        sparklineage.reads(datasets.s3("b", NOT_A_TEXT))(len)
    assert len(caplog.messages) == 1


def test_a_job_without_lineage_hears_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SPARKLINEAGE_JOURNAL_RUN", raising=False)
    monkeypatch.chdir(tmp_path)
    with sparklineage.step(None, "score", inputs=["s3://b/flights"], outputs=["s3://b/delays"]) as step:
        step.column_lineage({"delays.speed": ["flights.distance"]})
        step.column_lineage({"x.y": ["z.w"]})
        step.facets(facets.documentation("x"))
    assert caplog.messages == []
