"""A job that ends well: what arrives, in which order, what the journal and the summary say, and what stays hidden."""

from __future__ import annotations

import json
import stat
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from sparklineage.model import event as ol
from tests.real.submission import (
    JOBS,
    Ended,
    Scene,
    assert_well_formed,
    by_run,
    ended,
    names,
    spark_home,
    state,
    wait_for,
    writing,
)
from tests.support.receiver import Receiver

pytestmark = pytest.mark.spark

CANARY = "canary-8c1f47d0-hidden"


@dataclass
class CommandLines:
    """Reads the command line of every process on this machine, again and again."""

    seen: set[bytes] = field(default_factory=set)
    _over: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> CommandLines:
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(0.05):
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    self.seen.add(path.read_bytes())
                except OSError:
                    continue


@dataclass(frozen=True, kw_only=True)
class Success:
    scene: Scene
    done: Ended
    plain: Ended
    receiver: Receiver
    seen: set[bytes]

    @property
    def run_id(self) -> str:
        return self.scene.run.run_id


@pytest.fixture(scope="module")
def success(make_scene: Callable[..., Scene]) -> Iterator[Success]:
    """The installed command of an environment that is not activated, and the same job under plain spark-submit."""
    scene = make_scene("success")
    (scene.folder / "eventlog").mkdir()
    options = [
        *scene.quiet(),
        *("--conf", "spark.eventLog.enabled=true", "--conf", "spark.eventLog.compress=false"),
        f"--conf=spark.eventLog.dir=file://{scene.folder}/eventlog",
        *("--name", "Good Job"),
    ]
    application = [str(JOBS / "good.py"), str(scene.folder / "data"), "--name", "a b", "--conf=x"]
    script = Path(sys.executable).parent / "sparklineage"
    with Receiver() as receiver, CommandLines() as lines:
        process = scene.start(
            [str(script), "submit", *options, *application],
            PATH="/usr/bin:/bin",
            OPENLINEAGE_URL=receiver.url,
            OPENLINEAGE_API_KEY=CANARY,
        )
        # Nobody delivers but the job's own relay, while the job runs.
        wait_for(lambda: len(receiver.events) > 2, process)
        done = ended(process)
        home = spark_home("4.2")
        plain = scene.run_command(
            [str(home / "bin" / "spark-submit"), *options, *application],
            PATH="/usr/bin:/bin",
            SPARK_HOME=str(home),
            PYSPARK_PYTHON=sys.executable,
        )
        yield Success(scene=scene, done=done, plain=plain, receiver=receiver, seen=lines.seen)


def test_the_job_is_as_it_would_be_without_us(success: Success) -> None:
    assert success.done.status == success.plain.status == 0, success.done.stderr
    assert success.done.stdout == success.plain.stdout
    assert b"arguments --name a b --conf=x\n" in success.done.stdout
    assert success.done.stdout.endswith(b"\x00\xff no newline at the end")
    assert success.done.stderr == success.plain.stderr + "\n".join(success.done.summary) + "\n"


def test_every_event_arrives_once_and_in_order(success: Success) -> None:
    events = success.receiver.events
    assert events == success.scene.events()
    assert success.receiver.posts == len(events)
    assert_well_formed(events, success.run_id)
    assert {state(its) for its in by_run(events).values()} == {"COMPLETE"}
    for output in ("raw", "counted", "weather"):
        its = writing(events, output)
        assert its[0]["eventType"] == "START"
        assert names(its[-1], "outputs") >= {output}
    assert names(writing(events, "counted")[-1], "inputs") == {"raw"}


def test_a_steps_datasets_are_inside_its_query(success: Success) -> None:
    """Those declared at the end of the block, too; the step's name marks them."""
    events = success.receiver.events
    end = writing(events, "weather")[-1]
    told = {
        (side, item["namespace"], item["name"]): item.get("facets", {}).get(ol.DECLARED, {}).get("step")
        for side in ("inputs", "outputs")
        for item in ol.datasets(end, side)
    }
    data = success.scene.folder / "data"
    assert told == {
        ("inputs", "file", f"{data}/counted"): None,
        ("inputs", f"sqlite:{data}/weather.db", "observations"): "weather",
        ("outputs", "file", f"{data}/weather"): None,
        ("outputs", "file", f"{data}/model.bin"): "weather",
    }
    others = [event for event in events if ol.run_id(event) != ol.run_id(end)]
    assert not any(ol.DECLARED in item.get("facets", {}) for event in others for item in event["inputs"])


def test_the_journal_is_settled(success: Success) -> None:
    settled = success.scene.record("settled")
    assert settled["state"] == "COMPLETE"
    assert settled["events"] == len(success.receiver.events)
    assert settled["coverage"] == {"queries": 4, "reported": 4, "leftOut": []}
    assert settled["corrupt"] == {}
    runs = by_run(success.receiver.events).values()
    assert settled["closed"] == sum(ol.job_type(its[0]) == "RDD_JOB" for its in runs) > 0
    outcome = success.scene.record("outcome")
    assert (outcome["state"], outcome["exitStatus"], outcome["message"]) == ("COMPLETE", 0, None)
    run = success.scene.record("run")
    assert run["job"] == {"namespace": "default", "name": "good_job"}
    assert (run["sparkVersion"], run["scalaVersion"]) == ("4.2.0", "2.13")
    (delivery,) = (success.scene.run.path / "delivery").glob("*.json")
    assert json.loads(delivery.read_text())["delivered"] == settled["events"]
    assert stat.S_IMODE(success.scene.run.path.stat().st_mode) == 0o700


def test_the_summary_says_what_happened(success: Success) -> None:
    summary = success.done.summary
    count = len(success.receiver.events)
    data = success.scene.folder / "data"
    closed = success.scene.record("settled")["closed"]
    assert summary[0].startswith("sparklineage: COMPLETE after ")
    assert summary[1:] == [
        "  job      good_job (namespace default)",
        f"  run      {success.run_id}",
        f"  inputs   sqlite:{data}/weather.db#observations (declared)",
        f"  outputs  file:{data}/raw",
        f"           file:{data}/counted",
        f"           file:{data}/weather",
        f"           file:{data}/model.bin (declared)",
        f"  events   {count} written, {count} delivered to {success.receiver.url}, 0 waiting",
        f"  closed   {closed} runs that the agent left open",
        "  queries  4 of 4 reported by the agent",
        f"  journal  {success.scene.run.path}",
    ]


def test_the_api_key_goes_to_the_backend_and_nowhere_else(success: Success) -> None:
    assert {headers.get("Authorization") for headers in success.receiver.seen_headers} == {f"Bearer {CANARY}"}
    canary = CANARY.encode()
    driver = [line for line in success.seen if b"applicationRunId=" + success.run_id.encode() in line]
    assert any(b"org.apache.spark.deploy.SparkSubmit" in line for line in driver), "the driver was not seen"
    assert not [line for line in success.seen if canary in line]
    assert canary not in success.done.stdout
    assert CANARY not in success.done.stderr
    files = [path for path in success.scene.folder.rglob("*") if path.is_file()]
    for needed in ("run.json", "agent.ndjson", "witness.ndjson", "events.ndjson", "relay.log", "outcome.json"):
        assert needed in {path.name for path in files}
    log = next(path for path in files if path.name.startswith("events_1_") and success.run_id in path.read_text())
    assert log.is_relative_to(success.scene.folder / "eventlog")
    assert not [path for path in files if canary in path.read_bytes()]
