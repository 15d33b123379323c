"""Orders for targets, made by hand or from a configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from sparklineage.config.conf_values import typed
from sparklineage.errors import ConfigError
from sparklineage.model.conf_entry import ConfEntry
from sparklineage.model.conf_set import ConfSet
from sparklineage.model.conf_value import SecretValue, Text
from sparklineage.model.secret import Secret, SecretReference
from sparklineage.targets.interface import Existing, Order

if TYPE_CHECKING:
    from collections.abc import Mapping

AGENT = "io.openlineage.spark.agent.OpenLineageSparkListener"
WITNESS = "io.sparklineage.Witness"
HTTP = {
    "spark.openlineage.transport.type": "http",
    "spark.openlineage.transport.url": "https://marquez.example.com",
    "spark.openlineage.namespace": "prod.flights",
}
KEY = {
    **HTTP,
    "spark.openlineage.transport.auth.type": "api_key",
    "spark.openlineage.transport.auth.apiKey": "env:MARQUEZ_KEY",
}
HOSTILE = st.text(min_size=1, max_size=20) | st.sampled_from(
    ("'", '"', "$(id)", "`id`", "\\", "a]b", "a;b", "a,b", "^", "^:^", "{{ x }}", "{% raw %}", "%(x)s", "%", "#", "é",
     "\u2028", "on", "1e3", "0o7", "null", "- x", "a: b", "*a", "&a", "!a", "|", ">", "=", "a=b", "$$", "$(VAR)", "~")
)  # fmt: skip
"""Values that some syntax takes for something else."""


def conf(properties: Mapping[str, str], *, source: str = "sparklineage.yml") -> ConfSet:
    """A conf set of these; what is no list, pattern or secret is a plain text."""
    return ConfSet(
        tuple(ConfEntry(key=key, value=_value(key, text), source=source) for key, text in properties.items())
    )


def order(properties: Mapping[str, str] = HTTP, **changes: Any) -> Order:
    """An order with the listener and an agent's JAR; `changes` are fields of `Order`."""
    given: dict[str, Any] = {
        "conf": conf({"spark.extraListeners": AGENT, **properties}),
        "jars": ("s3a://lake/openlineage-spark_2.12-1.53.0.jar",),
        "mode": "direct",
        "why_mode": "no relay runs there",
        "agent": "1.53.0",
        "why_agent": "the newest that is known",
        "scala": "2.12",
        "name": "flights",
    }
    return Order(**{**given, **changes})


THEIRS = st.dictionaries(st.sampled_from((*HTTP, "spark.app.x", "a b", "é")), HOSTILE).flatmap(
    lambda texts: st.sampled_from((texts, {**texts, "spark.extraListeners": "com.example.Theirs,com.example.Other"}))
)
"""Properties that a user may have."""


def hidden(key: str, variable: str) -> ConfEntry:
    """A property whose secret lies in a variable."""
    return ConfEntry(key=key, value=SecretValue(SecretReference(kind="env", name=variable)), source="sparklineage.yml")


def file(text: str, name: str = "theirs") -> Existing:
    """A file of the user's."""
    return Existing(name=name, text=text)


def _value(key: str, text: str) -> Any:
    try:
        value = typed(key, text)
    except ConfigError:
        return Text(text)
    if isinstance(value, SecretValue):
        # As a configuration has it: of headers and the like it knows which are secret.
        return SecretValue(SecretReference.read(text) or Secret(text)) if key.endswith("apiKey") else Text(text)
    return value
