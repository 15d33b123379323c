"""Documents keep the place of everything, and any text at all gives a tree or one sentence."""

from __future__ import annotations

import json
import math
from functools import partial
from typing import TYPE_CHECKING

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sparklineage.config.documents import (
    DocumentError,
    Mapping,
    Mark,
    Scalar,
    Sequence,
    at,
    parse_json,
    parse_toml,
    parse_yaml,
    plain,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sparklineage.config.documents import Node

PIECES = [
    "a", "b: ", "- ", "? ", ": ", ":", "{", "}", "[", "]", ",", '"', "'", "\n", "\r\n", "\r", "  ", "\t", "#x", "&a ",
    "*a", "<<: ", "|", ">-", "!!int ", "!x ", "!!binary ", "!!set ", "---\n", "...\n", "%YAML 1.1\n", "1", "-1.5e3",
    "0x", "1:2", "~", "null", "true", "yes", "2001-99-99", "=", "\\", "\\u12", "\\n", "\ufeff", "\0", "\x85", "\u2028",
    "é", "😀", "\ud800", '"a": ', '"k"', "[[t]]\n", "[t.u]\n", "k = ", "'''", '"""',
    "1979-05-27T07:32:00Z", "NaN", "//",
]  # fmt: skip
texts = st.one_of(st.text(max_size=100), st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
printable = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), max_size=12)
leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=12),
    printable,
)
json_values = st.recursive(
    leaves, lambda below: st.lists(below, max_size=4) | st.dictionaries(st.text(max_size=8), below, max_size=4)
)
yaml_leaves = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), printable)
yaml_values = st.recursive(
    yaml_leaves, lambda below: st.lists(below, max_size=4) | st.dictionaries(printable, below, max_size=4)
)
some = settings(max_examples=200, deadline=None)
PARSERS: dict[str, Callable[[str], object]] = {
    "yaml": parse_yaml,
    "yaml-with-tags": partial(parse_yaml, local_tags=True),
    "json": parse_json,
    "toml": parse_toml,
}


def scalars(node: Node) -> Iterator[Scalar]:
    if isinstance(node, Scalar):
        yield node
    elif isinstance(node, Sequence):
        for item in node.items:
            yield from scalars(item)
    else:
        for entry in node.entries:
            yield entry.key
            yield from scalars(entry.value)


def only(nodes: list[Node]) -> Node:
    (node,) = nodes
    return node


@some
@given(value=json_values, indent=st.sampled_from([None, 0, 2, "\t"]), ascii_=st.booleans())
def test_json_comes_back(value: object, indent: int | str | None, ascii_: bool) -> None:
    """As it was written, and each scalar's place holds the text of that scalar alone."""
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_)
    node = parse_json(text)
    assert node is not None
    assert plain(node) == value
    for scalar in scalars(node):
        assert json.loads(text[scalar.start.offset : scalar.end.offset]) == scalar.value


@some
@given(value=yaml_values, flow=st.sampled_from([None, True, False]), unicode_=st.booleans(), width=st.integers(10, 99))
@example(value={"é": "航 x", "😀": ["b", 1]}, flow=False, unicode_=True, width=80)
def test_yaml_comes_back(value: object, flow: bool | None, unicode_: bool, width: int) -> None:
    """As PyYAML wrote it."""
    text = yaml.safe_dump(value, default_flow_style=flow, allow_unicode=unicode_, width=width)
    node = only(parse_yaml(text))
    assert plain(node) == value
    for scalar in scalars(node):
        found = text[scalar.start.offset : scalar.end.offset]
        assert scalar.style in {"", '"', "'"}
        assert yaml.safe_load(f"- {found}") == [scalar.value]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("bom", ["", "\ufeff"])
