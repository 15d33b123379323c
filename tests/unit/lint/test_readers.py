"""What each reader takes from its format."""

from __future__ import annotations

import pytest

from sparklineage.lint.readers import READERS, UnreadableError, reader_for
from sparklineage.lint.readers.command_line import OWN_SWITCHES
from sparklineage.lint.settings import UNKNOWN, Setting, Sheet
from sparklineage.submit.options import OWN_OPTIONS


def _sheets(kind: str, text: str) -> list[Sheet]:
    return list(READERS[kind].read(text, "f"))


def _told(setting: Setting) -> tuple[str, str, int, int]:
    value = setting.value.replace(UNKNOWN, "?")
    return setting.spelled or setting.key, value, setting.place.line, setting.place.column


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [
        ("spark-defaults.conf", "", "spark-defaults"),
        ("spark-defaults-prod.conf.template", "", "spark-defaults"),
        ("job.properties", "a = b\n  spark.jars x\n", "spark-defaults"),
        ("debezium.properties", "openlineage.integration.enabled=true\n", None),
        ("nginx.conf", "server {}\n", None),
        ("job.py", "", "python"),
        ("job", "#!/usr/bin/env python3\n", "python"),
        ("run.sh", "", "command-line"),
        ("run", "#!/bin/bash -e\n", "command-line"),
        ("run", "spark-submit --master local job.py\n", "command-line"),
        ("NOTES", "we use spark-submit here\n", None),
        ("openlineage.yml", "", "openlineage-yml"),
        ("openlineage-prod.yaml", "", "openlineage-yml"),
        ("other.yml", "transport:\n  type: http\n", "openlineage-yml"),
        ("values.yml", "spark: {}\n", None),
        ("sparklineage.yml", "transport:\n  type: http\n", None),
        ("notes.md", "spark-submit --jars a.jar b.py", None),
    ],
)
def test_formats_are_recognised(name: str, text: str, kind: str | None) -> None:
    """By the name, else by the content."""
    reader = reader_for(name, text)
    assert (reader.KIND if reader else None) == kind


def test_properties() -> None:
    """With the place of each key, also in continued lines."""
    text = "# note\nspark.jars a.jar,\\\n   b.jar\n\n  spark.x : 1 \nother.key=2\nspark.x=3\n"
    (sheet,) = _sheets("spark-defaults", text)
    assert [_told(setting) for setting in sheet.settings] == [
        ("spark.jars", "a.jar,b.jar", 2, 1),
        ("spark.x", "1", 5, 3),
        ("spark.x", "3", 7, 1),
    ]
    found = sheet.get("spark.x")
    assert found is not None
    assert found.value == "3"


def test_broken_properties_say_where() -> None:
    with pytest.raises(UnreadableError, match=r"^f:1:1: \\users is no character after line 1; write"):
        _sheets("spark-defaults", "spark.a=1\nspark.b=C:\\users\n")


def test_commands() -> None:
    """Continuation, quotes, comments, variables, redirections; nothing behind the application."""
    text = """#!/bin/bash
# spark-submit --jars not-this.jar x.py
cat <<END
spark-submit --jars nor-this.jar x.py
END
export A=1 B="two $C"
D=4
[ -n "$E" ] && /opt/spark-3.5.6/bin/spark-submit --conf spark.a=1 \\
    -c 'spark.b={"x": 1}' --conf="spark.c=$F/g" --jars=a.jar $MORE 2>&1 \\
    --name "my $(date "+%F)") job" app.py --jars c.jar --conf spark.z=1 > log
echo spark-submit --jars d.jar e.py
"""
    (sheet,) = _sheets("command-line", text)
    assert [_told(setting) for setting in sheet.settings] == [
        ("spark.a", "1", 8, 57),
        ("spark.b", '{"x": 1}', 9, 8),
        ("spark.c", "?/g", 9, 27),
        ("--jars", "a.jar", 9, 49),
        ("--name", "my ? job", 10, 12),
    ]
    assert [_told(setting) for setting in sheet.environment] == [("A", "1", 6, 8), ("B", "two ?", 6, 12)]
    assert (sheet.partial, sheet.spark) == (True, "3.5.6")


