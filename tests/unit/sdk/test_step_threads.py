"""Steps of many threads, processes and thousands: none takes another's place, and nothing of them stays."""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
import threading
import time
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

import sparklineage
from sparklineage.sdk.sending.direct import Direct, Who, open_application
from sparklineage.sdk.steps import nesting, record
from tests.support.context import Context

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sparklineage.sdk.steps.step import Step

PROPERTY = "spark.sparklineage.step"


class Session:
    def __init__(self, folder: Path) -> None:
        self.sparkContext = Context(folder)  # Spark's name


@pytest.fixture
def spark(tmp_path: Path) -> Iterator[Session]:
    record._unwritable.clear()
    yield Session(tmp_path)
    assert nesting.innermost() is None


def records(folder: Path, kind: str) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in (folder / "steps.ndjson").read_text().splitlines()]
    return [line for line in lines if line["type"] == kind]


def test_steps_of_a_pool_are_told_apart(spark: Session, tmp_path: Path) -> None:
    """Its threads serve one task after the other."""
    met = threading.Barrier(4)

    def work(number: int) -> tuple[str | None, str | None]:
        met.wait(10)
        with sparklineage.step(spark, f"task {number}", inputs=[("n", str(number))]):
            met.wait(10)
            sparklineage.current_step(spark).writes(("n", f"out {number}"))
            inside = spark.sparkContext.getLocalProperty(PROPERTY)
        return inside, spark.sparkContext.getLocalProperty(PROPERTY)

    with sparklineage.step(spark, "around"), ThreadPoolExecutor(4) as pool:
        found = list(pool.map(work, range(16)))
    starts = {line["name"]: line for line in records(tmp_path, "stepStart")}
    assert [inside for inside, _ in found] == [starts[f"task {number}"]["step"] for number in range(16)]
    assert {after for _, after in found} == {None}
    # Another thread's step is not around them.
    assert {starts[f"task {number}"]["parentStep"] for number in range(16)} == {None}
    late = {line["step"]: line["outputs"][0]["name"] for line in records(tmp_path, "stepDatasets")}
    assert late == {starts[f"task {number}"]["step"]: f"out {number}" for number in range(16)}


def test_a_thread_that_inherits_its_properties_goes_on_in_the_step(spark: Session, tmp_path: Path) -> None:
    """As pyspark.InheritableThread does; it has no context variables of its parent's."""

    def work(properties: dict[str, str]) -> None:
        spark.sparkContext.local.__dict__.update(properties)
        sparklineage.current_step(spark).reads(("n", "inherited"))
        with sparklineage.step(spark, "inner"):
            pass

    with sparklineage.step(spark, "outer"):
        thread = threading.Thread(target=work, args=(dict(spark.sparkContext.local.__dict__),))
        thread.start()
        thread.join(20)
    outer, inner = records(tmp_path, "stepStart")
    assert inner["parentStep"] == outer["step"]
    assert [line["step"] for line in records(tmp_path, "stepDatasets")] == [outer["step"]]


