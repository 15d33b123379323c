"""The doors for Python: load, finished and configure."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pyspark import SparkContext
from pyspark.sql import SparkSession

import sparklineage
from sparklineage.errors import ConfigError, SessionRunsError, SparkNotFoundError, UnsupportedSparkError
from tests.support.spark_home import defaults, spark_home

CANARY = "canary-0d9b3f17"
DIRECT = "transport: {url: 'http://h', auth: {apiKey: env:KEY}, headers: {X-Team: data}}\n"


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder to work in, a clean environment, a Spark, and the agent for it in the cache."""
    before = dict(os.environ)
    for name in before:
        if name.startswith(
            ("OPENLINEAGE", "SPARK", "PYSPARK", "MARQUEZ", "NAMESPACE", "JOB_NAME", "DATABRICKS", "XDG_")
        ):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SPARK_HOME", str(spark_home(tmp_path / "spark")))
    jar = tmp_path / "openlineage-spark_2.13-1.53.0.jar"
    jar.touch()
    monkeypatch.setenv("SPARKLINEAGE_AGENT_JAR", str(jar))
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    yield folder
    os.environ.clear()
    os.environ.update(before)


def write(folder: Path, text: str) -> None:
    path = folder / "sparklineage.yml"
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)


def builder(**given: str) -> Any:
    made = SparkSession.Builder()
    for key, value in given.items():
        made = made.config(key.replace("__", "."), value)
    return made


def options(made: Any) -> dict[str, str]:
    found: dict[str, str] = made._options
    return found


def test_load_reads_what_the_command_would(work: Path) -> None:
    write(work, "namespace: a\nprofiles: {prod: {namespace: b, platforms: {emr: {region: eu}}}}\n")
    assert sparklineage.load()["namespace"] == "a"
    spec = sparklineage.load(profile="prod", platform="emr")
    assert isinstance(spec, sparklineage.Spec)
    assert (spec["namespace"], spec["platform.region"]) == ("b", "eu")
    assert sparklineage.load(environ={"NAMESPACE": "c"}).source("namespace") == "NAMESPACE"
    (work / "other.json").write_text('{"namespace": "d"}')
    assert sparklineage.load("other.json")["namespace"] == "d"
    with pytest.raises(ConfigError, match=r"absent\.yml: cannot be read"):
        sparklineage.load("absent.yml")
    with pytest.raises(ConfigError, match="namespac is no known key"):
        spec["namespac"]


