"""A backend that is down while the job runs, and up again later."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from sparklineage.journal import run_folders
from sparklineage.model import event as ol
from tests.real.submission import JOBS, Ended, Scene, assert_well_formed, lines
from tests.support.receiver import Receiver

pytestmark = pytest.mark.spark


@dataclass(frozen=True, kw_only=True)
class Left:
    scene: Scene
    done: Ended
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def copy(self, name: str) -> Scene:
        """A scene with the journal as the run left it."""
        made = replace(self.scene, folder=self.scene.folder.parent / name)
        made.folder.mkdir()
        shutil.copytree(self.scene.journal, made.journal)
        return made


@pytest.fixture(scope="module")
def left(make_scene: Callable[..., Scene]) -> Left:
    """A run that ends with status 3 while nobody listens at the backend's port."""
    scene = make_scene("down")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
    done = scene.submit(
        "--drain-timeout", "0", JOBS / "ends_badly.py", scene.folder / "data", "3",
        OPENLINEAGE_URL=f"http://127.0.0.1:{port}",
    )  # fmt: skip
    return Left(scene=scene, done=done, port=port)


def test_the_jobs_status_is_its_own(left: Left) -> None:
    assert left.done.status == 3
    assert left.done.warnings == []


def test_the_summary_says_how_many_wait_and_what_to_do(left: Left) -> None:
    count = len(left.scene.events())
    assert count > 3
    (waiting,) = [line for line in left.done.summary if line.startswith("  events ")]
    assert waiting.startswith(f"  events   {count} written, 0 delivered to {left.url}, {count} waiting (")
    assert "refused" in waiting
    assert "           send them with: sparklineage relay drain" in left.done.summary


def test_drain_delivers_what_waits(left: Left) -> None:
    scene = left.copy("drained")
    with Receiver(port=left.port) as receiver:
        drained = scene.drain(OPENLINEAGE_URL=left.url)
        again = scene.drain(OPENLINEAGE_URL=left.url)
    assert drained.status == 0, drained.stderr
    events = left.scene.events()
    assert drained.stdout.decode() == f"{left.scene.run.run_id}  {len(events)} delivered\n"
    assert receiver.events == events
    assert_well_formed(receiver.events, left.scene.run.run_id)
    assert events[-1]["eventType"] == "FAIL"
    assert again.stdout.startswith(b"Nothing waits for ")


def test_drain_says_so_while_the_backend_is_down(left: Left) -> None:
    scene = left.copy("still down")
    drained = scene.drain("--timeout", "1", OPENLINEAGE_URL=left.url)
    assert drained.status == 77
    assert f"{len(left.scene.events())} events of 1 run still wait for {left.url}" in drained.stderr
    assert scene.drain(OPENLINEAGE_URL="http://127.0.0.1:9").stdout.startswith(b"Nothing waits for ")


def test_the_next_submit_takes_leftovers_along(left: Left) -> None:
    """In the background of its own events, each run in its own order."""
    scene = left.copy("next")
    first = left.scene.run.run_id
    with Receiver(port=left.port) as receiver:
        done = scene.submit(JOBS / "ends_badly.py", scene.folder / "data", "0", OPENLINEAGE_URL=left.url)
        drained = scene.drain(OPENLINEAGE_URL=left.url)
    assert done.status == 0, done.stderr
    assert drained.stdout.startswith(b"Nothing waits for ")
    second = next(folder for folder in run_folders(scene.journal) if folder.run_id != first)

    def of(application: str) -> list[dict[str, object]]:
        found = []
        for event in receiver.events:
            parent = ol.run_facets(event).get("parent", {}).get("run", {}).get("runId")
            if application in (ol.run_id(event), parent):
                found.append(event)
        return found

    assert of(first) == left.scene.events()
    assert of(second.run_id) == lines(second.events)
    assert len(receiver.events) == len(of(first)) + len(of(second.run_id))
