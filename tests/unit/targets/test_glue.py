"""AWS Glue: the arguments of a job, and those of the user's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sparklineage.errors import ConfigError
from sparklineage.targets import Application
from sparklineage.targets.glue import conf_pairs
from tests.support.aws_models import refusals
from tests.unit.targets.aws_orders import HTTP, LISTENER, names, order, read, render, text_of

MINE = {
    "--day": "2026-01-31",
    "--conf": "spark.sql.a=1 --conf spark.extraListeners=com.acme.Mine  --conf spark.b=x y",
    "--extra-jars": "s3://b/mine.jar",
    "--job-bookmark-option": "job-bookmark-enable",
}


def conf(arguments: dict[str, str]) -> dict[str, str]:
    return dict(conf_pairs(arguments["--conf"], ""))


def test_the_properties_stand_in_one_argument(tmp_path: Path) -> None:
    rendered = render(order(tmp_path, "glue", release="5.0", application=None), "glue")
    assert names(rendered) == ["arguments.json"]
    arguments = read(rendered, "arguments.json")
    assert set(arguments) == {"--conf", "--extra-jars", "--user-jars-first"}
    assert conf(arguments)["spark.extraListeners"] == LISTENER
    assert conf(arguments)["spark.openlineage.transport.url"] == HTTP["url"]
    assert arguments["--extra-jars"].startswith("s3://b/lineage/openlineage-spark_2.12-")
    assert "spark.jars" not in conf(arguments)
    assert any("--user-jars-first true puts" in note for note in rendered.notes)


def test_the_job_is_one_that_glue_takes(tmp_path: Path) -> None:
    rendered = render(order(tmp_path, "glue", release="5.0"), "glue")
    job = read(rendered, "job.json")
    assert refusals("glue", "CreateJob", job, later=("Role",)) == []
    assert job["DefaultArguments"]["--day"] == "2026-01-31"
    assert job["GlueVersion"] == "5.0"
    scala = Application(uri="s3://b/a.scala", main_class="a.B")
    job = read(render(order(tmp_path, "glue", release="5.0", application=scala), "glue"), "job.json")
    assert refusals("glue", "CreateJob", job, later=("Role",)) == []
    assert job["DefaultArguments"]["--class"] == "a.B"


@pytest.mark.parametrize("arguments", [("x",), ("--day",), ("--conf", "a=b"), ("--a", "1", "--a", "2")])
def test_arguments_that_no_map_can_hold_are_refused(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    job = Application(uri="s3://b/a.py", arguments=arguments)
    with pytest.raises(ConfigError, match="cannot be one of a Glue job"):
        render(order(tmp_path, "glue", release="5.0", application=job), "glue")


@pytest.mark.parametrize("value", ["a b", "a\tb", "a --conf spark.x=y", "a\nb", "a\u00a0b"])
def test_blanks_are_refused(tmp_path: Path, value: str) -> None:
    given = order(tmp_path, "glue", release="5.0", spark={"spark.acme.x": value})
    with pytest.raises(ConfigError, match=r"spark.acme.x \(.*sparklineage.yml:.*\) holds a blank"):
        render(given, "glue")


@pytest.mark.parametrize("key", ["env:KEY", "aws-secretsmanager:ol", "aws-ssm:/ol"])
def test_glue_keeps_no_secret(tmp_path: Path, key: str) -> None:
    transport = {**HTTP, "auth": {"type": "api_key", "apiKey": key}}
    with pytest.raises(ConfigError, match="Glue shows the arguments of a job to everybody"):
        render(order(tmp_path, "glue", release="5.0", transport=transport), "glue")


def test_a_plain_secret_needs_a_word(tmp_path: Path) -> None:
    transport = {**HTTP, "auth": {"type": "api_key", "apiKey": "canary"}}
    with pytest.raises(ConfigError, match="--allow-literal-secrets"):
        render(order(tmp_path, "glue", release="5.0", transport=transport), "glue")
    given = order(tmp_path, "glue", release="5.0", transport=transport, literal=True)
    arguments = read(render(given, "glue"), "arguments.json")
    assert conf(arguments)["spark.openlineage.transport.auth.apiKey"] == "canary"


def test_a_name_with_blanks_is_the_same_name_to_the_agent(tmp_path: Path) -> None:
    given = order(tmp_path, "glue", release="5.0", job={"name": "Daily  flights"})
    assert conf(read(render(given, "glue"), "arguments.json"))["spark.openlineage.appName"] == "Daily_flights"


def test_arguments_of_the_users_stay(tmp_path: Path) -> None:
    merged = read(render(order(tmp_path, "glue", release="5.0"), "glue", MINE), "mine.json")
    assert merged["--day"] == MINE["--day"]
    assert merged["--job-bookmark-option"] == MINE["--job-bookmark-option"]
    found = conf(merged)
    assert found["spark.extraListeners"] == f"com.acme.Mine,{LISTENER}"
    assert (found["spark.sql.a"], found["spark.b"]) == ("1", "x y")
    assert merged["--extra-jars"].startswith("s3://b/mine.jar,s3://b/lineage/")
    assert merged["--user-jars-first"] == "true"


@pytest.mark.parametrize(
    "mine",
    [
        {},
        MINE,
        {"Name": "a", "Role": "r", "Command": {"Name": "glueetl"}, "GlueVersion": "5.0"},
        {"JobName": "a", "JobUpdate": {"DefaultArguments": MINE}},
        {"JobName": "a", "Arguments": {"--conf": ""}},
        {"JobName": "a"},
    ],
)
def test_twice_is_once(tmp_path: Path, mine: dict[str, Any]) -> None:
    given = order(tmp_path, "glue", release="5.0", application=None)
    once = render(given, "glue", mine)
    twice = render(given, "glue", text_of(once, "mine.json"))
    assert text_of(twice, "mine.json") == text_of(once, "mine.json")
    assert LISTENER in text_of(once, "mine.json")
    assert not any("stays as" in note for note in twice.notes)


@pytest.mark.parametrize(
    ("mine", "says"),
    [
        ({"--conf": "spark.a"}, "'spark.a' of --conf is no property"),
        ({"--conf": 1}, "is no object of texts"),
        ({"Arguments": []}, None),
        ({"Command": {}, "GlueVersion": "4.0"}, "the release is 4.0, but the agent is the one for 5.0"),
        ({"--user-jars-first": "false"}, "with true the agent comes before Glue's own"),
        ({"a": 1}, "none of the documents"),
        ([], "none of the documents"),
        ({"JobUpdate": 1}, "none of the documents"),
    ],
)
def test_what_cannot_be_merged_is_said_in_a_sentence(tmp_path: Path, mine: object, says: str | None) -> None:
    given = order(tmp_path, "glue", release="5.0")
    if says is None:
        assert LISTENER in text_of(render(given, "glue", mine), "mine.json")
        return
    with pytest.raises(ConfigError) as raised:
        render(given, "glue", mine)
    assert says in str(raised.value)


def test_glues_own_agent_may_be_used(tmp_path: Path) -> None:
    arguments = read(
        render(order(tmp_path, "glue", release="5.0", section={"vendorAgent": "reuse"}), "glue"), "arguments.json"
    )
    assert set(arguments) == {"--conf"}
    assert conf(arguments)["spark.extraListeners"] == LISTENER


def test_our_jar_comes_first_only_where_glue_has_an_agent(tmp_path: Path) -> None:
    old = render(order(tmp_path, "glue", release="4.0", application=None), "glue")
    assert set(read(old, "arguments.json")) == {"--conf", "--extra-jars"}
    assert not any("--user-jars-first" in note for note in old.notes)
    merged = render(order(tmp_path, "glue", release="4.0", application=None), "glue", {"--user-jars-first": "false"})
    assert read(merged, "mine.json")["--user-jars-first"] == "false"


def test_a_name_with_blanks_is_told_to_be_another(tmp_path: Path) -> None:
    named = render(order(tmp_path, "glue", release="5.0", job={"name": "Daily flights"}), "glue")
    assert conf(read(named, "arguments.json"))["spark.openlineage.appName"] == "Daily_flights"
    assert any("is called Daily_flights here" in note for note in named.notes)
    plain = render(order(tmp_path, "glue", release="5.0", job={"name": "flights"}), "glue")
    assert not any("is called" in note for note in plain.notes)
