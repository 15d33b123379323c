"""Every kind of code that Spark's plans hide something of, one after the other, and then examples: OUT API BUCKET NAME…

Each kind reads what is called `hidden:<kind>`, by declaration alone, and writes a folder of the kind's own name.
"""

# ruff: noqa: ARG001, ARG002 - Spark gives what the functions do not need

from __future__ import annotations

import json
import os
import sqlite3
import sys
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path
from typing import Any

import pandas as pd
import pyspark
from pyspark import InheritableThread
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812 - Spark's own custom

import sparklineage
import sparklineage.datasets
import sparklineage.facets

out, api, bucket, examples = Path(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4:]
spark = SparkSession.builder.getOrCreate()
facts: dict[str, Any] = {"failed": {}, "modules": {}}
kinds: dict[str, Callable[[], object]] = {}


def kind(function: Callable[[], object]) -> Callable[[], object]:
    kinds[function.__name__] = function
    return function


def hidden(name: str) -> tuple[str, str]:
    return ("hidden", name)


def rows() -> DataFrame:
    return spark.read.parquet(str(out / "raw"))


def save(frame: DataFrame, name: str) -> None:
    frame.write.parquet(str(out / name))


def ours() -> int:
    """How many of our modules a Python worker has loaded."""
    return sum(name.partition(".")[0] == "sparklineage" for name in sys.modules)


# A worker finds nothing of this file's by name, so the functions carry all they need.


@sparklineage.reads(hidden("udf"))
def by_udf(value: int) -> int:
    return sum(name.partition(".")[0] == "sparklineage" for name in sys.modules)


@sparklineage.reads(hidden("sql_udf"))
def by_sql(value: int) -> int:
    return value + 1


@sparklineage.reads(hidden("decorated_udf"))
@F.udf("long")  # type: ignore[untyped-decorator]
def decorated(value: int) -> int:
    return value + 1


@sparklineage.reads(hidden("pandas_udf"))
def by_pandas(values: pd.Series) -> pd.Series:
    return values * 0 + sum(name.partition(".")[0] == "sparklineage" for name in sys.modules)


