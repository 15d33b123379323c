"""`sparklineage.check`, with the parts of a session that it asks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import sparklineage
from sparklineage.model.backend import Backend
from sparklineage.sdk.agent import AGENT, WITNESS
from sparklineage.sdk.check import check

SECRET = "canary-91c2-s3cret"
RUN = "0190a0a0-0000-7000-8000-000000000001"


class Class:
    def __init__(self, name: str, jar: str, fields: dict[str, Any] | None = None) -> None:
        self.name, self.jar, self.fields = name, jar, fields or {}

    def getSimpleName(self) -> str:  # noqa: N802 - Java's name
        return self.name.rpartition(".")[2]

    def getDeclaredField(self, name: str) -> Any:  # noqa: N802 - Java's name
        return SimpleNamespace(setAccessible=lambda _: None, get=lambda _: self.fields[name])

    getField = getDeclaredField  # noqa: N815 - Java's name

    def getName(self) -> str:  # noqa: N802 - Java's name
        return self.name

    def getClassLoader(self) -> Any:  # noqa: N802 - Java's name
        return SimpleNamespace(loadClass=lambda name: name)

    def getProtectionDomain(self) -> Any:  # noqa: N802 - Java's name
        place = SimpleNamespace(getPath=lambda: self.jar)
        return SimpleNamespace(getCodeSource=lambda: SimpleNamespace(getLocation=lambda: place))


class Context:
    """What a SparkContext shows of its conf and, through the gateway, of its listeners."""

    version = "4.2.0"
    _jvm: Any = None
    wait: Any = staticmethod(lambda: None)
    """What happens until the listeners have seen everything."""

    def __init__(
        self, conf: dict[str, str], listeners: tuple[str, ...] | None, agent: dict[str, Any] | None = None
    ) -> None:
        self.conf = conf
        self._listeners, self._agent = listeners, agent

    def getConf(self) -> dict[str, str]:  # noqa: N802 - Spark's name
        return self.conf

    def setLocalProperty(self, *_: object) -> None:  # noqa: N802 - Spark's name
        raise AssertionError("a check changes nothing")

    @property
    def _jsc(self) -> Any:
        if self._listeners is None:
            raise ConnectionRefusedError("the gateway is gone")
        jars = {AGENT: "/jars/openlineage-spark_2.13-1.53.0.jar", WITNESS: "/jars/witness.jar"}
        found = [Class(name, jars.get(name, ""), self._agent) for name in self._listeners]
        objects = [SimpleNamespace(getClass=lambda kind=kind: kind) for kind in found]
        listed = SimpleNamespace(size=lambda: len(objects), get=lambda number: objects[number])
        bus = SimpleNamespace(listeners=lambda: listed, waitUntilEmpty=lambda _: self.wait())
        return SimpleNamespace(sc=lambda: SimpleNamespace(listenerBus=lambda: bus))


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import os  # noqa: PLC0415

    for name in list(os.environ):
        if name.startswith(("OPENLINEAGE", "SPARKLINEAGE", "MARQUEZ")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)


def session(conf: dict[str, str], *listeners: str) -> Context:
    return Context(conf, listeners)


def test_all_is_well(tmp_path: Path) -> None:
    folder = tmp_path / RUN
    folder.mkdir()
    found = sparklineage.check(
        session(
            {
                "spark.sparklineage.journal": str(folder),
                "spark.openlineage.transport.type": "file",
                "spark.openlineage.transport.location": f"{folder}/agent.ndjson",
            },
            WITNESS,
            "org.apache.spark.status.AppStatusListener",
            AGENT,
        )
    )
    assert found.ok
    assert (found.session, found.spark, found.agent, found.witness) == ("classic", "4.2.0", True, True)
    assert (found.agent_version, found.run_id, found.journal, found.steps) == ("1.53.0", RUN, folder, "journal")
    assert str(found) == (
        "session    classic, Spark 4.2.0\n"
        "agent      registered, 1.53.0\n"
        "witness    registered\n"
        f"transport  file to {folder}/agent.ndjson\n"
        f"journal    {folder}\n"
        f"run        {RUN}\n"
        "backend    no backend is configured\n"
        "steps      journal: there is a journal (the session's)"
    )


@pytest.mark.parametrize(
    ("conf", "listeners", "missing"),
    [
        ({}, (), "The agent is not there"),
        ({"spark.extraListeners": f"x.Y,{AGENT}"}, ("x.Y",), "it failed to start"),
        ({}, (AGENT,), "prints its events into the log"),
        ({"spark.openlineage.disabled": "true"}, (AGENT,), "The agent is switched off"),
    ],
)
def test_what_is_missing_is_said_with_what_to_do(
    conf: dict[str, str], listeners: tuple[str, ...], missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENLINEAGE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("OPENLINEAGE_PARENT_ID", f"airflow/dag.task/{RUN}")
    (said,) = check(session(conf, *listeners)).missing
    assert missing in said
    assert said.endswith(".")


def test_a_transport_that_cannot_be_made_is_told_before_anything_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENLINEAGE__TRANSPORT__TYPE", "nonsense")
    monkeypatch.setenv("OPENLINEAGE_PARENT_ID", f"airflow/dag.task/{RUN}")
    monkeypatch.setattr("sparklineage.sdk.sending.emit._emitters", {})
    (said,) = check(Connect()).missing
    assert said == (
        "Lineage cannot be sent because openlineage-python cannot work as it is configured: ImportError: Failed to "
        "import nonsense (configured by OPENLINEAGE__TRANSPORT__TYPE)."
    )


@pytest.mark.parametrize("by", ["OPENLINEAGE_DISABLED", "SPARKLINEAGE__DISABLED", "sparklineage.yml:1:1"])
def test_what_turns_lineage_off_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by: str) -> None:
    if by.startswith("sparklineage.yml"):
        (tmp_path / "sparklineage.yml").write_text("disabled: true\n")
    else:
        monkeypatch.setenv(by, "true")
        monkeypatch.setenv("OPENLINEAGE_URL", "http://127.0.0.1:9")
    for one in (session({}), session({"spark.openlineage.transport.url": "http://h"}, AGENT), Connect()):
        found = check(one)
        assert (found.steps, found.why.partition(";")[0]) == ("off", f"lineage is switched off ({by})")
        assert found.missing == (f"Lineage is switched off by {by}; take that away to have any.",)


def test_an_agent_that_a_variable_turns_off_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENLINEAGE_DISABLED", "true")
    (said,) = check(session({"spark.sparklineage.journal": str(tmp_path)}, AGENT, WITNESS)).missing
    assert said == "The agent is switched off; take OPENLINEAGE_DISABLED away."


def test_a_journal_without_its_witness_is_named(tmp_path: Path) -> None:
    conf = {"spark.sparklineage.journal": str(tmp_path), "spark.openlineage.transport.type": "file"}
    (said,) = check(session(conf, AGENT)).missing
    assert said.startswith("The witness is not there")


def test_steps_that_go_directly_say_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENLINEAGE_URL", "http://127.0.0.1:9")
    found = check(session({"spark.openlineage.transport.type": "http", "spark.openlineage.transport.url":
                           f"https://u:{SECRET}@h/x?apiKey={SECRET}"}, AGENT))  # fmt: skip
    assert (found.steps, found.transport_place) == ("direct", "https://h/x")
    assert found.why == "there is no journal, so openlineage-python sends them, configured by OPENLINEAGE_URL"
    assert found.parent == "nothing: no variable and no property names a parent run"
    assert "Steps have no parent run" in found.missing[0]
    assert SECRET not in f"{found} {found!r}"


@pytest.mark.parametrize("by", ["SPARKLINEAGE_BACKEND", "OPENLINEAGE_URL", "MARQUEZ_URL", "sparklineage.yml"])
def test_it_says_what_names_the_backend_of_a_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by: str) -> None:
    folder = tmp_path / RUN
    folder.mkdir()
    address = f"https://u:{SECRET}@h:5000"
    config = tmp_path / "sparklineage.yml"
    config.write_text(f"transport: {{url: '{address}'}}\n" if by == config.name else "namespace: a\n")
    config.chmod(0o600)
    if by != config.name:
        monkeypatch.setenv(by, address)
    conf = {"spark.sparklineage.journal": str(folder)}
    found = check(session(conf))
    assert found.backend == "https://h:5000"
    assert str(found.backend_source).startswith(by)
    assert SECRET not in f"{found} {found!r}"
    key = Backend(address).key
    (folder / "run.json").write_text(f'{{"backend": "{key}"}}')
    found = check(session(conf))
    assert found.backend == "https://h:5000"
    assert found.backend_source == (by if by != config.name else "sparklineage.yml:1:13")
    # Whoever started it was told another one, by an option.
    (folder / "run.json").write_text('{"backend": "0123456789ab"}')
    found = check(session(conf))
    assert found.backend is None
    assert str(found.backend_source).startswith("known to `sparklineage submit`")


@pytest.mark.parametrize(
    ("environ", "address", "by"),
    [
        ({"SPARKLINEAGE_BACKEND": "http://s", "OPENLINEAGE_URL": "http://o"}, "http://s", "SPARKLINEAGE_BACKEND"),
        ({"MARQUEZ_URL": "http://m", "OPENLINEAGE_URL": "http://o"}, "http://o", "OPENLINEAGE_URL"),
        ({"MARQUEZ_URL": "http://m"}, "http://m", "MARQUEZ_URL"),
        ({"SPARKLINEAGE__TRANSPORT__URL": "http://x"}, "http://x", "SPARKLINEAGE__TRANSPORT__URL"),
    ],
)
def test_steps_go_where_submit_would_deliver(
    environ: dict[str, str], address: str, by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    found = check(Connect())
    assert (found.steps, found.backend, found.backend_source) == ("direct", address, by)


def test_an_address_that_is_none_is_one_warning(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("SPARKLINEAGE_BACKEND", "no address")
    for _ in range(3):
        assert check(Connect()).steps == "off"
    (said,) = [record.getMessage() for record in caplog.records]
    assert said.startswith("steps cannot be sent: SPARKLINEAGE_BACKEND is 'no address', but")


def java(name: str, **fields: Any) -> Any:
    kind = Class(name, "", fields)
    return SimpleNamespace(getClass=lambda: kind)


def test_the_agent_itself_says_where_it_sends() -> None:
    """It may be configured by a file or variables, which are laid below Spark's properties."""
    uri = SimpleNamespace(toString=lambda: f"https://u:{SECRET}@h/api/v1/lineage")
    transport = java("io.openlineage.client.transports.HttpTransport", uri=uri)
    client = java("io.openlineage.client.OpenLineageClient", transport=transport)
    factory = java("ContextFactory", openLineageEventEmitter=SimpleNamespace(getClient=lambda: client))
    found = check(Context({}, (AGENT,), {"contextFactory": factory}))
    assert (found.transport, found.transport_place) == ("http", "https://h/api/v1/lineage")
    assert not any("into the log" in said for said in found.missing)
    client.getClass().fields["transport"] = java("io.openlineage.client.transports.ConsoleTransport")
    found = check(Context({}, (AGENT,), {"contextFactory": factory}))
    assert any("into the log" in said for said in found.missing)


