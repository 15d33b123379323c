"""Seconds per block with and without a step, on a real session; prints one JSON object, a list for each case."""

import json
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext

from pyspark.sql import SparkSession

import sparklineage

ROUNDS, BLOCKS, ACTIONS = 5, 200, 4


def per_block(block: Callable[[], object], blocks: int = BLOCKS) -> float:
    """Seconds that one block takes."""
    began = time.perf_counter()
    for _ in range(blocks):
        block()
    return (time.perf_counter() - began) / blocks


def empty() -> None:
    with nullcontext():
        pass


def step() -> None:
    with sparklineage.step(spark, "clean", inputs=["s3://bucket/in"], outputs=["s3://bucket/out"]):
        pass


def action() -> None:
    spark.range(1).count()


spark = SparkSession.builder.getOrCreate()
spark.sparkContext.setLogLevel("ERROR")
cases: dict[str, tuple[Callable[[], None], int]] = {
    "empty": (empty, BLOCKS),
    "step": (step, BLOCKS),
    "action": (action, ACTIONS),
}
found: dict[str, list[float]] = {name: [] for name in cases}
per_block(action, ACTIONS)
for _ in range(ROUNDS):
    for name, (block, blocks) in cases.items():
        found[name].append(per_block(block, blocks))
json.dump(found, sys.stdout)
spark.stop()
