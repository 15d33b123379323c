"""Properties for sessions of test runs."""

from __future__ import annotations

import atexit
import tempfile
from pathlib import Path

import pytest

from sparklineage.testing import conf
from sparklineage.testing.conf import spark_conf


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a configuration that sends to a backend, and switches lineage off."""
    (tmp_path / "agent.jar").write_bytes(b"")
    (tmp_path / "sparklineage.yml").write_text(
        f"namespace: harbour\ndisabled: true\nagent: {{jar: {tmp_path / 'agent.jar'}}}\n"
        "transport: {url: 'http://backend.example.com', auth: {apiKey: env:MISSING_KEY}}\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(conf, "spools", [])
    return tmp_path


def test_lineage_is_on_and_goes_nowhere(project: Path) -> None:
    found = spark_conf(journal="records")
    assert found["spark.sparklineage.spool"] == str(project / "records")
    assert found["spark.openlineage.namespace"] == "harbour"
    assert found["spark.extraListeners"].startswith("io.sparklineage.Witness,")
    assert not [key for key in found if "transport" in key]
    assert conf.spools == [project / "records"]


def test_ones_own_properties_are_joined(project: Path) -> None:
    mine = {"spark.jars": "/mine.jar", "spark.extraListeners": "com.example.Mine", "spark.app.name": "a"}
    found = spark_conf(mine, journal=project)
    assert found["spark.jars"].split(",")[0] == "/mine.jar"
    assert str(project / "agent.jar") in found["spark.jars"].split(",")
    assert "com.example.Mine" in found["spark.extraListeners"].split(",")
    assert found["spark.app.name"] == "a"


def test_without_a_folder_the_records_are_temporary(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(project))
    removed = []
    monkeypatch.setattr(atexit, "register", lambda function, folder: removed.append((function, folder)))
    spool = Path(spark_conf()["spark.sparklineage.spool"])
    assert spool.parent == project
    ((function, folder),) = removed
    assert folder == spool
    function(folder)
    assert not spool.exists()
