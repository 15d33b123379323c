"""Scripts of a shell with spark-submit in them: what bash makes of those before and after."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sparklineage.errors import ConfigError
from sparklineage.targets import spark_submit
from sparklineage.targets.arguments import options_conf, split
from tests.support.orders import AGENT, HOSTILE, HTTP, KEY, WITNESS, file, order

JAR = "s3a://lake/openlineage-spark_2.12-1.53.0.jar"
SCRIPT = """#!/bin/bash
set -e
LIB=/opt/lib   # spark-submit's own
exec "$SPARK_HOME/bin/spark-submit" \\
  --master yarn --jars "$LIB/a.jar",b.jar \\
  --conf 'spark.extraListeners=com.example.Theirs' --name "a $LIB \\"q\\"" \\
  jobs/daily.py "$@" --day '$x' > log 2>&1 || echo failed
"""


def words(script: str, *arguments: str) -> list[str]:
    """What spark-submit is given by the script."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "bin").mkdir()
        (folder / "bin" / "spark-submit").write_text(f"#!/bin/bash\nprintf '%s\\0' \"$@\" > {folder}/told\n")
        (folder / "bin" / "spark-submit").chmod(0o755)
        (folder / "run.sh").write_bytes(script.encode())
        environ = {"PATH": f"{folder}/bin:{os.environ['PATH']}", "SPARK_HOME": name, "LANG": "C.UTF-8"}
        done = subprocess.run(["bash", "run.sh", *arguments], cwd=name, env=environ, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()
        return (folder / "told").read_bytes().decode().split("\0")[:-1]


def test_lists_grow_where_they_stand_and_the_rest_stays() -> None:
    given_ = order({"spark.extraListeners": f"{WITNESS},{AGENT}", **HTTP})
    rendered = spark_submit.render(given_, file(SCRIPT, "run.sh"))
    (found,) = rendered.artefacts
    assert (found.name, found.executable) == ("run.sh", True)
    assert rendered.notes[-1] == "run.sh:3 names spark-submit too, and stays as it is."
    told = words(found.text, "it's", "$HOME")
    before = words(SCRIPT, "it's", "$HOME")
    assert told[-5:] == before[-5:] == ["jobs/daily.py", "it's", "$HOME", "--day", "$x"]
    assert told[:4] == ["--master", "yarn", "--jars", f"/opt/lib/a.jar,b.jar,{JAR}"]
    assert told.count("--jars") == 1
    assert options_conf(split(told)[0], "").as_dict()["spark.extraListeners"].endswith(AGENT)
    kept = [line for line in SCRIPT.splitlines() if "--" not in line]
    assert [line for line in found.text.splitlines() if line in kept] == kept
    assert spark_submit.render(given_, file(found.text, "run.sh")).artefacts == rendered.artefacts


@settings(deadline=None, max_examples=40)
@given(
    options=st.lists(
        st.tuples(st.sampled_from(("--name", "--jars", "--queue")), HOSTILE.filter(lambda text: "\0" not in text)),
        max_size=4,
    ),
    rest=st.lists(HOSTILE.filter(lambda text: "\0" not in text), max_size=3),
)
@example(options=[("--name", "\r\n")], rest=["\r"])
def test_what_bash_hands_on_is_that_of_a_list(options: list[tuple[str, str]], rest: list[str]) -> None:
    """Whatever stands in the words, and doing it twice is doing it once."""
    theirs = ["spark-submit", *(word for option in options for word in option), "job.py", *rest]
    text = f"set -u\n{' '.join(map(shlex.quote, theirs))}; exit 0\n"
    try:
        rendered = spark_submit.render(order(KEY), file(text, "run.sh"))
    except ConfigError:
        assert any(0xD800 <= ord(char) <= 0xDFFF for char in text)
        return
    done = rendered.artefacts[0].text
    if any(0xD800 <= ord(char) <= 0xDFFF for char in text):
        return
    told = words(done)
    assert told[len(told) - len(rest) - 1 :] == ["job.py", *rest]
    assert split(told)[1] == ["job.py", *rest]
    jars = options_conf(split(told)[0], "").as_dict()["spark.jars"]
    unjoined = any(note.startswith("spark.jars stays as") for note in rendered.notes)
    assert jars.split(",").count(JAR) == (0 if unjoined else 1)
    assert spark_submit.render(order(KEY), file(done, "run.sh")).artefacts[0].text == done


def test_keys_are_told_and_not_written() -> None:
    rendered = spark_submit.render(order(KEY), file(SCRIPT, "run.sh"))
    assert "MARQUEZ_KEY" not in rendered.artefacts[0].text
    assert any("<env:MARQUEZ_KEY>" in note for note in rendered.notes)


def test_options_in_a_variable_are_told_of() -> None:
    rendered = spark_submit.render(order(), file("spark-submit $OPTS a.py\n", "run.sh"))
    assert any(note.startswith("Options that $OPTS brings are not seen here") for note in rendered.notes)
    assert rendered.artefacts[0].text.endswith(" $OPTS a.py\n")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("cat x | spark-submit a.py", "run.sh:1: lineage gets into a script with one command spark-submit that begins"),
        ("\nspark-submit a.py\nspark-submit b.py\n", "run.sh:2: lineage gets into a script with one command"),
        ("true &&\nspark-submit a.py\n", "run.sh:2: lineage gets into a script"),
        ("spark-submit \\\n  --name $(id) a.py", "run.sh:2: '$(id) a.py' is more than a word in quotes or a variable"),
        ("spark-submit `x`", "run.sh:1: '`x`' is more than a word"),
        ("spark-submit 'a", 'run.sh:1: "\'a" is more than a word'),
    ],
)
def test_what_cannot_be_told_apart_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        spark_submit.render(order(), file(text, "run.sh"))
    assert str(caught.value).startswith(sentence)
