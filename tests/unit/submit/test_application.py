"""The application's file, name and language."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sparklineage.errors import ApplicationNotFoundError
from sparklineage.submit.application import check_application, default_job_name, language
from sparklineage.submit.options import parse
from sparklineage.submit.user_conf import effective

if TYPE_CHECKING:
    from pathlib import Path


def test_files_that_are_there(tmp_path: Path) -> None:
    for name in ("my job.py", "a#b.py", "app.py"):
        (tmp_path / name).write_text("")
    for text in (f"{tmp_path}/my job.py", f"file:{tmp_path}/my%20job.py", f"file://{tmp_path}/app.py",
                 f"{tmp_path}/a#b.py", f"{tmp_path}/app.py#alias"):  # fmt: skip
        check_application(parse([text]))


@pytest.mark.parametrize(
    "text",
    ["s3://b/no.py", "hdfs:///no.py", "local:///opt/no.py", "https://h/no.jar", "pyspark-shell", "spark-internal",
     "/no/such/*.py", "file://host/no.py"],
)  # fmt: skip
def test_what_only_spark_can_judge(text: str) -> None:
    check_application(parse([text]))


def test_cluster_mode_is_spark_s_to_judge() -> None:
    check_application(parse(["--deploy-mode", "cluster", "/no/such.py"]))
    check_application(parse(["/no/such.py"]), deploy_mode="cluster")


def test_a_missing_file_and_what_lies_beside_it(tmp_path: Path) -> None:
    (tmp_path / "bronze.py").write_text("")
    for text in (f"{tmp_path}/bronse.py", f"file:{tmp_path}/bronse.py"):
        with pytest.raises(ApplicationNotFoundError) as caught:
            check_application(parse([text]))
        assert str(caught.value) == f"{text}: no such application file. Did you mean bronze.py?"
    with pytest.raises(ApplicationNotFoundError, match=r"zzzzz.jar: no such application file. Check the path."):
        check_application(parse([f"{tmp_path}/zzzzz.jar"]))


def test_a_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(ApplicationNotFoundError) as caught:
        check_application(parse([f"{tmp_path}/no/job.py"]))
    assert str(caught.value) == f"{tmp_path}/no/job.py: no such application file, nor is there a folder {tmp_path}/no."


@pytest.mark.parametrize(
    ("argv", "name"),
    [
        (["--job-name=j", "--name=n", "--conf=spark.openlineage.appName=o", "x.py"], "j"),
        (["--name=n", "--conf=spark.openlineage.appName=o", "x.py"], "o"),
        (["--name=n", "--conf=spark.app.name=c", "x.py"], "n"),
        (["--conf=spark.app.name=c", "x.py"], "c"),
        (["--name", " ", "jobs/daily load.py"], "daily load"),
        (["--class", "com.acme.Report", "app-1.0.jar"], "Report"),
        (["--class", "com.acme.Report$", "app.jar"], "Report"),
        (["--class", "Main", "app.jar"], "Main"),
        (["s3://bucket/jobs/load.py"], "load"),
        (["app-1.0.jar"], "app-1.0"),
        (["pyspark-shell"], "pyspark-shell"),
    ],
)
def test_job_names(argv: list[str], name: str) -> None:
    command = parse(argv)
    assert default_job_name(command, effective(command, None, {})) == name


@pytest.mark.parametrize(
    ("application", "expected"),
    [("a.py", "PYTHON"), ("s3://b/a.py#x", "PYTHON"), ("pyspark-shell", "PYTHON"), ("a.R", "R"), ("a.jar", "JAVA")],
)
def test_languages(application: str, expected: str) -> None:
    assert language(parse([application])) == expected