@pytest.mark.parametrize(
    ("parser", "text"),
    [
        (lambda text: only(parse_yaml(text)), "'ä': 'öü' # é\nb: 😀x\nc:\n- \"1\"\n- 23\n"),
        (parse_json, '{\n "ä": "öü",\n "b": "😀x", "c": [\n"1",\n 23]}\n'),
        (parse_toml, "'ä' = 'öü' # é\nb = \"😀x\"\nc = [\n\"1\", # x\n 23]\n"),
    ],
)
def test_places_are_counted_in_characters(parser: Callable[[str], Node], text: str, bom: str, newline: str) -> None:
    """Whatever ends a line and whatever letters it has; a byte order mark is part of the text."""
    text = bom + text.replace("\n", newline)
    node = parser(text)
    assert plain(node) == {"ä": "öü", "b": "😀x", "c": ["1", 23]}
    for scalar in scalars(node):
        found = text[scalar.start.offset : scalar.end.offset]
        assert found == f"{scalar.style}{scalar.text}{scalar.style}"
        lines = text[: scalar.start.offset].split("\n")
        assert scalar.start == Mark(len(lines), len(lines[-1]) + 1, scalar.start.offset)


@pytest.mark.parametrize("kind", PARSERS)
@settings(max_examples=400, deadline=None)
@given(text=texts)
def test_no_text_breaks_a_parser(kind: str, text: str) -> None:
    """Only DocumentError, with a place and one sentence that can be printed."""
    try:
        node = PARSERS[kind](text)
    except DocumentError as error:
        assert error.line >= 1
        assert error.column >= 1
        assert error.sentence.isprintable()
        assert error.sentence.endswith(".")
        return
    if kind == "json":
        assert node is None or json.loads(text.removeprefix("\ufeff")) == plain(node)  # type: ignore[arg-type]


@some
@given(text=texts)
def test_json_is_what_the_standard_library_reads(text: str) -> None:
    """Nothing more but blanks, and nothing less."""

    def refuse(name: str) -> None:
        raise ValueError(name)

    try:
        expected: object = json.loads(text, parse_constant=refuse)
    except ValueError:
        expected = ValueError
    try:
        node = parse_json(text)
    except DocumentError:
        assert expected is ValueError or text.startswith("\ufeff")
    else:
        assert node is None or expected is ValueError or plain(node) == expected


def test_yaml_resolves_as_pyyaml_does() -> None:
    """Numbers, words, merge keys, dates as text."""
    text = (
        "base: &base {a: 1, b: 2}\nother: &other {b: 3, c: 4}\nv:\n  <<: [*base, *other]\n  a: 9\n"
        "n: [010, 0x1f, 1_000, 190:20:30, 1e3, 1.5, .inf, ~, Yes, off, 'no', !!str 7, !!int '8']\n"
    )
    assert plain(only(parse_yaml(text))) == yaml.safe_load(text)
    date = at(only(parse_yaml("d: 2026-01-02")), "d")
    assert isinstance(date, Scalar)
    assert date.value == "2026-01-02"
    no = at(only(parse_yaml("d: No")), "d")
    assert isinstance(no, Scalar)
    assert (no.value, no.text) == (False, "No")


def test_tags_of_cloudformation_can_be_read() -> None:
    """The short form means the long one."""
    text = "a: !Ref x\nb: !Sub\n  - 1\n  - {c: !GetAtt y}\nd: !!str 1\n"
    expected = {"a": {"Ref": "x"}, "b": {"Sub": [1, {"c": {"GetAtt": "y"}}]}, "d": "1"}
    assert plain(only(parse_yaml(text, local_tags=True))) == expected
    with pytest.raises(DocumentError, match="tag"):
        parse_yaml("a: !!python/name:os.system x", local_tags=True)
    with pytest.raises(DocumentError, match="too deeply"):
        parse_yaml("[!a " * 40 + "]" * 40, local_tags=True)


def test_every_document_of_a_text_is_there() -> None:
    """None for an empty text, an empty one between marks as null."""
    assert [plain(node) for node in parse_yaml("a: 1\n---\n- 2\n---\n")] == [{"a": 1}, [2], None]
    assert parse_yaml("") == []
    assert parse_yaml("# nothing\n") == []
    assert parse_json(" \n") is None


