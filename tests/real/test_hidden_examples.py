"""The examples of jobs/hidden under the real agent: whatever Spark's plans hide is in the graph, on the right run."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from sparklineage.model import event as ol
from tests.real.submission import JOBS, REPOSITORY, Scene, assert_well_formed, by_run, state
from tests.support.receiver import Event

pytestmark = pytest.mark.spark

NAMES = [path.stem for path in sorted((REPOSITORY / "jobs" / "hidden").glob("by_*.py"))]


class _Api(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(
            json.dumps([{"carrier": "UA", "name": "United"}, {"carrier": "B6", "name": "JetBlue"}]).encode()
        )

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def api() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Api)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def told(make_scene: Callable[..., Scene], api: str) -> tuple[Scene, list[Event]]:
    scene = make_scene("hidden")
    done = scene.submit(JOBS / "hidden_examples.py", scene.folder / "out", api, *NAMES, PYTHONPATH=str(REPOSITORY))
    assert done.status == 0, done.stderr[-4000:]
    return scene, scene.events()


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


def test_every_run_ends_well(told: tuple[Scene, list[Event]]) -> None:
    scene, events = told
    assert_well_formed(events, scene.run.run_id)
    assert {state(run) for run in by_run(events).values()} == {"COMPLETE"}
    own = {event["job"]["name"].rpartition(".")[2] for event in events}
    # Each function is told on the runs that use it, and has none of its own.
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
        ("by_batch", "incoming", "arrivals"),
    ],
)
def test_what_is_hidden_is_in_the_graph(told: tuple[Scene, list[Event]], name: str, source: str, target: str) -> None:
    assert name in NAMES
    assert (source, target) in edges(told[1])


def test_the_jobs_did_what_they_say(told: tuple[Scene, list[Event]]) -> None:
    out = told[0].folder / "out"
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


def test_columns_of_the_request_are_told(told: tuple[Scene, list[Event]], api: str) -> None:
    target = str(Path(told[0].folder) / "out/by_request/airlines")
    facets = [
        item["facets"]["columnLineage"]["fields"]
        for event in told[1]
        for item in ol.datasets(event, "outputs")
        if item["name"] == target and "columnLineage" in item.get("facets", {})
    ]
    assert facets[-1]["code"]["inputFields"] == [{"namespace": api, "name": "/airlines", "field": "carrier"}]


def test_each_is_on_the_page() -> None:
    """docs/manual-lineage.md has every example, as it is run here."""
    page = (REPOSITORY / "docs" / "manual-lineage.md").read_text()
    for name in NAMES:
        assert f"jobs/hidden/{name}.py" in page, name
