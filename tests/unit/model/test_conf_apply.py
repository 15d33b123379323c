"""Properties in a SparkSession.builder, as long as nothing runs."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import pytest
from pyspark import SparkContext
from pyspark.sql import SparkSession

from sparklineage.config.conf_values import typed
from sparklineage.errors import SessionRunsError
from sparklineage.model.conf_set import ConfSet

A = "spark.openlineage."
CONF = ConfSet.of(
    {"spark.extraListeners": "x.Agent", "spark.jars": "/agent.jar", f"{A}namespace": "prod",
     f"{A}transport.type": "http", f"{A}transport.auth.type": "api_key", f"{A}transport.auth.apiKey": "canary-77aa12"},
    source="sparklineage.yml:1:1", typed=typed,
)  # fmt: skip


def builder() -> Any:
    return SparkSession.Builder()


def test_the_builder_s_own_options_stay_and_lists_are_joined() -> None:
    given = builder().config("spark.jars", "/mine.jar").config(f"{A}namespace", "mine").config("spark.n", 3)
    made = CONF.apply(given)
    assert made is given
    assert made._options == {
        "spark.jars": "/mine.jar,/agent.jar",
        f"{A}namespace": "mine",
        "spark.n": "3",
        "spark.extraListeners": "x.Agent",
        f"{A}transport.type": "http",
    }
    assert CONF.apply(made)._options == made._options


def test_a_session_that_runs_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SparkContext, "_active_spark_context", object())
    given = builder()
    with pytest.raises(SessionRunsError) as caught:
        CONF.apply(given)
    assert str(caught.value) == (
        "A Spark session already runs: spark.extraListeners and spark.jars would have no effect in it. Configure the "
        "builder before the first session of the process; or start the job with `sparklineage submit` instead, or set "
        "them in the cluster's spark-defaults.conf."
    )
    assert given._options == {}


def test_a_jvm_whose_class_path_is_fixed(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SessionRunsError, match=r"as it does under spark-submit: spark\.jars would have no effect"):
        CONF.apply(builder(), environ={"PYSPARK_GATEWAY_PORT": "4711"})
    without_jars = CONF.without("spark.jars")
    assert "spark.extraListeners" in without_jars.apply(builder(), environ={"PYSPARK_GATEWAY_PORT": "4711"})._options
    monkeypatch.setattr(SparkContext, "_gateway", object())
    with pytest.raises(SessionRunsError, match="spark-submit"):
        CONF.apply(builder())


def test_databricks_and_connect() -> None:
    with pytest.raises(SessionRunsError, match=r"^On Databricks the session runs already: .* of the cluster\.$"):
        CONF.apply(builder(), environ={"DATABRICKS_RUNTIME_VERSION": "17.3"})
    with pytest.raises(SessionRunsError, match=r"^This is a session of Spark Connect: .* where the server is started"):
        CONF.apply(builder().config("spark.remote", "sc://h:15002"))
    with pytest.raises(SessionRunsError, match="Spark Connect"):
        CONF.apply(builder(), environ={"SPARK_REMOTE": "sc://h:15002"})


def test_a_session_of_spark_connect_that_somebody_else_has_made(monkeypatch: pytest.MonkeyPatch) -> None:
    class Session:
        _default_session: object = None

        @staticmethod
        def getActiveSession() -> object:  # noqa: N802
            return None

    monkeypatch.setitem(sys.modules, "pyspark.sql.connect.session", SimpleNamespace(SparkSession=Session))
    assert CONF.apply(builder())._options
    monkeypatch.setattr(Session, "_default_session", SimpleNamespace(is_stopped=False))
    with pytest.raises(SessionRunsError, match="Spark Connect"):
        CONF.apply(builder())
