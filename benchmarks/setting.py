"""What the benchmarks run: the installed command, a real Spark, and folders that vanish afterwards."""

from __future__ import annotations

import shlex
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measure import printed, quiet_environ

if TYPE_CHECKING:
    from collections.abc import Mapping

JOBS = Path(__file__).parent / "jobs"


@dataclass(frozen=True, kw_only=True)
class Setting:
    """Given to every benchmark."""

    folder: Path
    """Empty, its own, deleted afterwards."""
    rounds: int | None
    """Repetitions that the user asked for; None leaves each benchmark its own number."""

    @property
    def command(self) -> list[str]:
        """`sparklineage` as its users start it."""
        script = Path(sys.executable).with_name("sparklineage")
        return [str(script)] if script.exists() else [sys.executable, "-m", "sparklineage"]

    @property
    def environ(self) -> dict[str, str]:
        """For Spark jobs: one Spark, one Python, no lineage settings."""
        spec = find_spec("pyspark")
        if spec is None or not spec.submodule_search_locations:
            raise RuntimeError("pyspark is not installed; make bench sets it up")
        home = spec.submodule_search_locations[0]
        return {**quiet_environ(), "SPARK_HOME": home, "PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1"}

    def planned(self, argv: list[str], environ: Mapping[str, str]) -> list[str]:
        """The spark-submit command that `sparklineage submit` would start: the first thing a dry run prints."""
        text = printed([*self.command, "submit", "--dry-run", *argv], environ=environ, folder=self.folder)
        return shlex.split(text.partition("\n\n")[0].replace("\\\n", ""))
