"""Orders: what a target is given, from a configuration and the machine that it is written on."""

from __future__ import annotations

from pathlib import Path

import pytest

from sparklineage.assemble.order import order_for
from sparklineage.config.loading import load_spec
from sparklineage.errors import ConfigError, UnsupportedSparkError
from sparklineage.submit.spark import find_spark
from sparklineage.targets import Order
from sparklineage.witness import STORED_NAME
from tests.support.orders import AGENT
from tests.support.spark_home import spark_home

HTTP = "transport: {url: 'http://h'}\n"


def _order(folder: Path, name: str, text: str) -> Order:
    (folder / "sparklineage.yml").write_text(text)
    spec = load_spec(environ={"HOME": str(folder)}, flags={}, directory=folder, platform=name)
    return order_for(spec, name, install=None, home=folder)


def test_jars_that_nobody_has_fetched_are_named_with_the_command(tmp_path: Path) -> None:
    """A listener whose JAR is not there ends the job."""
    found = _order(tmp_path, "spark-submit", "agent: {version: 1.53.0, scala: '2.12'}\n")
    assert found.notes[-1] == ("the agent's JAR is not there yet: sparklineage jar fetch --version 1.53.0 --scala 2.12")
    jar = Path(found.jars[0])
    jar.parent.mkdir(parents=True)
    jar.touch()
    again = _order(tmp_path, "spark-submit", "agent: {version: 1.53.0, scala: '2.12'}\n")
    assert not any("not there yet" in note for note in again.notes)


def test_a_release_says_the_scala_of_the_agent(tmp_path: Path) -> None:
    """And a platform without artifacts is told so."""
    text = HTTP + "platforms: {emr: {release: emr-7.10.0, artifacts: 's3://b/l'}}\n"
    found = _order(tmp_path, "emr", text)
    assert (found.scala, found.jars[0]) == ("2.12", "s3://b/l/openlineage-spark_2.12-1.53.0.jar")
    assert found.mode == "direct"
    with pytest.raises(ConfigError, match=r"platforms\.emr\.artifacts is missing"):
        _order(tmp_path, "emr", HTTP + "platforms: {emr: {release: emr-7.10.0}}\n")


def test_an_agent_that_the_release_does_not_run_is_refused(tmp_path: Path) -> None:
    """Spark 4 needs 1.37.0, and Scala 2.13."""
    place = "platforms: {emr: {release: emr-spark-8.0.0, artifacts: 's3://b/l'}}\n"
    with pytest.raises(UnsupportedSparkError, match=r"1\.36\.0 does not work"):
        _order(tmp_path, "emr", HTTP + "agent: {version: 1.36.0}\n" + place)
    with pytest.raises(UnsupportedSparkError, match=r"runs Scala 2\.13|built for Scala 2\.12"):
        _order(tmp_path, "emr", HTTP + "agent: {scala: '2.12'}\n" + place)


def test_the_outbox_has_the_witness_and_a_journal(tmp_path: Path) -> None:
    """On this machine that of the user, on a node one for all; the relay gets the transport that the agent does not."""
    text = HTTP + "agent: {scala: '2.13'}\nplatforms: {emr: {release: emr-7.10.0, artifacts: 's3://b/l/'}}\n"
    here = _order(tmp_path, "spark-submit", text)
    assert here.mode == "outbox"
    assert [Path(jar).name for jar in here.jars] == ["openlineage-spark_2.13-1.53.0.jar", "witness.jar"]
    assert here.conf["spark.extraListeners"].written == f"io.sparklineage.Witness,{AGENT}"
    assert Path(here.conf["spark.sparklineage.spool"].written).is_relative_to(tmp_path)
    assert "spark.openlineage.transport.type" not in here.conf
    assert here.relay["spark.openlineage.transport.url"].written == "http://h"

    there = _order(tmp_path, "emr", text.replace("agent: {scala: '2.13'}", "delivery: {mode: outbox}"))
    # They come with the kit.
    assert there.jars == ()
    assert there.conf["spark.sparklineage.spool"].written == "/var/lib/sparklineage/spool"
    volume = text.replace("agent: {scala: '2.13'}", "delivery: {mode: outbox}").replace(
        "emr: {release: emr-7.10.0, artifacts: 's3://b/l/'}",
        "databricks: {release: 16.4.x-scala2.12, artifacts: /Volumes/a/b/c}",
    )
    there = _order(tmp_path, "databricks", volume)
    assert there.jars == ("/Volumes/a/b/c/openlineage-spark_2.12-1.53.0.jar", f"/Volumes/a/b/c/{STORED_NAME}")


