"""The command line of a file system, run for a place that this package speaks to by no library."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sparklineage.agent.artifact import CHUNK
from sparklineage.errors import StoreError, UsageError
from sparklineage.model.masking import mask

if TYPE_CHECKING:
    from collections.abc import Mapping

_LONGEST = 3600
"""Seconds for one file."""


@dataclass(frozen=True, kw_only=True)
class Done:
    """What a command left behind."""

    status: int
    out: str
    err: str

    @property
    def why(self) -> str:
        """The last line that it complained in, without secrets."""
        lines = [line.strip() for line in self.err.splitlines() if line.strip()]
        told = [line for line in lines if "ERROR" in line or ": " in line] or lines
        return mask(told[-1])[:300] if told else f"status {self.status}"


@dataclass(frozen=True, kw_only=True)
class Command:
    """A program and its first words, such as `hdfs dfs`."""

    words: tuple[str, ...]
    environ: Mapping[str, str]

    def run(self, *words: str) -> Done:
        """Runs it to its end. Raises StoreError where it cannot be started or hangs."""
        try:
            done = subprocess.run(
                [*self.words, *words], env=dict(self.environ), stdin=subprocess.DEVNULL, capture_output=True,
                timeout=_LONGEST, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise StoreError(f"{self.words[0]} did not end within {_LONGEST} seconds; try again.") from None
        except OSError as error:
            raise StoreError(f"{self.words[0]} cannot be started ({error.strerror}).") from None
        out, err = (text.decode("utf-8", "replace") for text in (done.stdout, done.stderr))
        return Done(status=done.returncode, out=out, err=err)

    def digest(self, *words: str) -> str:
        """The SHA-512 of what it prints; of nothing that is there where it fails."""
        total = hashlib.sha512()
        with subprocess.Popen(
            [*self.words, *words], env=dict(self.environ), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as process:  # fmt: skip
            assert process.stdout is not None  # noqa: S101 - a pipe
            while chunk := process.stdout.read(CHUNK):
                total.update(chunk)
        return total.hexdigest()


def found(target: str, words: tuple[str, ...], environ: Mapping[str, str], what: str) -> Command:
    """The command where it is on PATH. Raises UsageError where it is not; `what` is its maker's name for it."""
    path = shutil.which(words[0], path=environ.get("PATH", os.defpath))
    if path is None:
        raise UsageError(
            f"{target}: `{words[0]}` is not on PATH, by which JARs get there; install {what}, or gather them with "
            "`sparklineage jar upload FOLDER` and copy that."
        )
    return Command(words=(path, *words[1:]), environ=environ)
