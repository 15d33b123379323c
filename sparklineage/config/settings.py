"""What can be configured, and in which layer a value was found."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from pathlib import Path

    from sparklineage.model.backend import Backend

T = TypeVar("T")
DEFAULT_DRAIN_TIMEOUT = 10.0
DEFAULT_NAMESPACE = "default"


@dataclass(frozen=True)
class Value(Generic[T]):
    """A setting and the place that set it, such as `--namespace` or `sparklineage.yml: namespace`."""

    value: T
    source: str = "default"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that `submit` and the relay need to know."""

    namespace: Value[str] = field(default_factory=lambda: Value(DEFAULT_NAMESPACE))
    """Namespace of the jobs."""
    job: Value[str | None] = field(default_factory=lambda: Value(None))
    """Name of the application's job; None leaves it to Spark's application name."""
    backend: Value[Backend | None] = field(default_factory=lambda: Value(None))
    """The receiver; None keeps everything in the journal."""
    journal: Value[Path]
    """Root of the journal."""
    drain_timeout: Value[float] = field(default_factory=lambda: Value(DEFAULT_DRAIN_TIMEOUT))
    """Seconds for which `submit` goes on delivering after the job has ended."""
    repository: Value[str | None] = field(default_factory=lambda: Value(None))
    """A Maven repository to fetch the agent from."""
    agent_version: Value[str | None] = field(default_factory=lambda: Value(None))
    agent_jar: Value[Path | None] = field(default_factory=lambda: Value(None))
    disabled: Value[bool] = field(default_factory=lambda: Value(False))
    """No lineage at all: the bare job."""
