"""Whatever stands in a file or a variable: a configuration, or one sentence for each problem with its place."""

from __future__ import annotations

import json
import os
import re
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import sparklineage
from sparklineage.cli import main
from sparklineage.config.definition import definition
from sparklineage.config.load import load_settings
from sparklineage.config.loading import load_spec
from sparklineage.config.spec import Spec
from sparklineage.errors import ConfigError
from tests.support.config import refusal_of, spec_of, values_of

EMPTY = "is empty; write keys such as `namespace: dev.team.domain`, or remove it."
NO_MAPPING = "; write keys such as `namespace: dev.team.domain` or `transport:`."
BOMB = "\n".join(["a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]", *(
    f"{here}: &{here} [{', '.join([f'*{before}'] * 10)}]" for before, here in zip("abcdefgh", "bcdefghi", strict=True)
)])  # fmt: skip
DEEP = "a: " + "{b: " * 60 + "1" + "}" * 60

FILES: dict[str, tuple[str | bytes, list[str]]] = {
    "broken YAML": ("namespace: x: y", [":1:13: this is no YAML: mapping values are not allowed in this context."]),
    "an open quote": ('job: a\nnamespace: "a', [":2:14: this is no YAML: found unexpected end of stream."]),
    "an open brace": ("{namespace: x", [":1:14: this is no YAML: did not find expected ',' or '}'."]),
    "a tab": ("transport:\n\ttype: http\n",
              [":2:1: this is no YAML: a tab stands where only spaces may; indent with spaces."]),
    "a key twice": ("namespace: a\njob: b\nnamespace: a\n", [":3:1: namespace is given again (first in line 1)."]),
    "a key twice below": ("transport:\n  auth: {type: jwt, type: api_key}\n",
                          [":2:21: transport.auth.type is given again (first in line 2)."]),
    "a property twice": ("spark:\n  spark.a: 1\n  spark.a: 2\n",
                         [":3:3: spark.spark.a is given again (first in line 2)."]),
    "a profile twice": ("profiles:\n  p: {}\n  p: {}\n", [":3:3: p is given again (first in line 2)."]),
    "a tag twice": ("run: {tags: {a: 1, a: 2}}", [":1:20: run.tags.a is given again (first in line 1)."]),
    "a key twice, once by an alias": ("transport: {&k url: 'http://a', *k : 'http://b'}",
                                      [":1:16: transport.url is given again (first in line 1)."]),
    "a key twice by another name": ("job: a\nappName: b\n",
                                    [":2:1: job.name is given again, as appName (first at sparklineage.yml:1:1)."]),
    "a key twice by a dotted name": ("transport: {url: http://a}\ntransport.url: http://a\n",
                                     [(":2:1: transport.url is given again, as transport.url "
                                       "(first at sparklineage.yml:1:13).")]),
    "deep nesting": (DEEP, [":1:200: this YAML is nested too deeply, more than 50 levels."]),
    "only brackets": ("[" * 500_000, [":1:51: this YAML is nested too deeply, more than 50 levels."]),
    "an alias bomb": (BOMB, [":6:8: this YAML has more than 200000 values, those counted again that it repeats."]),
    "a cyclic anchor": ("transport: &a {auth: *a}", [":1:22: this alias refers to itself."]),
    "a cyclic list": ("run: {tags: &a [*a]}", [":1:17: this alias refers to itself."]),
    "an unknown anchor": ("namespace: *nobody", [":1:12: this alias refers to an anchor not defined."]),
    "a tag of Python": ("namespace: !!python/object/apply:os.system [x]", [":1:12: this tag means nothing here."]),
    "no UTF-8": ("job: a\nnamespace: \xe9".encode("latin-1"), [":2:12: is not UTF-8 text; save it as UTF-8."]),
    "UTF-16": ("namespace: a".encode("utf-16"), [":1:1: is UTF-16 text; save it as UTF-8."]),
    "UTF-16 without a mark": ("a: b".encode("utf-16-le"), [":1:2: this is no YAML: it holds a control character."]),
    "a control character": ("namespace: a\x07b", [":1:13: this is no YAML: it holds a control character."]),
    "a NUL in a text": ('namespace: "a\\0b"', [r":1:1: namespace is 'a\x00b', but a text without a NUL is needed."]),
    "half of a character": ('namespace: "\\ud800"',
                            [":1:15: this is no YAML: found invalid Unicode character escape code."]),
    "nothing": ("", [f": {EMPTY}"]),
    "a BOM alone": (b"\xef\xbb\xbf", [f": {EMPTY}"]),
    "only comments": ("# a\n\n  # b\n", [f": {EMPTY}"]),
    "a mark alone": ("---\n", [f": {EMPTY}"]),
    "null": ("null\n", [f": {EMPTY}"]),
    "several documents": ("namespace: a\n---\nnamespace: b\n",
                          [":3:1: a second document begins here; write one file for each."]),
    "a list": ("\n- namespace: a\n", [f":2:1: the file holds a list{NO_MAPPING}"]),
    "a text": ("namespace", [f":1:1: the file holds a text{NO_MAPPING}"]),
    "a number": ("3", [f":1:1: the file holds a number{NO_MAPPING}"]),
    "a list as a key": ("? [a]\n: b\n", [":1:3: a list or mapping cannot be a key here."]),
    "keys of any type": ("1: a\nnull: b\ntrue: c\n1.5: d\n2020-01-01: e\n.nan: f\n",
                         [":1:1: 1 is no known key.", ":2:1: '' is no known key.", ":3:1: true is no known key.",
                          ":4:1: 1.5 is no known key.", ":5:1: 2020-01-01 is no known key.",
                          ":6:1: .nan is no known key."]),
    "a huge integer": ("circuitBreaker: {type: static, queueSize: 99999999999999999999}",
                       [(":1:32: circuitBreaker.queueSize is the number 99999999999999999999, but a whole number of at "
                         "most 2147483647, as the agent holds it, is needed.")]),
    "an integer of 6,000 digits": (f"circuitBreaker: {{type: static, queueSize: 0x{'f' * 5_000}}}",
                                   [(":1:32: circuitBreaker.queueSize is a number of thousands of digits, but a whole "
                                     "number of fewer digits is needed.")]),
    "NaN": ("delivery: {drainTimeout: .nan}",
            [":1:12: delivery.drainTimeout is the number nan, but a duration such as 500ms, 5s or 2m is needed."]),
    "infinity": ("delivery: {limits: {journalSize: .inf}}",
                 [":1:21: delivery.limits.journalSize is the number inf, but a size such as 64KiB or 10MB is needed."]),
    "a date": ("delivery: {drainTimeout: 2024-01-01}",
               [":1:12: delivery.drainTimeout is '2024-01-01', but a duration such as 500ms, 5s or 2m is needed."]),
    "a blank text": ("namespace: '  '\njob: ''\n",
                     [":1:1: namespace is '  ', but a text that is not blank is needed.",
                      ":2:1: job.name is '', but a text that is not blank is needed."]),
    "a long text": (f"transport: {{url: {'x' * 500}}}",
                    [(f":1:13: transport.url is '{'x' * 80}…', but an http or https URL such as https://HOST:PORT is "
                      "needed.")]),
    "a list for a text": ("namespace: [a]", [":1:1: namespace is a list, but a text is needed."]),
    "a switch for a text": ("namespace: yes", [":1:1: namespace is true or false, but a text is needed."]),
    "a mapping for a number": ("circuitBreaker: {type: static, queueSize: {a: 1}}",
                               [":1:32: circuitBreaker.queueSize is a mapping, but a whole number is needed."]),
    "a list of lists": ("facets: {custom_environment_variables: [[A]]}",
                        [":1:10: facets.custom_environment_variables is a list, but a list of texts is needed."]),
    "tags in tags": ("job: {tags: {a: {b: c}}}",
                     [":1:7: job.tags is a mapping, but a mapping from tag to value of single values is needed."]),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_a_bad_file_is_told_with_its_places(tmp_path: Path, name: str) -> None:
    text, sentences = FILES[name]
    began = time.monotonic()
    assert refusal_of(tmp_path, text) == [f"sparklineage.yml{sentence}" for sentence in sentences]
    assert time.monotonic() - began < 10


@pytest.mark.parametrize(
    "text",
    [
        b"namespace: a\r\njob: b\r\n",
        b"\xef\xbb\xbfnamespace: a\njob: b",
        b"namespace: a\rjob: b",
        b"# c\n---\nnamespace: a\njob: b\n...\n",
        b"{namespace: a, job: b}",
        b"transport:\nnamespace: a\njob: {name: b, tags: }",
        b"namespace: a\njob: {<<: {name: b}}\n",
    ],
)
def test_what_is_only_unusual_is_read(tmp_path: Path, text: bytes) -> None:
    assert values_of(spec_of(tmp_path, text)) == {"namespace": "a", "job.name": "b"}


def test_an_empty_mapping_is_a_configuration(tmp_path: Path) -> None:
    assert values_of(spec_of(tmp_path, "{}")) == {}


def test_lines_are_counted_behind_a_mark_and_windows_line_ends(tmp_path: Path) -> None:
    assert refusal_of(tmp_path, b"\xef\xbb\xbfnamespace: a\r\n\r\n  \r\nnope: b\r\n") == [
        "sparklineage.yml:4:1: nope is no known key."
    ]


def test_several_problems_are_told_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = """\
profiles:
  a: {namspace: x, extends: b}
namespace: [x]
transport:
  url: nope
  timeoutInMillis: soon
namespace: y
platforms: {emmr: {}, emr: {transport: {typ: http}}}
delivery:
  drainTimeout: -1
"""
    places = [sentence.split(" ")[0] for sentence in refusal_of(tmp_path, text)]
    assert places == [f"sparklineage.yml:{line}:{column}:" for line, column in
                      [(2, 7), (2, 29), (3, 1), (5, 3), (6, 3), (7, 1), (8, 13), (8, 41), (10, 3)]]  # fmt: skip


def test_of_very_many_problems_the_first_are_told(tmp_path: Path) -> None:
    sentences = refusal_of(tmp_path, "\n".join(f"k{n}: 1" for n in range(60)))
    assert sentences[0] == "sparklineage.yml:1:1: k0 is no known key."
    assert sentences[50:] == ["sparklineage.yml: 10 more problems."]
    assert refusal_of(tmp_path, "\n".join(f"k{n}: 1" for n in range(51)))[50] == "sparklineage.yml: 1 more problem."
    assert (
        refusal_of(tmp_path, "\n".join(f"k{n}: 1" for n in range(5_000)))[50] == "sparklineage.yml: many more problems."
    )


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("spark: {0}", "1"),
        ("profiles: {0}", "{extends: nobody}"),
        ("profiles: {0}", "{namespace: a}"),
        ("platforms: {0}", "x"),
        ("transport: {{transports: {0}}}", "x"),
        ("transport: {{type: composite, transports: {0}}}", "{type: console}"),
        ("transport: {{type: kafka, topicName: t, properties: {0}}}", "x"),
        ("run: {{tags: {0}}}", "[x]"),
    ],
)
def test_a_file_of_ten_thousand_keys_is_answered_in_time(tmp_path: Path, text: str, value: str) -> None:
    began = time.monotonic()
    below = ", ".join(f"k{number}: {value}" for number in range(10_000))
    try:
        spec_of(tmp_path, text.format(f"{{{below}}}"))
    except ConfigError as error:
        assert len(str(error).split("\n")) <= 51
    assert time.monotonic() - began < 15


