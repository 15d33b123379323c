"""Whatever a step is given: the job goes on, with one warning for each cause."""

from __future__ import annotations

import itertools
import json
import logging
import os
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

import sparklineage
from sparklineage.model.dataset import Dataset
from sparklineage.model.facet import Facet
from sparklineage.sdk.steps.step import Step

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECRET = "canary-5up3r-5ecret"


class Bad:
    """Nothing of it can be had."""

    def __str__(self) -> str:
        raise RuntimeError("no text")

    __repr__ = __str__

    def __iter__(self) -> Iterator[Any]:
        raise RuntimeError("no items")

    def __eq__(self, _other: object) -> bool:
        raise RuntimeError("not equal to anything")

    __hash__ = object.__hash__


class BadError(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no text")

    __repr__ = __str__


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SPARKLINEAGE_JOURNAL_RUN", str(tmp_path))
    return tmp_path


def records(folder: Path, kind: str) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in (folder / "steps.ndjson").read_text().splitlines()]
    return [line for line in lines if line["type"] == kind]


def failing() -> Iterator[str]:
    yield "s3://b/first"
    raise ZeroDivisionError("division by zero")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"name": Bad()}, "a name cannot be read: RuntimeError: no text"),
        ({"inputs": failing}, "a list of datasets cannot be read to its end: ZeroDivisionError: division by zero"),
        ({"outputs": Bad()}, "a list of datasets cannot be read to its end: RuntimeError: no items"),
        ({"inputs": [Bad()]}, "step 'score': its lineage is not complete: a dataset is a (namespace, name) pair"),
        ({"inputs": b"s3://b/k"}, "step 'score': its lineage is not complete: a dataset is a (namespace, name) pair"),
        ({"inputs": [Dataset(None, 5)]}, "step 'score': its lineage is not complete: "),  # type: ignore[arg-type]
        ({"inputs": [Dataset("n", "x", facets={"a": Bad()})]}, "step 'score': its lineage is not complete: no text"),
        ({"inputs": [Dataset("n", "x", facets=5)]}, "step 'score': its lineage is not complete: 'int' object"),  # type: ignore[arg-type]
    ],
)
def test_what_cannot_be_read_is_one_warning(
    given: dict[str, Any], expected: str, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def arguments() -> dict[str, Any]:
        return {"name": "score", **{key: value() if value is failing else value for key, value in given.items()}}

    with sparklineage.step(None, **arguments()) as step:
        step.reads("s3://b/good")
    (message,) = caplog.messages
    assert message.startswith(expected)
    assert len(records(folder, "stepStart")) == len(records(folder, "stepDatasets")) == 1
    assert [line["error"] for line in records(folder, "stepEnd")] == [None]
    with pytest.raises(Exception, match=r"."), sparklineage.step(None, **arguments(), strict=True):
        pytest.fail("never entered")


def test_what_comes_before_an_error_counts(folder: Path) -> None:
    with sparklineage.step(None, "score", inputs=failing()):
        pass
    assert [item["name"] for item in records(folder, "stepStart")[0]["inputs"]] == ["first"]


def test_an_endless_list_ends(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    with sparklineage.step(None, "score", inputs=(("n", str(number % 3)) for number in itertools.count())):
        pass
    assert caplog.messages == ["a list of datasets cannot be read to its end: ValueError: there are more than 100,000"]
    assert len(records(folder, "stepStart")[0]["inputs"]) == 3


@pytest.mark.parametrize("place", ["run", "job"])
def test_a_facet_that_is_no_json_spoils_no_other(place: Any, folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    circle: dict[str, Any] = {}
    circle["self"] = circle
    with sparklineage.step(None, "score") as step:
        step.facets(Facet("acme_a", place, {"x": 1}), Facet("acme_b", place, circle), Facet("c", place, {(1, 2): 3}))  # type: ignore[dict-item]
    assert len(caplog.messages) == 2
    assert records(folder, "stepFacets")[0][place] == {"acme_a": {"x": 1}}


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_a_facet_with_what_json_has_no_number_for_is_left_out(
    number: float, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It would be merged into an event of the agent's, which no backend could read any more."""
    given = Dataset("s3://b", "k", facets={"acme_x": {"v": [number]}, "acme_y": {"v": 1}})
    with sparklineage.step(None, "score", inputs=[given]) as step:
        step.facets(Facet("acme_z", "run", {"v": number}))
    (start,) = records(folder, "stepStart")
    assert start["inputs"] == [{"namespace": "s3://b", "name": "k", "facets": {"acme_y": {"v": 1}}}]
    assert records(folder, "stepFacets") == []
    assert [message.partition(": Out of range")[0] for message in caplog.messages] == [
        f"step 'score': its lineage is not complete: the facet {name} is no JSON" for name in ("acme_x", "acme_z")
    ]
    with pytest.raises(ValueError, match="acme_x"), sparklineage.step(None, "score", inputs=[given], strict=True):
        pytest.fail("never entered")


@pytest.mark.usefixtures("folder")
def test_a_facet_is_what_it_was_when_it_was_declared() -> None:
    value = {"days": ["monday"]}
    with sparklineage.step(None, "score", inputs=[Dataset("s3://b", "k", facets={"acme_x": value})]) as step:
        value["days"].append("tuesday")
        step.reads("s3://b/other")
        assert step.latest is not None
    known = {item.name: item.facets for item in step.latest.inputs.values()}
    assert known == {"k": {"acme_x": {"days": ["monday"]}}, "other": {}}


def test_an_exception_that_cannot_be_shown_goes_on(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    error = BadError()
    with pytest.raises(BadError) as caught, sparklineage.step(None, "score"):
        raise error
    assert caught.value is error
    (end,) = records(folder, "stepEnd")
    assert end["error"]["type"].endswith(".BadError")
    assert end["error"]["message"] == "a BadError that cannot be shown"
    assert "raise error" in end["error"]["stackTrace"]
    assert caplog.messages == []


@pytest.mark.parametrize("raised", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_an_exception_whose_text_ends_the_process_goes_on(
    raised: type[BaseException], folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class EndingError(Exception):
        def __str__(self) -> str:
            raise raised

    error = EndingError()
    with pytest.raises(EndingError) as caught, sparklineage.step(None, "score"):
        raise error
    assert caught.value is error
    (end,) = records(folder, "stepEnd")
    assert end["error"]["message"] == "a EndingError that cannot be shown"
    assert caplog.messages == []


class Proxy:
    """What stands for something else, which is not there."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(f"no {name}")

    def __call__(self) -> str:
        return "called"


@pytest.mark.usefixtures("folder")
def test_what_raises_when_it_is_looked_at_stays_what_it_is(caplog: pytest.LogCaptureFixture) -> None:
    proxy = Proxy()
    assert sparklineage.step(None, "score")(proxy) is proxy
    (message,) = caplog.messages
    assert message.startswith("step 'score': it is not around this Proxy, which raises: RuntimeError: no ")
    with pytest.raises(RuntimeError, match="no "):
        sparklineage.step(None, "score", strict=True)(proxy)


@pytest.mark.usefixtures("folder")
def test_to_leave_what_was_not_entered_is_one_warning(caplog: pytest.LogCaptureFixture) -> None:
    block = sparklineage.step(None, "score")
    for _ in range(3):
        block.__exit__(None, None, None)
    assert caplog.messages == ["step 'score': it is left without having been entered"]
    strict = sparklineage.step(None, "score", strict=True)
    with pytest.raises(RuntimeError, match="left without having been entered"):
        strict.__exit__(None, None, None)
    strict.__exit__(KeyError, KeyError(), None)  # the user's own goes on


@pytest.mark.usefixtures("folder")
def test_a_closed_step_says_so(caplog: pytest.LogCaptureFixture) -> None:
    with sparklineage.step(None, "score", strict=True) as block:
        handle = sparklineage.current_step()
        assert handle.is_open
        handle.reads("s3://b/x")
    for told in (block, handle):
        assert not told.is_open
        tellers: list[Any] = [told.reads, told.writes, told.facets, told.column_lineage]
        for tell in tellers:
            with pytest.raises(RuntimeError, match="'score': what it is told here is left out"):
                tell("s3://b/y")
    with sparklineage.step(None, "lenient"):
        handle = sparklineage.current_step()
    assert not handle.is_open
    assert caplog.messages == []
    for _ in range(3):
        handle.reads("s3://b/late")
    assert caplog.messages == ["step 'lenient': what it is told here is left out, tell it inside its block"]


def test_what_a_closed_step_is_told_is_nowhere(folder: Path) -> None:
    with sparklineage.step(None, "score"):
        handle = sparklineage.current_step()
    handle.reads("s3://b/late")
    assert len(records(folder, "stepStart") + records(folder, "stepEnd")) == 2
    assert records(folder, "stepDatasets") == []


def test_without_lineage_there_is_nothing_to_say(caplog: pytest.LogCaptureFixture, monkeypatch: Any) -> None:
    monkeypatch.delenv("SPARKLINEAGE_JOURNAL_RUN", raising=False)
    with sparklineage.step(None, "score"):
        sparklineage.current_step().reads("s3://b/x")
    sparklineage.current_step().reads("s3://b/x")
    assert caplog.messages == []


@pytest.mark.usefixtures("folder")
def test_one_cause_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    for day in range(20):
        with sparklineage.step(None, f"day {day}", inputs=["orders"]) as step:
            step.writes("scores", "scores")
    with sparklineage.step(None, "elsewhere", inputs=["orders"]):
        pass
    wrong = "its lineage is not complete: '{}' is not an absolute URI; write the scheme, such as"
    expected = [("day 0", "orders"), ("day 0", "scores"), ("elsewhere", "orders")]
    assert [message.split(" file:///")[0] for message in caplog.messages] == [
        f"step '{name}': {wrong.format(value)}" for name, value in expected
    ]


@pytest.mark.usefixtures("folder")
def test_warnings_have_an_end(caplog: pytest.LogCaptureFixture) -> None:
    with sparklineage.step(None, "score") as step:
        for number in range(300):
            step.reads(f"table {number}")
    assert len(caplog.messages) == 101
    assert caplog.messages[-1].endswith("further ones are left out")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (("acme://erp", "orders"), [("acme://erp", "orders")]),
        (("sqlite:/d/w.db", "observations"), [("sqlite:/d/w.db", "observations")]),
        (("s3://b/one", "s3://b/two"), [("s3://b", "one"), ("s3://b", "two")]),
        ([("acme://erp", "orders")], [("acme://erp", "orders")]),
        ({"s3://b/one": "x"}, [("s3://b", "one")]),
        (("acme://erp", "orders:eu"), [("acme://erp", "orders:eu")]),
    ],
)
def test_a_pair_is_one_dataset(given: Any, expected: list[Any], folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    with sparklineage.step(None, "score", inputs=given):
        pass
    assert [(item["namespace"], item["name"]) for item in records(folder, "stepStart")[0]["inputs"]] == expected
    assert caplog.messages == []


@pytest.mark.parametrize("two", [("s3://b/one", "s3://b/two"), ["s3://b/one", "s3://b/two"]])
def test_two_datasets_where_one_is_expected_are_none(two: Any, folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    with sparklineage.step(None, "score", inputs=[two]) as step:
        step.reads(two)
        step.writes(two)
    assert records(folder, "stepDatasets") == []
    assert records(folder, "stepStart")[0].get("inputs", []) == []
    assert all("these are two datasets; give them one by one" in message for message in caplog.messages)
    assert caplog.messages
    with pytest.raises(ValueError, match="these are two datasets"), sparklineage.step(None, "all", strict=True) as step:
        step.reads(two)


@pytest.mark.parametrize("text", ["y" * 50_000_000, "postgresql://u:p@h " * 500_000, "z " * 5_000_000])
def test_a_message_of_megabytes_takes_no_time(text: str, folder: Path) -> None:
    began = time.perf_counter()
    with pytest.raises(ValueError, match=r"^[yzp]"), sparklineage.step(None, "score"):
        raise ValueError(text)
    assert time.perf_counter() - began < 2
    error = records(folder, "stepEnd")[0]["error"]
    assert len(error["message"]) == 16_384
    assert "raise ValueError(text)" in error["stackTrace"]
    assert len(error["stackTrace"]) <= 16_384
    assert "u:p@" not in json.dumps(error)


@pytest.mark.parametrize("shift", range(0, 40_000, 499))
def test_no_cut_shows_half_a_secret(shift: int, folder: Path) -> None:
    """Wherever it is in the message; also where masking makes the text much shorter."""
    environ = {"SPARKLINEAGE_JOURNAL_RUN": str(folder), "DB_PASSWORD": SECRET * 100, "API_TOKEN": "t0ken-of-the-api"}
    filler = "t0ken-of-the-api " * (shift // 17) + "-" * (shift % 17)
    text = filler + SECRET * 100 + "-" * 50_000 + SECRET * 100
    with pytest.raises(ValueError, match=r"."), Step(None, "score", environ=environ):
        raise ValueError(text)
    written = json.dumps(records(folder, "stepEnd")[0]["error"])
    assert SECRET[:12] not in written
    assert "t0ken-of" not in written


def test_a_long_warning_shows_no_secret(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    environ = {"SPARKLINEAGE_JOURNAL_RUN": str(folder), "DB_PASSWORD": SECRET}
    for shift in range(1_900, 2_010, 7):
        with Step(None, "x" * 490 + SECRET, inputs=["n" * shift + SECRET], environ=environ):
            pass
    assert caplog.messages
    assert SECRET[:6] not in caplog.text
    assert max(map(len, caplog.messages)) <= 2_000
    assert SECRET[:6] not in (folder / "steps.ndjson").read_text()


@pytest.mark.usefixtures("folder")
def test_trouble_with_the_warning_itself_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RecursionError("maximum recursion depth exceeded")

    monkeypatch.setattr(logging.getLogger("sparklineage"), "warning", broken)
    with sparklineage.step(None, "score", inputs=["orders"]) as step:
        step.reads(None)  # type: ignore[arg-type]


def test_a_forked_child_that_leaves_its_parents_block_ends_nothing(folder: Path) -> None:
    with sparklineage.step(None, "score"):
        child = os.fork()
        if child == 0:
            os._exit(_leave(folder))
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert len(records(folder, "stepEnd")) == 1


def _leave(folder: Path) -> int:
    handle = sparklineage.current_step()
    handle._record.end(None)  # type: ignore[union-attr]
    return len(records(folder, "stepEnd")) if (folder / "steps.ndjson").exists() else 1


class SparkSession:
    """What PySpark calls its own, classic and Connect."""


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (None, "a name is a text, and this is a NoneType"),
        ("", "a name is blank"),
        (" \n", "a name is blank"),
        (b"x", "a name is a text, and this is a bytes"),
        (object(), "a name is a text, and this is a object"),
        (20261121, "a name is a text, and this is a int"),
    ],
)
def test_a_name_is_a_text(given: Any, told: str, folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    with sparklineage.step(None, given):
        pass
    assert caplog.messages == [told]
    (start,) = records(folder, "stepStart")
    assert start["name"] == {b"x": "b'x'", 20261121: "20261121"}.get(given, "step")
    for strict in (sparklineage.step, sparklineage.tag):
        with pytest.raises((TypeError, ValueError), match=told):
            strict(None, name=given, strict=True)


@pytest.mark.parametrize("session", [SparkSession(), None])
def test_a_name_before_the_session_is_what_was_meant(
    session: Any, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    swapped: Any = ("load", session)
    for _ in range(2):
        with sparklineage.step(*swapped, inputs=["s3://b/in"]) as step:
            assert step.name == "load"
            assert step._spark is session
    assert caplog.messages == ["the session comes first, and the name after it: step(spark, 'name')"]
    assert [start["name"] for start in records(folder, "stepStart")] == ["load", "load"]
    with pytest.raises(TypeError, match="the session comes first"):
        sparklineage.step(*swapped, strict=True)


@pytest.mark.parametrize("given", [3, "load", b"x", object(), Bad(), SparkSession, [SparkSession()]])
def test_what_is_no_session_is_one_warning(given: Any, folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(2):
        with sparklineage.step(given, "score") as step:
            step.reads("s3://b/in")
    told = f"spark is a session, or None for the active one, and this is a {type(given).__name__}"
    assert caplog.messages == [told]
    sparklineage.current_step(given)
    assert caplog.messages == [told, told]  # at another line
    assert [start["name"] for start in records(folder, "stepStart")] == ["score", "score"]
    with pytest.raises(TypeError, match="spark is a session, or None"):
        sparklineage.step(given, "score", strict=True)


@pytest.mark.parametrize("given", [None, SparkSession(), SimpleNamespace(sparkContext=None)])
@pytest.mark.usefixtures("folder")
def test_a_session_is_one(given: Any, caplog: pytest.LogCaptureFixture) -> None:
    with sparklineage.step(given, "score", strict=True):
        sparklineage.current_step(given).reads("s3://b/in")
    assert caplog.messages == []


@pytest.mark.usefixtures("folder")
def test_a_session_that_is_stopped_is_called_so(caplog: pytest.LogCaptureFixture) -> None:
    class SparkContext:
        """As PySpark leaves it behind."""

        _jsc: Any = None

        def getLocalProperty(self, name: str) -> str:  # noqa: N802 - Spark's name
            return str(self._jsc.sc().getLocalProperty(name))

        def setLocalProperty(self, name: str, value: str) -> None:  # noqa: N802 - Spark's name
            self._jsc.setLocalProperty(name, value)

    with sparklineage.step(SparkContext(), "late"):
        pass
    assert caplog.messages == [
        "step 'late': its lineage is not complete: its session is stopped, so no query can be its own"
    ]


def test_a_class_that_cannot_be_declared_is_named(caplog: pytest.LogCaptureFixture) -> None:
    class Rates:
        @classmethod
        def name(cls) -> str:
            raise RuntimeError("boom")

    assert sparklineage.reads("s3://b/rates")(Rates) is Rates
    assert caplog.messages == ["Rates: its lineage is left out: boom"]
