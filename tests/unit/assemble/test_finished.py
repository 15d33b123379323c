"""The finished conf set of a configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

import sparklineage
from sparklineage.assemble import Finished, finished
from sparklineage.assemble.finished import literal_secrets
from sparklineage.assemble.properties_file import properties_file
from sparklineage.config.spec import Spec
from sparklineage.errors import ConfigError, UnsupportedSparkError
from sparklineage.model.conf_set import ConfSet
from sparklineage.submit.spark import SparkInstall, find_spark
from sparklineage.witness import jar_path
from tests.support.spark_home import spark_home

AGENT = "io.openlineage.spark.agent.OpenLineageSparkListener"
WITNESS = "io.sparklineage.Witness"


def _spec(folder: Path, text: str, **environ: str) -> Spec:
    path = folder / "sparklineage.yml"
    path.write_text(text or "{}", encoding="utf-8")
    return sparklineage.load(path, environ={"XDG_CACHE_HOME": str(folder / "cache"), **environ})


def _spark(folder: Path, version: str = "4.2.0", scala: str = "2.13") -> SparkInstall:
    return find_spark({}, home=spark_home(folder / "spark", version, scala), python=Path("python"))


def _finished(folder: Path, text: str, install: SparkInstall | None = None, **environ: str) -> Finished:
    return finished(_spec(folder, text, **environ), install=install, home=folder / "home")


def test_the_outbox_has_the_witness_and_a_spool(tmp_path: Path) -> None:
    done = _finished(tmp_path, "delivery: {journal: /data/journal}\n", _spark(tmp_path))
    assert (done.mode, done.why_mode) == ("outbox", "default")
    texts = done.conf.as_dict()
    assert texts["spark.extraListeners"] == f"{WITNESS},{AGENT}"
    assert texts["spark.jars"] == f"{done.agent_jar},{jar_path()}"
    assert texts["spark.sparklineage.spool"] == "/data/journal"
    assert not [key for key in texts if key.startswith("spark.openlineage.transport.")]
    assert "spark.openlineage.applicationRunId" not in texts
    assert [entry.source for entry in done.conf.entries if not entry.source] == []


def test_direct_has_the_agent_alone_and_its_breaker(tmp_path: Path) -> None:
    done = _finished(tmp_path, "delivery: {mode: direct}\ntransport: {url: 'http://h'}\n", _spark(tmp_path))
    texts = done.conf.as_dict()
    assert texts["spark.extraListeners"] == AGENT
    assert texts["spark.jars"] == str(done.agent_jar)
    assert "spark.sparklineage.spool" not in texts
    assert texts["spark.openlineage.circuitBreaker.type"] == "asyncTaskQueue"


def test_direct_without_a_transport_says_where_the_events_go(tmp_path: Path) -> None:
    done = _finished(tmp_path, "delivery: {mode: direct}\n", _spark(tmp_path))
    assert "no transport is configured, so the agent prints its events into the driver's log." in done.notes


@pytest.mark.parametrize(
    ("version", "scala", "name"),
    [
        ("4.2.0", "2.13", "openlineage-spark_2.13-1.53.0.jar"),
        ("3.5.6-amzn-2", "2.12", "openlineage-spark_2.12-1.53.0.jar"),
    ],
)
def test_the_agent_is_the_one_for_the_spark(tmp_path: Path, version: str, scala: str, name: str) -> None:
    """And what is not there yet is told with the command that fetches it."""
    done = _finished(tmp_path, "", _spark(tmp_path, version, scala))
    assert done.agent_jar is not None
    assert done.agent_jar.name == name
    assert done.agent_jar.is_relative_to(tmp_path / "cache")
    assert done.notes == (f"the agent's JAR is not there yet: sparklineage jar fetch --version 1.53.0 --scala {scala}",)
    done.agent_jar.parent.mkdir(parents=True)
    done.agent_jar.touch()
    assert _finished(tmp_path, "", done.install).notes == ()


def test_without_a_spark_the_scala_is_a_guess_that_is_told(tmp_path: Path) -> None:
    done = _finished(tmp_path, "")
    assert done.agent_jar is not None
    assert done.agent_jar.name.startswith("openlineage-spark_2.13-")
    assert done.notes[0].startswith("no Spark was found here, so the agent is the one for Scala 2.13")
    chosen = _finished(tmp_path, 'agent: {scala: "2.12", version: 1.36.0}\n')
    assert chosen.agent_jar is not None
    assert chosen.agent_jar.name == "openlineage-spark_2.12-1.36.0.jar"
    assert len(chosen.notes) == 1


def test_an_agent_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    install = _spark(tmp_path)
    for text in ("agent: {version: 1.36.0}\n", "agent: {version: 1.36.0, scala: '2.13'}\n"):
        with pytest.raises(UnsupportedSparkError, match=r"it needs 1\.53\.0 or later\. agent\.version was set in "):
            _finished(tmp_path, text, install)


def test_a_spark_that_no_agent_knows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedSparkError, match=r"No known agent works with Spark 9\.0\.0"):
        _finished(tmp_path, "", _spark(tmp_path, "9.0.0"))


def test_what_a_transport_needs_besides_is_among_the_jars(tmp_path: Path) -> None:
    """The agent has the class for Kafka, and not Kafka's client."""
    text = "transport: {type: kafka, topicName: t, properties: {bootstrap.servers: 'k:1'}}\n"
    done = _finished(tmp_path, text, _spark(tmp_path))
    ((artifact, path),) = done.companions
    assert artifact.name == "kafka-clients"
    assert done.conf["spark.jars"].written == f"{done.agent_jar},{path}"
    command = "sparklineage jar fetch --version 1.53.0 --scala 2.13"
    assert done.notes == (
        f"the agent's JAR is not there yet: {command}",
        f"{path.name} is not there yet: {command} --with kafka-clients",
    )
    nested = "transport: {type: composite, transports: {a: {type: s3, endpoint: 'https://s3', bucketName: b}}}\n"
    assert [one.name for one, _ in _finished(tmp_path, nested, done.install).companions] == ["transports-s3"]
    assert _finished(tmp_path, "transport: {url: 'http://h'}\n", done.install).companions == ()