@pytest.mark.parametrize("node", [only(parse_yaml("a: 1\nb: 2\na: 3\n")), parse_json('{"a": 1, "b": 2, "a": 3}')])
def test_a_key_given_twice_stands_there_twice(node: Node) -> None:
    """The last one is the one that counts."""
    assert isinstance(node, Mapping)
    assert [name for name, _, _ in node.items()] == ["a", "b", "a"]
    assert plain(node) == {"a": 3, "b": 2}
    assert at(node, "a") == node.entries[2].value
    assert node.duplicates() == [node.entries[2]]


def test_a_path_leads_to_a_node_or_to_none() -> None:
    """Names for mappings, numbers for lists."""
    node = parse_json('{"a": [1, {"b": null}]}')
    found = at(node, "a", 1, "b")
    assert isinstance(found, Scalar)
    assert (found.value, found.text) == (None, "")
    assert [at(node, *path) for path in [("x",), ("a", 2), (0,), ("a", 0, "b"), ("a", "b")]] == [None] * 5


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [*x]", "1:5: this alias refers to an anchor not defined."),
        ("a: &x [*x]", "1:8: this alias refers to itself."),
        ("a:\n\tb: 1", "2:1: this is no YAML: a tab stands where only spaces may; indent with spaces."),
        ("a: [1\nb: 2", "2:2: this is no YAML: did not find expected ',' or ']'."),
        ("é: \x07", "1:4: this is no YAML: it holds a control character."),
        ("é: \ud800", "1:4: this character is half of one."),
        ("? [a]\n: b", "1:3: a list or mapping cannot be a key here."),
        ("<<: 3", "1:5: only mappings can be merged with <<."),
        ("a: !foo 3", "1:4: this tag means nothing here."),
        ("a: !foo [3]", "1:4: this tag means nothing here."),
        ("a: !!int x", "1:4: this is no int."),
        ("[" * 60, "1:51: this YAML is nested too deeply, more than 50 levels."),
        ("- " * 60, "1:101: this YAML is nested too deeply, more than 50 levels."),
    ],
)
def test_broken_yaml_is_told_in_one_sentence(text: str, said: str) -> None:
    """With line and column."""
    with pytest.raises(DocumentError) as caught:
        parse_yaml(text)
    assert str(caught.value) == said


def test_aliases_cannot_explode() -> None:
    """Neither in number nor in depth, and the same document in small is fine."""
    laughs = "a0: &a0 [lol]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 9))
    with pytest.raises(DocumentError, match="more than 200000 values"):
        parse_yaml(laughs)
    deep = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 60))
    with pytest.raises(DocumentError, match="too deeply"):
        parse_yaml(deep)
    few = "\n".join(laughs.splitlines()[:4])
    assert plain(only(parse_yaml(few))) == yaml.safe_load(few)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "1:2: this is no JSON: it ends where a key in quotes or } belongs."),
        ('{"a": 1,}', "1:9: this is no JSON: a comma stands before the closing bracket."),
        ("[1,]", "1:4: this is no JSON: a comma stands before the closing bracket."),
        ("[1 2]", "1:4: this is no JSON: a comma or ] belongs here."),
        ('{"a" 1}', "1:6: this is no JSON: a colon belongs here."),
        ("{'a': 1}", "1:2: this is no JSON: JSON takes texts in double quotes only."),
        ("[1, // x\n2]", "1:5: this is no JSON: JSON has no comments."),
        ('["a\nb"]', "1:4: this is no JSON: a line end, tab or other control character in a text."),
        ('["a\\q"]', "1:4: this is no JSON: there is no such escape."),
        ('["a', "1:2: this is no JSON: this text has no closing quote."),
        ("[NaN]", "1:2: this is no JSON: a value belongs here."),
        ("[01]", "1:3: this is no JSON: a comma or ] belongs here."),
        ("1 2", "1:3: this is no JSON: the end of the text belongs here."),
        ("\n" + "[" * 60, "2:51: this JSON is nested too deeply, more than 50 levels."),
    ],
)
def test_broken_json_is_told_in_one_sentence(text: str, said: str) -> None:
    """With line and column."""
    with pytest.raises(DocumentError) as caught:
        parse_json(text)
    assert str(caught.value) == said


