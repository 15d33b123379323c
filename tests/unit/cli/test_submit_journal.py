"""`submit` and the limits of the journal: who leaves, that the current run stays, and where it is told."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from sparklineage.journal import DeliveryLock, RunFolder, run_folders
from sparklineage.model.backend import Backend
from sparklineage.model.clock import now_ms
from tests.support.journal import folder
from tests.support.receiver import Receiver
from tests.unit.cli.scripted import submit

OLD, YOUNG, WAITING = (f"01900000-0000-7000-8000-00000000000{number}" for number in (1, 2, 3))


def settled_run(spark: Path, run_id: str, *, days: int, backend: str | None = None) -> RunFolder:
    made = folder(spark.parent / "journal", run_id, backend=backend)
    ended = now_ms() - days * 86_400_000
    made.events.write_text('{"a": 1}\n')
    made.settled.write_text(json.dumps({"format": 1, "endedAt": ended}))
    os.utime(made.run, (ended / 1000, ended / 1000))
    return made


def limited(spark: Path, limits: str) -> None:
    (spark.parent / "sparklineage.yml").write_text(f"delivery: {{limits: {{{limits}}}}}")


@pytest.mark.parametrize("limits", ["journalAge: 30d", "journalSize: 1KiB"])
@pytest.mark.parametrize("is_delivered", [True, False])
def test_finished_runs_leave_at_the_end_of_a_submit(spark: Path, limits: str, is_delivered: bool) -> None:
    limited(spark, limits)
    settled_run(spark, OLD, days=40)
    settled_run(spark, WAITING, days=50, backend=Backend(url="http://127.0.0.1:9").key)
    if "Age" in limits:
        settled_run(spark, YOUNG, days=20)
    with Receiver() as receiver:
        status, out, err = submit(spark, "job.py", **({"OPENLINEAGE_URL": receiver.url} if is_delivered else {}))
    assert (status, out) == (0, "")
    assert "removed" not in err
    current = run_folders(spark.parent / "journal")[-1]
    DeliveryLock(current, wait=15).close()  # the relay, where there is one, has ended
    names = {found.run_id for found in run_folders(spark.parent / "journal")}
    assert names == {WAITING, current.run_id, *([YOUNG] if "Age" in limits else [])}
    assert current.settled.exists()
    (line,) = (current.path / "relay.log").read_text().splitlines()
    assert f" {OLD}  removed from the journal: " in line


def test_without_limits_nothing_leaves(spark: Path) -> None:
    settled_run(spark, OLD, days=4000)
    assert submit(spark, "job.py")[0] == 0
    found = run_folders(spark.parent / "journal")
    assert [item.run_id for item in found][:1] == [OLD]
    assert not (found[-1].path / "relay.log").exists()


def test_a_journal_that_nobody_may_change_is_no_trouble_of_the_job(spark: Path) -> None:
    """A file of somebody's in the way of the log."""
    limited(spark, "journalAge: 30d")
    settled_run(spark, OLD, days=40)
    job = 'run=$(basename "$folder"); mkdir "$PROBE/journal/$run/relay.log"; exit 3'
    status, _, err = submit(spark, "job.py", JOB=job)
    assert status == 3
    assert "warning: finished runs could not be removed: " in err
    assert "relay.log" in err
