"""The examples of jobs/hidden under the real agent: whatever Spark's plans hide is in the graph, on the right run."""

from __future__ import annotations

import json
import sqlite3

import pytest

from sparklineage.model import event as ol
from tests.real.hidden.conftest import BUCKET, EXAMPLES, OF_SPARK_4, SECRET_KEY, Told
from tests.real.submission import REPOSITORY, by_run
from tests.support.receiver import Event

pytestmark = pytest.mark.spark


def edges(events: list[Event]) -> set[tuple[str, str]]:
    """Which last names of inputs and outputs stand in one run."""
    found = set()
    for run in by_run(events).values():
        sides = [
            {item["name"].rstrip("/").rpartition("/")[2] for event in run for item in event[side]}
            for side in ("inputs", "outputs")
        ]
        found |= {(source, target) for source in sides[0] for target in sides[1]}
    return found


def test_functions_have_no_runs_of_their_own(told: Told) -> None:
    """What they declare is told on the runs that use them."""
    own = {event["job"]["name"].rpartition(".")[2] for event in told.events}
    assert not own & {"airline_name", "read_planes", "write_sizes", "insert", "fetch"}


@pytest.mark.parametrize(
    ("name", "source", "target"),
    [
        ("by_udf", "airlines", "named"),
        ("by_pandas", "planes.csv", "planes"),
        ("by_pandas", "planes", "sizes"),
        ("by_pandas", "planes", "makers"),
        ("by_partition", "airports.csv", "airports"),
        ("by_request", "airlines", "airlines"),
        ("by_source", "airlines.csv", "from_source"),
        ("by_jdbc", "planes.csv", "APP.MAKERS"),
        ("by_boto3", "airlines.csv", "airlines.csv"),
        ("by_boto3", "airlines.csv", "names"),
        ("by_batch", "incoming", "arrivals"),
    ],
)
def test_what_is_hidden_is_in_the_graph(told: Told, name: str, source: str, target: str) -> None:
    assert name in EXAMPLES
    has_run = told.scene.spark != "3.5" or name not in OF_SPARK_4
    assert ((source, target) in edges(told.events)) is has_run


def test_the_run_of_the_stream_has_what_is_read_and_written_and_no_more(told: Told) -> None:
    (run,) = [run for run in by_run(told.events).values() if run[0]["job"]["name"] == "hidden.airports"]
    assert {event["eventType"] for event in run} >= {"START", "COMPLETE"}
    assert edges(run) == {("incoming", "arrivals")}


def test_the_jobs_did_what_they_say(told: Told) -> None:
    out = told.examples
    rows = [
        json.loads(line) for path in (out / "by_udf/named").glob("*.json") for line in path.read_text().splitlines()
    ]
    assert {row["carrier"]: row.get("name") for row in rows} == {
        "UA": "United Air Lines Inc.",
        "B6": "JetBlue Airways",
        "ZZ": None,
    }
    for database, table in (("by_partition/airports.db", "airports"), ("by_batch/stream.db", "arrivals")):
        (count,) = sqlite3.connect(out / database).execute(f"select count(*) from {table}").fetchone()  # noqa: S608
        assert count == 1458
    assert json.loads((out / "by_pandas/sizes/BOEING.json").read_text())["planes"] == 1630


def test_what_boto3_fetches_and_puts_goes_by_the_name_of_the_object(told: Told) -> None:
    stored = {"namespace": f"s3://{BUCKET}", "name": "raw/airlines.csv"}

    def runs(side: str) -> set[str]:
        return {
            event["job"]["name"]
            for event in told.events
            for item in ol.datasets(event, side)
            if {"namespace": item["namespace"], "name": item["name"]} == stored
        }

    assert runs("outputs") == {"hidden.upload"}
    # The query that writes the table, and no run of the step's own.
    (reading,) = runs("inputs")
    assert reading.endswith("by_boto3_names")
    assert (told.examples / "by_boto3" / "names").is_dir()


def test_no_key_of_the_jobs_own_is_told(told: Told) -> None:
    for path in told.scene.folder.rglob("*"):
        if path.is_file() and path.suffix in {"", ".json", ".ndjson", ".log"}:
            assert SECRET_KEY.encode() not in path.read_bytes(), path


def test_columns_of_the_request_are_told(told: Told) -> None:
    target = str(told.examples / "by_request" / "airlines")
    facets = [
        item["facets"]["columnLineage"]["fields"]
        for event in told.events
        for item in ol.datasets(event, "outputs")
        if item["name"] == target and "columnLineage" in item.get("facets", {})
    ]
    assert facets[-1]["code"]["inputFields"] == [{"namespace": told.api, "name": "/airlines", "field": "carrier"}]
    sources = {
        tuple(field["name"] for field in item["facets"]["schema"]["fields"])
        for event in told.events
        for item in ol.datasets(event, "inputs")
        if (item["namespace"], item["name"]) == (told.api, "/airlines")
    }
    # Without them Marquez leaves the columns out.
    assert sources == {("carrier", "name")}


def test_each_is_on_the_page() -> None:
    """docs/manual-lineage.md has every example, as it is run here."""
    page = (REPOSITORY / "docs" / "manual-lineage.md").read_text()
    for name in EXAMPLES:
        assert f"jobs/hidden/{name}.py" in page, name