@pytest.fixture
def hasty() -> Iterator[None]:
    """Threads take turns after every few instructions."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def declared_by_threads(step: Step) -> set[str]:
    """Datasets that several threads declare on it at once."""

    def declare(thread: int) -> None:
        for number in range(10):
            step.reads(("n", f"{thread}-{number}"))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(declare, range(4)))
    return {f"{thread}-{number}" for thread in range(4) for number in range(10)}


@pytest.mark.usefixtures("hasty")
def test_what_threads_declare_at_once_is_sent() -> None:
    events: list[dict[str, Any]] = []
    way = Direct(who=Who(namespace="n", job="j"), emitter=SimpleNamespace(put=events.append), place="")  # type: ignore[arg-type]
    open_application(way)
    try:
        for _ in range(20):
            with sparklineage.step(None, "shared") as step:
                expected = declared_by_threads(step)
            assert {item["name"] for item in events[-1]["inputs"]} == expected
            # Each is told as soon as it is declared, and never taken back.
            assert [len(event["inputs"]) for event in events] == [*range(41), 40]
            events.clear()
    finally:
        open_application(None)


def test_what_threads_declare_at_once_waits_for_a_full_disk(
    spark: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        time.sleep(0.001)
        raise OSError(28, "No space left on device")

    with sparklineage.step(spark, "shared") as step, monkeypatch.context() as patched:
        patched.setattr(record, "append_line", full)
        expected = declared_by_threads(step)
    assert {item["name"] for line in records(tmp_path, "stepDatasets") for item in line["inputs"]} == expected


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")  # since Python 3.12, of fork beside threads
def test_a_forked_child_waits_for_no_thread_of_its_parent(spark: Session, tmp_path: Path) -> None:
    with sparklineage.step(spark, "shared") as step:
        held, over = threading.Event(), threading.Event()

        def hold() -> None:
            with step.latest._alone:  # type: ignore[union-attr]
                held.set()
                over.wait(20)

        thread = threading.Thread(target=hold)
        thread.start()
        held.wait(20)
        if (child := os.fork()) == 0:
            signal.alarm(10)
            step.reads(("n", "of the child"))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        over.set()
        thread.join()
    assert os.waitstatus_to_exitcode(status) == 0
    assert len(records(tmp_path, "stepDatasets")) == 1


def test_a_copied_context_knows_the_step_without_spark(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPARKLINEAGE_JOURNAL_RUN", str(tmp_path))
    with sparklineage.step(None, "outer"), ThreadPoolExecutor(1) as pool:
        pool.submit(copy_context().run, lambda: sparklineage.current_step().reads(("n", "copied"))).result(20)
    assert [line["inputs"][0]["name"] for line in records(tmp_path, "stepDatasets")] == ["copied"]


def test_a_forked_child_leaves_the_parents_jvm_alone(spark: Session, tmp_path: Path) -> None:
    with sparklineage.step(spark, "parent") as step:
        before = spark.sparkContext.calls
        child = os.fork()
        if child == 0:
            try:
                step.reads(("n", "of the child"))
                with sparklineage.step(spark, "child"):
                    pass
            finally:
                os._exit(0 if spark.sparkContext.calls == before else 1)
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) == 0
        assert spark.sparkContext.calls == before
    names = [line["name"] for line in records(tmp_path, "stepStart")]
    assert names == ["parent", "child"]
    assert len(records(tmp_path, "stepEnd")) == 2


@pytest.mark.parametrize(
    "value", [None, 3, 1.5, b"x", object(), {}, "", "x" * 1_000_000, ("n",), ("n", None), ("n", "x" * 1_000_000), float]
)
def test_whatever_is_declared_the_job_goes_on(
    value: Any, spark: Session, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with sparklineage.step(spark, "score", inputs=[value], outputs=[value]) as step:
        step.reads(value)
        step.writes(value, ("n", "good"))
        step.column_lineage({"good.a": [value]})
        step.column_lineage(value)
        step.facets(value)
    declared = [item["name"] for line in records(tmp_path, "stepDatasets") for item in line["outputs"]]
    assert declared == ["good"]
    assert caplog.messages
    assert max(map(len, caplog.messages)) < 2_000
    with pytest.raises(Exception, match=r"."), sparklineage.step(spark, "strict", inputs=[value], strict=True):
        pytest.fail("never entered")


@pytest.mark.parametrize("name", [None, 3, "x" * 1_000_000, "\ud800", "a\nb"])
def test_whatever_it_is_called_the_job_goes_on(name: Any, spark: Session, tmp_path: Path) -> None:
    with sparklineage.step(spark, name):
        pass
    (start,) = records(tmp_path, "stepStart")
    assert 0 < len(start["name"]) <= 500


@pytest.mark.parametrize("session", [None, 3, "spark", object(), Session])
def test_whatever_the_session_is_the_job_goes_on(session: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPARKLINEAGE_JOURNAL_RUN", str(tmp_path))
    with sparklineage.step(session, "score") as step:
        step.reads(("n", "x"))
    assert len(records(tmp_path, "stepStart")) == len(records(tmp_path, "stepDatasets")) == 1
    assert [line["error"] for line in records(tmp_path, "stepEnd")] == [None]


def test_a_step_goes_to_the_jvm_three_times(spark: Session) -> None:
    """To ask for the step around it, to set its own and to set the former one again."""
    for _ in range(3):
        with sparklineage.step(spark, "score", inputs=["s3://b/x"]):
            pass
    assert spark.sparkContext.calls == 9


def test_ten_thousand_steps_leak_nothing(spark: Session) -> None:
    def work(count: int) -> None:
        for number in range(count):
            with sparklineage.step(spark, f"step {number}", inputs=[("n", str(number))]) as step:
                step.writes(("n", f"out {number}"))
                sparklineage.current_step(spark).reads(("n", "more"))

    def held() -> int:
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    def open_now() -> tuple[int, int]:
        return len(list(Path("/proc/self/fd").iterdir())), threading.active_count()

    before_all = open_now()
    work(100)
    tracemalloc.start()
    try:
        rounds = [held()]
        for _ in range(2):
            work(5_000)
            rounds.append(held())
        # A table of Python's own, such as that of interned texts, may grow once; a leak grows in each round.
        grown = min(after - before for before, after in pairwise(rounds))
    finally:
        tracemalloc.stop()
    assert grown < 50_000, f"{grown} bytes"
    assert dict(nesting._open) == {}
    # Fewer where another test's own thread has ended meanwhile.
    assert all(now <= before for now, before in zip(open_now(), before_all, strict=True))