def test_direct_has_the_agent_alone_and_what_its_transport_needs(tmp_path: Path) -> None:
    kafka = "transport: {type: kafka, topicName: t, properties: {bootstrap.servers: 'b:1'}}\n"
    text = "delivery: {mode: direct}\nagent: {scala: '2.12'}\n" + kafka
    found = _order(tmp_path, "pyspark", text)
    assert found.conf["spark.extraListeners"].written == AGENT
    agent, client = (Path(jar).name for jar in found.jars)
    assert (agent, client.rpartition("-")[0]) == ("openlineage-spark_2.12-1.53.0.jar", "kafka-clients")
    assert [note.partition(" is not there yet: ")[2] for note in found.notes] == [
        "sparklineage jar fetch --version 1.53.0 --scala 2.12",
        "sparklineage jar fetch --version 1.53.0 --scala 2.12 --with kafka-clients",
    ]
    below = _order(tmp_path, "pyspark", text + "platforms: {pyspark: {artifacts: /opt/l}}\n")
    assert below.jars == (f"/opt/l/{agent}", f"/opt/l/{client}")
    assert below.notes == ()


def test_an_agent_of_ones_own_is_taken_where_it_is(tmp_path: Path) -> None:
    found = _order(tmp_path, "spark-submit", "agent: {jar: /nowhere/own.jar, scala: '2.13'}\n")
    assert found.jars[0] == "/nowhere/own.jar"
    place = f"{tmp_path}/sparklineage.yml:1:9"
    assert found.notes == (f"agent.jar ({place}) is /nowhere/own.jar, where no file is on this machine.",)


def test_the_spark_that_is_found_says_the_scala(tmp_path: Path) -> None:
    (tmp_path / "sparklineage.yml").write_text(HTTP)
    spec = load_spec(environ={"HOME": str(tmp_path)}, flags={}, directory=tmp_path, platform="spark-defaults")
    install = find_spark({}, home=spark_home(tmp_path / "spark", "3.5.9", "2.12"), python=tmp_path / "python")
    found = order_for(spec, "spark-defaults", install=install, home=tmp_path)
    assert (found.scala, found.why_agent) == ("2.12", "the newest that is known, runs on Spark 3.5.9")


def test_without_any_spark_the_scala_is_a_guess_that_is_told(tmp_path: Path) -> None:
    found = _order(tmp_path, "spark-submit", HTTP)
    assert found.scala == "2.13"
    assert "Nothing tells the Scala, so the agent is the one for 2.13; agent.scala says otherwise." in found.notes


@pytest.mark.parametrize(
    ("name", "place", "such"),
    [
        ("emr", "s3://b/l", "emr-spark-8"),
        ("emr-serverless", "s3://b/l", "emr-spark-8"),
        ("emr-containers", "s3://b/l", "emr-spark-8"),
        ("glue", "s3://b/l", "6"),
        ("sagemaker", "s3://b/l", "3"),
        ("dataproc", "gs://b/l", "3"),
        ("databricks", "/Volumes/a/b/c", "19"),
        ("kubernetes", "local:///l", "4"),
    ],
)
def test_a_platform_whose_scala_nothing_tells_is_refused(tmp_path: Path, name: str, place: str, such: str) -> None:
    """The one taken by guess would end every job, and bring a second agent where the vendor has put one."""
    text = f"{HTTP}platforms: {{{name}: {{artifacts: '{place}'}}}}\n"
    with pytest.raises(ConfigError, match=rf"^platforms\.{name}\.release is missing, .*, such as {such}"):
        _order(tmp_path, name, text)
    assert _order(tmp_path, name, f"{text}agent: {{scala: '2.12'}}\n").scala == "2.12"


def test_the_name_of_ones_own_agent_tells_its_version_and_scala(tmp_path: Path) -> None:
    text = "agent: {jar: /l/openlineage-spark_2.12-1.45.0.jar}\nplatforms: {emr: {release: RELEASE, artifacts: 's3://b/l'}}\n"
    found = _order(tmp_path, "emr", text.replace("RELEASE", "emr-7.5.0"))
    assert (found.agent, found.scala) == ("1.45.0", "2.12")
    assert found.why_agent == f"asked for by {tmp_path}/sparklineage.yml:1:9, runs on emr-7.5.0"
    with pytest.raises(UnsupportedSparkError, match=r"^emr-spark-8\.0\.0: This agent is built for Scala 2\.12"):
        _order(tmp_path, "emr", text.replace("RELEASE", "emr-spark-8.0.0"))


