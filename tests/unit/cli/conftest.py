"""A Spark that is a shell script."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.cli.scripted import SCRIPT, STARTED


@pytest.fixture
def spark(tmp_path: Path) -> Path:
    """A Spark home whose spark-submit writes down its arguments and runs $JOB."""
    home = tmp_path / "spark"
    (home / "bin").mkdir(parents=True)
    (home / "jars").mkdir()
    for name in ("spark-core_2.13-4.2.0.jar", "scala-library-2.13.18.jar"):
        (home / "jars" / name).write_bytes(b"")
    script = home / "bin" / "spark-submit"
    script.write_text(SCRIPT)
    script.chmod(0o755)
    with zipfile.ZipFile(tmp_path / "openlineage-spark_2.13-1.53.0.jar", "w") as jar:
        name = "io/openlineage/spark/agent/OpenLineageSparkListener.class"
        jar.writestr(name, b"()Lscala/collection/immutable/Seq;")
    (tmp_path / "job.py").write_text("")
    return home


@pytest.fixture(autouse=True)
def _nothing_is_left_running() -> Iterator[None]:
    """Whatever a test that failed in the middle has left behind."""
    yield
    while STARTED:
        with STARTED.pop() as process:
            process.kill()
