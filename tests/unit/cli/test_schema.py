"""`schema`: to stdout and into a file."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

import sparklineage
from sparklineage.errors import ConfigError
from tests.unit.cli.desk import CANARY, Desk


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(tmp_path, capsys, monkeypatch)


def test_it_is_a_schema_whatever_is_configured(desk: Desk) -> None:
    desk.write("broken: [")
    out = desk.good("schema", OPENLINEAGE_API_KEY=CANARY)
    jsonschema.Draft7Validator.check_schema(json.loads(out))
    assert CANARY not in out


def test_it_is_written_over_an_older_one_whose_mode_stays(desk: Desk) -> None:
    path = desk.write("old", "s.json")
    path.chmod(0o640)
    assert desk.good("schema", "--out", "s.json") == "s.json is written.\n"
    assert path.read_text() == desk.good("schema")
    assert path.stat().st_mode & 0o777 == 0o640
    assert sorted(one.name for one in desk.work.iterdir()) == ["s.json"]


@pytest.mark.parametrize("path", ["nowhere/s.json", "."])
def test_a_place_that_cannot_be_written_is_one_sentence(desk: Desk, path: str) -> None:
    assert desk.refused(2, "schema", "--out", path).startswith(f"--out: {path} cannot be written: ")
    assert list(desk.work.iterdir()) == []


@pytest.mark.parametrize(
    "text",
    [
        "namespac: a",
        "transport: {typ: http}",
        "transport: {type: pigeon.}",
        "delivery: {mode: sometimes}",
        "delivery: {drainTimeout: soon}",
        "disabled: perhaps",
        "profiles: {a: {profiles: {}}}",
        "platforms: {moon: {}}",
    ],
)
def test_it_refuses_what_the_loader_refuses(desk: Desk, text: str) -> None:
    path = desk.write(text)
    with pytest.raises(ConfigError):
        sparklineage.load(path, environ={})
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(yaml.safe_load(text), json.loads(desk.good("schema")))
