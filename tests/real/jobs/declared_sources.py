"""Python data sources that are declared early, late, and for their subclasses, and a stateful processor: argv is the
folder to work in."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyspark.sql import SparkSession
from pyspark.sql.datasource import (
    DataSource,
    DataSourceReader,
    DataSourceStreamWriter,
    DataSourceWriter,
    SimpleDataSourceStreamReader,
    WriterCommitMessage,
)
from pyspark.sql.streaming import StatefulProcessor

import sparklineage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyspark.sql import DataFrame
    from pyspark.sql.streaming import DataStreamWriter

ROCKS = "org.apache.spark.sql.execution.streaming.state.RocksDBStateStoreProvider"

out = Path(sys.argv[1])
spark = SparkSession.builder.getOrCreate()


class Reader(DataSourceReader):  # type: ignore[misc]
    def read(self, partition: Any) -> Iterator[tuple[int]]:  # noqa: ARG002 - Spark gives it
        yield (1,)


class Rows(DataSource):  # type: ignore[misc]
    def schema(self) -> str:
        return "v long"

    def reader(self, schema: Any) -> DataSourceReader:  # noqa: ARG002 - as above
        return Reader()


class Late(Rows):
    @classmethod
    def name(cls) -> str:
        return "late"


class LateToo(Late):
    @classmethod
    def name(cls) -> str:
        return "late_too"


@sparklineage.reads(("hidden", "base"))
class Base(Rows):
    @classmethod
    def name(cls) -> str:
        return "base"


class Sub(Base):
    @classmethod
    def name(cls) -> str:
        return "sub"


@sparklineage.reads(("hidden", "own"))
class Own(Base):
    @classmethod
    def name(cls) -> str:
        return "own"


class Offsets(SimpleDataSourceStreamReader):  # type: ignore[misc]
    """One row, and then nothing more."""

    def initialOffset(self) -> dict[str, int]:  # noqa: N802 - Spark's name
        return {"at": 0}

    def read(self, start: dict[str, int]) -> tuple[Iterator[tuple[int]], dict[str, int]]:
        return iter([(1,)] if start["at"] == 0 else []), {"at": 1}

    def readBetweenOffsets(self, start: Any, end: Any) -> Iterator[tuple[int]]:  # noqa: ARG002, N802 - as above
        return iter([(1,)])


class Writer(DataSourceWriter):  # type: ignore[misc]
    def write(self, rows: Iterator[Any]) -> WriterCommitMessage:
        list(rows)
        return WriterCommitMessage()


class StreamWriter(DataSourceStreamWriter):  # type: ignore[misc]
    def write(self, rows: Iterator[Any]) -> WriterCommitMessage:
        list(rows)
        return WriterCommitMessage()

    def commit(self, messages: Any, batchId: int) -> None: ...  # noqa: N803 - as above

    def abort(self, messages: Any, batchId: int) -> None: ...  # noqa: N803 - as above


@sparklineage.reads(("hidden", "in"))
@sparklineage.writes(("hidden", "out"))
class Both(Rows):
    @classmethod
    def name(cls) -> str:
        return "both"

    def writer(self, schema: Any, overwrite: bool) -> DataSourceWriter:  # noqa: ARG002 - as above
        return Writer()

    def simpleStreamReader(self, schema: Any) -> SimpleDataSourceStreamReader:  # noqa: ARG002, N802 - as above
        return Offsets()

    def streamWriter(self, schema: Any, overwrite: bool) -> DataSourceStreamWriter:  # noqa: ARG002, N802 - as above
        return StreamWriter()


@sparklineage.reads(("hidden", "state"))
class Keep(StatefulProcessor):  # type: ignore[misc]
    def init(self, handle: Any) -> None: ...

    def handleInputRows(self, key: Any, rows: Iterator[Any], timer: Any) -> Iterator[Any]:  # noqa: ARG002, N802 - as above
        yield from rows

    def close(self) -> None: ...


for source in (Late, LateToo, Sub, Own, Both):
    spark.dataSource.register(source)
sparklineage.reads(("hidden", "late"))(Late)
for name in ("late", "late_too", "sub", "own"):
    spark.read.format(name).load().write.parquet(str(out / name))


def stream(name: str, writer: DataStreamWriter) -> None:
    """One batch of it."""
    query = writer.option("checkpointLocation", str(out / f"{name}.checkpoint")).queryName(name).start()
    while not query.recentProgress and query.isActive:
        time.sleep(0.1)
    query.stop()
    query.awaitTermination()


def write_batch(batch: DataFrame, number: int) -> None:  # noqa: ARG001 - as above
    batch.write.mode("append").parquet(str(out / "batch"))


rows = spark.read.format("both").load()
rows.write.parquet(str(out / "read"))
spark.range(1).selectExpr("id AS v").write.format("both").mode("append").save()
rows.write.format("both").mode("append").save()
endless = spark.readStream.format("both").load()
stream("stream_read", endless.writeStream.format("parquet").option("path", str(out / "stream")))
stream("stream_written", spark.readStream.schema("v long").parquet(str(out / "late")).writeStream.format("both"))
stream("stream_both", endless.writeStream.format("both"))
stream("stream_batch", endless.writeStream.foreachBatch(write_batch))
# It needs what keeps the states of streams, which the first of them has started.
spark.conf.set("spark.sql.streaming.stateStore.providerClass", ROCKS)
grouped = spark.range(4).groupBy("id")
grouped.transformWithStateInPandas(Keep(), "id long", "append", "none").write.parquet(str(out / "state"))
spark.stop()
