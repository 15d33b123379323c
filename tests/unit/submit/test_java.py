"""Java: found, missing, too old, too new."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sparklineage.errors import JavaError
from sparklineage.submit.java import JavaInstall, check_java

if TYPE_CHECKING:
    from pathlib import Path


def java(home: Path, version: str | None, said: str = "") -> Path:
    (home / "bin").mkdir(parents=True)
    executable = home / "bin" / "java"
    executable.write_text(f"#!/bin/sh\n{said or 'exit 1'}\n")
    executable.chmod(0o755)
    if version is not None:
        (home / "release").write_text(f'IMPLEMENTOR="Debian"\nJAVA_VERSION="{version}"\n')
    return home


@pytest.mark.parametrize(
    ("version", "spark", "major"),
    [("17.0.15", "4.2.0", 17), ("21", "4.2.0", 21), ("25.0.1", "4.3.0", 25), ("1.8.0_392", "3.5.9", 8),
     ("11.0.2", "3.3.4", 11), ("17.0.1", "3.5.6-amzn-2", 17), ("21.0.1", "3.5.9", 21)],
)  # fmt: skip
def test_a_java_that_fits(tmp_path: Path, version: str, spark: str, major: int) -> None:
    found = check_java({"JAVA_HOME": str(java(tmp_path, version))}, spark)
    assert found is not None
    assert (found.version, found.major, found.executable) == (version, major, tmp_path / "bin" / "java")


@pytest.mark.parametrize(
    ("version", "spark", "major", "wanted"),
    [
        ("11.0.2", "4.2.0", "11", "17 or 21"),
        ("1.8.0_1", "4.0.5", "8", "17 or 21"),
        ("1.7.0_1", "3.5.9", "7", "8, 11 or 17"),
        ("25", "3.5.9", "25", "8, 11 or 17"),
    ],
)
def test_a_java_that_does_not_fit(tmp_path: Path, version: str, spark: str, major: str, wanted: str) -> None:
    with pytest.raises(JavaError) as caught:
        check_java({"JAVA_HOME": str(java(tmp_path, version))}, spark)
    assert str(caught.value) == (
        f"Spark {spark} does not run on Java {major} ({tmp_path}/bin/java, {version}); "
        f"install Java {wanted} and set JAVA_HOME to it."
    )


def test_java_on_path_through_a_link(tmp_path: Path) -> None:
    java(tmp_path / "jdk", "17.0.15")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "java").symlink_to(tmp_path / "jdk" / "bin" / "java")
    found = check_java({"PATH": str(tmp_path / "bin")}, "4.2.0")
    assert found is not None
    assert found.version == "17.0.15"


def test_the_jre_inside_a_java_8_jdk(tmp_path: Path) -> None:
    java(tmp_path / "jre", None)
    (tmp_path / "release").write_text('JAVA_VERSION="1.8.0_392"\n')
    found = check_java({"JAVA_HOME": str(tmp_path / "jre")}, "3.5.9")
    assert found is not None
    assert found.major == 8


def test_without_a_release_file_java_is_asked(tmp_path: Path) -> None:
    home = java(tmp_path, None, """echo 'openjdk version "17.0.9" 2023-10-17' >&2""")
    found = check_java({"JAVA_HOME": str(home), "PATH": "/bin"}, "4.2.0")
    assert found is not None
    assert found.version == "17.0.9"


def test_a_java_that_does_not_work(tmp_path: Path) -> None:
    with pytest.raises(JavaError, match=r"bin/java does not work \(exit status 1\); set JAVA_HOME to a working Java"):
        check_java({"JAVA_HOME": str(java(tmp_path, None))}, "4.2.0")


def test_no_java(tmp_path: Path) -> None:
    with pytest.raises(JavaError) as caught:
        check_java({"PATH": str(tmp_path)}, "4.2.0")
    assert str(caught.value) == (
        "no Java was found: JAVA_HOME is not set and no java is on PATH; install Java 17 or 21, "
        "for example with: apt-get install openjdk-17-jre-headless"
    )


def test_a_wrong_java_home(tmp_path: Path) -> None:
    with pytest.raises(JavaError) as caught:
        check_java({"JAVA_HOME": str(tmp_path), "PATH": "/usr/bin"}, "3.5.9")
    assert str(caught.value) == (
        f"JAVA_HOME is {tmp_path}, where there is no bin/java; set it to the folder of a Java 8, 11 or 17, or unset it."
    )


def test_spark_env_sh_may_choose_another(tmp_path: Path) -> None:
    (tmp_path / "conf").mkdir()
    script = tmp_path / "conf" / "spark-env.sh"
    script.write_text("# export JAVA_HOME=/x\n")
    with pytest.raises(JavaError):
        check_java({"PATH": ""}, "4.2.0", home=tmp_path)
    script.write_text("export JAVA_HOME=/usr/lib/jvm/jre-17\n")
    assert check_java({"PATH": ""}, "4.2.0", home=tmp_path) is None
    assert check_java({"PATH": "", "SPARK_CONF_DIR": str(tmp_path / "conf")}, "4.2.0") is None


def test_an_untold_version_is_zero(tmp_path: Path) -> None:
    assert JavaInstall(executable=tmp_path, version="").major == 0