def test_finished_is_for_the_spark_that_is_named(work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(work, "namespace: a\n")
    monkeypatch.delenv("SPARKLINEAGE_AGENT_JAR")
    other = spark_home(tmp_path / "old", "3.5.9", "2.12")
    done = sparklineage.finished(sparklineage.load(), spark_home=other)
    assert isinstance(done.conf, sparklineage.ConfSet)
    assert str(done.agent_jar).endswith("openlineage-spark_2.12-1.53.0.jar")
    with pytest.raises(SparkNotFoundError):
        sparklineage.finished(sparklineage.load(), spark_home=work)


def test_without_a_backend_the_events_go_into_the_journal(work: Path) -> None:
    write(work, "namespace: a\n")
    given = builder(spark__extraListeners="com.acme.L", spark__openlineage__namespace="mine")
    made = sparklineage.configure(given)
    assert made is given
    assert options(made)["spark.extraListeners"] == (
        "io.sparklineage.Witness,com.acme.L,io.openlineage.spark.agent.OpenLineageSparkListener"
    )
    assert options(made)["spark.openlineage.namespace"] == "mine"
    assert options(made)["spark.sparklineage.spool"].startswith(str(work.parent / "home"))
    assert not [name for name in os.environ if name.startswith("OPENLINEAGE__")]
    again = dict(options(made))
    assert options(sparklineage.configure(made)) == again


def test_with_a_backend_the_agent_sends_and_the_key_is_in_no_option(
    work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(work, DIRECT)
    monkeypatch.setenv("KEY", CANARY)
    made = sparklineage.configure(builder())
    assert options(made)["spark.openlineage.transport.url"] == "http://h"
    assert os.environ["OPENLINEAGE__TRANSPORT__HEADERS"] == '{"X-Team": "data"}'
    assert CANARY not in str(options(made))
    assert os.environ["OPENLINEAGE__TRANSPORT__AUTH__API_KEY"] == CANARY
    assert os.environ["OPENLINEAGE__TRANSPORT__AUTH__TYPE"] == "api_key"
    assert os.environ["OPENLINEAGE__TRANSPORT__TYPE"] == "http"


def test_an_outbox_that_is_asked_for_stays_one(work: Path) -> None:
    write(work, f"delivery: {{mode: outbox}}\n{DIRECT}")
    made = sparklineage.configure(builder())
    assert "spark.sparklineage.spool" in options(made)
    assert not [name for name in os.environ if name.startswith("OPENLINEAGE__")]


def test_the_defaults_of_the_session_are_joined(work: Path, tmp_path: Path) -> None:
    """An option of the builder would replace them."""
    write(work, "namespace: a\nfilter: {rddEventsDisabled: true}\n")
    defaults(tmp_path / "spark", "spark.extraListeners com.acme.D\nspark.jars /d.jar\nspark.openlineage.namespace d\n")
    found = options(sparklineage.configure(builder(spark__jars="/b.jar")))
    assert ",com.acme.D," in found["spark.extraListeners"]
    assert found["spark.jars"].startswith("/b.jar,")
    assert "/d.jar" not in found["spark.jars"]
    assert "spark.openlineage.namespace" not in found
    assert found["spark.openlineage.filter.rddEventsDisabled"] == "true"


def test_a_transport_of_their_own_takes_no_key_of_ours(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(work, DIRECT)
    monkeypatch.setenv("KEY", CANARY)
    made = sparklineage.configure(builder(spark__openlineage__transport__type="console"))
    assert "spark.openlineage.transport.url" not in options(made)
    assert CANARY not in [value for name, value in os.environ.items() if name != "KEY"]


def test_the_variables_count_that_count_with_submit(
    work: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    write(work, "transport: {url: 'http://f'}\nprofiles: {prod: {namespace: p, delivery: {mode: outbox}}}\n")
    monkeypatch.setenv("SPARKLINEAGE_BACKEND", "http://s")
    assert options(sparklineage.configure(builder()))["spark.openlineage.transport.url"] == "http://s"
    monkeypatch.setenv("SPARKLINEAGE_PROFILE", "prod")
    monkeypatch.setenv("SPARKLINEAGE_JOURNAL", str(work / "mine"))
    found = options(sparklineage.configure(builder()))
    assert (found["spark.openlineage.namespace"], found["spark.sparklineage.spool"]) == ("p", str(work / "mine"))
    assert not caplog.records


def test_a_misspelt_variable_is_one_warning(
    work: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    write(work, "namespace: a\n")
    monkeypatch.setattr("sparklineage.assemble.said._said", set())
    monkeypatch.setenv("SPARKLINEAGE_BACKND", "http://s")
    for _ in range(2):
        sparklineage.configure(builder())
    (said,) = caplog.messages
    assert said.startswith("SPARKLINEAGE_BACKND is no variable of sparklineage and is not used. Did you mean")


def test_a_session_with_a_key_is_configured_again_without_a_word(
    work: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The variables that it sets itself are no surprise to it."""
    write(work, DIRECT)
    monkeypatch.setenv("KEY", CANARY)
    for _ in range(2):
        sparklineage.configure(builder())
    assert not caplog.records


def test_off_is_off_also_with_a_broken_configuration(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(work, "transport: [")
    monkeypatch.setenv("OPENLINEAGE_DISABLED", "true")
    given = builder()
    assert sparklineage.configure(given) is given


def test_disabled_gives_the_builder_back(work: Path) -> None:
    write(work, "disabled: true\n")
    given = builder(spark__x="1")
    assert sparklineage.configure(given) is given
    assert options(given) == {"spark.x": "1"}


def test_what_is_wrong_is_told_and_nothing_is_set(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cases: list[tuple[str, type[Exception], str]] = [
        ("namespac: a\n", ConfigError, "namespac is no known key"),
        (DIRECT, ConfigError, "environment variable KEY, which is not set"),
        ("spark: {spark.ssl.keyPassword: canary-x}\n", ConfigError, "which Spark takes from its own files alone"),
        ("agent: {jar: /openlineage-spark_2.12-1.53.0.jar}\n", UnsupportedSparkError, "built for Scala 2.12"),
        ("profiles: {}\ncircuitBreaker: {type: timeout}\n", ConfigError, "but there is no circuitBreaker.timeout"),
    ]
    for text, error, said in cases:
        write(work, text)
        given = builder()
        if "jar:" in text:
            monkeypatch.delenv("SPARKLINEAGE_AGENT_JAR")
        with pytest.raises(error, match=re.escape(said)) as caught:
            sparklineage.configure(given)
        assert "canary" not in str(caught.value)
        assert options(given) == {}
    for text, said in (
        ("agent: {version: 1.36.0}\n", "it needs 1.53.0 or later"),
        ('agent: {scala: "2.12"}\n', "in that one this agent would end every application"),
    ):
        write(work, text)
        with pytest.raises(UnsupportedSparkError, match=re.escape(said)):
            sparklineage.configure(builder())


@pytest.mark.parametrize("where", ["session", "jvm", "spark-submit", "connect", "remote", "databricks"])
def test_a_session_that_cannot_take_it_is_refused_before_anything_is_set(
    work: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    write(work, DIRECT)
    monkeypatch.setenv("KEY", CANARY)
    given = builder()
    said = "This is a session of Spark Connect"
    if where == "session":
        monkeypatch.setattr(SparkContext, "_active_spark_context", object())
        said = "A Spark session already runs"
    elif where == "jvm":
        monkeypatch.setattr(SparkContext, "_gateway", object())
        said = "The JVM of this session already runs"
    elif where == "spark-submit":
        monkeypatch.setenv("PYSPARK_GATEWAY_PORT", "4711")
        said = "as it does under spark-submit: spark.jars would have no effect"
    elif where == "connect":
        session = SimpleNamespace(_default_session=SimpleNamespace(is_stopped=False))
        monkeypatch.setitem(sys.modules, "pyspark.sql.connect.session", SimpleNamespace(SparkSession=session))
    elif where == "remote":
        monkeypatch.setenv("SPARK_REMOTE", "sc://h:15002")
    else:
        monkeypatch.setenv("DATABRICKS_RUNTIME_VERSION", "17.3")
        said = "On Databricks the session runs already"
    with pytest.raises(SessionRunsError, match=said):
        sparklineage.configure(given)
    assert options(given) == {}
    assert not [name for name in os.environ if name.startswith("OPENLINEAGE__")]


def test_configure_reports_as_the_application_around_it(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parent = "0190a0a0-0000-7000-8000-000000000001"
    monkeypatch.setenv("SPARKLINEAGE_JOURNAL", str(work / "journal"))
    monkeypatch.setenv("OPENLINEAGE_PARENT_ID", f"airflow/dag.task/{parent}")
    with sparklineage.application(name="Night Load") as app:
        # A backend alone would have the agent send; here a relay is beside it.
        write(work, "transport: {url: 'http://h'}\n")
        found = options(sparklineage.configure(builder(spark__app__name="x")))
    assert found["spark.sparklineage.spool"] == str(work / "journal")
    assert found["spark.openlineage.applicationRunId"] == app.run_id
    assert found["spark.openlineage.appName"] == "night_load"
    assert found["spark.openlineage.parentRunId"] == parent
    assert "spark.openlineage.transport.url" not in found
    after = options(sparklineage.configure(builder()))
    assert "spark.openlineage.applicationRunId" not in after
    assert after["spark.openlineage.transport.url"] == "http://h"


@pytest.mark.parametrize("by", ["the file", "OPENLINEAGE_URL"])
def test_configure_reports_as_an_application_that_is_sent(work: Path, monkeypatch: pytest.MonkeyPatch, by: str) -> None:
    monkeypatch.setattr("sparklineage.sdk.sending.emit.Emitter.put", lambda *_: None)
    transport = "transport: {url: 'http://h/v2'}\n" if by == "the file" else ""
    write(work, f"namespace: shop\ndelivery: {{mode: direct}}\n{transport}")
    if not transport:
        monkeypatch.setenv("OPENLINEAGE_URL", "http://h/v2")
    with sparklineage.application(name="Night Load") as app:
        assert app.way == "client", app.why
        assert ("sparklineage.yml" in app.why) is bool(transport)
        found = options(sparklineage.configure(builder(spark__app__name="x")))
    assert found["spark.openlineage.applicationRunId"] == app.run_id
    assert (found["spark.openlineage.appName"], found["spark.openlineage.namespace"]) == ("night_load", "shop")
    assert found["spark.openlineage.transport.type"] == "http"
    assert "spark.openlineage.applicationRunId" not in options(sparklineage.configure(builder()))


def test_an_application_that_only_the_agent_can_send_is_given_to_it(work: Path) -> None:
    write(work, "transport: {type: console}\n")
    with sparklineage.application(name="Night Load") as app:
        assert (app.way, app.is_open) == ("agent", False)
        assert "says COMPLETE whatever the end: openlineage-python knows no backend" in app.why
        found = options(sparklineage.configure(builder()))
    assert found["spark.openlineage.applicationRunId"] == app.run_id
    assert found["spark.openlineage.appName"] == "night_load"


class Jvm:
    """What py4j shows of one that an earlier session has left."""

    def __init__(self, *classes: str, environ: dict[str, str] | None = None) -> None:
        self.properties: dict[str, str] = {}
        loader = SimpleNamespace(loadClass={name: name for name in classes}.__getitem__)
        thread = SimpleNamespace(getContextClassLoader=lambda: loader)
        self.java = SimpleNamespace(lang=SimpleNamespace(Thread=SimpleNamespace(currentThread=lambda: thread)))
        self.System = SimpleNamespace(
            getenv=(environ or {}).get, getProperty=self.properties.get, clearProperty=self.properties.pop
        )


AGENT, WITNESS = "io.openlineage.spark.agent.OpenLineageSparkListener", "io.sparklineage.Witness"


def test_after_a_stop_the_next_session_is_configured_anew(
    work: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("SPARKLINEAGE_JOURNAL", str(work / "journal"))
    with sparklineage.application(name="First") as first:
        before = options(sparklineage.configure(builder()))
    jvm = Jvm(AGENT, WITNESS)
    jvm.properties.update(before)  # as the first session leaves them
    jvm.properties["spark.openlineage.namespace"] = "theirs"
    monkeypatch.setattr(SparkContext, "_gateway", object())
    monkeypatch.setattr(SparkContext, "_jvm", jvm)
    with sparklineage.application(name="Second") as second:
        found = options(sparklineage.configure(builder()))
        assert found["spark.openlineage.applicationRunId"] == second.run_id != first.run_id
    assert "spark.jars" not in found
    assert caplog.text == ""
    # Without an application it is a run of its own, and none of what the one before was given.
    jvm.properties["spark.openlineage.applicationRunId"] = str(second.run_id)
    sparklineage.configure(builder())
    assert "spark.openlineage.applicationRunId" not in jvm.properties
    assert jvm.properties["spark.openlineage.namespace"] == "theirs"


@pytest.mark.usefixtures("work")
def test_a_jvm_that_was_left_without_the_agent_is_one_warning(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(SparkContext, "_gateway", object())
    monkeypatch.setattr(SparkContext, "_jvm", Jvm(WITNESS))
    assert options(sparklineage.configure(builder(spark__x="1"))) == {"spark.x": "1"}
    (said,) = caplog.messages
    assert f"has no {AGENT} on its class path" in said


def test_a_key_that_a_jvm_was_not_started_with_is_one_warning(
    work: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    write(work, DIRECT)
    monkeypatch.setenv("KEY", CANARY)
    monkeypatch.setattr(SparkContext, "_gateway", object())
    monkeypatch.setattr(SparkContext, "_jvm", Jvm(AGENT))
    assert options(sparklineage.configure(builder()))["spark.openlineage.transport.url"] == "http://h"
    (said,) = caplog.messages
    assert "OPENLINEAGE__TRANSPORT__AUTH__API_KEY" in said
    assert CANARY not in said
