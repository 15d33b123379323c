"""`sparklineage conf TARGET --into FILE --diff`: what is shown, and what is hidden."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.cli.desk import CANARY, Desk

KEY = "spark.openlineage.transport.auth.apiKey"
REFERENCE = "{{secrets/lineage/key}}"
CONFIG = """\
delivery: {mode: direct}
transport: {type: http, url: "https://l.example.com", auth: {type: api_key, apiKey: "databricks:lineage/key"}}
platforms:
  databricks: {release: 16.4.x-scala2.12, artifacts: /Volumes/main/ops/lineage}
"""


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(tmp_path, capsys, monkeypatch)


def test_a_reference_is_shown_and_a_secret_is_not(desk: Desk) -> None:
    desk.write(CONFIG)
    own = {"spark.acme.password": CANARY, "spark.acme.token": "{{secrets/acme/token}}", "spark.a": "b"}
    cluster = {"spark_version": "16.4.x-scala2.12", "data_security_mode": "SINGLE_USER", "spark_conf": own}
    desk.write(json.dumps(cluster, indent=2), "cluster.json")
    out = desk.good("conf", "databricks", "--into", "cluster.json", "--diff")
    assert f'"{KEY}": "{REFERENCE}"' in out
    assert '"spark.acme.token": "{{secrets/acme/token}}"' in out
    assert CANARY not in out


@pytest.mark.parametrize("text", [CANARY, CANARY + "{{secrets/a/b}}", "EMR.secret@" + CANARY + "!"])
def test_what_stands_beside_a_reference_is_hidden_as_ever(desk: Desk, text: str) -> None:
    desk.write(CONFIG)
    own = {"spark.acme.token": "{{secrets/acme/token}}", "spark.acme.password": text}
    desk.write(json.dumps({"spark_version": "16.4.x-scala2.12", "spark_conf": own}, indent=2), "cluster.json")
    out = desk.good("conf", "databricks", "--into", "cluster.json", "--diff")
    assert '"spark.acme.token": "{{secrets/acme/token}}"' in out
    assert '"spark.acme.password": "********' in out
    assert CANARY not in out
