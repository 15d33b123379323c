"""What is known of the releases of platforms."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docs.platform_pages import platforms_page
from sparklineage.agent.releases import misfit, releases, unchecked
from sparklineage.config.platforms import Found, Hint, Release, parse_platforms, platforms
from sparklineage.errors import ConfigError
from sparklineage.model.versions import numbers
from sparklineage.targets import NAMES

EVERY = [release for name in platforms().names for release in platforms().of(name)]
OTHERWISE = "agent.scala says otherwise"


def _named(release: Release) -> str:
    return f"{release.platform} {release.release}"


@pytest.mark.parametrize("release", EVERY, ids=_named)
def test_the_smallest_agent_of_every_release_works_there(release: Release) -> None:
    """As far as the table of agents knows; where there is none, no agent works."""
    if release.agent_min is None:
        assert misfit(None, release.scala, release.spark) is not None
        with pytest.raises(ConfigError, match=r"which no known agent works with; take .+ or later"):
            platforms().find(release.platform, release.release)
        return
    assert misfit(release.agent_min, release.scala, release.spark) is None
    assert numbers(release.agent_min) <= numbers(releases().default)
    assert misfit(releases().default, release.scala, release.spark) is None
    assert release.scala in unchecked(release.scala, release.agent_min).file_name
    assert release.agent_why


@pytest.mark.parametrize("release", EVERY, ids=_named)
def test_every_release_is_found_by_its_own_name(release: Release) -> None:
    """Without a warning, and lint knows the same."""
    hint = platforms().hint(release.platform, release.release)
    assert hint == Hint(
        spark=release.upstream, scala=release.scala, java=release.java, vendor_agent=release.vendor_agent
    )
    if release.agent_min:
        assert platforms().find(release.platform, f" {release.release}\n") == Found(
            asked=release.release, release=release
        )


@pytest.mark.parametrize("release", EVERY, ids=_named)
def test_the_smallest_agent_is_the_smallest(release: Release) -> None:
    """An older one of those that are listed does not work, unless the platform and not Spark is the reason."""
    older = [known.version for known in releases().known if numbers(known.version) < numbers(release.agent_min or "0")]
    if release.platform in {"spark", "emr", "emr-serverless", "emr-containers", "sagemaker", "dataproc"}:
        assert all(misfit(version, release.scala, release.spark) for version in older)


@pytest.mark.parametrize("target", NAMES)
def test_every_target_has_releases(target: str) -> None:
    """Those that run the user's own Spark have Spark's."""
    assert platforms().of(target)
    assert platforms().title(target)


@pytest.mark.parametrize(
    ("platform", "asked", "taken", "spark", "scala"),
    [
        ("emr", "emr-7.99.0", "emr-7.14.0", "3.5", "2.12"),
        ("emr", "emr-6.10.1", "emr-6.10.0", "3.3.1-amzn-0", "2.12"),
        ("emr", "emr-7.5", "emr-7.5.0", "3.5.2-amzn-1", "2.12"),
        ("emr", "emr-8.0.0", "emr-spark-8.0.0", "4.0.2-amzn-0", "2.13"),
        ("emr", "emr-spark-8.0-preview", "emr-spark-8.0.0", "4.0.2-amzn-0", "2.13"),
        ("emr-serverless", "emr-spark-9.0.0", "emr-spark-8.1.0", "4.1.1-amzn-0", "2.13"),
        ("emr-containers", "emr-9.1.0-latest", "emr-spark-8.1.0", "4.1.1-amzn-0", "2.13"),
        ("glue", "5.9", "5.1", "3.5.6", "2.12"),
        ("glue", "7.0", "6.0", "4.1.1", "2.13"),
        ("dataproc", "4.1-debian13", "3.0", "4.0.0", "2.13"),
        ("dataproc", "2", "2.3", "3.5.3", "2.12"),
        ("databricks", "15.1.x-cpu-ml-scala2.12", "15.4.x-scala2.12", "3.5.0", "2.12"),
        ("databricks", "16.2.x-scala2.13", "16.4.x-scala2.13", "3.5.2", "2.13"),
        ("databricks", "17.3.x-scala2.12", "17.3.x-scala2.13", "4.0.0", "2.13"),
        ("databricks", "18.2.x-scala2.13", "18.x-scala2.13", "4.1.0", "2.13"),
        ("databricks", "25.x-scala2.12", "19.x-scala2.13", "4.2.0", "2.13"),
        ("spark", "5.0.0", "4.3", "4.3", "2.13"),
        ("spark-submit", "4.0.1-scala2.12", "4.0", "4.0", "2.13"),
        ("pyspark", "3.5.1-scala2.11", "3.5", "3.5", "2.12"),
        ("sagemaker", "3.9", "3.5", "3.5", "2.12"),
    ],
)
def test_an_unknown_release_is_taken_for_the_nearest(
    platform: str, asked: str, taken: str, spark: str, scala: str
) -> None:
    """Of the same line, else the newest older one; never with the Scala of another line."""
    found = platforms().find(platform, asked)
    assert (found.release.release, found.release.spark, found.release.scala) == (taken, spark, scala)
    assert found.warning == (
        f"{platforms().title(platform)} has no release {asked} that is known here; {taken} is taken, with Spark "
        f"{spark} and Scala {scala} ({OTHERWISE})."
    )


@pytest.mark.parametrize(
    ("platform", "asked", "expected"),
    [
        ("emr-containers", "emr-7.9.0-latest", ("emr-7.9.0", "3.5.5", "2.12", 17)),
        ("emr-containers", "emr-7.9.0-java11-20250519", ("emr-7.9.0", "3.5.5", "2.12", 11)),
        ("emr-containers", "notebook-spark/emr-7.9.0-java8-latest", ("emr-7.9.0", "3.5.5", "2.12", 8)),
        ("databricks", "16.4.x-photon-scala2.13", ("16.4.x-scala2.13", "3.5.2", "2.13", 17)),
        ("databricks", "15.4", ("15.4.x-scala2.12", "3.5.0", "2.12", 8)),
        ("databricks", "17.3.x-photon", ("17.3.x-scala2.13", "4.0.0", "2.13", 17)),
        ("dataproc", "2.3.7-ml-ubuntu22", ("2.3", "3.5.3", "2.12", 11)),
        ("spark", "3.5.6-amzn-2", ("3.5", "3.5.6-amzn-2", "2.12", None)),
        ("kubernetes", "3.5.6-bin-hadoop3-scala2.13", ("3.5", "3.5.6", "2.13", None)),
        ("livy", "4.2.0", ("4.2", "4.2.0", "2.13", None)),
        ("sagemaker", "3.3-cpu-py39-v1.0", ("3.3", "3.3", "2.12", 8)),
    ],
)
def test_names_say_more_than_their_entry(platform: str, asked: str, expected: tuple[str, str, str, int | None]) -> None:
    """A Java, a Scala, a patch of Spark: no warning."""
    found = platforms().find(platform, asked)
    release = found.release
    assert (release.release, release.spark, release.scala, release.java) == expected
    assert found.warning is None


def test_a_runtime_with_two_scalas_has_to_say_which() -> None:
    """Only 16.4 has both; lint then says nothing about it."""
    found = platforms().find("databricks", "16.4.x")
    assert found.release.scala == "2.12"
    assert found.warning == (
        "Databricks Runtime 16.4.x is there for several Scalas; 16.4.x-scala2.12 is taken, with Spark 3.5.2 and Scala "
        f"2.12 ({OTHERWISE})."
    )
    assert platforms().hint("databricks", "16.4.x") == Hint(spark="3.5.2", java=17)


@pytest.mark.parametrize(
    ("platform", "release", "sentence"),
    [
        ("emrr", "emr-7.5.0", "'emrr' is no platform. Did you mean emr?"),
        ("synapse", "1.3", "'synapse' is no platform. Known are spark, emr, emr-serverless, emr-containers, glue, "),
        ("emr", "7.5.0", "is no release of Amazon EMR on EC2; it is written such as emr-spark-8.1.0. Did you mean "),
        ("emr", "emr-spark-7.0.0", "is older than every release that is known here; take emr-spark-8.0.0 or later."),
        ("emr", "emr_7.5.0", "Did you mean emr-7.5.0?"),
        ("glue", "auto", "'auto' is no release of AWS Glue; it is written such as 6.0."),
        ("databricks", "auto:latest-lts", "'auto:latest-lts' is no release of Databricks Runtime; it is written such "),
        ("databricks", "8.1.x-scala2.12", "is older than every release that is known here; take 10.4.x-scala2.12 "),
        ("glue", "3.0", "AWS Glue 3.0 runs Spark 3.1.1, which no known agent works with; take 4.0 or later."),
        ("emr", "emr-5.30.0", "emr-5.30.0 is not known here, and emr-5.36.0, which is nearest, runs Spark 2.4.8"),
        ("spark", "2.4.8", "Apache Spark 2.4.8 runs Spark 2.4.8, which no known agent works with; take 3.2 or later."),
        ("spark", "9" * 5000, "is no release of Apache Spark; it is written such as 4.3."),
        ("emr", "emr-7.5.0\nx", "'emr-7.5.0\\nx' is no release of Amazon EMR on EC2"),
        ("emr", "", "'' is no release of Amazon EMR on EC2; it is written such as emr-spark-8.1.0."),
    ],
)  # fmt: skip
def test_what_is_refused(platform: str, release: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        platforms().find(platform, release)
    assert sentence in str(caught.value)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    ("platform", "release", "loads", "version"),
    [
        ("emr", "emr-7.10.0", None, None),
        ("emr", "emr-7.11.0", "class path", None),
        ("emr-serverless", "emr-7.4.0", None, None),
        ("emr-serverless", "emr-7.5.0", "asked for", None),
        ("emr-containers", "emr-7.12.0-latest", "class path", None),
        ("glue", "4.0", None, None),
        ("glue", "5.0", "class path", "1.34.0"),
        ("dataproc", "2.2.49-debian12", None, None),
        ("dataproc", "2.2.50-debian12", "switched on", None),
        ("dataproc", "2.2", "switched on", None),
        ("databricks", "17.3.x-scala2.13", None, None),
    ],
)
def test_agents_of_vendors(platform: str, release: str, loads: str | None, version: str | None) -> None:
    """With the patch from which it is there."""
    theirs = platforms().find(platform, release).release.vendor_agent
    assert (theirs.loads if theirs else None, theirs.version if theirs else None) == (loads, version)


@pytest.mark.parametrize(
    ("platform", "release", "expected"),
    [
        ("emr", "emr-6.99.0", Hint(scala="2.12", java=8)),
        ("emr", "emr-6.15.9", Hint(spark="3.4", scala="2.12", java=8)),
        ("emr", "emr-7.3.9", Hint(spark="3.5", scala="2.12", java=17)),
        ("emr", "emr-spark-8.9.0", Hint(scala="2.13", java=17)),
        ("emr", "emr-spark-12.0.0", Hint(scala="2.13")),
        ("databricks", "16.1.x", Hint(spark="3.5", java=17)),
        ("databricks", "17.0.x-scala2.12", Hint(spark="4.0", scala="2.13", java=17)),
        ("databricks", "5.5.x-scala2.11", Hint(scala="2.11")),
        ("glue", "auto", Hint()),
        ("nowhere", "1.0", Hint()),
        (None, "emr-7.5.0", Hint()),
        ("emr", None, Hint()),
    ],
)
def test_only_what_is_certain_is_said_of_unknown_releases(
    platform: str | None, release: str | None, expected: Hint
) -> None:
    """What all of the line have in common."""
    assert platforms().hint(platform, release) == expected


PIECES = st.sampled_from(
    ["emr-", "spark-", "7", ".", "8", "0", "16.4", "x", "-scala", "2.12", "2.13", "-photon", "-latest", "-java", "17",
     "-debian12", "9999", " ", "\n", "٣", "-preview", "/", "4.0", "3.5.6", "-amzn-1"]
)  # fmt: skip


@given(
    platform=st.sampled_from([*platforms().names, "livy"]),
    release=st.one_of(st.text(), st.lists(PIECES, max_size=8).map("".join)),
)
def test_any_text_is_a_release_or_refused_with_a_sentence(platform: str, release: str) -> None:
    """What is found fits an agent, and never has the Scala of an older line."""
    hint = platforms().hint(platform, release)
    try:
        found = platforms().find(platform, release)
    except ConfigError as error:
        assert str(error).endswith((".", "?"))
        assert "\n" not in str(error)
        return
    one = found.release
    assert one in platforms().of(platform) or platforms().hint(platform, release).spark == one.upstream
    assert misfit(releases().default, one.scala, one.spark) is None
    assert numbers(one.spark) < (4,) or one.scala == "2.13"
    if found.warning is None:
        assert hint.scala == one.scala


def _file() -> Any:
    return json.loads(resources.files("sparklineage.config.platforms").joinpath("releases.json").read_text("utf-8"))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"spark": "four"}, "has Spark four, which is no version"),
        ({"scala": "2.12"}, "has Scala 2.12, which Spark 4.1.1-amzn-0 is not built for"),
        ({"java": 8}, "has Java 8, which Spark 4.1.1-amzn-0 does not run on"),
        ({"agent_min": "1.2.3"}, "names 1.2.3, which is not among the agents"),
        ({"vendor_agent": "ours"}, "names ours, which is not among the vendor_agents"),
        ({"source": ["hearsay"]}, "names hearsay, which is not among the sources"),
        ({"source": []}, "has no source"),
        ({"confidence": "total"}, "has the unknown confidence total"),
        ({"unverified": ["vendor_agent"]}, "has vendor_agent unverified, which it does not say"),
        ({"support_until": "soon"}, "has support until soon, which is no day"),
        ({"release": "8.1.0"}, "is not written as the platform writes its releases"),
        ({"release": "emr-spark-8.0.0"}, "is there twice"),
        ({"release": "emr-7.1.0"}, "stands behind a later one"),
        ({"colour": "red"}, "has the unknown field colour"),
    ],
)
def test_entries_that_contradict_themselves_are_refused(change: dict[str, object], sentence: str) -> None:
    data = _file()
    emr = next(place for place in data["platforms"] if place["platform"] == "emr")
    emr["releases"][-1] |= change
    with pytest.raises(ConfigError, match=r"^releases\.json: emr ") as caught:
        parse_platforms(json.dumps(data))
    assert sentence in str(caught.value)


@pytest.mark.parametrize("field", ["spark", "scala", "agent_min", "confidence", "source", "release"])
def test_entries_that_lack_something_are_refused(field: str) -> None:
    data = _file()
    del data["platforms"][1]["releases"][0][field]
    with pytest.raises(ConfigError, match=f"has no {field}"):
        parse_platforms(json.dumps(data))


@pytest.mark.parametrize(
    ("table", "entry", "sentence"),
    [
        ("sources", "a rumour", "sources spare is used by no release"),
        ("agents", "no reason", "agents spare is used by no release"),
        ("vendor_agents", {"what": "x"}, "vendor agent spare lacks keep_off, or should not have it"),
        ("vendor_agents", {"what": "x", "loads": "late", "keep_off": "x", "source": "x"}, "in an unknown way, late"),
    ],
)
def test_tables_hold_what_is_used(table: str, entry: object, sentence: str) -> None:
    data = _file()
    data[table]["spare"] = entry
    with pytest.raises(ConfigError, match=sentence):
        parse_platforms(json.dumps(data))


def test_names_of_platforms_are_there_once() -> None:
    data = _file()
    data["platforms"][0]["also"].append("glue")
    with pytest.raises(ConfigError, match="glue is there twice"):
        parse_platforms(json.dumps(data))


def test_the_page_shows_every_release() -> None:
    """A row each, and every source."""
    page = platforms_page("note")
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    assert [row.split("`")[1] for row in rows] == [release.release for release in EVERY]
    assert all(source in page for release in EVERY for source in release.source)
