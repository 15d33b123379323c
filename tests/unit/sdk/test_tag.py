from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

import sparklineage
from sparklineage.model.ids import is_run_id

if TYPE_CHECKING:
    from pathlib import Path


class Option:
    """Scala's, as py4j shows it."""

    def __init__(self, value: str | None) -> None:
        self.value = value

    def isDefined(self) -> bool:  # noqa: N802 - Scala's name
        return self.value is not None

    def get(self) -> str | None:
        return self.value


class Plan:
    """A logical plan with its tags."""

    def __init__(self) -> None:
        self.tags: dict[str, str] = {}

    def getTagValue(self, tag: str) -> Option:  # noqa: N802 - Spark's name
        return Option(self.tags.get(tag))

    def setTagValue(self, tag: str, value: str) -> None:  # noqa: N802 - Spark's name
        self.tags[tag] = value


class Names:
    """What a name leads to in the JVM: the mark, for `jvm.….TreeNodeTag(name)`."""

    def __getattr__(self, name: str) -> Names:
        return self

    def __call__(self, name: str) -> str:
        return name


class Context:
    _jvm = Names()

    def getLocalProperty(self, _key: str) -> None:  # noqa: N802 - Spark's name
        return None

    def setLocalProperty(self, key: str, value: str | None) -> None:  # noqa: N802 - Spark's name
        """Nothing."""

    def getConf(self) -> dict[str, str]:  # noqa: N802 - Spark's name
        return {}


class Session:
    sparkContext = Context()  # noqa: N815 - Spark's name


class Execution:
    def __init__(self, plan: Plan) -> None:
        self.plan = plan

    def analyzed(self) -> Plan:
        return self.plan


class Dataset:
    """The JVM's side of a DataFrame."""

    def __init__(self) -> None:
        self.analyzed, self.logical = Plan(), Plan()

    def queryExecution(self) -> Execution:  # noqa: N802 - Spark's name
        return Execution(self.analyzed)

    def logicalPlan(self) -> Plan:  # noqa: N802 - Spark's name
        return self.logical


class Frame:
    sparkSession = Session()  # noqa: N815 - Spark's name

    def __init__(self) -> None:
        self._jdf = Dataset()

    @property
    def steps(self) -> list[str]:
        """What both of its plans are marked with."""
        assert self._jdf.analyzed.tags == self._jdf.logical.tags
        return self._jdf.analyzed.tags.get("sparklineage.step", "").split(",")


class ConnectFrame:
    sparkSession = Session()  # noqa: N815 - Spark's name


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SPARKLINEAGE_JOURNAL_RUN", str(tmp_path))
    return tmp_path


def records(folder: Path, kind: str) -> list[dict[str, Any]]:
    path = folder / "steps.ndjson"
    lines = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    return [line for line in lines if line["type"] == kind]


@pytest.mark.parametrize("is_open", [True, False])
def test_a_data_frame_is_marked_with_its_step(is_open: bool, folder: Path) -> None:
    frame = Frame()
    with sparklineage.step(None, "rates", inputs=["s3://b/rates"]) as step:
        if is_open:
            assert sparklineage.tag(frame, step) is frame
    if not is_open:
        assert sparklineage.tag(frame, step) is frame
    sparklineage.tag(Frame(), step)
    (start,) = records(folder, "stepStart")
    assert frame.steps == [start["step"]]
    (tagged,) = records(folder, "stepTagged")
    assert (tagged["step"], tagged["name"], tagged["inputs"]) == (start["step"], "rates", [])


def test_the_current_step_may_be_the_one(folder: Path) -> None:
    frame = Frame()
    with sparklineage.step(None, "rates"):
        sparklineage.tag(frame, sparklineage.current_step())
    assert frame.steps == [records(folder, "stepStart")[0]["step"]]


