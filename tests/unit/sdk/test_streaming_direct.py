"""`foreach_batch` where there is no journal: the run of a query is sent by openlineage-python."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sparklineage import current_step, facets
from sparklineage.model import event as ol
from sparklineage.model.dataset import Dataset
from sparklineage.sdk.sending import emit
from sparklineage.sdk.steps.step import Step
from sparklineage.sdk.streams import stream
from sparklineage.sdk.streams.streaming import ForeachBatch
from tests.support.receiver import Receiver

REGISTER = "https://ships.example.com/register"
REPOSITORY = Path(__file__).parents[3]


class Java:
    """A query as the JVM shows it."""

    def __init__(self) -> None:
        self.over = threading.Event()
        self.failure: Exception | None = None
        self.asked: list[int] = []
        self.stopped = False

    def isActive(self) -> bool:  # noqa: N802 - Spark's name
        return not self.stopped

    def awaitTermination(self, milliseconds: int) -> bool:  # noqa: N802 - Spark's name
        self.asked.append(milliseconds)
        # A second is as long as a minute is in a real query.
        over = self.over.wait(0.05 if milliseconds < 20_000 else milliseconds / 1000)
        if over and self.failure is not None:
            raise self.failure
        # As Spark does: a query that is stopped is over for who asks, also while its batch still runs.
        return over or self.stopped


class FailedError(Exception):
    """As py4j shows an exception of the JVM's."""

    java_exception = "org.apache.spark.sql.streaming.StreamingQueryException"


class Scene:
    """A classic session without a journal, and its queries."""

    def __init__(self, environ: dict[str, str]) -> None:
        self.environ, self.seconds = environ, 0.0
        self.queries: dict[str, Java] = {}
        self.local: dict[str, str | None] = {}
        self.session: Any = SimpleNamespace(
            _jsparkSession=SimpleNamespace(
                sharedState=lambda: SimpleNamespace(activeStreamingQueries=lambda: self.queries)
            )
        )
        uuid = SimpleNamespace(fromString=lambda text: text)
        self.session.sparkContext = SimpleNamespace(
            _jvm=SimpleNamespace(java=SimpleNamespace(util=SimpleNamespace(UUID=uuid))),
            getConf=dict, getLocalProperty=self.local.get, setLocalProperty=self._no_mark,
        )  # fmt: skip

    @staticmethod
    def _no_mark(*_: str) -> None:
        raise AssertionError("nobody reads it")

    def made(self, save: Any = None, **options: Any) -> ForeachBatch:
        given: dict[str, Any] = {"inputs": [REGISTER], "outputs": (), "interval": 60.0, **options}
        function = save or (lambda _batch, _number: None)
        return ForeachBatch("harbour", function, environ=self.environ, clock=lambda: self.seconds, **given)

    def batch(self, function: ForeachBatch, query: str, number: int) -> None:
        self.queries.setdefault(query, Java())
        self.local["sql.streaming.queryId"] = query
        function(SimpleNamespace(sparkSession=self.session), number)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as found:
        yield found


