"""`sparklineage lint --fix` and `sparklineage migrate`: what they print, write and return."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from sparklineage.cli import main

Captured = pytest.CaptureFixture[str]

OLD = "spark.openlineage.debugFacet=enabled\nspark.extraListeners=x.Unknown\n"
NEW = "spark.openlineage.facets.debug.disabled=false\nspark.extraListeners=x.Unknown\n"
DIFF = """\
--- {0}
+++ {0}
@@ -1,2 +1,2 @@
-spark.openlineage.debugFacet=enabled
+spark.openlineage.facets.debug.disabled=false
 spark.extraListeners=x.Unknown
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _file(text: str = OLD, name: str = "a.conf") -> Path:
    path = Path(name)
    path.write_bytes(text.encode())
    return path


def _stdin(data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))


def test_fix_writes_and_tells(capsys: Captured) -> None:
    """The diff, how much that is, and what remains."""
    path = _file()
    assert main(["lint", "--fix", "a.conf"], {}) == 0
    assert capsys.readouterr() == (DIFF.format("a.conf") + "Made 1 fix in 1 file.\nNothing found in 1 file.\n", "")
    assert path.read_text() == NEW
    assert main(["lint", "--fix", "a.conf"], {}) == 0
    assert capsys.readouterr().out == "Nothing to fix in 1 file.\nNothing found in 1 file.\n"


def test_diff_writes_nothing(capsys: Captured) -> None:
    """It says so, and the status is that of a finding."""
    path = _file()
    for options in (["--diff"], ["--fix", "--diff"]):
        assert main(["lint", *options, "a.conf"], {}) == 1
        out = capsys.readouterr().out
        assert out == DIFF.format("a.conf") + "Would make 1 fix in 1 file.\nNothing found in 1 file.\n"
        assert path.read_text() == OLD


def test_what_remains_decides_the_status(capsys: Captured) -> None:
    """Findings are told with their places in the new text."""
    _file("spark.openlineage.facets.disabled=[a;b]\nspark.openlineage.parentRunId=7\n")
    assert main(["lint", "--fix", "."], {}) == 1
    out = capsys.readouterr().out
    assert "Made 1 fix in 1 file.\na.conf:3:1: SL033 error: spark.openlineage.parentRunId is no UUID.\n" in out


def test_migrate_shows_before_it_writes(capsys: Captured) -> None:
    """One line says what it would do, or has done."""
    path, other = (
        _file(),
        _file("spark.openlineage.facets.disabled=[a]\nspark.openlineage.logging.enabled=x\n", "b.conf"),
    )
    assert main(["migrate", "."], {}) == 1
    out = capsys.readouterr().out
    assert out.startswith(DIFF.format("a.conf") + "--- b.conf\n")
    last = out.splitlines()[-1]
    assert last == (
        "Would make 2 fixes in 2 files; --write makes them; 1 finding left for you, see `sparklineage lint`."
    )
    assert path.read_text() == OLD
    assert main(["migrate", "a.conf", "--write", "--backup"], {}) == 0
    assert capsys.readouterr().out == DIFF.format("a.conf") + "Made 1 fix in 1 file.\n"
    assert path.read_text() == NEW
    assert Path("a.conf.orig").read_text() == OLD
    assert main(["migrate", "a.conf"], {}) == 0
    assert capsys.readouterr().out == "Nothing to fix in 1 file.\n"
    assert main(["migrate", "b.conf"], {}) == 1
    assert "; --write makes it; " in capsys.readouterr().out
    assert other.read_text().startswith("spark.openlineage.facets.disabled")


