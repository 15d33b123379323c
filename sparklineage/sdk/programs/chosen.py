"""What an application asks for, and what every way of its lineage has in common."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sparklineage.sdk.programs.ending import End


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What `application` was called with."""

    session: Any
    environ: Mapping[str, str]
    name: str | None = None
    backend: str | None = None
    config: Path | None = None
    profile: str | None = None
    flush: float = 5.0


@dataclass(frozen=True, kw_only=True)
class Way:
    """One way. This one has nothing to do at the end: somebody else tells it, or nobody."""

    name: str
    """`journal`, `submit` (which has started the program), `agent`, `client`, or `off`."""
    why: str
    """In words, for people."""
    run_id: str | None = None
    """Of the application's run, where that is known."""
    folder: Path | None = None
    """Its folder in the journal, where it has one."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """For the environment while it is open; `configure` and steps find the run by them."""

    ends_here: bool = False
    """Whether the end is to be told to `end`."""

    def end(self, end: End, flush: float) -> None:
        """Tell it, and wait `flush` seconds at most for what is not delivered. Raises what went wrong."""
