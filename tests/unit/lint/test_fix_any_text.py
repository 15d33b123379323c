"""Whatever a text holds, mending it does no harm."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sparklineage.lint import READERS, check_text
from sparklineage.lint.fix import fix_text, masked_diff
from sparklineage.lint.fix.changes import Add, Change, Edit, Remove, Rename, SetValue, edited, expected
from sparklineage.lint.fix.editors import editor_of
from sparklineage.lint.readers import UnreadableError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sparklineage.lint.settings import Setting, Sheet

everything = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
KEYS = [
    "spark.openlineage.url", "spark.openlineage.host", "spark.openlineage.apiKey", "openlineage.namespace",
    "spark.openlineage.transport.url", "spark.openlineage.transport.type", "spark.openlineage.transport.endpoint",
    "spark.openlineage.transport.timeout", "spark.openlineage.facets.disabled", "spark.openlineage.facets.variables",
    "spark.openlineage.transport.timeoutInMillis", "spark.openlineage.timeout", "spark.openlineage.url.param.x",
    "spark.openlineage.circuitBreaker.type", "spark.extraListeners", "spark.jars", "spark.jars.packages", "spark.x",
]  # fmt: skip
VALUES = [
    "http", "timeout", "http://h:1", "http://h:1/", "https://h/in?a=b&c=%20d", "http://u:p@h/api/v1/lineage?x", "5s",
    "2.5", "5000", "a,b", "[a;b]", "a, a", "io.openlineage.spark.agent.OpenLineageSparkListener", "x y", "", "é", "$x",
    "io.openlineage:openlineage-spark_2.12:1.53.0", "'", '"', "\\", "a'b\"c\\d", "#", "=", "{}", "true", "no",
]  # fmt: skip
keys = st.sampled_from(KEYS)
values = st.sampled_from(VALUES)
blanks = st.sampled_from([" ", "  ", "      ", "\t", "=", " = ", ":"])
noise = st.sampled_from(["# note", "", "  ", "! x", "other.key=1"])
ends = st.sampled_from(["\n", "\r\n"])


@st.composite
def properties(draw: st.DrawFn) -> str:
    """Entries and comments, with all that a properties file allows."""
    lines = []
    for _ in range(draw(st.integers(0, 8))):
        value = (
            draw(values)
            .replace("\\", draw(st.sampled_from(["\\\\", "\\"])))
            .replace(",", draw(st.sampled_from([",", ",\\\n  "])))
        )
        lines.append(draw(st.sampled_from(["", "  "])) + draw(keys) + draw(blanks) + value)
        lines.append(draw(noise))
    return draw(ends).join(lines)


@st.composite
def scripts(draw: st.DrawFn) -> str:
    """Commands with options in every form."""
    options = []
    for _ in range(draw(st.integers(0, 6))):
        key, value = draw(keys), re.sub(r"[\"'\\]", "", draw(values))
        word = draw(
            st.sampled_from(["{k}={v}", '"{k}={v}"', "'{k}={v}'", '{k}="{v}"', "{k}='{v}'", '"{k}="{v}'])
        ).format(k=key, v=value)
        form = draw(
            st.sampled_from(["--conf {w}", "--conf={w}", "-c {w}", "--conf \\\n {w}", "--jars {v}", "--jars='{v}'"])
        )
        options.append(form.format(w=word, v=value))
    between = draw(st.sampled_from([" ", " \\\n  ", " \\\r\n\t"]))
    command = between.join(["spark-submit", *options, "job.py"])
    array = "A=(\n  " + "\n  ".join(options) + '\n)\nspark-submit "${A[@]}" a.py\nspark-submit --name x "${A[@]}" b.py'
    return draw(st.sampled_from([command, f"{command} # note\n{command}", array, f"# note\n{array}\n\n{command}"]))


@st.composite
def programs(draw: st.DrawFn) -> str:
    """Builders, configurations and mappings."""
    names = st.sampled_from(["'{0}{1}'", '"{0}{1}"', 'r"{0}{1}"', '"{0}" "{1}"'])
    texts = st.one_of(values.map(repr), st.sampled_from(["5.0", "True", "name", 'f"{name}"']))
    pairs = [(draw(names).format(key[:7], key[7:]), draw(texts)) for key in draw(st.lists(keys, max_size=6))]
    note = draw(st.sampled_from(["", "  # é"]))
    forms = {
        "chain": "b = (\n    SparkSession.builder\n"
        + "".join(f"    .config({k}, {v}){note}\n" for k, v in pairs)
        + ")\n",
        "line": "SparkSession.builder" + "".join(f".config({k}, {v})" for k, v in pairs) + "\n",
        "joined": "b = SparkSession.builder \\\n"
        + "".join(f"    .config({k}, {v}) \\\n" for k, v in pairs)
        + "    .x()\n",
        "calls": "if x:\n    pass\n" + "".join(f"    conf.set({k}, {v}){note}\n" for k, v in pairs),
        "only": "if x:\n" + "".join(f"    conf.set({k}, {v})\n" for k, v in pairs) + "y = 1\n",
        "map": "b.config(map={\n" + "".join(f"    {k}: {v},{note}\n" for k, v in pairs) + "})\n",
        "dict": "b.config(map={" + ", ".join(f"{k}: {v}" for k, v in pairs) + "})\n",
        "pairs": "c.setAll([" + ", ".join(f"({k}, {v})" for k, v in pairs) + "])\n",
    }
    return "# SparkConf\n" + forms[draw(st.sampled_from(sorted(forms)))]


@st.composite
def yamls(draw: st.DrawFn) -> str:
    """Mappings in blocks, and some in braces."""
    quote = draw(st.sampled_from(["{}", "'{}'"]))
    lines = [draw(st.sampled_from(["", "# note\n"])) + "transport:"]
    for name in draw(st.lists(st.sampled_from(["url", "type", "timeoutInMillis", "endpoint"]), max_size=4)):
        note = draw(st.sampled_from(["", " # é"]))
        lines.append(f"  {name}: {quote.format(draw(values).replace(chr(39), ''))}{note}")
    lines.append(
        draw(
            st.sampled_from(
                ["facets:\n  variables: [a, b]", "circuitBreaker:\n  type: timeout", "facets: {variables: a}"]
            )
        )
    )
    return draw(ends).join(lines)


TEXTS = {"spark-defaults": properties(), "command-line": scripts(), "python": programs(), "openlineage-yml": yamls()}


@pytest.mark.parametrize("kind", TEXTS)
@everything
@given(data=st.data())
def test_mending_does_no_harm(kind: str, data: st.DataObject) -> None:
    """It ends, a second time changes nothing, no error is new, and comments are all there."""
    text = data.draw(TEXTS[kind])
    try:
        before = check_text(text, "f", kind=kind)
    except UnreadableError:
        with pytest.raises(UnreadableError):
            fix_text(text, "f", kind=kind)
        return
    fixed = fix_text(text, "f", kind=kind)
    again = fix_text(fixed.text, "f", kind=kind)
    assert (again.text, again.codes) == (fixed.text, ())
    assert fixed.findings == check_text(fixed.text, "f", kind=kind).findings
    errors = [finding.code for finding in before.findings if finding.severity == "error"]
    for finding in fixed.findings:
        if finding.severity == "error":
            errors.remove(finding.code)
    assert (fixed.text == text) == (not fixed.codes)
    assert fixed.text.count("# note") == text.count("# note")
    assert fixed.text.count("# é") == text.count("# é")
    assert ("\r" in fixed.text) <= ("\r" in text)
    diff = list(masked_diff(text, fixed.text, file="f", kind=kind))
    assert bool(diff) == bool(fixed.codes)


@st.composite
def changes(draw: st.DrawFn, found: Sequence[Setting]) -> Change:
    """Any change of one of the settings."""
    setting = draw(st.sampled_from(found))
    key = draw(st.sampled_from(["spark.openlineage.new", "spark.openlineage.transport.auth.apiKey"]))
    letters = st.characters(blacklist_categories=["Cs", "Cc"])
    value = draw(st.one_of(values, st.text(letters, max_size=12)).map(str.strip).filter(bool))
    all_: list[Change] = [
        Rename(setting=setting, key=key),
        SetValue(setting=setting, value=value),
        Remove(setting=setting),
        Add(setting=setting, key=key, value=value),
    ]
    return draw(st.sampled_from(all_))


@pytest.mark.parametrize("kind", TEXTS)
@everything
@given(data=st.data())
def test_what_is_written_is_what_is_meant(kind: str, data: st.DataObject) -> None:
    """A change can be made so that reading gives it, or it is refused."""
    text = data.draw(TEXTS[kind])
    found = _read(kind, text)
    settings = [setting for sheet in found or () for setting in sheet.settings]
    if found is None or not settings:
        return
    change = data.draw(changes(settings))
    made = editor_of(kind).edits(text, change)
    if made is not None:
        after = _read(kind, edited(text, made))
        assert after is not None
        assert _rows(after) == _rows(found, change)
    # Every key and value can be written in a properties file.
    assert made is not None or kind != "spark-defaults"


def _read(kind: str, text: str) -> Sequence[Sheet] | None:
    try:
        return READERS[kind].read(text, "f")
    except UnreadableError:
        return None


def _rows(sheets: Sequence[Sheet], *made: Change) -> list[dict[str, list[str]]]:
    return [rows for sheet in sheets if (rows := expected(sheet.settings, made))]


@given(
    text=st.text(max_size=20),
    places=st.lists(st.tuples(st.integers(0, 20), st.integers(0, 3), st.text(max_size=3)), max_size=6),
)
def test_edits_touch_nothing_else(text: str, places: list[tuple[int, int, str]]) -> None:
    """What stands between edits stands between what they write."""
    chosen: list[Edit] = []
    for start, length, new in places:
        edit = Edit(start, start + length, new)
        if edit.end <= len(text) and not any(edit.meets(other) for other in chosen):
            chosen.append(edit)
    after = edited(text, chosen)
    assert len(after) == len(text) + sum(len(edit.text) - (edit.end - edit.start) for edit in chosen)
    for edit in chosen:
        assert edit.text in after
    kept = [char for at, char in enumerate(text) if not any(edit.start <= at < edit.end for edit in chosen)]
    rest = iter(after)
    assert all(char in rest for char in kept)


PIECES = [
    *KEYS, *VALUES, "\n", "\r\n", "\\\n", " ", "  ", ": ", "=", "- ", "\"", "'", "{", "}", "[", "]", "(", ")", ",",
    "transport", "url", "type", "facets", "spark-submit ", "--conf ", "--jars ", ".config(", ".set(", "SparkConf()",
    '"spark_conf": {', '"spark_version": "15.4.x-scala2.12"', "sparkConf:\n", '"Properties": {', '"Classification": ',
    "kind: SparkApplication\n", "# sparklineage: ignore", "\t", "$X", "*a", "&a ",
]  # fmt: skip


@pytest.mark.parametrize("kind", READERS)
@settings(max_examples=60, deadline=None)
@given(data=st.one_of(st.lists(st.sampled_from(PIECES), max_size=40).map("".join), st.text(max_size=100)))
def test_no_text_breaks_it(kind: str, data: str) -> None:
    """Of no format."""
    try:
        fixed = fix_text(data, "f", kind=kind)
    except UnreadableError:
        return
    assert fix_text(fixed.text, "f", kind=kind).text == fixed.text
    assert (fixed.text == data) == (not fixed.codes)
