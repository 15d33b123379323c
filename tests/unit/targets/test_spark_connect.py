"""The server of Spark Connect: its file, and the script that starts it, run by bash."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from sparklineage.config.properties import parse
from sparklineage.errors import ConfigError
from sparklineage.targets import Rendered, spark_connect
from sparklineage.targets.arguments import options_conf
from tests.support.orders import AGENT, HOSTILE, HTTP, KEY, file, order

_START = """\
#!/usr/bin/env bash
for word; do printf '%s\\0' "$word"; done
printf '%s\\0' "${OPENLINEAGE__TRANSPORT__AUTH__API_KEY-none}"
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A Spark whose server only tells what it is started with."""
    start = tmp_path / "a spark" / "sbin" / "start-connect-server.sh"
    start.parent.mkdir(parents=True)
    start.write_text(_START)
    start.chmod(0o755)
    return start.parents[1]


def _started(rendered: Rendered, home: Path, *words: str, **environ: str) -> tuple[list[str], str]:
    """The options of the server, and the key in its environment."""
    (script,) = (one for one in rendered.artefacts if one.name == "start-connect-server.sh")
    assert script.executable
    path = home / "run.sh"
    path.write_bytes(script.text.encode())
    path.chmod(0o755)
    done = subprocess.run(
        [str(path), *words], capture_output=True, check=False,
        env={"PATH": os.environ["PATH"], "SPARK_HOME": str(home), "LANG": "C.UTF-8", **environ},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, b""), done.stderr.decode()
    *found, key = done.stdout.decode().split("\0")[:-1]
    return found, key


def test_the_file_and_the_options_say_the_same(home: Path) -> None:
    rendered = spark_connect.render(order())
    defaults = rendered.artefacts[0]
    words, key = _started(rendered, home, "--port", "1")
    assert defaults.name == "spark-defaults.conf"
    assert options_conf(words, "").as_dict() == parse(defaults.text)
    assert parse(defaults.text)["spark.extraListeners"] == AGENT
    assert words[-2:] == ["--port", "1"]
    assert key == "none"
    assert any("--packages org.apache.spark:spark-connect_2.12:" in note for note in rendered.notes)
    assert not any("--packages" in note for note in spark_connect.render(order(scala="2.13")).notes)


@settings(deadline=None, max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=HOSTILE.filter(lambda text: "\0" not in text), note=HOSTILE)
def test_what_is_hostile_arrives(home: Path, text: str, note: str) -> None:
    rendered = spark_connect.render(order({**HTTP, "spark.app.x": text}, notes=(note,)))
    words, _ = _started(rendered, home)
    assert f"spark.app.x={text}" in words
    assert parse(rendered.artefacts[0].text)["spark.app.x"] == text


def test_the_server_gets_the_key_by_its_environment(home: Path) -> None:
    rendered = spark_connect.render(order(KEY))
    words, key = _started(rendered, home, MARQUEZ_KEY="007")
    assert json.loads(key) == "007"
    assert "007" not in "".join(words)
    with pytest.raises(ConfigError, match="is a secret in plain text"):
        spark_connect.render(order({**KEY, "spark.openlineage.transport.auth.apiKey": "hunter22"}))


def test_with_a_file_of_theirs_the_server_reads_that(home: Path) -> None:
    """As options, ours would replace lists of theirs: they stand in the file alone."""
    theirs = "spark.extraListeners com.example.Theirs\nspark.executor.cores 2\n"
    rendered = spark_connect.render(order(KEY), file(theirs))
    first = rendered.artefacts[0]
    assert (first.name, first.text.startswith(theirs)) == ("theirs", True)
    assert parse(first.text)["spark.extraListeners"] == f"com.example.Theirs,{AGENT}"
    assert _started(rendered, home, MARQUEZ_KEY="k") == ([], '"k"')
    assert spark_connect.render(order(KEY), file(first.text)) == rendered
