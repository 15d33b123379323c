"""Every kind of value: what is read and what is refused, and that what is written is read as the same value again."""

from __future__ import annotations

import json
import math
import re
import string
import uuid
from typing import TYPE_CHECKING, get_args

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sparklineage.config.values import WANTED, Kind, Limits, Value, WrongValueError, named, parse, render

if TYPE_CHECKING:
    from collections.abc import Sequence

CANARY = "canary-41f0aa93"
KINDS: tuple[Kind, ...] = get_args(Kind)
TAGS = "tags without : ; and line ends, which the agent could not read"
WORDS = ("http", "console", "asyncTaskQueue")
ENUM = Limits(values=WORDS, open=True, aliases=(("datazone", "console"),))
UNITS = ("ms", "s", "min", "d", "KiB", "%", None)
some = settings(max_examples=100, deadline=None)

GOOD: list[tuple[Kind, object, Limits | None, Value]] = [
    ("text", " as it stands ", None, " as it stands "),
    ("text", 5, None, "5"),
    ("text", "", None, ""),
    ("text", "zwei\nZeilen", None, "zwei\nZeilen"),
    ("boolean", True, None, True),
    ("boolean", "TRUE", None, True),
    ("boolean", " yes ", None, True),
    ("boolean", "on", None, True),
    ("boolean", 1, None, True),
    ("boolean", "no", None, False),
    ("boolean", "Off", None, False),
    ("boolean", 0, None, False),
    ("integer", "42", None, 42),
    ("integer", -3, None, -3),
    ("integer", " +7 ", None, 7),
    ("integer", "007", None, 7),
    ("integer", "2147483647", None, 2_147_483_647),
    ("number", "1.5", None, 1.5),
    ("number", 2, None, 2.0),
    ("number", ".5e-3", None, 0.0005),
    ("duration", "500ms", None, 500),
    ("duration", "5s", None, 5_000),
    ("duration", "2 m", None, 120_000),
    ("duration", "2min", None, 120_000),
    ("duration", "1m30s", None, 90_000),
    ("duration", "1h 30m", None, 5_400_000),
    ("duration", "1.5s", None, 1_500),
    ("duration", "1d", None, 86_400_000),
    ("duration", "PT5S", None, 5_000),
    ("duration", "p1dt2h3m4.5s", None, 93_784_500),
    ("duration", "0s", None, 0),
    ("duration", 5, Limits(unit="s"), 5_000),
    ("duration", "5", Limits(unit="ms"), 5),
    ("duration", 0.25, Limits(unit="s"), 250),
    ("duration", "7", Limits(unit="d"), 604_800_000),
    ("duration", "366d", None, 366 * 86_400_000),
    ("size", "64KiB", None, 65_536),
    ("size", "10MB", None, 10_000_000),
    ("size", "10 mb", None, 10_000_000),
    ("size", "1.5GiB", None, 1_610_612_736),
    ("size", "17", None, 17),
    ("size", "17B", None, 17),
    ("size", 3, Limits(unit="KiB"), 3_072),
    ("url", "http://marquez:5000", None, "http://marquez:5000"),
    ("url", " https://h/p?q=1 ", None, "https://h/p?q=1"),
    ("url", "HTTPS://[::1]:8080", None, "HTTPS://[::1]:8080"),
    ("url", "http://bücher.example", None, "http://bücher.example"),
    ("uuid", "0190c0de-0000-7000-8000-000000000001", None, "0190c0de-0000-7000-8000-000000000001"),
    ("enum", "http", ENUM, "http"),
    ("enum", " HTTP ", ENUM, "http"),
    ("enum", "ASYNCTASKQUEUE", ENUM, "asyncTaskQueue"),
    ("enum", "datazone", ENUM, "console"),
    ("enum", "com.example.MyTransport", ENUM, "com.example.MyTransport"),
    ("enum", 2.12, Limits(values=("2.12", "2.13")), "2.12"),
    ("list", "a, b,,c ", None, ("a", "b", "c")),
    ("list", "[a;b;]", None, ("a", "b")),
    ("list", "[a,b;c]", None, ("a,b", "c")),
    ("list", ["a", " b ", None, 3], None, ("a", "b", "3")),
    ("list", "", None, ()),
    ("list", "[]", None, ()),
    ("tags", {"env": "prod", "pii": True, "n": 3}, None, ("env:prod", "pii:true", "n:3")),
    ("tags", "env:prod;team:data:HANDBOOK; ", None, ("env:prod", "team:data:HANDBOOK")),
    ("tags", ["env:prod", "alone"], None, ("env:prod", "alone")),
    ("regex", "^a(?<remove>b)$", None, "^a(?<remove>b)$"),
    ("path", " /a b ", None, "/a b"),
    ("path", "~/a", None, "~/a"),
    ("class", "a.b.C$D", None, "a.b.C$D"),
    ("json", '{"a": [1]}', None, '{"a": [1]}'),
    ("version", "1.53.0", None, "1.53.0"),
    ("version", "1.53", None, "1.53.0"),
    ("version", "1.53.0-SNAPSHOT", None, "1.53.0-SNAPSHOT"),
    ("version", "1.53.0.amzn_1", None, "1.53.0.amzn_1"),
]  # fmt: skip

