"""Every syntax of values: read what was written, refused what the syntax cannot carry."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparklineage.errors import ConfigError
from sparklineage.model.conf_lists import BracketList, CommaList, SemicolonList
from sparklineage.model.conf_pattern import Pattern
from sparklineage.model.conf_tags import Pair, Pairs
from sparklineage.model.conf_value import ConfValue, SecretValue, Text
from sparklineage.model.masking import MASK
from sparklineage.model.secret import Secret, SecretReference

CANARY = "canary-77aa12"
words = st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=8)


def entries(forbidden: str) -> st.SearchStrategy[tuple[str, ...]]:
    fit = words.map(str.strip).filter(lambda text: bool(text) and not set(forbidden) & set(text))
    return st.lists(fit, max_size=5).map(tuple)


def unless_refused(make: type[Pairs], found: tuple[Pair, ...]) -> Pairs | None:
    try:
        return make(found)
    except ConfigError:
        return None


parts = words.map(str.strip).filter(lambda text: bool(text) and "\\" not in text)
pairs = st.lists(st.builds(Pair, parts, parts, parts), max_size=4).map(tuple)
values: st.SearchStrategy[ConfValue] = st.one_of(
    st.text(max_size=20).map(Text),
    entries(",").map(CommaList),
    entries(";]").map(BracketList),
    entries(";[]").map(SemicolonList),
    pairs.map(lambda found: unless_refused(Pairs, found))
    .filter(lambda found: found is not None)
    .map(lambda x: x or Text("")),
    st.text(max_size=20).map(Pattern),
    st.from_regex(r"[A-Z_][A-Z0-9_]{0,8}", fullmatch=True).map(
        lambda name: SecretValue(SecretReference(kind="env", name=name))
    ),
)


@given(values)
def test_what_was_written_is_read_as_the_same(value: ConfValue) -> None:
    assert type(value).read(value.written) == value


@given(st.sampled_from((CommaList, BracketList, SemicolonList, Pairs)), st.text(max_size=20))
def test_any_text_is_read_or_refused_in_a_sentence(kind: type[ConfValue], text: str) -> None:
    try:
        value = kind.read(text)
    except ConfigError as error:
        assert str(error).endswith(".")
        assert "\n" not in str(error)
    else:
        assert kind.read(value.written) == value


@pytest.mark.parametrize(
    ("kind", "entry", "form"),
    [(CommaList, "a,b", "a,b"), (CommaList, "a\nb", "a,b"), (CommaList, "", "a,b"), (CommaList, " a", "a,b"),
     (BracketList, "a;b", "[a;b]"), (BracketList, "a]", "[a;b]"), (BracketList, "a\r", "[a;b]"),
     (SemicolonList, "[a", "a;b"), (SemicolonList, "a;b", "a;b")],
)  # fmt: skip
def test_an_entry_that_a_list_cannot_carry(kind: type[CommaList], entry: str, form: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(f"{entry!r} cannot be an entry of a list {form}; leave out ")):
        kind((entry,))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a:b;c", [("a", "b", "CONFIG"), ("c", "true", "CONFIG")]),
        ("a:b:c:d; e : f ", [("a", "b", "c"), ("e", "f", "CONFIG")]),
        (r"a\:b:c\;d", [("a:b", "c;d", "CONFIG")]),
        (r"a\b:c\\d", [(r"a\b", r"c\\d", "CONFIG")]),
        ("a: ;:b;;a::c;a:", [("a", "true", "CONFIG")]),
        ("[a:b;c]", [("a", "b", "CONFIG"), ("c", "true", "CONFIG")]),
        ("", []),
    ],
)
def test_tags_as_the_agent_reads_them(text: str, found: list[tuple[str, str, str]]) -> None:
    """What the agent's own deserializer made of the same texts."""
    assert [tuple(pair) for pair in Pairs.read(text).entries] == found