def test_a_file_of_50_mb_is_refused_at_once(tmp_path: Path) -> None:
    with (tmp_path / "sparklineage.yml").open("wb") as file:
        file.write(b"namespace: a\n")
        file.truncate(50_000_000)
    began = time.monotonic()
    assert refusal_of(tmp_path) == [
        "sparklineage.yml: is larger than 1 MB, which no configuration is; name another file."
    ]
    assert time.monotonic() - began < 5


def test_what_is_no_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "sparklineage.yml").mkdir()
    assert refusal_of(tmp_path) == ["sparklineage.yml: cannot be read: Is a directory."]
    (tmp_path / "sparklineage.yml").rmdir()
    (tmp_path / "sparklineage.yml").symlink_to("nowhere")
    assert refusal_of(tmp_path) == ["sparklineage.yml: cannot be read: No such file or directory."]
    (tmp_path / "sparklineage.yml").unlink()
    (tmp_path / "sparklineage.yml").symlink_to("sparklineage.yml")
    assert refusal_of(tmp_path) == ["sparklineage.yml: cannot be read: Too many levels of symbolic links."]


@pytest.mark.parametrize("variable", ["config", "SPARKLINEAGE_CONFIG"])
def test_a_file_that_was_asked_for_must_be_there(tmp_path: Path, variable: str) -> None:
    path = tmp_path / "nope.yml"
    environ = {} if variable == "config" else {variable: str(path)}
    with pytest.raises(ConfigError, match=r"nope\.yml: cannot be read: No such file or directory\.$"):
        load_spec(environ=environ, flags={}, directory=tmp_path, config=path if variable == "config" else None)


