"""What an application asks for, and what every way of its lineage has in common."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sparklineage.model.uri_credentials import text_without_credentials
from sparklineage.sdk.sending.emit import FLUSH
from sparklineage.sdk.steps.given import session, text
from sparklineage.sdk.warning import warn

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sparklineage.sdk.programs.ending import End


_LONGEST = 86_400.0
"""Seconds of a wait; no lock takes more than some."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What `application` was called with."""

    session: Any
    environ: Mapping[str, str]
    name: str | None = None
    backend: str | None = None
    config: Path | None = None
    profile: str | None = None
    flush: float | None = None
    configured: float = FLUSH
    """Seconds where `flush` says none."""

    @property
    def wait(self) -> float:
        """Seconds for which the end waits at most."""
        return self.configured if self.flush is None else self.flush


def wanted(
    spark: Any,
    environ: Mapping[str, str],
    *,
    name: Any,
    backend: Any,
    config: Any,
    profile: Any,
    flush: Any,
    strict: bool,
) -> Wanted:
    """What `application` was called with, whatever that is.

    Raises TypeError where no other lineage than the wrong one could be meant. For what makes no such difference there
    is a warning; where it is strict that is raised, too.
    """
    if backend is not None and not isinstance(backend, str):
        raise TypeError(f"backend is an address, and this is a {type(backend).__name__}")
    if config is not None and not isinstance(config, (str, os.PathLike)):
        raise TypeError(f"config is the path of a file, and this is a {type(config).__name__}")
    if profile is not None and not isinstance(profile, str):
        raise TypeError(f"profile is a name, and this is a {type(profile).__name__}")
    return Wanted(
        session=session(spark, strict=strict),
        environ=environ,
        name=_name(name, strict=strict),
        backend=backend,
        config=Path(config) if config is not None else None,
        profile=profile,
        flush=_seconds(flush, strict=strict) if flush is not None else None,
    )


def _name(name: Any, *, strict: bool) -> str | None:
    if isinstance(name, str):  # a blank one is as good as none
        return text_without_credentials(name)
    return None if name is None else text(name, strict=strict)


def _seconds(flush: Any, *, strict: bool) -> float | None:
    try:
        found = float(flush)
        if math.isnan(found):
            raise ValueError("not a number")
    except Exception:  # noqa: BLE001 - an object of the job's own
        wrong = f"flush takes seconds, and this is a {type(flush).__name__} that is none"
        if strict:
            raise TypeError(wrong) from None
        warn(wrong)
        return None
    return min(max(0.0, found), _LONGEST)


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
    flush: float = FLUSH
    """Seconds for which `end` waits at most."""

    def end(self, end: End) -> None:
        """Tell it, and wait for what is not delivered. Raises what went wrong."""
