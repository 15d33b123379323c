"""What a transport needs beside the agent, so that it does not end the job."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.spark_home import defaults
from tests.unit.cli.scripted import argv, environ, only_run, submit

INNER = "{type: kafka, topicName: t, properties: {bootstrap.servers: 'h:9'}}"
KAFKA = f"delivery: {{mode: direct}}\ntransport: {INNER}\n"
COMPOSITE = f"transport:\n  type: composite\n  transports:\n    k: {INNER}\n    c: {{type: console}}\n"
TRANSFORM = (
    "transport: {type: transform, transformerClass: a.B, transport: {type: kafka, topicName: t, properties: {a: b}}}"
)
JAR = "org/apache/kafka/kafka-clients/3.9.1/kafka-clients-3.9.1.jar"
NOWHERE = ("--repository", "http://127.0.0.1:9")


def write(spark: Path, text: str) -> None:
    (spark.parent / "sparklineage.yml").write_text(text)


def jars(spark: Path) -> str:
    words = argv(spark)
    return words[words.index("--jars") + 1]


@pytest.mark.parametrize("text", [KAFKA, COMPOSITE, TRANSFORM])
def test_a_dry_run_shows_the_jar_of_the_transport(spark: Path, text: str) -> None:
    write(spark, text)
    status, out, err = submit(spark, "--dry-run", "job.py", SPARKLINEAGE_CACHE="/c")
    assert status == 0, err
    assert f",/c/jars/{JAR}" in out
    assert f"spark.jars={spark.parent}/openlineage-spark_2.13-1.53.0.jar," in out


@pytest.mark.parametrize("text", [KAFKA, COMPOSITE, TRANSFORM])
def test_a_transport_without_its_jar_is_left_out_and_the_job_runs(spark: Path, text: str) -> None:
    write(spark, text)
    status, _, err = submit(spark, *NOWHERE, "job.py", JOB="exit 3", SPARKLINEAGE_CACHE=str(spark.parent / "cache"))
    assert status == 3
    assert "warning: org.apache.kafka:kafka-clients:3.9.1 cannot be had" in err
    assert "is left out, with which the agent would end the job: the lineage is in the journal alone." in err
    assert "spark.openlineage.transport.type=file" in argv(spark)
    assert "kafka" not in " ".join(argv(spark))
    assert "circuitBreaker" not in " ".join(argv(spark))
    assert "OPENLINEAGE__" not in (spark.parent / "env").read_text()
    assert only_run(spark)["run"]["transport"] == "outbox"


def test_with_strict_it_is_refused(spark: Path) -> None:
    write(spark, KAFKA)
    status, _, err = submit(spark, "--strict", *NOWHERE, "job.py", SPARKLINEAGE_CACHE=str(spark.parent / "cache"))
    assert status == 73
    assert err.startswith("sparklineage: org.apache.kafka:kafka-clients:3.9.1 cannot be had")
    assert not (spark.parent / "argv").exists()


@pytest.mark.parametrize(
    "words",
    [
        ("--jars", "/x/kafka-clients-3.4.0.jar"),
        ("--packages", "org.apache.kafka:kafka-clients:3.4.0"),
        ("--packages", "a:b:1,org.apache.spark:spark-sql-kafka-0-10_2.13:4.2.0"),
        ("--driver-class-path", "/x/kafka-clients-3.4.0.jar"),
        ("--jars", "/x/spark-streaming-kafka-0-10-assembly_2.13-4.2.0.jar"),
    ],
)
def test_what_the_user_brings_is_not_brought_again(spark: Path, words: tuple[str, ...]) -> None:
    write(spark, KAFKA)
    status, _, err = submit(spark, *NOWHERE, *words, "job.py", SPARKLINEAGE_CACHE=str(spark.parent / "cache"))
    assert status == 0, err
    assert "spark.openlineage.transport.type=kafka" in argv(spark)
    assert "kafka-clients-3.9.1" not in jars(spark)


def test_among_spark_s_own_jars_it_counts_too(spark: Path) -> None:
    write(spark, KAFKA)
    (spark / "jars" / "kafka-clients-3.9.1.jar").touch()
    _, out, _ = submit(spark, "--dry-run", "job.py")
    assert "spark.openlineage.transport.type=kafka" in out
    assert "kafka-clients" not in out


def test_an_agent_on_java_s_own_class_path_needs_it_beside_it(spark: Path) -> None:
    write(spark, KAFKA)
    (spark / "jars" / "openlineage-spark_2.13-1.53.0.jar").touch()
    _, out, err = submit(spark, "--dry-run", "--packages", "org.apache.kafka:kafka-clients:3.4.0", "job.py")
    assert "does not see what is in spark.jars, and kafka-clients-3.9.1.jar is not beside it; put it there" in err
    assert "spark.openlineage.transport.type=file" in out
    _, out, err = submit(spark, "--dry-run", "--driver-class-path", "/x/kafka-clients-3.4.0.jar", "job.py")
    assert err == ""
    assert "spark.openlineage.transport.type=kafka" in out


def test_with_a_transport_of_the_user_s_that_would_end_the_job_there_is_no_agent(spark: Path) -> None:
    defaults(spark, "spark.openlineage.transport.type kafka\nspark.openlineage.transport.topicName t\n")
    status, _, err = submit(spark, *NOWHERE, "job.py", SPARKLINEAGE_CACHE=str(spark.parent / "cache"))
    assert status == 0
    assert "the agent would end the job, so it runs without the agent: only its start and end are recorded." in err
    assert "spark.extraListeners=io.sparklineage.Witness" in argv(spark)
    _, out, _ = submit(spark, "--dry-run", "job.py", **environ(spark))
    assert f"/{JAR}" in out
