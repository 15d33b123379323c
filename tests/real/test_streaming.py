"""A streaming query behind `foreach_batch`: one run, few events, what is declared tied to what the agent saw."""

from __future__ import annotations

import re
import shutil
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import functions as F  # noqa: N812 - Spark's own custom

import sparklineage
from sparklineage.testing import Lineage, Run
from tests.real.submission import REPOSITORY

pytestmark = pytest.mark.spark

REGISTER = "https://ships.example.com/register"
BATCHES = 20


def until(true: Callable[[], bool], *, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.1)


def _files(folder: Path, count: int = BATCHES) -> Path:
    folder.mkdir()
    for number in range(count):
        (folder / f"{number}.json").write_text(f'{{"mast": {number}}}\n')
    return folder


def _start(spark: Any, source: Path, function: Callable[[Any, int], Any], **options: Any) -> Any:
    read = spark.readStream.schema("mast int").option("maxFilesPerTrigger", 1).json(str(source))
    writer = read.writeStream.foreachBatch(function).option("checkpointLocation", str(source.parent / "state"))
    return writer.queryName("ships").trigger(**options).start()


def _ended(lineage: Lineage, name: str = "harbour") -> Run:
    """The run of the stream, once what waits beside the query has told its end."""
    until(lambda: lineage.run(name).state != "RUNNING")
    return lineage.run(name)


def test_twenty_batches_are_one_run(lineage_spark: Any, lineage: Lineage, tmp_path: Path) -> None:
    def save(batch: Any, _number: int) -> None:
        batch.write.mode("append").parquet(str(tmp_path / "out"))

    function = sparklineage.foreach_batch("harbour", save, inputs=[REGISTER])
    _start(lineage_spark, _files(tmp_path / "in"), function, availableNow=True).awaitTermination(300)
    assert lineage_spark.read.parquet(str(tmp_path / "out")).count() == BATCHES
    run = _ended(lineage)
    assert [event["eventType"] for event in run.events] == ["START", "COMPLETE"]
    assert run.job == "tests.harbour"
    assert run.inputs == {tmp_path / "in", REGISTER}
    assert run.outputs == {tmp_path / "out"}
    assert run.facets["parent"]["run"]["runId"] == lineage.application.id
    # Of the first batch the agent's own runs are there; of the others nothing.
    writing = [one for one in lineage.runs if one.kind == "SQL_JOB" and tmp_path / "out" in one.outputs]
    assert [one.state for one in writing] == ["COMPLETE"]
    # What is declared is on the query that writes, and not on the batch around it.
    assert writing[0].inputs == {tmp_path / "in", REGISTER}
    assert REGISTER not in lineage.run("scan_json").inputs


def test_the_pages_example_ties_what_it_reads_to_what_it_writes(
    lineage_spark: Any, lineage: Lineage, tmp_path: Path
) -> None:
    page = (REPOSITORY / "docs" / "manual-lineage.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", page.partition("\n## Streams\n")[2].partition("\n## ")[0], re.DOTALL)
    sent: list[Any] = []
    names: dict[str, Any] = {"send_to_the_database": sent.extend}
    exec(code, names)  # noqa: S102 - the page's own
    _start(lineage_spark, _files(tmp_path / "in", 3), names["save"], availableNow=True).awaitTermination(300)
    assert sorted(row.mast for row in sent) == [0, 1, 2]
    run = _ended(lineage, "ships")
    assert run.job == "tests.ships"
    assert run.inputs == {tmp_path / "in"}
    assert run.outputs == {"postgresql://db.example.com/ships#public.masts"}


def test_what_is_declared_inside_of_batches_is_on_the_streams_run(
    lineage_spark: Any, lineage: Lineage, tmp_path: Path
) -> None:
    @sparklineage.reads("s3://rates/of-the-stream")
    def of_the_stream(mast: int) -> int:
        return mast

    @sparklineage.reads("s3://rates/of-a-batch")
    def of_a_batch(mast: int) -> int:
        return mast

    def save(batch: Any, number: int) -> None:
        session = batch.sparkSession
        with sparklineage.step(session, "nested", inputs=[f"s3://rates/{number}"], outputs=[f"s3://sums/{number}"]):
            batch.write.mode("append").parquet(str(tmp_path / "out"))
        if number == 2:
            batch.select(F.udf(of_a_batch, "int", useArrow=False)("mast").alias("m")).write.parquet(
                str(tmp_path / "udf")
            )
        if number == 3:
            sparklineage.tag(batch, inputs=["s3://rates/tagged"]).write.parquet(str(tmp_path / "tagged"))
            with sparklineage.step(session, "by hand", outputs=["s3://sums/by-hand"]):
                pass
            with suppress(ValueError), sparklineage.step(session, "handled", outputs=["s3://sums/handled"]):
                raise ValueError("no mast")

    read = lineage_spark.readStream.schema("mast int").option("maxFilesPerTrigger", 1)
    rows = read.json(str(_files(tmp_path / "in", 5))).select(
        F.udf(of_the_stream, "int", useArrow=False)("mast").alias("mast")
    )
    writer = rows.writeStream.foreachBatch(sparklineage.foreach_batch("harbour", save, inputs=[REGISTER]))
    writer.option("checkpointLocation", str(tmp_path / "state")).trigger(availableNow=True).start().awaitTermination(
        300
    )
    run = _ended(lineage)
    rates = {f"s3://rates/{name}" for name in (*range(5), "of-the-stream", "of-a-batch", "tagged")}
    assert run.inputs == {tmp_path / "in", REGISTER, *rates}
    written = {tmp_path / name for name in ("out", "udf", "tagged")}
    assert run.outputs == {*written, *(f"s3://sums/{name}" for name in (*range(5), "by-hand", "handled"))}
    last = [item["name"] for event in run.events for side in ("inputs", "outputs") for item in event[side]]
    assert [last.count(name) for name in ("1", "of-a-batch", "tagged", "handled")] == [2, 1, 1, 1]  # 1 of either side
    # None of them has a run of its own, but for what it has to say of its failure.
    assert {one.job: one.state for one in lineage.runs if one.kind == "STEP"} == {
        "tests.harbour": "COMPLETE", "tests.handled": "FAIL",
    }  # fmt: skip


