"""What a relay on a node is told, in its relay.json: no secret, but where each of them lies."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import parse_qsl, urlsplit

from sparklineage.errors import ConfigError
from sparklineage.kits.script import LAYOUT
from sparklineage.model.backend import DEFAULT_ENDPOINT
from sparklineage.model.masking import SECRET_HEADER
from sparklineage.model.secret import Secret, SecretReference
from sparklineage.relay.node.config import config_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sparklineage.config.layers import Resolved
    from sparklineage.config.spec import Spec

Platform = Literal["emr", "databricks", "dataproc", "machine", "kubernetes"]
_PLAINLY = "write a reference there, such as {form}: the relay's file is for every eye"
_KEEP = 1 << 30
"""Bytes of journals from which on delivered ones leave a node, unless the configuration says otherwise."""
_HARD = 4
"""So many times that, even undelivered ones leave: a full disk would stop the node's jobs."""
_LOG = 10_000_000


@dataclass(frozen=True, kw_only=True)
class Node:
    """What is to be known of the nodes that relays run on."""

    platform: Platform
    kinds: tuple[str, ...]
    """The kinds of references whose secrets a node can fetch, the best one first, such as `aws-ssm`."""
    region: str | None = None
    spool: str = LAYOUT["SPOOL"]
    state: str | None = LAYOUT["STATE"]
    log: str | None = f"{LAYOUT['LOGS']}/relay.log"
    """None where the output of the relay is kept by others."""
    info: str | None = None
    """The folder in which EMR tells a node about itself."""
    proxy: str | None = None
    ca_file: str | None = None


def relay_config(spec: Spec, node: Node) -> dict[str, Any]:
    """The object that relay.json holds. Raises ConfigError where there is no backend, for a secret in plain text, and
    for one that no node can fetch.
    """
    return {
        "format": 1,
        "platform": node.platform,
        "spool": node.spool,
        "state": node.state,
        "log": {"file": node.log, "size": _LOG, "files": 5} if node.log else None,
        "backend": _backend(spec, node),
        "region": node.region,
        "retry": {
            "first": _seconds(spec, "delivery.retry.firstWait", 0.25),
            "longest": _seconds(spec, "delivery.retry.longestWait", 30.0),
        },
        "keep": _keep(spec),
        "governance": {
            name: item.value for name, item in spec.below("governance.").items() if isinstance(item.value, (str, bool))
        },
        "namespace": spec.text("namespace"),
        "info": node.info,
    }


def json_lines(config: Mapping[str, Any]) -> list[str]:
    """The lines of relay.json, in ASCII: nothing on a node's way to it can change a letter.

    Raises ConfigError for what the relay would refuse.
    """
    # Here somebody reads the sentence; on a node it would be in a log.
    config_of(config, "relay.json, as the options and the configuration make it")
    return json.dumps(config, indent=2).splitlines()


def references(config: Mapping[str, Any]) -> list[str]:
    """The references in it, each once."""
    backend = config["backend"]
    held = [*backend["headers"].values(), *backend["params"].values()]
    found = [backend["apiKey"], *(value["secret"] for value in held if isinstance(value, dict))]
    return list(dict.fromkeys(text for text in found if text))


def _backend(spec: Spec, node: Node) -> dict[str, Any]:
    item = spec.resolved.get("transport.url")
    if item is None:
        raise ConfigError(
            "No backend is configured, and what stays on a node is gone with it; write transport.url into the "
            "configuration, or set OPENLINEAGE_URL."
        )
    url = str(item.value)
    _refuse_secret_inside(url, item.source, node)
    for what, text in (("--proxy", node.proxy), ("--ca-file", node.ca_file)):
        if text and urlsplit(text).password:
            raise ConfigError(f"{what} holds a password, and the relay's file is for every eye; leave it out.")
    key = spec.resolved.get("transport.auth.apiKey")
    return {
        "url": url,
        "endpoint": spec.text("transport.endpoint") or DEFAULT_ENDPOINT,
        "apiKey": _reference(key, "transport.auth.apiKey", node) if key is not None else None,
        "headers": dict(_texts(spec, "transport.headers.", node)),
        "params": dict(_texts(spec, "transport.urlParams.", node)),
        "compression": "gzip" if spec["transport.compression"] == "gzip" else None,
        "timeout": _seconds(spec, "transport.timeoutInMillis", 10.0),
        "marquez": item.source == "MARQUEZ_URL",
        "proxy": node.proxy,
        "caFile": node.ca_file,
    }


def _refuse_secret_inside(url: str, source: str, node: Node) -> None:
    parts = urlsplit(url)
    secret = parts.password or any(SECRET_HEADER.search(name) for name, _ in parse_qsl(parts.query))
    if secret or "@" in parts.netloc:
        form = _PLAINLY.format(form=_form(node))
        raise ConfigError(
            f"{source}: transport.url holds a secret; leave it out, and use transport.headers or transport.urlParams: "
            f"{form}."
        )


def _texts(spec: Spec, prefix: str, node: Node) -> Iterator[tuple[str, Any]]:
    for name, item in spec.below(prefix).items():
        value = item.value
        if isinstance(value, SecretReference) or SECRET_HEADER.search(name) or item.sensitive:
            yield name, {"secret": _reference(item, f"{prefix}{name}", node)}
        else:
            yield name, value.reveal() if isinstance(value, Secret) else str(value)


def _reference(item: Resolved, name: str, node: Node) -> str:
    """As it is written. Raises ConfigError for a secret itself, and for a reference that no node can follow."""
    found = item.value
    where = item.source if name in item.source else f"{item.source}: {name}"
    if not isinstance(found, SecretReference):
        raise ConfigError(f"{where} is a secret in plain text; {_PLAINLY.format(form=_form(node))}.")
    if found.kind not in node.kinds:
        raise ConfigError(f"{where} is {found.written}, which no node can follow; write {_form(node)}.")
    return found.written


def _form(node: Node) -> str:
    return {
        "aws-ssm": "aws-ssm:/name",
        "aws-secretsmanager": "aws-secretsmanager:NAME",
        "env": "env:NAME",
        "file": "file:/path",
        "databricks": "databricks:scope/key",
    }[node.kinds[0]]


def _keep(spec: Spec) -> dict[str, Any]:
    found = spec["delivery.limits.journalSize"]
    size = found if isinstance(found, int) else _KEEP
    age = spec["delivery.limits.journalAge"]
    return {"size": size, "age": age / 1000 if isinstance(age, int) else None, "hard": size * _HARD}


def _seconds(spec: Spec, name: str, default: float) -> float:
    found = spec[name]
    return found / 1000 if isinstance(found, int) else default