def test_toml_has_its_places() -> None:
    """Tables, dotted keys, arrays of tables, inline tables, texts over several lines."""
    text = (
        '[tool.sparklineage] # x\nnamespace = "dev"\ntags = [ "a", # b\n "c" ]\n'
        'transport.url = \'http://h\'\nx = { y = 1.5, "z" = true }\nlong = """\na\n"""\n'
        "[[tool.many]]\nk = 1\n[[tool.many]]\nk = 2\nd = 2026-01-02\n"
    )
    node = parse_toml(text)
    assert plain(node) == {
        "tool": {
            "sparklineage": {
                "namespace": "dev", "tags": ["a", "c"], "transport": {"url": "http://h"},
                "x": {"y": 1.5, "z": True}, "long": "a\n",
            },
            "many": [{"k": 1}, {"k": 2, "d": "2026-01-02"}],
        }
    }  # fmt: skip
    spans = {
        ("namespace",): '"dev"', ("tags", 1): '"c"', ("transport", "url"): "'http://h'", ("x", "y"): "1.5",
        ("x", "z"): "true", ("x",): '{ y = 1.5, "z" = true }', ("long",): '"""\na\n"""',
    }  # fmt: skip
    for path, raw in spans.items():
        found = at(node, "tool", "sparklineage", *path)
        assert found is not None
        assert text[found.start.offset : found.end.offset] == raw
    last = at(node, "tool", "many", 1, "k")
    assert last is not None
    assert (last.start.line, last.start.column) == (13, 5)
    table = at(node, "tool", "sparklineage")
    assert isinstance(table, Mapping)
    assert [key.start.line for _, key, _ in table.items()] == [2, 3, 5, 6, 7]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a = 1\nb = x", "2:5: this is no TOML: invalid value."),
        ("a = 1\na = 2", "2:6: this is no TOML: cannot overwrite a value."),
        ("a = ", "1:5: this is no TOML: invalid value."),
        (f"{'.'.join('a' * 60)} = 1", "1:1: this TOML is nested too deeply, more than 50 levels."),
        (f"a = {'[' * 5000}", "1:1: this TOML is nested too deeply."),
    ],
)
def test_broken_toml_is_told_in_one_sentence(text: str, said: str) -> None:
    """With line and column."""
    with pytest.raises(DocumentError) as caught:
        parse_toml(text)
    assert str(caught.value) == said


@some
@given(value=st.dictionaries(printable, st.one_of(st.integers(-(2**63), 2**63 - 1), printable), max_size=5))
def test_toml_comes_back(value: dict[str, object]) -> None:
    """Keys and values in quotes, as JSON writes them too."""
    quoted = {
        json.dumps(name, ensure_ascii=False): json.dumps(item, ensure_ascii=False) for name, item in value.items()
    }
    text = "".join(f"{name} = {item}\n" for name, item in quoted.items())
    node = parse_toml(text)
    assert plain(node) == value
    for (name, item), entry in zip(quoted.items(), node.entries, strict=True):
        assert text[entry.key.start.offset : entry.key.end.offset] == name
        assert text[entry.value.start.offset : entry.value.end.offset] == item


def test_a_million_digits_are_no_number() -> None:
    """The interpreter itself refuses them."""
    for parse in PARSERS.values():
        with pytest.raises(DocumentError):
            parse("a: = " + "9" * 5000 if parse is parse_toml else "9" * 5000)
    assert math.isinf(float("9" * 5000))