WRONG: list[tuple[Kind, object, Limits | None, str]] = [
    *((kind, None, None, "") for kind in KINDS),
    *((kind, {"a": {"b": 1}}, None, "") for kind in KINDS),
    *((kind, ["a", ["b"]], None, "") for kind in KINDS),
    *((kind, True, None, "") for kind in KINDS if kind != "boolean"),
    *((kind, "a\0b", None, "") for kind in KINDS),
    *((kind, "\ud800", None, "") for kind in KINDS if kind != "boolean"),
    # More digits than Python writes.
    *((kind, 1 << 20_000, None, "") for kind in KINDS),
    ("boolean", "maybe", None, "true or false"),
    ("boolean", 2, None, "true or false"),
    ("boolean", 1.0, None, "true or false"),
    ("boolean", "", None, "true or false"),
    ("integer", "1.0", None, "a whole number"),
    ("integer", "1e3", None, "a whole number"),
    ("integer", "٣", None, "a whole number"),
    ("integer", 2_147_483_648, None, "a whole number of at most 2147483647, as the agent holds it,"),
    ("integer", "9" * 400, None, "a whole number of at most 2147483647, as the agent holds it,"),
    ("number", "nan", None, "a number"),
    ("number", math.inf, None, "a number"),
    ("number", "1e999", None, "a number"),
    ("duration", "5", None, "a duration such as 500ms, 5s or 2m"),
    ("duration", "-5s", None, "a duration such as 500ms, 5s or 2m"),
    ("duration", "5S", None, "a duration such as 500ms, 5s or 2m"),
    ("duration", "5 seconds", None, "a duration such as 500ms, 5s or 2m"),
    ("duration", "5s3", None, "a duration such as 500ms, 5s or 2m"),
    ("duration", "", None, "a duration such as 500ms, 5s or 2m"),
    ("duration", "P", None, "a duration such as 500ms, 5s or 2m"),
    ("duration", "PT", None, "a duration such as 500ms, 5s or 2m"),
    ("duration", math.inf, Limits(unit="s"), "a duration such as 500ms, 5s or 2m"),
    ("duration", "0.5ms", None, "a duration of whole milliseconds, at most a year"),
    ("duration", "367d", None, "a duration of whole milliseconds, at most a year"),
    ("size", "5ib", None, "a size such as 64KiB or 10MB"),
    ("size", "-1B", None, "a size such as 64KiB or 10MB"),
    ("size", "5M", None, "a size such as 64KiB or 10MB"),
    ("size", "0.5", None, "a size of whole bytes"),
    ("url", "marquez:5000", None, "an http or https URL such as https://HOST:PORT"),
    ("url", "ftp://h", None, "an http or https URL such as https://HOST:PORT"),
    ("url", "http://", None, "an http or https URL such as https://HOST:PORT"),
    ("url", "http://h:port", None, "an http or https URL such as https://HOST:PORT"),
    ("url", "http://[::1", None, "an http or https URL such as https://HOST:PORT"),
    ("url", "http://h/a b", None, "an http or https URL such as https://HOST:PORT"),
    ("url", "http://h/\x1b[0m", None, "an http or https URL such as https://HOST:PORT"),
    ("uuid", "run-1", None, "a UUID"),
    ("uuid", "0190c0de00007000800000000000001", None, "a UUID"),
    ("enum", "smtp", ENUM, "one of http, console, asyncTaskQueue, or the full name of a class"),
    ("enum", "my-transport", ENUM, "one of http, console, asyncTaskQueue, or the full name of a class"),
    ("list", "a,b[0]", None, "a list whose entries hold no ; [ ] and no line end, which the agent could not read"),
    ("list", ["a;b"], None, "a list whose entries hold no ; [ ] and no line end, which the agent could not read"),
    ("list", ["a\nb"], None, "a list whose entries hold no ; [ ] and no line end, which the agent could not read"),
    ("tags", {"a:b": "c"}, None, f"{TAGS} (number 1 has one)"),
    ("tags", {"a": "b;c"}, None, f"{TAGS} (number 1 has one)"),
    ("tags", {"": "c"}, None, f"{TAGS} (number 1 has one)"),
    ("tags", "a;b:c:d:e", None, "tags such as key:value or key:value:source (number 2 is none)"),
    ("tags", ":b", None, "tags such as key:value or key:value:source (number 1 is none)"),
    ("tags", [{"a": "b"}], None, "a mapping from tag to value"),
    ("path", "~nobody-of-this-name/a", None, "a path whose home folder is known here"),
    ("class", "Transport", None, "the full name of a class"),
    ("class", "a.b-c", None, "the full name of a class"),
    ("json", "{a: 1}", None, "a JSON text"),
    ("json", "[" * 100_000, None, "a JSON text"),
    ("version", "1", None, "a version such as 1.53.0"),
    ("version", "v1.53.0", None, "a version such as 1.53.0"),
    ("version", "1." + "9" * 5_000, None, "a version such as 1.53.0"),
    ("version", "1.53.0\n1", None, "a version such as 1.53.0"),
]  # fmt: skip


