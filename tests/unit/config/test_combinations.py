"""Keys that need one another."""

from __future__ import annotations

from pathlib import Path

import pytest

from sparklineage.config.loading import load_spec
from sparklineage.config.spec import Spec
from sparklineage.errors import ConfigError


def _load(folder: Path, text: str, **environ: str) -> Spec:
    (folder / "sparklineage.yml").write_text(text, encoding="utf-8")
    return load_spec(environ=environ, flags={}, directory=folder)


@pytest.mark.parametrize("kind", ["timeout", "TIMEOUT", "simpleMemory", "javaRuntime"])
def test_a_breaker_needs_its_limit(tmp_path: Path, kind: str) -> None:
    with pytest.raises(
        ConfigError, match=r"yml:1:18: circuitBreaker\.type is \w+, but there is no circuitBreaker\.timeout"
    ):
        _load(tmp_path, f"circuitBreaker: {{type: {kind}}}\n")
    _load(tmp_path, f"circuitBreaker: {{type: {kind}, timeoutInSeconds: 5}}\n")


def test_layers_may_give_one_each(tmp_path: Path) -> None:
    spec = _load(tmp_path, "circuitBreaker: {type: timeout}\n", OPENLINEAGE__CIRCUIT_BREAKER__TIMEOUT_IN_SECONDS="5")
    assert spec["circuitBreaker.timeoutInSeconds"] == 5000
    with pytest.raises(ConfigError, match=r"OPENLINEAGE__CIRCUIT_BREAKER__TYPE: circuitBreaker\.type is timeout"):
        _load(tmp_path, "namespace: a\n", OPENLINEAGE__CIRCUIT_BREAKER__TYPE="timeout")


def test_what_did_no_harm_to_old_agents_is_let_through(tmp_path: Path) -> None:
    _load(tmp_path, "agent: {version: 1.32.0}\ncircuitBreaker: {type: javaRuntime}\n")
    with pytest.raises(ConfigError, match="there is no circuitBreaker"):
        _load(tmp_path, "agent: {version: 1.36.0}\ncircuitBreaker: {type: javaRuntime}\n")
    _load(tmp_path, "circuitBreaker: {type: asyncTaskQueue}\n")


@pytest.mark.parametrize("key", ["memoryThreshold: 20", "circuitCheckIntervalInMillis: 5", "threadCount: 2"])
def test_the_keys_of_a_breaker_need_its_type(tmp_path: Path, key: str) -> None:
    name = key.partition(":")[0]
    with pytest.raises(ConfigError, match=rf"yml:1:18: circuitBreaker\.{name} has no circuitBreaker\.type beside it"):
        _load(tmp_path, f"circuitBreaker: {{{key}}}\n")


@pytest.mark.parametrize("mode", ["outbox", "direct"])
def test_a_limit_alone_is_one_for_the_type_timeout(tmp_path: Path, mode: str) -> None:
    """Without a type the agent could not read its configuration."""
    text = f"delivery: {{mode: {mode}}}\ncircuitBreaker: {{timeoutInSeconds: 5}}\n"
    texts = _load(tmp_path, text).conf_set().as_dict()
    assert texts["spark.openlineage.circuitBreaker.type"] == "timeout"
    assert texts["spark.openlineage.circuitBreaker.timeoutInSeconds"] == "5"
    old = _load(tmp_path, f"agent: {{version: 1.32.0}}\n{text}").conf_set().as_dict()
    assert old["spark.openlineage.circuitBreaker.type"] == "javaRuntime"
