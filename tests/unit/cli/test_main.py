"""The frame around the commands: what is understood, what is refused, and how it ends."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sparklineage.cli import main
from sparklineage.cli import runs as runs_command
from sparklineage.cli.commands import COMMANDS, load, parser_for
from sparklineage.errors import JournalTooNewError, UsageError
from sparklineage.version import VERSION

if TYPE_CHECKING:
    import argparse

ROOT = Path(__file__).parents[3]
Captured = pytest.CaptureFixture[str]


def _process(*argv: str, environ: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sparklineage", *argv]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=ROOT, env={**os.environ, **(environ or {})}
    )


def test_version(capsys: Captured) -> None:
    """One line, on stdout."""
    assert main(["--version"], {}) == 0
    assert capsys.readouterr().out == f"sparklineage {VERSION}\n"


@pytest.mark.parametrize("argv", [["--help"], ["-h"], []])
def test_help_names_every_command(argv: list[str], capsys: Captured) -> None:
    """With its summary, and nothing on stderr."""
    assert main(argv, {}) == 0
    out, err = capsys.readouterr()
    assert all(f"  {name}" in out and summary in out for name, summary in COMMANDS.items())
    assert err == ""


@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "submit"])
def test_every_command_keeps_to_the_frame(name: str, capsys: Captured) -> None:
    """It adds a parser of its own name, described, and prints its help with status 0."""
    assert callable(load(name).run)
    assert main([name, "--help"], {}) == 0
    out = capsys.readouterr().out
    assert out.startswith("usage:")
    assert f"sparklineage {name}" in out


@pytest.mark.parametrize(
    ("argv", "sentence"),
    [
        (["grap"], "there is no command 'grap'. Did you mean graph?"),
        (
            ["xyz"],
            f"there is no command 'xyz'. The commands are {', '.join(list(COMMANDS)[:-1])} and {list(COMMANDS)[-1]}.",
        ),
        (["--versoin"], "there is no option '--versoin'. Did you mean --version?"),
        (["runs", "--limit", "-1"], "runs: --limit takes a number from 0, not -1."),
    ],
)
def test_bad_usage_is_one_sentence_and_status_2(argv: list[str], sentence: str, capsys: Captured) -> None:
    """With the nearest name where there is one."""
    assert main(argv, {}) == 2
    assert capsys.readouterr() == ("", f"sparklineage: {sentence}\n")


@pytest.mark.parametrize(
    ("argv", "sentence"),
    [
        (["graph", "--formt", "dot"], "graph: there is no option --formt. Did you mean --format?"),
        (["graph", "--form=dot"], "graph: there is no option --form. Did you mean --format?"),
        (["graph", "--xyz"], "graph: there is no option --xyz."),
        (
            ["graph", "--format", "dott"],
            "graph: --format takes text, json, dot or mermaid, not 'dott'. Did you mean dot?",
        ),
        (["graph", "one", "two"], "graph: nothing is expected where 'two' stands."),
        (["relay", "drian"], "relay: ACTION takes drain, watch or build, not 'drian'. Did you mean drain?"),
        (["relay", "drain", "--agian"], "relay drain: there is no option --agian. Did you mean --again?"),
    ],
)
def test_bad_options_of_a_command_name_its_help(argv: list[str], sentence: str, capsys: Captured) -> None:
    """The same words on every Python, also for commands within commands."""
    assert main(argv, {}) == 2
    command = sentence.partition(":")[0]
    expected = f"sparklineage: {sentence} `sparklineage {command} --help` tells what it takes.\n"
    assert capsys.readouterr() == ("", expected)


def test_missing_and_malformed_values_are_refused(capsys: Captured) -> None:
    """In argparse's own words, behind the name of the command."""
    for argv in (["runs", "--limit"], ["runs", "--limit", "many"], ["completion"]):
        assert main(argv, {}) == 2
        err = capsys.readouterr().err
        assert err.startswith(f"sparklineage: {argv[0]}: ")
        assert len(err.splitlines()) == 1


