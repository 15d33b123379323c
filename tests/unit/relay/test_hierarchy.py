"""Names below a parent: for Marquez, and for nobody else."""

from __future__ import annotations

from pathlib import Path

import pytest

from sparklineage.model.backend import Backend
from sparklineage.relay import Delivery, HttpSink
from sparklineage.relay.sinks.hierarchy import hierarchy_of
from tests.support.journal import APP, add, application, event, folder
from tests.support.receiver import Receiver

Q1 = "01900000-0000-7000-8000-0000000000a1"


def started(parent: str | None) -> dict[str, object]:
    made = application("START", 1)
    if parent:
        made["run"]["facets"]["parent"] = {"run": {"runId": Q1}, "job": {"namespace": "airflow", "name": parent}}
    return made


def query(kind: str) -> dict[str, object]:
    made = event(kind, 2, Q1, "app.save.out")
    made["run"]["facets"]["parent"] = {"run": {"runId": APP}, "job": {"namespace": "ns", "name": "app"}}
    return made


@pytest.mark.parametrize(("marquez", "prefix"), [(True, "dag.task."), (False, "")])
def test_the_chain_from_task_to_query_holds(tmp_path: Path, marquez: bool, prefix: str) -> None:
    made = folder(tmp_path)
    add(made.events, started("dag.task"), query("START"), query("COMPLETE"), application("COMPLETE", 9))
    with Receiver(marquez=marquez) as receiver:
        sink = HttpSink(Backend(url=receiver.url))
        delivery = Delivery(made, sink)
        while delivery.send_next():
            pass
        sink.close()
    names = [item["job"]["name"] for item in receiver.events]
    assert names == [f"{prefix}app", f"{prefix}app.save.out", f"{prefix}app.save.out", f"{prefix}app"]
    assert receiver.events[0]["run"]["facets"]["parent"]["job"]["name"] == "dag.task"
    assert receiver.events[1]["run"]["facets"]["parent"]["job"]["name"] == f"{prefix}app"


@pytest.mark.parametrize("parent", [None, "app", "ap"])
def test_an_application_that_needs_no_other_name_keeps_it(parent: str | None) -> None:
    found = hierarchy_of([started(parent)])
    assert (found is None) == (parent != "ap")


def test_a_name_that_begins_with_the_parents_stays() -> None:
    first = started("dag")
    first["job"]["name"] = "dag.app"  # type: ignore[index]
    assert hierarchy_of([first]) is None
