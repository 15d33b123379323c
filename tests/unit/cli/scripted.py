"""`submit` with a spark-submit that is a shell script: it writes down its arguments and runs $JOB."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from sparklineage.journal import run_folders

SCRIPT = """\
#!/usr/bin/env bash
printf '%s\\n' "$@" > "$PROBE/argv"
env > "$PROBE/env"
folder=$(printf '%s\\n' "$@" | sed -n 's/^spark.sparklineage.journal=//p')
eval "${JOB:-}"
"""

STARTED: list[subprocess.Popen[str]] = []


def environ(spark: Path, **more: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "JAVA_HOME") if name in os.environ}
    root = spark.parent
    return {
        **kept,
        "HOME": str(root),
        "SPARK_HOME": str(spark),
        "PROBE": str(root),
        "SPARKLINEAGE_AGENT_JAR": str(root / "openlineage-spark_2.13-1.53.0.jar"),
        "SPARKLINEAGE_JOURNAL": str(root / "journal"),
        "PYTHONPATH": str(Path(__file__).parents[3]),
        **more,
    }


def start(spark: Path, *args: str, **more: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "sparklineage", "submit", *args]
    process = subprocess.Popen(
        command,
        env=environ(spark, **more),
        cwd=spark.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    STARTED.append(process)
    return process


def submit(spark: Path, *args: str, **more: str) -> tuple[int, str, str]:
    process = start(spark, *args, **more)
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


def argv(spark: Path) -> list[str]:
    return (spark.parent / "argv").read_text().splitlines()


def only_run(spark: Path) -> dict[str, Any]:
    (folder,) = run_folders(spark.parent / "journal")
    found = {name: json.loads((folder.path / f"{name}.json").read_text()) for name in ("run", "outcome", "settled")}
    found["events"] = [json.loads(line) for line in folder.events.read_text().splitlines()]
    found["folder"] = folder
    return found
