"""Properties files. The expected values are what Java 17's own `Properties.load` gave for the same text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sparklineage.config.properties import parse
from sparklineage.errors import ConfigError
from sparklineage.submit.properties import load

if TYPE_CHECKING:
    from pathlib import Path


def test_like_java() -> None:
    text = (
        "a=b\n  c : d \ne f g  \n#x=y\n!z=1\nlong=one,\\\n   two,\\\n\\\n three\nuni=\\u00e9\\u0041é\n"
        "esc=\\t\\n\\r\\f\\q\\\\\\:\nke\\ y=v\nk\\=e=v\nempty\nempty2=\n=novalue\nh=a#b\ndup=1\ndup=2\n"
        "cr=x\\\r\n  y\r\nlast=end\\"
    )
    assert parse(text) == {
        "": "novalue", "a": "b", "c": "d ", "cr": "xy", "dup": "2", "e": "f g  ", "empty": "", "empty2": "",
        "esc": "\t\n\r\fq\\:", "h": "a#b", "k=e": "v", "ke y": "v", "last": "end", "long": "one,two,three",
        "uni": "éAé",
    }  # fmt: skip


def test_like_java_in_the_corners() -> None:
    text = (
        "tab\t=\t v\\ \n\\ lead=1\nkk==v\nkc:=v\nk  = : v\nff\fvalue\fx\n   # comment\n \\\n  foo=bar\n"
        "#comment \\\nnotcont=1\nbs=a\\\\\nnext=1\n\n\\\n\n zz=3\n"
    )
    assert parse(text) == {
        " lead": "1", "bs": "a\\", "ff": "value\fx", "foo": "bar", "k": ": v", "kc": "=v", "kk": "=v", "next": "1",
        "notcont": "1", "tab": "v ", "zz": "3",
    }  # fmt: skip


def test_two_escapes_can_be_one_character() -> None:
    assert parse("a=\\ud83d\\ude00") == {"a": "😀"}


def test_spark_trims_values_and_drops_foreign_keys(tmp_path: Path) -> None:
    file = tmp_path / "spark-defaults.conf"
    file.write_text('spark.a  x \\t\nfoo.bar=1\nsparkle=2\nspark.j={"a": "b:c"}\nspark.n=x\\n\n', encoding="utf-8")
    assert load(file) == {"spark.a": "x", "spark.j": '{"a": "b:c"}', "spark.n": "x\n"}


def test_bytes_that_are_no_utf8_are_replaced_as_java_does(tmp_path: Path) -> None:
    file = tmp_path / "f.properties"
    file.write_bytes(b"spark.a=\xff\n")
    assert load(file) == {"spark.a": "�"}


def test_what_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path / "no.conf")
    assert str(caught.value) == (
        f"{tmp_path}/no.conf: the properties file cannot be read: No such file or directory. "
        "Check --properties-file and SPARK_CONF_DIR."
    )


def test_what_java_refuses(tmp_path: Path) -> None:
    file = tmp_path / "f.properties"
    file.write_text("spark.a=C:\\users\n")
    with pytest.raises(ConfigError) as caught:
        load(file)
    assert str(caught.value) == (
        f"{file}: \\users is no character; write \\u and four hexadecimal digits, or \\\\ for a backslash."
    )
