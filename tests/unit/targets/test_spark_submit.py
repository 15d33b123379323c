"""Options of spark-submit: what bash makes of the script, and a list of the user's with ours in it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparklineage.errors import ConfigError
from sparklineage.model.conf_set import ConfSet
from sparklineage.targets import Application, Rendered, spark_submit
from sparklineage.targets.arguments import options_conf, split
from tests.support.orders import AGENT, HOSTILE, HTTP, KEY, WITNESS, conf, file, hidden, order

JOB = Application(uri="s3://lake/it's a job.py", arguments=("--day", "$(date)", ""))
JAR = "s3a://lake/openlineage-spark_2.12-1.53.0.jar"
_TOLD = """\
#!/usr/bin/env bash
for word; do printf '%s\\0' "$word"; done
env -0 | grep -z ^OPENLINEAGE
exit 0
"""
_WORD = st.text(max_size=12) | HOSTILE


def _words(rendered: Rendered) -> list[str]:
    (text,) = (one.text for one in rendered.artefacts if one.name.endswith((".json", "theirs")))
    words: list[str] = json.loads(text)
    return words


def _script(rendered: Rendered) -> str:
    return next(one.text for one in rendered.artefacts if one.name == "spark-submit.sh")


def _run(script: str, *words: str, **environ: str) -> tuple[list[str], dict[str, str]]:
    """The words and the agent's variables that spark-submit gets from the script, run by bash."""
    with TemporaryDirectory() as name:
        fake, path = Path(name) / "spark-submit", Path(name) / "run.sh"
        fake.write_text(_TOLD)
        fake.chmod(0o755)
        path.write_bytes(script.encode())
        done = subprocess.run(
            ["bash", str(path), *words], capture_output=True, check=False,
            env={"PATH": f"{name}:{os.environ['PATH']}", "LANG": "C.UTF-8", **environ},
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, b""), done.stderr.decode()
    found = done.stdout.decode().split("\0")[:-1]
    variables = [word for word in found if word.startswith("OPENLINEAGE__")]
    return found[: len(found) - len(variables)], dict(one.split("=", 1) for one in variables)


def test_the_command_is_whole() -> None:
    rendered = spark_submit.render(order(application=JOB))
    assert [(one.name, one.executable) for one in rendered.artefacts] == [
        ("spark-submit.sh", True),
        ("spark-submit.json", False),
    ]
    assert _words(rendered) == [
        "--jars", JAR,
        "--conf", f"spark.extraListeners={AGENT}",
        "--conf", "spark.openlineage.transport.type=http",
        "--conf", "spark.openlineage.transport.url=https://marquez.example.com",
        "--conf", "spark.openlineage.namespace=prod.flights",
        "s3://lake/it's a job.py", "--day", "$(date)", "",
    ]  # fmt: skip
    assert rendered.notes[0] == "Agent 1.53.0 for Scala 2.12: the newest that is known."
    assert all(f"# {note}\n" in _script(rendered) for note in rendered.notes)


@settings(deadline=None, max_examples=30)
@given(
    texts=st.lists(HOSTILE, min_size=1, max_size=4),
    arguments=st.lists(_WORD, max_size=3),
    uri=HOSTILE.filter(lambda text: not text.startswith("-")),
    note=HOSTILE,
)
def test_bash_hands_on_what_stands_in_the_list(texts: list[str], arguments: list[str], uri: str, note: str) -> None:
    """Whatever is in properties, names, arguments and notes."""
    hostile = {f"spark.app.{at}": text for at, text in enumerate(texts)}
    job = Application(uri=uri, arguments=tuple(arguments), main_class="org.example.Main")
    given_ = order({**HTTP, **hostile}, application=job, notes=(f"said: {note}",), why_mode=note)
    if any("\0" in text for text in (*texts, *arguments, uri)):
        with pytest.raises(ConfigError, match="cannot stand on a command line"):
            spark_submit.render(given_)
        return
    rendered = spark_submit.render(given_)
    words = _words(rendered)
    assert words[-len(arguments) - 1 :] == [uri, *arguments]
    assert _run(_script(rendered))[0] == words
    found = options_conf(split(words)[0], "list").as_dict()
    assert {key: found[key] for key in hostile} == hostile


