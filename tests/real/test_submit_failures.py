"""Jobs and queries that fail, on both Sparks: exactly what failed is told as failed, with the reason."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from zipfile import ZipFile

import pytest

from sparklineage.model import event as ol
from tests.real.submission import (
    JOBS,
    Ended,
    Scene,
    assert_well_formed,
    by_run,
    error_of,
    names,
    state,
    writing,
)
from tests.support.receiver import Event, Receiver

pytestmark = pytest.mark.spark


@dataclass(frozen=True, kw_only=True)
class Caught:
    scene: Scene
    done: Ended
    events: list[Event]

    def queries(self, state_: str) -> list[list[Event]]:
        """The runs of the user's queries that ended so, in the order of their ends."""
        runs = by_run(self.events).values()
        return [its for its in runs if ol.job_type(its[0]) == "SQL_JOB" and state(its) == state_]


@pytest.fixture(scope="module", params=["4.2", "3.5"])
def caught(request: pytest.FixtureRequest, make_scene: Callable[..., Scene]) -> Caught:
    scene = make_scene("caught", spark=request.param)
    with Receiver() as receiver:
        done = scene.submit(JOBS / "caught.py", scene.folder / "data", OPENLINEAGE_URL=receiver.url)
    assert done.status == 0, done.stderr
    return Caught(scene=scene, done=done, events=receiver.events)


def test_the_application_that_went_on_is_complete(caught: Caught) -> None:
    """The job itself says which of its queries failed."""
    assert json.loads(caught.done.stdout.splitlines()[-1]) == ["first", "later", "raw again", "table again"]
    assert_well_formed(caught.events, caught.scene.run.run_id)
    assert caught.events == caught.scene.events()
    assert caught.events[-1]["eventType"] == "COMPLETE"
    assert error_of(caught.events[-1]) is None
    assert caught.scene.record("settled")["state"] == "COMPLETE"


def test_exactly_the_failed_queries_fail(caught: Caught) -> None:
    failed = caught.queries("FAIL")
    assert [names(its[-1], "outputs") for its in failed] == [{"first"}, {"later"}, {"raw"}, {"t"}]
    good = [names(its[-1], "outputs") for its in caught.queries("COMPLETE")]
    assert good == [{"raw"}, {"counted"}, {"t"}, {"last"}]
    assert not caught.queries("ABORT")


def test_failed_queries_say_why(caught: Caught) -> None:
    expected = ["ValueError: boom", "ValueError: boom", "already exists", "already exists"]
    for its, words in zip(caught.queries("FAIL"), expected, strict=True):
        error = error_of(its[-1])
        assert error is not None
        assert words in error["message"]
        assert "\n\tat org.apache.spark." in error["stackTrace"]
        assert error["programmingLanguage"] in ("PYTHON", "JAVA")
    for its in caught.queries("COMPLETE"):
        assert all(error_of(event) is None for event in its)


def test_an_errors_secret_stays_hidden(caught: Caught) -> None:
    assert "hunter2-canary" not in json.dumps(caught.events)
    assert "password=********" in json.dumps(caught.events)


def test_every_query_is_covered(caught: Caught) -> None:
    coverage = caught.scene.record("settled")["coverage"]
    assert coverage == {"queries": 8, "reported": 8, "leftOut": []}
    assert "  queries  8 of 8 reported by the agent" in caught.done.summary


@pytest.mark.parametrize("spark", ["4.2", "3.5"])
def test_an_exit_status_is_a_failure(make_scene: Callable[..., Scene], spark: str) -> None:
    scene = make_scene("exit", spark=spark)
    done = scene.submit(JOBS / "ends_badly.py", scene.folder / "data", "3")
    assert done.status == 3, done.stderr
    events = scene.events()
    assert_well_formed(events, scene.run.run_id)
    assert state(writing(events, "raw")) == "COMPLETE"
    assert events[-1]["eventType"] == "FAIL"
    error = error_of(events[-1])
    assert error is not None
    assert error["message"] == "spark-submit ended with exit status 3; the last it printed:\nleaving with 3"
    assert scene.record("outcome")["exitStatus"] == 3
    assert done.summary[0].startswith("sparklineage: FAIL after ")


@pytest.mark.parametrize("spark", ["4.2", "3.5"])
def test_an_uncaught_exception_is_the_applications_error(make_scene: Callable[..., Scene], spark: str) -> None:
    scene = make_scene("raise", spark=spark)
    done = scene.submit(JOBS / "ends_badly.py", scene.folder / "data", "raise")
    assert done.status == 1, done.stderr
    events = scene.events()
    assert_well_formed(events, scene.run.run_id)
    assert state(writing(events, "raw")) == "COMPLETE"
    assert events[-1]["eventType"] == "FAIL"
    error = error_of(events[-1])
    assert error is not None
    assert error["message"] == "RuntimeError: no such customer: 4711 (api_key=********)"
    assert error["programmingLanguage"] == "PYTHON"
    assert "KeyError: 'customer'" in error["stackTrace"]
    assert "ends_badly.py" in error["stackTrace"]
    assert "  error    RuntimeError: no such customer: 4711 (api_key=********)" in done.summary
    left = [path.name for path in scene.run.path.rglob("*") if path.is_file() and b"canary" in path.read_bytes()]
    assert left == []


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--class", "no.such.Main"], "Failed to load class no.such.Main"),
        (["--class", "no.such.Main", "--master", "nonsense://host"], "Master must"),
    ],
    ids=["class", "master"],
)
def test_an_application_that_dies_before_spark_starts(scene: Scene, options: list[str], words: str) -> None:
    with ZipFile(scene.folder / "app.jar", "w") as jar:
        jar.writestr("nothing.txt", "here")
    done = scene.submit(*options, "--name", "Never Started", scene.folder / "app.jar")
    assert done.status not in (0, None)
    assert done.status == scene.record("outcome")["exitStatus"]
    start, end = scene.events()
    for event in (start, end):
        assert ol.run_id(event) == scene.run.run_id
        assert event["job"]["name"] == "never_started"
        assert ol.job_type(event) == "APPLICATION"
    assert (start["eventType"], end["eventType"]) == ("START", "FAIL")
    error = error_of(end)
    assert error is not None
    assert words in error["message"]
    assert "unknown, the witness was not loaded" in done.stderr


def test_a_second_context_is_the_same_application(make_scene: Callable[..., Scene]) -> None:
    scene = make_scene("twice", spark="3.5")
    done = scene.submit(JOBS / "twice.py", scene.folder / "data")
    assert done.status == 0, done.stderr
    events = scene.events()
    assert_well_formed(events, scene.run.run_id)
    assert state(writing(events, "first")) == state(writing(events, "second")) == "COMPLETE"
    application = [event for event in events if ol.job_type(event) == "APPLICATION"]
    assert {ol.run_id(event) for event in application} == {scene.run.run_id}
    assert [event["eventType"] for event in application] == ["START", "RUNNING", "COMPLETE"]
    assert scene.record("settled")["coverage"]["queries"] == 2