def test_arrays_are_put_in() -> None:
    """The usual way to build a long command."""
    text = """ARGS=(
  --conf spark.a=1  # one
  --jars a.jar
)
ARGS+=(--conf spark.b=2)
spark-submit "${ARGS[@]}" x.py
"""
    (sheet,) = _sheets("command-line", text)
    assert [_told(setting)[:3] for setting in sheet.settings] == [
        ("spark.a", "1", 2),
        ("--jars", "a.jar", 3),
        ("spark.b", "2", 5),
    ]
    assert not sheet.partial


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('C="--conf a=b --name n"\nspark-submit $C x.py', {"a": "b", "--name": "n"}),
        ('A=http://h\nB="--conf a=$A"\nspark-submit ${B} x.py', {"a": "http://h"}),
        ('export A=h\nspark-submit --conf "a=$A/x" x.py', {"a": "h/x"}),
        ("A=1\nif x; then A=2; fi\nspark-submit --conf a=$A x.py", {"a": "?"}),
        ("A=1\nif x\nthen\n A=2\nfi\nspark-submit --conf a=$A x.py", {"a": "?"}),
        ("A=1\n. ./env\nspark-submit --conf a=$A x.py", {"a": "?"}),
        ("f() {\n A=1\n spark-submit --conf a=$A x.py\n}", {"a": "1"}),
        ("f() {\n A=1\n}\nspark-submit --conf a=$A x.py", {"a": "?"}),
        ("A=1\nread A\nspark-submit --conf a=$A x.py", {"a": "?"}),
        ("A=1\nfor A in 1 2; do\nspark-submit --conf a=$A x.py\ndone", {"a": "?"}),
        ("A=1\nA+=2\nspark-submit --conf a=$A x.py", {"a": "?"}),
        ("A=1\nspark-submit --conf 'a=$A' x.py", {"a": "$A"}),
        ("A=1\nA=2\nspark-submit --conf a=$A x.py", {"a": "2"}),
        ("A=$1\nspark-submit $A x.py", {}),
        ("PYSPARK_SUBMIT_ARGS='--name n pyspark-shell' python x.py", {"--name": "n"}),
        ('export PYSPARK_SUBMIT_ARGS="--conf a=$B pyspark-shell"', {"a": "?"}),
    ],
)
def test_variables_that_are_certain_are_put_in(text: str, expected: dict[str, str]) -> None:
    """Of the others nothing is said."""
    found = _sheets("command-line", text)
    assert {name: value for sheet in found for name, value, *_ in map(_told, sheet.settings)} == expected


def test_variables_do_not_grow_for_ever() -> None:
    text = "A=xxxxxxxxxx\n" + 'A="$A$A"\n' * 60 + "spark-submit --name $A x.py"
    (sheet,) = _sheets("command-line", text)
    assert len(sheet.settings[0].value) < 100_000


def test_a_name_in_a_variable_is_seen_through() -> None:
    """And what stands in another place is not rewritten in this one."""
    (sheet,) = _sheets("command-line", 'APP="etl-$(date +%F)"\nspark-submit --name "$APP" x.py')
    assert "$(date" in sheet.settings[0].text
    assert sheet.settings[0].value_span is None


def test_a_flag_counts_more_than_conf() -> None:
    """As in spark-submit."""
    (sheet,) = _sheets("command-line", "spark-submit --jars a.jar --conf spark.jars=b.jar x.py")
    found = sheet.get("spark.jars")
    assert found is not None
    assert found.value == "a.jar"


def test_a_properties_file_makes_a_command_partial() -> None:
    """What is not there may be in the file."""
    (sheet,) = _sheets("command-line", "spark-submit --properties-file p.conf x.py")
    assert sheet.partial