def numbered(cases: Sequence[tuple[Kind, object, Limits | None, object]]) -> list[str]:
    """Names for the cases, because a number of 6,000 digits has none."""
    return [f"{kind}-{at}" for at, (kind, *_) in enumerate(cases)]


@pytest.mark.parametrize(("kind", "found", "limits", "value"), GOOD, ids=numbered(GOOD))
def test_a_value_is_read_into_its_one_form(kind: Kind, found: object, limits: Limits | None, value: Value) -> None:
    read = parse(found, kind, limits)
    assert (read, type(read)) == (value, type(value))
    assert parse(render(read, kind), kind, limits) == read


@pytest.mark.parametrize(("kind", "found", "limits", "needed"), WRONG, ids=numbered(WRONG))
def test_a_wrong_value_is_refused_with_what_is_needed(
    kind: Kind, found: object, limits: Limits | None, needed: str
) -> None:
    with pytest.raises(WrongValueError) as caught:
        parse(found, kind, limits)
    assert str(caught.value) == needed if needed else str(caught.value)


def test_a_near_word_is_suggested_in_a_sentence_of_its_own() -> None:
    with pytest.raises(WrongValueError) as caught:
        parse("htp", "enum", ENUM)
    assert caught.value.hint == " Did you mean http?"
    assert "Did you mean" not in str(caught.value)


def test_every_kind_has_good_and_wrong_examples_and_a_name() -> None:
    assert {kind for kind, *_ in GOOD} == {kind for kind, *_ in WRONG} == set(KINDS) == set(WANTED)


@pytest.mark.parametrize(
    ("millis", "text"),
    [(0, "0s"), (1, "1ms"), (1_500, "1500ms"), (5_000, "5s"), (90_000, "90s"), (120_000, "2m"), (86_400_000, "24h")],
)
def test_a_duration_is_written_in_the_largest_unit_that_divides_it(millis: int, text: str) -> None:
    assert render(millis, "duration") == text


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0B"), (1_000, "1000B"), (1_024, "1KiB"), (3 << 20, "3MiB"), (1_025, "1025B")]
)
def test_a_size_is_written_in_the_largest_unit_of_1024_that_divides_it(size: int, text: str) -> None:
    assert render(size, "size") == text


def test_a_list_is_written_with_brackets_only_where_an_entry_has_a_comma() -> None:
    assert render(("a", "b"), "list") == "a,b"
    assert render(("a,b", "c"), "list") == "[a,b;c]"