def test_a_pipe_is_refused_instead_of_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "sparklineage.yml")
    assert refusal_of(tmp_path) == ["sparklineage.yml: cannot be read: it is a pipe; name a file."]


def test_the_pipe_of_a_shell_is_read(tmp_path: Path) -> None:
    there, here = os.pipe()
    try:
        os.write(here, b"namespace: piped\n")
        os.close(here)
        spec = load_spec(environ={}, flags={}, directory=tmp_path, config=Path(f"/dev/fd/{there}"))
    finally:
        os.close(there)
    assert spec["namespace"] == "piped"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "sparklineage.yml").write_text("namespace: a")
    (tmp_path / "sparklineage.yml").chmod(0)
    assert refusal_of(tmp_path) == ["sparklineage.yml: cannot be read: Permission denied."]


SECRET = "transport: {{type: http, url: 'http://h', auth: {{apiKey: '{0}'}}}}"


@pytest.mark.parametrize(
    ("reference", "problem"),
    [
        ("env:NOT_SET", "refers to the environment variable NOT_SET, which is not set."),
        ("env:EMPTY", "refers to the environment variable EMPTY, which is not set."),
        ("file:{0}/nowhere", "refers to the file {0}/nowhere, which cannot be read: No such file or directory."),
        ("file:{0}", "refers to the file {0}, which cannot be read: it is a folder."),
        ("file:{0}/pipe", "refers to the file {0}/pipe, which cannot be read: it is no file."),
        ("file:{0}/large", "refers to the file {0}/large, which cannot be read: it is larger than 64 KiB."),
        ("file:{0}/latin", "refers to the file {0}/latin, which cannot be read: it is not UTF-8 text."),
        ("file:{0}/blank", "is blank: nothing stands behind file:{0}/blank; store a value there."),
    ],
)
def test_a_secret_that_cannot_be_read_is_told_with_its_place(tmp_path: Path, reference: str, problem: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "large").write_bytes(b"x" * 70_000)
    (tmp_path / "latin").write_bytes(b"\xe9")
    (tmp_path / "blank").write_bytes(b" \n")
    path = tmp_path / "sparklineage.yml"
    path.write_text(SECRET.format(reference.format(tmp_path)))
    with pytest.raises(ConfigError) as caught:
        load_settings(environ={"EMPTY": ""}, flags={}, directory=tmp_path)
    assert str(caught.value) == f"{path}:1:49: transport.auth.apiKey {problem.format(tmp_path)}"


