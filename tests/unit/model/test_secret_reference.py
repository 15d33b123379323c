"""References to secrets: read, written, and told from literals and misspellings."""

from __future__ import annotations

import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparklineage.errors import ConfigError
from sparklineage.model.secret import FORMS, KINDS, SecretReference, misspelt

ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/ol-AbCdEf"
LETTERS = string.ascii_letters
NAMES = st.text(LETTERS + string.digits + "_.@-", min_size=1, max_size=128)
WORDS = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1).filter(lambda text: text == text.strip())
REFERENCES = st.one_of(
    st.builds(
        lambda first, rest: SecretReference(kind="env", name=first + rest),
        st.sampled_from(LETTERS + "_"),
        st.text(LETTERS + string.digits + "_"),
    ),
    st.builds(lambda rest: SecretReference(kind="file", name=f"/a{rest}"), WORDS),
    st.builds(lambda rest: SecretReference(kind="file", name=f"~{rest}"), WORDS),
    st.builds(
        lambda name, field: SecretReference(kind="aws-secretsmanager", name=name, field=field),
        st.text(LETTERS + string.digits + "/_+=.@!:-", min_size=1),
        st.just("") | WORDS,
    ),
    st.builds(
        lambda name: SecretReference(kind="aws-ssm", name=name),
        st.text(LETTERS + string.digits + "/_.:-", min_size=1),
    ),
    st.builds(lambda scope, key: SecretReference(kind="databricks", name=f"{scope}/{key}"), NAMES, NAMES),
)  # fmt: skip


@given(REFERENCES)
def test_what_is_written_is_read_back(reference: SecretReference) -> None:
    assert SecretReference.read(reference.written) == reference
    assert SecretReference.read(f"  {reference.written}\r\n") == reference
    assert misspelt(reference.written) is None


@given(st.one_of(st.text(), st.builds(lambda kind, rest: f"{kind}:{rest}", st.sampled_from(KINDS), st.text())))
def test_any_text_is_a_reference_a_literal_or_one_sentence(text: str) -> None:
    misspelt(text)
    try:
        found = SecretReference.read(text, source="key")
    except ConfigError as error:
        assert str(error).startswith("key begins with `")
        assert "\n" not in str(error)
    else:
        assert found is None or SecretReference.read(found.written) == found


@pytest.mark.parametrize(
    ("text", "kind", "name", "field"),
    [
        ("env:OPENLINEAGE_API_KEY", "env", "OPENLINEAGE_API_KEY", ""),
        ("file:/run/secrets/key", "file", "/run/secrets/key", ""),
        ("file:///run/secrets/key", "file", "/run/secrets/key", ""),
        ("file:~/my keys/key", "file", "~/my keys/key", ""),
        ("file://~/key", "file", "~/key", ""),
        ("aws-secretsmanager:prod/ol", "aws-secretsmanager", "prod/ol", ""),
        ("aws-secretsmanager:prod/ol#api key", "aws-secretsmanager", "prod/ol", "api key"),
        ("aws-secretsmanager:rds!db-1#a#b", "aws-secretsmanager", "rds!db-1", "a#b"),
        (f"aws-secretsmanager:{ARN}", "aws-secretsmanager", ARN, ""),
        (f"aws-secretsmanager:{ARN}#key", "aws-secretsmanager", ARN, "key"),
        ("aws-ssm:/prod/ol:3", "aws-ssm", "/prod/ol:3", ""),
        ("aws-ssm:arn:aws:ssm:eu-west-1:1:parameter/ol", "aws-ssm", "arn:aws:ssm:eu-west-1:1:parameter/ol", ""),
        ("databricks:team@x.org/ol.key", "databricks", "team@x.org/ol.key", ""),
    ],
)
def test_each_kind_has_a_syntax(text: str, kind: str, name: str, field: str) -> None:
    found = SecretReference.read(text)
    assert found is not None
    assert (found.kind, found.name, found.field) == (kind, name, field)


@pytest.mark.parametrize(
    "text", ["", "plain", "Bearer abc", "http://h:1", "user:pass", "environment", "env", "a:env:X"]
)
def test_other_texts_are_literals(text: str) -> None:
    assert SecretReference.read(text) is None
    assert misspelt(text) is None


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("env:", FORMS["env"]), ("env:1canary", FORMS["env"]), ("env:canary-1", FORMS["env"]),
        ("env:$CANARY", FORMS["env"]), ("env: CANARY", FORMS["env"]),
        ("file:", FORMS["file"]), ("file:canary", FORMS["file"]), ("file://canary/key", FORMS["file"]),
        ("file:/canary\x00", FORMS["file"]),
        ("aws-secretsmanager:", FORMS["aws-secretsmanager"]),
        ("aws-secretsmanager:#canary", FORMS["aws-secretsmanager"]),
        ("aws-secretsmanager:canary#", FORMS["aws-secretsmanager"]),
        ("aws-ssm:", FORMS["aws-ssm"]), ("aws-ssm:/canary#key", FORMS["aws-ssm"]),
        ("databricks:", FORMS["databricks"]), ("databricks:canary", FORMS["databricks"]),
        ("databricks:canary/", FORMS["databricks"]), ("databricks:/canary", FORMS["databricks"]),
        ("databricks:a/b/canary", FORMS["databricks"]),
    ],
)  # fmt: skip
def test_a_malformed_reference_is_told_without_its_text(text: str, form: str) -> None:
    with pytest.raises(ConfigError) as caught:
        SecretReference.read(text, source="f.yml:3:5: transport.auth.apiKey")
    kind = text.partition(":")[0]
    assert str(caught.value) == (
        f"f.yml:3:5: transport.auth.apiKey begins with `{kind}:` but is no reference to a secret; write {form}."
    )


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("envv:X", "env"), ("evn:X", "env"), ("ENV:X", "env"), ("env :X", "env"), ("environment:X", "env"),
        ("${OPENLINEAGE_API_KEY}", "env"), ("fiel:/x", "file"), ("File:///x", "file"),
        ("aws-secretmanager:x", "aws-secretsmanager"), ("aws-secrets-manager:x", "aws-secretsmanager"),
        ("secretsmanager:x", "aws-secretsmanager"), ("aws_secretsmanager:x", "aws-secretsmanager"),
        (ARN, "aws-secretsmanager"),
        ("aws-smm:/x", "aws-ssm"), ("ssm:/x", "aws-ssm"), ("arn:aws-cn:ssm:cn-north-1:1:parameter/x", "aws-ssm"),
        ("databrick:a/b", "databricks"), ("{{secrets/a/b}}", "databricks"), ("dbutils:a/b", "databricks"),
    ],
)  # fmt: skip
def test_a_misspelling_is_recognised(text: str, form: str) -> None:
    assert SecretReference.read(text) is None
    assert misspelt(text) == FORMS[form]  # type: ignore[index]


@pytest.mark.parametrize("text", ["dev:canary", "live:canary", "key:canary", "https://h/x", "Basic abc:def", "token:x"])
def test_a_literal_with_a_colon_is_no_misspelling(text: str) -> None:
    assert misspelt(text) is None


@pytest.mark.parametrize(
    "parts",
    [{"kind": "env", "name": "a b"}, {"kind": "file", "name": "//x"}, {"kind": "env", "name": "A", "field": "x"}],
)
def test_no_reference_can_be_made_that_cannot_be_written(parts: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="is no reference to a secret; write"):
        SecretReference(**parts)
