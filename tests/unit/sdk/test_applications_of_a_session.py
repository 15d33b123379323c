"""Applications of a session that runs already: one after the other, in its journal or beside an agent that sends."""

from __future__ import annotations

import json
import os
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

import sparklineage
from sparklineage.journal import RunFolder
from sparklineage.model import event as ol
from sparklineage.sdk.agent import AGENT, Listeners
from sparklineage.sdk.programs import by_client, way
from sparklineage.sdk.programs.application import Application
from sparklineage.sdk.programs.ending import End
from sparklineage.sdk.sending import emit
from tests.support.journal import APP, add, application, event, folder, witnessed
from tests.support.receiver import Receiver

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Context:
    """What a SparkContext shows of its conf and its listener bus."""

    def __init__(self, conf: dict[str, str]) -> None:
        self.conf = conf
        self.appName = "nb"
        self.removed: list[Any] = []
        self._properties: dict[str, str | None] = {}
        bus = SimpleNamespace(waitUntilEmpty=lambda _: None)
        sc = SimpleNamespace(listenerBus=lambda: bus, removeSparkListener=self.removed.append)
        self._jsc: Any = SimpleNamespace(sc=lambda: sc)

    def getConf(self) -> dict[str, str]:  # noqa: N802 - Spark's name
        return self.conf

    def getLocalProperty(self, key: str) -> str | None:  # noqa: N802 - Spark's name
        return self._properties.get(key)

    def setLocalProperty(self, key: str, value: str | None) -> None:  # noqa: N802 - Spark's name
        self._properties[key] = value


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    for name in list(os.environ):
        if name.startswith(("OPENLINEAGE", "SPARKLINEAGE", "MARQUEZ")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    before = dict(os.environ)
    emit._emitters.clear()
    yield
    for found in emit._emitters.values():
        found.close(2)
    emit._emitters.clear()
    os.environ.clear()
    os.environ.update(before)


def journaled(root: Path) -> tuple[Context, RunFolder]:
    """A session whose first application has a folder that its witness has made."""
    made = folder(root)
    made.run.unlink()
    add(made.witness, witnessed("application", 0, runId=APP, applicationName="nb", main="gateway"))
    add(made.agent, application("START", 0))
    conf = {
        "spark.sparklineage.journal": str(made.path),
        "spark.openlineage.applicationRunId": APP,
        "spark.openlineage.transport.type": "file",
        "spark.openlineage.transport.location": str(made.agent),
    }
    return Context(conf), made


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_each_has_a_folder_and_an_end_of_its_own(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    context, first = journaled(tmp_path / "journal")
    environ = dict(os.environ)
    found = []
    for name, error in (("one", None), ("two", ValueError("no rates")), ("three", None)):
        app = Application(context, name=name, environ=environ)
        assert (app.way, app.is_open) == ("journal", True), app.why
        with sparklineage.step(context, f"step of {name}", inputs=[f"s3://b/{name}"], outputs=["s3://b/out"]):
            pass
        app.end(error)
        assert app.folder is not None
        found.append(RunFolder(app.folder))
    assert caplog.text == ""
    assert found[0].path == first.path
    assert len({made.run_id for made in found}) == 3
    for made, name, state in zip(found, ("one", "two", "three"), ("COMPLETE", "FAIL", "COMPLETE"), strict=True):
        assert [item["name"] for item in lines(made.steps) if item["type"] == "stepStart"] == [f"step of {name}"]
        assert json.loads(made.outcome.read_text())["state"] == state
    for made in found[1:]:
        own = [item for item in lines(made.events) if item["run"]["runId"] == made.run_id]
        assert [item["eventType"] for item in own] == ["START", json.loads(made.outcome.read_text())["state"]]
    # What is declared after the last one is told once, and check names it.
    for _ in range(2):
        with sparklineage.step(context, "late"):
            pass
    (said,) = caplog.messages
    assert "The application of this session has ended" in said
    assert said in sparklineage.check(context).missing


def test_queries_between_two_applications_are_one_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    context, first = journaled(tmp_path / "journal")
    Application(context, environ=dict(os.environ)).end()
    with first.agent.open("a") as file:
        for kind, job in (("START", "SQL_JOB"), ("COMPLETE", "SQL_JOB"), ("START", "APPLICATION")):
            file.write(json.dumps(event(kind, 5, job_type=job), separators=(",", ":")) + "\n")
    Application(context, environ=dict(os.environ)).end()
    (said,) = caplog.messages
    assert said.startswith("1 queries have run between two applications of the session, and belong to none;")


def test_in_a_node_s_spool_the_relay_of_the_node_delivers_the_second_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(way, "lead_to", lambda *_: True)
    context, first = journaled(tmp_path / "journal")
    first.path.chmod(0o2770)
    environ = dict(os.environ)
    Application(context, environ=environ).end()
    second = Application(context, name="two", environ=environ)
    assert (second.way, second.why) == ("journal", "the relay of this node delivers")
    second.end()
    assert second.folder is not None
    assert second.folder != first.path
    made = RunFolder(second.folder)
    assert made.path.stat().st_mode & 0o7777 == 0o2770
    for path in (made.run, made.agent, made.steps, made.outcome):
        assert path.stat().st_mode & 0o777 == 0o660
    assert json.loads(made.run.read_text())["backend"] is None
    assert not made.settled.exists()


def test_a_session_that_does_not_write_into_the_journal_is_one_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    context, _ = journaled(tmp_path / "journal")
    context.conf["spark.openlineage.transport.location"] = str(tmp_path / "elsewhere" / "agent.ndjson")
    Application(context, environ=dict(os.environ)).end()
    second = Application(context, environ=dict(os.environ))
    assert second.way == "off"
    (said,) = caplog.messages
    assert "the agent cannot be led into another folder, so a second application of this session has no lineage" in said


AGENT_OBJECT = object()


@pytest.fixture
def sending(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Context, Receiver]]:
    """A session whose agent sends by itself, as the run APP."""
    context = Context({})
    seen = Listeners(classes=(AGENT,), agent=AGENT_OBJECT)
    for module in (way, by_client):
        monkeypatch.setattr(module, "application_run", lambda _: (APP, "harbour", "nb"))
    monkeypatch.setattr("sparklineage.sdk.sending.direct.application_run", lambda _: (APP, "harbour", "nb"))
    monkeypatch.setattr(Listeners, "of", classmethod(lambda _cls, _context: seen))
    monkeypatch.setattr(by_client, "_ended", set())
    again: list[Any] = []
    monkeypatch.setattr("atexit.register", lambda act, *given: again.append((act, given)))
    context.again = again  # type: ignore[attr-defined]
    with Receiver() as receiver:
        monkeypatch.setenv("OPENLINEAGE_URL", receiver.url)
        yield context, receiver


def states(receiver: Receiver, run_id: str) -> list[str]:
    return [event["eventType"] for event in receiver.events if ol.run_id(event) == run_id]


def test_the_client_tells_the_true_end_of_the_agents_run(
    sending: tuple[Context, Receiver], caplog: pytest.LogCaptureFixture
) -> None:
    context, receiver = sending
    app = Application(context, name="Night Load", environ=dict(os.environ))
    assert (app.way, app.run_id) == ("agent", APP), app.why
    assert "told the application as 'nb'; the name 'night_load' is left out" in caplog.text
    app.end(ValueError("no rates"))
    (failed,) = receiver.events
    assert (failed["eventType"], failed["job"]["namespace"], failed["job"]["name"]) == ("FAIL", "harbour", "nb")
    assert failed["run"]["facets"]["errorMessage"]["message"] == "ValueError: no rates"
    # The session has gone on and was stopped, of which its agent has said COMPLETE: the last word is the true one.
    context._jsc = None
    act, given = next(item for item in context.again if getattr(item[0], "__name__", "") == "_again")  # type: ignore[attr-defined]
    act(*given)
    assert emit.emitter(dict(os.environ)).flush(5)
    assert states(receiver, APP) == ["FAIL", "FAIL"]
    assert context.removed == []


@pytest.mark.parametrize("end", [End(error=SystemExit(3), at_exit=True), End(signal=15, at_exit=True)])
def test_at_the_exit_the_agent_is_kept_from_another_end(sending: tuple[Context, Receiver], end: End) -> None:
    context, receiver = sending
    app = Application(context, environ=dict(os.environ))
    app._end(end)
    assert context.removed == [AGENT_OBJECT]
    assert states(receiver, APP) == ["ABORT" if end.signal else "FAIL"]


def test_the_second_beside_an_agent_is_a_run_below_that_of_the_session(sending: tuple[Context, Receiver]) -> None:
    context, receiver = sending
    Application(context, environ=dict(os.environ)).end()
    second = Application(context, name="Two", environ=dict(os.environ))
    assert (second.way, second.run_id != APP) == ("client", True)
    with sparklineage.step(context, "late", outputs=["s3://b/late"]):
        pass
    second.end(KeyError("rate"))
    assert second.run_id is not None
    assert states(receiver, second.run_id) == ["START", "FAIL"]
    own = [event for event in receiver.events if ol.run_id(event) == second.run_id]
    assert own[0]["job"]["name"] == "two"
    assert own[0]["run"]["facets"]["parent"]["run"]["runId"] == APP
    (late, _) = [event for event in receiver.events if event["job"]["name"] == "two.late"]
    assert late["run"]["facets"]["parent"]["run"]["runId"] == second.run_id
    assert late["run"]["facets"]["parent"]["root"]["run"]["runId"] == APP


def test_a_step_after_the_end_stays_below_the_run_that_the_agent_tells(
    sending: tuple[Context, Receiver], caplog: pytest.LogCaptureFixture
) -> None:
    context, receiver = sending
    Application(context, environ=dict(os.environ)).end()
    with sparklineage.step(context, "late", outputs=["s3://b/late"]):
        pass
    assert emit.emitter(dict(os.environ)).flush(5)
    (late, _) = [event for event in receiver.events if event["job"]["name"] == "nb.late"]
    assert late["run"]["facets"]["parent"]["run"]["runId"] == APP
    assert caplog.messages == []


@pytest.mark.parametrize("is_idle", [True, False])
def test_beside_an_agent_that_was_added_late_it_is_a_run_of_its_own(
    sending: tuple[Context, Receiver], monkeypatch: pytest.MonkeyPatch, is_idle: bool
) -> None:
    """By addSparkListener, so that it has seen no event, and has no run before the first query."""
    context, receiver = sending
    for module in (way, by_client):
        monkeypatch.setattr(module, "application_run", lambda _: None)
    monkeypatch.setattr("sparklineage.sdk.sending.direct.application_run", lambda _: None)
    monkeypatch.setattr(way, "is_idle", lambda _: is_idle)
    app = Application(context, name="Night Load", environ=dict(os.environ))
    if not is_idle:  # an agent whose run cannot be seen tells the start and the end alone
        assert (app.way, app.run_id) == ("agent", None)
        return
    with sparklineage.step(context, "early", outputs=["s3://b/early"]):
        pass
    app.end(ValueError("no rates"))
    assert (app.way, app.run_id is not None) == ("client", True)
    assert states(receiver, app.run_id or "") == ["START", "FAIL"]
    (early, _) = [event for event in receiver.events if event["job"]["name"] == "night_load.early"]
    assert early["run"]["facets"]["parent"]["run"]["runId"] == app.run_id


def test_without_a_client_the_agents_word_stands(
    sending: tuple[Context, Receiver], monkeypatch: pytest.MonkeyPatch
) -> None:
    context, receiver = sending
    monkeypatch.delenv("OPENLINEAGE_URL")
    app = Application(context, environ={"HOME": os.environ["HOME"]})
    assert (app.way, app.run_id, app.is_open) == ("agent", APP, False)
    assert app.why.endswith("COMPLETE whatever the end: openlineage-python knows no backend")
    app.end(ValueError())
    assert receiver.events == []
