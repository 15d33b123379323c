"""Steps of asyncio's tasks, of a generator and of threads, which take turns: argv is the folder to write into."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Iterator

from pyspark.sql import SparkSession

import sparklineage

folder = sys.argv[1]
spark = SparkSession.builder.getOrCreate()


def write(name: str) -> None:
    spark.range(2).write.parquet(f"{folder}/{name}")


async def block(name: str, seconds: float) -> None:
    with sparklineage.step(spark, name, inputs=[("hidden", name)]):
        await asyncio.sleep(seconds)
        sparklineage.current_step()
        write(name)


async def blocks() -> None:
    await asyncio.gather(block("early_block", 0.2), block("late_block", 1.0))


async def body(name: str) -> None:
    for number in (1, 2):
        await asyncio.sleep(0.2)
        write(f"{name}_{number}")


async def bodies() -> None:
    names = ("first", "second")
    await asyncio.gather(*(sparklineage.step(spark, name, inputs=[("hidden", name)])(body)(name) for name in names))


@sparklineage.step(spark, "rows", inputs=[("hidden", "rows")])
def rows() -> Iterator[str]:
    write("inside_1")
    yield "outside_1"
    write("inside_2")
    yield "outside_2"


shared, met = sparklineage.step(spark, "shared", inputs=[("hidden", "shared")]), threading.Barrier(2)


def work(name: str) -> None:
    with shared:
        met.wait(60)
        shared.reads(("hidden", name))
        write(name)


asyncio.run(blocks())
write("after_blocks")
asyncio.run(bodies())
write("after_bodies")
for name in rows():
    write(name)
threads = [threading.Thread(target=work, args=(name,)) for name in ("one_thread", "other_thread")]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
write("after_all")
spark.stop()