@pytest.mark.parametrize("what", ["count", "toPandas", "show", "foreachPartition", "take", "cached", "table"])
def test_only_what_is_written_is_an_output(lineage_spark: Any, lineage: Lineage, tmp_path: Path, what: str) -> None:
    def save(batch: Any, _number: int) -> None:
        if what == "foreachPartition":
            batch.foreachPartition(list)
        elif what == "take":
            batch.take(1)
        elif what == "cached":
            batch.cache().count()
            batch.write.mode("append").json(str(tmp_path / "out"))
        elif what == "table":
            batch.sparkSession.sql(f"create table if not exists masts (mast int) using json location '{tmp_path}/out'")
            batch.write.insertInto("masts")
            batch.sparkSession.sql("drop table masts")
        else:
            getattr(batch, what)()

    function = sparklineage.foreach_batch("harbour", save, inputs=[REGISTER])
    _start(lineage_spark, _files(tmp_path / "in", 2), function, availableNow=True).awaitTermination(300)
    assert _ended(lineage).outputs == ({tmp_path / "out"} if what in ("cached", "table") else set())


def test_a_query_that_goes_on_speaks_once_an_interval(lineage_spark: Any, lineage: Lineage, tmp_path: Path) -> None:
    def save(batch: Any, _number: int) -> None:
        sparklineage.current_step().writes("postgresql://db.example.com/ships#public.masts")
        batch.count()

    function = sparklineage.foreach_batch("harbour", save, inputs=[REGISTER], interval=1.0)
    begun = time.monotonic()
    query = _start(lineage_spark, _files(tmp_path / "in"), function, processingTime="200 milliseconds")
    until(lambda: (query.lastProgress or {}).get("batchId", 0) >= BATCHES - 1, seconds=120)
    assert lineage.run("harbour").state == "RUNNING"
    query.stop()
    run = _ended(lineage)
    assert run.state == "COMPLETE"
    kinds = [event["eventType"] for event in run.events]
    assert kinds == ["START", *["RUNNING"] * (len(kinds) - 2), "COMPLETE"]
    assert 1 <= kinds.count("RUNNING") <= time.monotonic() - begun
    assert run.outputs == {"ships.public.masts"}


def test_a_failing_batch_is_told(lineage_spark: Any, lineage: Lineage, tmp_path: Path) -> None:
    def save(batch: Any, number: int) -> None:
        if number == 2:
            raise ValueError("the mast is broken")
        batch.count()

    function = sparklineage.foreach_batch("harbour", save, inputs=[REGISTER])
    query = _start(lineage_spark, _files(tmp_path / "in", 4), function, availableNow=True)
    with pytest.raises(Exception, match="the mast is broken"):
        query.awaitTermination(300)
    run = _ended(lineage)
    assert (run.state, run.error) == ("FAIL", "ValueError: the mast is broken")


def test_stopping_a_query_in_a_batch_is_no_failure(lineage_spark: Any, lineage: Lineage, tmp_path: Path) -> None:
    raised: list[Exception] = []

    def save(batch: Any, _number: int) -> None:
        try:
            batch.count()
            stopped.wait(30)
            time.sleep(1)
            with sparklineage.step(batch.sparkSession, "masts", outputs=[REGISTER]):
                batch.count()
        except Exception as error:
            raised.append(error)
            raise

    stopped = threading.Event()
    function = sparklineage.foreach_batch("harbour", save, inputs=[REGISTER], interval=1.0)
    query = _start(lineage_spark, _files(tmp_path / "in", 2), function, processingTime="0 seconds")
    until(lambda: any(run.name == "harbour" for run in lineage.runs))
    threading.Timer(0.5, stopped.set).start()
    query.stop()
    assert query.exception() is None
    assert len(raised) == 1
    run = _ended(lineage)
    assert (run.state, run.error) == ("COMPLETE", None)


def test_a_query_that_fails_between_batches_is_told(lineage_spark: Any, lineage: Lineage, tmp_path: Path) -> None:
    def save(batch: Any, _number: int) -> None:
        batch.count()
        # Spark notes each batch that is done below this folder.
        shutil.rmtree(tmp_path / "state" / "commits")
        (tmp_path / "state" / "commits").write_text("no folder")

    function = sparklineage.foreach_batch("harbour", save, outputs=[REGISTER])
    query = _start(lineage_spark, _files(tmp_path / "in", 5), function, availableNow=True)
    with pytest.raises(Exception, match="commits"):
        query.awaitTermination(300)
    run = _ended(lineage)
    assert run.state == "FAIL"
    assert "StreamingQueryException" in str(run.error)
    assert "commits" in str(run.error)
