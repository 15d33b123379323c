"""Delta for each Spark: its JARs, by their digests, and the properties of a session with it."""

from __future__ import annotations

import json
import os
from pathlib import Path

from sparklineage.agent.artifact import Artifact
from sparklineage.agent.fetch import default_cache, fetch
from sparklineage.agent.repository import sources
from tests.real.submission import REPOSITORY, spark_home

CONF = {
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    # As suits a small machine.
    "spark.databricks.delta.snapshotPartitions": "2",
}
_PINNED = {
    "4.0": {
        "delta-spark_2.13:4.0.1": "cce976f5ce710c7fda66098875265c0fc63547fe1d33d3ccd59c66383d283e88"
        "0630e1f6e19f860a689ecfec7e043d77e7cb796c3138c8b28dc2ed3d58abb016",
        "delta-storage:4.0.1": "bf9bb6f84244a8ab5ef65e911d07e3230f354c0ac01f03b834349fcd6be3105b"
        "e0e2845b56a3d89185ad793b6ef76379ef739ea537a4b9a3e1e184cf73d882ff",
    },
    "3.5": {
        "delta-spark_2.12:3.3.2": "0599674293c8719f7a90c658e53aec59ac12b0a95f78dc272b91dcdd90fb43df"
        "15f6dccf537fa64990295c45b0112b8091b3081ee41dc654f35c2346e65b988b",
        "delta-storage:3.3.2": "2004d9d0eb7634a722a548c718555fdcb70593354df9332ae51691f01faebbaf"
        "fd92211fac88498d2e90b4b54aa47c56a0e96ba3a8201372d86d805a323e4d01",
    },
}


def options(spark: str) -> list[str]:
    """spark-submit's options for Delta on `4.2`, `4.0` or `3.5`; fetches the JARs through Spark's own Ivy, once."""
    conf = [word for name, value in CONF.items() for word in ("--conf", f"{name}={value}")]
    return ["--jars", ",".join(map(str, fetched(_artifacts(spark)))), *conf]


def fetched(artifacts: list[Artifact]) -> list[Path]:
    """Where they are, in the cache."""
    places = sources(home=Path.home(), environ=os.environ, spark_home=spark_home("4.2"))
    return [fetch(one, cache=default_cache(os.environ, Path.home()), sources=places) for one in artifacts]


def _artifacts(spark: str) -> list[Artifact]:
    if spark == "4.2":
        # What the example pipeline runs on.
        return [Artifact(**entry) for entry in json.loads((REPOSITORY / "jobs" / "jars.json").read_text())]
    split = [(*coordinates.split(":"), digest) for coordinates, digest in _PINNED[spark].items()]
    return [Artifact(group="io.delta", name=name, version=version, sha512=sha) for name, version, sha in split]