def test_without_an_application_it_follows_the_script() -> None:
    rendered = spark_submit.render(order())
    words, _ = _run(_script(rendered), "my job.py", "--day", "*")
    assert words == [*_words(rendered), "my job.py", "--day", "*"]


@pytest.mark.parametrize("key", ["hunter2", "0123", 'a"b\\c$(id)', "é '; exit"])
def test_the_key_goes_by_the_environment_and_is_read_as_json(key: str) -> None:
    """Into no word, no file; and no script starts without it."""
    rendered = spark_submit.render(order(KEY, application=JOB))
    words, variables = _run(_script(rendered), MARQUEZ_KEY=key)
    assert words == _words(rendered)
    assert not any("auth" in word for word in words)
    assert variables.keys() == {f"OPENLINEAGE__TRANSPORT__{name}" for name in ("TYPE", "AUTH__TYPE", "AUTH__API_KEY")}
    assert variables["OPENLINEAGE__TRANSPORT__TYPE"] == "http"
    assert json.loads(variables["OPENLINEAGE__TRANSPORT__AUTH__API_KEY"]) == key
    with pytest.raises(AssertionError, match="MARQUEZ_KEY: a secret of the backend"):
        _run(_script(rendered))
    assert any("<env:MARQUEZ_KEY>" in note for note in rendered.notes)


def test_a_key_within_json_keeps_its_quotes() -> None:
    """Of a header the agent gets the map as a whole."""
    header = hidden("spark.openlineage.transport.headers.X-Key", "MINE")
    rendered = spark_submit.render(order(conf=ConfSet((*conf(HTTP).entries, header))))
    _, variables = _run(_script(rendered), MINE='"\\')
    assert json.loads(variables["OPENLINEAGE__TRANSPORT__HEADERS"]) == {"X-Key": '"\\'}


@pytest.mark.parametrize("key", ["env:MARQUEZ_KEY", "aws-ssm:/lineage/key"])
def test_shellcheck_has_nothing_to_say(tmp_path: Path, key: str) -> None:
    """But that it would expand a text in single quotes, which is not wanted (SC2016)."""
    path = tmp_path / "run.sh"
    path.write_text(_script(spark_submit.render(order({**KEY, "spark.openlineage.transport.auth.apiKey": key}))))
    done = subprocess.run(["shellcheck", "-S", "style", "-e", "SC2016", str(path)], capture_output=True, check=False,
                          env={"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"})  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_a_key_that_lies_elsewhere_has_to_be_in_the_agents_own_variable() -> None:
    rendered = spark_submit.render(order({**KEY, "spark.openlineage.transport.auth.apiKey": "aws-ssm:/lineage/key"}))
    name = "OPENLINEAGE__TRANSPORT__AUTH__API_KEY"
    with pytest.raises(AssertionError, match=f"{name}: the notes tell"):
        _run(_script(rendered))
    assert _run(_script(rendered), **{name: '"k"'})[1][name] == '"k"'
    assert any("<aws-ssm:/lineage/key>" in note for note in rendered.notes)


def test_a_plain_key_is_refused_unless_allowed() -> None:
    plain = {**KEY, "spark.openlineage.transport.auth.apiKey": "hunter22"}
    with pytest.raises(ConfigError, match=r"apiKey is a secret in plain text.*--allow-literal-secrets") as caught:
        spark_submit.render(order(plain))
    assert "hunter22" not in str(caught.value)
    rendered = spark_submit.render(order(plain, allow_literal_secrets=True))
    assert "spark.openlineage.transport.auth.apiKey=hunter22" in _words(rendered)
    assert not any("hunter22" in note for note in rendered.notes)


