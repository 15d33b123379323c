"""`foreach_batch` under Spark Connect: the client starts a query whose batches run on the server."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pyspark import cloudpickle

import sparklineage
from sparklineage.sdk.streams.query import RemoteQuery, UnreachableError
from sparklineage.sdk.streams.streaming import ForeachBatch
from tests.support import journal

REGISTER = "https://ships.example.com/register"


class Session:
    """As a session of Spark Connect shows itself."""

    __module__ = "pyspark.sql.connect.session"
    is_stopped = False

    @property
    def sparkContext(self) -> Any:  # noqa: N802 - Spark's name
        raise NotImplementedError("JVM_ATTRIBUTE_NOT_SUPPORTED")


class StreamingQueryException(Exception):  # noqa: N818 - Spark's name
    """As PySpark raises it."""


class Remote:
    """A query on the server."""

    def __init__(self, session: Session, number: int) -> None:
        self._session, self.id = session, f"01900000-0000-4000-8000-00000000000{number}"
        self.over = threading.Event()
        self.failure: Exception | None = None
        self.trouble: list[Exception] = []
        self.lastProgress: dict[str, Any] | None = None
        self.asked = 0

    def awaitTermination(self, timeout: float) -> bool:  # noqa: N802 - Spark's name
        assert timeout > 0
        self.asked += 1
        if self.trouble:
            raise self.trouble.pop()
        if self.over.wait(0.02) and self.failure is not None:
            raise self.failure
        return self.over.is_set()

    @property
    def isActive(self) -> bool:  # noqa: N802 - Spark's name
        if self.trouble:
            raise self.trouble.pop()
        return not self.over.is_set()

    def exception(self) -> Exception | None:
        return self.failure


class Writer:
    """The part of PySpark's writer that counts here."""

    def __init__(self, session: Session) -> None:
        self.session, self.queries = session, list[Remote]()
        self.sent = b""

    def foreachBatch(self, function: Any) -> Writer:  # noqa: N802 - Spark's name
        self.sent = cloudpickle.dumps(function)
        return self

    def start(self) -> Remote:
        self.queries.append(Remote(self.session, len(self.queries)))
        return self.queries[-1]


class Scene:
    def __init__(self, folder: Path) -> None:
        self.folder = journal.folder(folder)
        self.environ = {"SPARKLINEAGE_JOURNAL_RUN": str(self.folder.path)}
        self.writer = Writer(Session())
        self.seconds = 0.0

    def made(self, save: Any = len, **options: Any) -> ForeachBatch:
        given: dict[str, Any] = {"inputs": [REGISTER], "outputs": (), "interval": 60.0, **options}
        return ForeachBatch("harbour", save, environ=self.environ, clock=lambda: self.seconds, **given)

    def records(self, kind: str = "") -> list[dict[str, Any]]:
        path = self.folder.steps
        lines = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
        return [line for line in lines if kind in ("", line["type"])]


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    monkeypatch.setattr("sparklineage.sdk.streams.query.time", SimpleNamespace(sleep=lambda _seconds: None))
    found = Scene(tmp_path)
    monkeypatch.setattr("sparklineage.sdk.session.active", lambda: found.writer.session)
    yield found
    for query in found.writer.queries:
        query.over.set()
    for thread in threading.enumerate():
        if thread.name == "sparklineage-stream":
            thread.join(5)


def until(true: Callable[[], object]) -> None:
    end = time.monotonic() + 10
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_the_run_lasts_as_long_as_the_query(scene: Scene) -> None:
    writer = scene.writer.foreachBatch(scene.made())
    assert b"sparklineage" not in writer.sent
    assert scene.records() == []
    query = writer.start()
    (start,) = scene.records()
    assert (start["type"], start["stream"], start["remote"], start["name"]) == ("stepStart", query.id, True, "harbour")
    assert [item["name"] for item in start["inputs"]] == ["/register"]
    assert not sparklineage.current_step().is_open
    query.lastProgress = {"batchId": 3}
    scene.seconds = 59.0
    asked = query.asked
    until(lambda: query.asked > asked + 2)
    scene.seconds = 61.0
    until(lambda: len(scene.records()) > 1)
    # Nothing new, and nothing to say.
    scene.seconds = 200.0
    asked = query.asked
    until(lambda: query.asked > asked + 2)
    query.over.set()
    until(lambda: scene.records("stepEnd"))
    assert [(record["type"], record.get("batch")) for record in scene.records()] == [
        ("stepStart", None), ("stepProgress", 3), ("stepEnd", None)
    ]  # fmt: skip
    assert scene.records()[-1]["error"] is None


