"""Finding Spark in every place where people have it."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from sparklineage.errors import SparkNotFoundError
from sparklineage.submit import spark
from sparklineage.submit.spark import find_spark

ROOT = Path(__file__).parents[3]


def script(path: Path, text: str = "#!/bin/sh\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def spark_home(home: Path, jar: str = "spark-core_2.13-4.2.0.jar") -> Path:
    script(home / "bin" / "spark-submit")
    (home / "jars").mkdir()
    (home / "jars" / jar).write_bytes(b"")
    return home


@pytest.fixture(autouse=True)
def _no_pyspark(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spark, "find_spec", lambda _: None)


def test_the_flag_before_everything(tmp_path: Path) -> None:
    home = spark_home(tmp_path / "a", "spark-core_2.12-3.5.6-amzn-2.jar")
    other = spark_home(tmp_path / "b")
    found = find_spark({"SPARK_HOME": str(other), "PATH": f"{other}/bin"}, home=home, python=tmp_path / "python")
    assert (found.home, found.version, found.scala, found.found) == (home, "3.5.6-amzn-2", "2.12", "--spark-home")
    assert found.environ_additions == {"SPARK_HOME": str(home)}
    assert found.spark_submit == home / "bin" / "spark-submit"


def test_spark_home_before_path(tmp_path: Path) -> None:
    home, other = spark_home(tmp_path / "a"), spark_home(tmp_path / "b")
    found = find_spark({"SPARK_HOME": str(home), "PATH": f"{other}/bin"}, home=None, python=tmp_path / "python")
    assert (found.home, found.found) == (home, "SPARK_HOME")


@pytest.mark.parametrize("how", ["--spark-home", "SPARK_HOME"])
def test_an_explicit_folder_without_spark(tmp_path: Path, how: str) -> None:
    environ = {"SPARK_HOME": str(tmp_path)} if how == "SPARK_HOME" else {}
    with pytest.raises(SparkNotFoundError) as caught:
        find_spark(environ, home=None if environ else tmp_path, python=tmp_path / "python")
    assert str(caught.value) == (
        f"{how} is {tmp_path}, where there is no bin/spark-submit; give the folder that holds Spark's bin and jars."
    )


def test_a_link_on_path_is_followed(tmp_path: Path) -> None:
    home = spark_home(tmp_path / "opt" / "spark")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "spark-submit").symlink_to(home / "bin" / "spark-submit")
    found = find_spark({"PATH": f"{tmp_path}/bin"}, home=None, python=tmp_path / "python")
    assert (found.home, found.spark_submit, found.found) == (home, home / "bin" / "spark-submit", "PATH")
    assert found.environ_additions == {}


@pytest.mark.parametrize(
    "text",
    ['#!/bin/bash\n. /usr/lib/bigtop-utils/bigtop-detect-javahome\nexec HOME/bin/spark-submit "$@"\n',
     "export SPARK_HOME=HOME\nexec $SPARK_HOME/bin/run\n",
     "SPARK_HOME=${SPARK_HOME:-HOME}\n"],
)  # fmt: skip
def test_a_wrapper_on_path_is_run_and_looked_through(tmp_path: Path, text: str) -> None:
    home = spark_home(tmp_path / "usr-lib" / "spark")
    wrapper = script(
        tmp_path / "bin" / "spark-submit",
        text.replace("HOME", str(home), 1)
        if text[0] == "#"
        else text.replace("=HOME", f"={home}").replace("-HOME", f"-{home}"),
    )
    found = find_spark({"PATH": f"{tmp_path}/bin"}, home=None, python=tmp_path / "python")
    assert (found.home, found.spark_submit, found.version) == (home, wrapper, "4.2.0")


def pip_environment(root: Path) -> Path:
    home = root / "lib" / "python3.11" / "site-packages" / "pyspark"
    home.mkdir(parents=True)
    spark_home(home)
    script(root / "bin" / "spark-submit")
    script(root / "bin" / "python3")
    return home


def test_pip_s_script_of_an_environment_that_is_active(tmp_path: Path) -> None:
    home = pip_environment(tmp_path / "venv")
    found = find_spark({"PATH": f"{tmp_path}/venv/bin:/usr/bin"}, home=None, python=tmp_path / "python")
    assert (found.home, found.spark_submit) == (home, home / "bin" / "spark-submit")
    assert found.environ_additions == {"SPARK_HOME": str(home)}


def test_pip_s_script_behind_another_python3(tmp_path: Path) -> None:
    home = pip_environment(tmp_path / "venv")
    script(tmp_path / "bin" / "python3")
    environ = {"PATH": f"{tmp_path}/bin:{tmp_path}/venv/bin"}
    found = find_spark(environ, home=None, python=tmp_path / "python")
    python = str(tmp_path / "venv" / "bin" / "python3")
    assert found.environ_additions == {"SPARK_HOME": str(home), "PYSPARK_PYTHON": python}
    own = find_spark({**environ, "PYSPARK_PYTHON": "/my/python"}, home=None, python=tmp_path / "python")
    assert own.environ_additions == {"SPARK_HOME": str(home)}


def test_the_pyspark_of_the_running_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = pip_environment(tmp_path / "venv")
    spec = ModuleSpec("pyspark", None, is_package=True)
    spec.submodule_search_locations = [str(home)]
    monkeypatch.setattr(spark, "find_spec", lambda _: spec)
    python = tmp_path / "venv" / "bin" / "python3"
    found = find_spark({"PATH": "/nowhere"}, home=None, python=python)
    assert (found.home, found.found) == (home, "pyspark")
    assert found.environ_additions == {"SPARK_HOME": str(home), "PYSPARK_PYTHON": str(python)}


def test_pyspark_itself_is_not_imported() -> None:
    if importlib.util.find_spec("pyspark") is None:
        pytest.skip("needs pyspark")
    code = (
        "import sys; from pathlib import Path; from sparklineage.submit.spark import find_spark\n"
        "found = find_spark({'PATH': ''}, home=None, python=Path(sys.executable))\n"
        "print(found.found, found.scala, 'pyspark' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert re.fullmatch(r"pyspark 2\.1\d False\n", done.stdout)


def test_an_unusual_layout_is_asked_for_its_version(tmp_path: Path) -> None:
    banner = "      /_/    version 3.4.1\n\nUsing Scala version 2.12.17, OpenJDK 64-Bit Server VM, 17.0.15\n"
    home = tmp_path / "spark"
    script(home / "bin" / "spark-submit", f"#!/bin/sh\ncat >&2 <<'E'\nWARNING: noise\n{banner}E\n")
    found = find_spark({"PATH": "/bin:/usr/bin"}, home=home, python=tmp_path / "python")
    assert (found.version, found.scala) == ("3.4.1", "2.12")


def test_a_spark_that_does_not_tell_its_version(tmp_path: Path) -> None:
    script(tmp_path / "bin" / "spark-submit", "#!/bin/sh\necho broken >&2\nexit 1\n")
    with pytest.raises(SparkNotFoundError, match=r"tells the version of Spark \(it said: broken\)"):
        find_spark({"PATH": "/bin:/usr/bin"}, home=tmp_path, python=tmp_path / "python")


def test_no_spark_at_all(tmp_path: Path) -> None:
    with pytest.raises(SparkNotFoundError) as caught:
        find_spark({"PATH": str(tmp_path)}, home=None, python=tmp_path / "python")
    assert str(caught.value) == (
        "no spark-submit was found: SPARK_HOME is not set, none is on PATH, and pyspark is not installed for "
        f"{tmp_path}/python; set SPARK_HOME, or install it with: {tmp_path}/python -m pip install pyspark"
    )