def test_a_list_of_theirs_keeps_its_words_and_grows() -> None:
    theirs = ["--master", "yarn", "--deploy-mode=cluster", "--jars", "a.jar", "--conf",
              "spark.extraListeners=com.example.Theirs", "-c", "spark.openlineage.namespace=mine",
              "their.py", "--jars"]  # fmt: skip
    ours = {"spark.extraListeners": AGENT, **HTTP}
    rendered = spark_submit.render(order(ours, application=JOB), file(json.dumps(theirs)))
    words = _words(rendered)
    assert rendered.artefacts[0].name == "theirs"
    grown = {"a.jar": f"a.jar,{JAR}", theirs[6]: f"{theirs[6]},{AGENT}", "-c": "-c"}
    assert words[:9] == [grown.get(word, word) for word in theirs[:9]]
    assert words.count("--jars") == 2
    assert words[-2:] == theirs[-2:]
    found = options_conf(split(words)[0], "list").as_dict()
    assert found["spark.jars"] == f"a.jar,{JAR}"
    assert found["spark.extraListeners"] == f"com.example.Theirs,{AGENT}"
    assert found["spark.openlineage.namespace"] == "mine"
    assert any("cluster mode" in note for note in rendered.notes)
    assert any(note.startswith("spark.openlineage.namespace stays as theirs: --conf has it") for note in rendered.notes)
    assert _run(_script(rendered))[0] == words


def test_a_transport_of_theirs_gets_no_key_of_ours() -> None:
    """One that an earlier run put there is ours, though."""
    theirs = ["--conf", "spark.openlineage.transport.type=http", "--conf",
              "spark.openlineage.transport.url=https://other.example.com", "job.py"]  # fmt: skip
    rendered = spark_submit.render(order(KEY), file(json.dumps(theirs)))
    assert "OPENLINEAGE__" not in " ".join((*rendered.notes, *(one.text for one in rendered.artefacts)))
    once = spark_submit.render(order(KEY), file('["job.py"]'))
    twice = spark_submit.render(order(KEY), file(once.artefacts[0].text))
    assert twice == once
    assert "MARQUEZ_KEY" in _script(twice)


_BEGINNINGS = (
    "spark.a=", "spark.extraListeners=a.B,", "spark.openlineage.namespace=", "spark.openlineage.transport.auth.apiKey=",
    "spark.openlineage.transport.type=", "spark.jars=b.jar,", "spark.redaction.regex=",
)  # fmt: skip
_FLAGS = ("--jars", "--name", "--queue", "--driver-java-options")
_OPTIONS = st.lists(
    st.tuples(st.just("--conf"), st.sampled_from(_BEGINNINGS), HOSTILE)
    | st.tuples(st.sampled_from(_FLAGS), st.just(""), HOSTILE),
    max_size=5,
)


@settings(deadline=None)
@given(options=_OPTIONS, rest=st.lists(_WORD, max_size=3))
def test_doing_it_twice_is_doing_it_once(options: list[tuple[str, str, str]], rest: list[str]) -> None:
    """And nothing of theirs changes but lists, which grow where they stand."""
    theirs = [word for flag, prefix, text in options for word in (flag, prefix + text)] + ["job.py", *rest]
    given_ = order({**KEY, "spark.extraListeners": f"{WITNESS},{AGENT}"})
    try:
        once = spark_submit.render(given_, file(json.dumps(theirs)))
    except ConfigError as error:
        assert "\0" in "".join(theirs), error
        return
    words = _words(once)
    begin, end = split(theirs)
    assert words[len(words) - len(end) :] == end
    lists = [word for word in split(words)[0] if word == "--jars"]
    assert len(lists) <= max(1, begin.count("--jars"))
    assert _words(spark_submit.render(given_, file(once.artefacts[0].text))) == words
    before: Any = {entry.key: entry.value.reveal() for entry in options_conf(begin, "theirs").entries}
    after: Any = {entry.key: entry.value.reveal() for entry in options_conf(split(words)[0], "theirs").entries}
    for key, text in before.items():
        if key not in {"spark.jars", "spark.extraListeners"} and text.strip():
            assert after[key] == text
    unjoined = any("cannot be joined" in note for note in once.notes if note.startswith("spark.extraListeners"))
    assert ({WITNESS, AGENT} <= set(after["spark.extraListeners"].split(","))) is not unjoined


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[", "theirs: is no JSON list of arguments: "),
        ('{"a": 1}', "theirs: is no JSON list of texts; write one such as"),
        ('["--master", 1]', "theirs: is no JSON list of texts"),
        ("[" * 100_000, "theirs: is no JSON list of arguments: "),
    ],
)
def test_what_is_no_list_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        spark_submit.render(order(), file(text))
    assert str(caught.value).startswith(sentence)
