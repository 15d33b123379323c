"""What `submit` and the relay take from a configuration, with the secrets that are at hand."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Generic, Literal, TypeVar

from sparklineage.config.secrets import resolve
from sparklineage.config.transports import undeliverable
from sparklineage.errors import ConfigError
from sparklineage.journal import default_root
from sparklineage.model.backend import DEFAULT_ENDPOINT, Backend
from sparklineage.model.secret import Secret, SecretReference

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sparklineage.config.layers import Resolved
    from sparklineage.config.spec import Spec

T = TypeVar("T")
DEFAULT_DRAIN_TIMEOUT = 10.0
DEFAULT_NAMESPACE = "default"
DEFAULT_TIMEOUT = 10.0
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


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
    repository: Value[str | None] = field(default_factory=lambda: Value(None))
    """A Maven repository to fetch the agent from."""
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
    key = spec.resolved.get("transport.auth.apiKey")
    headers = {}
    for name, item in spec.below("transport.headers.").items():
        if not _HEADER_NAME.fullmatch(name):
            raise ConfigError(f"{item.source}: {name!r} is no name of a header; write one such as X-Team.")
        headers[name] = _at_hand(item, spec)
    return Value(
        Backend(
            url=str(url.value),
            endpoint=endpoint.value or DEFAULT_ENDPOINT,
            api_key=_at_hand(key, spec) if key is not None else None,
            headers={name: value.reveal() for name, value in headers.items()},
            timeout=_or(_seconds(spec, "transport.timeoutInMillis"), DEFAULT_TIMEOUT),
            marquez=url.source == "MARQUEZ_URL",
        ),
        url.source,
    )


def _at_hand(item: Resolved, spec: Spec) -> Secret:
    """The text of a key or header, fit to be sent. Raises ConfigError, which never shows it."""
    where = f"{item.source}: {item.key.name}" if item.source.rpartition(":")[2].isdigit() else item.source
    found = item.value
    if isinstance(found, SecretReference):
        found = resolve(found, source=where, environ=spec.environ)
    text = found.reveal().strip() if isinstance(found, Secret) else str(found).strip()
    if not text:
        raise ConfigError(f"{where} is blank; give a value, or leave it out.")
    if _CONTROL.search(text):
        raise ConfigError(f"{where} holds a line end or another control character, which no header can carry.")
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        raise ConfigError(f"{where} holds a character beyond Latin-1, which no header can carry.") from None
    return Secret(text)


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