@pytest.mark.parametrize(
    ("reference", "sentence"),
    [
        ("env:", "transport.auth.apiKey begins with `env:` but is no reference to a secret; write env:NAME."),
        ("env:my secret", "transport.auth.apiKey begins with `env:` but is no reference to a secret; write env:NAME."),
        ("file:here", "transport.auth.apiKey begins with `file:` but is no reference to a secret; write file:/path."),
        ("vra:NAME", None),
        ("environment:NAME",
         "transport.auth.apiKey looks like a reference to a secret, of a kind that is not known; write env:NAME."),
        ("${KEY}",
         "transport.auth.apiKey looks like a reference to a secret, of a kind that is not known; write env:NAME."),
        ("{{secrets/scope/key}}",
         ("transport.auth.apiKey looks like a reference to a secret, of a kind that is not known; "
          "write databricks:scope/key.")),
    ],
)  # fmt: skip
def test_a_reference_that_is_none_is_told(tmp_path: Path, reference: str, sentence: str | None) -> None:
    if sentence is None:
        assert spec_of(tmp_path, SECRET.format(reference))["transport.auth.type"] == "api_key"
    else:
        assert refusal_of(tmp_path, SECRET.format(reference)) == [f"sparklineage.yml:1:49: {sentence}"]


# Through the commands.


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("command", [["submit", "--dry-run", "--config"], ["relay", "drain", "--config"]],
                         ids=lambda command: command[0])  # fmt: skip