def test_python() -> None:
    """Every spelling of a setting, constants and parts that are known."""
    text = """
KEY = "spark.a"
MORE = {"spark.d": 4, "spark.e": True}
conf = SparkConf().setAppName("né").set(KEY, "1")
conf.setAll([("spark.b", "2"), ("spark.c", f"x{y}z")])
builder = SparkSession.builder.config(map=MORE).config(key="spark.f", value="6" + z)
builder.config(conf=conf).config("spark.g", ",".join(["a", other, "b"])).getOrCreate()
something.set("color", "red")
"""
    (sheet,) = _sheets("python", text)
    assert [_told(setting)[:3] for setting in sheet.settings] == [
        ("spark.app.name", "né", 4),
        ("spark.a", "1", 2 + 2),
        ("spark.b", "2", 5),
        ("spark.c", "x?z", 5),
        ("spark.d", "4", 3),
        ("spark.e", "true", 3),
        ("spark.f", "6?", 6),
        ("spark.g", "a,?,b", 7),
    ]
    assert not sheet.partial
    assert not any(setting.late for setting in sheet.settings)


@pytest.mark.parametrize(
    "text",
    [
        'b.config("spark.a", 1).config(name, 2)',
        'b.config("spark.a", 1).config(conf=given)',
        'b.config("spark.a", 1).config(map={**given})',
        'SparkConf().set("spark.a", 1).setAll(given)',
    ],
)
def test_python_that_takes_settings_from_elsewhere_is_partial(text: str) -> None:
    (sheet,) = _sheets("python", text)
    assert sheet.partial


SET = 'SparkSession.builder.config("spark.x", 1).getOrCreate()'


@pytest.mark.parametrize(
    ("text", "late"),
    [
        (f"spark = SparkSession.builder.getOrCreate()\nspark = {SET}", True),
        (f"sc = SparkContext()\nspark = {SET}", True),
        (f"glue = GlueContext(sc)\nif x:\n    spark = {SET}", True),
        (f"# Databricks notebook source\nspark = {SET}", True),
        ('self.spark.conf.set("spark.x", 1)', True),
        (f"spark = {SET}", False),
        (f"spark = SparkSession.builder.getOrCreate()\nspark.stop()\nspark = {SET}", False),
        (f"if a:\n    s = SparkSession.builder.getOrCreate()\nelse:\n    s = {SET}", False),
        (f"try:\n    s = SparkSession.builder.getOrCreate()\nexcept E:\n    s = {SET}", False),
        (f"def a():\n    return SparkSession.builder.getOrCreate()\ndef b():\n    return {SET}", False),
        ('self.conf.set("spark.x", 1)', False),
    ],
)
def test_python_knows_what_is_too_late(text: str, late: bool) -> None:
    """Only where a session certainly exists."""
    (sheet,) = _sheets("python", text)
    assert [setting.late for setting in sheet.settings] == [late]


def test_columns_of_python_count_characters() -> None:
    """Not bytes."""
    (sheet,) = _sheets("python", "f('航班'); b.config('spark.a', 1)")
    assert sheet.settings[0].place.column == 19


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("spark.x = (", "f:1:11: this is no Python 3: '(' was never closed."),
        ("SparkConf\0", "this is no Python"),
        ("SparkConf" + "(" * 3000, "this is no Python|nested too deeply"),
    ],
)
def test_broken_python_says_so(text: str, sentence: str) -> None:
    with pytest.raises(UnreadableError, match=sentence.replace("(", r"\(")):
        _sheets("python", text)


def test_yaml() -> None:
    """Keys as they are written, as the properties that they stand for."""
    text = """transport:
  type: http
  properties:
    a.b: 1
job: {owners: {team: x}}
facets:
  list: [A, B]
  off: yes
  none:
"""
    (sheet,) = _sheets("openlineage-yml", text)
    assert [_told(setting) for setting in sheet.settings] == [
        ("transport.type", "http", 2, 3),
        ("transport.properties.a.b", "1", 4, 5),
        ("job.owners.team", "x", 5, 16),
        ("facets.list", "[A;B]", 7, 3),
        ("facets.off", "true", 8, 3),
    ]
    assert sheet.settings[0].key == "spark.openlineage.transport.type"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a: [1", r"f:[12]:\d: this is no YAML: "),
        ("a:\n\t- b", "f:2:1: this is no YAML: "),
        ("- a", "f:1:1: this holds no mapping"),
        ("a: &a {b: *a}", "f:1:11: this alias refers to itself"),
        ("a: " + "[" * 5000, "this YAML is nested too deeply|this is no YAML"),
    ],
)
def test_broken_yaml_says_where(text: str, sentence: str) -> None:
    with pytest.raises(UnreadableError, match=sentence):
        _sheets("openlineage-yml", text)


