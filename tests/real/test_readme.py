"""The README's Python example, run as it stands."""

from __future__ import annotations

import pytest

from tests.real.submission import Scene
from tests.support.readme import blocks

pytestmark = pytest.mark.spark

FRAME = """\
import pandas as pd
from pyspark.sql import SparkSession

spark = SparkSession.builder.getOrCreate()

def query_database(batch):
    return pd.DataFrame({{"sensor": batch["id"].astype("int32"), "value": 0.5}})

{example}
spark.stop()
"""


def test_the_python_example_names_its_hidden_datasets(scene: Scene) -> None:
    """On the very run that the agent reports for the write."""
    (example,) = (block for block in blocks("python") if "sparklineage.step" in block)
    job = scene.folder / "readme.py"
    job.write_text(FRAME.format(example=example))
    assert scene.submit(job).status == 0
    written = [
        event
        for event in scene.events()
        if event["eventType"] == "COMPLETE" and any("readings" in item["name"] for item in event["outputs"])
    ]
    assert len(written) == 1
    (source,) = written[0]["inputs"]
    assert (source["namespace"], source["name"]) == ("sqlite:/data/plant.db", "readings")
    assert [item["name"] for item in written[0]["outputs"]][1:] == ["/data/report.txt"]
