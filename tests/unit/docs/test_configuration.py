"""docs/configuration.md is written by hand: what stands in it runs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.cli.desk import CANARY, Desk

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")


def _blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Desk:
    made = Desk(tmp_path, capsys, monkeypatch)
    (text,) = _blocks("yaml")
    made.write(text)
    made.write("spark.executor.memory 2g\n", "my-defaults.conf")
    return made


def test_every_command_runs(desk: Desk) -> None:
    commands = [line.partition("#")[0].split() for block in _blocks("sh") for line in block.splitlines()]
    assert len(commands) == 9
    for program, *words in commands:
        assert program == "sparklineage"
        assert desk.good(*words)


def test_the_variables_are_the_ones_that_are_told(desk: Desk) -> None:
    (told,) = _blocks("text")
    _, _, err = desk.run("conf", "show", "--profile", "prod")
    assert err.endswith(told)


def test_the_example_for_python_runs(desk: Desk, tmp_path: Path) -> None:
    """As it stands there, in a process of its own; no session is started."""
    (example,) = _blocks("python")
    jar = tmp_path / "openlineage-spark_2.13-1.53.0.jar"
    jar.touch()
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    environ = {
        **kept, "HOME": str(desk.home), "SPARK_HOME": str(desk.spark), "PYTHONPATH": str(ROOT),
        "SPARKLINEAGE_AGENT_JAR": str(jar), "LINEAGE_KEY": CANARY,
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", f"{example}\nprint(builder._options)"],
        cwd=desk.work, env=environ, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("prod.team.domain from sparklineage.yml:7:5\n")
    assert "\nspark.openlineage.transport.auth.apiKey = env:LINEAGE_KEY  # sparklineage.yml:" in done.stdout
    options = done.stdout.splitlines()[-1]
    assert "'spark.openlineage.transport.endpoint': '/prefix/api/v1/lineage'" in options
    assert "'spark.sql.shuffle.partitions': '8'" in options
    assert CANARY not in done.stdout
