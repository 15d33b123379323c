"""The function for Python: what it does to a builder, and where it stands in the user's module."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparklineage.errors import ConfigError
from sparklineage.model.conf_set import ConfSet
from sparklineage.targets import Order, pyspark
from tests.support.orders import AGENT, HOSTILE, HTTP, KEY, WITNESS, conf, file, hidden, order

JAR = "s3a://lake/openlineage-spark_2.12-1.53.0.jar"
BEGIN, END = "# sparklineage: begin", "# sparklineage: end"


class Builder:
    """As pyspark's own: options in order, and each call gives it back."""

    def __init__(self, **options: str) -> None:
        self._options = {key.replace("__", "."): text for key, text in options.items()}

    def config(self, key: str, value: str) -> Builder:
        self._options[key] = value
        return self


def _text(given_: Order, into: str | None = None) -> str:
    return pyspark.render(given_, file(into, "job.py") if into is not None else None).artefacts[0].text


def _options(given_: Order, builder: Builder | None = None) -> dict[str, str]:
    scope: dict[str, Any] = {}
    exec(compile(_text(given_), "lineage.py", "exec"), scope)  # noqa: S102 - what it is for
    return dict(scope["with_lineage"](builder or Builder())._options)


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the function sets in the environment goes again."""
    for name in ("TYPE", "AUTH__TYPE", "AUTH__API_KEY", "HEADERS"):
        monkeypatch.setenv(f"OPENLINEAGE__TRANSPORT__{name}", "before")
        monkeypatch.delenv(f"OPENLINEAGE__TRANSPORT__{name}")


def test_the_builder_gets_everything() -> None:
    assert _options(order()) == {"spark.jars": JAR, "spark.extraListeners": AGENT, **HTTP}


@settings(deadline=None)
@given(texts=st.dictionaries(HOSTILE, st.text(max_size=20) | HOSTILE, max_size=4), note=HOSTILE)
def test_what_is_hostile_arrives(texts: Mapping[str, str], note: str) -> None:
    """By Python's own literals, in a module that any editor opens; a note ends no comment."""
    hostile = {f"spark.{key}": text for key, text in texts.items()}
    given_ = order({**HTTP, **hostile}, notes=(note,), why_agent=f"a {note}")
    expected = {"spark.jars": JAR, "spark.extraListeners": AGENT, **HTTP, **hostile}
    text = _text(given_)
    (table,) = (node.value for node in ast.walk(ast.parse(text))
                if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "ours"
                and isinstance(node.value, ast.Dict))  # fmt: skip
    assert ast.literal_eval(table) == expected
    assert ast.parse(text.encode()) is not None
    assert _options(given_) == expected


