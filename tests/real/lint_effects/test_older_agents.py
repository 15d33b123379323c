"""Agents that are too old for a Spark, a key or a choice, run as they were published."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.real.lint_effects.scenes import LISTENER, Done, Plan, plan, run_plans

pytestmark = pytest.mark.spark

AGENT = "spark.openlineage."
RUN = "01936f0c-7e1b-7c6e-9d2f-3b1f0a5d8e42"


def of(name: str, **properties: str) -> Plan:
    """An application with the listener and the agent's properties, `_` for the dots of their names."""
    found = {AGENT + key.replace("_", "."): value for key, value in properties.items()}
    return Plan(name=name, properties={"spark.extraListeners": LISTENER, **found})


PLANS = [
    plan("SL053-agent-too-old-for-value"),
    plan("SL052-agent-too-old-for-key", only=[f"{AGENT}applicationRunId"]),
    of("javaRuntime", circuitBreaker_type="javaRuntime"),
    of("timeout", timeout="5000"),
    of("disabled", disabled="true"),
]


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Agent 1.32.0 on Spark 3.5."""
    return run_plans(tmp_path_factory.mktemp("old"), PLANS, spark="3.5", agent="1.32.0")


def one(folder: Path, agent: str) -> Done:
    """One application on Spark 4.2."""
    found: Done = run_plans(folder, [of("one")], agent=agent)["one"]
    return found


def test_sl052_a_key_of_a_later_agent_has_no_effect(old: dict[str, Any]) -> None:
    """The run has another id than the one that was asked for, and events that were switched off are there."""
    ran = old["SL052-agent-too-old-for-key"]
    assert ran.green
    assert RUN not in {event["run"]["runId"] for event in ran.console}
    assert "applicationRunId" not in "".join(line for line in ran.log.splitlines() if "ConsoleTransport" not in line)
    for name in ("SL052-agent-too-old-for-key", "disabled"):
        assert {event["eventType"] for event in old[name].console} >= {"START", "COMPLETE"}


def test_sl053_a_choice_of_a_later_agent_makes_the_configuration_unreadable(old: dict[str, Any]) -> None:
    """`circuitBreaker.type=timeout`; with javaRuntime, as the rule advises, there are events."""
    ran = old["SL053-agent-too-old-for-value"]
    assert ran.green
    assert ran.console == []
    assert "NullPointerException" in ran.log
    assert {event["eventType"] for event in old["javaRuntime"].console} >= {"START", "COMPLETE"}


def test_the_timeout_of_long_ago_is_harmless_before_1_35(old: dict[str, Any]) -> None:
    assert {event["eventType"] for event in old["timeout"].console} >= {"START", "COMPLETE"}


def test_sl051_before_1_37_0_the_first_query_stops_the_application_on_spark_4(tmp_path: Path) -> None:
    ran = one(tmp_path, "1.36.0")
    assert not ran.green
    assert "NoSuchMethodError: 'org.apache.spark.sql.SparkSession org.apache.spark.sql.execution.Query" in ran.log
    assert "stopping SparkContext" in ran.log
