"""A declared dataset is the one that the agent reports, and is there once, for all that has a catalog or a broker."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from sparklineage import Dataset
from sparklineage.agent.artifact import Artifact
from sparklineage.agent.fetch import default_cache, fetch
from sparklineage.agent.repository import sources
from sparklineage.model import event as ol
from tests.real.connectors.servers import JARS, servers
from tests.real.submission import REPOSITORY, Scene, by_run, lines, spark_home
from tests.support.receiver import Event

pytestmark = pytest.mark.spark

Sides = dict[str, list[str]]
_ICEBERG = "org.apache.iceberg.spark"


@dataclass(frozen=True, kw_only=True)
class Told:
    scene: Scene
    given: dict[str, str]
    declared: dict[str, Sides]
    """By step, without what is hidden."""

    def runs(self, step: str) -> dict[str, list[Event]]:
        """The runs that have got what the step declared."""
        return {
            run: events
            for run, events in by_run(self.scene.events()).items()
            if any(Dataset("hidden", step) in _datasets(event, "inputs") for event in events)
        }


def _datasets(event: Event, side: str) -> list[Dataset]:
    return [Dataset(item["namespace"], item["name"]) for item in ol.datasets(event, side)]


def _seen(event: Event, side: str) -> list[str]:
    """Namespace and name of all that is not hidden, as the job prints them."""
    return sorted(f"{one.namespace} {one.name}" for one in _datasets(event, side) if one.namespace != "hidden")


@pytest.fixture(scope="session")
def given(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    if not JARS.is_dir():
        pytest.fail(f"{JARS} is missing; `make test` fetches it")
    folder = tmp_path_factory.mktemp("servers")
    with servers(folder) as addresses:
        yield {**addresses, "warehouse": f"file://{folder}/warehouse"}


def _jars(*connectors: str) -> list[str]:
    return [str(jar) for connector in connectors for jar in sorted((JARS / connector).glob("*.jar"))]


def _delta() -> list[str]:
    """What the example pipeline runs on."""
    places = sources(home=Path.home(), environ=os.environ, spark_home=spark_home("4.2"))
    pinned = [Artifact(**entry) for entry in json.loads((REPOSITORY / "jobs" / "jars.json").read_text())]
    return [str(fetch(jar, cache=default_cache(os.environ, Path.home()), sources=places)) for jar in pinned]


def _told(scene: Scene, given: dict[str, str], jars: list[str], conf: dict[str, str]) -> Told:
    conf = {**conf, "spark.sql.catalogImplementation": "hive", "spark.sql.warehouse.dir": given["warehouse"]}
    options = [word for key, value in conf.items() for word in ("--conf", f"{key}={value}")]
    job = Path(__file__).with_name("job.py")
    done = scene.submit("--name", "names", "--jars", ",".join(jars), *options, job, json.dumps(given))
    assert done.status == 0, done.stderr[-8000:]
    assert "canary" not in scene.run.events.read_text()
    return Told(scene=scene, given=given, declared=json.loads(done.stdout.splitlines()[-1]))


@pytest.fixture(scope="session")
def spark42(tmp_path_factory: pytest.TempPathFactory, given: dict[str, str]) -> Told:
    """Files, Delta, JDBC, and Hive with a metastore of the application's own."""
    scene = Scene(folder=tmp_path_factory.mktemp("spark42"))
    mine = {"out": str(scene.folder), "warehouse": f"file://{scene.folder}/warehouse"}
    conf = {
        "spark.hadoop.javax.jdo.option.ConnectionURL": f"jdbc:derby:{scene.folder}/metastore;create=true",
        "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    }
    database = {key: value for key, value in given.items() if key == "postgresql"}
    return _told(scene, {**mine, **database}, [*_jars("postgresql"), *_delta()], conf)


@pytest.fixture(scope="session")
def spark40(tmp_path_factory: pytest.TempPathFactory, given: dict[str, str]) -> Told:
    """Files, JDBC, Hive with a metastore that serves others too, Kafka and Iceberg.

    The newest Spark that Iceberg 1.11 is made for, and that Kafka's connector is to be had for with all its parts.
    """
    scene = Scene(folder=tmp_path_factory.mktemp("spark40"), spark="4.0")
    thrift = f"thrift://{given['metastore']}"
    conf = {
        "spark.hadoop.hive.metastore.uris": thrift,
        # The metastore keeps its locks in tables that it does not make by itself.
        "spark.hadoop.iceberg.engine.hive.lock-enabled": "false",
        "spark.sql.extensions": f"{_ICEBERG}.extensions.IcebergSparkSessionExtensions",
        "spark.sql.catalog.hadoop": f"{_ICEBERG}.SparkCatalog",
        "spark.sql.catalog.hadoop.type": "hadoop",
        "spark.sql.catalog.hadoop.warehouse": f"file://{scene.folder}/iceberg",
        "spark.sql.catalog.metastore": f"{_ICEBERG}.SparkCatalog",
        "spark.sql.catalog.metastore.type": "hive",
        "spark.sql.catalog.metastore.uri": thrift,
    }
    jars = _jars("postgresql", "kafka", "iceberg")
    return _told(scene, {**given, "out": str(scene.folder)}, jars, conf)


@pytest.fixture(params=["spark42", "spark40"])
def told(request: pytest.FixtureRequest) -> Told:
    found = request.getfixturevalue(request.param)
    assert isinstance(found, Told)
    return found


def test_a_declared_name_is_the_agents(told: Told) -> None:
    agents = by_run(lines(told.scene.run.agent))
    found: dict[str, Sides] = {}
    for step in told.declared:
        events = [event for run in told.runs(step) for event in agents[run]]
        found[step] = {
            side: sorted({seen for event in events for seen in _seen(event, side)}) for side in ("inputs", "outputs")
        }
    assert found == told.declared


def test_what_the_agent_reports_is_not_there_again(told: Told) -> None:
    for step, declared in told.declared.items():
        runs = told.runs(step)
        assert runs, step
        for events in runs.values():
            for side in ("inputs", "outputs"):
                assert _seen(events[-1], side) == declared[side], step


def test_a_database_was_compared(told: Told) -> None:
    if "postgresql" not in told.given:
        pytest.skip("PostgreSQL is not on this machine; Debian's package is postgresql")
    assert "jdbc_public_written" in told.declared


def test_what_a_catalog_calls_a_table_is_in_a_facet(spark40: Told) -> None:
    catalog = f"hive://{spark40.given['metastore']}"
    expected = {
        "hive_default_read": (catalog, "default.anchors"),
        "hive_parquet_read": (catalog, "fleet.ports"),
        "hadoop_read": (f"file:{spark40.scene.folder}/iceberg", "harbour.ships"),
        "metastore_read": (catalog, "harbour.ships"),
    }
    found = {
        step: {
            (other["namespace"], other["name"])
            for events in spark40.runs(step).values()
            for dataset in ol.datasets(events[-1], "inputs")
            for other in dataset.get("facets", {}).get("symlinks", {}).get("identifiers", ())
        }
        for step in expected
    }
    assert found == {step: {name} for step, name in expected.items()}