def test_datasets_need_no_step(folder: Path) -> None:
    frame = Frame()
    sparklineage.tag(frame, inputs="s3://b/rates", outputs=[("acme://mail", "sent")], name="mail")
    (tagged,) = records(folder, "stepTagged")
    assert is_run_id(tagged["step"])
    assert frame.steps == [tagged["step"]]
    assert tagged["name"] == "mail"
    assert tagged["inputs"] == [{"namespace": "s3://b", "name": "rates"}]
    assert tagged["outputs"] == [{"namespace": "acme://mail", "name": "sent"}]
    assert records(folder, "stepStart") == []


def test_marks_add_up_and_are_bounded(folder: Path) -> None:
    frame = Frame()
    for number in range(60):
        sparklineage.tag(frame, inputs=[("n", str(number))])
    sparklineage.tag(frame, inputs=[("n", "last")])
    told = [item["step"] for item in records(folder, "stepTagged")]
    assert len(told) == 61
    assert frame.steps == told[-50:]


def test_under_connect_it_says_what_to_do_and_drops_nothing(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    frame = ConnectFrame()
    with sparklineage.step(None, "rates") as step:
        assert sparklineage.tag(frame, step, inputs=["s3://b/x"], name="mine") is frame
        assert sparklineage.tag(frame, step) is frame
    sentence = "the DataFrame stays as it is, Spark Connect keeps the plan: execute it inside of the step instead"
    assert caplog.messages == [f"tag: {sentence}"]
    own = records(folder, "stepStart")[1]
    assert (own["name"], own["inputs"]) == ("mine", [{"namespace": "s3://b", "name": "x"}])
    with pytest.raises(ValueError, match="Spark Connect"):
        sparklineage.tag(frame, step, strict=True)


@pytest.mark.parametrize(
    ("frame", "steps", "expected"),
    [
        (None, (), "it takes a DataFrame of Spark, not NoneType"),
        (3, (), "it takes a DataFrame of Spark, not int"),
        (pd.DataFrame(), (), "it takes a DataFrame of Spark, not pandas.DataFrame"),
        (Frame(), (), "it takes a step, or inputs and outputs"),
        (Frame(), (None,), "it takes steps, open or closed, not NoneType; datasets go to inputs= and outputs="),
        (Frame(), ("s3://b/x",), "it takes steps, open or closed, not str; datasets go to inputs= and outputs="),
    ],
)
@pytest.mark.usefixtures("folder")
def test_what_is_wrong_is_one_warning(
    frame: Any, steps: tuple[Any, ...], expected: str, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(2):
        assert sparklineage.tag(frame, *steps) is frame
    assert caplog.messages == [f"tag: {expected}"]
    with pytest.raises(ValueError, match=expected):
        sparklineage.tag(frame, *steps, strict=True)


@pytest.mark.usefixtures("folder")
def test_a_step_that_was_not_entered_ties_nothing(caplog: pytest.LogCaptureFixture) -> None:
    frame = Frame()
    sparklineage.tag(frame, sparklineage.step(None, "never"))
    assert "a step that was not entered" in caplog.text
    assert frame.steps == [""]


def test_a_plan_that_cannot_be_marked_costs_a_warning(
    folder: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("Py4JError: secret")

    monkeypatch.setattr(Plan, "setTagValue", broken)
    frame = Frame()
    assert sparklineage.tag(frame, inputs=["s3://b/x"]) is frame
    assert caplog.messages == ["tag: the plan cannot be marked: RuntimeError"]
    assert len(records(folder, "stepTagged")) == 1


def test_a_forked_process_leaves_the_jvm_alone(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    frame = Frame()
    with sparklineage.step(frame.sparkSession, "rates") as step:
        pass
    if (child := os.fork()) == 0:
        sparklineage.tag(frame, step)
        is_told = "a forked process cannot reach its plan" in caplog.text
        os._exit(0 if is_told and frame.steps == [""] else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert records(folder, "stepTagged") == []


def test_without_lineage_nothing_happens(caplog: pytest.LogCaptureFixture) -> None:
    frame = Frame()
    with sparklineage.step(None, "rates") as step:
        assert sparklineage.tag(frame, step, inputs=["s3://b/x"]) is frame
    assert sparklineage.tag(None, 3) is None  # type: ignore[arg-type]
    assert (frame.steps, caplog.messages) == ([""], [])
