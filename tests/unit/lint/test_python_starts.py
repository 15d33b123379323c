"""What Python code starts elsewhere, and the variables that it sets for Spark."""

from __future__ import annotations

import pytest

from sparklineage.lint.readers import READERS
from sparklineage.lint.settings import UNKNOWN, Sheet


def sheets(text: str) -> list[Sheet]:
    return list(READERS["python"].read(text, "f"))


def told(sheet: Sheet) -> dict[str, str]:
    return {one.name: one.value.replace(UNKNOWN, "?") for one in (*sheet.settings, *sheet.environment)}


@pytest.mark.parametrize(
    ("text", "expected", "partial"),
    [
        ('run(["spark-submit", "--conf", "spark.a=1", "x.py"])', {"spark.a": "1"}, False),
        ('run(["/opt/spark/bin/spark-submit", f"--conf=spark.a={x}", "x.py"])', {"spark.a": "?"}, False),
        ('run(["spark-submit", *more, "--conf", "spark.a=1", "x.py"])', {"spark.a": "1"}, True),
        ('ARGS = ["spark-submit", "--name", "n", "x.py"]\nrun(ARGS)', {"--name": "n"}, True),
        ('f(Steps=[{"Args": ["spark-submit", "--name", "n", "x.py"]}])', {"--name": "n"}, False),
        ('os.system("spark-submit --name n x.py")', {"--name": "n"}, False),
        ('BashOperator(bash_command="spark-submit --name n x.py")', {"--name": "n"}, False),
        ('f({"a": [{"spark.b": 1, "other": 2}]})', {"spark.b": "1"}, True),
        ('CONF = {"spark.b": x}\nf(conf=CONF)', {"spark.b": "?"}, True),
        (
            'SparkSubmitOperator(conf={"spark.a": 1}, jars=j, name="n", env_vars={"A": "b"}, task_id="t")',
            {"spark.a": "1", "jars": "?", "name": "n", "A": "b"},
            False,
        ),
        ('SparkSubmitOperator(conf={"spark.a": 1, **more})', {"spark.a": "1"}, True),
        ('SparkSubmitOperator(conf=conf, name="n", **kwargs)', {"name": "n"}, True),
    ],
)
def test_applications_that_are_started(text: str, expected: dict[str, str], partial: bool) -> None:
    """Operators, requests, commands as lists and texts."""
    (sheet,) = sheets(f"# spark.x\n{text}\n")
    assert (told(sheet), sheet.partial) == (expected, partial)


@pytest.mark.parametrize(
    "text",
    [
        'assert_equal({"spark.a": 1}, x)',
        'print("spark-submit --conf spark.a=1 x.py")',
        'f({"color": "spark.red"})',
        'run(["echo", "spark-submit"])',
        'X = {"spark.a": 1}',
    ],
)
def test_other_things_are_none(text: str) -> None:
    assert sheets(f"# spark.x\n{text}\n") == []


def test_a_mapping_for_the_builder_is_no_application_of_its_own() -> None:
    (sheet,) = sheets('C = {"spark.a": 1}\nSparkSession.builder.config(map=C).getOrCreate()\n')
    assert [setting.origin for setting in sheet.settings] == ["code"]


SESSION = "SparkSession.builder.getOrCreate()\n"


@pytest.mark.parametrize(
    "text",
    [
        'os.environ["OPENLINEAGE_URL"] = "h"',
        'environ["OPENLINEAGE_URL"] = "h"',
        'os.environ.setdefault("OPENLINEAGE_URL", "h")',
        'os.putenv("OPENLINEAGE_URL", "h")',
        'os.environ.update({"OPENLINEAGE_URL": "h", "OTHER": "x"})',
        'os.environ.update(OPENLINEAGE_URL="h")',
        'def f():\n os.environ["OPENLINEAGE_URL"] = "h"',
    ],
)
def test_variables(text: str) -> None:
    """Of code that builds a session, unless something else in it reads them."""
    (sheet,) = sheets(f"{text}\n{SESSION}")
    assert [(one.key, one.value, one.origin) for one in sheet.environment] == [("OPENLINEAGE_URL", "h", "environment")]
    assert sheets(f"# SparkSession\n{text}\n") == []
    assert sheets(f"from openlineage.client import OpenLineageClient\n{text}\n{SESSION}") == []


def test_options_in_a_variable() -> None:
    """As PySpark takes them: behind spark-submit."""
    text = 'os.environ["PYSPARK_SUBMIT_ARGS"] = "--jars a.jar --conf \'spark.b=c d\' pyspark-shell"\n'
    (sheet,) = sheets(text + SESSION)
    assert told(sheet) == {"--jars": "a.jar", "spark.b": "c d"}
    assert not sheet.partial
    assert sheets(text.replace("'", "")[:60] + "'\"\n" + SESSION) == []
