"""Finding Spark: the installation whose spark-submit we start, its version and its Scala."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from sparklineage.errors import SparkNotFoundError

if TYPE_CHECKING:
    from collections.abc import Mapping

_CORE = re.compile(r"spark-core_(2\.\d+)-(.+)\.jar")
# EMR, Dataproc and Bigtop put a shell script into /usr/bin that starts the real one.
_WRAPPED = re.compile(rb"(?:(/[\w./+-]+)/bin/spark-submit\b|SPARK_HOME=[\"']?(?:\$\{SPARK_HOME:-)?(/[\w./+-]+))")
_BANNER_VERSION = re.compile(r"\bversion (\d\S*)")
_BANNER_SCALA = re.compile(r"Using Scala version (2\.\d+)")


@dataclass(frozen=True, kw_only=True)
class SparkInstall:
    """One Spark on this machine."""

    home: Path
    """SPARK_HOME: the folder with `jars` and `bin`."""
    spark_submit: Path
    version: str
    """As its JARs say, such as `4.2.0` or `3.5.6-amzn-2`."""
    scala: str
    """The binary version: `2.12` or `2.13`."""
    environ_additions: Mapping[str, str] = field(default_factory=dict)
    """Variables without which this spark-submit would not find itself or its Python."""
    found: str = ""
    """What it was found through: `--spark-home`, `SPARK_HOME`, `PATH` or `pyspark`."""


def find_spark(environ: Mapping[str, str], *, home: Path | None, python: Path) -> SparkInstall:
    """The Spark to use: `home`, else SPARK_HOME, else spark-submit on PATH, else the pyspark of `python`.

    `python` is the running interpreter; its pyspark is found also when its virtual environment is not
    activated. Raises SparkNotFoundError where there is none, or where an explicit folder holds none.
    """
    if home is not None:
        return _at(home, environ, found="--spark-home")
    if chosen := environ.get("SPARK_HOME"):
        return _at(Path(chosen), environ, found="SPARK_HOME")
    if (on_path := shutil.which("spark-submit", path=environ.get("PATH", ""))) is not None:
        return _on_path(Path(on_path).absolute(), environ)
    spec = find_spec("pyspark")
    for folder in map(Path, (spec.submodule_search_locations or ()) if spec else ()):
        for candidate in (folder / "spark-distribution", folder):
            if _is_home(candidate):
                additions = _pip_environ(candidate, python, environ)
                return _install(candidate, candidate / "bin" / "spark-submit", environ, additions, "pyspark")
    raise SparkNotFoundError(
        "no spark-submit was found: SPARK_HOME is not set, none is on PATH, and pyspark is not installed for "
        f"{python}; set SPARK_HOME, or install it with: {python} -m pip install pyspark"
    )


def _at(home: Path, environ: Mapping[str, str], *, found: str) -> SparkInstall:
    script = home / "bin" / "spark-submit"
    if not script.is_file():
        raise SparkNotFoundError(
            f"{found} is {home}, where there is no bin/spark-submit; give the folder that holds Spark's bin and jars."
        )
    home = home.absolute()
    return _install(home, home / "bin" / "spark-submit", environ, {"SPARK_HOME": str(home)}, found)


def _on_path(script: Path, environ: Mapping[str, str]) -> SparkInstall:
    real = script.resolve()
    if _is_home(home := real.parent.parent):
        return _install(home, real, environ, {}, "PATH")
    # pip puts a copy of the script into the environment's bin, apart from the package.
    for home in sorted(real.parent.parent.glob("lib*/python3*/*-packages/pyspark")):
        if _is_home(home):
            additions = _pip_environ(home, real.parent / "python3", environ)
            return _install(home, home / "bin" / "spark-submit", environ, additions, "PATH")
    for groups in _WRAPPED.findall(_head(real)):
        for text in filter(None, groups):
            if _is_home(home := Path(text.decode())):
                return _install(home, script, environ, {}, "PATH")
    return _install(real.parent.parent, script, environ, {}, "PATH")


def _pip_environ(home: Path, python: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """pip's spark-submit asks the `python3` on PATH where Spark is, and runs the job with it."""
    additions = {"SPARK_HOME": str(home)}
    asked = shutil.which("python3", path=environ.get("PATH", ""))
    # Compared by folder: the interpreters of two virtual environments are links to the same file.
    active = asked is not None and Path(asked).parent == python.parent
    if not active and not environ.get("PYSPARK_PYTHON") and python.exists():
        additions["PYSPARK_PYTHON"] = str(python)
    return additions


def _is_home(folder: Path) -> bool:
    return (folder / "bin" / "spark-submit").is_file() and (folder / "jars").is_dir()


def _head(script: Path) -> bytes:
    try:
        with script.open("rb") as file:
            return file.read(1 << 16)
    except OSError:
        return b""


def _install(
    home: Path, script: Path, environ: Mapping[str, str], additions: Mapping[str, str], found: str
) -> SparkInstall:
    version, scala = _from_jars(home) or _asked(script, {**environ, **additions})
    return SparkInstall(
        home=home, spark_submit=script, version=version, scala=scala, environ_additions=additions, found=found
    )


def _from_jars(home: Path) -> tuple[str, str] | None:
    for jar in sorted((home / "jars").glob("spark-core_*.jar")):
        if match := _CORE.fullmatch(jar.name):
            return match[2], match[1]
    return None


def _asked(script: Path, environ: Mapping[str, str]) -> tuple[str, str]:
    """Version and Scala from the banner of `spark-submit --version`, which takes about two seconds."""
    try:
        done = subprocess.run(
            [str(script), "--version"], env=dict(environ), capture_output=True, text=True, errors="replace",
            timeout=60, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        said = done.stderr + done.stdout
    except (OSError, subprocess.TimeoutExpired) as error:
        said = str(error)
    version, scala = _BANNER_VERSION.search(said), _BANNER_SCALA.search(said)
    if version is None or scala is None:
        last = next((line.strip() for line in reversed(said.splitlines()) if line.strip()), "nothing")
        raise SparkNotFoundError(
            f"{script}: neither its jars folder nor spark-submit --version tells the version of Spark "
            f"(it said: {last[:200]}); name a whole Spark with --spark-home."
        )
    return version[1], scala[1]
