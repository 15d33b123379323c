"""What `sparklineage.application` is told by the configuration: the same as `submit`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sparklineage.assemble.said import say_once
from sparklineage.config.load import load_settings
from sparklineage.config.loading import load_spec
from sparklineage.config.settings import Value, settings_of
from sparklineage.config.transports import undeliverable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sparklineage.config import Settings


def settings_for(
    environ: Mapping[str, str], *, backend: str | None, config: Path | None, profile: str | None
) -> Settings:
    """The settings that `submit` would have in this folder; warns of them as it does, once. Raises ConfigError."""
    flags = {"--backend": backend}
    found = load_settings(environ=environ, flags=flags, directory=Path(), config=config, profile=profile)
    say_once(found.warnings, environ)
    return replace(found, backend=Value(found.backend.value, _argument(found.backend.source)))


def client_for(
    environ: Mapping[str, str], *, backend: str | None = None, config: Path | None, profile: str | None
) -> tuple[dict[str, Any], str] | None:
    """What the client for Python is to be told, so that it sends to the same backend as the agent, and what says so.

    None where that is none that takes events by http, or a secret lies with a service. Raises ConfigError.
    """
    flags = {"--backend": backend}
    spec = load_spec(environ=environ, flags=flags, directory=Path(), config=config, profile=profile)
    if spec["disabled"] is True or undeliverable(spec.resolved):
        return None
    found = settings_of(spec.with_mode("outbox", "sparklineage.application")).backend
    receiver = found.value
    if receiver is None or receiver.deferred:
        return None
    # The client joins the two, and lets a part that begins with a slash replace the path of the other.
    place, _, path = receiver.target.partition("://")[2].partition("/")
    told: dict[str, Any] = {
        "type": "http",
        "url": f"{receiver.target.partition('://')[0]}://{place}",
        "endpoint": path,
        "timeout": receiver.timeout,
        "custom_headers": dict(receiver.headers),
    }
    if receiver.api_key is not None:
        told["auth"] = {"type": "api_key", "apiKey": receiver.api_key.reveal()}
    if receiver.compression is not None:
        told["compression"] = receiver.compression
    return {"transport": told}, _argument(found.source)


def _argument(source: str) -> str:
    """What is an option of commands is an argument of `sparklineage.application`."""
    return "backend=" if source == "--backend" else source
