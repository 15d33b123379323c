"""Facets and datasets that cannot be made, where a step is open and where none is."""

from __future__ import annotations

import copy
import inspect
import json
import pickle
from typing import TYPE_CHECKING, Any

import pytest

import sparklineage
from sparklineage import Dataset, datasets, facets
from sparklineage.model.dataset import NoDataset
from sparklineage.model.facet import Facet, NoFacet, NoPart
from sparklineage.relay.steps import Steps
from sparklineage.sdk.steps.step import StepHandle

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NAN = float("nan")
NOT_A_TEXT: Any = None
GOOD = Dataset("n", "good")
BAD: list[Callable[[StepHandle], None]] = [
    lambda step: step.facets(facets.mlflow(run_id=NOT_A_TEXT)),
    lambda step: step.facets(facets.mlflow(run_id="x", model_version=object())),  # type: ignore[arg-type]
    lambda step: step.facets(facets.mlflow()),  # type: ignore[call-arg]
    lambda step: step.writes(datasets.s3("b", NOT_A_TEXT)),
    lambda step: step.reads(datasets.s3()),  # type: ignore[call-arg]
    lambda step: step.reads(datasets.s3("b", NOT_A_TEXT).with_facets(facets.documentation("x"))),
    lambda step: step.reads(GOOD.with_facets(facets.tags(NOT_A_TEXT))),
    lambda step: step.reads(GOOD.with_facets(facets.symlinks(datasets.s3("", "")))),
    lambda step: step.reads(GOOD.with_facets(facets.lineage([datasets.s3("", "")]))),
    lambda step: step.reads(
        GOOD.with_facets(facets.data_quality_assertions(facets.assertion(NOT_A_TEXT, success=True)))
    ),
    lambda step: step.reads(
        GOOD.with_facets(facets.column_lineage({"a": [(GOOD, "b")]}, transformation=facets.transformation(kind="x")))
    ),
    lambda step: step.reads(Dataset.of("orders")),
    lambda step: step.reads(Dataset.of(NOT_A_TEXT)),
    lambda step: step.reads(Dataset.of()),  # type: ignore[call-arg]
    lambda step: step.reads(Dataset.of(("n", "good")).with_facets(facets.mlflow(run_id="x"))),
    lambda step: step.reads(GOOD.with_facets(NOT_A_TEXT)),
    lambda step: step.reads(GOOD.with_facets(Facet("x", "dataset", 5))),  # type: ignore[arg-type]
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SPARKLINEAGE_JOURNAL_RUN", str(tmp_path))
    return tmp_path


def records(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "steps.ndjson").read_text().splitlines()]


def declared(folder: Path, side: str) -> list[str]:
    return [item["name"] for line in records(folder) for item in line.get(side, [])]


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
    assert read in ([], [{"namespace": "n", "name": "good"}])
    assert [line for line in told if line["type"] == "stepFacets"] == []


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("tell", BAD)
def test_where_it_is_strict_it_raises(tell: Callable[[StepHandle], None]) -> None:
    with pytest.raises((ValueError, TypeError)), sparklineage.step(None, "score", strict=True) as step:
        tell(step)


@pytest.mark.parametrize("tell", BAD)
def test_outside_of_any_step_it_is_one_warning(
    tell: Callable[[StepHandle], None], caplog: pytest.LogCaptureFixture
) -> None:
    tell(StepHandle(None, "none", is_needed=False))
    (message,) = caplog.messages
    assert ": left out of the lineage: " in message


