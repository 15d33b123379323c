"""Functions that plans show without a name of their own, and functions of a module: argv is the folder to work in."""

# ruff: noqa: ARG005, PLW0108 - these are the lambdas that people write

from __future__ import annotations

import json
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from helpers_of_job import Rows, RowsByMethod, opened, plain, rate  # type: ignore[import-not-found]
from helpers_of_job import score as score_of_module
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812 - Spark's own custom

import sparklineage

if TYPE_CHECKING:
    from collections.abc import Iterator

out = Path(sys.argv[1])
spark = SparkSession.builder.getOrCreate()
context = spark.sparkContext
context.addPyFile(str(Path(__file__).with_name("helpers_of_job.py")))
frame = spark.range(4)


def hidden(name: str) -> tuple[str, str]:
    return ("hidden", name)


def save(name: str, function: Any) -> None:
    write(name, frame.select(F.udf(function, "long")("id").alias("v")))


def write(name: str, found: DataFrame) -> None:
    found.write.parquet(str(out / name))


class Rates:
    def __call__(self, value: int) -> int:
        return value


class Client:
    @sparklineage.reads(hidden("get"))
    def get(self, value: int) -> int:
        return int(self.ask(value))

    @staticmethod
    @sparklineage.reads(hidden("ask"))
    def ask(value: int) -> int:
        return value

    @sparklineage.reads(hidden("put"))
    def put(self) -> None: ...


@sparklineage.reads(hidden("one"))
def one(value: int) -> int:
    return value


@sparklineage.reads(hidden("two"))
def two(value: int) -> int:
    return value


def both(value: int) -> int:
    return int(one(two(value)))


@sparklineage.reads(hidden("score"))
def score(value: int) -> int:
    return value


@sparklineage.reads(hidden("helper"))
def helper() -> None: ...


@sparklineage.reads(hidden("querying"))
def querying(name: str) -> None:
    write(name, frame)


class Each:
    def eval(self, value: int) -> Iterator[tuple[int]]:
        yield (value,)


class Above(Each): ...


@F.udtf(returnType="v: long")
@sparklineage.reads(hidden("below"))
class Below(Each): ...


class ByMethod:
    @sparklineage.reads(hidden("by_method"))
    def eval(self, value: int) -> Iterator[tuple[int]]:
        yield (value,)

    @sparklineage.reads(hidden("at_its_end"))
    def terminate(self) -> None: ...


class Early(Each): ...


lam = F.udf(sparklineage.reads(hidden("lambda"))(lambda value: value), "long")
with sparklineage.step(spark, "inside"):
    write("lambda_inside", frame.select(lam("id").alias("v")))
write("lambda_outside", frame.select(lam("id").alias("v")))
save("no_lambda", lambda value: value)
write("group", frame.groupBy("id").applyInPandas(sparklineage.reads(hidden("group"))(lambda part: part), "id long"))
udf = F.udf(lambda value: value, "long")
write("used_before", frame.select(udf("id").alias("v")))
write("after", frame.select(sparklineage.reads(hidden("after"))(udf)("id").alias("v")))
save("object", sparklineage.reads(hidden("object"))(Rates()))
save("object_too", sparklineage.reads(hidden("object_too"))(Rates()))
save("no_object", Rates())
save("partial", sparklineage.reads(hidden("partial"))(partial(max, 1)))
save("nested", lambda value: both(value))
save("both", both)
save("method", Client().get)
save("of_module", rate)
save("lambda_of_module", lambda value: rate(value))
save("score", score)
save("score_of_module", score_of_module)
write("scores", frame.select((F.udf(score, "long")("id") + F.udf(score_of_module, "long")("id")).alias("v")))
spark.udf.register("score_in_sql", score_of_module, "long")
write("score_in_sql", spark.sql("SELECT score_in_sql(id) AS v FROM range(4)"))
tables = {
    "above": sparklineage.reads(hidden("above"))(F.udtf(Above, returnType="v: long")),
    "below": Below,
    "by_method": F.udtf(ByMethod, returnType="v: long"),
    "rows_of_module": F.udtf(Rows, returnType="v: long"),
    "by_method_of_module": F.udtf(RowsByMethod, returnType="v: long"),
}
for name, table in tables.items():
    spark.udtf.register(f"sql_{name}", table)
    write(name, spark.sql(f"SELECT v FROM range(4), LATERAL sql_{name}(id)"))  # noqa: S608 - a name of ours
early = F.udtf(Early, returnType="v: long")
write("early_before", early(F.lit(1)))
sparklineage.reads(hidden("early"))(Early)
write("early", early(F.lit(1)))
for _ in range(20):
    helper()
for name in ("querying", "querying_again"):
    querying(name)

numbers = context.parallelize(range(8), 8)
decorated = (sparklineage.reads(hidden("name"))(function) for function in (Rates(), partial(max, 1), lambda value: 1))
print(
    json.dumps(
        {
            "columns": frame.select(*(F.udf(function, "long")("id") for function in decorated)).columns,
            "modules": [row["v"] for row in spark.read.parquet(str(out / "of_module")).collect()],
            "opened": {
                # By worker; whatever was opened for the one function was opened for the other, too.
                "often": sum(count for _, count in numbers.map(plain).union(numbers.map(opened)).collect()),
                "workers": len({worker for worker, _ in numbers.map(opened).collect()}),
            },
        }
    )
)
spark.stop()