def test_a_jar_of_ones_own_is_taken_as_it_is(tmp_path: Path) -> None:
    jar = tmp_path / "openlineage-spark_2.12-1.50.0.jar"
    text = f"agent: {{jar: {jar}}}\n"
    done = _finished(tmp_path, text, _spark(tmp_path))
    assert done.artifact is None
    entry = done.conf.entry("spark.jars")
    assert entry is not None
    assert entry.source == f"{tmp_path}/sparklineage.yml:1:9"
    assert [note.split(" (")[0] for note in done.notes] == [
        "This agent is built for Scala 2.12, and this Spark",
        "agent.jar",
    ]
    jar.touch()
    assert _finished(tmp_path, text).notes == ()


def test_disabled_adds_nothing(tmp_path: Path) -> None:
    done = _finished(tmp_path, "disabled: true\nagent: {version: 1.36.0}\n", _spark(tmp_path))
    assert (len(done.conf), done.agent_jar, done.artifact) == (0, None, None)
    merged = done.merged_with(ConfSet.of({"spark.x": "1", "spark.openlineage.disabled": "true"}, source="s"))
    assert (merged.conf.as_dict(), merged.notes) == ({"spark.x": "1", "spark.openlineage.disabled": "true"}, done.notes)


def test_what_the_user_has_is_joined_and_what_is_added_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "mine.conf"
    path.write_text("spark.jars /mine.jar\nspark.openlineage.transport.type console\nspark.x 1\nspark.y=\n")
    text = "namespace: a\ndelivery: {mode: direct}\ntransport: {url: 'http://h', auth: {apiKey: env:K}}\n"
    done = _finished(tmp_path, text, _spark(tmp_path)).merged_with(properties_file(path, "mine.conf"))
    assert done.conf["spark.jars"].written == f"/mine.jar,{done.agent_jar}"
    assert done.conf["spark.openlineage.transport.type"].written == "console"
    assert "spark.openlineage.transport.auth.apiKey" not in done.conf
    assert {"spark.x", "spark.y"} <= set(done.conf)
    assert not {"spark.x", "spark.openlineage.transport.type"} & set(done.added)
    assert done.added.environment() == {}
    assert any("the agent sends its events itself" in note for note in done.notes)


def test_our_own_jar_in_the_users_file_is_no_second_agent(tmp_path: Path) -> None:
    """As after `conf show` was put into spark-defaults.conf."""
    install = _spark(tmp_path)
    ours = _finished(tmp_path, "", install)
    again = ours.merged_with(ConfSet.of(ours.conf.as_dict(), source="spark-defaults.conf"))
    assert again.notes == ours.notes
    assert again.conf.as_dict() == ours.conf.as_dict()
    other = ours.merged_with(ConfSet.of({"spark.jars": "/opt/openlineage-spark_2.13-1.40.0.jar"}, source="d"))
    assert [note for note in other.notes if note.startswith("an agent is there already")]


def test_literal_secrets_are_found_and_references_are_none(tmp_path: Path) -> None:
    text = (
        "delivery: {{mode: direct}}\ntransport: {{url: 'http://h', auth: {{apiKey: '{}'}}, headers: {{X-Team: a}}}}\n"
    )
    literal = literal_secrets(_finished(tmp_path, text.format("canary-1")).conf)
    assert [entry.key for entry in literal] == ["spark.openlineage.transport.auth.apiKey"]
    assert "canary-1" not in repr(literal)
    assert literal_secrets(_finished(tmp_path, text.format("env:K")).conf) == []


def test_a_properties_file_keeps_places_and_takes_no_reference(tmp_path: Path) -> None:
    path = tmp_path / "mine.conf"
    path.write_bytes(
        b"\nspark.jars=/a.jar,\\\n  /b.jar\nother x\nspark.openlineage.transport.auth.apiKey env:K\r\n"
        b"spark.openlineage.dataset.namespaceResolvers.x.hosts not-in-brackets\nspark.acme.latin \xe9\n"
    )
    found = {entry.key: entry for entry in properties_file(path, "mine.conf").entries}
    assert found["spark.jars"].source == "mine.conf:2"
    assert found["spark.jars"].value.written == "/a.jar,/b.jar"
    assert found["spark.openlineage.transport.auth.apiKey"].shown == "********"
    assert found["spark.openlineage.dataset.namespaceResolvers.x.hosts"].value.written == "not-in-brackets"
    assert found["spark.acme.latin"].source == "mine.conf:7"
    assert "other" not in found
    with pytest.raises(ConfigError, match="Is a directory"):
        properties_file(tmp_path, "x")
