"""Nothing leaves the process while a test uses one of the fixtures, whatever names a backend."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import sparklineage
from sparklineage.journal import kept, read_json
from sparklineage.sdk.session import JOURNAL_VARIABLE
from tests.support import journal
from tests.support.receiver import Receiver
from tests.support.spark_home import spark_home

if TYPE_CHECKING:
    from collections.abc import Iterator

pytest_plugins = ["pytester"]
JOB = """
import os
import pytest
import sparklineage
from sparklineage.sdk.session import Driver


def upload():
    with sparklineage.step(None, "upload", outputs=["s3://lake/report"]):
        pass


def sends():
    return Driver.of(None, os.environ).direct is not None
"""


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Receiver]:
    """A backend that every variable names, and a journal whose relay would deliver to it."""
    with Receiver() as made:
        for name in [name for name in os.environ if name.startswith(("OPENLINEAGE", "SPARKLINEAGE", "MARQUEZ"))]:
            monkeypatch.delenv(name)
        for name in ("OPENLINEAGE_URL", "SPARKLINEAGE_BACKEND", "MARQUEZ_URL"):
            monkeypatch.setenv(name, made.url)
        monkeypatch.setenv("SPARKLINEAGE_JOURNAL", str(tmp_path / "journal"))
        yield made


def test_what_has_no_session_is_shown_and_not_sent(
    pytester: pytest.Pytester, receiver: Receiver, tmp_path: Path
) -> None:
    pytester.makepyfile(job=JOB)
    pytester.makepyfile(
        """
        from job import *

        @pytest.fixture(scope="module")
        def of_the_module():
            upload()

        def test_step(of_the_module, lineage):
            assert lineage.runs == []
            upload()
            assert not sends()
            assert lineage.run("upload").outputs == {"s3://lake/report"}
            assert lineage.run("upload").state == "COMPLETE"

        def test_application(lineage):
            url = os.environ["OPENLINEAGE_URL"]
            with pytest.raises(RuntimeError), sparklineage.application(name="nightly", backend=url):
                upload()
                raise RuntimeError("the mast is broken")
            assert lineage.outputs == {"s3://lake/report"}
            assert (lineage.application.name, lineage.application.state) == ("nightly", "FAIL")

        def test_asked_for_by_name(request):
            lineage = request.getfixturevalue("lineage")
            upload()
            assert lineage.outputs == {"s3://lake/report"}

        def test_without_the_fixtures():
            assert sends()
        """
    )
    pytester.runpytest_subprocess("-q", "-p", "no:xdist").assert_outcomes(passed=4)
    assert (receiver.posts, (tmp_path / "journal").exists()) == (0, False)


def test_an_application_on_the_session_of_a_test_run_is_not_delivered(
    receiver: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """In any test, so that the lineage of earlier ones is not either."""
    spool = tmp_path / "spool"
    folder = journal.folder(spool)
    folder.run.unlink()  # its witness has made the folder
    kept.keep(spool)
    monkeypatch.setenv(JOURNAL_VARIABLE, str(folder.path))
    with sparklineage.application(name="nightly", backend=receiver.url) as app:
        assert (app.way, app.folder, app.why) == ("journal", folder.path, kept.WHY)
        assert sparklineage.check().backend_source == kept.WHY
    ended = read_json(folder.outcome)
    assert ended is not None
    assert ended["state"] == "COMPLETE"
    assert (receiver.posts, folder.run.exists(), caplog.messages) == (0, False, [])


def test_a_session_that_the_job_makes_reports_into_the_journal_of_the_tests(
    receiver: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pyspark.sql import SparkSession  # noqa: PLC0415

    (tmp_path / "agent.jar").touch()
    monkeypatch.setenv("SPARKLINEAGE_AGENT_JAR", str(tmp_path / "agent.jar"))
    monkeypatch.setenv("SPARK_HOME", str(spark_home(tmp_path / "spark")))
    monkeypatch.setenv("SPARKLINEAGE_DELIVERY_MODE", "direct")
    monkeypatch.chdir(tmp_path)
    spool = tmp_path / "spool"
    with kept.everything(spool):
        alone = sparklineage.configure(SparkSession.Builder())._options
        with sparklineage.application(name="nightly") as app:
            inside = sparklineage.configure(SparkSession.Builder())._options
    for found in (alone, inside):
        assert found["spark.sparklineage.spool"] == str(spool)
        assert not [key for key in found if "transport" in key]
    assert inside["spark.openlineage.applicationRunId"] == app.run_id
    assert receiver.posts == 0
