"""Seconds per block with and without a step, on a real session; prints one JSON object, a list for each case."""

import json
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext

from pyspark.sql import SparkSession

import sparklineage

ROUNDS, BLOCKS, ACTIONS, CALLS = 5, 200, 4, 2_000


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


def ask(currency: str) -> int:
    return len(currency)


@sparklineage.reads("https://rates.example.com/v1")
def declared(currency: str) -> int:
    return len(currency)


def bare_call() -> None:
    ask("EUR")


def call() -> None:
    declared("EUR")


def call_in_a_step() -> None:
    with sparklineage.step(spark, "clean"):
        for _ in range(CALLS):
            declared("EUR")


def action() -> None:
    spark.range(1).count()


spark = SparkSession.builder.getOrCreate()
spark.sparkContext.setLogLevel("ERROR")
cases: dict[str, tuple[Callable[[], None], int]] = {
    "empty": (empty, BLOCKS),
    "step": (step, BLOCKS),
    "action": (action, ACTIONS),
    "bare call": (bare_call, BLOCKS),
    "call": (call, BLOCKS),
    "call in a step": (call_in_a_step, 1),
}
found: dict[str, list[float]] = {name: [] for name in cases}
per_block(action, ACTIONS)
for _ in range(ROUNDS):
    for name, (block, blocks) in cases.items():
        found[name].append(per_block(block, blocks) / (CALLS if block is call_in_a_step else 1))
json.dump(found, sys.stdout)
spark.stop()
