"""What `submit` and the relay take from a configuration, with the secrets that are at hand."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Generic, Literal, TypeVar

from sparklineage.config.conf import conf_set, headers_unseen, refuse_sparks_own_secrets
from sparklineage.config.secrets import is_remote, resolve
from sparklineage.config.transports import undeliverable
from sparklineage.errors import ConfigError
from sparklineage.journal import default_root
from sparklineage.model.backend import DEFAULT_ENDPOINT, Backend, Deferred, Place, sendable
from sparklineage.model.conf_set import ConfSet
from sparklineage.model.secret import Secret, SecretReference

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sparklineage.config.layers import Resolved
    from sparklineage.config.spec import Spec

T = TypeVar("T")
DEFAULT_DRAIN_TIMEOUT = 10.0
DEFAULT_NAMESPACE = "default"
DEFAULT_TIMEOUT = 10.0
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


@dataclass(frozen=True)
class Value(Generic[T]):
    """A setting and the place that set it, such as `--namespace` or `sparklineage.yml:3:1`."""

    value: T
    source: str = "default"


@dataclass(frozen=True, kw_only=True)
class Retry:
    """Seconds between two attempts to deliver the same event."""

    first: float = 0.25
    longest: float = 30.0


@dataclass(frozen=True, kw_only=True)
class Limits:
    """When finished runs leave the journal; None keeps them."""

    size: int | None = None
    """Bytes."""
    age: float | None = None
    """Seconds."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that `submit` and the relay need to know."""

    namespace: Value[str] = field(default_factory=lambda: Value(DEFAULT_NAMESPACE))
    """Namespace of the jobs."""
    job: Value[str | None] = field(default_factory=lambda: Value(None))
    """Name of the application's job; None leaves it to Spark's application name."""
    backend: Value[Backend | None] = field(default_factory=lambda: Value(None))
    """The receiver that the relay delivers to; None keeps everything in the journal."""
    mode: Value[Literal["outbox", "direct"]] = field(default_factory=lambda: Value("outbox"))
    """Who delivers: the relay, or the agent itself."""
    journal: Value[Path]
    """Root of the journal."""
    drain_timeout: Value[float] = field(default_factory=lambda: Value(DEFAULT_DRAIN_TIMEOUT))
    """Seconds for which `submit` goes on delivering after the job has ended."""
    retry: Retry = field(default_factory=Retry)
    limits: Limits = field(default_factory=Limits)
    properties: ConfSet = field(default_factory=ConfSet)
    """What the agent and Spark are told besides: facets, filters, tags, raw properties; the transport where the agent
    itself delivers."""
    repository: Value[str | None] = field(default_factory=lambda: Value(None), repr=False)
    """A Maven repository to fetch the agent from; its URL may hold a password."""
    agent_version: Value[str | None] = field(default_factory=lambda: Value(None))
    agent_scala: Value[str | None] = field(default_factory=lambda: Value(None))
    agent_jar: Value[Path | None] = field(default_factory=lambda: Value(None))
    governance: Mapping[str, str | bool] = field(default_factory=dict)
    """The fields of the run facet `governance`."""
    disabled: Value[bool] = field(default_factory=lambda: Value(False))
    """No lineage at all: the bare job."""
    warnings: tuple[str, ...] = ()


def settings_of(spec: Spec) -> Settings:
    """The settings in a configuration. Secrets in variables and files are read; those of services are left for later.

    Raises ConfigError for a secret that cannot be read or sent, and for an outbox that cannot be delivered.
    """
    journal = _text(spec, "delivery.journal")
    jar = _text(spec, "agent.jar")
    namespace = _text(spec, "namespace")
    root = Path(journal.value).expanduser().absolute() if journal.value else default_root(spec.environ)
    mode = mode_of(spec)
    properties = headers_unseen(conf_set(spec, mode.value))
    refuse_sparks_own_secrets(properties)
    limits = Limits(size=_whole(spec, "delivery.limits.journalSize"), age=_seconds(spec, "delivery.limits.journalAge"))
    return Settings(
        namespace=Value(namespace.value or DEFAULT_NAMESPACE, namespace.source),
        job=_text(spec, "job.name"),
        backend=_backend(spec) if mode.value == "outbox" else Value(None, mode.source),
        mode=mode,
        journal=Value(root, journal.source),
        drain_timeout=Value(
            _or(_seconds(spec, "delivery.drainTimeout"), DEFAULT_DRAIN_TIMEOUT),
            spec.source("delivery.drainTimeout") or "default",
        ),
        retry=Retry(
            first=_or(_seconds(spec, "delivery.retry.firstWait"), Retry.first),
            longest=_or(_seconds(spec, "delivery.retry.longestWait"), Retry.longest),
        ),
        limits=limits,
        properties=properties,
        repository=_text(spec, "agent.repository"),
        agent_version=_text(spec, "agent.version"),
        agent_scala=_text(spec, "agent.scala"),
        agent_jar=Value(Path(jar.value).expanduser() if jar.value else None, jar.source),
        governance={
            name: item.value for name, item in spec.below("governance.").items() if isinstance(item.value, (str, bool))
        },
        disabled=Value(spec["disabled"] is True, spec.source("disabled") or "default"),
        warnings=spec.warnings,
    )


