"""Applications for test_witness.py, one SparkContext after the other in one JVM: argv is the folder to work in."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pyspark import SparkConf, SparkContext
from pyspark.sql import SparkSession
from pyspark.sql.functions import col, udf

FOLDER = Path(sys.argv[1])
AGENT = "io.openlineage.spark.agent.OpenLineageSparkListener"
WITNESS = "io.sparklineage.Witness"
STEP = "018f3f3e-6d0c-7a51-9c0e-3f7a3f1f9a10"


@contextmanager
def application(name: str, properties: dict[str, str], listeners: str = f"{WITNESS},{AGENT}") -> Iterator[SparkSession]:
    conf = SparkConf().setAppName(name).set("spark.extraListeners", listeners)
    for key, value in properties.items():
        conf.set(key, value)
    context = SparkContext(conf=conf)
    session = SparkSession(context)
    yield session
    session.stop()


def journal_of(name: str, run_id: str) -> dict[str, str]:
    folder = FOLDER / name / run_id
    folder.mkdir(parents=True)
    return {
        "spark.sparklineage.journal": str(folder),
        "spark.openlineage.applicationRunId": run_id,
        "spark.openlineage.transport.type": "file",
        "spark.openlineage.transport.location": str(folder / "agent.ndjson"),
    }


def failing_queries(spark: SparkSession) -> dict[str, bool]:
    """Each case's name is its job description; the value says whether it failed, as the driver saw it."""
    a = str(FOLDER / "a")
    context = spark.sparkContext

    def fail(value: int) -> int:
        raise ValueError(f"boom {value}: https://joe:hunter2@db/x password=canary-4711")

    boom = udf(fail, "long")

    @contextmanager
    def step() -> Iterator[None]:
        context.setLocalProperty("spark.sparklineage.step", STEP)
        yield
        context.setLocalProperty("spark.sparklineage.step", None)

    spark.range(1000).withColumn("k", col("id") % 7).write.parquet(a)
    with step():
        spark.read.parquet(a).filter("k > 2").toPandas()

    def first_job() -> None:
        spark.read.parquet(a).withColumn("z", boom("k")).write.parquet(str(FOLDER / "first"))

    def later_job() -> None:
        counted = spark.read.parquet(a).groupBy("k").count()
        counted.withColumn("z", boom("k")).write.parquet(str(FOLDER / "later"))

    def good() -> None:
        with step():
            spark.read.parquet(a).groupBy("k").count().write.parquet(str(FOLDER / "good"))

    cases: dict[str, Callable[[], object]] = {
        "fails in a later job": later_job,
        "fails in the first job": first_job,
        "path already exists": lambda: spark.range(5).write.parquet(a),
        "creates a table": lambda: spark.sql("CREATE TABLE t (id BIGINT) USING parquet"),
        "table already exists": lambda: spark.sql("CREATE TABLE t (id BIGINT) USING parquet"),
        "good": good,
    }
    failed = {}
    for name, case in cases.items():
        context.setLocalProperty("spark.job.description", name)
        try:
            case()
            failed[name] = False
        except Exception:  # noqa: BLE001
            failed[name] = True
    context.setLocalProperty("spark.job.description", None)
    return failed


facts: dict[str, object] = {}
run = "018f3f3e-0000-7000-8000-000000000001"
properties = journal_of("journal", run)
with application("Failing Queries", properties) as spark:
    facts["failed"] = failing_queries(spark)
    facts["applicationId"] = spark.sparkContext.applicationId
    facts["version"] = spark.version
    facts["pid"] = spark.sparkContext._jvm.java.lang.ProcessHandle.current().pid()
with application("The Same Journal Again", properties) as spark:
    spark.range(3).collect()

spool = {"spark.sparklineage.spool": str(FOLDER / "spool")}
for number in (1, 2):
    with application(f"Spooled {number}", spool) as spark:
        spark.range(10).write.parquet(str(FOLDER / f"spooled{number}"))
own = {"spark.openlineage.transport.type": "console", "spark.openlineage.applicationRunId": "1-1-1-1-1"}
with application("Own Transport", {**spool, **own}, listeners=WITNESS) as spark:
    facts["own"] = dict(spark.sparkContext.getConf().getAll())

(FOLDER / "file").write_text("")
unwritable = str(FOLDER / "file" / "journal")
for key in ("spark.sparklineage.journal", "spark.sparklineage.spool"):
    with application("Unwritable", {key: unwritable}, listeners=WITNESS) as spark:
        facts[f"unwritable {key}"] = [spark.range(7).count(), dict(spark.sparkContext.getConf().getAll())]
for key in ("spark.sparklineage.journal", "spark.sparklineage.spool"):
    with application("Relative", {key: "relative"}, listeners=WITNESS) as spark:
        spark.range(7).count()
with application("Without", {}, listeners=WITNESS) as spark:
    facts["without"] = spark.range(8).count()
(FOLDER / "facts.json").write_text(json.dumps(facts))