@pytest.mark.parametrize("width", [88, 120])
def test_ruff_has_nothing_to_say(tmp_path: Path, width: int) -> None:
    """Nor to format; a JAR's path may be as long as it is."""
    quotes = {**KEY, "spark.app.a": "it's", "spark.app.b": 'a "b"', "spark.redaction.regex": "key"}
    for name, mode in (("one.py", "outbox"), ("two.py", "direct")):
        (tmp_path / name).write_text(_text(order(quotes, mode=mode)))
    (tmp_path / "three.py").write_text(_text(order(KEY), "import os\n\nprint(os.name)\n"))
    for words in (["check", "--select", "E4,E7,E9,F,I,B,UP,SIM"], ["format", "--check", "--diff"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *words, "--isolated", "--no-cache", "--line-length", str(width), "."],
            cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr


def test_their_options_stay_and_lists_are_joined() -> None:
    given_ = order({"spark.extraListeners": f"{WITNESS},{AGENT}", "spark.redaction.regex": "key", **HTTP})
    builder = Builder(
        spark__jars="a.jar, b.jar",
        spark__extraListeners=f"{AGENT},com.example.Theirs",
        spark__openlineage__namespace="mine",
        spark__redaction__regex="password",
        spark__x="y",
    )
    found = _options(given_, builder)
    assert found["spark.jars"] == f"a.jar, b.jar,{JAR}"
    assert found["spark.extraListeners"] == f"com.example.Theirs,{WITNESS},{AGENT}"
    assert found["spark.openlineage.namespace"] == "mine"
    assert found["spark.redaction.regex"] == "key|password"
    assert found["spark.x"] == "y"
    builder._options = dict(found)
    assert _options(given_, builder) == found


def test_the_key_goes_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MARQUEZ_KEY", '0"1\\')
    found = _options(order(KEY))
    assert not any("auth" in key for key in found)
    assert os.environ["OPENLINEAGE__TRANSPORT__TYPE"] == "http"
    assert os.environ["OPENLINEAGE__TRANSPORT__AUTH__TYPE"] == "api_key"
    assert json.loads(os.environ["OPENLINEAGE__TRANSPORT__AUTH__API_KEY"]) == '0"1\\'


def test_a_header_goes_within_its_map(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINE", '"\\é')
    header = hidden("spark.openlineage.transport.headers.X-Key", "MINE")
    _options(order(conf=ConfSet((*conf(HTTP).entries, header))))
    assert json.loads(os.environ["OPENLINEAGE__TRANSPORT__HEADERS"]) == {"X-Key": '"\\é'}


def test_a_key_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MARQUEZ_KEY", raising=False)
    with pytest.raises(RuntimeError, match=r"set \['MARQUEZ_KEY'\]: the agent gets its keys from there"):
        _options(order(KEY))
    elsewhere = {**KEY, "spark.openlineage.transport.auth.apiKey": "aws-ssm:/lineage/key"}
    with pytest.raises(RuntimeError, match=r"set \['OPENLINEAGE__TRANSPORT__AUTH__API_KEY'\]"):
        _options(order(elsewhere))
    monkeypatch.setenv("OPENLINEAGE__TRANSPORT__AUTH__API_KEY", '"k"')
    assert _options(order(elsewhere))["spark.openlineage.transport.type"] == "http"


def test_a_transport_of_the_builder_gets_no_key_of_ours() -> None:
    builder = Builder(spark__openlineage__transport__type="console")
    found = _options(order(KEY), builder)
    assert {key: text for key, text in found.items() if ".transport." in key} == {
        "spark.openlineage.transport.type": "console"
    }
    assert "OPENLINEAGE__TRANSPORT__TYPE" not in os.environ


def test_under_spark_submit_the_builder_stays_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """The JVM runs already, and a listener that is not on its class path would end the job."""
    monkeypatch.setenv("PYSPARK_GATEWAY_PORT", "4711")
    with pytest.warns(UserWarning, match="spark-submit has started the JVM already"):
        assert _options(order()) == {}


def test_a_plain_key_is_refused_unless_allowed() -> None:
    plain = {**KEY, "spark.openlineage.transport.auth.apiKey": "hunter22"}
    with pytest.raises(ConfigError, match="is a secret in plain text"):
        pyspark.render(order(plain))
    assert _options(order(plain, allow_literal_secrets=True))["spark.openlineage.transport.auth.apiKey"] == "hunter22"


JOB = """\
#!/usr/bin/env python
# Ours since 2019.
\"\"\"What it does.\"\"\"

from __future__ import annotations

import os; import sys  # both
from pyspark.sql import (
    SparkSession,
)

spark = SparkSession.builder.getOrCreate()
"""


def test_it_stands_behind_the_imports_and_every_line_stays() -> None:
    text = _text(order(), JOB)
    before, ours, after = text.partition(BEGIN)[0], text.count("def with_lineage"), text.partition(END)[2]
    assert before == JOB.partition("\nspark =")[0] + "\n\n"
    assert after == "\n\n\nspark = with_lineage(SparkSession.builder).getOrCreate()\n"
    assert ours == 1
    assert _text(order(), text) == text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "é = (SparkSession.builder\n  .appName('é').config('spark.jars', 'a.jar')\n  .getOrCreate())",
            "é = (with_lineage(SparkSession.builder\n  .appName('é').config('spark.jars', 'a.jar'))\n  .getOrCreate())",
        ),
        ("f('é', pyspark.sql.SparkSession.builder.create())", None),
        ("with_lineage(SparkSession.builder).getOrCreate()", "with_lineage(SparkSession.builder).getOrCreate()"),
        ("SparkSession.builder.remote('sc://h').getOrCreate()", "SparkSession.builder.remote('sc://h').getOrCreate()"),
        ("Other.getOrCreate()", "Other.getOrCreate()"),
    ],
)
def test_what_plainly_builds_a_session_is_wrapped(before: str, after: str | None) -> None:
    """Around all of its options, so that lists are joined; a client of Connect takes no listener."""
    text = _text(order(), f"import pyspark\n{before}\n")
    expected = after or "f('é', with_lineage(pyspark.sql.SparkSession.builder).create())"
    assert text.endswith(f"{END}\n\n\n{expected}\n")
    assert _text(order(), text) == text


@pytest.mark.parametrize(
    ("module", "note"),
    [
        ("builder = SparkSession.builder\nspark = builder.getOrCreate()\n", "The session of line"),
        ("x = 1\n", "No session is built in this file: import with_lineage where it is"),
        (JOB, None),
        ("with_lineage(get()).getOrCreate()\n", None),
    ],
)
def test_what_is_left_to_the_user_is_told(module: str, note: str | None) -> None:
    notes = pyspark.render(order(), file(module, "job.py")).notes
    assert [one[: len(note or "")] for one in notes if "session" in one and "first session" not in one] == (
        [note] if note else []
    )


def test_an_older_one_is_replaced_where_it_stands() -> None:
    old = _text(order({**HTTP, "spark.openlineage.namespace": "old"}), JOB) + "\n# theirs, at the end\n"
    new = _text(order(), old)
    assert "'old'" not in new.replace('"', "'")
    assert new == _text(order(), JOB) + "\n# theirs, at the end\n"


@pytest.mark.parametrize(
    "module",
    ["", "\n", "x = 1", "# only a comment", "@property\ndef f(self): pass\n", "import os", '"""Text."""',
     "import os\r\nx = 1\r\n", "x = 1\x0c\ny = 2\n", "import os\rx = 1\r", "if True:\n    import os\n",
     "s = '# sparklineage: begin'\n"],
)  # fmt: skip
def test_whatever_the_module_is(module: str) -> None:
    text = _text(order(), module)
    tree = ast.parse(text)
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "with_lineage"]
    assert len(functions) == 1
    tree.body.remove(functions[0])
    assert ast.dump(tree) == ast.dump(ast.parse(module))
    assert _text(order(), text) == text
    if "\r\n" in module:
        assert text.count("\n") == text.count("\r\n")


def test_half_of_an_older_one_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"job\.py: has `# sparklineage: begin` without `# sparklineage: end`"):
        _text(order(), f"import os\n{BEGIN}\n")


@pytest.mark.parametrize(
    ("module", "sentence"),
    [("x = (", "job.py:1:5: is no Python: '(' was never closed."), ("x = \0", "job.py"), ("(" * 5000, "job.py")],
)
def test_what_is_no_python_is_refused(module: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        _text(order(), module)
    assert str(caught.value).startswith(sentence)
