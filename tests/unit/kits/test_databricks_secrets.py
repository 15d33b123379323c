"""Secrets of scopes as variables of a cluster."""

from __future__ import annotations

import pytest

from sparklineage.errors import ConfigError
from sparklineage.kits.databricks_secrets import by_variables
from sparklineage.model.conf_entry import ConfEntry
from sparklineage.model.conf_set import ConfSet
from sparklineage.model.conf_value import SecretValue
from sparklineage.model.masking import SECRET_VARIABLE
from sparklineage.model.secret import SecretReference
from tests.support.orders import conf

KEY = "spark.openlineage.transport.auth.apiKey"


@pytest.mark.parametrize("text", ["databricks:lineage/api-key", "{{secrets/lineage/api-key}}"])
def test_a_reference_becomes_a_variable_that_the_platform_fills(text: str) -> None:
    given = conf({KEY: text, "spark.openlineage.transport.url": "https://h"})
    found, variables = by_variables(given)
    assert variables == {"SPARKLINEAGE_LINEAGE_API_KEY_SECRET": "{{secrets/lineage/api-key}}"}
    assert found.masked()[0][1] == "env:SPARKLINEAGE_LINEAGE_API_KEY_SECRET"
    assert found.entries[1] == given.entries[1]


def test_each_secret_has_a_variable_of_its_own_that_all_know_for_a_secret() -> None:
    names = ["a.b", "a-b", "a_b", "a.b"]
    references = [SecretReference(kind="databricks", name=f"scope/{name}") for name in names]
    entries = [ConfEntry(key=f"k{at}", value=SecretValue(one), source="f") for at, one in enumerate(references)]
    found, variables = by_variables(ConfSet(tuple(entries)))
    assert list(variables.values()) == ["{{secrets/scope/a.b}}", "{{secrets/scope/a-b}}", "{{secrets/scope/a_b}}"]
    assert all(SECRET_VARIABLE.search(name) for name in variables)
    first, *_, last = [entry.value.written for entry in found.entries]
    assert first == last


@pytest.mark.parametrize("text", ["hunter2", "env:KEY", "file:/key", "aws-ssm:/key"])
def test_no_other_secret_is_taken(text: str) -> None:
    with pytest.raises(ConfigError, match=r"databricks:SCOPE/KEY\.$") as caught:
        by_variables(conf({KEY: text}))
    assert "hunter2" not in str(caught.value)
