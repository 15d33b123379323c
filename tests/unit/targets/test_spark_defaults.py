"""spark-defaults.conf, alone and behind the lines of the user's own file."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparklineage.config.properties import entries, parse
from sparklineage.errors import ConfigError
from sparklineage.model.conf_properties import properties_text
from sparklineage.targets import Order, spark_defaults
from tests.support.orders import AGENT, HOSTILE, HTTP, KEY, THEIRS, WITNESS, file, order

_TYPE = "spark.openlineage.transport.type"
_HEAD = "# added by sparklineage; of a property that is given twice the later one counts"


def _merged(given_: Order, text: str) -> str:
    return spark_defaults.render(given_, file(text)).artefacts[0].text


def _read(text: str) -> dict[str, str]:
    """As Spark reads it: the later one counts, and blanks around a value are gone."""
    return {entry.key: entry.trimmed for entry in entries(text)}


def test_the_file_is_whole() -> None:
    rendered = spark_defaults.render(order())
    (only,) = rendered.artefacts
    assert only.name == "spark-defaults.conf"
    assert (
        only.text
        == """\
# Agent 1.53.0 for Scala 2.12: the newest that is known.
# Delivery is direct: no relay runs there.
spark.jars                        s3a://lake/openlineage-spark_2.12-1.53.0.jar
spark.extraListeners              io.openlineage.spark.agent.OpenLineageSparkListener
spark.openlineage.transport.type  http
spark.openlineage.transport.url   https://marquez.example.com
spark.openlineage.namespace       prod.flights
"""
    )


@settings(deadline=None)
@given(texts=st.dictionaries(st.text(min_size=1, max_size=8), HOSTILE, max_size=4), note=HOSTILE)
def test_what_is_hostile_arrives(texts: dict[str, str], note: str) -> None:
    """No note ends its comment, and no value its line."""
    hostile = {f"spark.{key}": text for key, text in texts.items()}
    rendered = spark_defaults.render(order({**HTTP, **hostile}, notes=(f"x {note}",), why_agent=note))
    found = parse(rendered.artefacts[0].text)
    assert found == {"spark.jars": "s3a://lake/openlineage-spark_2.12-1.53.0.jar", "spark.extraListeners": AGENT,
                     **HTTP, **hostile}  # fmt: skip


def test_the_application_of_one_is_that_of_all() -> None:
    rendered = spark_defaults.render(order({**HTTP, "spark.openlineage.appName": "nightly\nspark.x 1"}, mode="outbox"))
    assert any("is the job nightly\nspark.x 1; leave `job` out" in note for note in rendered.notes)
    assert "spark.x" not in parse(rendered.artefacts[0].text)
    assert any("relay drain --all" in note for note in rendered.notes)


def test_the_key_is_in_no_file() -> None:
    rendered = spark_defaults.render(order(KEY))
    assert "auth" not in "".join(key + text for key, text in parse(rendered.artefacts[0].text).items())
    assert any("<env:MARQUEZ_KEY>" in note for note in rendered.notes)
    plain = {**KEY, "spark.openlineage.transport.auth.apiKey": "hunter22"}
    with pytest.raises(ConfigError, match="is a secret in plain text") as caught:
        spark_defaults.render(order(plain))
    assert "hunter22" not in str(caught.value)
    allowed = spark_defaults.render(order(plain, allow_literal_secrets=True))
    assert parse(allowed.artefacts[0].text)["spark.openlineage.transport.auth.apiKey"] == "hunter22"
    assert "hunter22" not in "".join(allowed.notes)


def test_their_lines_stay_and_lists_grow_behind_them() -> None:
    theirs = "# mine\nspark.executor.memory 2g\nspark.extraListeners=com.example.Theirs\nspark.x a\\\n   b"
    text = _merged(order(), theirs)
    assert text.startswith(f"{theirs}\n\n{_HEAD}\n")
    found = _read(text)
    assert found["spark.extraListeners"] == f"com.example.Theirs,{AGENT}"
    assert (found["spark.executor.memory"], found["spark.x"]) == ("2g", "ab")
    assert _merged(order(), text) == text


def test_a_file_that_has_everything_stays_as_it_is() -> None:
    text = spark_defaults.render(order()).artefacts[0].text
    assert _merged(order(), text) == text


@pytest.mark.parametrize("end", ["", "\n", "\\", "\\\n", "\r\n", "\\\r", "\n\n# end"])
def test_whatever_their_file_ends_with(end: str) -> None:
    """A backslash would join the next line to theirs."""
    theirs = f"spark.a 1\nspark.b 2{end}"
    text = _merged(order(), theirs)
    assert text.startswith(theirs)
    assert _read(text) == {**_read(theirs), **_read(_merged(order(), ""))}


def test_the_line_ends_of_windows_stay() -> None:
    text = _merged(order(), "spark.a 1\r\nspark.b 2\r\n")
    assert text.count("\n") == text.count("\r\n") == len(text.splitlines())


def test_a_key_of_theirs_stays_theirs() -> None:
    """It is not written again, and the type that it needs is."""
    theirs = "spark.openlineage.transport.auth.apiKey hunter22\n"
    text = _merged(order({**HTTP, "spark.openlineage.transport.auth.type": "api_key"}), theirs)
    assert text.count("hunter22") == 1
    assert _read(text)["spark.openlineage.transport.auth.type"] == "api_key"


def test_what_looks_like_a_reference_of_ours_is_none_in_their_file() -> None:
    rendered = spark_defaults.render(order(), file("spark.openlineage.transport.auth.apiKey env:THEIRS\n"))
    assert not any("THEIRS" in note for note in rendered.notes)


def test_what_gives_way_is_told() -> None:
    rendered = spark_defaults.render(order(), file("spark.openlineage.namespace mine"))
    assert (
        "spark.openlineage.namespace stays as theirs:1 has it, not prod.flights (sparklineage.yml)." in rendered.notes
    )


@settings(deadline=None)
@given(theirs=THEIRS, comment=st.text(max_size=10))
def test_doing_it_twice_is_doing_it_once(theirs: dict[str, str], comment: str) -> None:
    text = f"! {' '.join(comment.split())}\n" + properties_text(theirs)
    given_ = order({**KEY, "spark.extraListeners": f"{WITNESS},{AGENT}"})
    once = _merged(given_, text)
    assert once.startswith(text)
    assert _merged(given_, once) == once
    before, after = _read(text), _read(once)
    for key, value in before.items():
        if key != "spark.extraListeners" and value.strip():
            assert after[key] == value
    listeners = after["spark.extraListeners"].split(",")
    assert listeners.index(WITNESS) < listeners.index(AGENT)
    assert [one for one in before.get("spark.extraListeners", "").split(",") if one and one not in listeners] == []


def test_a_file_that_java_refuses_is_refused() -> None:
    with pytest.raises(ConfigError) as caught:
        _merged(order(), "spark.a 1\nspark.dir C:\\users\n")
    assert str(caught.value) == (
        "theirs: \\users is no character; write \\u and four hexadecimal digits, or \\\\ for a backslash."
    )


def test_a_transport_of_theirs_puts_the_outbox_off() -> None:
    properties = {"spark.extraListeners": f"{WITNESS},{AGENT}", "spark.sparklineage.spool": "/var/spool"}
    told = f"The outbox is off: {_TYPE} is set (theirs:1), so the agent sends its events itself."
    outbox = order(properties, mode="outbox")
    assert told in spark_defaults.render(outbox, file(f"{_TYPE} console\n")).notes
    assert not any("is off" in note for note in spark_defaults.render(outbox, file("spark.a 1\n")).notes)
    assert told not in spark_defaults.render(order(), file(f"{_TYPE} console\n")).notes