class Jvm:
    """A JVM that knows these transports."""

    def __init__(self, *types: str) -> None:
        self.types = types

    @property
    def java(self) -> Any:
        left = [SimpleNamespace(getType=lambda kind=kind: kind) for kind in self.types]
        found = SimpleNamespace(hasNext=lambda: bool(left), next=lambda: left.pop(0))
        loader = SimpleNamespace(load=lambda *_: SimpleNamespace(iterator=lambda: found))
        return SimpleNamespace(util=SimpleNamespace(ServiceLoader=loader))


class File:
    """A path as java.io.File."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def toString(self) -> str:  # noqa: N802 - Java's name
        return str(self.path)

    def getParentFile(self) -> File | None:  # noqa: N802 - Java's name
        return File(self.path.parent) if len(self.path.parts) > 1 else None

    def exists(self) -> bool:
        return self.path.exists()

    def isDirectory(self) -> bool:  # noqa: N802 - Java's name
        return self.path.is_dir()

    def canWrite(self) -> bool:  # noqa: N802 - Java's name
        return bool(self.path.stat().st_mode & 0o200)  # to root everything is writable


@pytest.mark.parametrize(
    ("transport", "missing"),
    [
        (
            {"type": "htpp", "url": "http://h"},
            "has no transport 'htpp' on its class path, so it sends nothing. Did you",
        ),
        ({"type": "http"}, "transport http has no url, so it sends nothing; set spark.openlineage.transport.url"),
        ({"type": "HTTP", "url": "::"}, "could not make its transport HTTP, so it sends nothing; the driver's log"),
        ({"type": "file"}, "could not make its transport file, so it sends nothing"),
    ],
)
def test_an_agent_that_could_not_make_its_transport_is_told(
    transport: dict[str, str], missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stays among the listeners, and has nothing to send with once it has seen the context's start."""
    monkeypatch.setenv("OPENLINEAGE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("OPENLINEAGE_PARENT_ID", f"airflow/dag.task/{RUN}")
    conf = {f"spark.openlineage.transport.{key}": value for key, value in transport.items()}
    context = Context({"spark.extraListeners": AGENT, **conf}, (AGENT,), {"contextFactory": None})
    context._jvm = Jvm("http", "file", "console")
    found = check(context)
    assert len(found.missing) == 1
    assert missing in found.missing[0]
    assert not found.ok
    assert ("Did you mean http?" in found.missing[0]) is (transport["type"] == "htpp")
    # Added later, it makes it at the first query.
    context.conf.pop("spark.extraListeners")
    assert check(context).ok is (transport["type"] != "htpp")


@pytest.mark.parametrize(
    ("place", "why"),
    [
        ("taken/agent.ndjson", "whose folder is not there and cannot be made"),
        ("folder", "which is a folder"),
        ("closed/agent.ndjson", "where the driver's user may not write"),
        ("closed.ndjson", "where the driver's user may not write"),
        ("folder/agent.ndjson", None),
        ("there.ndjson", None),
    ],
)
def test_a_file_that_the_agent_cannot_write_is_told(tmp_path: Path, place: str, why: str | None) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "closed").mkdir(mode=0o500)
    for name, mode in (("taken", 0o600), ("there.ndjson", 0o600), ("closed.ndjson", 0o400)):
        (tmp_path / name).touch()
        (tmp_path / name).chmod(mode)
    assert _of_file(tmp_path / place) == why


