"""`sparklineage lint`: paths, options, formats and exit codes. What the rules find is in tests/golden/lint."""

from __future__ import annotations

import io
import json
import os
import time
from pathlib import Path

import pytest

from sparklineage.cli import lint, main
from sparklineage.lint import CODES, READERS, RULES

Captured = pytest.CaptureFixture[str]
DEAD = "spark.openlineage.url http://canary-host:5000\n"
CLEAN = "spark.openlineage.namespace prod.flights\n"
GOLDEN = Path(__file__).parents[2] / "golden" / "lint"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_choices_are_the_readers() -> None:
    """The command names them itself, so that its help need not load them."""
    assert set(lint.KINDS) == set(READERS)


@pytest.mark.parametrize(("text", "status"), [(DEAD, 1), (CLEAN, 0), ("spark.jars \\u12\n", 2), ("", 0)])
def test_exit_codes(folder: Path, capsys: Captured, text: str, status: int) -> None:
    """Nothing wrong, findings, unreadable."""
    (folder / "spark-defaults.conf").write_text(text)
    assert main(["lint", "spark-defaults.conf"], {}) == status
    assert bool(capsys.readouterr().err) == (status == 2)


def test_advice_alone_is_status_0(folder: Path, capsys: Captured) -> None:
    (folder / "notes.txt").write_text(DEAD)
    assert main(["lint", "notes.txt"], {}) == 0
    assert "SL000 info" in capsys.readouterr().out


def test_the_other_files_are_checked_all_the_same(folder: Path, capsys: Captured) -> None:
    """One that is missing and one that is broken do not hide a third."""
    (folder / "bad.py").write_text("SparkConf(")
    (folder / "spark-defaults.conf").write_text(DEAD)
    assert main(["lint", "gone.conf", "bad.py", "spark-defaults.conf"], {}) == 2
    out, err = capsys.readouterr()
    assert "SL001" in out
    assert err.splitlines() == [
        "sparklineage: gone.conf: cannot be read: No such file or directory.",
        "sparklineage: bad.py:1:10: this is no Python 3: '(' was never closed.",
    ]


TOO_LARGE = "is larger than 5 MB, so it is not read."
UTF_16 = "is UTF-16, which neither Spark nor this command reads; save it as UTF-8."
ZERO = "is no text: it holds a zero byte, as only binary files do."
UNREADABLE = [
    (b"x" * 5_000_001, TOO_LARGE),
    (b"spark.a b\0", ZERO),
    (DEAD.encode("utf-16"), UTF_16),
    (DEAD.encode("utf-16-le"), UTF_16),
    (DEAD.encode("utf-16-be"), UTF_16),
]


@pytest.mark.parametrize(("data", "why"), UNREADABLE)
def test_huge_and_binary_files_are_refused(folder: Path, capsys: Captured, data: bytes, why: str) -> None:
    """Found in a folder, they are just left out, unless their names say that they are configuration."""
    (folder / "big.conf").write_bytes(data)
    assert main(["lint", "big.conf"], {}) == 2
    assert capsys.readouterr().err == f"sparklineage: big.conf: {why}\n"
    assert main(["lint", "."], {}) == 0
    assert capsys.readouterr() == ("Nothing found in 0 files; 1 file of other kinds left out.\n", "")
    (folder / "spark-defaults.conf").write_bytes(data)
    for argv in ([".", "--fix"], ["."], ["spark-defaults.conf", "--known-only"]):
        assert main(["lint", *argv], {}) == 2
        assert capsys.readouterr().err == f"sparklineage: spark-defaults.conf: {why}\n"
    assert (folder / "spark-defaults.conf").read_bytes() == data


@pytest.mark.parametrize(
    ("name", "text", "status"),
    [
        ("openlineage.yml", "transport: {}", 2),
        ("job.py", "SparkSession.builder", 2),
        ("run.sh", "spark-submit x.py", 2),
        ("tables.py", "TABLE = 1", 0),
        ("image.png", "spark", 0),
    ],
)
def test_what_cannot_be_read_in_a_folder_is_told_where_it_is_about_spark(
    folder: Path, capsys: Captured, name: str, text: str, status: int
) -> None:
    """By its name and by what can be read of it."""
    for data in (text.encode("utf-16"), text.encode() + b"\0", text.encode() + b" " * 5_000_000):
        (folder / name).write_bytes(data)
        assert main(["lint", "."], {}) == status
        assert bool(capsys.readouterr().err) == (status == 2)


@pytest.mark.parametrize(("data", "why"), UNREADABLE)
@pytest.mark.parametrize("options", [[], ["--fix"]])
def test_the_same_from_stdin(
    capsysbinary: pytest.CaptureFixture[bytes],
    monkeypatch: pytest.MonkeyPatch,
    data: bytes,
    why: str,
    options: list[str],
) -> None:
    """With --fix it comes out as it went in."""
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))
    assert main(["lint", "-", *options], {}) == 2
    out, err = capsysbinary.readouterr()
    assert f"sparklineage: <stdin>: {why}" in err.decode()
    assert out.startswith(data) == bool(options)


