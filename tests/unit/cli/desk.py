"""A folder to work in: a home, a Spark that is there by its files, and the configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from sparklineage.cli import main
from tests.support.spark_home import spark_home

CANARY = "canary-41f0aa93"


class Desk:
    """Runs commands in its folder; `environ` is all that they see of the environment."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self.capsys = capsys
        self.work, self.home = folder / "work", folder / "home"
        self.work.mkdir()
        self.spark = spark_home(folder / "spark")
        self.environ = {"SPARK_HOME": str(self.spark), "HOME": str(self.home), "COLUMNS": "400"}
        monkeypatch.chdir(self.work)
        monkeypatch.setenv("HOME", str(self.home))

    def write(self, text: str, name: str = "sparklineage.yml") -> Path:
        path = self.work / name
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)
        return path

    def run(self, *words: str, **environ: str) -> tuple[int, str, str]:
        """Status, stdout and stderr."""
        status = main(list(words), {**self.environ, **environ})
        out, err = self.capsys.readouterr()
        return status, out, err

    def good(self, *words: str, **environ: str) -> str:
        """The stdout of a command that does what it shall."""
        status, out, err = self.run(*words, **environ)
        assert status == 0, err
        return out

    def refused(self, status: int, *words: str, **environ: str) -> str:
        """The sentence of one that does not, and prints nothing else."""
        found, out, err = self.run(*words, **environ)
        assert (found, out) == (status, ""), err
        assert err.startswith("sparklineage: ")
        return err.removeprefix("sparklineage: ").rstrip("\n")