def test_options_are_not_guessed_from_their_beginning() -> None:
    """`--forma` would mean another option as soon as there is one."""
    with pytest.raises(UsageError, match="no option --forma"):
        parser_for("graph").parse_args(["graph", "--forma", "dot"])


def test_an_error_of_ours_gives_its_own_status(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sentence goes to stderr."""

    def too_new(args: argparse.Namespace, environ: object) -> int:  # noqa: ARG001
        raise JournalTooNewError("run.json: written in journal format 9.")

    monkeypatch.setattr(runs_command, "run", too_new)
    assert main(["runs"], {}) == 66
    assert capsys.readouterr() == ("", "sparklineage: run.json: written in journal format 9.\n")


def test_a_bug_is_one_sentence_without_secrets(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    """The traceback is for those who ask for it."""

    def broken(args: argparse.Namespace, environ: object) -> int:  # noqa: ARG001
        raise ValueError("at http://ada:canary-pass@host/\nand more")

    monkeypatch.setattr(runs_command, "run", broken)
    assert main(["runs"], {}) == 1
    err = capsys.readouterr().err
    assert len(err.splitlines()) == 1
    assert "please report it" in err
    assert "ValueError: at http://********@host/ and more" in err
    assert main(["runs"], {"SPARKLINEAGE_DEBUG": "1"}) == 1
    err = capsys.readouterr().err
    assert "Traceback" in err
    assert "canary-pass" not in err


def test_ctrl_c_is_130(monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    """Without a traceback."""

    def interrupted(args: argparse.Namespace, environ: object) -> int:  # noqa: ARG001
        raise KeyboardInterrupt

    monkeypatch.setattr(runs_command, "run", interrupted)
    assert main(["runs"], {}) == 130
    assert capsys.readouterr().err == ""


def test_a_closed_pipe_is_no_complaint(tmp_path: Path) -> None:
    """As in `sparklineage … | head -1`: nothing on stderr, the status that a shell gives to SIGPIPE."""
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-m", "sparklineage", "runs", "--journal", str(tmp_path)],
        stdout=write,
        stderr=subprocess.PIPE,
        check=False,
        cwd=ROOT,
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (141, b"")


def test_python_m_and_the_installed_command_are_the_same() -> None:
    """Both doors lead to one program."""
    script = Path(sys.executable).with_name("sparklineage")
    installed = subprocess.run([script, "--help"], capture_output=True, text=True, check=False)
    module = _process("--help")
    assert (installed.returncode, installed.stdout) == (module.returncode, module.stdout) == (0, module.stdout)


def test_help_starts_nothing_heavy() -> None:
    """Neither argparse nor dataclasses nor any command is imported to print the overview."""
    code = (
        "import sys; from sparklineage.cli import main; main(['--help'], {}); "
        "print(sorted(name for name in sys.modules if name.startswith('sparklineage') "
        "or name in ('argparse', 'dataclasses', 'json', 'yaml')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.splitlines()[-1] == str(
        [
            "sparklineage",
            "sparklineage.cli",
            "sparklineage.cli.commands",
            "sparklineage.cli.main",
            "sparklineage.cli.streams",
            "sparklineage.errors",
            "sparklineage.version",
        ]
    )


def test_help_costs_a_few_bare_interpreters() -> None:
    """At most 12 times `python -c pass`, the best of five each."""

    def best(*argv: str) -> float:
        times = []
        for _ in range(5):
            start = time.perf_counter()
            subprocess.run([sys.executable, *argv], stdout=subprocess.DEVNULL, check=True, cwd=ROOT)
            times.append(time.perf_counter() - start)
        return min(times)

    assert best("-m", "sparklineage", "--help") <= 12 * best("-c", "pass")


def test_names_that_the_terminal_cannot_show_are_escaped() -> None:
    """A plain ASCII terminal gets escapes, not an exception."""
    done = _process("xyz-航班", environ={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"})
    assert done.returncode == 2
    assert "\\u822a\\u73ed" in done.stderr
