"""The user's own conf, wherever it was set, and JVM applications."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from sparklineage.model import event as ol
from sparklineage.submit.lineage_conf import REDACTED
from tests.real.submission import (
    JOBS,
    Ended,
    Scene,
    assert_well_formed,
    by_run,
    error_of,
    lines,
    spark_home,
    state,
    writing,
)

pytestmark = pytest.mark.spark

DEFAULTS = """\
spark.extraListeners                   org.apache.spark.scheduler.StatsReportListener
spark.jars                             {jar}
spark.redaction.regex                  (?i)harbour
spark.openlineage.capturedProperties   spark.pier.name
spark.openlineage.namespace            the-north
spark.harbour.berth                    seven
spark.pier.name                        east
spark.pier.apiKey                      canary-pier
spark.eventLog.enabled                 true
spark.eventLog.compress                false
spark.eventLog.dir                     {folder}/eventlog
"""


@dataclass(frozen=True, kw_only=True)
class Told:
    scene: Scene
    done: Ended
    conf: dict[str, str]
    listeners: str
    resource: str | None


@pytest.fixture(scope="module")
def told(make_scene: Callable[..., Scene]) -> Told:
    """A job that prints the conf it got, with everything of the user's in spark-defaults.conf."""
    scene = make_scene("conf")
    (scene.folder / "eventlog").mkdir()
    jar = scene.folder / "harbour.jar"
    with ZipFile(jar, "w") as file:
        file.writestr("harbour.txt", "ships")
    (scene.folder / "conf").mkdir()
    (scene.folder / "conf" / "spark-defaults.conf").write_text(DEFAULTS.format(jar=jar, folder=scene.folder))
    done = scene.submit(
        JOBS / "tells_conf.py",
        scene.folder / "data",
        SPARK_CONF_DIR=str(scene.folder / "conf"),
    )
    assert done.status == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return Told(scene=scene, done=done, **found)


def test_lists_are_joined_with_the_users(told: Told) -> None:
    assert told.conf["spark.extraListeners"].split(",") == [
        "io.sparklineage.Witness",
        "org.apache.spark.scheduler.StatsReportListener",
        "io.openlineage.spark.agent.OpenLineageSparkListener",
    ]
    for listener in ("Witness@", "StatsReportListener@", "OpenLineageSparkListener@"):
        assert told.listeners.count(listener) == 1
    assert told.conf["spark.jars"].split(",")[0].endswith("/harbour.jar")
    assert told.resource is not None
    assert told.resource.endswith("harbour.jar!/harbour.txt")
    assert told.conf["spark.redaction.regex"] == f"{REDACTED}|(?i)harbour"
    assert told.conf["spark.openlineage.capturedProperties"] == "spark.pier.name,spark.sparklineage.step"


def test_the_users_scalar_wins_and_the_summary_says_so(told: Told) -> None:
    events = told.scene.events()
    assert_well_formed(events, told.scene.run.run_id)
    assert {ol.job(event)[0] for event in events} == {"the-north"}
    (note,) = [line for line in told.done.summary if "spark.openlineage.namespace" in line]
    assert note.startswith("  note     spark.openlineage.namespace=the-north stays as you set it (spark-defaults.conf ")


def test_captured_properties_and_redaction_have_both_effects(told: Told) -> None:
    captured: dict[str, str] = {}
    for event in told.scene.events():
        captured |= ol.run_facets(event).get("spark_properties", {}).get("properties", {})
    assert captured["spark.pier.name"] == "east"
    (log,) = (told.scene.folder / "eventlog").rglob("events_1_*")
    environment = next(record for record in lines(log) if record["Event"] == "SparkListenerEnvironmentUpdate")
    properties = environment["Spark Properties"]
    assert properties["spark.pier.name"] == "east"
    assert properties["spark.harbour.berth"] == properties["spark.pier.apiKey"] == "*********(redacted)"


@dataclass(frozen=True, kw_only=True)
class Jars:
    application: Path
    library: Path


@pytest.fixture(scope="module")
def jars(tmp_path_factory: pytest.TempPathFactory) -> Jars:
    """The JVM application, for every Java and Spark here, and the library that it needs."""
    javac = shutil.which("javac")
    if javac is None:
        pytest.skip("needs a JDK: there is no javac on PATH")
    folder = tmp_path_factory.mktemp("classes")
    command = [javac, "--release", "8", "-Xlint:-options", "-cp", f"{spark_home('3.5')}/jars/*", "-d", str(folder)]
    subprocess.run([*command, *map(str, JOBS.glob("*.java"))], check=True)
    made = Jars(application=folder / "application.jar", library=folder / "library.jar")
    for jar, name in ((made.application, "Harbour"), (made.library, "Crane")):
        with ZipFile(jar, "w") as file:
            file.write(folder / f"{name}.class", f"{name}.class")
    return made


def test_a_jvm_application_with_jars_of_its_own(make_scene: Callable[..., Scene], jars: Jars) -> None:
    """Its library comes through a properties file."""
    scene = make_scene("jvm")
    properties = scene.folder / "harbour.properties"
    properties.write_text(f"spark.jars: {jars.library}\n")
    done = scene.submit(
        *(f"--properties-file={properties}", "--class=Harbour"), jars.application, scene.folder / "data", "a container"
    )
    assert done.status == 0, done.stderr
    assert done.stdout == b"lifted a container\n"
    events = scene.events()
    assert_well_formed(events, scene.run.run_id)
    assert state(writing(events, "out")) == "COMPLETE"
    assert events[-1]["eventType"] == "COMPLETE"
    assert events[-1]["job"]["name"] == "harbour"


def test_an_agent_that_is_there_is_not_added_twice(make_scene: Callable[..., Scene], jars: Jars) -> None:
    """In the --jars of a JVM application that fails: the events are there once, and the error is the JVM's."""
    scene = make_scene("agent", spark="3.5")
    agent = cached_agent(scene)
    done = scene.submit(
        *("--class", "Harbour", f"--jars={jars.library},{agent}"), jars.application, scene.folder / "data", "too much"
    )
    assert done.status == 1, done.stderr
    assert f"  note     the agent that is there is used: {agent} (--jars)" in done.summary
    run = scene.record("run")
    assert (run["agent"], run["agentVersion"]) == (True, agent.stem.rpartition("-")[2])
    events = scene.events()
    assert_well_formed(events, scene.run.run_id)
    starts = [event for event in lines(scene.run.agent) if event["eventType"] == "START"]
    assert len(starts) == len(by_run(events))
    assert state(writing(events, "out")) == "COMPLETE"
    assert events[-1]["eventType"] == "FAIL"
    error = error_of(events[-1])
    assert error is not None
    assert error["programmingLanguage"] == "JAVA"
    assert "java.lang.IllegalStateException: the crane fell over: too much" in error["message"]
    assert "Crane.lift" in error["stackTrace"]


def cached_agent(scene: Scene) -> Path:
    """The agent that submit itself would take."""
    found = scene.run_command(scene.command("jar", "fetch"))
    assert found.status == 0, found.stderr
    return Path(found.stdout.decode().split()[-1])
