"""Whether there is a Java that this Spark can run on, told before Spark's own stack trace does."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sparklineage.errors import JavaError

if TYPE_CHECKING:
    from collections.abc import Mapping

_RELEASE = re.compile(r'^JAVA_VERSION="?([^"\s]+)', re.MULTILINE)
_SAID = re.compile(r'version "([^"]+)"')
# Java 23 took away what Hadoop 3.3, the one of Spark 3, needs for the user's name (`Subject.getSubject`).
_TOO_NEW_FOR_SPARK_3 = 23


@dataclass(frozen=True, kw_only=True)
class JavaInstall:
    """The Java that spark-submit will start."""

    executable: Path
    version: str
    """In full, such as `17.0.15` or `1.8.0_392`; empty where it could not be told."""

    @property
    def major(self) -> int:
        """8, 11, 17, …; 0 where it could not be told."""
        numbers = [int(part) for part in re.findall(r"\d+", self.version)[:2]]
        return numbers[1] if numbers[:1] == [1] and len(numbers) > 1 else (numbers or [0])[0]


def check_java(environ: Mapping[str, str], spark_version: str, *, home: Path | None = None) -> JavaInstall | None:
    """The Java that a Spark of this version will run on.

    Raises JavaError where there is none or one on which this Spark cannot start. None where `home`'s (or
    SPARK_CONF_DIR's) spark-env.sh chooses the Java, which only bash can tell.
    """
    if _chosen_by_script(environ, home):
        return None
    wanted = "17 or 21" if _major(spark_version) >= 4 else "8, 11 or 17"
    java = _find(environ, wanted)
    fits = java.major >= 17 if _major(spark_version) >= 4 else 8 <= java.major < _TOO_NEW_FOR_SPARK_3
    if java.major and not fits:
        raise JavaError(
            f"Spark {spark_version} does not run on Java {java.major} ({java.executable}, {java.version}); "
            f"install Java {wanted} and set JAVA_HOME to it."
        )
    return java


def _major(version: str) -> int:
    head = re.match(r"\d+", version)
    return int(head[0]) if head else 0


def _chosen_by_script(environ: Mapping[str, str], home: Path | None) -> bool:
    folder = environ.get("SPARK_CONF_DIR") or (home / "conf" if home else None)
    if folder is None:
        return False
    try:
        lines = (Path(folder) / "spark-env.sh").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False
    return any("JAVA_HOME" in line and not line.lstrip().startswith("#") for line in lines)


def _find(environ: Mapping[str, str], wanted: str) -> JavaInstall:
    if chosen := environ.get("JAVA_HOME"):
        executable = Path(chosen) / "bin" / "java"
        if not executable.is_file():
            raise JavaError(
                f"JAVA_HOME is {chosen}, where there is no bin/java; "
                f"set it to the folder of a Java {wanted}, or unset it."
            )
    elif (found := shutil.which("java", path=environ.get("PATH", ""))) is not None:
        executable = Path(found)
    else:
        raise JavaError(
            f"no Java was found: JAVA_HOME is not set and no java is on PATH; install Java {wanted}, "
            "for example with: apt-get install openjdk-17-jre-headless"
        )
    return JavaInstall(executable=executable, version=_version(executable, environ))


def _version(executable: Path, environ: Mapping[str, str]) -> str:
    """From the `release` file of the installation; starting a JVM to ask it takes a quarter of a second."""
    real = executable.resolve()
    for folder in (real.parent.parent, real.parent.parent.parent):  # a Java 8 JDK keeps its JRE one deeper
        try:
            text = (folder / "release").read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        if match := _RELEASE.search(text):
            return match[1]
    try:
        done = subprocess.run(
            [str(executable), "-version"], env=dict(environ), capture_output=True, text=True, errors="replace",
            timeout=30, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise JavaError(f"{executable} cannot be started ({error}); set JAVA_HOME to a working Java.") from None
    if match := _SAID.search(done.stderr + done.stdout):
        return match[1]
    if done.returncode != 0:
        raise JavaError(f"{executable} does not work (exit status {done.returncode}); set JAVA_HOME to a working Java.")
    return ""