def test_with_the_vendors_agent_nothing_of_ours_is_loaded(tmp_path: Path) -> None:
    """Only what its transport has to know."""
    text = HTTP + "platforms: {glue: {release: '5.0', vendorAgent: reuse}}\n"
    found = _order(tmp_path, "glue", text)
    assert (found.jars, "spark.extraListeners" in found.conf) == ((), False)
    assert found.conf["spark.openlineage.transport.url"].written == "http://h"


def test_lineage_that_is_off_is_nothing_to_write(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        _order(tmp_path, "pyspark", "disabled: true\n")
    place = f"{tmp_path}/sparklineage.yml:1:1"
    assert str(caught.value) == f"{place}: disabled is true, so there is nothing to write for pyspark."


def test_a_way_of_delivery_that_the_platform_has_not_is_refused(tmp_path: Path) -> None:
    place = "platforms: {livy: {artifacts: 'hdfs:///l'}}\n"
    with pytest.raises(ConfigError, match=r"delivery\.mode is outbox, but livy allows direct alone"):
        _order(tmp_path, "livy", HTTP + "delivery: {mode: outbox}\n" + place)
    assert _order(tmp_path, "livy", HTTP + place).why_mode == "no relay of ours runs beside a driver on livy"


def test_a_transport_that_the_relay_cannot_speak_is_the_agents(tmp_path: Path) -> None:
    kinesis = "transport: {type: kinesis, streamName: s}\nagent: {scala: '2.13'}\n"
    assert _order(tmp_path, "spark-submit", kinesis).mode == "direct"
    with pytest.raises(ConfigError, match=r"delivery\.mode is outbox, but .*; write `direct` or `auto`"):
        _order(tmp_path, "spark-submit", kinesis + "delivery: {mode: outbox}\n")


INSIDE = "spark: {spark.driver.extraJavaOptions: '-Xmx1g -Djavax.net.ssl.trustStorePassword=canary-77aa'}\n"


@pytest.mark.parametrize("name", ["spark-submit", "spark-defaults", "pyspark"])
def test_a_password_inside_of_a_value_is_refused_without_showing_it(tmp_path: Path, name: str) -> None:
    """It would stand in argv and in Spark's event log."""
    with pytest.raises(ConfigError) as caught:
        _order(tmp_path, name, INSIDE)
    assert "sparklineage.yml:1:9: spark.driver.extraJavaOptions has a secret in its value" in str(caught.value)
    assert "canary" not in str(caught.value)
    for harmless in ("-Xmx1g", "-Dtoken.type=jwt", "-Dmy.password=${PW}", "-Djavax.net.ssl.trustStore=/a.jks"):
        _order(tmp_path, name, f"spark: {{spark.driver.extraJavaOptions: '{harmless}'}}\n")


HEADERS = """delivery: {mode: direct}
transport:
  type: http
  url: http://h
  headers: {X-Tenant: %s}
platforms: {dataproc: {release: '2.2', artifacts: 'gs://b/l'}}
"""


@pytest.mark.parametrize("name", ["spark-submit", "spark-defaults", "pyspark", "spark-connect"])
def test_headers_go_the_way_of_secrets_where_drivers_have_an_environment(tmp_path: Path, name: str) -> None:
    """Whatever they are called: a tenant is nobody's business, and `[a;b]` would be a list among properties."""
    found = _order(tmp_path, name, HEADERS % "'[a;b]'")
    assert found.conf.environment()["OPENLINEAGE__TRANSPORT__HEADERS"] == '{"X-Tenant": "[a;b]"}'
    assert not any("X-Tenant" in key for key in found.conf.as_dict())


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("'[a;b]'", "is a text in brackets, which the agent would read as a list"),
        ("''", "is blank, which the agent leaves out"),
        ("' '", "is blank, which the agent leaves out"),
    ],
)
def test_a_header_that_a_property_cannot_carry_is_refused_elsewhere(tmp_path: Path, value: str, sentence: str) -> None:
    with pytest.raises(ConfigError, match=rf"yml:5:\d+: spark\.openlineage\.transport\.headers\.X-Tenant {sentence}"):
        _order(tmp_path, "dataproc", HEADERS % value)
    with pytest.raises(ConfigError, match="begins or ends with a blank"):
        _order(tmp_path, "dataproc", HEADERS.replace("headers", "urlParams") % "' a'")