def test_a_query_that_fails_is_told_with_its_error(scene: Scene) -> None:
    query = scene.writer.foreachBatch(scene.made()).start()
    query.failure = StreamingQueryException("the mast is broken")
    query.over.set()
    until(lambda: scene.records("stepEnd"))
    assert scene.records("stepEnd")[0]["error"]["message"] == "the mast is broken"


def test_a_failure_that_only_shows_when_it_is_asked_for_is_told(scene: Scene) -> None:
    query = scene.writer.foreachBatch(scene.made()).start()
    query.failure = ValueError("the mast is broken")
    query.over.set()
    until(lambda: scene.records("stepEnd"))
    assert scene.records("stepEnd")[0]["error"]["message"] == "the mast is broken"


def test_each_start_is_a_run_of_its_own(scene: Scene) -> None:
    writer = scene.writer.foreachBatch(scene.made())
    first, second = writer.start(), writer.start()
    second.over.set()
    until(lambda: scene.records("stepEnd"))
    starts = {record["stream"]: record["step"] for record in scene.records("stepStart")}
    assert scene.records("stepEnd")[0]["step"] == starts[second.id] != starts[first.id]


def test_an_interruption_and_a_server_that_is_away_for_a_moment_end_nothing(scene: Scene) -> None:
    query = scene.writer.foreachBatch(scene.made()).start()
    query.trouble = [ConnectionError("away"), RuntimeError("OPERATION_CANCELED")]
    until(lambda: not query.trouble)
    asked = query.asked
    until(lambda: query.asked > asked + 2)
    assert scene.records("stepEnd") == []
    query.over.set()
    until(lambda: scene.records("stepEnd"))


def test_a_session_that_is_closed_ends_its_queries(scene: Scene) -> None:
    query = scene.writer.foreachBatch(scene.made()).start()
    scene.writer.session.is_stopped = True
    query.trouble = [ValueError("Cannot invoke RPC on closed channel!")]
    until(lambda: scene.records("stepEnd"))
    assert scene.records("stepEnd")[0]["error"] is None


def test_a_server_that_does_not_come_back_is_given_up() -> None:
    query = Remote(Session(), 1)
    query.trouble = [ConnectionError("away") for _ in range(6)]
    remote = RemoteQuery(query, pause=0.0)
    assert [remote.wait(1), remote.wait(1)] == [False, False]
    with pytest.raises(UnreachableError):
        remote.wait(1)


def test_what_a_decorated_function_declares_is_on_its_run(scene: Scene) -> None:
    @sparklineage.writes("s3://b/ships")
    def save(_batch: Any, _number: int) -> None:
        return None

    query = scene.writer.foreachBatch(scene.made(save)).start()
    query.over.set()
    until(lambda: scene.records("stepEnd"))
    (start,) = scene.records("stepStart")
    assert [item["name"] for item in start["outputs"]] == ["ships"]
    assert scene.records("function") == []


def test_code_that_declares_in_a_batch_is_one_warning(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    def inside(_batch: Any, _number: int) -> None:
        def deeper() -> None:
            sparklineage.current_step().writes("s3://b/ships")

        deeper()

    caplog.set_level(logging.WARNING)
    scene.writer.foreachBatch(scene.made())
    assert caplog.messages == []
    scene.writer.foreachBatch(scene.made(inside))
    assert len(caplog.messages) == 1
    assert "give it to foreach_batch as inputs and outputs" in caplog.messages[0]


def test_what_is_sent_in_another_way_is_told_at_once(scene: Scene) -> None:
    cloudpickle.dumps(scene.made())
    assert [record["type"] for record in scene.records()] == ["stepStart", "stepEnd"]


@pytest.mark.parametrize("bad", [None, "often", -1, float("nan")])
def test_a_wrong_interval_is_a_warning(scene: Scene, bad: Any, caplog: pytest.LogCaptureFixture) -> None:
    assert scene.made(interval=bad).interval == 60.0
    assert len(caplog.messages) == 1


def test_a_server_that_refuses_the_query_raises_as_ever(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    def start(_self: Writer) -> Remote:
        raise ValueError("no such path")

    monkeypatch.setattr(Writer, "start", start)
    with pytest.raises(ValueError, match="no such path"):
        scene.writer.foreachBatch(scene.made()).start()
    assert scene.records() == []
