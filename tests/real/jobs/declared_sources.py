"""Python data sources that are declared early, late, and for their subclasses: argv is the folder to work in."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyspark.sql import SparkSession
from pyspark.sql.datasource import DataSource, DataSourceReader

import sparklineage

if TYPE_CHECKING:
    from collections.abc import Iterator

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


for source in (Late, LateToo, Sub, Own):
    spark.dataSource.register(source)
sparklineage.reads(("hidden", "late"))(Late)
for name in ("late", "late_too", "sub", "own"):
    spark.read.format(name).load().write.parquet(str(out / name))
spark.stop()
