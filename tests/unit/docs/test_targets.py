"""docs/targets.md is written by hand: what stands in it is so."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from sparklineage.cli import commands
from sparklineage.targets import NAMES
from tests.unit.cli.desk import Desk

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "targets.md").read_text(encoding="utf-8")
ROWS: dict[str, str] = dict(re.findall(r"^\| `([a-z-]+)` \| (.*?) \|", PAGE, re.MULTILINE))


def _blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def _commands(language: str) -> list[list[str]]:
    return [shlex.split(line) for block in _blocks(language) for line in block.splitlines()]


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Desk:
    made = Desk(tmp_path, capsys, monkeypatch)
    (text,) = _blocks("yaml")
    made.write(text)
    made.write("# mine\nspark.executor.memory 2g\n", "mine.conf")
    return made


def test_every_target_has_a_row_and_an_example() -> None:
    assert list(ROWS) == list(NAMES)
    assert list(dict.fromkeys(words[2] for words in _commands("sh"))) == list(NAMES)


@pytest.mark.parametrize("words", _commands("sh"), ids=lambda words: " ".join(words[2:5]))
def test_a_command_writes_what_its_row_names(desk: Desk, words: list[str]) -> None:
    """The files behind the semicolon are for keys and journals, which the example has none of."""
    program, *words = words
    assert program == "sparklineage"
    printed = desk.good(*words)
    if "--diff" in words:
        assert "+spark.extraListeners" in printed
        return
    if "--out" not in words:
        assert printed
        desk.good(*words, "--out", "all")
    if "--into" in words:
        return
    folder = desk.work / (words[words.index("--out") + 1] if "--out" in words else "all")
    always = re.findall(r"`([a-z_-]+\.[a-z]+)`", ROWS[words[1]].partition(";")[0])
    assert {path.name for path in folder.iterdir()} == {*always, "lineage-notes.md"}


def test_the_other_files_are_for_keys_and_journals(desk: Desk) -> None:
    (text,) = _blocks("yaml")
    for name, secret in (("emr", "aws-ssm:/lineage/key"), ("dataproc", "env:LINEAGE_KEY")):
        key = f"  auth: {{type: api_key, apiKey: '{secret}'}}\ndelivery: {{mode: direct}}\nplatforms:"
        desk.write(text.replace("platforms:", key))
        place, release = ("gs://lake/lineage", "2.2") if name == "dataproc" else ("s3://lake/lineage", "emr-7.5.0")
        desk.good("conf", name, "--artifacts", place, "--release", release, "--out", name)
        (more,) = re.findall(r"`([a-z-]+\.sh)`", ROWS[name].partition(";")[2])
        assert (desk.work / name / more).is_file()


def test_what_is_applied_parses() -> None:
    """It is not run: it would call a platform."""
    for _, *words in _commands("text"):
        assert commands.whole_parser().parse_args(words).apply is True


def test_the_examples_for_python_run(desk: Desk) -> None:
    """As they stand there, in a process of their own; no session is started."""
    desk.good("conf", "pyspark", "--out", ".")
    wrap, rendering = _blocks("python")
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    environ = {**kept, "HOME": str(desk.home), "SPARK_HOME": str(desk.spark), "PYTHONPATH": f"{ROOT}:{desk.work}"}
    for example, expected in ((f"{wrap}\nprint(builder._options)", "'spark.extraListeners': "),
                              (rendering, "configurations.json ")):  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-c", example], cwd=desk.work, env=environ, capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert expected in done.stdout