def test_a_file_needs_a_folder_before_its_name() -> None:
    """The agent 1.53 stops with a NullPointerException at each event."""
    assert _of_file(Path("agent.ndjson")) == "which needs a folder before the name"


def test_a_file_that_is_not_there_yet_is_waited_for(tmp_path: Path) -> None:
    """The agent makes its folder with the first event, a moment after what it sends with."""
    assert _of_file(tmp_path / "made" / "agent.ndjson", wait=(tmp_path / "made").mkdir) is None


def _of_file(path: Path, wait: Callable[[], None] = lambda: None) -> str | None:
    transport = java("io.openlineage.client.transports.FileTransport", file=File(path))
    client = java("io.openlineage.client.OpenLineageClient", transport=transport)
    factory = java("ContextFactory", openLineageEventEmitter=SimpleNamespace(getClient=lambda: client))
    context = Context({}, (AGENT,), {"contextFactory": factory})
    context.wait = wait
    said = [text for text in check(context).missing if "cannot write" in text]
    if not said:
        return None
    assert said[0].startswith(f"The agent cannot write its events to {path}, ")
    assert said[0].endswith("; set spark.openlineage.transport.location to a file that can be written, by its whole "
                            "path, and make the session anew.")  # fmt: skip
    return said[0].partition(f"{path}, ")[2].partition(";")[0]


