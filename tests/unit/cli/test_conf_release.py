"""`sparklineage conf TARGET`: which release and which Scala it is for, where the configuration tells neither."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cli.desk import Desk

CONFIG = """\
transport: {type: http, url: "https://l.example.com"}
platforms:
  glue: {artifacts: "s3://b/l"}
  emr: {artifacts: "s3://b/l"}
  dataproc: {artifacts: "gs://b/l"}
  databricks: {artifacts: /Volumes/main/ops/lineage}
"""


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Desk:
    found = Desk(tmp_path, capsys, monkeypatch)
    found.write(CONFIG)
    return found


@pytest.mark.parametrize(
    ("target", "theirs", "scala"),
    [
        ("glue", {"Command": {}, "GlueVersion": "4.0"}, "2.12"),
        ("glue", {"JobName": "a", "JobUpdate": {"GlueVersion": "5.0"}}, "2.12"),
        ("emr", {"ReleaseLabel": "emr-spark-8.0.0", "Instances": {}}, "2.13"),
        ("dataproc", {"config": {"softwareConfig": {"imageVersion": "2.2"}}}, "2.12"),
        ("databricks", {"spark_version": "16.4.x-scala2.13"}, "2.13"),
        ("databricks", {"spark_version": {"type": "fixed", "value": "17.3.x-scala2.13"}}, "2.13"),
        ("databricks", {"tasks": [{"task_key": "a", "new_cluster": {"spark_version": "16.4.x-scala2.12"}}]}, "2.12"),
    ],
)
def test_a_file_that_names_its_release_needs_no_option(desk: Desk, target: str, theirs: Any, scala: str) -> None:
    desk.write(json.dumps(theirs, indent=1), "mine.json")
    status, _, err = desk.run("conf", target, "--into", "mine.json")
    assert status == 0, err
    assert f"for Scala {scala}: the newest that is known, runs on " in err


def test_a_bundle_whose_clusters_have_one_release_tells_it(desk: Desk) -> None:
    cluster = "{spark_version: 17.3.x-scala2.13}"
    desk.write(f"resources:\n  clusters:\n    a: {cluster}\n    b: {cluster}\n", "databricks.yml")
    assert "Scala 2.13" in desk.run("conf", "databricks", "--into", "databricks.yml")[2]


@pytest.mark.parametrize("theirs", [{"a": {"GlueVersion": "4.0"}, "GlueVersion": "5.0"}, {"GlueVersion": "x"}, {}])
def test_a_file_that_tells_none_or_several_leaves_it_open(desk: Desk, theirs: Any) -> None:
    desk.write(json.dumps({"Command": {}, **theirs}), "mine.json")
    sentence = desk.refused(64, "conf", "glue", "--into", "mine.json")
    assert sentence.startswith("platforms.glue.release is missing")


def test_whoever_says_another_release_is_told_that_the_file_has_its_own(desk: Desk) -> None:
    desk.write(json.dumps({"Command": {}, "GlueVersion": "4.0"}), "mine.json")
    sentence = desk.refused(64, "conf", "glue", "--into", "mine.json", "--release", "5.0")
    assert "mine.json: the release is 4.0, but the agent is the one for 5.0" in sentence


def test_an_option_says_the_scala_that_no_release_tells(desk: Desk) -> None:
    assert "say --release or --scala, or write agent.scala" in desk.refused(64, "conf", "dataproc")
    assert "openlineage-spark_2.13-" in desk.good("conf", "dataproc", "--scala", "2.13")
    status, out, err = desk.run("conf", "dataproc", "--release", "9.9", "--scala", "2.12")
    assert (status, "openlineage-spark_2.12-" in out) == (0, True), err
    assert "no release 9.9 that is known here" in err
    assert "--scala takes 2.12 or 2.13, not '2.11'" in desk.run("conf", "dataproc", "--scala", "2.11")[2]
