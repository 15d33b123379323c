from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

import sparklineage
from sparklineage import datasets, facets

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SPARKLINEAGE_JOURNAL_RUN", str(tmp_path))
    return tmp_path


def last(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "steps.ndjson").read_text().splitlines()[-2])
    return found


@pytest.mark.parametrize(
    ("target", "source"),
    [
        ("delays.speed", "flights.distance"),
        ("gold/delays.speed", "raw/flights.distance"),
        ("s3://b/gold/delays.speed", "s3://b/raw/flights.distance"),
        (("delays", "speed"), ("s3://b/raw/flights", "distance")),
        ((("s3://b", "gold/delays"), "speed"), (("s3://b", "raw/flights"), "distance")),
    ],
)
def test_columns_are_named_as_their_datasets_were_declared(folder: Path, target: Any, source: Any) -> None:
    with sparklineage.step(
        None, "score", inputs=["s3://b/raw/flights", "s3://b/raw/planes"], outputs=["s3://b/gold/delays"]
    ) as step:
        step.column_lineage({target: [source]}, transformation=facets.transformation("identity"))
    (output,) = last(folder)["outputs"]
    assert (output["namespace"], output["name"]) == ("s3://b", "gold/delays")
    (found,) = output["facets"]["columnLineage"]["fields"]["speed"]["inputFields"]
    assert (found["namespace"], found["name"], found["field"]) == ("s3://b", "raw/flights", "distance")
    assert found["transformations"] == [{"type": "DIRECT", "subtype": "IDENTITY", "masking": False}]


def test_paths_are_taken_wherever_datasets_are(folder: Path, tmp_path: Path) -> None:
    source, target = tmp_path / "my in", tmp_path / "Größe"
    with sparklineage.step(None, "score", inputs=[source], outputs=[target], strict=True) as step:
        step.reads(tmp_path / "late")
        step.column_lineage({(target, "speed"): [(source, "distance")]})
    (output,) = last(folder)["outputs"]
    (found,) = output["facets"]["columnLineage"]["fields"]["speed"]["inputFields"]
    assert (output["name"], found["name"]) == (str(target), str(source))
    declared = [json.loads(line)["inputs"] for line in (folder / "steps.ndjson").read_text().splitlines()[:2]]
    assert declared == [[{"namespace": "file", "name": str(path)}] for path in (source, tmp_path / "late")]


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ({"delay.speed": ["flights.distance"]}, "did you mean 'delays'"),
        ({"delays.speed": ["x.distance"]}, "'x' is none of the step's inputs"),
        ({"speed": ["flights.distance"]}, "a column is 'dataset.column'"),
        ({"delays.speed": 3}, "column 'delays.speed' is left out: what it is made from "),
        ({}, None),
        (None, "the columns are {'output.column': ['input.column', …]}, and not a NoneType"),
    ],
)
def test_an_unknown_column_is_one_warning(
    folder: Path, columns: Any, told: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    with sparklineage.step(None, "score", inputs=["s3://b/flights"], outputs=["s3://b/delays"]) as step:
        step.column_lineage(columns)
    assert len((folder / "steps.ndjson").read_text().splitlines()) == 2
    assert len(caplog.messages) == (1 if told else 0)
    assert told is None or told in caplog.messages[0]


def test_one_bad_column_leaves_the_others(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    columns: dict[Any, Any] = {
        "out.a": ["orders.a"],
        "out.b": ["order.b"],
        "out.c": ("orders.c" for _ in range(1)),
        "out.d": None,
        "jdbc:postgresql://u:canary-5up3r@h/db#t.e": ["orders.e", 3],
        ("out", " "): ["orders.a"],
        "out.f": [(datasets.s3("b", None), "f")],  # type: ignore[arg-type]
        3: ["orders.a"],
    }
    with sparklineage.step(None, "score", inputs=["s3://b/orders"], outputs=["s3://b/out"]) as step:
        step.column_lineage(columns)
    (output,) = last(folder)["outputs"]
    assert list(output["facets"]["columnLineage"]["fields"]) == ["a", "c"]
    told = [message.partition("its lineage is not complete: ")[2] for message in caplog.messages[1:]]
    pair = "a column is 'dataset.column' or (dataset, 'column')"
    assert told == [
        "column 'out.b' is left out: 'order' is none of the step's inputs; did you mean 'orders'?",
        "column 'out.d' is left out: what it is made from has to be a list, and is None",
        f"column 'jdbc:postgresql://h/db#t.e' is left out: {pair}",
        "column ' ' is left out: column is blank",
        f"column of the type int is left out: {pair}",
    ]
    assert "not iterable" not in caplog.text
    with sparklineage.step(None, "score", inputs=["s3://b/orders"], strict=True) as step:
        with pytest.raises(ValueError, match=r"column 's3://b/out\.b' is left out: 'order' is none"):
            step.column_lineage({"s3://b/out.a": ["orders.a"], "s3://b/out.b": ["order.b"]})
        assert step.latest is not None
        assert not step.latest.outputs


def test_what_is_strict_raises_at_the_call(folder: Path) -> None:
    with sparklineage.step(None, "score", strict=True) as step:
        with pytest.raises(ValueError, match="'x' is none"):
            step.column_lineage({"x.y": ["z.w"]})
        with pytest.raises(ValueError, match="absolute URI"):
            step.reads("relative/path")
        with pytest.raises(ValueError, match="describes a dataset"):
            step.facets(facets.documentation("x"))
    with pytest.raises(ValueError, match="absolute URI"), sparklineage.step(None, "s", inputs=["x"], strict=True):
        raise AssertionError("never entered")
    assert [json.loads(line)["type"] for line in (folder / "steps.ndjson").read_text().splitlines()] == [
        "stepStart",
        "stepEnd",
        "stepEnd",
    ]


def test_a_step_describes_its_run(folder: Path) -> None:
    with sparklineage.step(None, "train"):
        sparklineage.current_step().facets(facets.mlflow(run_id="0f", metrics={"auc": 0.9}))
    found = last(folder)
    assert found["type"] == "stepFacets"
    assert found["run"]["sparklineage_mlflow"]["metrics"] == {"auc": 0.9}


def test_current_step_is_the_innermost_of_the_thread(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    with sparklineage.step(None, "outer"):
        with sparklineage.step(None, "inner", inherit=False):
            assert sparklineage.current_step().name == "inner"
        assert sparklineage.current_step().is_open
        assert sparklineage.current_step().name == "outer"
    outer, inner = (json.loads(line) for line in (folder / "steps.ndjson").read_text().splitlines()[:2])
    assert (outer["inherits"], inner["inherits"], inner["parentStep"]) == (True, False, outer["step"])
    assert not sparklineage.current_step().is_open
    sparklineage.current_step().reads("s3://b/x")
    assert caplog.messages == ["step 'current_step()': what it is told here is left out, tell it inside its block"]
