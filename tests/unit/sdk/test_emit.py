"""Steps where there is no journal: runs of their own, sent by openlineage-python's own client."""

from __future__ import annotations

import json
import os
import pickle
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from sparklineage import facets, reads
from sparklineage.model import event as ol
from sparklineage.model.dataset import Dataset
from sparklineage.sdk.check import check
from sparklineage.sdk.sending import emit
from sparklineage.sdk.sending.emit import Emitter, is_configured
from sparklineage.sdk.steps.step import Step, current_step
from tests.support.receiver import Receiver

if TYPE_CHECKING:
    from collections.abc import Iterator

SECRET = "canary-5up3r-s3cret"
PARENT = "0190a0a0-0000-7000-8000-000000000001"
ROOT = "0190a0a0-0000-7000-8000-000000000002"
REPOSITORY = Path(__file__).parents[3]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as found:
        yield found


@pytest.fixture
def environ(receiver: Receiver, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[dict[str, str]]:
    """The process's own environment, because the client reads that and nothing else."""
    for name in list(os.environ):
        if name.startswith(("OPENLINEAGE", "SPARKLINEAGE")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("OPENLINEAGE_URL", receiver.url)
    monkeypatch.setenv("HOME", str(tmp_path))
    emit._emitters.clear()
    yield dict(os.environ)
    for found in emit._emitters.values():
        found.close(2)
    emit._emitters.clear()


@pytest.mark.usefixtures("environ")
@pytest.mark.parametrize("kind", ["http", "async_http"])
def test_the_environment_stays_as_it_is(kind: str, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client keeps the key in variables of its own, which every process of the job would get."""
    monkeypatch.setenv("OPENLINEAGE_API_KEY", SECRET)
    monkeypatch.setenv("OPENLINEAGE__TRANSPORT__TYPE", kind)
    if kind == "http":
        monkeypatch.setenv("OPENLINEAGE__TRANSPORT__URL", receiver.url)
        monkeypatch.setenv("OPENLINEAGE__TRANSPORT__AUTH", json.dumps({"type": "api_key", "apiKey": SECRET}))
    before = dict(os.environ)
    with step("load", before, inputs=["s3://b/k"]):
        pass
    (found,) = emit._emitters.values()
    # One that sends from a thread of its own is closed with the rest.
    found.close(20)
    assert dict(os.environ) == before
    assert [item["eventType"] for item in receiver.events] == ["START", "COMPLETE"]
    assert {item["Authorization"] for item in receiver.seen_headers} == {f"Bearer {SECRET}"}


def flush() -> None:
    (found,) = emit._emitters.values()
    assert found.flush(10)


def step(name: str, environ: dict[str, str], spark: Any = None, **more: Any) -> Step:
    return Step(spark, name, environ=environ, **more)


def names(event: dict[str, Any], side: str) -> set[tuple[str, str]]:
    return {(item["namespace"], item["name"]) for item in event[side]}


def test_a_step_is_a_run_of_its_own(environ: dict[str, str], receiver: Receiver) -> None:
    environ["SPARKLINEAGE_NAMESPACE"] = "harbour"
    with step("Load Rates", environ, inputs=["s3://b/in"]) as here:
        flush()
        assert [event["eventType"] for event in receiver.events] == ["START"]
        assert names(receiver.events[0], "inputs") == {("s3://b", "in")}
        here.writes(Dataset.of("s3://b/out").with_facets(facets.version("7")))
        here.facets(
            facets.custom("harbour_port", {"port": "north"}, place="run", schema_url="https://x.example.com/port.json")
        )
    flush()
    start, running, end = receiver.events
    assert (running["eventType"], end["eventType"]) == ("RUNNING", "COMPLETE")
    assert len({event["run"]["runId"] for event in receiver.events}) == 1
    assert {(event["job"]["namespace"], event["job"]["name"].rpartition(".")[2]) for event in receiver.events} == {
        ("harbour", "load_rates")
    }
    assert names(end, "outputs") == {("s3://b", "out")}
    assert end["outputs"][0]["facets"]["version"]["datasetVersion"] == "7"
    assert end["inputs"][0]["facets"]["sparklineage_declared"]["step"] == "Load Rates"
    assert end["run"]["facets"]["harbour_port"]["port"] == "north"
    assert end["job"]["facets"]["jobType"]["jobType"] == "STEP"
    assert "parent" not in start["run"]["facets"]


def test_steps_named_in_other_scripts_are_jobs_of_their_own(environ: dict[str, str], receiver: Receiver) -> None:
    for name in ("订单", "客户", "🚀"):
        with step(name, environ, outputs=["s3://b/out"]):
            pass
    flush()
    jobs = {event["job"]["name"].rpartition(".")[2] for event in receiver.events}
    assert jobs == {"订单", "客户", "step_377bd7c6"}


def test_a_block_that_raises_is_a_run_that_failed(environ: dict[str, str], receiver: Receiver) -> None:
    with pytest.raises(ZeroDivisionError), step("bad", environ, outputs=["s3://b/out"]):
        1 / 0  # noqa: B018
    flush()
    end = receiver.events[-1]
    assert end["eventType"] == "FAIL"
    assert end["run"]["facets"]["errorMessage"]["message"] == "ZeroDivisionError: division by zero"
    assert end["run"]["facets"]["errorMessage"]["programmingLanguage"] == "PYTHON"
    assert "1 / 0" in end["run"]["facets"]["errorMessage"]["stackTrace"]


def test_the_parent_is_that_of_the_environment(environ: dict[str, str], receiver: Receiver) -> None:
    environ["OPENLINEAGE_PARENT_ID"] = f"airflow/dag.task/{PARENT}"
    environ["OPENLINEAGE_ROOT_PARENT_ID"] = f"airflow/dag/{ROOT}"
    with step("a", environ, outputs=["s3://b/out"]):
        pass
    flush()
    for event in receiver.events:
        parent = event["run"]["facets"]["parent"]
        assert (parent["run"]["runId"], parent["job"]["name"]) == (PARENT, "dag.task")
        assert parent["root"]["run"]["runId"] == ROOT
        assert event["job"]["namespace"] == "airflow"


class Conf:
    def __init__(self, **values: str) -> None:
        self.values = values
        self.asked = 0

    def get(self, key: str, default: str | None = None) -> str | None:
        self.asked += 1
        return self.values.get(key, default)


class Connect:
    """As a session of Spark Connect shows itself."""

    def __init__(self, conf: dict[str, str]) -> None:
        self.conf = Conf(**conf)

    @property
    def sparkContext(self) -> Any:  # noqa: N802 - Spark's name
        raise NotImplementedError("JVM_ATTRIBUTE_NOT_SUPPORTED")


def test_the_servers_application_is_the_parent_and_is_asked_once(environ: dict[str, str], receiver: Receiver) -> None:
    session = Connect({
        "spark.openlineage.applicationRunId": PARENT, "spark.openlineage.namespace": "fleet",
        "spark.app.name": "Spark Connect server",
    })  # fmt: skip
    with step("a", environ, session, outputs=["s3://b/out"]):
        asked = session.conf.asked
    for _ in range(3):
        with step("b", environ, session):
            pass
    assert session.conf.asked == asked
    flush()
    (parent,) = {json.dumps(event["run"]["facets"]["parent"]) for event in receiver.events}
    assert json.loads(parent)["run"]["runId"] == PARENT
    assert receiver.events[0]["job"] | {"facets": 0} == {
        "namespace": "fleet", "name": "spark_connect_server.a", "facets": 0
    }  # fmt: skip


def test_the_properties_of_a_parent_are_taken_where_nothing_else_is_there(
    environ: dict[str, str], receiver: Receiver
) -> None:
    key = "spark.openlineage."
    session = Connect({f"{key}parentRunId": PARENT, f"{key}parentJobNamespace": "a", f"{key}parentJobName": "b"})
    with step("a", environ, session):
        pass
    flush()
    assert receiver.events[0]["run"]["facets"]["parent"]["job"] == {"namespace": "a", "name": "b"}


def test_steps_go_where_the_agent_sends(environ: dict[str, str], receiver: Receiver) -> None:
    """With nothing for the client to find, but an http transport in the session's properties."""
    del environ["OPENLINEAGE_URL"], os.environ["OPENLINEAGE_URL"]
    key = "spark.openlineage.transport."
    session = Connect({
        f"{key}type": "http", f"{key}url": receiver.url, f"{key}endpoint": "/api/v2/x", f"{key}auth.apiKey": SECRET
    })  # fmt: skip
    with step("a", environ, session):
        pass
    flush()
    assert len(receiver.events) == 2
    assert set(receiver.paths) == {"/api/v2/x"}
    assert receiver.seen_headers[0]["Authorization"] == f"Bearer {SECRET}"


def test_nothing_is_sent_where_nothing_is_configured(environ: dict[str, str], receiver: Receiver) -> None:
    with step("a", {"HOME": environ["HOME"]}, outputs=["s3://b/out"]):
        pass
    assert emit._emitters == {}
    off = environ | {"OPENLINEAGE_DISABLED": "true"}
    with step("a", off, outputs=["s3://b/out"]):
        pass
    assert emit._emitters == {}
    assert receiver.posts == 0


def test_where_the_client_is_configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    home = {"HOME": str(tmp_path / "home")}
    assert is_configured(home) is None
    assert is_configured(home | {"OPENLINEAGE__TRANSPORT__AUTH__APIKEY": "x"}) is None
    assert is_configured(home | {"OPENLINEAGE__TRANSPORT__TYPE": "console"}) == "OPENLINEAGE__TRANSPORT__TYPE"
    # As `configure` leaves it beside the key, for the agent whose URL is among Spark's properties.
    assert is_configured(home | {"OPENLINEAGE__TRANSPORT__TYPE": "http"}) is None
    there = {"OPENLINEAGE__TRANSPORT__TYPE": "http", "OPENLINEAGE__TRANSPORT__URL": "http://127.0.0.1:9"}
    assert is_configured(home | there) == "OPENLINEAGE__TRANSPORT__TYPE"
    assert is_configured(home | {"OPENLINEAGE_CONFIG": str(tmp_path / "absent.yml")}) is None
    (tmp_path / "home" / ".openlineage").mkdir(parents=True)
    (tmp_path / "home" / ".openlineage" / "openlineage.yml").touch()
    assert str(is_configured(home)).endswith("home/.openlineage/openlineage.yml")
    (tmp_path / "openlineage.yml").touch()
    assert is_configured(home) == "openlineage.yml"


def test_secrets_do_not_leave(environ: dict[str, str], receiver: Receiver, caplog: pytest.LogCaptureFixture) -> None:
    environ["DB_PASSWORD"] = SECRET
    with (
        pytest.raises(RuntimeError),
        step(f"step {SECRET}", environ, inputs=[f"postgresql://u:{SECRET}@h/db#s.t"]) as s,
    ):
        s.facets(
            facets.custom("harbour_x", {"text": f"a {SECRET}"}, place="run", schema_url="https://x.example.com/x.json")
        )
        raise RuntimeError(f"login with {SECRET} failed")
    flush()
    assert receiver.events[-1]["eventType"] == "FAIL"
    assert SECRET not in json.dumps(receiver.events)
    assert SECRET not in caplog.text


def test_a_function_declares_on_the_open_step_when_it_is_pickled(
    environ: dict[str, str], receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    rate = reads("https://rates.example.com/v1")(json.dumps)
    with step("outer", environ):
        assert pickle.loads(pickle.dumps(rate)) is json.dumps  # noqa: S301 - our own
    flush()
    end = receiver.events[-1]
    assert names(end, "inputs") == {("https://rates.example.com", "/v1")}
    # Without one it is a step of its own, once.
    monkeypatch.setattr(receiver, "events", [])
    pickle.dumps(rate)
    pickle.dumps(rate)
    flush()
    assert [event["eventType"] for event in receiver.events] == ["START", "COMPLETE"]
    assert receiver.events[0]["job"]["name"].endswith(".dumps")


def test_steps_nest_and_the_current_one_is_known(environ: dict[str, str], receiver: Receiver) -> None:
    with step("outer", environ) as outer:
        with step("inner", environ):
            current_step().writes("s3://b/inner")
        current_step().writes("s3://b/outer")
        assert outer.is_open
    flush()
    ends = {e["job"]["name"].rpartition(".")[2]: names(e, "outputs") for e in receiver.events}
    assert ends == {"inner": {("s3://b", "inner")}, "outer": {("s3://b", "outer")}}


def test_an_inner_step_has_what_those_around_it_declare(environ: dict[str, str], receiver: Receiver) -> None:
    with step("outer", environ, inputs=["s3://b/outer"]) as outer:
        alone = step("alone", environ, outputs=["s3://b/alone"], inherit=False)
        with alone, step("below", environ, outputs=["s3://b/below"]):
            pass
        with step("inner", environ, outputs=["s3://b/inner"]):
            outer.reads("s3://b/later")
        with pytest.raises(ZeroDivisionError), step("bad", environ):
            1 / 0  # noqa: B018
        outer.writes("s3://b/last")
    flush()
    starts = {e["job"]["name"].rpartition(".")[2]: e for e in receiver.events if e["eventType"] == "START"}
    assert names(starts["inner"], "inputs") == {("s3://b", "outer")}
    ends = {e["job"]["name"].rpartition(".")[2]: e for e in receiver.events if e["eventType"] in ol.TERMINAL}
    sides = {
        name: [sorted(dataset for _, dataset in names(end, side)) for side in ("inputs", "outputs")]
        for name, end in ends.items()
    }
    assert sides == {
        "outer": [["later", "outer"], ["last"]],
        "alone": [[], ["alone"]],
        "below": [[], ["alone", "below"]],
        "inner": [["later", "outer"], ["inner"]],
        "bad": [["later", "outer"], []],
    }
    told = {item["name"]: item["facets"]["sparklineage_declared"]["step"] for item in ends["inner"]["inputs"]}
    assert told == {"outer": "outer", "later": "outer"}


class Slow:
    """A client that takes its time."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.seen: list[str] = []

    def emit(self, event: Any) -> None:
        time.sleep(self.seconds)
        self.seen.append(event.job.name)


def event(name: str) -> dict[str, Any]:
    made: dict[str, Any] = ol.make("START", time=0, run=PARENT, job=("n", name), run_facets={}, job_facets={})
    return made


def test_the_oldest_make_room_with_one_warning(caplog: pytest.LogCaptureFixture) -> None:
    client = Slow(0.2)
    found = Emitter({}, connect=lambda: client, most=3)
    for number in range(10):
        found.put(event(str(number)))
    assert found.flush(5)
    assert client.seen[-3:] == ["7", "8", "9"]
    assert len(client.seen) + found.dropped == 10
    assert [record.message for record in caplog.records] == [
        "more than 3 events of lineage wait to be sent; the oldest are dropped"
    ]


def test_the_end_waits_no_longer_than_it_was_told(caplog: pytest.LogCaptureFixture) -> None:
    found = Emitter({}, connect=lambda: Slow(30))
    found.put(event("a"))
    found.put(event("b"))
    before = time.monotonic()
    found.close(0.3)
    assert time.monotonic() - before < 2
    assert "2 events of lineage could not be sent within 0.3 seconds" in caplog.text
    found.put(event("c"))
    assert found.dropped == 1


def test_one_limit_holds_for_the_end_of_an_application_and_the_exit() -> None:
    found = Emitter({}, connect=lambda: Slow(30))
    found.allow(0.4)
    found.put(event("a"))
    before = time.monotonic()
    assert not found.flush(0.3)
    found.close()
    assert 0.3 < time.monotonic() - before < 0.6


def test_what_no_thread_can_send_any_more_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """As while the interpreter ends."""

    def none_left(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread at interpreter shutdown")

    monkeypatch.setattr(threading.Thread, "start", none_left)
    emitter = Emitter({}, connect=lambda: None)
    emitter.put({})
    began = time.monotonic()
    assert emitter.flush(60)
    emitter.close()
    assert time.monotonic() - began < 30
    assert emitter.dropped == 1
    assert len(caplog.messages) == 1


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")  # since Python 3.12, of fork beside threads
def test_a_forked_child_sends_its_own_and_waits_for_nothing_of_its_parent(tmp_path: Path) -> None:
    class Written:
        def emit(self, sent: Any) -> None:
            with (tmp_path / f"{os.getpid()}").open("a") as file:
                file.write(sent.job.name)

    found = Emitter({}, connect=Written)
    found.put(event("a"))
    assert found.flush(5)
    slow = Emitter({}, connect=lambda: Slow(30))
    slow.put(event("c"))
    child = os.fork()
    if not child:
        before = time.monotonic()
        found.put(event("b"))
        found.close(5)
        slow.close(5)
        os._exit(0 if time.monotonic() - before < 3 else 1)
    assert os.waitpid(child, 0)[1] == 0
    slow.close(0)
    assert (tmp_path / str(os.getpid())).read_text() == "a"
    assert (tmp_path / str(child)).read_text() == "b"


def test_a_missing_client_is_one_warning_with_the_command(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def connect() -> Any:
        raise ModuleNotFoundError("No module named 'openlineage'")

    monkeypatch.setattr(emit, "is_installed", lambda: False)

    found = Emitter({}, connect=connect)
    for _ in range(5):
        found.put(event("a"))
    assert found.flush(5)
    found.put(event("a"))
    assert [record.message for record in caplog.records] == [
        "lineage cannot be sent without openlineage-python; pip install 'sparklineage-toolkit[emit]'"
    ]
    assert found.dropped == 6


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"TYPE": "nonsense"}, "ImportError: Failed to import nonsense"),
        ({"TYPE": "kafka"}, "RuntimeError: kafka `config` not passed to KafkaConfig"),
        ({"TYPE": "kafka", "TOPIC": "a", "CONFIG": '{"bootstrap.servers": "b"}'}, "import of confluent_kafka halted"),
    ],
)
@pytest.mark.usefixtures("environ")
def test_a_transport_that_cannot_be_made_is_told_in_the_clients_own_words(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    variables: dict[str, str],
    words: str,
) -> None:
    monkeypatch.delenv("OPENLINEAGE_URL")
    monkeypatch.setitem(sys.modules, "confluent_kafka", None)  # cannot be imported
    for name, value in variables.items():
        monkeypatch.setenv(f"OPENLINEAGE__TRANSPORT__{name}", value)
    for _ in range(2):
        with step("a", dict(os.environ)):
            pass
        flush()
    (said,) = [record.message for record in caplog.records if record.name == "sparklineage"]
    assert said.startswith("lineage cannot be sent because openlineage-python cannot work as it is configured: ")
    assert words in said
    found = check()
    assert found.steps == "direct"
    assert [one for one in found.missing if words in one and "(configured by OPENLINEAGE__TRANSPORT__" in one]
    assert "is not installed" not in str(found)


def test_no_secret_is_in_the_clients_own_words(caplog: pytest.LogCaptureFixture) -> None:
    def connect() -> Any:
        raise ValueError(f"the key {SECRET} is too short")

    found = Emitter({"KAFKA_PASSWORD": SECRET}, connect=connect)
    found.prepare(5)
    assert found.is_hopeless
    assert "is too short" in caplog.text
    assert SECRET not in f"{caplog.text} {found.trouble}"
    assert (found.sent, found.dropped) == (0, 0)


def test_the_client_is_made_beforehand_once(environ: dict[str, str], receiver: Receiver) -> None:
    made = []

    def connect() -> Any:
        made.append(emit._client())
        return made[0]

    found = Emitter(environ, connect=connect)
    found.prepare(5)
    assert len(made) == 1
    assert found.trouble is None
    found.put(event("a"))
    assert found.flush(5)
    assert len(made) == len(receiver.events) == found.sent == 1


def test_a_backend_that_refuses_is_one_warning(
    environ: dict[str, str], receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    receiver.answer = lambda _number, _event: 400
    for _ in range(3):
        with step("a", environ):
            pass
    flush()
    ours = [record for record in caplog.records if record.name == "sparklineage"]
    assert len(ours) == 1
    assert "an event of lineage could not be sent" in ours[0].message


def test_a_step_costs_less_than_a_millisecond(environ: dict[str, str]) -> None:
    session = SimpleNamespace(conf=Conf())
    with step("first", environ, session):
        pass
    flush()
    took = []
    for _ in range(50):
        before = time.perf_counter()
        with step("a", environ, session, inputs=["s3://b/in"], outputs=["s3://b/out"]):
            pass
        took.append(time.perf_counter() - before)
    assert statistics.median(took) < 0.001


def run(code: str, receiver: Receiver, **environ: str) -> subprocess.CompletedProcess[str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("OPENLINEAGE", "SPARKLINEAGE"))}
    return subprocess.run(
        [sys.executable, "-c", code],
        env=kept | {"OPENLINEAGE_URL": receiver.url, "PYTHONPATH": str(REPOSITORY)} | environ,
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


JOB = """
import os, signal, sparklineage
with sparklineage.step(None, "a", inputs=["s3://b/in"]):
    {body}
"""


@pytest.mark.service
def test_what_waits_is_sent_when_the_process_ends(receiver: Receiver) -> None:
    done = run(JOB.format(body="pass"), receiver)
    assert (done.returncode, done.stderr) == (0, "")
    assert [event["eventType"] for event in receiver.events] == ["START", "COMPLETE"]


ASYNC = """
import os
os.environ["OPENLINEAGE__TRANSPORT__TYPE"] = "async_http"
os.environ["OPENLINEAGE__TRANSPORT__URL"] = os.environ["OPENLINEAGE_URL"]
"""
AT_EXIT = """
import atexit, sys
{before}
@atexit.register
def report():
    import sparklineage
    with sparklineage.step(None, "report", outputs=["s3://b/late"]):
        pass
{after}
"""


@pytest.mark.service
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", ""),  # nothing of ours is imported before, nor any of what Python needs for threads
        ("import threading", ""),
        ("import sparklineage", ""),
        ("import sparklineage; sparklineage.step", "with sparklineage.step(None, 'a'): pass"),
        ("", "import sparklineage\nwith sparklineage.step(None, 'a'): pass"),  # what waits for the exit is called first
        ("", "import sparklineage\napp = sparklineage.application(name='whole')"),
        (ASYNC, ""),
    ],
)
def test_what_is_declared_at_the_exit_is_sent(before: str, after: str, receiver: Receiver) -> None:
    done = run(AT_EXIT.format(before=before, after=after), receiver, SPARKLINEAGE_DELIVERY_MODE="direct")
    assert (done.returncode, done.stdout) == (0, "")
    told = [event for event in receiver.events if event["job"]["name"].endswith(".report")]
    assert [event["eventType"] for event in told] == ["START", "COMPLETE"]
    assert names(told[-1], "outputs") == {("s3://b", "late")}


@pytest.mark.service
def test_at_the_exit_a_step_is_named_after_its_script_as_before(receiver: Receiver, tmp_path: Path) -> None:
    script = tmp_path / "nightly.py"
    script.write_text(AT_EXIT.format(before="", after="import sparklineage\nwith sparklineage.step(None, 'a'): pass"))
    environ = {"PATH": os.environ["PATH"], "OPENLINEAGE_URL": receiver.url, "SPARKLINEAGE_DELIVERY_MODE": "direct"}
    subprocess.run([sys.executable, script], env=environ, check=True, timeout=60)
    assert {event["job"]["name"] for event in receiver.events} == {"nightly.a", "nightly.report"}


def test_a_thread_that_is_the_first_to_send_is_no_exit() -> None:
    code = """
import sparklineage, sys
assert "threading" not in sys.modules
import threading
def first():
    from sparklineage.sdk.sending.exiting import is_exit
    print(is_exit())
thread = threading.Thread(target=first)
thread.start(), thread.join()
"""
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {str(REPOSITORY)!r})\n{code}"],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("False\n", "")


@pytest.mark.service
@pytest.mark.parametrize("after", ["", "import sparklineage\nwith sparklineage.step(None, 'a'): pass"])
def test_what_is_declared_at_the_exit_waits_no_longer_than_the_rest(after: str, receiver: Receiver) -> None:
    """The limit is one for all, and so is the warning."""
    receiver.silent = True
    before = time.monotonic()
    done = run(AT_EXIT.format(before="", after=after), receiver)
    assert time.monotonic() - before < emit.FLUSH + 5
    assert done.returncode == 0
    assert done.stderr.count("could not be sent within 5 seconds") == 1
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.service
def test_what_cannot_be_sent_at_the_exit_is_one_warning(receiver: Receiver) -> None:
    receiver.answer = lambda *_: 404
    done = run(AT_EXIT.format(before="", after=""), receiver)
    assert "404" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.service
def test_what_was_declared_is_there_when_the_process_is_killed(receiver: Receiver) -> None:
    done = run(JOB.format(body="import time; time.sleep(3); os.kill(os.getpid(), signal.SIGKILL)"), receiver)
    assert done.returncode == -9
    (start,) = receiver.events
    assert names(start, "inputs") == {("s3://b", "in")}


@pytest.mark.service
def test_a_backend_that_never_answers_costs_the_limit_at_most(receiver: Receiver) -> None:
    receiver.silent = True
    before = time.monotonic()
    done = run(JOB.format(body="pass"), receiver)
    assert time.monotonic() - before < emit.FLUSH + 5
    assert done.returncode == 0
    assert done.stderr.count("could not be sent within 5 seconds") == 1


def test_an_agent_that_has_no_run_yet_is_asked_again(
    environ: dict[str, str], receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It makes its run when its first event comes, a moment after the session is there."""
    runs: list[tuple[str, str, str] | None] = [(PARENT, "fleet", "night"), None]
    monkeypatch.setattr("sparklineage.sdk.sending.direct._agent", lambda _context: "an agent")
    monkeypatch.setattr("sparklineage.sdk.sending.direct.application_run", lambda _agent: runs.pop())
    session = Connect({})
    for _ in range(3):  # the third would find nothing to pop
        with step("a", environ, session):
            pass
    flush()
    starts = [event for event in receiver.events if event["eventType"] == "START"]
    assert [event["job"]["name"].endswith("night.a") for event in starts] == [False, True, True]
    assert [("parent" in event["run"]["facets"]) for event in starts] == [False, True, True]
