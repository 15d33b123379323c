"""The completion scripts, read by the shells they are for."""

from __future__ import annotations

import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from sparklineage.cli import main

if TYPE_CHECKING:
    from pathlib import Path

Captured = pytest.CaptureFixture[str]

_ASK = """
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(( $# - 1 )); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}
complete=$(complete -p sparklineage)
complete=${complete##*-F }
${complete%% *} sparklineage "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
printf '%s\\n' "${COMPREPLY[@]}"
"""


def _script(shell: str, capsys: Captured) -> str:
    assert main(["completion", shell], {}) == 0
    return capsys.readouterr().out


@pytest.mark.skipif(not shutil.which("bash"), reason="needs bash")
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["gr"], {"graph"}),
        (["graph", "--fo"], {"--format"}),
        (["graph", "--format", "d"], {"dot"}),
        (["relay", ""], {"drain"}),
        (["relay", "drain", "--ag"], {"--again"}),
        (["completion", ""], {"bash", "zsh", "tcsh"}),
        (["submit", "--dr"], {"--dry-run", "--driver-cores"}),
        (["submit", "--mas"], {"--master"}),
        (["--ver"], {"--version"}),
    ],
)
def test_bash_completes(words: list[str], expected: set[str], capsys: Captured, tmp_path: Path) -> None:
    """In a real bash: commands, options, values, the options of spark-submit."""
    script = tmp_path / "sparklineage.bash"
    script.write_text(_script("bash", capsys), encoding="utf-8")
    command = ["bash", "--norc", "-c", _ASK, "ask", str(script), "sparklineage", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert expected <= set(done.stdout.split())
    assert all(word.startswith(words[-1]) for word in done.stdout.split())


@pytest.mark.parametrize(
    ("shell", "marks"), [("zsh", ("#compdef sparklineage",)), ("tcsh", ("complete sparklineage",))]
)
def test_other_shells_get_their_script(shell: str, marks: tuple[str, ...], capsys: Captured) -> None:
    """With every command in it."""
    script = _script(shell, capsys)
    assert all(mark in script for mark in (*marks, "graph", "mermaid", "drain"))


@pytest.mark.skipif(not shutil.which("zsh"), reason="needs zsh")
def test_zsh_can_parse_its_script(capsys: Captured) -> None:
    """No syntax error."""
    subprocess.run(["zsh", "-n"], input=_script("zsh", capsys), text=True, check=True)


def test_without_shtab_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    """One sentence, and the status of a missing extra."""
    monkeypatch.setitem(sys.modules, "shtab", None)
    assert main(["completion", "bash"], {}) == 75
    assert capsys.readouterr().err == (
        "sparklineage: the completion scripts are made by shtab, which is not installed: "
        "pip install 'sparklineage-toolkit[completion]'.\n"
    )