def test_a_header_with_a_key_in_its_value_is_a_secret(tmp_path: Path) -> None:
    """Its name says nothing."""
    assert not _order(tmp_path, "dataproc", HEADERS % "acme").secrets
    (entry,) = _order(tmp_path, "dataproc", HEADERS % "'Bearer 0123456789abcdef'").secrets
    assert entry.key == "spark.openlineage.transport.headers.X-Tenant"
    assert entry.shown == "********"


def test_what_lint_says_of_the_properties_counts_for_targets_too(tmp_path: Path) -> None:
    """Errors are refused, warnings are notes."""
    with pytest.raises(ConfigError, match=r"yml:2:24: dataset\.removePath\.pattern has no group named remove"):
        _order(tmp_path, "spark-submit", "agent: {scala: '2.13'}\ndataset: {removePath: {pattern: 'a.*'}}\n")
    found = _order(tmp_path, "spark-submit", "agent: {scala: '2.13'}\njob: load-2024-01-05\n")
    assert any("yml:2:1: appName has a date, time or id in it." in note for note in found.notes)


def test_settings_that_variables_put_out_of_force_are_told(tmp_path: Path) -> None:
    text = HEADERS % "acme" + "timeout: {buildDatasetsTimePercentage: 20}\n"
    (note,) = [note for note in _order(tmp_path, "spark-submit", text).notes if "no effect" in note]
    assert "spark.openlineage.timeout.buildDatasetsTimePercentage" in note
    assert not any("no effect" in note for note in _order(tmp_path, "dataproc", text).notes)


@pytest.mark.parametrize(
    ("name", "place", "sentence"),
    [
        ("emr", "gs://b/l", "'gs://b/l', which emr does not read; write s3://BUCKET/PREFIX"),
        ("emr-serverless", "lineage", "'lineage', which is no address; write s3://"),
        ("glue", "/opt/lineage", "'/opt/lineage', which is no address"),
        ("glue", "s3:///l", "'s3:///l', which names no bucket"),
        ("dataproc", "s3://b/l", "'s3://b/l', which dataproc does not read; write gs://BUCKET/PREFIX"),
    ],
)
def test_jars_at_a_place_that_the_platform_cannot_read_are_refused(
    tmp_path: Path, name: str, place: str, sentence: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        _order(tmp_path, name, f"{HTTP}platforms: {{{name}: {{artifacts: '{place}'}}}}\nagent: {{scala: '2.12'}}\n")
    assert "sparklineage.yml:2:" in str(caught.value)
    assert f"platforms.{name}.artifacts is {sentence}" in str(caught.value)


@pytest.mark.parametrize("place", ["s3://b/l", "s3a://b/l/", "hdfs:///l", "/opt/lineage", "local:///opt/lineage"])
def test_jars_where_the_platform_reads_them_are_taken(tmp_path: Path, place: str) -> None:
    found = _order(tmp_path, "emr", HTTP + f"platforms: {{emr: {{release: emr-7.5.0, artifacts: '{place}'}}}}\n")
    assert found.jars == (f"{place.rstrip('/')}/openlineage-spark_2.12-1.53.0.jar",)


@pytest.mark.parametrize(("version", "told"), [("9.9.9", 1), ("1.53.0", 0), ("1.37.0", 0)])
def test_an_agent_that_nobody_knows_is_told_of(tmp_path: Path, version: str, told: int) -> None:
    text = HTTP + f"agent: {{version: {version}, scala: '2.13'}}\n"
    notes = [note for note in _order(tmp_path, "spark-submit", text).notes if "agent.version" in note]
    assert len(notes) == told
    assert all(f"agent.version is {version} ({tmp_path}/sparklineage.yml:2:9); known here are 1.53.0," in note
               for note in notes)  # fmt: skip


@pytest.mark.parametrize(("name", "release", "told"), [("livy", "", 1), ("airflow", "", 1), ("livy", "3.5.9", 0)])
def test_a_spark_that_is_elsewhere_is_not_taken_from_here_in_silence(
    tmp_path: Path, name: str, release: str, told: int
) -> None:
    section = f"artifacts: 'hdfs:///l'{', release: ' + release if release else ''}"
    (tmp_path / "sparklineage.yml").write_text(HTTP + f"platforms: {{{name}: {{{section}}}}}\n")
    spec = load_spec(environ={"HOME": str(tmp_path)}, flags={}, directory=tmp_path, platform=name)
    install = find_spark({}, home=spark_home(tmp_path / "spark", "3.5.9", "2.12"), python=tmp_path / "python")
    notes = order_for(spec, name, install=install, home=tmp_path).notes
    expected = f"taken to be the one here (3.5.9, Scala 2.12); platforms.{name}.release says otherwise"
    assert len([note for note in notes if expected in note]) == told
