"""Sentences about an artefact."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparklineage.errors import ConfigError
from sparklineage.model.conf_set import ConfSet
from sparklineage.targets.about import about, comments, handed_on, lost, needed_variables, refuse_literal_secrets
from tests.support.orders import HTTP, KEY, conf, order


def test_agent_and_delivery_are_explained() -> None:
    assert list(about(order(notes=("More.",)))) == [
        "Agent 1.53.0 for Scala 2.12: the newest that is known.",
        "Delivery is direct: no relay runs there.",
        "More.",
    ]


@given(st.text())
def test_nothing_ends_a_comment(text: str) -> None:
    """Neither for a shell, nor for Python, nor for java.util.Properties."""
    (line,) = comments([text])
    assert line.startswith("# ")
    assert line.isprintable()
    assert len(line.splitlines()) == 1


def test_variables_are_told_with_the_places_of_the_secrets() -> None:
    (told,) = needed_variables(conf(KEY))
    assert told == (
        "The driver's environment needs OPENLINEAGE__TRANSPORT__TYPE=http, "
        "OPENLINEAGE__TRANSPORT__AUTH__TYPE=api_key, OPENLINEAGE__TRANSPORT__AUTH__API_KEY='\"<env:MARQUEZ_KEY>\"', "
        "with the secret itself in the place of each <…>: others can see a property of Spark."
    )
    assert list(needed_variables(conf(HTTP))) == []


def test_what_hands_secrets_on_needs_them_alone() -> None:
    assert list(handed_on(conf(KEY))) == [
        "It hands MARQUEZ_KEY on from its environment: others can see a property of Spark."
    ]
    elsewhere = conf({**KEY, "spark.openlineage.transport.auth.apiKey": "aws-ssm:/lineage/key"})
    assert list(handed_on(elsewhere)) == list(needed_variables(elsewhere))
    assert list(handed_on(ConfSet())) == []


def test_a_secret_that_the_agent_would_not_find_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"needs spark\.openlineage\.transport\.auth\.type beside it"):
        list(needed_variables(conf({"spark.openlineage.transport.auth.apiKey": "env:K"})))


def test_plain_secrets_are_refused_and_never_told() -> None:
    plain = {**KEY, "spark.openlineage.transport.auth.apiKey": "hunter22"}
    with pytest.raises(ConfigError, match="write a reference such as env:NAME") as caught:
        refuse_literal_secrets(order(plain))
    assert "hunter22" not in str(caught.value)
    refuse_literal_secrets(order(plain, allow_literal_secrets=True))
    refuse_literal_secrets(order(KEY))


def test_what_gave_way_is_told() -> None:
    theirs = conf({"spark.openlineage.namespace": "mine"}, source="theirs:1")
    assert list(lost(conf(HTTP).merged_with(theirs))) == [
        "spark.openlineage.namespace stays as theirs:1 has it, not prod.flights (sparklineage.yml)."
    ]