@pytest.mark.parametrize("options", [[], ["--fix"]])
def test_a_pipe_is_not_waited_for(folder: Path, capsys: Captured, options: list[str]) -> None:
    """Nobody may ever write into it."""
    os.mkfifo(folder / "x.sh")
    assert main(["lint", "x.sh", *options], {}) == 2
    assert "x.sh: cannot be read: it is no regular file; give - to read from stdin.\n" in capsys.readouterr().err


def test_folders_are_walked(folder: Path, capsys: Captured) -> None:
    """Without hidden and installed ones; files of other kinds are counted, not told one by one."""
    for name in ("a/spark-defaults.conf", ".git/spark-defaults.conf", "node_modules/spark-defaults.conf", "a/x.txt"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(DEAD)
    assert main(["lint", "."], {}) == 1
    out = capsys.readouterr().out
    assert [line.split()[0] for line in out.splitlines() if ": SL001 " in line] == ["a/spark-defaults.conf:1:1:"]
    assert out.endswith("1 error found in 1 file; 1 file of other kinds left out.\n")


def test_stdin_is_a_command(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless `--as` says something else."""
    for argv, text in ((["-"], "spark-submit --jars a --jars b x.py"), (["-", "--as", "spark-defaults"], DEAD)):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
        assert main(["lint", *argv], {}) == 1
        assert "<stdin>:1:" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "codes"),
    [
        ([], {"SL001", "SL003"}),
        (["--select", "SL001"], {"SL001"}),
        (["--select", "sl00,SL07"], {"SL001", "SL003"}),
        (["--ignore", "SL001"], {"SL003"}),
        (["--select", "SL00", "--ignore", "SL003"], {"SL001"}),
        (["--ignore", "SL"], set()),
    ],
)
def test_rules_are_chosen(folder: Path, capsys: Captured, options: list[str], codes: set[str]) -> None:
    """By whole codes or their beginning."""
    (folder / "spark-defaults.conf").write_text(DEAD + "spark.openlineage.namepsace x\n")
    main(["lint", "spark-defaults.conf", "--format", "json", *options], {})
    assert {finding["code"] for finding in json.loads(capsys.readouterr().out)["findings"]} == codes


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--select", "SL999"], "lint: --select names SL999, which is no rule."),
        (["--ignore", "XY"], "lint: --ignore names XY, which is no rule."),
        (["--spark", "new"], "lint: --spark takes a version such as 4.2.0, not 'new'."),
        (["--agent", "latest"], "lint: --agent takes a version such as 4.2.0, not 'latest'."),
        (
            ["--as", "python3"],
            f"lint: --as takes {', '.join(lint.KINDS[:-1])} or {lint.KINDS[-1]}, not 'python3'. Did you mean python?",
        ),
    ],
)
def test_wrong_options_are_refused(capsys: Captured, options: list[str], sentence: str) -> None:
    assert main(["lint", ".", *options], {}) == 2
    assert capsys.readouterr().err.startswith(f"sparklineage: {sentence}")


def test_comments_silence_rules(folder: Path, capsys: Captured) -> None:
    """In the line, alone above it, above the whole command; only those that it names."""
    (folder / "run.sh").write_text(
        "# sparklineage: ignore[SL003, SL004]\n"
        "spark-submit --conf spark.openlineage.namepsace=a \\\n"
        "  --conf openlineage.namespace=a x.py\n"
        "spark-submit --conf openlineage.x=a x.py # sparklineage: ignore\n"
        "# sparklineage: ignore[SL001]\n"
        "spark-submit --conf openlineage.x=a x.py\n"
    )
    (folder / "spark-defaults.conf").write_text(
        "# sparklineage: ignore[SL001]\n" + DEAD + "spark.openlineage.host x # sparklineage: ignore[SL001]\n"
    )
    main(["lint", "run.sh", "spark-defaults.conf", "--format", "json"], {})
    found = json.loads(capsys.readouterr().out)["findings"]
    assert [(finding["file"], finding["line"], finding["code"]) for finding in found] == [
        ("run.sh", 6, "SL004"),
        ("spark-defaults.conf", 3, "SL001"),
    ]


def test_json(folder: Path, capsys: Captured) -> None:
    """Everything that the text says, and where to read on."""
    (folder / "spark-defaults.conf").write_text(DEAD)
    main(["lint", "spark-defaults.conf", "--format", "json"], {})
    told = json.loads(capsys.readouterr().out)
    assert told.pop("findings") == [
        {
            "code": "SL001",
            "severity": "error",
            "file": "spark-defaults.conf",
            "line": 1,
            "column": 1,
            "found": "spark.openlineage.url is not read since agent 0.22.0.",
            "reality": "The agent ignores it without a word.",
            "fix": "Write spark.openlineage.transport.url (a base address such as http://marquez:5000) and "
            "spark.openlineage.transport.type=http.",
            "fixable": True,
            "docs": "docs/lint.md#sl001",
        }
    ]
    assert told == {"unreadable": [], "checked": 1, "leftOut": 0}


def test_sarif(folder: Path, capsys: Captured) -> None:
    """Rules that are used, results that name them, files as URIs, failures as notifications."""
    (folder / "my conf.conf").write_text(DEAD)
    main(["lint", "my conf.conf", "gone.py", "--as", "spark-defaults", "--format", "sarif"], {})
    log = json.loads(capsys.readouterr().out)
    (run,) = log["runs"]
    assert log["version"] == "2.1.0"
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["SL001"]
    (result,) = run["results"]
    assert (result["ruleId"], result["level"]) == ("SL001", "error")
    (rule,) = run["tool"]["driver"]["rules"]
    assert rule["help"]["markdown"].startswith(f"**{RULES['SL001'].title}**")
    assert RULES["SL001"].source in rule["help"]["text"]
    assert result["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "my%20conf.conf"},
        "region": {"startLine": 1, "startColumn": 1},
    }
    assert run["invocations"][0]["executionSuccessful"] is False


def test_github(folder: Path, capsys: Captured) -> None:
    """One line a finding, its separators escaped."""
    (folder / "a,b.conf").write_text(DEAD)
    main(["lint", "a,b.conf", "--as", "spark-defaults", "--format", "github"], {})
    out = capsys.readouterr().out
    assert out.endswith(" (SL001)\n")
    assert out.startswith("::error file=a%2Cb.conf,line=1,col=1,title=SL001::spark.openlineage.url is not read")
    assert len(out.splitlines()) == 1


def test_the_rules_are_described_offline(folder: Path, capsys: Captured) -> None:
    """The text names the command that does it."""
    (folder / "spark-defaults.conf").write_text(DEAD)
    main(["lint", "spark-defaults.conf"], {})
    assert "\nMore about it: sparklineage lint --rules SL001\n" in capsys.readouterr().out
    assert main(["lint", "--rules", "sl001"], {}) == 0
    out = capsys.readouterr().out
    rule = RULES["SL001"]
    assert out.startswith(f"SL001 (error, {rule.slug}): {rule.title}\n\n")
    assert " ".join(f"Known from: {rule.source}".split()) in " ".join(out.split())
    assert "`lint --fix` writes" in out
    assert main(["lint", "--rules"], {}) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == list(CODES)


@pytest.mark.parametrize(
    ("argv", "sentence"),
    [
        (["--rules", "SL01"], "lint: --rules takes a code such as SL010, not 'SL01'. Did you mean"),
        (["x.py", "--rules", "SL010"], "lint: --rules checks nothing; give the paths in another call."),
        ([], "lint: name the files and folders to check, or - for stdin."),
    ],
)
def test_paths_or_rules(capsys: Captured, argv: list[str], sentence: str) -> None:
    assert main(["lint", *argv], {}) == 2
    assert sentence in capsys.readouterr().err


def test_help_names_every_kind(capsys: Captured) -> None:
    assert main(["lint", "--help"], {}) == 0
    told = " ".join(capsys.readouterr().out.split())
    for kind in READERS:
        assert kind in told
    for word in ("Glue", "Serverless", "EKS", "bundles", "Terraform", "Livy", "ConfigMap", "requirements.txt"):
        assert word in told


def test_names_cannot_change_the_terminal(folder: Path, capsys: Captured) -> None:
    """Neither a file's nor a key's."""
    (folder / "\x1b[31m.conf").write_text("spark.openlineage.\x1b[31mx y\n")
    main(["lint", "\x1b[31m.conf"], {})
    assert "\x1b" not in capsys.readouterr().out


def test_every_rule_says_where_it_is_known_from() -> None:
    """Codes in their order, each told apart by its name."""
    assert list(RULES) == sorted(RULES)
    assert len({rule.slug for rule in RULES.values()}) == len(RULES)
    for rule in RULES.values():
        assert rule.source
        assert rule.description


def test_a_thousand_files_take_seconds(tmp_path: Path, capsys: Captured) -> None:
    """At most 3 s on a free core; four times that where the machine is busy."""
    files = [path for path in GOLDEN.glob("*/*") if path.suffix != ".txt" and path.stem != "fixed"]
    for number in range(1000):
        file = files[number % len(files)]
        (tmp_path / str(number)).mkdir()
        (tmp_path / str(number) / file.name).write_bytes(file.read_bytes())
    started = time.process_time()
    assert main(["lint", str(tmp_path)], {}) == 1
    assert time.process_time() - started < 12
    assert "found in 1000 files." in capsys.readouterr().out
