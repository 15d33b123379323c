"""Diffs show what changes, and no secret."""

from __future__ import annotations

import pytest

from sparklineage.lint.fix import fix_text, masked_diff

CANARY = "cAnAry7f3e9b1d"


def _diff(before: str, after: str, kind: str = "spark-defaults") -> list[str]:
    return list(masked_diff(before, after, file="f\x1b", kind=kind))


def test_the_form_is_that_of_a_unified_diff() -> None:
    """Names, ranges, three lines around each change; what cannot be printed is not."""
    lines = [f"spark.x{number} 1" for number in range(20)]
    after = [*lines]
    after[0], after[18:19] = "spark.y\t\x1b2", []
    assert _diff("\n".join(lines) + "\n", "\r\n".join(after)) == [
        "--- f?", "+++ f?",
        "@@ -1,4 +1,4 @@", "-spark.x0 1", "+spark.y\t?2", " spark.x1 1", " spark.x2 1", " spark.x3 1",
        "@@ -16,5 +16,4 @@", " spark.x15 1", " spark.x16 1", " spark.x17 1", "-spark.x18 1", " spark.x19 1",
    ]  # fmt: skip
    assert _diff("spark.x 1\n", "spark.x 1\n") == []
    assert _diff("", "spark.x 1\n")[2:] == ["@@ -0,0 +1,1 @@", "+spark.x 1"]


SECRETS = [
    (
        "f.conf",
        """\
spark.openlineage.apiKey={0}
spark.openlineage.url=https://h
""",
    ),
    (
        "f.conf",
        r"""spark.openlineage.apiKey   {0[0]}\
   {0[1]}
spark.openlineage.url=https://h
""",
    ),
    (
        "f.conf",
        """\
spark.openlineage.transport.type=http
spark.openlineage.transport.url=https://u:{0}@h/in?code={0}&x={0}
""",
    ),
    (
        "f.conf",
        """\
spark.openlineage.url.param.code={0}
spark.openlineage.transport.type=http
""",
    ),
    (
        "f.conf",
        """\
# password={0}
#spark.openlineage.transport.auth.apiKey {0}
spark.openlineage.debugFacet=enabled
""",
    ),
    (
        "f.conf",
        """\
spark.openlineage.debugFacet=enabled
spark.openlineage.transport.headers.X-Team={0}
""",
    ),
    (
        "f.conf",
        """\
spark.openlineage.debugFacet=enabled
spark.ssl.keyPassword {0} {0}
spark.hadoop.fs.s3a.secret.key {0}
""",
    ),
    (
        "f.conf",
        r"""spark.openlineage.transport.auth.apiKey\:{0}==
spark.openlineage.debugFacet=enabled
""",
    ),
    (
        "f.sh",
        """\
export OPENLINEAGE_API_KEY={0}
spark-submit --conf spark.openlineage.apiKey={0} --jars a --jars b job.py
""",
    ),
    (
        "f.sh",
        """\
export KEY='{0}'
spark-submit --conf "spark.openlineage.transport.auth.apiKey={0} x" --jars a --jars b job.py
""",
    ),
    (
        "f.sh",
        """\
curl -H 'Authorization: Bearer {0}' h
spark-submit --jars a --jars b job.py --token {0} --password={0}
""",
    ),
    (
        "f.py",
        """\
KEY = '{0}'
b.config('spark.openlineage.url', 'http://h').config('spark.openlineage.apiKey', KEY)
""",
    ),
    (
        "f.py",
        """\
c = {{'spark.openlineage.debugFacet': 'enabled',
 'spark.openlineage.transport.headers.Authorization': 'Bearer {0}'}}
b.config(map=c)
""",
    ),
    (
        "f.py",
        """\
PASSWORD = "{0}"  # {0}
conn(token='{0}', api_key="{0}")
b.config('spark.openlineage.debugFacet', 'enabled')
""",
    ),
    (
        "openlineage.yml",
        """\
transport:
  url: https://h/?sig={0}
  auth:
    type: apiKey
    apiKey: {0}
""",
    ),
    (
        "cluster.json",
        """\
{{
 "spark_version": "15.4.x-scala2.12",
 "spark_conf": {{
  "spark.openlineage.debugFacet": "enabled",
  "spark.openlineage.transport.auth.apiKey": "{0}"
 }}
}}
""",
    ),
]


@pytest.mark.parametrize(("name", "text"), SECRETS)
def test_no_secret_is_shown(name: str, text: str) -> None:
    """Neither in what changes nor around it; the text itself has them all."""
    before = text.format(CANARY)
    fixed = fix_text(before, name)
    assert fixed.codes
    assert fixed.kind
    shown = "\n".join(masked_diff(before, fixed.text, file=name, kind=fixed.kind))
    assert "********" in shown
    assert CANARY not in shown
    assert fixed.text.count(CANARY) == before.count(CANARY)


def test_what_is_no_secret_is_shown() -> None:
    """Types of authentication, words in comments, options."""
    before = (
        "spark.openlineage.transport.auth.type=apiKey\n# how to get a token is told elsewhere\n"
        "spark.openlineage.transport.type http\n"
    )
    shown = _diff(before, fix_text(before, "f.conf").text)
    assert shown[3:] == [
        "-spark.openlineage.transport.auth.type=apiKey",
        "+spark.openlineage.transport.auth.type=api_key",
        " # how to get a token is told elsewhere",
        " spark.openlineage.transport.type http",
    ]