@sparklineage.writes(hidden("sent"))
@sparklineage.reads(hidden("map_in_pandas"))
def by_map(frames: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
    for frame in frames:
        yield frame.assign(k=sum(name.partition(".")[0] == "sparklineage" for name in sys.modules))


@sparklineage.reads(hidden("apply_in_pandas"))
def by_group(frame: pd.DataFrame) -> pd.DataFrame:
    return frame


@sparklineage.reads(hidden("cogrouped"))
def by_cogroup(left: pd.DataFrame, right: pd.DataFrame) -> pd.DataFrame:
    return left


@kind
def sql() -> None:
    with sparklineage.step(spark, "sql", inputs=[hidden("sql")]):
        save(spark.sql("SELECT k, count(*) AS n FROM raw GROUP BY k"), "sql")


@kind
def nested() -> None:
    with sparklineage.step(spark, "outer", inputs=[hidden("outer")]):
        with sparklineage.step(spark, "inner", inputs=[hidden("inner")]):
            save(rows(), "inherits")
        with sparklineage.step(spark, "alone", inputs=[hidden("alone")], inherit=False):
            save(rows(), "alone")
        sparklineage.current_step().reads(hidden("late"))


@kind
def rdd() -> None:
    with sparklineage.step(spark, "rdd", inputs=[hidden("rdd")]):
        spark.sparkContext.textFile(str(out / "text")).map(lambda line: line + "!").saveAsTextFile(str(out / "rdd"))


@kind
def udf() -> None:
    save(rows().withColumn("z", F.udf(by_udf, "long")("k")), "udf")


@kind
def sql_udf() -> None:
    spark.udf.register("quite_another_name", by_sql, "long")
    save(spark.sql("SELECT quite_another_name(k) AS z FROM raw"), "sql_udf")


@kind
def decorated_udf() -> None:
    save(rows().withColumn("z", decorated("k")), "decorated_udf")


@kind
def pandas_udf() -> None:
    save(rows().withColumn("z", F.pandas_udf(by_pandas, "long")("k")), "pandas_udf")


@kind
def map_in_pandas() -> None:
    frame = rows()
    save(frame.mapInPandas(by_map, frame.schema), "map_in_pandas")


@kind
def apply_in_pandas() -> None:
    frame = rows()
    save(frame.groupBy("k").applyInPandas(by_group, frame.schema), "apply_in_pandas")


@kind
def cogrouped() -> None:
    frame = rows()
    groups = frame.groupBy("k").cogroup(rows().groupBy("k"))
    save(groups.applyInPandas(by_cogroup, frame.schema), "cogrouped")


@kind
def unhidden() -> None:
    """None of this is declared."""
    save(rows().withColumn("z", F.udf(lambda value: value, "long")("k")), "unhidden")


@kind
def foreach_batch() -> None:
    @sparklineage.reads(hidden("foreach_batch"))
    def each(batch: DataFrame, number: int) -> None:
        batch.write.mode("append").parquet(str(out / "foreach_batch"))

    stream = spark.readStream.schema(rows().schema).parquet(str(out / "raw"))
    query = stream.writeStream.foreachBatch(each).trigger(availableNow=True)
    query.option("checkpointLocation", str(out / "checkpoint")).start().awaitTermination()


@kind
def stream() -> None:
    """Three batches of a query that has a job of its own."""

    def each(batch: DataFrame, number: int) -> None:
        batch.write.mode("append").parquet(str(out / "stream"))

    rows().repartition(3).write.parquet(str(out / "arriving"))
    function = sparklineage.foreach_batch("stream", each, inputs=[hidden("stream")])
    arriving = spark.readStream.schema(rows().schema).option("maxFilesPerTrigger", 1).parquet(str(out / "arriving"))
    query = arriving.writeStream.foreachBatch(function).trigger(availableNow=True)
    query.option("checkpointLocation", str(out / "checkpoint_of_stream")).start().awaitTermination()


@kind
def foreach_partition() -> None:
    target = out / "foreach_partition"
    target.mkdir()

    @sparklineage.writes(hidden("foreach_partition"))
    def each(part: Iterator[Any]) -> None:
        found = sum(name.partition(".")[0] == "sparklineage" for name in sys.modules)
        (target / str(os.getpid())).write_text(str(found))

    with sparklineage.step(spark, "export", inputs=[hidden("export")]):
        rows().foreachPartition(each)

    @sparklineage.writes(hidden("loose"))
    def loose(part: Iterator[Any]) -> None:
        """No step is open around it."""

    rows().rdd.foreachPartition(loose)
    facts["modules"]["foreach_partition"] = [int(path.read_text()) for path in target.iterdir()]


@kind
def by_hand() -> None:
    """No query of Spark's runs here."""
    with sparklineage.step(spark, "by_hand") as step:
        path = out / "by_hand.db"
        database = sqlite3.connect(path)
        database.execute("CREATE TABLE t (a INTEGER)")
        database.close()
        step.reads(hidden("by_hand"))
        step.writes(f"sqlite://{path}#t")


@kind
def by_jdbc() -> None:
    """Rows that a helper fetches from Derby by java.sql, and others that a helper puts there."""
    url = f"jdbc:derby:{out}/derby"

    def connection(options: str = "") -> Any:
        return spark._jvm.java.sql.DriverManager.getConnection(url + options)

    @sparklineage.reads(f"{url}#APP.RATES")
    def rates() -> list[tuple[int, float]]:
        open_connection = connection()
        result = open_connection.createStatement().executeQuery("SELECT k, rate FROM rates")
        found = []
        while result.next():
            found.append((result.getInt(1), result.getDouble(2)))
        open_connection.close()
        return found

    @sparklineage.writes(f"{url}#APP.COUNTS")
    def put(counts: dict[int, int]) -> None:
        open_connection = connection()
        statement = open_connection.prepareStatement("INSERT INTO counts VALUES (?, ?)")
        for k, count in counts.items():
            statement.setInt(1, k)
            statement.setInt(2, count)
            statement.executeUpdate()
        open_connection.close()

    made = connection(";create=true")
    for sql in ("CREATE TABLE rates (k INT, rate DOUBLE)", "CREATE TABLE counts (k INT, n INT)"):
        made.createStatement().execute(sql)
    made.createStatement().execute("INSERT INTO rates VALUES (0, 0.5), (1, 1.5), (2, 2.5)")
    made.close()

    with sparklineage.step(spark, "by_jdbc"):
        rated = rows().join(spark.createDataFrame(rates(), "k long, rate double"), "k")
        save(rated, "by_jdbc")
        put({row["k"]: row["count"] for row in rows().groupBy("k").count().collect()})
    put({7: 0})  # and without a step around it
    counted = connection()
    result = counted.createStatement().executeQuery("SELECT sum(n), count(*) FROM counts")
    result.next()
    facts["counts"] = [result.getInt(1), result.getInt(2)]
    counted.close()


@kind
def tag() -> None:
    with sparklineage.step(spark, "built", inputs=[hidden("tag")]) as step:
        frame = sparklineage.tag(rows().withColumn("z", F.lit(1)), step)
        frame.createOrReplaceTempView("tagged")
    save(spark.sql("SELECT a.id FROM tagged AS a JOIN raw AS b ON a.id = b.id WHERE a.k > 1"), "tag")
    save(frame.filter("k > 1").join(rows().select("k").distinct(), "k"), "tag_joined")
    frame.cache()
    save(frame.groupBy("k").count(), "tag_cached")
    frame.unpersist()
    save(rows().union(frame.drop("z")), "tag_union")
    place = f"USING parquet LOCATION '{out}/tag_table'"
    spark.sql(f"CREATE TABLE tag_table {place} AS SELECT * FROM tagged")  # noqa: S608 - a folder of the test's own
    save(sparklineage.tag(rows(), inputs=[hidden("tag_alone")]).groupBy("k").count(), "tag_alone")
    sparklineage.tag(rows(), inputs=[hidden("never")], name="never_executed").filter("k > 1")
    save(rows(), "untagged")


@kind
def threads() -> None:
    def work(name: str) -> None:
        with sparklineage.step(spark, name, inputs=[hidden(name)]):
            save(rows(), name)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, [f"thread_{number}" for number in range(4)]))
    with sparklineage.step(spark, "inherited", inputs=[hidden("inherited")]):
        thread = InheritableThread(target=lambda: save(rows(), "inherited"))
        thread.start()
        thread.join()


