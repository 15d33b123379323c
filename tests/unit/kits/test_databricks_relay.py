"""Secrets of scopes as variables of a cluster."""

from __future__ import annotations

from typing import Any

from sparklineage.kits.databricks_relay import Relay, by_variables
from sparklineage.model.masking import SECRET_VARIABLE


def _config(key: str | None, **headers: object) -> dict[str, Any]:
    return {"format": 1, "backend": {"url": "https://h", "apiKey": key, "headers": headers, "params": {}}}


def test_a_reference_becomes_a_variable_that_the_platform_fills() -> None:
    names: dict[str, str] = {}
    found = by_variables(_config("databricks:lineage/api-key", A="plain"), names)
    assert names == {"lineage/api-key": "SPARKLINEAGE_LINEAGE_API_KEY_SECRET"}
    assert found == _config("env:SPARKLINEAGE_LINEAGE_API_KEY_SECRET", A="plain")
    relay = Relay(config=found, data=b"", names=names)
    assert relay.variables == {"SPARKLINEAGE_LINEAGE_API_KEY_SECRET": "{{secrets/lineage/api-key}}"}


def test_each_secret_has_a_variable_of_its_own_that_all_know_for_a_secret() -> None:
    names: dict[str, str] = {}
    secrets = ["scope/a.b", "scope/a-b", "scope/a_b", "scope/a.b"]
    headers = {f"H{at}": {"secret": f"databricks:{secret}"} for at, secret in enumerate(secrets)}
    found = by_variables(_config(None, **headers), names)["backend"]["headers"]
    assert list(names) == ["scope/a.b", "scope/a-b", "scope/a_b"]
    assert len(set(names.values())) == 3 and all(SECRET_VARIABLE.search(name) for name in names.values())
    assert found["H0"] == found["H3"] == {"secret": f"env:{names['scope/a.b']}"}
