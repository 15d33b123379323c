"""Writes and reads what catalogs, brokers and databases keep, each in a step that declares the very same.

argv is JSON: the folder `out`, the URI `warehouse`, and the addresses of what there is. Prints what each step declared.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession

import sparklineage
from sparklineage import Dataset, datasets
from sparklineage.model.dataset import DatasetLike

given: dict[str, str] = json.loads(sys.argv[1])
out = Path(given["out"])
spark = SparkSession.builder.getOrCreate()
rows = spark.range(3).selectExpr("id", "cast(id as string) as value")
told: dict[str, dict[str, list[str]]] = {}


def act(
    name: str, do: Callable[[], object], *, reads: tuple[DatasetLike, ...] = (), writes: tuple[DatasetLike, ...] = ()
) -> None:
    """One step; `hidden` is what nobody but the step knows of."""
    with sparklineage.step(spark, name, inputs=[*reads, ("hidden", name)], outputs=writes, strict=True):
        do()
    told[name] = {
        side: sorted({f"{one.namespace} {one.name}" for one in map(Dataset.of, of_side)})
        for side, of_side in (("inputs", reads), ("outputs", writes))
    }


def write(name: str, do: Callable[[DataFrame], object], *targets: DatasetLike) -> None:
    act(f"{name}_written", lambda: do(rows), writes=targets)


def read(name: str, frame: Callable[[], DataFrame], *sources: DatasetLike) -> None:
    """Read into a folder of the step's name."""
    copy = out / f"{name}_read"
    act(f"{name}_read", lambda: frame().write.parquet(str(copy)), reads=sources, writes=(datasets.local(str(copy)),))


def files() -> None:
    path = f"{out}/ships.csv"
    write("csv", lambda rows: rows.write.csv(path), datasets.local(path), f"file://{path}")
    read("csv", lambda: spark.read.csv(path), datasets.local(path), f"file://{path}/")


def delta() -> None:
    path = f"{out}/delta"
    names = datasets.delta(f"file://{path}"), f"file:{path}"
    write("delta", lambda rows: rows.write.format("delta").save(path), *names)
    read("delta", lambda: spark.read.format("delta").load(path), *names)


def postgresql(address: str) -> None:
    """A table goes by the schema that the job writes, or by none."""
    host, _, port = address.partition(":")
    url = f"jdbc:postgresql://{address}/shop"
    options = {"url": url, "driver": "org.postgresql.Driver", "user": "postgres", "password": "canary"}

    def both(name: str, table: str, constructed: Dataset) -> None:
        names = constructed, f"{url}?user=postgres&password=canary#{table}"
        write(
            name,
            lambda rows: rows.write.format("jdbc").options(**options, dbtable=table).save(mode="overwrite"),
            *names,
        )
        read(name, lambda: spark.read.format("jdbc").options(**options, dbtable=table).load(), *names)

    both("jdbc_bare", "ships", datasets.postgresql(host, "shop", "ships", port=int(port), schema=""))
    both("jdbc_public", "public.ports", datasets.postgresql(host, "shop", "ports", port=int(port)))
    both("jdbc_schema", "sales.orders", datasets.postgresql(host, "shop", "orders", port=int(port), schema="sales"))
    both("jdbc_quoted", '"Docks"', datasets.postgresql(host, "shop", '"Docks"', port=int(port), schema=""))
    asked = {**options, "url": f"{url}?user=postgres&password=canary", "query": "SELECT id FROM sales.orders o"}
    read("jdbc_query", lambda: spark.read.format("jdbc").options(**asked).load(), f"{url}#sales.orders")


