"""Every change in the syntax of every format: comments, order, quotes, columns and line ends stay."""

# ruff: noqa: E501 - texts as they stand in files

from __future__ import annotations

import json

import pytest

from sparklineage.lint import READERS, Target
from sparklineage.lint.fix import fix_text
from sparklineage.lint.fix.changes import Remove, edited
from sparklineage.lint.fix.editors import editor_of

CASES = [
    (
        "columns of properties",
        "f.conf",
        """\
# here
spark.openlineage.url              http://h:1
  ! there
spark.x                            1
""",
        """\
# here
spark.openlineage.transport.url    http://h:1
spark.openlineage.transport.type   http
  ! there
spark.x                            1
""",
    ),
    (
        "equals signs, Windows, no last line end",
        "f.conf",
        ("spark.jars = a.jar,\\\r\n   b.jar\r\nspark.openlineage.url = http://h:1\r\nspark.jars = c.jar"),
        (
            "spark.openlineage.transport.url = http://h:1\r\n"
            "spark.openlineage.transport.type = http\r\n"
            "spark.jars = a.jar,b.jar,c.jar"
        ),
    ),
    (
        "escapes of properties",
        "f.conf",
        r"""spark.openlineage.transport.type=http
spark.openlineage.transport.url=http\://h\:1/?a=c%3A%5Cb&b==%20x
""",
        r"""spark.openlineage.transport.type=http
spark.openlineage.transport.url=http://h:1/
spark.openlineage.transport.urlParams.a=c:\\b
spark.openlineage.transport.urlParams.b=\= x
""",
    ),
    (
        "lines of a command",
        "f.sh",
        r"""spark-submit \
  --conf "spark.openlineage.url=http://h:1" \
  --name 'a b' \
  job.py
""",
        r"""spark-submit \
  --conf "spark.openlineage.transport.url=http://h:1" \
  --conf "spark.openlineage.transport.type=http" \
  --name 'a b' \
  job.py
""",
    ),
    (
        "the last option of a command",
        "f.sh",
        r"""spark-submit job.sh \
  --x
spark-submit --name x \
  --conf spark.openlineage.url=http://h job.py
""",
        r"""spark-submit job.sh \
  --x
spark-submit --name x \
  --conf spark.openlineage.transport.url=http://h \
  --conf spark.openlineage.transport.type=http job.py
""",
    ),
    (
        "flags in a line go with their values",
        "f.sh",
        r"""spark-submit \
  --jars a.jar --name x \
  --jars=b.jar \
  --conf \
  spark.jars=c.jar \
  --jars 'd.jar' job.py
""",
        r"""spark-submit \
  --name x \
  --jars 'a.jar,b.jar,c.jar,d.jar' job.py
""",
    ),
    (
        "the last line of a command goes",
        "f.sh",
        r"""spark-sql \
  --jars a.jar \
  --conf spark.jars=b.jar
echo done
""",
        r"""spark-sql \
  --jars a.jar,b.jar
echo done
""",
    ),
    (
        "short flags, joined flags, quotes",
        "f.sh",
        'spark-submit -c openlineage.url="http://h:1" --conf=\'openlineage.apiKey=a"b\' job.py\n',
        'spark-submit -c spark.openlineage.transport.url="http://h:1" -c spark.openlineage.transport.type=http --conf=\'spark.openlineage.transport.auth.apiKey=a"b\' --conf=spark.openlineage.transport.auth.type=api_key job.py\n',
    ),
    (
        "what double quotes change",
        "f.sh",
        'spark-submit -c spark.openlineage.transport.type=http -c "spark.openlineage.transport.url=http://h?a=\\$x%22" y\n',
        'spark-submit -c spark.openlineage.transport.type=http -c "spark.openlineage.transport.url=http://h" -c "spark.openlineage.transport.urlParams.a=\\$x\\"" y\n',
    ),
    (
        "a key before a variable",
        "f.sh",
        'spark-submit --conf "openlineage.namespace=${NS:-a b}" --conf openlineage.appName=$(basename "$0") job.py\n',
        'spark-submit --conf "spark.openlineage.namespace=${NS:-a b}" --conf spark.openlineage.appName=$(basename "$0") job.py\n',
    ),
    (
        "an array of two commands",
        "f.sh",
        """\
A=(
  --conf spark.openlineage.url=http://h
  --jars x.jar --jars y.jar
)
spark-submit "${A[@]}" a.py
spark-submit "${A[@]}" b.py
""",
        """\
A=(
  --conf spark.openlineage.transport.url=http://h
  --conf spark.openlineage.transport.type=http
  --jars x.jar,y.jar
)
spark-submit "${A[@]}" a.py
spark-submit "${A[@]}" b.py
""",
    ),
    (
        "a chain in brackets",
        "f.py",
        """\
s = (
    SparkSession.builder
    .config('spark.openlineage.url', "http://h")  # é
    # more
    .config("spark.jars", "a")
    .config("spark.jars", 'b').getOrCreate()
)
""",
        """\
s = (
    SparkSession.builder
    .config('spark.openlineage.transport.url', "http://h")  # é
    .config('spark.openlineage.transport.type', 'http')
    # more
    .config("spark.jars", 'a,b').getOrCreate()
)
""",
    ),
    (
        "a chain in one line",
        "f.py",
        'SparkSession.builder.config("spark.jars", "a").config("spark.jars", "b").config("openlineage.url", "http://h")\n',
        'SparkSession.builder.config("spark.jars", "a,b").config("spark.openlineage.transport.url", "http://h").config("spark.openlineage.transport.type", "http")\n',
    ),
    (
        "a chain with backslashes",
        "f.py",
        r"""b = SparkSession.builder \
    .config("spark.jars", "a") \
    .config("spark.openlineage.url", "http://h") \
    .config("spark.jars", "b") \
    .getOrCreate()
""",
        r"""b = SparkSession.builder \
    .config("spark.openlineage.transport.url", "http://h") \
    .config("spark.openlineage.transport.type", "http") \
    .config("spark.jars", "a,b") \
    .getOrCreate()
""",
    ),
    (
        "statements",
        "f.py",
        """\
c = SparkConf()
if c:
    c.set("spark.jars", "a")
    c.set("spark.jars", r"b")  # two
    c.set("spark.openlineage.url", "http://h")  # é
    c.set("spark.openlineage.circuitBreaker.type", kind)
""",
        """\
c = SparkConf()
if c:
    c.set("spark.jars", "a,b")  # two
    c.set("spark.openlineage.transport.url", "http://h")  # é
    c.set("spark.openlineage.transport.type", "http")
    c.set("spark.openlineage.circuitBreaker.type", kind)
""",
    ),
    (
        "a mapping",
        "f.py",
        """\
conf = {
    "spark.openlineage.url": "http://h",  # é
    "spark.openlineage.transport.timeout": 5,
    "spark.openlineage.debugFacet": "disabled"
}
SparkSession.builder.config(map=conf)
""",
        """\
conf = {
    "spark.openlineage.transport.url": "http://h",  # é
    "spark.openlineage.transport.type": "http",
    "spark.openlineage.transport.timeoutInMillis": 5000,
    "spark.openlineage.facets.debug.disabled": "true"
}
SparkSession.builder.config(map=conf)
""",
    ),
    (
        "pairs",
        "f.py",
        'SparkConf().setAll([("spark.jars", "a"), ["spark.openlineage.url", "http://h"], ("spark.jars", "b")])\n',
        'SparkConf().setAll([["spark.openlineage.transport.url", "http://h"], ["spark.openlineage.transport.type", "http"], ("spark.jars", "a,b")])\n',
    ),
    (
        "switches and numbers of Python",
        "f.py",
        """\
b.config("spark.openlineage.transport.timeoutInMillis", 5.0).config("spark.openlineage.disabled", "yes")
b.config("spark.openlineage.facets.debug.disabled", "False").config(key="openlineage.appName", value=name)
""",
        """\
b.config("spark.openlineage.transport.timeoutInMillis", 5).config("spark.openlineage.disabled", "true")
b.config("spark.openlineage.facets.debug.disabled", "false").config(key="spark.openlineage.appName", value=name)
""",
    ),
    (
        "YAML",
        "openlineage.yml",
        (
            "transport:  # where\n"
            "  url: 'http://h:1/'\n"
            "  timeoutInMillis: 5s  # long\n"
            "  auth:\n"
            "    - x\n"
            "facets:\n"
            "  variables: [A, B]\n"
            "circuitBreaker:\n"
            "  type: timeout"
        ),
        (
            "transport:  # where\n"
            "  url: 'http://h:1'\n"
            "  type: 'http'\n"
            "  timeoutInMillis: 5000  # long\n"
            "  auth:\n"
            "    - x\n"
            "facets:\n"
            "  custom_environment_variables: [A, B]\n"
            "circuitBreaker:\n"
            "  type: timeout\n"
            "  timeoutInSeconds: 60"
        ),
    ),
    (
        "JSON, the last entry goes",
        "cluster.json",
        """\
{
  "spark_version": "15.4.x-scala2.12",
  "spark_conf": {
    "spark.openlineage.url": "http://h",
    "spark.openlineage.version": "v1"
  }
}
""",
        """\
{
  "spark_version": "15.4.x-scala2.12",
  "spark_conf": {
    "spark.openlineage.transport.url": "http://h",
    "spark.openlineage.transport.type": "http"
  }
}
""",
    ),
]


