"""Each folder of tests/golden/conf holds a sparklineage.yml, and what `conf show` and `explain` make of it.

A spark-defaults.conf beside it is the user's own: `explain` finds it, `conf show` gets it by --into. options.txt has
options for both. The home folder stands as HOME in what is expected, the Spark 4.2.0 found as SPARK, the package as
PACKAGE. `SPARKLINEAGE_GOLDEN=write pytest tests/unit/cli/test_conf_golden.py` writes the expected files anew; review
them with `git diff`.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
from pathlib import Path

import pytest

import sparklineage
from sparklineage.cli import main
from sparklineage.config.properties import parse
from tests.support.spark_home import spark_home

CASES = Path(__file__).parents[2] / "golden" / "conf"
NAMES = sorted(path.name for path in CASES.iterdir())
FORMATS = ("properties", "json", "args")


class Desk:
    """A copy of a case, with a home and a Spark of its own."""

    def __init__(self, folder: Path, case: str, capsys: pytest.CaptureFixture[str]) -> None:
        shutil.copytree(CASES / case, folder / "work")
        self.home, self.work, self.capsys = folder / "home", folder / "work", capsys
        self.spark = spark_home(folder / "spark")
        options = self.work / "options.txt"
        self.options = shlex.split(options.read_text(encoding="utf-8")) if options.exists() else []
        self.theirs = (self.work / "spark-defaults.conf").exists()

    def run(self, *words: str) -> tuple[str, str]:
        environ = {"SPARK_HOME": str(self.spark), "HOME": str(self.home), "SPARK_CONF_DIR": ".", "COLUMNS": "400"}
        status = main([*words, *self.options], environ)
        out, err = self.capsys.readouterr()
        assert status == 0, err
        return self.normal(out), self.normal(err)

    def show(self, form: str) -> tuple[str, str]:
        into = ["--into", "spark-defaults.conf"] if self.theirs else []
        return self.run("conf", "show", "--format", form, *into)

    def normal(self, text: str) -> str:
        package = str(Path(sparklineage.__file__).parent)
        for path, name in ((self.home, "HOME"), (self.spark, "SPARK"), (package, "PACKAGE")):
            text = text.replace(str(path), name)
        return text


@pytest.fixture(params=NAMES)
def desk(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Desk:
    made = Desk(tmp_path, request.param, capsys)
    monkeypatch.chdir(made.work)
    monkeypatch.setenv("HOME", str(made.home))
    return made


def _compare(case: Path, name: str, text: str) -> None:
    expected = CASES / case.name / name
    if os.environ.get("SPARKLINEAGE_GOLDEN") == "write":
        expected.write_text(text, encoding="utf-8")
    assert text == expected.read_text(encoding="utf-8")


def test_what_is_shown_and_explained(desk: Desk, request: pytest.FixtureRequest) -> None:
    """To the character, with what is told on stderr."""
    case = CASES / request.node.callspec.params["desk"]
    for form in FORMATS:
        out, err = desk.show(form)
        _compare(case, f"expected.{form}", out)
    _compare(case, "notes.txt", err)
    out, err = desk.run("explain")
    assert err == ""
    _compare(case, "explain.txt", out)


def test_the_three_formats_say_the_same(desk: Desk) -> None:
    """Each read by its own reader: Java's properties, JSON, a shell's words."""
    by_json = json.loads(desk.show("json")[0])
    assert parse(desk.show("properties")[0]) == by_json
    words = shlex.split(desk.show("args")[0].replace(" \\\n--", " --"))
    pairs = dict(zip(words[1::2], words[::2], strict=True))
    plain = {text.partition("=")[0]: text.partition("=")[2] for text, flag in pairs.items() if flag == "--conf"}
    options = {flag: text for text, flag in pairs.items() if flag != "--conf"}
    assert plain | {"spark.jars": options.get("--jars")} == {"spark.jars": None} | by_json


def test_no_canary_is_anywhere(desk: Desk) -> None:
    for form in FORMATS:
        assert "canary" not in "".join(desk.show(form))
    assert "canary" not in "".join(desk.run("explain"))
    assert "canary" not in "".join(desk.run("explain", "--format", "json"))
