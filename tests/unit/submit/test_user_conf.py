"""Spark's precedence, as `spark-submit --verbose` showed it on 4.2.0."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sparklineage.submit.options import parse
from sparklineage.submit.spark import SparkInstall
from sparklineage.submit.user_conf import UserConf, effective

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def install(tmp_path: Path) -> SparkInstall:
    home = tmp_path / "spark"
    (home / "conf").mkdir(parents=True)
    (home / "conf" / "spark-defaults.conf").write_text(
        "spark.jars /d.jar\nspark.app.name fromdefaults\nspark.only.defaults 1\n"
    )
    return SparkInstall(home=home, spark_submit=home / "bin" / "spark-submit", version="4.2.0", scala="2.13")


def conf(install: SparkInstall | None, *argv: str, environ: dict[str, str] | None = None) -> UserConf:
    return effective(parse([*argv, "job.py"]), install, environ or {})


def test_a_flag_beats_conf_beats_the_defaults(install: SparkInstall) -> None:
    found = conf(install, "--jars", "/j.jar", "--conf", "spark.jars=/c.jar", "--conf=spark.app.name=c")
    assert (found.value("spark.jars"), found.source("spark.jars")) == ("/j.jar", "--jars")
    assert (found.value("spark.app.name"), found.source("spark.app.name")) == ("c", "--conf")
    assert found.source("spark.only.defaults") == f"spark-defaults.conf {install.home}/conf/spark-defaults.conf"
    assert (found.value("spark.none"), found.source("spark.none")) == (None, "")


@pytest.mark.parametrize(
    ("flag", "key"),
    [("--name", "spark.app.name"), ("--master", "spark.master"), ("--deploy-mode", "spark.submit.deployMode"),
     ("--packages", "spark.jars.packages"), ("--remote", "spark.remote")],
)  # fmt: skip
def test_dedicated_flags(install: SparkInstall, flag: str, key: str) -> None:
    found = conf(install, f"{flag}=x", f"--conf={key}=y")
    assert (found.value(key), found.source(key)) == ("x", flag)


def test_an_empty_flag_counts(install: SparkInstall) -> None:
    assert conf(install, "--jars", "", "--conf", "spark.jars=/c.jar").value("spark.jars") == ""


def test_the_last_duplicate_wins(install: SparkInstall) -> None:
    found = conf(install, "--conf", "spark.a=1", "-c", "spark.a=2", "--jars", "/a", "--jars=/b", "-c", "no.spark=1")
    assert (found.value("spark.a"), found.value("spark.jars"), found.value("no.spark")) == ("2", "/b", None)


def test_the_driver_s_class_path_goes_by_order(install: SparkInstall) -> None:
    key = "spark.driver.extraClassPath"
    assert conf(install, "--driver-class-path", "/a", "--conf", f"{key}=/b").value(key) == "/b"
    assert conf(install, "--conf", f"{key}=/b", "--driver-class-path", "/a").value(key) == "/a"


def test_a_properties_file_replaces_the_defaults(install: SparkInstall, tmp_path: Path) -> None:
    file = tmp_path / "f.properties"
    file.write_text("spark.jars=/f.jar\n")
    found = conf(install, "--properties-file", str(file))
    assert (found.value("spark.jars"), found.source("spark.jars")) == ("/f.jar", f"--properties-file {file}")
    assert found.value("spark.only.defaults") is None
    both = conf(install, f"--properties-file={file}", "--load-spark-defaults")
    assert (both.value("spark.jars"), both.value("spark.only.defaults")) == ("/f.jar", "1")


def test_extra_files_lie_above_and_keep_the_defaults(install: SparkInstall, tmp_path: Path) -> None:
    for name, text in (("a", "spark.x=1\nspark.jars=/a.jar\n"), ("b", "spark.x=2\n")):
        (tmp_path / name).write_text(text)
    found = conf(install, f"--extra-properties-file={tmp_path}/a", f"--extra-properties-file={tmp_path}/b")
    assert (found.value("spark.x"), found.value("spark.jars")) == ("2", "/a.jar")
    assert found.value("spark.only.defaults") == "1"


def test_spark_conf_dir(install: SparkInstall, tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "spark-defaults.conf").write_text("spark.jars /etc.jar\n")
    found = conf(install, environ={"SPARK_CONF_DIR": str(tmp_path / "etc")})
    assert (found.value("spark.jars"), found.value("spark.only.defaults")) == ("/etc.jar", None)


def test_environment_variables_come_last(install: SparkInstall) -> None:
    assert conf(install, environ={"MASTER": "yarn", "DEPLOY_MODE": "cluster"}).deploy_mode == "cluster"
    assert conf(install, "--master", "local", environ={"MASTER": "yarn"}).value("spark.master") == "local"
    assert conf(install).deploy_mode == "client"


def test_a_file_that_cannot_be_read_is_a_problem_and_no_end(install: SparkInstall) -> None:
    found = conf(install, "--properties-file", "/no/such.conf", "--conf", "spark.a=1")
    assert found.value("spark.a") == "1"
    assert len(found.problems) == 1
    assert "/no/such.conf: the properties file cannot be read" in found.problems[0]


def test_without_an_installation() -> None:
    assert conf(None).settings == {}