@pytest.mark.parametrize(("name", "before", "after"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_text_around_a_change_stays(name: str, before: str, after: str) -> None:
    """And a second time nothing is changed."""
    assert fix_text(before, name).text == after
    assert fix_text(after, name).text == after


STAYS = [
    ("a value put together", "f.py", 'b.config("spark.openlineage.transport.timeoutInMillis", f"{x}s")\n'),
    (
        "the name of a key",
        "f.py",
        """\
K = "spark.openlineage.url"
b.config(K, "http://h")
""",
    ),
    ("a key in two parts", "f.py", 'b.config("openlineage." "namespace", "x")\n'),
    (
        "two statements in a line",
        "f.py",
        """\
c.set("spark.jars", "a"); x = 1
c.set("spark.jars", "b")
""",
    ),
    (
        "all of a block",
        "f.py",
        """\
if x:
    c.set("spark.jars", "a")
if x:
    pass
""",
    ),
    ("a quoted part of a word", "f.sh", 'spark-submit --conf spark."openlineage".url=http://h job.py\n'),
    ("a value in two kinds of quotes", "f.sh", "spark-submit --conf \"openlineage\".namespace='a' job.py\n"),
    ("a list of a variable", "f.sh", "spark-submit --jars $A --jars b.jar job.py\n"),
    ("a mapping in one line", "openlineage.yml", "transport: {url: 'http://h'}\n"),
    (
        "a key of another level",
        "openlineage.yml",
        """\
url: http://h
apiKey: x
""",
    ),
    (
        "a list of facets in YAML",
        "openlineage.yml",
        """\
facets:
  disabled: [a, b]
""",
    ),
    (
        "a time limit that may be either",
        "f.conf",
        """\
spark.openlineage.transport.type http
spark.openlineage.timeout 500
""",
    ),
    (
        "an address that Spark takes apart with an endpoint",
        "f.conf",
        """\
spark.openlineage.transport.type http
spark.openlineage.transport.url http://h/x
spark.openlineage.transport.endpoint /y
""",
    ),
    (
        "two addresses",
        "f.conf",
        """\
spark.openlineage.url http://a
spark.openlineage.transport.url http://b
spark.openlineage.transport.type http
""",
    ),
    (
        "an address beside another transport",
        "f.conf",
        """\
spark.openlineage.url http://a
spark.openlineage.transport.type console
""",
    ),
    ("an address without a scheme", "f.conf", "spark.openlineage.host marquez:5000\n"),
    (
        "a parameter that the agent would not send",
        "f.conf",
        """\
spark.openlineage.transport.type http
spark.openlineage.transport.url http://h?a=%5Bx%5D
""",
    ),
    ("a key that only seems to mean the same", "f.conf", "spark.openlineage.debug.enabled true\n"),
    ("a misspelt key", "f.conf", "spark.openlineage.namespac x\n"),
    ("an id", "f.conf", "spark.openlineage.applicationRunId 7\n"),
    (
        "a setting that comes too late",
        "f.py",
        """\
s = SparkSession.builder.getOrCreate()
s.conf.set("spark.openlineage.debugFacet", "enabled")
""",
    ),
    (
        "an ignored finding",
        "f.conf",
        """\
# sparklineage: ignore[SL001]
spark.openlineage.debugFacet enabled
""",
    ),
    (
        "a jar that is there",
        "f.sh",
        "/opt/spark-4.0.1/bin/spark-submit --jars /opt/openlineage-spark_2.12-1.53.0.jar job.py\n",
    ),
]


@pytest.mark.parametrize(("name", "text"), [case[1:] for case in STAYS], ids=[case[0] for case in STAYS])
def test_what_is_not_sure_stays(name: str, text: str) -> None:
    """Not a character is changed."""
    fixed = fix_text(text, name)
    assert fixed.text == text
    assert fixed.codes == ()


BLOCKS = [
    "if x:\n    {}",
    "if x:\n    pass\nelif y:\n    {}",
    "if x:\n    pass\nelse:\n    {}",
    "for x in y:\n    {}",
    "for x in y:\n    pass\nelse:\n    {}",
    "while x:\n    {}",
    "with x:\n    {}",
    "def f():\n    {}",
    "async def f():\n    {}",
    "class C:\n    {}",
    "try:\n    {}\nfinally:\n    pass",
    "try:\n    pass\nexcept E:\n    {}",
    "try:\n    pass\nfinally:\n    {}",
    "try:\n    pass\nexcept E:\n    pass\nelse:\n    {}",
    "match x:\n    case 1:\n        {}",
    "if x: {}",
]
ONLY = 'c.set("spark.openlineage.consoleTransport", "true")'


@pytest.mark.parametrize("block", BLOCKS)
def test_a_block_of_python_is_never_left_empty(block: str) -> None:
    """Its only statement stays; one of two can go, but not both."""
    (sheet,) = READERS["python"].read(block.format(ONLY), "f.py")
    assert editor_of("python").edits(block.format(ONLY), Remove(setting=sheet.settings[0])) is None
    if block.endswith(" {}") and "    {}" not in block:
        return
    blanks = " " * (8 if "case" in block else 4)
    two = block.format(f"x = 1\n{blanks}{ONLY}")
    (sheet,) = READERS["python"].read(two, "f.py")
    made = editor_of("python").edits(two, Remove(setting=sheet.settings[0]))
    assert made is not None
    assert edited(two, made).rstrip() == block.format("x = 1").rstrip()


def test_of_two_lists_that_are_all_of_a_block_one_stays() -> None:
    """Each could go alone."""
    text = 'if x:\n    c.set("spark.jars", "a")\n    c.set("spark.jars", "b")\n'
    assert fix_text(text, "f.py").text == 'if x:\n    c.set("spark.jars", "a,b")\n'


def test_only_chosen_rules_are_mended() -> None:
    """The others are not told either, but still count as harm."""
    text = "spark.openlineage.debugFacet enabled\nspark.extraListeners a, a\nspark.openlineage.facets.variables A\n"
    fixed = fix_text(text, "f.conf", codes=["SL001"])
    assert fixed.text == text.replace("debugFacet enabled", "facets.debug.disabled false")
    assert fixed.findings == ()
    address = "spark.openlineage.url http://h?a=b\n"
    assert fix_text(address, "f.conf", codes=["SL001"]).text == address
    assert "urlParams.a b\n" in fix_text(address, "f.conf", codes=["SL001", "SL012"]).text


def test_an_agent_that_does_not_know_the_new_key() -> None:
    """Nothing is renamed to what it would ignore as well."""
    text = "spark.openlineage.transport.type http\nspark.openlineage.transport.timeoutInMillis 5s\n"
    assert "timeoutInMillis 5000" in fix_text(text, "f.conf", target=Target(agent="1.9.0")).text
    dead = "spark.openlineage.transport.type http\nspark.openlineage.transport.localServerId x\n"
    assert "messageKey" in fix_text(dead, "f.conf", target=Target(agent="1.53.0")).text


def test_one_bad_fix_does_not_keep_the_others() -> None:
    """What would do harm is left out alone."""
    address = "spark.openlineage.url http://h/x\nspark.openlineage.transport.endpoint /y\n"
    text = f"{address}spark.openlineage.debugFacet enabled\n"
    fixed = fix_text(text, "f.conf")
    assert fixed.codes == ("SL001",)
    assert fixed.text == text.replace("debugFacet enabled", "facets.debug.disabled false")


def test_many_fixes_at_once() -> None:
    """Settings that are given again and again do not take longer than those that are not."""
    head = "spark.openlineage.transport.type console\n"
    text = (
        head
        + "spark.openlineage.url.param.x v\n" * 500
        + "".join(f"spark.openlineage.url.param.y{number} v\n" for number in range(500))
    )
    fixed = fix_text(text, "f.conf")
    assert len(fixed.codes) == 1000
    assert fixed.text.count("\n") == 502


def test_a_value_stays_in_its_column_behind_the_longest_key() -> None:
    """Which has but one blank."""
    text = "spark.jars                         a.jar\nspark.openlineage.consoleTransport true\n"
    fixed = fix_text(text, "f.conf")
    assert fixed.codes == ("SL001",)
    first, second = fixed.text.splitlines()
    assert first.index("a.jar") == second.index("console") == 35
    assert fix_text(text.replace("s   ", "s "), "f.conf").text.endswith("\nspark.openlineage.transport.type console\n")


def test_escapes_of_json_are_read_and_the_rest_is_written_right() -> None:
    """A slash may be escaped, and need not be."""
    lines = [
        '{"conf": {',
        '  "spark.openlineage.transport.type": "http",',
        r'  "spark.openlineage.transport.url": "http:\/\/h\/api"',
        "}}",
    ]
    fixed = fix_text("\n".join(lines), "conf.json")
    assert fixed.codes == ("SL011",)
    assert json.loads(fixed.text)["conf"]["spark.openlineage.transport.url"] == "http://h"