def mode_of(spec: Spec) -> Value[Literal["outbox", "direct"]]:
    """Who delivers, and what decided it. Raises ConfigError for an outbox that the relay cannot deliver."""
    asked = spec.resolved["delivery.mode"]
    reason = undeliverable(spec.resolved)
    if asked.value == "direct" or (asked.value == "auto" and reason is not None):
        return Value("direct", asked.source if asked.value == "direct" else reason or "")
    if reason is not None:
        raise ConfigError(f"{asked.source}: delivery.mode is outbox, but {reason}; write `direct` or `auto`.")
    return Value("outbox", asked.source)


def _backend(spec: Spec) -> Value[Backend | None]:
    url = spec.resolved.get("transport.url")
    if url is None:
        return Value(None)
    endpoint = _text(spec, "transport.endpoint")
    parts = list(_request_parts(spec))
    texts = {(place, name): _at_hand(item, spec, place) for place, name, item in parts if not _lies_elsewhere(item)}
    key = texts.get(("key", ""))
    return Value(
        Backend(
            url=str(url.value),
            endpoint=endpoint.value or DEFAULT_ENDPOINT,
            api_key=key,
            headers={name: text.reveal() for (place, name), text in texts.items() if place == "header"},
            params={name: text.reveal() for (place, name), text in texts.items() if place == "parameter"},
            compression="gzip" if spec["transport.compression"] == "gzip" else None,
            timeout=_or(_seconds(spec, "transport.timeoutInMillis"), DEFAULT_TIMEOUT),
            marquez=url.source == "MARQUEZ_URL",
            deferred=tuple(
                Deferred(place=place, name=name, reference=item.value, source=_where(item))
                for place, name, item in parts
                if isinstance(item.value, SecretReference) and is_remote(item.value)
            ),
        ),
        url.source,
    )


def _request_parts(spec: Spec) -> Iterator[tuple[Place, str, Resolved]]:
    """The key, the headers and the query parameters, with their names."""
    key = spec.resolved.get("transport.auth.apiKey")
    if key is not None:
        yield "key", "", key
    for name, item in spec.below("transport.headers.").items():
        if not _HEADER_NAME.fullmatch(name):
            raise ConfigError(f"{item.source}: {name!r} is no name of a header; write one such as X-Team.")
        yield "header", name, item
    for name, item in spec.below("transport.urlParams.").items():
        yield "parameter", name, item


def _lies_elsewhere(item: Resolved) -> bool:
    return isinstance(item.value, SecretReference) and is_remote(item.value)


def _where(item: Resolved) -> str:
    return f"{item.source}: {item.key.name}" if item.source.rpartition(":")[2].isdigit() else item.source


def _at_hand(item: Resolved, spec: Spec, place: Place) -> Secret:
    """The text of a key, header or parameter, fit to be sent. Raises ConfigError, which never shows it."""
    found = item.value
    if isinstance(found, SecretReference):
        found = resolve(found, source=_where(item), environ=spec.environ)
    return sendable(found if isinstance(found, Secret) else Secret(str(found)), _where(item), place)


def _text(spec: Spec, name: str) -> Value[str | None]:
    return Value(spec.text(name), spec.source(name) or "default")


def _whole(spec: Spec, name: str) -> int | None:
    found = spec[name]
    return found if isinstance(found, int) else None


def _seconds(spec: Spec, name: str) -> float | None:
    """A duration is held in milliseconds."""
    millis = _whole(spec, name)
    return millis / 1000 if millis is not None else None


def _or(found: float | None, default: float) -> float:
    return found if found is not None else default