@pytest.fixture
def scene(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    for name in list(os.environ):
        if name.startswith(("OPENLINEAGE", "SPARKLINEAGE")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("OPENLINEAGE_URL", receiver.url)
    monkeypatch.setattr(emit, "_emitters", {})
    # The client adds variables of its own, which must not be there for the next test.
    before = dict(os.environ)
    found = Scene(before)
    yield found
    for query in found.queries.values():
        query.over.set()
    for emitter in emit._emitters.values():
        emitter.close(2)
    os.environ.clear()
    os.environ.update(before)


def kinds(receiver: Receiver, *, end: bool = True) -> list[str]:
    """Once the end is there, unless there shall be none."""
    until = time.monotonic() + 10
    while end and not any(event["eventType"] in ol.TERMINAL for event in receiver.events):
        assert time.monotonic() < until
        time.sleep(0.02)
    for emitter in emit._emitters.values():
        assert emitter.flush(10)
    return [event["eventType"] for event in receiver.events]


def test_the_run_ends_with_its_query_and_keeps_to_its_interval(scene: Scene, receiver: Receiver) -> None:
    def save(_batch: Any, number: int) -> None:
        current_step().writes(Dataset.of("s3://b/ships").with_facets(facets.output_statistics(rows=number)))

    function = scene.made(save)
    for number in range(100):
        scene.seconds = number * 2.0
        scene.batch(function, "q1", number)
    assert kinds(receiver, end=False) == ["START", *["RUNNING"] * 3]
    scene.queries["q1"].over.set()
    assert kinds(receiver) == ["START", *["RUNNING"] * 3, "COMPLETE"]
    assert len({ol.run_id(event) for event in receiver.events}) == 1
    end = receiver.events[-1]
    assert end["job"]["facets"]["jobType"]["processingType"] == "STREAMING"
    assert [item["name"] for item in end["inputs"]] == ["/register"]
    assert end["outputs"][0]["outputFacets"]["outputStatistics"]["rowCount"] == 99


def test_what_no_later_batch_tells_is_told_after_the_interval(scene: Scene, receiver: Receiver) -> None:
    """The stream has nothing more to read, and goes on."""
    scene.batch(scene.made(lambda *_: current_step().writes("s3://b/ships"), interval=2.0), "q1", 0)
    assert kinds(receiver, end=False) == ["START"]
    scene.seconds = 3.0
    until = time.monotonic() + 10
    while len(receiver.events) < 2:
        assert time.monotonic() < until
        time.sleep(0.02)
    assert [item["name"] for item in receiver.events[-1]["outputs"]] == ["ships"]
    scene.seconds = 30.0
    asked = len(scene.queries["q1"].asked)
    while len(scene.queries["q1"].asked) < asked + 3:
        time.sleep(0.02)
    assert kinds(receiver, end=False) == ["START", "RUNNING"]
    assert set(scene.queries["q1"].asked) == {2000}


class CutOffError(Exception):
    """What a call into the JVM raises in a batch whose query is being stopped."""


@pytest.mark.parametrize("failure", [None, FailedError("the mast is broken")])
def test_spark_says_whether_the_batch_of_a_stopped_query_has_failed(
    scene: Scene, receiver: Receiver, failure: Exception | None
) -> None:
    def save(_batch: Any, _number: int) -> None:
        query = scene.queries["q1"]
        query.stopped = True
        until = time.monotonic() + 10
        while len(query.asked) < 4:
            assert time.monotonic() < until
            time.sleep(0.02)
        assert [event["eventType"] for event in receiver.events if event["eventType"] in ol.TERMINAL] == []
        raise CutOffError("o277.count")

    with pytest.raises(CutOffError):
        scene.batch(scene.made(save, interval=0), "q1", 0)
    assert ol.TERMINAL.isdisjoint(kinds(receiver, end=False))
    scene.queries["q1"].failure = failure
    scene.queries["q1"].over.set()
    said = kinds(receiver)
    assert (said[0], said[-1]) == ("START", "COMPLETE" if failure is None else "FAIL")
    if failure is not None:
        message = receiver.events[-1]["run"]["facets"]["errorMessage"]["message"]
        assert message.endswith("CutOffError: o277.count")


class JavaError(Exception):
    """As a call into the JVM raises it."""

    __module__ = "py4j.protocol"


@pytest.mark.parametrize(
    ("is_stopped", "error", "state"),
    [
        (True, JavaError("java.lang.InterruptedException"), "ABORT"),
        (True, ValueError("the mast is broken"), "FAIL"),
        (False, JavaError("java.lang.OutOfMemoryError"), "FAIL"),
    ],
)
def test_a_step_of_a_batch_is_cut_off_by_the_stop_of_its_query(
    scene: Scene, receiver: Receiver, is_stopped: bool, error: Exception, state: str
) -> None:
    def save(_batch: Any, _number: int) -> None:
        scene.queries["q1"].stopped = is_stopped
        with Step(None, "around", environ=scene.environ), Step(None, "masts", environ=scene.environ):
            try:
                raise error
            except Exception as cause:
                raise RuntimeError("while writing") from cause

    with pytest.raises(RuntimeError):
        scene.batch(scene.made(save), "q1", 0)
    scene.queries["q1"].over.set()
    kinds(receiver)
    ends = {event["job"]["name"].rpartition(".")[2]: event for event in receiver.events}
    assert {ends[name]["eventType"] for name in ("around", "masts")} == {state}
    assert ends["masts"]["run"]["facets"]["errorMessage"]["message"] == "RuntimeError: while writing"


def test_a_failed_batch_of_a_query_that_nobody_stopped_is_told_at_once(scene: Scene, receiver: Receiver) -> None:
    def save(_batch: Any, _number: int) -> None:
        raise ValueError("the mast is broken")

    with pytest.raises(ValueError, match="mast"):
        scene.batch(scene.made(save), "q1", 0)
    assert kinds(receiver) == ["START", "FAIL"]


def test_a_query_that_starts_again_is_another_run_than_the_one_that_was_cut_off(
    scene: Scene, receiver: Receiver
) -> None:
    def save(_batch: Any, number: int) -> None:
        if number == 1:
            scene.queries["q1"].stopped = True
            raise CutOffError

    function = scene.made(save)
    scene.batch(function, "q1", 0)
    with pytest.raises(CutOffError):
        scene.batch(function, "q1", 1)
    scene.queries.pop("q1").over.set()
    scene.batch(function, "q1", 2)
    assert kinds(receiver).count("START") == 2
    assert ol.run_id(next(event for event in receiver.events if event["eventType"] == "COMPLETE")) == ol.run_id(
        receiver.events[0]
    )


def test_a_failure_between_batches_is_told(scene: Scene, receiver: Receiver) -> None:
    scene.batch(scene.made(), "q1", 0)
    scene.queries["q1"].failure = FailedError("the commits are gone")
    scene.queries["q1"].over.set()
    assert kinds(receiver) == ["START", "FAIL"]
    assert "the commits are gone" in receiver.events[-1]["run"]["facets"]["errorMessage"]["message"]


def test_two_queries_of_one_wrapper_are_two_runs(scene: Scene, receiver: Receiver) -> None:
    function = scene.made()
    for number in range(3):
        scene.batch(function, "q1", number)
        scene.batch(function, "q2", number)
    assert kinds(receiver, end=False) == ["START", "START"]
    scene.queries["q2"].over.set()
    assert kinds(receiver) == ["START", "START", "COMPLETE"]
    assert ol.run_id(receiver.events[2]) == ol.run_id(receiver.events[1]) != ol.run_id(receiver.events[0])


def test_a_query_that_nobody_can_ask_for_ends_with_the_process(scene: Scene, receiver: Receiver) -> None:
    function = scene.made()
    scene.batch(function, "q1", 0)
    scene.queries["q1"].failure = ConnectionError("the JVM is gone")
    scene.queries["q1"].over.set()
    for thread in threading.enumerate():
        if thread.name == "sparklineage-stream":
            thread.join(10)
    assert kinds(receiver, end=False) == ["START"]
    stream._settle(os.getpid() + 1)
    assert kinds(receiver, end=False) == ["START"]
    stream._settle(os.getpid())
    stream._settle(os.getpid())
    assert kinds(receiver) == ["START", "COMPLETE"]


@pytest.mark.service
def test_the_exit_of_the_process_tells_the_end(receiver: Receiver) -> None:
    code = "import sparklineage; f = sparklineage.foreach_batch('harbour', print); f(None, 0); f(None, 1)"
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("OPENLINEAGE", "SPARKLINEAGE"))}
    environ = kept | {"OPENLINEAGE_URL": receiver.url, "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True)
    assert done.stdout == "None 0\nNone 1\n"
    assert [event["eventType"] for event in receiver.events] == ["START", "COMPLETE"]