@pytest.mark.parametrize("tell", BAD)
def test_what_was_made_before_the_step_is_told_once_and_raised_where_it_is_strict(
    tell: Callable[[StepHandle], None], folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    given: list[tuple[str, Any]] = []

    class Taker:
        def __getattr__(self, name: str) -> Callable[[Any], None]:
            return lambda value: given.append((name, value))

    tell(Taker())  # type: ignore[arg-type]
    assert len(caplog.messages) == 1
    ((name, value),) = given
    with sparklineage.step(None, "score") as step:
        getattr(step, name)(value)
    assert len(caplog.messages) == 1
    assert declared(folder, "inputs") in ([], ["good"])
    with sparklineage.step(None, "strict", strict=True) as step, pytest.raises((ValueError, TypeError)) as caught:
        getattr(step, name)(value)
    assert str(caught.value) in caplog.messages[0]


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


@pytest.mark.parametrize("given", [lambda: datasets.s3(NOT_A_TEXT, "k"), lambda: [datasets.s3(NOT_A_TEXT, "k"), GOOD]])
def test_in_the_line_of_the_step_the_block_runs(
    given: Callable[[], Any], folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ran = []
    with sparklineage.step(None, "x", outputs=given()):
        ran.append("with")

    @sparklineage.step(None, "x", outputs=given())
    def called() -> None:
        ran.append("call")

    called()
    called()
    assert ran == ["with", "call", "call"]
    told = "datasets.s3: left out of the lineage: bucket is a text, such as 'my-bucket', and this is a NoneType"
    # Those of one line are one cause.
    assert caplog.messages == [told]
    assert set(declared(folder, "outputs")) <= {"good"}
    assert sum(line["type"] == "stepEnd" for line in records(folder)) == 3
    with pytest.raises(ValueError, match="bucket is a text"), sparklineage.step(None, "x", inputs=given(), strict=True):
        pytest.fail("never entered")


def test_what_decorators_and_streams_are_given_is_told_once(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    @sparklineage.reads(datasets.postgresql("h", NOT_A_TEXT, "t"), GOOD)
    def read() -> int:
        return 3

    assert read() == 3
    assert len(caplog.messages) == 1
    assert declared(folder, "inputs") == ["good"]
    bad = datasets.kafka(NOT_A_TEXT, "t")
    flawed = GOOD.with_facets(facets.mlflow(run_id="x"))
    assert len(caplog.messages) == 3
    numbers: list[int] = []
    save = sparklineage.foreach_batch(
        "ships", lambda _batch, number: numbers.append(number), inputs=[bad], outputs=[flawed]
    )
    save(None, 7)
    for stream in list(save._open.values()):
        stream.finish(None)
    assert numbers == [7]
    assert declared(folder, "outputs") == ["good"]
    sparklineage.writes(bad, flawed)(len)
    sparklineage.tag(object(), inputs=[bad])
    assert len([message for message in caplog.messages if "left out of the lineage" in message]) == 3
    for decorate in (sparklineage.reads, sparklineage.writes):
        with pytest.raises(ValueError, match="bootstrap is a text"):
            decorate(bad, strict=True)
        with pytest.raises(ValueError, match="facet of a run"):
            decorate(flawed, strict=True)


def test_what_was_not_told_in_a_job_without_lineage_is_told_later(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SPARKLINEAGE_JOURNAL_RUN", raising=False)
    with sparklineage.step(None, "early"):
        bad = datasets.s3("b", NOT_A_TEXT)
    assert caplog.messages == []
    monkeypatch.setenv("SPARKLINEAGE_JOURNAL_RUN", str(tmp_path))
    with sparklineage.step(None, "late", inputs=[bad]):
        pass
    assert [message.partition(": key")[0] for message in caplog.messages] == [
        "step 'late': its lineage is not complete"
    ]


def test_one_bad_facet_leaves_the_others(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    dataset = GOOD.with_facets(
        facets.documentation("x"), facets.mlflow(run_id="x"), NOT_A_TEXT, facets.ownership("team:a")
    )
    assert len(caplog.messages) == 2
    with sparklineage.step(None, "score", inputs=[dataset]):
        pass
    (read,) = records(folder)[0]["inputs"]
    assert sorted(read["facets"]) == ["documentation", "ownership"]
    assert len(caplog.messages) == 2


def test_a_bad_transformation_keeps_the_columns_of_a_step(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    with sparklineage.step(None, "score", inputs=["s3://b/in"], outputs=["s3://b/out"]) as step:
        step.column_lineage({"out.a": ["in.b"]}, transformation=facets.transformation(kind="x"))
    assert len(caplog.messages) == 1
    fields = records(folder)[1]["outputs"][0]["facets"]["columnLineage"]["fields"]
    assert [item["field"] for item in fields["a"]["inputFields"]] == ["b"]


@pytest.mark.parametrize("place", ["dataset", "input", "output", "run"])
def test_a_facet_of_megabytes_is_left_out_with_a_warning(
    place: Any, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    small, large = Facet("acme_a", place, {"x": "y" * 1_000_000}), Facet("acme_b", place, {"x": "y" * 1_048_576})
    with sparklineage.step(None, "score") as step:
        if place == "run":
            step.facets(small, large)
        else:
            step.reads(GOOD.with_facets(small, large))
    assert caplog.messages == [
        "step 'score': its lineage is not complete: the facet acme_b has more than 1 MiB of JSON"
    ]
    text = (folder / "steps.ndjson").read_text()
    assert "acme_a" in text
    assert "acme_b" not in text
    with sparklineage.step(None, "score", strict=True) as step, pytest.raises(ValueError, match="1 MiB"):
        step.reads(Dataset("n", "x", facets={"acme_b": large.value}))
    if place != "run":
        read = sparklineage.reads(GOOD.with_facets(small, large))
        assert caplog.messages[1:] == ["reads: a facet is left out: the facet acme_b has more than 1 MiB of JSON"]
        assert read.keywords["inputs"] == {GOOD: GOOD}  # type: ignore[attr-defined]


@pytest.mark.parametrize("blank", [Dataset("a", ""), Dataset("", "b"), Dataset(" ", " "), ("a", ""), ("", "b")])
def test_a_blank_name_is_no_dataset(blank: Any, folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    with sparklineage.step(None, "score", inputs=[blank]) as step:
        step.writes(blank)
    assert len(caplog.messages) == 2
    assert [*declared(folder, "inputs"), *declared(folder, "outputs")] == []
    with pytest.raises(ValueError, match=r"blank|a dataset is"):
        sparklineage.reads(blank, strict=True)


@pytest.mark.parametrize("bad", [datasets.s3, Dataset.of, facets.mlflow, facets.assertion])
def test_a_placeholder_can_be_copied_and_sent(bad: Any) -> None:
    made = bad()
    for copied in (copy.copy(made), copy.deepcopy(made), pickle.loads(pickle.dumps(made))):  # noqa: S301 - our own
        assert type(copied) is type(made)
        assert str(copied.error) == str(made.error)
        assert copied.error.__traceback__ is None


def test_what_is_made_of_nothing_is_nothing(caplog: pytest.LogCaptureFixture) -> None:
    nothing, no_facet = datasets.s3("b", NOT_A_TEXT), facets.tags(NOT_A_TEXT)
    assert isinstance(nothing, NoDataset)
    assert isinstance(no_facet, NoFacet)
    assert isinstance(facets.assertion(NOT_A_TEXT, success=True), NoPart)
    assert nothing.with_facets(no_facet) is nothing
    assert nothing.joined(GOOD) is GOOD
    told = len(caplog.messages)
    for made in (Dataset.of(nothing), facets.symlinks(nothing), facets.lifecycle_state("RENAME", previous=nothing)):
        assert made.error == nothing.error or str(made.error) == str(nothing.error)  # type: ignore[union-attr]
    assert len(caplog.messages) == told


def test_the_relay_passes_over_a_dataset_without_a_name() -> None:
    steps = Steps()
    nothing = [{"namespace": "", "name": ""}]
    steps.feed({"type": "stepStart", "step": "s", "time": 1, "name": "s", "inputs": nothing, "outputs": nothing})
    assert not steps.by_id["s"].declares


def test_an_argument_that_is_none_is_raised_with_the_right_one_where_it_is_strict(folder: Path) -> None:
    assert folder
    with sparklineage.step(None, "score", strict=True):
        with pytest.raises(TypeError, match=r"s3 has no argument 'buckets'; did you mean 'bucket'\?"):
            datasets.s3(buckets="b", key="k")  # type: ignore[call-arg]
        with pytest.raises(TypeError, match="missing 1 required keyword-only argument: 'run_id'"):
            facets.mlflow()  # type: ignore[call-arg]


def test_the_functions_are_what_they_were() -> None:
    assert facets.mlflow.__name__ == "mlflow"
    assert "run_id" in inspect.signature(facets.mlflow).parameters
    assert list(inspect.signature(Dataset.of).parameters) == ["value"]
    assert datasets.s3("b", "k") == Dataset("s3://b", "k")


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