printed = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
stripped = printed.map(str.strip)
entries = stripped.map(lambda text: "".join(char for char in text if char not in ";[]\n\r").strip()).filter(bool)
tag_words = stripped.map(lambda text: "".join(char for char in text if char not in ":;\n\r").strip()).filter(bool)
identifiers = st.from_regex(r"[A-Za-z_$][A-Za-z0-9_$]{0,8}", fullmatch=True)
classes = st.lists(identifiers, min_size=2, max_size=4).map(".".join)
hosts = st.text(string.ascii_lowercase + string.digits, min_size=1, max_size=12)
CARRIED: dict[Kind, st.SearchStrategy[Value]] = {
    "text": printed,
    "boolean": st.booleans(),
    "integer": st.integers(-(2**31) + 1, 2**31 - 1),
    "number": st.floats(allow_nan=False, allow_infinity=False),
    "duration": st.integers(0, 366 * 86_400_000),
    "size": st.integers(0, 10**14),
    "url": st.builds(
        lambda scheme, host, port, path: f"{scheme}://{host}:{port}/{path}",
        st.sampled_from(["http", "https"]), hosts, st.integers(0, 65535),
        st.text(string.ascii_letters + string.digits + "/.-_~%?=&#", max_size=12),
    ),
    "uuid": st.uuids().map(str),
    "enum": st.one_of(st.sampled_from(WORDS), classes),
    "list": st.lists(entries, max_size=5).map(tuple),
    "tags": st.lists(st.lists(tag_words, min_size=1, max_size=3).map(":".join), max_size=4).map(tuple),
    "regex": printed.map(re.escape),
    "path": stripped.filter(lambda text: not text.startswith("~")),
    "class": classes,
    "json": st.recursive(
        st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(st.characters(codec="utf-8"), max_size=9),
        lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text("ab", max_size=3), below, max_size=3),
    ).map(json.dumps),
    "version": st.from_regex(r"[0-9]{1,4}\.[0-9]{1,4}\.[0-9]{1,4}([.-][A-Za-z0-9_.-]{1,6})?", fullmatch=True),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
@some
@given(data=st.data())
def test_what_is_written_is_read_as_the_same_value_again(kind: Kind, data: st.DataObject) -> None:
    value = data.draw(CARRIED[kind])
    limits = ENUM if kind == "enum" else Limits(unit=data.draw(st.sampled_from(UNITS)))
    text = render(value, kind)
    read = parse(text, kind, limits)
    assert (read, type(read)) == (value, type(value))
    assert render(read, kind) == text


words = st.sampled_from(
    ["5s", "1.5", "ms", "KiB", "ib", "P1D", "T5S", "http://", "@", "[", ";", ",", ":", "a", " ", "-", "~", "\0", "{}",
     "true", "1e9", "²", "½", "٣", "\u2028", "é", "\ud800", "99999999999999999999", str(uuid.UUID(int=7))]
)  # fmt: skip
texts = st.one_of(st.text(max_size=40), st.lists(words, max_size=8).map("".join))
anything = st.recursive(
    st.one_of(texts, st.none(), st.booleans(), st.integers(), st.floats()),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.one_of(texts, st.integers()), below, max_size=3),
    max_leaves=6,
)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=150, deadline=None)
@given(found=anything, unit=st.sampled_from(UNITS))
@example(found="5ib", unit=None)
@example(found=1 << 20_000, unit="s")
@example(found={1 << 20_000: 1}, unit=None)
@example(found=[1 << 20_000], unit=None)
@example(found="\ud800", unit=None)
def test_anything_at_all_is_a_value_or_refused(kind: Kind, found: object, unit: str | None) -> None:
    limits = ENUM if kind == "enum" else Limits(unit=unit)
    try:
        value = parse(found, kind, limits)
    except WrongValueError as error:
        assert str(error)
        return
    assert parse(render(value, kind), kind, limits) == value
    assert (
        parse(
            value,
            kind,
            limits if kind not in ("duration", "size") else Limits(unit="ms" if kind == "duration" else None),
        )
        == value
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("found", [CANARY, [CANARY, [1]], {CANARY: CANARY}, f"{CANARY}\0", f"[{CANARY};\n"])
def test_no_refusal_holds_the_value(kind: Kind, found: object) -> None:
    try:
        parse(found, kind, ENUM)
    except WrongValueError as error:
        assert CANARY not in str(error) + error.hint + repr(error)
        assert error.__cause__ is None


@pytest.mark.parametrize("found", ["a", True, 1, 1.5, [], (), {}, None])
def test_a_value_of_any_type_has_a_name(found: object) -> None:
    assert named(found) in {"a text", "true or false", "a number", "a list", "a mapping", "empty"}


@pytest.mark.parametrize(
    "text",
    ["a(b", "a)", "[a", "[z-a]", "a{3,2}", "a\\", "(?<a>x)(?<a>y)", "(?<remove>x"],
)  # fmt: skip
def test_a_broken_pattern_is_refused(text: str) -> None:
    with pytest.raises(WrongValueError, match="a regular expression that is whole"):
        parse(text, "regex")


@pytest.mark.parametrize(
    "text",
    ["a*+b", r"\Qa(b\E", r"\p{Alpha}+\h", "(?>a|b)c", "[a-z&&[^b]]", "^*a", "(?<remove>x)", r"\(?<a", "(?i)a", "[]a]",
     "(?<!a)b", "(?<year>\\d{4})"],
)  # fmt: skip
def test_what_java_alone_can_read_is_taken(text: str) -> None:
    assert parse(text, "regex") == text
