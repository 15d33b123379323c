"""Builds witness.jar and absent.jar from their Java sources: the same bytes on every machine with a JDK 17.

    python -m sparklineage.witness.build [--check] [--spark-jars DIR]

`--check` builds beside them and compares; exit status 1 where a committed JAR is not what its source says.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sparklineage.errors import JavaError, SparklineageError, SparkNotFoundError
from sparklineage.version import VERSION
from sparklineage.witness import LISTENER, absent_jar_path, jar_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

JDK = 17
"""The compilers of different Java versions write different bytes."""

RELEASE = 8
"""The oldest Java that Spark 3.3 to 3.5 run on."""

SPARK_JARS = Path(__file__).parents[2] / ".cache" / "spark-3.5.9" / "pyspark" / "jars"
"""Compiled against one Spark (3.5, Scala 2.12) for all of them."""

_EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, kw_only=True)
class Product:
    """A JAR of one class."""

    jar: Path
    source: Path
    name: str
    """The class."""
    title: str


WITNESS = Product(
    jar=jar_path(),
    source=Path(__file__).with_name("Witness.java"),
    name=LISTENER,
    title="sparklineage-witness",
)
ABSENT = Product(
    jar=absent_jar_path(),
    source=Path(__file__).with_name("OpenLineageSparkListener.java"),
    name="io.openlineage.spark.agent.OpenLineageSparkListener",
    title="sparklineage-absent",
)
PRODUCTS = (WITNESS, ABSENT)


def find_javac(environ: Mapping[str, str], jvms: Path = Path("/usr/lib/jvm")) -> Path:
    """The compiler of a JDK 17: from JAVA_HOME, else /usr/lib/jvm, else PATH. Raises JavaError without one."""
    others = []
    for javac in _candidates(environ, jvms):
        major = _major(javac)
        if major == JDK:
            return javac
        others.append(f"{javac} is {major}" if major else f"{javac} does not run")
    found = "; ".join(others) or "no javac in JAVA_HOME, /usr/lib/jvm or PATH"
    raise JavaError(f"the witness is built with a JDK {JDK}, found: {found}. Install one, or point JAVA_HOME to it.")


def _candidates(environ: Mapping[str, str], jvms: Path) -> Iterator[Path]:
    homes = [Path(environ["JAVA_HOME"])] if environ.get("JAVA_HOME") else []
    folders = [home / "bin" for home in [*homes, *sorted(jvms.glob(f"*{JDK}*"))]]
    folders += [Path(folder) for folder in environ.get("PATH", "").split(os.pathsep) if folder]
    for folder in folders:
        if os.access(folder / "javac", os.X_OK):
            yield folder / "javac"


def _major(javac: Path) -> int | None:
    try:
        done = subprocess.run([javac, "-version"], capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    version = re.search(r"javac (?:1\.)?(\d+)", done.stdout + done.stderr)  # Java 8 says 1.8, on stderr
    return int(version[1]) if version else None


def build(product: Product, jar: Path, javac: Path, spark_jars: Path = SPARK_JARS) -> None:
    """Compile and pack the product into `jar`.

    Raises SparkNotFoundError where there are no Spark JARs, JavaError where javac refuses the source.
    """
    path = [*sorted(spark_jars.glob("spark-*.jar")), *sorted(spark_jars.glob("scala-library-*.jar"))]
    if not any(part.name.startswith("spark-sql_") for part in path):
        raise SparkNotFoundError(
            f"{spark_jars}: no Spark JARs to compile the witness against; name the folder with --spark-jars."
        )
    member = product.name.replace(".", "/") + ".class"
    with tempfile.TemporaryDirectory(prefix="sparklineage-witness-") as folder:
        command: list[str | Path] = [javac, "--release", str(RELEASE), "-g:none", "-proc:none", "-Xlint:none"]
        command += ["-encoding", "UTF-8", "-cp", os.pathsep.join(map(str, path)), "-d", folder, product.source]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise JavaError(f"{product.source}: javac refuses it:\n{(done.stderr or done.stdout).strip()}")
        compiled = (Path(folder) / member).read_bytes()
    manifest = (
        f"Manifest-Version: 1.0\r\nImplementation-Title: {product.title}\r\nImplementation-Version: {VERSION}\r\n\r\n"
    )
    part = jar.with_name(f".{jar.name}.part")
    with zipfile.ZipFile(part, "w") as archive:
        for name, content in (("META-INF/MANIFEST.MF", manifest.encode()), (member, compiled)):
            entry = zipfile.ZipInfo(name, _EPOCH)  # stored: what zlib writes differs from one version to the next
            entry.create_system = 3
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, content)
    part.replace(jar)


def is_current(product: Product, javac: Path, spark_jars: Path = SPARK_JARS) -> bool:
    """Whether the JAR in the package is, byte for byte, what its source builds to."""
    with tempfile.TemporaryDirectory(prefix="sparklineage-witness-") as folder:
        fresh = Path(folder) / "fresh.jar"
        build(product, fresh, javac, spark_jars)
        return product.jar.is_file() and fresh.read_bytes() == product.jar.read_bytes()


def main(argv: Sequence[str], environ: Mapping[str, str]) -> int:
    """The exit status: 0, 1 for a JAR that `--check` finds out of date, else that of the error."""
    parser = argparse.ArgumentParser(
        prog="python -m sparklineage.witness.build", description="Build witness.jar and absent.jar."
    )
    parser.add_argument("--check", action="store_true", help="compare with the JAR in the package instead")
    parser.add_argument("--spark-jars", type=Path, default=SPARK_JARS, help="Spark 3.5's jars (%(default)s)")
    options = parser.parse_args(argv)
    try:
        javac = find_javac(environ)
        for product in PRODUCTS:
            if not options.check:
                build(product, product.jar, javac, options.spark_jars)
            elif not is_current(product, javac, options.spark_jars):
                said = f"{product.jar} is not what {product.source.name} builds to"
                sys.stderr.write(f"{said}; run `make witness` and commit it.\n")
                return 1
    except SparklineageError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
