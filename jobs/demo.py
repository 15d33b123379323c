"""`make demo`: fetch what the example pipeline needs, run it through `sparklineage submit`, draw its lineage.

    python -m jobs.demo [--folder DIR] [options of submit and spark-submit]

Data and journal lie below the folder: .cache/demo of this repository, or, where a blank is in that path, below the
folder for temporary files, because the agent drops Delta tables whose path has one. A second run downloads nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from sparklineage.agent.artifact import Artifact
from sparklineage.agent.fetch import default_cache, fetch
from sparklineage.agent.repository import sources
from sparklineage.cli.progress import Progress
from sparklineage.config import load_settings
from sparklineage.errors import SparklineageError
from sparklineage.submit.java import check_java
from sparklineage.submit.spark import find_spark

ROOT = Path(__file__).resolve().parents[1]
HERE = Path(__file__).resolve().parent


def delta_jars(environ: dict[str, str], spark_home: Path) -> list[Path]:
    """The JARs of jobs/jars.json, their digests checked; from the cache if they are there."""
    settings = load_settings(environ=environ, flags={}, directory=ROOT)
    places = sources(home=Path.home(), environ=environ, repository=settings.repository.value, spark_home=spark_home)
    found = []
    for entry in json.loads((HERE / "jars.json").read_text()):
        artifact = Artifact(**entry)
        with Progress(artifact.file_name, sys.stderr) as progress:
            found.append(fetch(artifact, cache=default_cache(environ, Path.home()), sources=places, progress=progress))
    return found


def _folder() -> Path:
    usual = ROOT / ".cache" / "demo"
    return usual if " " not in str(usual) else Path(tempfile.gettempdir()) / f"sparklineage-demo-{os.getuid()}"


def main(argv: list[str]) -> int:
    """The exit status of the pipeline."""
    parser = argparse.ArgumentParser(description="Run the example pipeline and draw its lineage.")
    parser.add_argument("--folder", type=Path, default=_folder(), help="for data and journal")
    chosen, options = parser.parse_known_args(argv)
    folder = chosen.folder.absolute()
    # The demo is the same on every machine: its own Spark, its own journal, no backend.
    ours = ("OPENLINEAGE_", "SPARKLINEAGE_", "MARQUEZ_", "SPARK_", "PYSPARK_")
    kept = ("SPARKLINEAGE_REPOSITORY", "SPARKLINEAGE_CACHE")
    environ = {name: value for name, value in os.environ.items() if name in kept or not name.startswith(ours)}
    environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environ.get('PATH', '')}"
    environ["SPARKLINEAGE_JOURNAL"] = str(folder / "journal")
    try:
        install = find_spark(environ, home=None, python=Path(sys.executable))
        check_java(environ, install.version)
        jars = delta_jars(environ, install.home)
    except SparklineageError as error:
        print(f"sparklineage: {error}", file=sys.stderr)
        return error.exit_code
    sparklineage = [sys.executable, "-m", "sparklineage"]
    began = time.monotonic()
    print("Running jobs/flights/pipeline.py: 336,776 flights, from raw files to a model.\n", flush=True)
    submit = [
        *sparklineage, "submit", "--namespace", "dev.flights.demo", "--name", "flights", "--master", "local[2]",
        "--driver-memory", "2g",
        # Spark splits these options at blanks, save within quotes.
        "--driver-java-options", f'"-Dlog4j2.configurationFile={HERE / "log4j2.properties"}"',
        "--conf", "spark.ui.enabled=false", "--jars", ",".join(map(str, jars)), *options,
        str(HERE / "flights" / "pipeline.py"), "--data", str(folder / "data"),
    ]  # fmt: skip
    status = subprocess.run(submit, env=environ, cwd=ROOT, check=False).returncode
    print(f"\n{time.monotonic() - began:.0f} s. What it read and wrote:\n", flush=True)
    subprocess.run([*sparklineage, "graph", "latest"], env=environ, cwd=ROOT, check=False)
    print(f"\nThe journal: {folder / 'journal'}", flush=True)
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
