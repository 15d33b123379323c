"""The backend that a configuration describes: what is read at once, what is left to the relay, what shows nowhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from sparklineage.config import load_settings
from sparklineage.errors import ConfigError
from sparklineage.model.backend import Backend, Deferred
from sparklineage.model.secret import Secret, SecretReference

CANARY = "canary-93ce-conf"


def backend(tmp_path: Path, text: str, **environ: str) -> Backend:
    (tmp_path / "sparklineage.yml").write_text(f"transport:\n  url: http://h:5000\n{text}")
    settings = load_settings(environ={"HOME": str(tmp_path), **environ}, flags={}, directory=tmp_path)
    found = settings.backend.value
    assert found is not None
    return found


def test_query_parameters_and_compression_are_the_agents(tmp_path: Path) -> None:
    found = backend(tmp_path, '  urlParams: {code: "env:CODE", team.name: data}\n  compression: gzip\n', CODE=CANARY)
    assert found.params == {"code": CANARY, "team.name": "data"}
    assert found.compression == "gzip"
    assert found.target == f"http://h:5000/api/v1/lineage?code={CANARY}&team.name=data"
    assert found.secrets == (CANARY,)
    assert CANARY not in f"{found!r} {found.shown}"


def test_without_them_nothing_is_added(tmp_path: Path) -> None:
    found = backend(tmp_path, "")
    assert (found.params, found.compression, found.deferred) == ({}, None, ())
    assert found.target == "http://h:5000/api/v1/lineage"


def test_what_lies_with_a_service_is_left_to_the_relay(tmp_path: Path) -> None:
    """Nothing is asked here: neither service exists."""
    text = (
        '  auth: {apiKey: "aws-ssm:/ol"}\n'
        '  headers: {X-Tenant: "databricks:scope/key", X-Team: data}\n'
        '  urlParams: {code: "aws-secretsmanager:ol#code", t: "env:T"}\n'
    )
    found = backend(tmp_path, text, T="1", AWS_ENDPOINT_URL="http://127.0.0.1:9")
    assert (found.api_key, found.headers, found.params) == (None, {"X-Team": "data"}, {"t": "1"})
    parts = [(item.place, item.name, item.reference.written, item.source.rpartition("/")[2]) for item in found.deferred]
    assert parts == [
        ("key", "", "aws-ssm:/ol", "sparklineage.yml:3:10: transport.auth.apiKey"),
        ("header", "X-Tenant", "databricks:scope/key", "sparklineage.yml:4:13: transport.headers.X-Tenant"),
        ("parameter", "code", "aws-secretsmanager:ol#code", "sparklineage.yml:5:15: transport.urlParams.code"),
    ]


def test_a_key_in_a_variable_may_lie_with_a_service(tmp_path: Path) -> None:
    found = backend(tmp_path, "", OPENLINEAGE_API_KEY="aws-ssm:/ol")
    reference = SecretReference(kind="aws-ssm", name="/ol")
    assert found.deferred == (Deferred(place="key", reference=reference, source="OPENLINEAGE_API_KEY"),)


def test_files_and_variables_are_read_at_once(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"{CANARY}\n")
    found = backend(tmp_path, f'  auth: {{apiKey: "file:{tmp_path}/key"}}\n')
    assert (found.api_key, found.deferred) == (Secret(CANARY), ())


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('  urlParams: {code: "env:CODE"}\n', "transport.urlParams.code is blank"),
        ('  headers: {X-A: "env:BROKEN"}\n', "transport.headers.X-A holds a line end"),
        ('  headers: {"X A": a}\n', "'X A' is no name of a header"),
    ],
)
def test_what_cannot_be_sent_is_one_sentence_that_names_its_place(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(ConfigError, match=r"sparklineage\.yml:3:\d+: ") as caught:
        backend(tmp_path, text, CODE=" ", BROKEN=f"{CANARY}\nx")
    assert problem in str(caught.value)
    assert CANARY not in str(caught.value)


def test_direct_delivery_leaves_no_backend(tmp_path: Path) -> None:
    (tmp_path / "sparklineage.yml").write_text(
        'transport: {url: "http://h:5000", auth: {apiKey: "aws-ssm:/ol"}}\ndelivery: {mode: direct}'
    )
    settings = load_settings(environ={"HOME": str(tmp_path)}, flags={}, directory=tmp_path)
    assert (settings.backend.value, settings.mode.value) == (None, "direct")