def test_a_command_says_so_and_ends_with_64(
    tmp_path: Path, name: str, command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    text, sentences = FILES[name]
    path = tmp_path / "sparklineage.yml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    (tmp_path / "job.py").write_text("")
    for part in ("bin/spark-submit", "jars/spark-core_2.13-4.2.0.jar", "jars/scala-library-2.13.18.jar"):
        (tmp_path / "spark" / part).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "spark" / part).touch(mode=0o755)
    job = [str(tmp_path / "job.py")] if command[0] == "submit" else []
    environ = {"HOME": str(tmp_path), "PATH": "", "SPARK_HOME": str(tmp_path / "spark")}
    assert main([*command, str(path), *job], environ) == 64
    out, err = capsys.readouterr()
    assert out == ""
    assert "Traceback" not in err
    lines = err.rstrip("\n").replace(f"{tmp_path}/", "").split("\n")
    assert lines[0] == f"sparklineage: sparklineage.yml{sentences[0]}"
    assert len(lines) == len(sentences)


def test_a_wrong_variable_ends_a_command_with_64(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    environ = {"HOME": str(tmp_path), "OPENLINEAGE__TRANSPORT__URL": "nope", "PATH": ""}
    assert main(["relay", "drain"], environ) == 64
    assert "OPENLINEAGE__TRANSPORT__URL is 'nope', but an http or https URL" in capsys.readouterr().err


# Anything at all.

PIECES = [
    "namespace", "job", "transport", "type", "url", "auth", "apiKey", "profiles", "platforms", "emr", "extends",
    "spark", "spark.jars", "transports", "tags", "run", "facets", "x", "disabled", "default", "delivery",
    "drainTimeout", "http", "composite", "kafka", "timeout", ": ", ":", "- ", "{", "}", "[", "]", ",", "\n", "\n  ",
    "\n    ", "&a ", "*a", "<<: ",
    "!!int ", "|", ">", '"', "'", "#", "\t", "\\", "null", "true", "1", "0x1f", "1e9", ".nan", "2024-01-01", "é",
    "\x00", "\ud800", "\ufeff", "---\n", "? ", "http://h", "env:X", "5s", "<", ">", ".", "..",
]  # fmt: skip
texts = st.one_of(st.text(max_size=60), st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
any_file = st.one_of(st.binary(max_size=60), texts.map(lambda text: text.encode("utf-8", "surrogatepass")))
names = st.one_of(
    st.sampled_from(sorted({part for key in definition().keys for part in key.split(".")})),
    st.sampled_from(sorted(definition().keys)),
    st.sampled_from([piece for piece in PIECES if piece.isascii() and piece.isprintable()]),
    st.text(max_size=6),
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats()),
)
scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.dates(),
    st.sampled_from(["http", "kafka", "composite", "http://h", "env:X", "5s", "a,b", "[a;b]", "emr", "1.53"]),
)  # fmt: skip
trees = st.dictionaries(
    names,
    st.recursive(
        scalars, lambda below: st.lists(below, max_size=3) | st.dictionaries(names, below, max_size=4), max_leaves=12
    ),
    max_size=5,
)
PLACED = re.compile(r"(?:the (?:url|key) in )?[^\n]*sparklineage\.(?:yml|json|toml)(?::\d+:\d+)?: \S[^\n]*[.?]")
many = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def tried(directory: Path, data: bytes, **more: Any) -> None:
    """A configuration, or a sentence a line that names the file."""
    try:
        spec = spec_of(directory, data, **more)
    except ConfigError as error:
        for line in str(error).split("\n"):
            assert PLACED.fullmatch(line.replace(f"{directory}/", "")), line
            assert line.isprintable()
        return
    assert isinstance(spec, Spec)
    for name, item in spec.resolved.items():
        assert item.shown == item.shown.replace("\0", "")
        assert spec[name] == item.value
        spec.text(name)
    assert "Traceback" not in repr(spec)


