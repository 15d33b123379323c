"""docs/testing.md as a user's own test run with a real session: every example on it, and what a failure looks like."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.real.submission import REPOSITORY
from tests.support.receiver import Receiver

pytestmark = pytest.mark.spark

PAGE = (REPOSITORY / "docs" / "testing.md").read_text(encoding="utf-8")
MORE = """

def test_schema(lineage_spark, lineage, ships, tmp_path):
    lineage_spark.read.csv(str(ships), header=True, inferSchema=True).write.parquet(str(tmp_path / "report"))
    assert any(run.inputs == {tmp_path} for run in lineage.runs)
    assert lineage.inputs == {"ships.csv"}

def test_wrong(lineage_spark, lineage, ships, tmp_path):
    report(lineage_spark, ships, tmp_path / "report")
    assert lineage.inputs == {"ship.csv", "https://ratings.example.com/v1"}
"""

ORDER = """
import pytest
import sparklineage
from pyspark.sql.functions import udf

ADDRESS = "https://ratings.example.com/"


@sparklineage.reads(ADDRESS + "module")
def of_the_module(value):
    return value


def use(spark, function, folder=None):
    frame = spark.range(3).select(udf(function, "long")("id").alias("value"))
    return frame.explain() if folder is None else frame.write.parquet(str(folder / "out"))


def test_explained(lineage_spark, lineage):
    use(lineage_spark, of_the_module)
    assert lineage.inputs == set()


def test_declared_and_never_executed(lineage_spark, lineage):
    @sparklineage.reads(ADDRESS + "unused")
    def unused(value):
        return value

    use(lineage_spark, unused)
    sparklineage.tag(lineage_spark.range(3), inputs=[ADDRESS + "tag"])
    assert lineage.inputs == {ADDRESS + "unused", ADDRESS + "tag"}
    assert lineage.run("unused").state == "COMPLETE"


def test_others(lineage_spark, lineage, tmp_path):
    lineage_spark.range(3).write.parquet(str(tmp_path / "out"))
    assert lineage.inputs == set()
    assert lineage.outputs == {tmp_path / "out"}


@pytest.mark.parametrize("number", [1, 2])
def test_made_anew(lineage_spark, lineage, tmp_path, number):
    @sparklineage.reads(f"{ADDRESS}{number}")
    def rate(value):
        return of_the_module(value)

    use(lineage_spark, rate, tmp_path)
    assert lineage.inputs == {f"{ADDRESS}{number}", ADDRESS + "module"}


def test_declared_before(lineage_spark, lineage, tmp_path):
    use(lineage_spark, of_the_module, tmp_path)
    assert lineage.inputs == {ADDRESS + "module"}
    assert [run.outputs for run in lineage.runs] == [{tmp_path / "out"}]


@pytest.mark.parametrize("number", [1, 2])
def test_sent_to_executors(lineage_spark, lineage, number):
    assert lineage_spark.sparkContext.parallelize([number]).map(of_the_module).collect() == [number]
    assert lineage.inputs == {ADDRESS + "module"}
    assert lineage.run("of_the_module").state == "COMPLETE"
"""


NIGHTLY = """
import os
import pytest
import sparklineage

@pytest.mark.parametrize("number", [1, 2])
def test_nightly(lineage_spark, lineage, tmp_path, number):
    url = os.environ["OPENLINEAGE_URL"]
    with pytest.raises(ZeroDivisionError), sparklineage.application(lineage_spark, name="nightly", backend=url):
        with sparklineage.step(lineage_spark, "rates", inputs=[f"s3://lake/rates{number}"]):
            lineage_spark.range(3).write.parquet(str(tmp_path / "out"))
        1 / 0
    assert lineage.inputs == {f"s3://lake/rates{number}"}
    assert lineage.outputs == {tmp_path / "out"}
    assert lineage.application.state == "FAIL"

def test_nothing_of_it_is_sent_without_the_fixture(lineage_spark):
    with sparklineage.application(lineage_spark, name="third") as app:
        assert app.way == "journal"