@pytest.mark.parametrize("command", [["migrate"], ["lint", "--fix"]])
def test_stdin_comes_back_on_stdout(
    command: list[str], monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    """Alone, byte for byte; everything else is on stderr."""
    _stdin(b"\xef\xbb\xbfspark-submit --jars a --jars b \\\r\n  caf\xc3\xa9.py", monkeypatch)
    assert main([*command, "-"], {}) == 0
    out, err = capsysbinary.readouterr()
    assert out == b"\xef\xbb\xbfspark-submit --jars a,b \\\r\n  caf\xc3\xa9.py"
    assert b"--- <stdin>\n" in err
    assert b"Made 1 fix in 1 file.\n" in err


def test_stdin_that_cannot_be_mended_comes_back_as_it_is(
    monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    """So that a pipe loses nothing."""
    for data, kind, said in (
        (b"spark.openlineage.debugFacet=enabled\n# \xe9\n", "spark-defaults", b"<stdin>:2:3: this is no UTF-8"),
        (b"transport: [", "openlineage-yml", b"<stdin>:"),
    ):
        _stdin(data, monkeypatch)
        assert main(["migrate", "-", "--as", kind], {}) == 2
        out, err = capsysbinary.readouterr()
        assert out == data
        assert said in err
        assert b"Traceback" not in err


def test_diff_of_stdin(monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    """Only the diff, on stdout."""
    _stdin(OLD.encode(), monkeypatch)
    assert main(["lint", "--diff", "-", "--as", "spark-defaults"], {}) == 1
    out, err = capsys.readouterr()
    assert out.startswith(DIFF.format("<stdin>"))
    assert err == ""


def test_rules_that_are_chosen(capsys: Captured) -> None:
    """`--select` and `--ignore` restrict what is changed, comments in the file too."""
    text = "spark.jars=a\nspark.jars=b\n" + OLD
    path = _file(text)
    assert main(["migrate", "--write", "--ignore", "SL001", "a.conf"], {}) == 0
    assert path.read_text() == "spark.jars=a,b\n" + OLD
    path = _file("# sparklineage: ignore[SL001]\n" + OLD)
    assert main(["lint", "--fix", "a.conf"], {}) == 0
    assert path.read_text() == "# sparklineage: ignore[SL001]\n" + OLD
    assert main(["migrate", "--select", "SL04", "a.conf"], {}) == 0
    assert main(["migrate", "--select", "SL001", "a.conf"], {}) == 0
    assert capsys.readouterr().err == ""


def test_formats_for_programs_stay_alone_on_stdout(capsys: Captured) -> None:
    """The diff goes to stderr."""
    _file()
    assert main(["lint", "--fix", "--format", "json", "a.conf"], {}) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["findings"] == []
    assert err == DIFF.format("a.conf") + "Made 1 fix in 1 file.\n"


def test_findings_say_whether_there_is_a_fix(capsys: Captured) -> None:
    """In JSON."""
    _file("spark.openlineage.facets.disabled=[a;b]\nspark.openlineage.parentRunId=7\n")
    main(["lint", "--format", "json", "a.conf"], {})
    findings = json.loads(capsys.readouterr().out)["findings"]
    assert {finding["code"]: finding["fixable"] for finding in findings}.items() >= {("SL001", True), ("SL033", False)}


def test_files_that_cannot_be_written(capsys: Captured) -> None:
    """One sentence each, status 2, and the others are mended."""
    locked, last = _file(name="a.conf"), _file(name="c.conf")
    locked.chmod(0o444)
    assert main(["migrate", "--write", "a.conf", "b.conf", "c.conf"], {}) == 2
    out, err = capsys.readouterr()
    assert out.splitlines()[-1] == "Made 1 fix in 1 file; 1 finding left for you, see `sparklineage lint`."
    assert err.splitlines() == [
        "sparklineage: b.conf: cannot be read: No such file or directory.",
        "sparklineage: a.conf: cannot be written: it is read-only.",
    ]
    assert locked.read_text() == OLD
    assert last.read_text() == NEW


@pytest.mark.parametrize(
    ("argv", "sentence"),
    [
        (["lint", "--backup", "a.conf"], "lint: --backup needs --fix."),
        (["lint", "--fix", "--diff", "--backup", "a.conf"], "lint: --backup needs --fix without --diff."),
        (
            ["lint", "--fix", "-", "a.conf"],
            "lint: - stands alone where texts are changed; give the files in another call.",
        ),
        (["migrate", "--backup", "a.conf"], "migrate: --backup needs --write."),
        (["migrate", "--write", "--backup", "-"], "migrate: --backup is for files, and - is none."),
        (["migrate", "--spark", "four", "a.conf"], "migrate: --spark takes a version such as 4.2.0, not 'four'."),
        (["migrate", "--select", "SL9", "a.conf"], "migrate: --select names SL9, which is no rule."),
    ],
)
def test_wrong_options_are_refused(argv: list[str], sentence: str, capsys: Captured) -> None:
    """Nothing is written then."""
    path = _file()
    assert main(argv, {}) == 2
    assert capsys.readouterr().err.startswith(f"sparklineage: {sentence}")
    assert path.read_text() == OLD