def kafka(address: str) -> None:
    options = {"kafka.bootstrap.servers": address}
    ships = datasets.kafka(address, "ships"), f"kafka://{address}/ships"
    write("kafka", lambda rows: rows.write.format("kafka").options(**options, topic="ships").save(), *ships)
    read("kafka", lambda: spark.read.format("kafka").options(**options, subscribe="ships").load(), *ships)
    several = {"kafka.bootstrap.servers": f"PLAINTEXT://{address},{address}"}
    names = datasets.kafka(several["kafka.bootstrap.servers"], "ships"), f"kafka://{address},{address}/ships"
    read("kafka_brokers", lambda: spark.read.format("kafka").options(**several, assign='{"ships":[0]}').load(), *names)
    copies = datasets.kafka(address, "copies"), f"kafka://{address}/copies"
    write("kafka_copies", lambda rows: rows.write.format("kafka").options(**options, topic="copies").save(), *copies)
    # One dataset, which the agent names by the list.
    both = datasets.kafka(address, "ships,copies"), f"kafka://{address}/ships,copies"
    read("kafka_topics", lambda: spark.read.format("kafka").options(**options, subscribe="ships,copies").load(), *both)

    def copy() -> None:
        source = spark.readStream.format("kafka").options(**options, subscribe="ships", startingOffsets="earliest")
        sink = source.load().writeStream.format("kafka").options(**options, topic="copies")
        sink.option("checkpointLocation", f"{out}/checkpoint").trigger(availableNow=True).start().awaitTermination()

    act("kafka_stream", copy, reads=ships, writes=copies)


def iceberg(catalog: str, name: Callable[[str], Dataset]) -> None:
    spark.sql(f"CREATE NAMESPACE {catalog}.harbour")
    table, target = f"{catalog}.harbour.ships", f"{catalog}.harbour.Ports"
    names = name("harbour.ships"), name("harbour.ships").uri
    write(f"{catalog}_created", lambda rows: rows.writeTo(table).using("iceberg").create(), *names)
    write(f"{catalog}_appended", lambda rows: rows.writeTo(table).append(), *names)
    read(catalog, lambda: spark.table(table), *names)
    spark.sql(f"CREATE TABLE {target} (id bigint, value string) USING iceberg")
    merge = f"""
        MERGE INTO {target} t USING (SELECT DISTINCT id, value FROM {table}) s ON s.id = t.id
        WHEN NOT MATCHED THEN INSERT *
    """  # noqa: S608 - names of this function's own
    other = name("harbour.Ports"), name("harbour.Ports").uri
    # The agent finds that a merge reads its target too.
    act(f"{catalog}_merged", lambda: spark.sql(merge), reads=(*names, *other), writes=other)


def hive(warehouse: str) -> None:
    def all_of(name: str, table: str, made: str, *names: DatasetLike) -> None:
        create = f"CREATE TABLE {table} {made} AS SELECT 1L AS id, 'one' AS value"
        act(f"{name}_created", lambda: spark.sql(create), writes=names)
        write(name, lambda rows: rows.write.insertInto(table), *names)
        read(name, lambda: spark.table(table), *names)

    def named(table: str) -> tuple[DatasetLike, DatasetLike]:
        return datasets.hive(warehouse, table), datasets.hive(warehouse, table).uri

    spark.sql("CREATE DATABASE Fleet")
    all_of("hive_default", "anchors", "USING parquet", *named("anchors"))
    all_of("hive_datasource", "fleet.ships", "USING parquet", *named("fleet.ships"))
    all_of("hive_parquet", "fleet.ports", "STORED AS PARQUET", *named("fleet.ports"))
    all_of("hive_text", "fleet.Docks", "STORED AS TEXTFILE", *named("fleet.Docks"))
    all_of("hive_location", "fleet.far", f"STORED AS PARQUET LOCATION 'file:{out}/far'", f"file://{out}/far")
    spark.sql("CREATE TABLE fleet.crew (value string) PARTITIONED BY (id bigint) STORED AS PARQUET")
    # A partition is no dataset of its own.
    insert = "INSERT INTO fleet.crew PARTITION (id=1) VALUES ('one')"
    act("hive_partition_written", lambda: spark.sql(insert), writes=named("fleet.crew"))
    read("hive_partition", lambda: spark.table("fleet.crew").where("id = 1"), *named("fleet.crew"))


files()
hive(given["warehouse"])
if "postgresql" in given:
    postgresql(given["postgresql"])
if "kafka" in given:
    kafka(given["kafka"])
    iceberg("hadoop", lambda table: datasets.iceberg(f"file://{out}/iceberg", table))
    iceberg("metastore", lambda table: datasets.iceberg(given["warehouse"], table, catalog="hive"))
else:
    delta()
print(json.dumps(told))
