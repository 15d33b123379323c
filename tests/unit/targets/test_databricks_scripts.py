"""The init script under a real bash, and the cell against a driver's answers."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sparklineage.targets import Order, databricks
from tests.support.databricks import FOLDER, JAR, KEY, cluster_order, texts
from tests.support.orders import AGENT, HTTP

PLACES = ("/databricks/jars", "/mnt/driver-daemon/jars")


def _script(order: Order) -> str:
    return texts(databricks.render(order))["init.sh"]


def _run(text: str, root: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """The script with its folders below `root`."""
    for place in (*PLACES, FOLDER):
        text = text.replace(place, f"{root}{place}")
    file = root / "init.sh"
    file.write_text(text, encoding="utf-8")
    return subprocess.run(
        ["bash", str(file)],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
        env={"PATH": "/usr/bin:/bin"} | variables,
    )


def _volume(root: Path, name: str = JAR, content: bytes = b"PK\x03\x04 a JAR") -> Path:
    jar = root / FOLDER[1:] / name
    jar.parent.mkdir(parents=True, exist_ok=True)
    jar.write_bytes(content)
    jar.chmod(0o600)
    return jar


def test_the_jar_stands_readable_in_both_folders(tmp_path: Path) -> None:
    jar = _volume(tmp_path)
    for _ in range(2):
        done = _run(_script(cluster_order()), tmp_path, DB_IS_DRIVER="TRUE")
        assert (done.returncode, done.stderr) == (0, "")
    for place in PLACES:
        (copy,) = (tmp_path / place[1:]).iterdir()
        assert (copy.name, copy.read_bytes(), copy.stat().st_mode & 0o777) == (JAR, jar.read_bytes(), 0o644)
    assert done.stdout.splitlines() == [f"sparklineage: {tmp_path}{place}/{JAR}" for place in PLACES]


def test_a_worker_gets_nothing(tmp_path: Path) -> None:
    _volume(tmp_path)
    assert _run(_script(cluster_order()), tmp_path, DB_IS_DRIVER="FALSE").returncode == 0
    assert not (tmp_path / "databricks").exists()


@pytest.mark.parametrize("empty", [True, False])
def test_a_missing_jar_is_told_and_the_cluster_starts(tmp_path: Path, empty: bool) -> None:
    if empty:
        _volume(tmp_path, content=b"")
    done = _run(_script(cluster_order()), tmp_path, DB_IS_DRIVER="TRUE")
    assert done.returncode == 0
    assert f"{FOLDER}/{JAR} is missing or empty" in done.stderr
    assert not (tmp_path / "databricks").exists()


def test_a_folder_that_cannot_be_made_is_told_and_the_other_one_filled(tmp_path: Path) -> None:
    _volume(tmp_path)
    (tmp_path / "mnt").write_text("a file", encoding="utf-8")
    done = _run(_script(cluster_order()), tmp_path)
    assert done.returncode == 0
    assert f"{PLACES[1]}/{JAR} could not be written" in done.stderr
    assert (tmp_path / "databricks" / "jars" / JAR).is_file()


@given(st.text(st.characters(exclude_categories=["C", "Z"], exclude_characters="/"), min_size=1, max_size=12))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_name_is_a_name_whatever_is_in_it(tmp_path: Path, name: str) -> None:
    """Quotes, `$()`, backslashes, `*`: no shell takes it for anything else."""
    name = f"{name}.jar"
    _volume(tmp_path, name)
    done = _run(_script(cluster_order(jars=(f"{FOLDER}/{name}",))), tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "databricks" / "jars" / name).is_file()


@pytest.mark.parametrize("artifacts", [FOLDER, "/Workspace/Shared/it's; here"])
def test_shellcheck_finds_nothing(tmp_path: Path, artifacts: str) -> None:
    text = _script(cluster_order(artifacts=artifacts))
    assert "\r" not in text
    file = tmp_path / "init.sh"
    file.write_text(text, encoding="utf-8")
    program = shutil.which("shellcheck") or str(Path(sys.executable).with_name("shellcheck"))
    done = subprocess.run([program, str(file)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_it_is_smaller_than_init_scripts_have_been_allowed_to_be() -> None:
    assert len(_script(cluster_order(jars=tuple(f"{FOLDER}/{number}.jar" for number in range(9))))) < 65_536


def _context(listeners: list[str], conf: dict[str, str]) -> Any:
    """What the cell asks of a SparkContext; a real one is asked in tests/real."""

    def listener(name: str) -> Any:
        return SimpleNamespace(getClass=lambda: SimpleNamespace(getName=lambda: name))

    bus = SimpleNamespace(listeners=lambda: [listener(name) for name in listeners])
    return SimpleNamespace(
        _jsc=SimpleNamespace(sc=lambda: SimpleNamespace(listenerBus=lambda: bus)),
        getConf=lambda: SimpleNamespace(getAll=lambda: list(conf.items())),
    )


class _Standard:
    @property
    def sparkContext(self) -> object:  # noqa: N802 - as Spark has it
        raise RuntimeError("[JVM_ATTRIBUTE_NOT_SUPPORTED] hunter2")


@pytest.mark.parametrize(
    ("spark", "line"),
    [
        (
            SimpleNamespace(sparkContext=_context([AGENT], HTTP)),
            "ok: the agent listens, type http, url https://marquez.example.com",
        ),
        (SimpleNamespace(sparkContext=_context(["a.B"], HTTP)), "wrong: the agent does not listen; see the log"),
        (
            SimpleNamespace(sparkContext=_context([AGENT], {**HTTP, "spark.openlineage.transport.url": "https://u:hunter2@h"})),
            "wrong: spark.openlineage.transport.url is not 'https://marquez.example.com'",
        ),
        (_Standard(), "unknown: no way to the JVM from here (RuntimeError), as in the standard access mode"),
    ],
)  # fmt: skip
def test_the_cell_prints_one_line(spark: object, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    cell = texts(databricks.render(cluster_order(KEY)))["check.py"]
    exec(compile(cell, "check.py", "exec"), {"spark": spark})  # noqa: S102 - this is what a notebook does
    out, err = capsys.readouterr()
    assert re.fullmatch(r"sparklineage: [^\n]*\n", out)
    assert line in out
    assert err == "" and "hunter2" not in out
    assert "lineage/key" not in cell