def test_tags_are_written_with_their_escapes() -> None:
    assert Pairs((Pair("a:b", "c;d"), Pair("e", "f", "me"))).written == r"a\:b:c\;d;e:f:me"


@pytest.mark.parametrize("part", ["a\\", r"a\:b", r"a\\\;", " a", "a\nb", ""])
def test_a_tag_that_the_agent_could_not_read(part: str) -> None:
    with pytest.raises(ConfigError, match="cannot stand in tags"):
        Pairs((Pair("key", part),))


def test_tags_that_the_agent_would_take_for_a_list() -> None:
    with pytest.raises(ConfigError, match="in brackets"):
        Pairs((Pair("[a", "b"), Pair("c", "d]")))


def test_a_list_without_its_brackets_is_none_to_the_agent() -> None:
    with pytest.raises(ConfigError, match=r"^the agent reads a list in brackets alone; write \[a;b\]\.$"):
        BracketList.read("a;b")


def test_lists_are_joined_theirs_first_each_entry_once() -> None:
    ours = CommaList(("witness", "agent"), first=("witness",))
    assert ours.behind(CommaList(("x", "agent", "y"))).written == "witness,x,agent,y"
    assert CommaList(("a", "b", "c"), default=("a", "b")).behind(CommaList(("x",))).written == "x,c"
    assert BracketList(("a", "b")).behind(BracketList(("b", "c"))).written == "[b;c;a]"
    assert SemicolonList(("a",)).behind(SemicolonList(("b",))).written == "b;a"
    theirs, ours_too = Pairs((Pair("team", "x"),)), Pairs((Pair("team", "y"), Pair("env", "prod")))
    assert ours_too.behind(theirs).written == "team:x;env:prod"
    assert ours_too.gives_way(theirs) == "team:y"


@pytest.mark.parametrize(
    "theirs", ["(?i)secret|pin", r"\Qa.b", r"\Qa|b", "(?x) pin # a | comment", "pin", "[a|b]c|(d|e)"]
)
def test_our_pattern_stands_first_and_once(theirs: str) -> None:
    once = Pattern("token|key").behind(Pattern(theirs))
    assert once.written == f"token|key|{theirs}"
    assert once.behind(Pattern(theirs)) == once
    assert Pattern("token|key").behind(once) == once


def test_a_pattern_is_parted_where_alternatives_are() -> None:
    assert Pattern(r"(a|b)|[|]|\||\Qx|y\E|z").alternatives == ("(a|b)", "[|]", r"\|", r"\Qx|y\E", "z")
    assert Pattern("token|key").behind(Pattern("x|key")).written == "token|x|key"
    assert Pattern("token").behind(Pattern("")).written == "token"


@pytest.mark.parametrize("ours", [r"\Qa", "(a", "[a", "a\\", "(?x) a # b"])
def test_a_pattern_that_would_swallow_the_next_is_not_joined(ours: str) -> None:
    with pytest.raises(ConfigError, match="cannot stand before another"):
        Pattern(ours).behind(Pattern("pin"))


def test_a_secret_value_shows_its_place_or_a_mask() -> None:
    literal, reference = SecretValue.read(CANARY), SecretValue.read("env:API_KEY")
    assert literal == SecretValue(Secret(CANARY))
    assert CANARY not in f"{literal!r} {literal} {literal.written} {literal.shown('x')}"
    assert (literal.written, literal.reveal(), literal.blank) == (MASK, CANARY, False)
    assert (reference.written, reference.shown("spark.x.apiKey")) == ("env:API_KEY", "env:API_KEY")
    with pytest.raises(ConfigError, match=r"^env:API_KEY has not been fetched yet"):
        reference.reveal()
    assert SecretValue.read(" ").blank


def test_a_text_is_shown_without_what_looks_secret() -> None:
    assert Text(CANARY).shown("spark.my.password") == MASK
    assert CANARY not in Text(f"jdbc://me:{CANARY}@h").shown("spark.url")
    assert Text("a").shown("spark.x") == "a"
