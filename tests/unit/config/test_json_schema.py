"""The schema for editors says what the loader says, as far as it can look at one key at a time."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from sparklineage.cli import main
from sparklineage.config.definition import definition
from sparklineage.config.documents import Mapping, parse_yaml
from sparklineage.config.json_schema import json_schema
from sparklineage.config.keys import PLATFORM_KEYS, PLATFORMS, Key
from sparklineage.config.profiles import sections
from sparklineage.config.reading import Reader
from sparklineage.errors import ConfigError
from tests.support.config import refusal_of

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[3]
SCHEMA = json_schema()
VALIDATOR = Draft7Validator(SCHEMA)
# A text for each value of each key: the loader in C takes a tenth of the time, where PyYAML has it.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
KEYS = definition().keys
ALL = [*KEYS.values(), *PLATFORM_KEYS]


def steps(key: Key) -> list[str]:
    """Where a key stands, with a name filled in for each placeholder."""
    parts = [part if not part.startswith("<") else "any-name" for part in re.findall(r"<[^>]*>|[^.]+", key.name)]
    return ["platforms", "emr", *parts] if key in PLATFORM_KEYS else parts


def text_with(key: Key, value: str) -> str:
    """A file with one key and nothing else; `value` is YAML."""
    return f"{{{'{'.join(f'{step}: ' for step in steps(key))}{value}{'}' * len(steps(key))}"


def problem_of(text: str) -> str | None:
    """What the loader says of the file, looking at one key at a time."""
    (root,) = parse_yaml(text)
    assert isinstance(root, Mapping)
    try:
        sections(root, Reader("sparklineage.yml"))
    except ConfigError as error:
        return str(error)
    return None


def fits(text: str) -> bool:
    """What an editor says of the same file; JSON has no NaN and no dates, and names are texts."""
    value = json.loads(json.dumps(yaml.load(text, _LOADER), default=str))  # noqa: S506
    return not any(True for _ in VALIDATOR.iter_errors(value))


def test_the_schema_is_one() -> None:
    Draft7Validator.check_schema(SCHEMA)
    assert json.loads(json.dumps(SCHEMA)) == SCHEMA
    assert SCHEMA["$schema"] == "http://json-schema.org/draft-07/schema#"


def test_the_example_fits() -> None:
    assert fits((ROOT / "conf/sparklineage.yml").read_text())


def test_the_command_prints_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema"], {}) == 0
    assert json.loads(capsys.readouterr().out) == SCHEMA


def described(node: Any) -> Iterator[str]:
    """Every description in the schema."""
    if isinstance(node, dict):
        if isinstance(node.get("description"), str):
            yield node["description"]
        for inner in node.values():
            yield from described(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from described(inner)


DESCRIPTIONS = set(described(SCHEMA))


@pytest.mark.parametrize("key", ALL, ids=lambda key: key.name)
def test_every_key_is_described_and_may_be_left_empty(key: Key) -> None:
    assert any(key.doc in description for description in DESCRIPTIONS)
    text = text_with(key, "null")
    assert fits(text)
    assert problem_of(text) is None


def test_every_word_of_an_enum_is_offered() -> None:
    offered = {
        word
        for node in every_node(SCHEMA)
        for word in (node.get("enum", []) if isinstance(node, dict) else [])
        if isinstance(word, str)
    }
    for key in ALL:
        assert set(key.limits.values) <= offered


def every_node(node: Any) -> Iterator[Any]:
    yield node
    if isinstance(node, (dict, list)):
        for inner in node.values() if isinstance(node, dict) else node:
            yield from every_node(inner)


VALUES = [
    "x", "''", "'  '", "' a b '", "true", "false", "'true'", "'YES'", "' off '", "'1'", "1", "0", "-1", "2", "'-3'",
    "007", "1.5", "'1.5'", "1e3", "'1e3'", "1.0e+3", "'+7'", "2147483647", "2147483648", "0x10", "1_000", "'12 '",
    "500ms", "5s", "'5 s'", "1m30s", "'1h 30m '", "2min", "5S", "'5s3'", "'-5s'", "PT5S", "pt5s", "P1D", "P", "PT",
    "P1", "P1DT2H3M4.5S", "soon", "0.5ms", "400d", "64KiB", "'10 mb'", "10MB", "5ib", "5M", "'1.5GiB'", "17B",
    "'http://h'", "'HTTPS://h:1/p?q#f'", "' http://h '", "'http://'", "'http:// h'", "'http://h/a b'", "'ftp://h'",
    "'http:///p'", "'http://:80'", "h:5000", "'http://[::1]:80'", "'http://[::1'", "'http://h:x'", "'http://bob:pw@h'",
    "http", "HTTP", "' console '", "timeout", "TIMEOUT", "api_key", "jwt", "htp", "datazone", "2.12", "'2.13'", "2.14",
    "auto", "replace", "SINGLE_USER", "gzip", "hostList", "statsd", "any-missing", "sync",
    "a.B", "a.b.C$D", "' a.B '", "a.b-c", "a..B", ".a.B",
    "1.53.0", "'1.53'", "v1", "1.53.0-SNAPSHOT", "'1.53.0 '", "'1.2.3.4'",
    "'a,b'", "'[a;b]'", "'[a,b;c]'", "'a;b'", "'a]'", "'[a'", "'[]'", "[]", "[a, b]", "['a;b']", "[1, true, null]",
    "[[a]]", "[{a: b}]", "['[a]']", "['a:b', c]",
    "{}", "{a: b}", "{a: 1, b: true}", "{a: [b]}", "{a: {b: c}}", "{'a:b': c}", "{a: 'b:c'}", "{a: 'b;c'}", "{'': a}",
    "{' ': a}", "'a:b;c:d:e'", "'a:b:c:d'", "':b'", "'(?<remove>x)'", "/a/b", "~nobody-of-this-name/a", "env:NAME",
    "2024-01-01", "é", "'\\n'", '"a\\nb"', "~",
]  # fmt: skip
ONLY_THE_LOADER = {
    "duration": {
        "'1.53'",
        "1_000",
        "1.5",
        "'1.5'",
        "0.5ms",
        "400d",
        "2147483647",
        "2147483648",
        "2.12",
        "'2.13'",
        "2.14",
        "1.0e+3",
    },
    "size": {"'1.53'", "1.5", "'1.5'", "2.12", "'2.13'", "2.14"},
    "integer": {"1.0e+3"},
    "version": {"1", "0", "-1", "2", "007", "2147483647", "2147483648", "0x10", "1_000", "1.0e+3"},
    "url": {"'http://[::1'", "'http://h:x'"},
    "list": {'"a\\nb"'},
    "tags": {
        '"a\\nb"',
        "'a:b:c:d'",
        "':b'",
        "[':b']",
        "['a;b']",
        "'http://[::1]:80'",
        "'http://[::1'",
        "'HTTPS://h:1/p?q#f'",
        "'http://bob:pw@h'",
    },
    "text": {'"a\\nb"'},
    "path": {"~nobody-of-this-name/a", '"a\\nb"'},
    "regex": {'"a\\nb"', "'http://[::1'", "'[a'", "'[]'"},
}
"""Kinds and values of which a schema cannot know all that the loader knows; it never refuses what the loader takes."""


@pytest.mark.parametrize("key", ALL, ids=lambda key: key.name)
def test_schema_and_loader_agree_on_every_value_of_every_key(key: Key) -> None:
    for value in VALUES:
        text = text_with(key, value)
        problem, fitting = problem_of(text), fits(text)
        if value in ONLY_THE_LOADER.get(key.kind, ()):
            assert fitting or problem is not None, value
        else:
            assert fitting == (problem is None), (value, problem)


@pytest.mark.parametrize(
    "text",
    [
        "nope: 1", "{}", "job: a", "job: {name: a, owners: {a: b}, tags: {a: b}}", "job: {nme: a}", "job: [a]",
        "appName: a", "transport: {typ: http}", "transport: http", "transport: {auth: {type: jwt, nope: 1}}",
        "transport: {headers: {a: b}}", "spark: {openlineage: {transport: {type: http, auth: {type: jwt}}}}",
        "transport: {headers: {a: {b: c}}}", "transport: {headers: {a: [b]}}", "transport: {headers: [a]}",
        "transport: {properties: {bootstrap: {servers: h, nested: {deep: 1}}, enable: true}}",
        "transport: {properties: {a: {b: [c]}}}",
        "transport: {transports: {a: {type: http}, b: {typ: x}}}", "transport: {transports: {a: {type: http}, b: }}",
        "transport: {transports: [{name: a, type: http}, {type: console}]}", "transport: {transports: [a]}",
        "transport: {transports: [{nme: a}]}", "transport: {transports: x}", "transport: {transports: }",
        "transport: {transports: {a: {transport: {type: console, url: nope}}}}",
        "transport: {transport: {type: console}}", "transport: {transport: {nope: 1}}", "transport: {transport: 3}",
        "transport: {transports: {a: {transports: [{transport: {headers: {a: b}}}]}}}",
        "facets: {a: {disabled: true}, b.c: {disabled: false}}", "facets: {a: true}", "facets: {a: {disabld: true}}",
        "facets: {variables: [a]}", "facets: {custom_environment_variables: [A]}",
        "dataset: {namespaceResolvers: {a: {type: hostList, hosts: [b]}, c: {typ: x}}}",
        "metrics: {type: statsd, flavor: datadog, anything: 1}", "metrics: statsd",
        "spark: {spark.a: 1, b: true, c: [x], d: {e: f}, g: }", "spark: x", "spark: [a]", "spark: ",
        "profiles: {a: {namespace: x}, b: {extends: a}, c: {extends: [a, b]}, d: }", "profiles: {a: {namspace: x}}",
        "profiles: [a]", "profiles: ", "profiles: {a: x}", "profiles: {a: {extends: {b: c}}}",
        "profiles: {a: {extends: [[b]]}}",
        "profiles: {a: {extends: }}", "profiles: {a: {platforms: {emr: {release: x, namespace: y}}}}",
        "profiles: {a: {profiles: {b: {}}}}", "profiles: {1: {extends: 2}, 2: {}}",
        "platforms: {emr: {release: x}, glue: }", "platforms: {emmr: {}}", "platforms: {emr: {nope: 1}}",
        "platforms: [emr]", "platforms: {emr: x}", "platforms: ", "platforms: {emr: {platforms: {}}}",
        "platforms: {emr: {extends: a}}",
        "extends: a", "release: x", "delivery: {limits: {journalAge: 30, journalSize: 1GiB}, retry: {firstWait: 1}}",
        "governance: {pii: true, classification: internal}", "governance: {pii: maybe}",
        "agent: {version: 1.53.0, scala: 2.12}", "applicationRunId: x", "context: {}", "url: http://h",
        "captureQuery: true", "'': x", "1: x",
    ],
)  # fmt: skip
def test_schema_and_loader_agree_on_the_shape_of_a_file(text: str) -> None:
    assert fits(text) == (problem_of(text) is None), problem_of(text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("transport: {type: http, topicName: t}", "what a type of transport reads"),
        ("transport: {type: kafka}", "what it cannot do without"),
        ("agent: {version: 1.20.0}\ntransport: {type: console}\nspark.openlineage.disabled: true", "dotted names"),
        ("profiles: {a: {extends: b}}", "which profiles there are"),
        ("profiles: {a: {extends: a}}", "circles"),
        ("transport: {url: 'http://h'}\nspark: {spark.openlineage.transport.url: 'http://h'}", "a key in two places"),
        ("spark: {spark.openlineage.namespce: x}", "the agent's keys below spark"),
        ("transport: {timeout: 3, timeoutInMillis: 3}", "two spellings of one key"),
        ("transport: {type: http, url: 'http://h', auth: {apiKey: 'env:'}}", "what a reference to a secret is"),
    ],
)
def test_what_a_schema_cannot_see_the_loader_does(tmp_path: Path, text: str, why: str) -> None:
    assert refusal_of(tmp_path, text), why
    assert fits(text) is (why != "dotted names")


def test_dotted_names_are_for_the_loader_alone() -> None:
    """An editor completes the nested form; the loader takes what people copy from a list of properties, too."""
    assert problem_of("transport.url: http://h\njob.name: a") is None
    assert not fits("transport.url: http://h\njob.name: a")


parts = {part for key in ALL for part in key.name.split(".") if "<" not in part}
names = st.sampled_from(sorted({*parts, *PLATFORMS, "x"}))
words = st.sampled_from(["x", "http", "http://h", "5s", "a,b", "1.53.0", "", "a.B"])
scalars = st.one_of(st.none(), st.booleans(), st.integers(-5, 5), words)
trees = st.dictionaries(
    names,
    st.recursive(
        scalars, lambda below: st.lists(below, max_size=2) | st.dictionaries(names, below, max_size=4), max_leaves=8
    ),
    max_size=4,
)


@settings(max_examples=400, deadline=None)
@given(tree=trees)
def test_what_the_loader_takes_fits_the_schema(tree: dict[str, Any]) -> None:
    text = yaml.safe_dump(tree)
    if problem_of(text) is None:
        errors = [error.message for error in VALIDATOR.iter_errors(tree)]
        # Names that only look nested: `facets: {a: {b: {disabled: true}}}` is the facet a.b.
        assert not errors or "facets" in tree or "dataset" in tree


PATTERNS = sorted(
    {node["pattern"] for node in every_node(SCHEMA) if isinstance(node, dict) and isinstance(node.get("pattern"), str)}
)
PIECES = ["5s", "5", "a", "a.", " ", "1.", "[", ";", "P1D", "http://", "h", ":", "\t", "aA", "1h 30m ", "$", "-", "\n"]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_no_pattern_takes_long_over_any_text(pattern: str) -> None:
    compiled = re.compile(pattern)
    for piece in [*PIECES, *(first + second for first in PIECES for second in PIECES)]:
        for end in ("", "!", "\0", " !"):
            began = time.monotonic()
            compiled.search(piece * 2_000 + end)
            assert time.monotonic() - began < 3, (piece, end)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_every_pattern_means_the_same_in_javascript(pattern: str) -> None:
    """Editors are written in it: no groups by name, no look behind, no flags inside, and only classes that agree."""
    assert not re.search(r"\(\?(?![=:!])", pattern)
    assert not re.search(r"\\[^sSwd.$*+?()\[\]{}|^\\/\-nr]", pattern)
