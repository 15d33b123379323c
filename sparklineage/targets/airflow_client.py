"""The transport of a configuration as OpenLineage's Python client has it, which Airflow's provider sends with.

Source: openlineage-python 1.53.0 (HttpConfig, KafkaConfig, CompositeConfig; tried with it).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from sparklineage.model.conf_merge import TRANSPORT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sparklineage.model.conf_set import ConfSet

_ENDPOINT = "api/v1/lineage"
_JAVA = ("key.serializer", "value.serializer", "sasl.jaas.config")
"""Properties of Kafka's own client that librdkafka does not have."""


def client_transport(conf: ConfSet) -> dict[str, Any] | str:
    """The transport as an object for JSON, without its secrets; a sentence where that client cannot have it."""
    properties = {key.removeprefix(TRANSPORT): text for key, text in _plain(conf).items() if key.startswith(TRANSPORT)}
    if "type" not in properties:
        return "No transport is configured for Airflow's own client; without one it prints its events."
    return _transport(properties)


def _plain(conf: ConfSet) -> dict[str, str]:
    return {entry.key: entry.value.written for entry in conf.entries if not entry.secret}


def _transport(given: Mapping[str, str]) -> dict[str, Any] | str:
    kind = given.get("type", "").lower()
    if kind == "http" and "url" in given:
        return _http(given)
    if kind == "kafka" and "topicName" in given:
        return _kafka(given)
    if kind == "console":
        return {"type": "console"}
    if kind == "composite":
        return _composite(given)
    return f"Airflow's own client cannot be told the transport {kind} from here; give it one of its own."


def _http(given: Mapping[str, str]) -> dict[str, Any]:
    query = urlencode(_below(given, "urlParams."))
    endpoint = given.get("endpoint", _ENDPOINT).strip("/")
    found: dict[str, Any] = {
        "type": "http",
        "url": given["url"],
        "endpoint": f"{endpoint}?{query}" if query else endpoint,
    }
    if (millis := given.get("timeoutInMillis", "")).isdigit():
        found["timeout"] = int(millis) / 1000
    if given.get("compression", "").lower() == "gzip":
        found["compression"] = "gzip"
    if headers := _below(given, "headers."):
        found["custom_headers"] = headers
    if given.get("auth.type") == "api_key" and "auth.apiKey" in given:
        found["auth"] = {"type": "api_key", "apiKey": given["auth.apiKey"]}
    return found


def _kafka(given: Mapping[str, str]) -> dict[str, Any]:
    config = {key: text for key, text in _below(given, "properties.").items() if key not in _JAVA}
    found: dict[str, Any] = {"type": "kafka", "topic": given["topicName"], "config": config}
    if "messageKey" in given:
        found["messageKey"] = given["messageKey"]
    return found


def _composite(given: Mapping[str, str]) -> dict[str, Any] | str:
    members: dict[str, dict[str, str]] = {}
    for key, text in _below(given, "transports.").items():
        name, _, rest = key.partition(".")
        members.setdefault(name, {})[rest] = text
    built = {name: _transport(member) for name, member in members.items()}
    if refused := next((one for one in built.values() if isinstance(one, str)), None):
        return refused
    going_on = given.get("continueOnFailure", "true").lower() == "true"
    return {"type": "composite", "transports": built, "continue_on_failure": going_on}


def _below(given: Mapping[str, str], stem: str) -> dict[str, str]:
    return {key.removeprefix(stem): text for key, text in given.items() if key.startswith(stem)}