def test_an_address_that_the_transport_does_not_read_is_not_shown() -> None:
    left = {"spark.openlineage.transport.type": "console", "spark.openlineage.transport.url": "http://left.over"}
    found = check(session(left, AGENT))
    assert (found.transport, found.transport_place) == ("console", None)


@pytest.mark.parametrize("by", ["openlineage.yml", ".openlineage/openlineage.yml", "OPENLINEAGE__TRANSPORT__TYPE"])
def test_before_its_first_event_the_agents_own_places_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    if by.endswith("yml"):
        (tmp_path / by).parent.mkdir(exist_ok=True)
        (tmp_path / by).write_text("transport: {type: http, url: http://127.0.0.1:9}\n")
    else:
        monkeypatch.setenv(by, "http")
    found = check(session({}, AGENT))
    assert str(found.transport).endswith(by)
    assert not any("into the log" in said for said in found.missing)


def test_a_stopped_session_and_what_is_none_are_called_so() -> None:
    stopped = SimpleNamespace(_jsc=None, setLocalProperty=None, getConf=dict)
    assert "The session is stopped; make a new one, and check that." in check(stopped).missing
    found = check(42)
    assert found.session == "none"
    assert found.missing[0].startswith("This is no Spark session but of the type int;")


class Connect:
    version = "4.2.0"
    conf: Any = SimpleNamespace(get=lambda _key, default=None: default)

    @property
    def sparkContext(self) -> Any:  # noqa: N802 - Spark's name
        raise NotImplementedError("JVM_ATTRIBUTE_NOT_SUPPORTED")


def test_over_connect_it_says_what_cannot_be_seen() -> None:
    found = check(Connect())
    assert (found.session, found.agent, found.witness, found.steps) == ("connect", None, None, "off")
    assert "agent      cannot be seen from here" in str(found)
    assert found.missing[0].startswith("Steps have nowhere to go.")
    assert "whether the server has the agent cannot be seen" in found.why


@pytest.mark.parametrize("what", [None, 7, "a session", object(), Context({}, None), SimpleNamespace()])
def test_it_never_raises(what: Any) -> None:
    found = check(what)
    assert not found.ok
    assert str(found)
