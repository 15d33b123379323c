"""Which agent is chosen for which Spark."""

from __future__ import annotations

import json
from importlib import resources

import pytest

from sparklineage.agent.names import agent_name, looks_like_agent
from sparklineage.agent.releases import choose, misfit, parse_releases, releases, span, supported, unchecked
from sparklineage.errors import AgentJarError, UnsupportedSparkError, UsageError
from sparklineage.model.agent_jar import AgentJar
from sparklineage.model.versions import numbers

G = "io.openlineage"


@pytest.mark.parametrize(
    ("spark", "scala", "wanted", "coordinates"),
    [
        ("3.2.0", "2.12", None, f"{G}:openlineage-spark_2.12:1.53.0"),
        ("3.3.4", "2.13", None, f"{G}:openlineage-spark_2.13:1.53.0"),
        ("3.5.9", "2.12.18", None, f"{G}:openlineage-spark_2.12:1.53.0"),
        ("3.5.6-amzn-2", "2.12", None, f"{G}:openlineage-spark_2.12:1.53.0"),
        ("3.5.0.databricks", "2.12", None, f"{G}:openlineage-spark_2.12:1.53.0"),
        ("3.5", "2.12", None, f"{G}:openlineage-spark_2.12:1.53.0"),
        ("4.0.1-SNAPSHOT", "2.13", None, f"{G}:openlineage-spark_2.13:1.53.0"),
        ("4.1.4", "2.13.17", None, f"{G}:openlineage-spark_2.13:1.53.0"),
        ("4.2.0", "2.13", None, f"{G}:openlineage-spark_2.13:1.53.0"),
        ("4.3.0", "2.13", None, f"{G}:openlineage-spark_2.13:1.53.0"),
        ("4.1.4", "2.13", "1.37.0", f"{G}:openlineage-spark_2.13:1.37.0"),
        ("3.5.0", "2.12", "1.36.0", f"{G}:openlineage-spark_2.12:1.36.0"),
        # Not listed: judged by the nearest older one, or by the oldest.
        ("4.1.4", "2.13", "1.45.0", f"{G}:openlineage-spark_2.13:1.45.0"),
        ("4.2.0", "2.13", "1.54.0", f"{G}:openlineage-spark_2.13:1.54.0"),
        ("3.3.0", "2.12", "1.9.1", f"{G}:openlineage-spark_2.12:1.9.1"),
        ("3.3.0", "2.12", "1.8.0", f"{G}:openlineage-spark:1.8.0"),
    ],
)
def test_what_fits(spark: str, scala: str, wanted: str | None, coordinates: str) -> None:
    assert choose(spark, scala, wanted).coordinates == coordinates


SUPPORTED = "Spark 3.2 to 3.5 (Scala 2.12, 2.13), 4.0 to 4.3 (Scala 2.13)"
FORCE = "--force uses the nearest all the same."


@pytest.mark.parametrize(
    ("spark", "scala", "wanted", "sentence"),
    [
        ("3.1.3", "2.12", None, f"No known agent works with Spark 3.1.3 (Scala 2.12); supported: {SUPPORTED}."),
        ("2.4.8", "2.11", None, f"No known agent works with Spark 2.4.8 (Scala 2.11); supported: {SUPPORTED}."),
        ("4.4.0", "2.13", None, f"No known agent works with Spark 4.4.0 (Scala 2.13); supported: {SUPPORTED}."),
        ("5.0.0", "2.13", None, f"No known agent works with Spark 5.0.0 (Scala 2.13); supported: {SUPPORTED}."),
        ("4.0.0", "2.12", None, f"No known agent works with Spark 4.0.0 (Scala 2.12); supported: {SUPPORTED}."),
        ("4.2.0", "3.3.1", None, f"No known agent works with Spark 4.2.0 (Scala 3.3); supported: {SUPPORTED}."),
        ("weird", "2.12", None, f"No known agent works with Spark weird (Scala 2.12); supported: {SUPPORTED}."),
        # 3.20 is no 3.2.
        ("3.20.0", "2.12", None, f"No known agent works with Spark 3.20.0 (Scala 2.12); supported: {SUPPORTED}."),
        (
            "4.2.1",
            "2.13",
            "1.37.0",
            "Agent 1.37.0 does not work with Spark 4.2.1 (Scala 2.13); it needs 1.53.0 or later.",
        ),
        (
            "4.2.1",
            "2.13",
            "1.52.0",
            "Agent 1.52.0 does not work with Spark 4.2.1 (Scala 2.13); it needs 1.53.0 or later.",
        ),
        (
            "4.0.0",
            "2.13",
            "1.36.0",
            "Agent 1.36.0 does not work with Spark 4.0.0 (Scala 2.13); it needs 1.37.0 or later.",
        ),
        ("3.5.0", "2.13", "1.8.0", "Agent 1.8.0 does not work with Scala 2.13; it needs 1.9.0 or later."),
    ],
)
def test_what_is_refused(spark: str, scala: str, wanted: str | None, sentence: str) -> None:
    with pytest.raises(UnsupportedSparkError) as caught:
        choose(spark, scala, wanted)
    assert str(caught.value) == f"{sentence} {FORCE}"


@pytest.mark.parametrize(
    ("spark", "scala", "wanted", "coordinates"),
    [
        ("4.4.0", "2.13", None, f"{G}:openlineage-spark_2.13:1.53.0"),
        ("3.0.1", "2.12", None, f"{G}:openlineage-spark_2.12:1.53.0"),
        ("2.4.8", "2.11", None, f"{G}:openlineage-spark_2.12:1.53.0"),
        ("5.0.0", "3.7.1", None, f"{G}:openlineage-spark_2.13:1.53.0"),
        ("4.2.0", "2.13", "1.37.0", f"{G}:openlineage-spark_2.13:1.37.0"),
    ],
)
def test_what_force_takes(spark: str, scala: str, wanted: str | None, coordinates: str) -> None:
    assert choose(spark, scala, wanted, force=True).coordinates == coordinates