@many
@given(data=any_file, name=st.sampled_from(["sparklineage.yml", "sparklineage.json", "sparklineage.toml"]))
@example(data=b'"' + b"transport." * 9_000 + b'x": 1', name="sparklineage.json")
@example(data=b"{}\xff", name="sparklineage.yml")
def test_any_bytes_are_a_configuration_or_refused(tmp_path: Path, data: bytes, name: str) -> None:
    tried(tmp_path, data, name=name)


@many
@given(tree=trees, platform=st.sampled_from([None, "emr"]))
@example(tree={"transport." * 9_000 + "x": 1}, platform=None)
@example(tree={"spark": {"spark.openlineage." * 9_000: 1}}, platform=None)
def test_any_tree_is_a_configuration_or_refused(tmp_path: Path, tree: dict[Any, Any], platform: str | None) -> None:
    tried(tmp_path, yaml.safe_dump(tree, allow_unicode=True).encode("utf-8", "surrogatepass"), platform=platform)


words = st.sampled_from(["TRANSPORT", "TYPE", "URL", "AUTH", "API_KEY", "SPARK", "RUN", "TAGS", "NAMESPACE", "X",
                         "PROFILES", "TRANSPORTS", "JOB", "NAME", "DISABLED", "é", "_", "a", "HEADERS"])  # fmt: skip
variables = st.builds(
    lambda prefix, parts, joint: prefix + joint.join(parts),
    st.sampled_from(["OPENLINEAGE__", "SPARKLINEAGE__", "OPENLINEAGE_", "SPARKLINEAGE_", ""]),
    st.lists(words, min_size=1, max_size=4),
    st.sampled_from(["__", "_"]),
)
contents = st.one_of(
    texts.map(lambda text: text.replace("\0", "")),
    trees.map(lambda tree: yaml.safe_dump(tree, default_flow_style=True)),
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5)),
        lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=6), below, max_size=3),
    ).map(json.dumps),
)


@many
@given(environ=st.dictionaries(variables, contents, max_size=5))
@example(environ={"OPENLINEAGE__TRANSPORT": "[" * 100_000})
@example(environ={"OPENLINEAGE__TRANSPORT": '{"a":' * 900 + "1" + "}" * 900})
@example(environ={"OPENLINEAGE__" + "TRANSPORT__" * 9_000 + "X": "1"})
def test_any_variables_are_a_configuration_or_refused(tmp_path: Path, environ: dict[str, str]) -> None:
    environ.pop("SPARKLINEAGE_CONFIG", None)
    try:
        spec = spec_of(tmp_path, environ=environ)
    except ConfigError as error:
        assert str(error)
        return
    assert all(warning for warning in spec.warnings)


@pytest.mark.parametrize("text", ['"a\\e[31mb"', '"a\\nb"', '"a\\tb"', '"a\\x9bb"', '"a\\u2028b"', "|\n  a\n  b"])
@pytest.mark.parametrize("key", ["namespace", "job"])
def test_a_control_character_in_a_text_is_refused(tmp_path: Path, key: str, text: str) -> None:
    path = tmp_path / "sparklineage.yml"
    path.write_text(f"{key}: {text}\n")
    with pytest.raises(ConfigError, match="but a text in one line, without control characters is needed") as caught:
        sparklineage.load(path, environ={})
    assert len(str(caught.value).splitlines()) == 1
    assert str(caught.value).isprintable()


def test_a_property_of_spark_s_own_may_hold_what_it_likes(tmp_path: Path) -> None:
    path = tmp_path / "sparklineage.yml"
    path.write_text('spark: {spark.acme.v: "a\\tb"}\n')
    assert sparklineage.load(path, environ={})["spark.spark.acme.v"] == "a\tb"
