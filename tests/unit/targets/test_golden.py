"""Each folder of tests/golden/targets holds a sparklineage.yml, arguments of `conf`, and what comes of them.

args.txt has the words behind `sparklineage conf`, quoted as for a shell; they may name files of the case (`--into`).
expected/ has every file that --out writes, and expected.txt what is told besides. A case whose name ends in `-refused`
has the sentence of the refusal there, and no files. With SPARKLINEAGE_GOLDEN=write the expected files are written anew;
review them with `git diff`.
"""

from __future__ import annotations

import os
import shlex
import shutil
from pathlib import Path

import pytest

from sparklineage.cli import main
from tests.support.spark_home import spark_home

CASES = Path(__file__).parents[2] / "golden" / "targets"
NAMES = sorted(path.name for path in CASES.iterdir())


def _conf(folder: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, dict[str, str]]:
    """The status of `conf` in a folder, what is told, and the files."""
    base = folder.parent
    words = shlex.split((folder / "args.txt").read_text(encoding="utf-8"))
    environ = {"SPARK_HOME": str(spark_home(base / "spark")), "HOME": str(base / "home"), "SPARK_CONF_DIR": "."}
    status = main(["conf", *words, "--out", "out"], environ)
    told = capsys.readouterr().err.replace(str(base), "BASE")
    out = folder / "out"
    # The notes, which are told too.
    paths = [path for path in sorted(out.rglob("*")) if path.is_file() and path.name != "lineage-notes.md"]
    return status, told, {str(path.relative_to(out)): path.read_bytes().decode("utf-8") for path in paths}


@pytest.mark.parametrize("case", NAMES)
def test_a_target_writes_what_is_expected(
    case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """To the byte."""
    folder = tmp_path / "case"
    shutil.copytree(CASES / case, folder, ignore=shutil.ignore_patterns("expected*"))
    monkeypatch.chdir(folder)
    status, told, found = _conf(folder, capsys)
    assert (status != 0) is case.endswith("-refused"), told
    if found:
        notes = (folder / "out" / "lineage-notes.md").read_text(encoding="utf-8").replace(str(tmp_path), "BASE")
        head, blank, *lines = notes.splitlines()
        assert (head, blank, bool(lines)) == ("# Notes", "", True)
        # A note of the list may be followed by a hint of the command's.
        assert [line for line in lines if f"sparklineage: {line[2:].replace(chr(92) + '<', '<')}" not in told] == []
    expected, words = CASES / case / "expected", CASES / case / "expected.txt"
    if os.environ.get("SPARKLINEAGE_GOLDEN") == "write":
        shutil.rmtree(expected, ignore_errors=True)
        for name, text in found.items():
            path = expected / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode("utf-8"))
        words.write_text(told, encoding="utf-8")
    assert told == words.read_text(encoding="utf-8")
    names = {str(path.relative_to(expected)) for path in expected.rglob("*") if path.is_file()}
    assert set(found) == names
    for name, text in found.items():
        assert text == (expected / name).read_bytes().decode("utf-8"), name
