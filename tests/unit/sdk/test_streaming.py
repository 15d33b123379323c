"""`foreach_batch` without Spark: its records, its interval, and what is pickled."""

from __future__ import annotations

import json
import pickle
import threading
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

import sparklineage
from sparklineage import Dataset, current_step
from sparklineage.journal import RunFolder
from sparklineage.relay.record import Outcome, RunRecord
from sparklineage.relay.settle import Settler
from sparklineage.sdk.session import STEP_PROPERTY, Driver
from sparklineage.sdk.steps import nesting
from sparklineage.sdk.streams.query import Query
from sparklineage.sdk.streams.stream import Stream
from sparklineage.sdk.streams.streaming import ForeachBatch, foreach_batch
from tests.support import journal

if TYPE_CHECKING:
    from collections.abc import Callable

QUERY = "01900000-0000-4000-8000-0000000000aa"
REGISTER = "https://ships.example.com/register"


class Context:
    """The local properties of the thread in which Spark calls the function."""

    def __init__(self, folder: Path) -> None:
        self.local: dict[str, str | None] = {"sql.streaming.queryId": QUERY}
        self.folder = folder

    def getConf(self) -> dict[str, str]:  # noqa: N802 - Spark's name
        return {"spark.sparklineage.journal": str(self.folder)}

    def getLocalProperty(self, key: str) -> str | None:  # noqa: N802 - Spark's name
        return self.local.get(key)

    def setLocalProperty(self, key: str, value: str | None) -> None:  # noqa: N802 - Spark's name
        self.local[key] = value


class Scene:
    def __init__(self, folder: Path) -> None:
        self.folder = RunFolder(folder)
        self.context = Context(folder)
        self.batch = SimpleNamespace(sparkSession=SimpleNamespace(sparkContext=self.context))
        self.seconds = 0.0
        self.steps_seen: list[str | None] = []

    def save(self, _batch: Any, number: int) -> None:
        self.steps_seen.append(self.context.local.get(STEP_PROPERTY))
        if number == 99:
            raise ValueError("the mast is broken")

    def made(self, **options: Any) -> ForeachBatch:
        given: dict[str, Any] = {"inputs": [REGISTER], "outputs": (), "interval": 60.0, **options}
        save = given.pop("save", self.save)
        return ForeachBatch("harbour", save, environ={}, clock=lambda: self.seconds, **given)

    def records(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.folder.steps.read_text().splitlines()]

    def kinds(self) -> list[str]:
        return [record["type"] for record in self.records()]


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(journal.folder(tmp_path).path)


def test_many_batches_write_few_records(scene: Scene) -> None:
    function = scene.made()
    for number in range(100 - 1):
        scene.seconds = number * 2.0
        function(scene.batch, number)
    assert scene.kinds() == ["stepStart", *["stepProgress"] * 3]
    start = scene.records()[0]
    assert (start["stream"], start["name"]) == (QUERY, "harbour")
    assert [item["name"] for item in start["inputs"]] == ["/register"]
    assert set(scene.steps_seen) == {start["step"]}
    assert scene.context.local[STEP_PROPERTY] is None


def test_a_failing_batch_ends_it_and_a_restart_is_a_new_run(scene: Scene) -> None:
    function = scene.made()
    function(scene.batch, 98)
    with pytest.raises(ValueError, match="mast"):
        function(scene.batch, 99)
    function(scene.batch, 100)
    first, end, second = scene.records()
    assert end["error"]["message"] == "the mast is broken"
    assert end["step"] == first["step"] != second["step"]
    assert scene.context.local[STEP_PROPERTY] is None


def test_what_every_batch_declares_is_recorded_once(scene: Scene) -> None:
    def save(_batch: Any, _number: int) -> None:
        current_step().writes("s3://bucket/ships")

    function = scene.made()
    function.__wrapped__ = save
    for number in range(5):
        function(scene.batch, number)
    assert scene.kinds() == ["stepStart", "stepDatasets"]


class _Odd:
    """As an array: its comparison is no answer."""

    def __eq__(self, _other: object) -> bool:
        raise ValueError("the truth value is ambiguous")

    __hash__ = None  # type: ignore[assignment]

    def __str__(self) -> str:
        return "odd"


@pytest.mark.parametrize("made", [_Odd, lambda: (1, 2), lambda: {"v": float("nan")}])
def test_whatever_stands_in_a_facet_every_batch_declares_it_once(
    scene: Scene, made: Callable[[], Any], caplog: pytest.LogCaptureFixture
) -> None:
    def save(_batch: Any, _number: int) -> None:
        current_step().writes(Dataset("s3://bucket", "ships", facets={"acme_x": {"values": made()}}))

    function = scene.made(save=save)
    for number in range(3):
        function(scene.batch, number)
    assert scene.kinds() == ["stepStart", "stepDatasets"]
    assert len(set(caplog.messages)) == len(caplog.messages) <= 1