"""


LOGGING = """
appender.console.type = Console
appender.console.name = console
appender.console.target = SYSTEM_ERR
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %p %c{1}: %m%n
rootLogger.level = error
rootLogger.appenderRef.console.ref = console
logger.agent.name = io.openlineage
logger.agent.level = warn
"""
"""Of somebody who wants to read what the agent warns of."""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of the page's files, with one more test that passes and one that fails."""
    folder = tmp_path_factory.mktemp("project")
    for name, text in re.findall(r"```python\n# (\w+\.py)\n(.*?)```", PAGE, re.DOTALL):
        (folder / name).write_text(text)
    with (folder / "test_harbour.py").open("a") as file:
        file.write(MORE)
    # A configuration with a backend: nothing of it may be sent.
    (folder / "sparklineage.yml").write_text("namespace: harbour\ntransport: {url: 'http://127.0.0.1:9'}\n")
    return folder


def _run(project: Path, *options: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environ = {
        key: value for key, value in os.environ.items() if not key.startswith(("SPARK", "PYSPARK", "OPENLINEAGE"))
    }
    environ |= {"PYTHONPATH": str(REPOSITORY), "PYSPARK_PYTHON": sys.executable, **variables}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--basetemp={project}/base", *options]
    return subprocess.run(command, cwd=project, env=environ, capture_output=True, text=True, timeout=400, check=False)


def test_the_pages_examples_pass_and_a_wrong_one_is_explained(project: Path) -> None:
    written = _run(project, "test_harbour.py", "--lineage-update")
    assert "4 passed" in written.stdout, written.stdout[-8000:]
    assert "1 failed" in written.stdout
    assert "lineage: wrote " in written.stdout
    lines = [line.rstrip() for line in written.stdout.splitlines()]
    start = lines.index("E       AssertionError: assert Datasets differ")
    shown = re.search(r"```\n(E       AssertionError: assert Datasets differ\n.*?)```", PAGE, re.DOTALL)
    assert shown is not None
    folder = f"{project}/base/test_wrong0"
    expected = shown[1].replace("/home/ann/base/test_report0", folder).splitlines()
    assert lines[start : start + len(expected)] == expected

    golden = json.loads((project / "lineage_golden" / "report.json").read_text())
    (writing,) = [run for run in golden if run["outputs"]]
    assert writing == {
        "job": "execute_insert_into_hadoop_fs_relation_command.<tmp_path>_report",
        "kind": "SQL_JOB",
        "state": "COMPLETE",
        "inputs": ["file:<tmp_path>/ships.csv", "https://ratings.example.com/v1"],
        "outputs": ["file:<tmp_path>/report"],
        "columns": {
            "file:<tmp_path>/report.area": ["file:<tmp_path>/ships.csv.length", "file:<tmp_path>/ships.csv.width"],
            "file:<tmp_path>/report.name": ["file:<tmp_path>/ships.csv.name"],
        },
    }
    # The message stands alone: the agent warns of every query.
    warning = "WARN SparkOpenLineageExtensionVisitorWrapper"
    assert warning not in written.stdout
    logging = project / "log4j2.properties"
    logging.write_text(LOGGING)
    wanted = {"JAVA_TOOL_OPTIONS": f"-Dlog4j2.configurationFile={logging.as_uri()}"}
    again = _run(project, "test_harbour.py", "-k", "side_by_side", "-rP", **wanted)
    assert "1 passed" in again.stdout, again.stdout[-8000:]
    assert warning in again.stdout.partition("Captured stderr call")[2]


def test_a_session_of_ones_own(project: Path) -> None:
    done = _run(project, "test_own_session.py")
    assert "1 passed" in done.stdout, done.stdout[-8000:]
    # After the last test nothing complains of a journal that is gone.
    assert "sparklineage" not in done.stderr
    assert "Exception" not in done.stderr


def test_no_test_sees_what_others_declared(project: Path) -> None:
    (project / "test_order.py").write_text(ORDER)
    done = _run(project, "test_order.py")
    assert "8 passed" in done.stdout, done.stdout[-8000:]
    alone = _run(project, "test_order.py", "-k", "declared_before or 2")
    assert "3 passed" in alone.stdout, alone.stdout[-8000:]


def test_applications_and_what_has_no_session_are_shown_and_not_sent(project: Path) -> None:
    (project / "test_nightly.py").write_text(NIGHTLY)
    with Receiver() as receiver:
        done = _run(project, "test_upload.py", "test_nightly.py", OPENLINEAGE_URL=receiver.url)
    assert "4 passed" in done.stdout, done.stdout[-8000:]
    assert receiver.posts == 0