@kind
def block_fails() -> None:
    with sparklineage.step(spark, "block_fails", inputs=[hidden("block_fails")]):
        save(rows(), "block_fails")
        raise LookupError("no such model")


@kind
def query_fails() -> None:
    def broken(value: int) -> int:
        raise ArithmeticError("boom")

    with sparklineage.step(spark, "query_fails", inputs=[hidden("query_fails")]):
        save(rows().withColumn("z", F.udf(broken, "long")("k")), "query_fails")


@kind
def nested_types() -> None:
    """What a declared schema says is what the agent says of the same DataFrame."""
    frame = spark.range(3).selectExpr(
        "id",
        "cast(id AS decimal(12,3)) AS d",
        "named_struct('a', id, 'b', array(named_struct('c', cast(id AS string)))) AS s",
        "map('k', array(id)) AS m",
        "map(id, named_struct('x', 1)) AS ms",
        "array(array(id)) AS aa",
        "current_timestamp() AS t",
        "current_date() AS day",
        "cast('x' AS binary) AS bin",
        "true AS flag",
    )
    facts["schema"] = dict(sparklineage.facets.schema(frame).value)
    place = sparklineage.datasets.local(str(out / "nested_types"))
    facts["place"] = [place.namespace, place.name]
    save(frame, "nested_types")


if pyspark.__version__ >= "4":
    from pyspark.sql.datasource import DataSource, DataSourceReader, DataSourceWriter, WriterCommitMessage

    class Reader(DataSourceReader):  # type: ignore[misc]
        def read(self, partition: Any) -> Iterator[tuple[int]]:
            yield (sum(name.partition(".")[0] == "sparklineage" for name in sys.modules),)

    class Writer(DataSourceWriter):  # type: ignore[misc]
        def write(self, iterator: Iterator[Any]) -> WriterCommitMessage:
            for _ in iterator:
                pass
            return WriterCommitMessage()

    @sparklineage.reads(hidden("python_source"))
    class Rates(DataSource):  # type: ignore[misc]
        @classmethod
        def name(cls) -> str:
            return "rates"

        def schema(self) -> str:
            return "z int"

        def reader(self, schema: Any) -> DataSourceReader:
            return Reader()

    @sparklineage.writes(hidden("python_sink"))
    class Mails(DataSource):  # type: ignore[misc]
        @classmethod
        def name(cls) -> str:
            return "mails"

        def schema(self) -> str:
            return "id long, k long"

        def writer(self, schema: Any, overwrite: bool) -> DataSourceWriter:
            return Writer()

    @kind
    def python_source() -> None:
        spark.dataSource.register(Rates)
        save(spark.read.format("rates").load(), "python_source")

    @kind
    def python_sink() -> None:
        spark.dataSource.register(Mails)
        rows().write.format("mails").mode("append").save()


spark.range(100).selectExpr("id", "id % 3 AS k").write.parquet(str(out / "raw"))
rows().createOrReplaceTempView("raw")
spark.range(10).selectExpr("cast(id AS string)").write.text(str(out / "text"))
for name, run in kinds.items():
    try:
        run()
    except Exception as error:  # noqa: BLE001 - two are meant to
        facts["failed"][name] = traceback.format_exception_only(error)[-1]
for name in examples:
    folder = out / "examples" / name
    folder.mkdir(parents=True)
    more = {"by_request": [api], "by_boto3": [bucket]}.get(name, [])
    import_module(f"jobs.hidden.{name}").run(spark, folder, *more)
counted = [("udf", "z"), ("pandas_udf", "z"), ("map_in_pandas", "k"), ("python_source", "z")]
for name, column in counted:
    if (out / name).exists():
        facts["modules"][name] = [row[0] for row in spark.read.parquet(str(out / name)).select(column).collect()]
facts["modules"]["driver"] = ours()
print(json.dumps(facts))
spark.stop()