class _Hostile:
    """A function, and a name, that raise whatever is asked of them."""

    def __call__(self, _batch: Any, _number: int) -> None:
        self.is_called = True

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(name)

    def __str__(self) -> str:
        raise RuntimeError("no text")


def test_whatever_it_is_given_the_batch_is_done(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    function = _Hostile()
    made = foreach_batch(_Hostile(), function, inputs=5, outputs=[None], interval=_Hostile())  # type: ignore[arg-type,list-item]
    made._environ = {}
    made(scene.batch, 0)
    assert function.is_called
    assert made.__name__ == "_Hostile"
    assert scene.kinds() == ["stepStart"]
    assert len(caplog.records) == 4, caplog.text


def test_whatever_a_batch_declares_the_query_goes_on(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    def save(_batch: Any, _number: int) -> None:
        current_step().reads(Dataset("s3://bucket", None), REGISTER + "/masts")  # type: ignore[arg-type]

    scene.made(save=save)(scene.batch, 0)
    assert [item["name"] for item in scene.records()[1]["inputs"]] == ["/register/masts"]
    assert len(caplog.records) == 1


class _Nameless:
    def __repr__(self) -> str:
        raise RuntimeError("no text")


@pytest.mark.parametrize(
    ("interval", "shown"),
    [
        (_Nameless(), "a _Nameless that cannot be shown"),
        ("s3://user:pa55word@b/x?token=5ecret-t0ken", "'s3://"),
        ("canary-5up3r-5ecret", "'***"),
        (-1, "-1"),
        (float("nan"), "nan"),
        ("x" * 1000, "'" + "x" * 99),
    ],
)
def test_an_interval_that_is_none_is_told_without_secrets(
    interval: Any, shown: str, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    given: dict[str, Any] = {"inputs": (), "outputs": (), "environ": {"API_TOKEN": "canary-5up3r-5ecret"}}
    made = ForeachBatch("harbour", print, interval=interval, **given)
    assert made.interval == 60
    (message,) = caplog.messages
    assert message.startswith(f"step 'harbour': interval takes seconds, 60 by default, and this is {shown}")
    with pytest.raises(ValueError, match="interval takes seconds") as caught:
        ForeachBatch("harbour", print, interval=interval, strict=True, **given)
    for told in (message, str(caught.value)):
        assert len(told) < 200
        assert all(secret not in told for secret in ("pa55word", "5ecret"))
    assert capsys.readouterr().err == ""


def test_what_is_no_function_is_told(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    made = scene.made(save=5)
    assert caplog.messages == ["step 'harbour': a function is called with each batch, and this is a int"]
    with pytest.raises(TypeError, match="'int' object is not callable"):
        made(scene.batch, 0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"inputs": ["no place"]},
        {"outputs": [("a", None)]},
        {"interval": "soon"},
        {"name": _Hostile()},
        {"function": None},
    ],
)
def test_strict_raises_at_the_call(wrong: dict[str, Any]) -> None:
    with pytest.raises((ValueError, TypeError, RuntimeError)):
        foreach_batch(**{"name": "harbour", "function": print, "strict": True, **wrong})


def test_strict_raises_in_a_batch_what_it_declares(scene: Scene) -> None:
    def save(_batch: Any, _number: int) -> None:
        current_step().reads("no place")

    with pytest.raises(ValueError, match="no place"):
        scene.made(save=save, strict=True)(scene.batch, 0)
    assert scene.kinds() == ["stepStart", "stepEnd"]
    scene.folder.steps.unlink()
    scene.folder.steps.mkdir()
    with pytest.raises(OSError, match="directory"):
        scene.made(strict=True)(scene.batch, 0)
    assert scene.context.local[STEP_PROPERTY] is None


def test_nothing_is_raised_where_nobody_could_catch_it(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    waited: list[float] = []

    class Ended(Query):
        def wait(self, seconds: float) -> bool:
            waited.append(seconds)
            scene.folder.steps.unlink()
            scene.folder.steps.mkdir()
            return True

    driver = Driver.of(scene.batch.sparkSession, {})
    stream = Stream(driver, "harbour", {}, query=QUERY, interval=60.0, strict=True)
    stream.begin([REGISTER], [])
    stream.leave()
    stream.attend(Ended(None))
    stream.settle(10)
    assert waited
    assert stream.is_over
    assert "its lineage is not complete" in caplog.text


@pytest.mark.parametrize("strict", [False, True])
def test_trouble_in_the_first_batch_leaves_the_thread_clean(
    scene: Scene, strict: bool, caplog: pytest.LogCaptureFixture
) -> None:
    made = scene.made(strict=strict)
    with pytest.raises(ValueError, match="a number") if strict else nullcontext():
        made(scene.batch, "a number")  # type: ignore[arg-type]
    assert nesting.innermost() is None
    assert scene.context.local[STEP_PROPERTY] is None
    assert caplog.messages == ([] if strict else ["step 'harbour': its lineage is not complete: ValueError"])
    made(scene.batch, 1)
    assert scene.kinds() == ["stepStart"]


def test_without_a_thread_to_wait_in_the_batch_is_the_query_s(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def start(_thread: Any) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(Query, "of", lambda *_: Query(None))
    monkeypatch.setattr("threading.Thread.start", start)
    made = scene.made()
    made(scene.batch, 0)
    assert scene.steps_seen == [scene.records()[0]["step"]]
    assert nesting.innermost() is None
    assert caplog.messages == ["step 'harbour': its lineage is not complete: can't start new thread"]
    made._open[QUERY].settle(0)  # as at the end of the process


def test_what_is_over_is_not_kept(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()

    class Ended(Query):
        def wait(self, _seconds: float) -> bool:
            return over.wait(10)

    made = scene.made()
    with pytest.raises(ValueError, match="mast"):
        made(scene.batch, 99)
    assert made._open == {}
    monkeypatch.setattr(Query, "of", lambda *_: Ended(None))
    made(scene.batch, 1)
    (stream,) = made._open.values()
    over.set()
    stream.settle(10)
    assert made._open == {}


def test_a_batch_that_begins_while_the_query_is_asked_is_waited_for(scene: Scene) -> None:
    asked: list[int] = []

    class Stopped(Query):
        """As Spark answers for a query that was stopped in that batch: it is over, and the batch still runs."""

        def wait(self, seconds: float) -> bool:
            asked.append(stream.batch)
            if len(asked) == 1:
                stream.open_batch(1)
            elif len(asked) == 2:
                stream.progress()
            return seconds > 0

    stream = Stream(Driver.of(scene.batch.sparkSession, {}), "harbour", {}, query=QUERY, interval=60.0)
    stream.begin([REGISTER], [])
    stream.leave()
    stream.attend(Stopped(None))
    stream.settle(10)
    assert asked == [-1, 1, 1]
    assert stream.is_over


@pytest.mark.parametrize("is_inside", [True, False])
def test_a_declaration_around_it_is_as_good_as_one_inside(scene: Scene, is_inside: bool) -> None:
    declared = sparklineage.writes("s3://bucket/ships")
    made = scene.made(save=declared(scene.save)) if is_inside else declared(scene.made())
    assert isinstance(made, ForeachBatch)
    for number in range(2):
        made(scene.batch, number)
    (start,) = scene.records()
    assert [item["name"] for item in start["outputs"]] == ["ships"]
    assert set(scene.steps_seen) == {start["step"]}


def test_spark_connect_gets_the_users_function_alone() -> None:
    function = foreach_batch("harbour", len, inputs=[REGISTER])  # type: ignore[arg-type]
    data = pickle.dumps(function)
    assert b"sparklineage" not in data
    assert pickle.loads(data) is len  # noqa: S301 - what was pickled one line above


def test_without_lineage_the_function_just_runs(scene: Scene) -> None:
    function = scene.made()
    function(SimpleNamespace(), 1)
    function(None, 2)
    assert len(scene.steps_seen) == 2
    with pytest.raises(ValueError, match="mast"):
        function(None, 99)


def _story(*records: dict[str, Any]) -> Settler:
    settler = Settler(RunRecord(run_id=journal.APP, namespace="ns", job="app", started=journal.T0))
    for record in records:
        settler.steps.feed({"step": "s1", **record})
    return settler


START = {"type": "stepStart", "time": journal.T0, "name": "harbour", "stream": QUERY,
         "inputs": [{"namespace": "https://ships", "name": "/register"}], "outputs": []}  # fmt: skip


def _batch(number: int, time: int) -> list[dict[str, Any]]:
    """What the witness writes of a batch: the query of the stream, and the one inside of it."""
    text = f"ships\nid = {QUERY}\nrunId = 01900000-0000-4000-8000-0000000000bb\nbatch = {number}"
    at = journal.T0 + time
    return [
        {"type": "executionStart", "time": at, "executionId": 2 * number, "rootExecutionId": 2 * number,
         "description": text, "command": "Scan json"},
        {"type": "executionStart", "time": at + 1, "executionId": 2 * number + 1, "rootExecutionId": 2 * number,
         "description": text, "command": "Execute InsertIntoHadoopFsRelationCommand"},
        {"type": "executionEnd", "time": at + 8, "executionId": 2 * number + 1, "error": None},
        {"type": "executionEnd", "time": at + 9, "executionId": 2 * number, "error": None},
    ]  # fmt: skip


def _feed(settler: Settler, number: int, time: int) -> None:
    for record in _batch(number, time):
        settler.witnessed.feed(record)
    run = f"01900000-0000-7000-8000-0000000001{number:02}"
    for kind, at in (("START", time + 1), ("COMPLETE", time + 8)):
        settler.agent(journal.event(kind, at, run, "app.save", inputs=("/in",), outputs=("/out",)))


def test_the_relay_makes_one_run_of_all_batches() -> None:
    settler = _story(START)
    settler.witnessed.feed({"type": "application", "time": journal.T0 - 100})
    _feed(settler, 0, -50)
    events = settler.take()
    for number in range(1, 20):
        _feed(settler, number, number * 100)
        if number == 10:
            settler.steps.feed({"step": "s1", "type": "stepProgress", "time": journal.T0 + 1010})
        events += settler.take()
    settler.steps.feed({"step": "s1", "type": "stepEnd", "time": journal.T0 + 2000, "error": None})
    events += settler.finish(Outcome(state="COMPLETE", ended=journal.T0 + 3000))
    own = [event for event in events if event["job"]["name"] == "app.harbour"]
    assert [event["eventType"] for event in own] == ["START", "RUNNING", "COMPLETE"]
    assert len({event["run"]["runId"] for event in own}) == 1
    assert own[0]["job"]["facets"]["jobType"]["processingType"] == "STREAMING"
    for event in own[1:]:
        assert [item["name"] for item in event["inputs"]] == ["/register", "/in"]
        assert [item["name"] for item in event["outputs"]] == ["/out"]
    agents = [event for event in events if event["job"]["name"] == "app.save"]
    assert [event["eventType"] for event in agents] == ["START", "COMPLETE"]
    assert settler.coverage().reported == 20


@pytest.mark.parametrize(("more", "state"), [({"stopped": True}, "ABORT"), ({}, "FAIL")])
def test_a_step_that_a_stop_has_cut_off_is_no_failure(more: dict[str, Any], state: str) -> None:
    error = {"type": "Py4JJavaError", "message": "java.lang.InterruptedException", "stackTrace": "", **more}
    start = {"type": "stepStart", "time": journal.T0 + 1, "step": "s2", "name": "masts", "parentStep": "s1"}
    end = {"type": "stepEnd", "time": journal.T0 + 2, "step": "s2", "error": error}
    settler = _story(START, start, end, {"type": "stepEnd", "time": journal.T0 + 3, "error": None})
    state_of = json.loads(json.dumps(settler.state()))
    settler = _story()
    settler.restore(state_of)
    events = settler.finish(Outcome(state="COMPLETE", ended=journal.T0 + 9))
    masts = [event for event in events if event["job"]["name"] == "app.masts"]
    assert [event["eventType"] for event in masts] == ["START", state]
    assert masts[-1]["run"]["facets"]["errorMessage"]["message"] == "Py4JJavaError: java.lang.InterruptedException"
    assert [event["eventType"] for event in events if event["job"]["name"] == "app.harbour"] == ["START", "COMPLETE"]


@pytest.mark.parametrize("at", range(20))
def test_a_relay_that_goes_on_says_nothing_twice(at: int) -> None:
    """Its state is taken up by another one at any moment."""
    settler = _story(START)
    settler.witnessed.feed({"type": "application", "time": journal.T0 - 100})
    events = []
    for number in range(20):
        _feed(settler, number, number * 100 - 50)
        settler.steps.feed({"step": "s1", "type": "stepProgress", "time": journal.T0 + number * 100 + 10})
        events += settler.take()
        if number == at:
            state = json.loads(json.dumps(settler.state()))
            settler = _story()
            settler.restore(state)
    error = {"type": "ValueError", "message": "mast", "stackTrace": ""}
    settler.steps.feed({"step": "s1", "type": "stepEnd", "time": journal.T0 + 5000, "error": error})
    events += settler.finish(Outcome(state="FAIL", ended=journal.T0 + 6000, message="it failed"))
    own = [event for event in events if event["job"]["name"] == "app.harbour"]
    assert [event["eventType"] for event in own] == ["START", *["RUNNING"] * 20, "FAIL"]
    assert own[-1]["run"]["facets"]["errorMessage"]["message"] == "ValueError: mast"


def test_a_stream_that_outlives_the_application_ends_with_it() -> None:
    for state in ("COMPLETE", "ABORT"):
        events = _story(START).finish(Outcome(state=state, ended=journal.T0 + 9, message=None))
        own = [event for event in events if event["job"]["name"] == "app.harbour"]
        assert [event["eventType"] for event in own] == ["START", state]
