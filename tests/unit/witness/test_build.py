"""What is in witness.jar, and that its source still builds to it."""

from __future__ import annotations

import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from sparklineage.errors import JavaError, SparkNotFoundError
from sparklineage.version import VERSION
from sparklineage.witness import LISTENER, absent_jar_path, jar_path
from sparklineage.witness.build import (
    ABSENT,
    PRODUCTS,
    SPARK_JARS,
    WITNESS,
    Product,
    build,
    find_javac,
    is_current,
    main,
)


def fake_javac(home: Path, says: str, status: int = 0) -> Path:
    """A JDK whose compiler is a script that tells its version and nothing else."""
    javac = home / "bin" / "javac"
    javac.parent.mkdir(parents=True)
    javac.write_text(f"#!/bin/sh\necho '{says}' >&2\nexit {status}\n")
    javac.chmod(0o755)
    return javac


@pytest.mark.parametrize("product", PRODUCTS, ids=["witness", "absent"])
def test_jar_holds_one_class_for_java_8_and_a_manifest(product: Product) -> None:
    member = product.name.replace(".", "/") + ".class"
    with zipfile.ZipFile(product.jar) as jar:
        assert jar.testzip() is None
        assert jar.namelist() == ["META-INF/MANIFEST.MF", member]
        compiled = jar.read(member)
        manifest = jar.read("META-INF/MANIFEST.MF").decode()
    magic, _, major = struct.unpack(">IHH", compiled[:8])
    assert (hex(magic), major) == ("0xcafebabe", 52)
    assert manifest.splitlines() == [
        "Manifest-Version: 1.0",
        f"Implementation-Title: {product.title}",
        f"Implementation-Version: {VERSION}",
        "",
    ]


def test_jars_are_those_of_the_package() -> None:
    assert (WITNESS.jar, ABSENT.jar) == (jar_path(), absent_jar_path())
    assert WITNESS.name == LISTENER == "io.sparklineage.Witness"
    assert absent_jar_path().stat().st_size < 1500


def test_importing_the_package_costs_nothing() -> None:
    code = "import sys, sparklineage.witness; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"zipfile", "subprocess", "argparse", "tempfile"} & set(done.stdout.split())


@pytest.mark.parametrize("product", PRODUCTS, ids=["witness", "absent"])
def test_jar_is_what_the_source_builds_to(product: Product, tmp_path: Path) -> None:
    try:
        javac = find_javac({"PATH": "/usr/bin:/bin"})
    except JavaError as error:
        pytest.skip(str(error))
    if not SPARK_JARS.is_dir():
        pytest.skip(f"no Spark JARs in {SPARK_JARS}")
    assert is_current(product, javac)
    jar = tmp_path / "witness.jar"
    build(product, jar, javac)
    assert jar.read_bytes() == product.jar.read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == ["witness.jar"]


def test_java_home_comes_first_then_the_folder_of_jvms_then_path(tmp_path: Path) -> None:
    given = fake_javac(tmp_path / "given", "javac 17.0.1")
    installed = fake_javac(tmp_path / "jvm" / "java-17-x", "javac 17.0.2")
    on_path = fake_javac(tmp_path / "path", "javac 17.0.3")
    environ = {"JAVA_HOME": str(tmp_path / "given"), "PATH": str(on_path.parent)}
    assert find_javac(environ, tmp_path / "jvm") == given
    assert find_javac({"PATH": environ["PATH"]}, tmp_path / "jvm") == installed
    assert find_javac({"PATH": environ["PATH"]}, tmp_path / "none") == on_path


def test_another_java_is_passed_over(tmp_path: Path) -> None:
    fake_javac(tmp_path / "21", "javac 21.0.2")
    installed = fake_javac(tmp_path / "jvm" / "temurin-17", "javac 17.0.15")
    assert find_javac({"JAVA_HOME": str(tmp_path / "21")}, tmp_path / "jvm") == installed


def test_without_the_right_jdk_one_sentence_says_what_was_found(tmp_path: Path) -> None:
    old = fake_javac(tmp_path / "8", "javac 1.8.0_402")
    broken = fake_javac(tmp_path / "jvm" / "broken-17", "Segmentation fault", 139)
    with pytest.raises(JavaError) as error:
        find_javac({"JAVA_HOME": str(tmp_path / "8")}, tmp_path / "jvm")
    assert str(error.value) == (
        f"the witness is built with a JDK 17, found: {old} is 8; {broken} does not run. "
        "Install one, or point JAVA_HOME to it."
    )
    with pytest.raises(JavaError, match="found: no javac in JAVA_HOME, /usr/lib/jvm or PATH"):
        find_javac({}, tmp_path / "none")


def test_without_spark_jars_one_sentence_names_the_folder(tmp_path: Path) -> None:
    with pytest.raises(SparkNotFoundError) as error:
        build(WITNESS, tmp_path / "witness.jar", tmp_path / "javac", tmp_path / "jars")
    assert str(error.value) == (
        f"{tmp_path}/jars: no Spark JARs to compile the witness against; name the folder with --spark-jars."
    )


def test_errors_become_exit_statuses(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fake_javac(tmp_path / "jdk", "javac 17.0.1")
    status = main(["--check", "--spark-jars", str(tmp_path / "jars")], {"JAVA_HOME": str(tmp_path / "jdk")})
    assert status == SparkNotFoundError.exit_code
    assert capsys.readouterr().err.startswith(f"{tmp_path}/jars: no Spark JARs")


def test_check_fails_where_the_jar_is_out_of_date(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A compiler that writes another class stands for a source that was changed."""
    javac = fake_javac(tmp_path / "jdk", "javac 17.0.1")
    javac.write_text(
        "#!/bin/sh\n[ $# = 1 ] && echo javac 17.0.1 && exit\n"
        'while [ "$1" != -d ]; do shift; done\n'
        'mkdir -p "$2/io/sparklineage"\necho other > "$2/io/sparklineage/Witness.class"\n'
    )
    (tmp_path / "jars").mkdir()
    (tmp_path / "jars" / "spark-sql_2.12-3.5.9.jar").touch()
    before = jar_path().read_bytes()
    status = main(["--check", "--spark-jars", str(tmp_path / "jars")], {"JAVA_HOME": str(tmp_path / "jdk")})
    assert status == 1
    error = capsys.readouterr().err
    assert error == f"{jar_path()} is not what Witness.java builds to; run `make witness` and commit it.\n"
    assert jar_path().read_bytes() == before
