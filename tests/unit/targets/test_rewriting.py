"""A user's JSON or YAML with more in it."""

from __future__ import annotations

import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from sparklineage.errors import ConfigError
from sparklineage.targets.interface import Existing
from sparklineage.targets.rewriting import rewritten_json, rewritten_yaml
from sparklineage.targets.yaml_text import yaml_text

_TEXTS = st.text(max_size=12)
_SCALARS = st.none() | st.booleans() | st.integers() | _TEXTS


def _values(keys: st.SearchStrategy[str]) -> st.SearchStrategy[object]:
    return st.recursive(
        _SCALARS,
        lambda below: st.lists(below, max_size=3) | st.dictionaries(keys, below, max_size=3),
        max_leaves=8,
    )


_VALUES = _values(_TEXTS)
# PyYAML writes other keys as `? key`, which nobody does.
_PLAIN = _values(st.from_regex(r"[a-z][a-z.]{0,8}", fullmatch=True))


def _file(text: str) -> Existing:
    return Existing(name="file", text=text)


def _grown(value: object, more: object) -> object:
    """The value with something added in every collection of it."""
    if isinstance(value, dict):
        return {**{key: _grown(below, more) for key, below in value.items()}, "added": more}
    if isinstance(value, list):
        return [*(_grown(below, more) for below in value), more]
    return more if value is None else value


@given(_VALUES, _VALUES, st.sampled_from([None, 1, 2, 4, "\t"]))
def test_json_says_what_is_wanted(value: object, more: object, indent: int | str | None) -> None:
    wanted = _grown(value, more)
    text = rewritten_json(_file(json.dumps(value, indent=indent)), wanted)
    assert json.loads(text) == wanted
    assert rewritten_json(_file(text), wanted) == text


@given(
    _PLAIN.filter(lambda value: isinstance(value, (dict, list)) and bool(value)),
    _VALUES,
    st.booleans(),
    st.sampled_from([False, None]),
    st.booleans(),
)
def test_yaml_says_what_is_wanted(
    value: object, more: object, indented: bool, flow: bool | None, windows: bool
) -> None:
    wanted = _grown(value, more)
    text = yaml.safe_dump(value, default_flow_style=flow, indent=4 if indented else 2, allow_unicode=True, width=9999)
    if windows:
        text = text.replace("\n", "\r\n")
    try:
        known = yaml.safe_load(text)
    except yaml.YAMLError:
        return
    if known != value:
        return
    new = rewritten_yaml(_file(text), wanted)
    assert yaml.safe_load(new) == wanted
    assert rewritten_yaml(_file(new), wanted) == new


@given(_VALUES)
def test_written_yaml_is_read_back(value: object) -> None:
    assert yaml.safe_load(yaml_text(value)) == value


def test_json_keeps_its_layout() -> None:
    text = '{\n    "a": 1.10,\n    "b": [1, 2],\n    "c": {"d": "\\u00e9"}\n}\n'
    wanted = {"a": 1.1, "b": [1, 2, {"x": 1}], "c": {"d": "é", "e": []}, "f": {"g": ["h"]}}
    assert rewritten_json(_file(text), wanted) == (
        '{\n    "a": 1.10,\n    "b": [1, 2, {"x": 1}],\n    "c": {"d": "\\u00e9", "e": []},\n'
        '    "f": {\n        "g": [\n            "h"\n        ]\n    }\n}\n'
    )


def test_yaml_keeps_comments_and_order() -> None:
    text = """\
# head
a:   1   # one
list:
- x # first
- {y: 1}
empty:   # nothing yet
block: |
  text

# tail
"""
    wanted = {"a": 1, "list": ["x", {"y": 1, "z": 2}, "w"], "empty": {"k": ["v"]}, "block": "text\n", "last": "yes"}
    assert (
        rewritten_yaml(_file(text), wanted)
        == """\
# head
a:   1   # one
list:
- x # first
- {y: 1, "z": 2}
- w
empty:   # nothing yet
  k:
    - v
block: |
  text
last: "yes"

# tail
"""
    )


def test_what_a_merge_key_brings_is_replaced_beside_it() -> None:
    text = "base: &b\n  k: 1\nuse:\n  <<: *b\n  j: 2\n"
    new = rewritten_yaml(_file(text), {"base": {"k": 1}, "use": {"k": 5, "j": 2}})
    assert new == text + "  k: 5\n"


def test_what_an_alias_repeats_changes_once_for_all_or_is_refused() -> None:
    text = "a: &c\n  k: 1\nb: *c\n"
    both = {"k": 1, "l": 2}
    assert rewritten_yaml(_file(text), {"a": both, "b": both}) == "a: &c\n  k: 1\n  l: 2\nb: *c\n"
    with pytest.raises(ConfigError, match=r"^file: what has to change cannot change alone, for an alias"):
        rewritten_yaml(_file(text), {"a": {"k": 1}, "b": both})


@pytest.mark.parametrize(
    ("text", "sentence"),
    [("", "file: is empty."), ("{,}", "file:1:2: this is no JSON: a key in quotes or } belongs here.")],
)
def test_what_is_no_json_is_told_with_its_place(text: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        rewritten_json(_file(text), {})
    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a: 1\n---\nb: 2\n", "file: has 2 documents; one is needed."),
        ("a: [1\n", "file:2:1: this is no YAML: did not find expected ',' or ']'."),
    ],
)
def test_what_is_no_yaml_is_told_with_its_place(text: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        rewritten_yaml(_file(text), {})
    assert str(caught.value) == sentence