@pytest.mark.parametrize(("levels", "most"), [(14, 20_000), (40, 200_000)])
def test_yaml_that_grows_is_stopped(levels: int, most: int) -> None:
    """A few lines that stand for a billion values."""
    text = "a0: &a0 {x: 1}\n" + "".join(f"a{n}: &a{n} {{p: *a{n - 1}, q: *a{n - 1}}}\n" for n in range(1, levels + 1))
    with pytest.raises(UnreadableError, match=f"more than {most} values"):
        _sheets("openlineage-yml", text)


def test_yaml_tells_where_it_can_be_rewritten() -> None:
    """Keys and single values with their quotes; nothing that stands for several lines or in another place."""
    text = "a: &x \"1\"\n'b': *x\nc: |\n  d\n  e\nf: [1, 2]\ng: yes # no\n"
    (sheet,) = _sheets("openlineage-yml", text)
    spans = [
        (text[slice(*setting.key_span)], setting.value_span and text[slice(*setting.value_span)])
        for setting in sheet.settings
        if setting.key_span
    ]
    assert spans == [("a", '"1"'), ("'b'", None), ("c", None), ("f", None), ("g", "yes")]


@pytest.mark.parametrize(
    "text",
    [
        'ID=$(spark-submit --conf "spark.a=$B" --name x y.py)\n',
        'echo "started: $(cd /x && spark-submit --conf "spark.a=$B" --name x y.py | tail -1)"\n',
        "echo `spark-submit --conf spark.a=$B --name x y.py`\n",
        "A=($(spark-submit --conf spark.a=$B --name x y.py) z)\n",
        'X=$(for i in $(seq 3); do echo $(spark-submit --conf "spark.a=$B" --name x y.py) z; done)\n',
    ],
)
def test_commands_inside_substitutions(text: str) -> None:
    """Also in quotes, in arrays and in one another, with their places in the whole script."""
    (sheet,) = _sheets("command-line", "# x\n" + text)
    assert [_told(setting)[:2] for setting in sheet.settings] == [("spark.a", "?"), ("--name", "x")]
    place = sheet.settings[1].place
    assert (place.line, place.column) == (2, text.index("--name x") + len("--name ") + 1)


def test_substitutions_do_not_nest_for_ever() -> None:
    """A reader that called itself for each would end the interpreter."""
    assert _sheets("command-line", "spark-submit" + "$(" * 50_000 + ")" * 50_000) == []
    assert _sheets("command-line", "spark-submit " + "$(a " * 500 + "spark-submit --name x y.py" + ")" * 500) != []


def test_commands_of_the_toolkit_itself() -> None:
    """Its own options are stepped over; what it adds itself is not in the script, so the sheet is partial."""
    text = (
        "poetry run sparklineage submit --namespace dev --strict --backend=http://h --conf spark.a=1 \\\n"
        " --dry-run -- --jars b.jar app.py --jars c.jar\nsparklineage lint x\n"
    )
    (sheet,) = _sheets("command-line", text)
    assert [_told(setting) for setting in sheet.settings] == [("spark.a", "1", 1, 83), ("--jars", "b.jar", 2, 22)]
    assert sheet.partial
    switches = {option.flag for option in OWN_OPTIONS if option.metavar is None}
    assert switches <= OWN_SWITCHES


def test_commands_of_the_toolkit_are_recognised_without_an_ending() -> None:
    reader = reader_for("run", "sparklineage submit --strict job.py\n")
    assert reader is not None
    assert reader.KIND == "command-line"
