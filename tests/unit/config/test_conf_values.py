"""Which class the value of a property has."""

from __future__ import annotations

import pytest

from sparklineage.config.conf_values import typed, value_class
from sparklineage.errors import ConfigError
from sparklineage.model.conf_lists import BracketList, CommaList, SemicolonList
from sparklineage.model.conf_pattern import Pattern
from sparklineage.model.conf_tags import Pairs
from sparklineage.model.conf_value import ConfValue, SecretValue, Text

A = "spark.openlineage."


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("spark.jars", CommaList),
        (f"{A}capturedProperties", CommaList),
        (f"{A}filter.deniedSparkNodes", BracketList),
        (f"{A}dataset.namespaceResolvers.prod.hosts", BracketList),
        (f"{A}dataset.namespaceResolvers.prod.regex", Text),
        (f"{A}dataset.extraTrimmers", SemicolonList),
        (f"{A}run.tags", Pairs),
        ("spark.redaction.regex", Pattern),
        (f"{A}transport.auth.apiKey", SecretValue),
        (f"{A}transport.headers.X-Team", SecretValue),
        (f"{A}transport.auth.tokenEndpoint", Text),
        (f"{A}transport.transports.main.auth.apiKey", SecretValue),
        (f"{A}transport.transport.transports.a.auth.tokenFields", BracketList),
        (f"{A}transport.transports.main.url", Text),
        (f"{A}transport.properties.sasl.jaas.config", SecretValue),
        (f"{A}transport.transports.k.properties.ssl.key.password", SecretValue),
        (f"{A}transport.properties.bootstrap.servers", Text),
        ("spark.sql.shuffle.partitions", Text),
    ],
)
def test_the_class_comes_from_the_catalogue(key: str, kind: type[ConfValue]) -> None:
    assert value_class(key) is kind


def test_a_value_of_the_wrong_form_is_told_with_its_key() -> None:
    assert typed(f"{A}filter.deniedSparkNodes", "[a;b]") == BracketList(("a", "b"))
    with pytest.raises(ConfigError) as caught:
        typed(f"{A}filter.deniedSparkNodes", "a,b")
    assert str(caught.value) == (
        "spark.openlineage.filter.deniedSparkNodes: the agent reads a list in brackets alone; write [a;b]."
    )
    with pytest.raises(ConfigError, match=r"^spark\.openlineage.transport.auth.apiKey: ") as caught:
        typed(f"{A}transport.auth.apiKey", "env:canary-77aa12")
    assert "canary" not in str(caught.value)
