"""Which run gets what is declared where Spark itself counts one query to another."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from pyspark import inheritable_thread_target

import sparklineage
from sparklineage.testing import Lineage

pytestmark = pytest.mark.spark

RATES = "s3://rates/feed"


def test_what_is_declared_of_a_saved_table_is_on_the_run_that_has_it(
    lineage_spark: Any, lineage: Lineage, tmp_path: Path
) -> None:
    try:
        with sparklineage.step(lineage_spark, "save", inputs=[RATES]):
            writer = lineage_spark.range(3).write.option("path", str(tmp_path / "masts"))
            writer.mode("overwrite").saveAsTable("masts_of_a_step")
    finally:
        lineage_spark.sql("drop table if exists masts_of_a_step")
    named = [run for run in lineage.runs if RATES in run.inputs]
    assert [run.outputs for run in named] == [{tmp_path / "masts"}]


def test_writes_of_a_pool_that_share_one_target_have_what_their_step_declares(
    lineage_spark: Any, lineage: Lineage, tmp_path: Path
) -> None:
    together = Barrier(2)

    def write(number: int) -> None:
        together.wait(60)
        lineage_spark.range(3).write.parquet(str(tmp_path / f"part{number}"))

    with sparklineage.step(lineage_spark, "pool", inputs=[RATES]), ThreadPoolExecutor(2) as pool:
        list(pool.map(inheritable_thread_target(lineage_spark)(write), range(2)))
    for number in range(2):
        (run,) = [run for run in lineage.runs if tmp_path / f"part{number}" in run.outputs]
        assert run.inputs == {RATES}
