"""Which settings of a Python file belong together: those that one run can make."""

from __future__ import annotations

import pytest

from sparklineage.lint import check_text
from sparklineage.lint.fix import fix_text
from sparklineage.lint.readers import READERS
from sparklineage.lint.settings import Sheet

BUILDER = "SparkSession.builder"
TYPE = "spark.openlineage.transport.type"


def sheets(text: str) -> list[Sheet]:
    return list(READERS["python"].read(text, "f"))


def told(text: str) -> list[tuple[str, bool]]:
    """The keys of each sheet without `spark.`, and whether it is all there is."""
    return [
        (" ".join(one.key.removeprefix("spark.") for one in sheet.settings), not sheet.partial)
        for sheet in sheets(text)
    ]


def sets(name: str) -> str:
    return f'b = b.config("spark.{name}", 1)\n'


START = "b = SparkSession.builder\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{sets('a')}if P:\n {sets('b')}else:\n {sets('c')}{sets('d')}", [("a b d", True), ("a c d", True)]),
        (
            f"if P:\n {sets('a')}elif Q:\n {sets('b')}else:\n {sets('c')}",
            [("a", True), ("b", True), ("c", True)],
        ),
        (
            f"if P:\n {sets('a')}else:\n {sets('b')}if P:\n {sets('c')}else:\n {sets('d')}",
            [("a c", True), ("b d", True)],
        ),
        (f"if P:\n {sets('a')}if Q:\n {sets('b')}{sets('c')}", [("a c", False), ("b c", False)]),
        (f"{sets('a')}if P:\n {sets('b')}", [("a b", True)]),
        (f"try:\n {sets('a')}except E:\n {sets('b')}finally:\n {sets('c')}", [("a c", True), ("b c", True)]),
        (f"match P:\n case 1:\n  {sets('a')} case 2:\n  {sets('b')}", [("a", True), ("b", True)]),
        (f"{sets('a')}if __name__ == '__main__':\n {sets('b')}", [("a b", True)]),
        (f"with x:\n {sets('a')}for y in z:\n {sets('b')}", [("a b", True)]),
        ('b = b.config("spark.a", 1) if P else b.config("spark.b", 1)', [("a", True), ("b", True)]),
    ],
)  # fmt: skip
def test_branches_are_alternatives(text: str, expected: list[tuple[str, bool]]) -> None:
    """With what stands before and after them; the same question has the same answer."""
    assert told(f"import spark.x as SparkSession\n{text}") == expected


def test_a_branch_that_leaves_excludes_what_follows() -> None:
    one = f"{BUILDER}.config('spark.a', 1).getOrCreate()"
    other = f"{BUILDER}.config('spark.b', 1).getOrCreate()"
    text = f"def f():\n if P:\n  return {one}\n return {other}\n"
    assert told(text) == [("a", True), ("b", True)]


def test_functions_that_make_their_session_stand_alone() -> None:
    """The others share what the module does, and nobody knows who calls them with what."""
    text = f"""conf = SparkConf().set("spark.m", 1)
def alone():
    conf = SparkConf().set("spark.a", 1)
    return {BUILDER}.config(conf=conf).config("spark.b", 1).getOrCreate()
def given(builder):
    return builder.config("spark.c", 1).getOrCreate()
def open():
    return {BUILDER}.config("spark.d", 1)
def outer():
    return {BUILDER}.config(conf=conf).config("spark.e", 1).getOrCreate()
def helped():
    b = {BUILDER}.config("spark.f", 1)
    more(b)
    b.getOrCreate()
"""
    assert told(text) == [
        ("a b", True), ("m c", False), ("m d", False), ("m e", False), ("m f", False), ("m", False),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "b = SparkSession.builder.config('spark.a', 1)\nmore(b)\n",
        "given().config('spark.a', 1)\n",
        "self.x().config('spark.a', 1)\nmore(self)\n",
    ],
)
def test_what_comes_from_or_goes_to_functions_is_not_all(text: str) -> None:
    assert told(text) == [("a", False)]


def test_what_is_set_on_a_session_does_not_matter_for_that() -> None:
    text = "spark = SparkSession.builder.config('spark.a', 1).getOrCreate()\nspark.conf.set('spark.b', 2)\nrun(spark)\n"
    assert told(text) == [("a b", True)]


URL = 'b = b.config("spark.openlineage.transport.url", "http://h")\n'


def codes(text: str) -> set[str]:
    return {finding.code for finding in check_text(text, "f.py").findings}


def test_no_key_is_foreign_to_the_other_branch() -> None:
    """And a type in one of them is none for the other."""
    http = f' b = b.config("{TYPE}", "http")\n {URL}'
    file = f' b = b.config("{TYPE}", "file")\n b = b.config("spark.openlineage.transport.location", "/a/b")\n'
    assert not codes(f"{START}if P:\n{http}else:\n{file}") & {"SL021", "SL010", "SL018"}
    assert "SL010" in codes(f"{START}if P:\n {URL}else:\n{file}")
    one = f"def a():\n {START} {URL} return b.getOrCreate()\n"
    other = f"def b():\n {START}{file} return b.getOrCreate()\n"
    assert "SL010" in codes(one + other)


def test_what_branches_share_is_fixed_only_if_it_is_wrong_in_each() -> None:
    shared = f"{START}{URL}if P:\n {sets('a')}else:\n b = b.config('{TYPE}', 'http')\n"
    assert "SL010" in codes(shared)
    assert fix_text(shared, "f.py", codes=["SL010"]).text == shared
    dead = f"{START}b = b.config('spark.openlineage.debugFacet', 'enabled')\nif P:\n {sets('a')}else:\n {sets('b')}"
    assert "debugFacet" not in fix_text(dead, "f.py").text


def test_many_ways_are_not_multiplied() -> None:
    """Each setting is still looked at."""
    text = START + "".join(f"if P{n}:\n {sets(f'x{n}')}" for n in range(300))
    found = sheets(text)
    assert {setting.key for sheet in found for setting in sheet.settings} == {f"spark.x{n}" for n in range(300)}
    assert sum(len(sheet.settings) for sheet in found) < 1000
    text = "".join(f"def f{n}(b):\n return b.config('spark.x{n}', 1)\n" for n in range(300)) + URL * 10
    assert sum(len(sheet.settings) for sheet in sheets(text)) < 1000