@pytest.mark.parametrize("text", ["1.53", "latest", "1.53.0/../x", "", " 1.53.0 "])
def test_a_version_has_to_be_one(text: str) -> None:
    if not text:
        assert choose("3.5.0", "2.12", text).version == "1.53.0"
        return
    with pytest.raises(UsageError, match="is no agent version"):
        choose("3.5.0", "2.12", text)


def test_the_nearest_version_is_suggested() -> None:
    with pytest.raises(UsageError, match=r"Did you mean 1\.53\.0\?$"):
        choose("3.5.0", "2.12", "1.53")


@pytest.mark.parametrize(
    ("agent", "built", "spark", "scala", "reason"),
    [
        ("1.53.0", "2.13", "4.2.0", "2.13", None),
        (
            "1.53.0",
            "2.12",
            "4.2.0",
            "2.13",
            "This agent is built for Scala 2.12, and this Spark (4.2.0) runs Scala 2.13.",
        ),
        (None, "2.12", "3.5.9", "2.12.18", None),
        ("1.53.0", None, "3.5.9", "2.12", None),
        (None, None, "3.5.9", None, None),
        (
            "1.37.0",
            None,
            "4.3.0",
            "2.13",
            "Agent 1.37.0 does not work with Spark 4.3.0 (Scala 2.13); it needs 1.53.0 or later.",
        ),
    ],
)
def test_whether_a_jar_fits(
    agent: str | None, built: str | None, spark: str, scala: str | None, reason: str | None
) -> None:
    assert misfit(agent, built, spark, scala) == reason


def test_every_listed_release_is_pinned_and_newest_first() -> None:
    known = releases().known
    assert [numbers(release.version) for release in known] == sorted(
        (numbers(release.version) for release in known), reverse=True
    )
    assert releases().default == known[0].version
    for release in known:
        assert set(release.artifacts) == {"2.12", "2.13"} == set(release.spark)
        assert all(len(artifact.sha512 or "") == 128 for artifact in release.artifacts.values())
        assert all((artifact.size or 0) > 30_000_000 for artifact in release.artifacts.values())
    digests = [artifact.sha512 for release in known for artifact in release.artifacts.values()]
    assert len(set(digests)) == len(digests)


@pytest.mark.parametrize("digest", [None, "", "abc", "G" * 128])
def test_a_release_without_a_digest_is_not_loaded(digest: str | None) -> None:
    data = json.loads(resources.files("sparklineage.agent").joinpath("releases.json").read_text("utf-8"))
    data["releases"][1]["scala"]["2.13"]["sha512"] = digest
    with pytest.raises(AgentJarError, match=r"releases\.json: agent 1\.37\.0 for Scala 2\.13 has no SHA-512"):
        parse_releases(json.dumps(data))


def test_an_artifact_knows_its_place_in_a_repository() -> None:
    artifact = unchecked("2.13", "1.37.0")
    assert artifact.file_name == "openlineage-spark_2.13-1.37.0.jar"
    assert str(artifact.path) == f"io/openlineage/openlineage-spark_2.13/1.37.0/{artifact.file_name}"


def test_how_versions_are_listed() -> None:
    assert supported() == SUPPORTED
    assert span(["3.5", "4.0", "4.1"]) == "3.5, 4.0 to 4.1"
    assert span([]) == ""


@pytest.mark.parametrize(
    ("text", "version", "scala"),
    [
        ("openlineage-spark_2.13-1.53.0.jar", "1.53.0", "2.13"),
        ("/opt/jars/openlineage-spark_2.12-1.37.0.jar", "1.37.0", "2.12"),
        ("s3://bucket/jars/openlineage-spark_2.12-1.53.0.jar", "1.53.0", "2.12"),
        ("https://repo.example/openlineage-spark_2.12-1.53.0.jar?sig=x#y", "1.53.0", "2.12"),
        ("local:///opt/openlineage-spark_2.13-1.54.0-SNAPSHOT.jar", "1.54.0-SNAPSHOT", "2.13"),
        ("openlineage-spark-1.8.0.jar", "1.8.0", "2.12"),
        ("openlineage-spark.jar", None, None),
        ("openlineage-spark-latest.jar", None, None),
        ("openlineage-spark_2.12.jar", None, "2.12"),
        ("io.openlineage:openlineage-spark_2.12:1.53.0", "1.53.0", "2.12"),
        (" io.openlineage:openlineage-spark:1.8.0 ", "1.8.0", "2.12"),
        ("io.openlineage:openlineage-spark:1.30.0", "1.30.0", None),
    ],
)
def test_names_that_are_an_agents(text: str, version: str | None, scala: str | None) -> None:
    assert agent_name(text) == AgentJar(version=version, scala=scala)
    assert looks_like_agent(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "openlineage-java-1.53.0.jar",
        "openlineage-spark_2.13-1.53.0-sources.jar",
        "openlineage-spark_2.13-1.53.0-javadoc.jar",
        "openlineage-spark_2.13-1.53.0.jar.sha512",
        "openlineage-sparkling-1.0.jar",
        "my-openlineage-spark_2.13-1.53.0.jar",
        "io.openlineage:openlineage-java:1.53.0",
        "org.example:openlineage-spark_2.12:1.53.0",
        "io.openlineage:transports-s3:1.53.0",
        "/jars/openlineage-spark_2.13-1.53.0.jar/other.jar",
        "delta-spark_4.2_2.13-4.4.0.jar",
    ],
)
def test_names_that_are_not(text: str) -> None:
    assert not looks_like_agent(text)
