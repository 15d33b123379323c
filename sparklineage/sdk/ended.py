"""What is declared after the end of this process's application, where no session has a journal that says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sparklineage.sdk.warning import LOG

if TYPE_CHECKING:
    from sparklineage.sdk.sending.direct import Direct

_runs: set[str] = set()
"""Those of the applications that have ended."""
_is_told: bool | None = None
"""Of the latest end, whether it was said; None before the first one, and while an application is open."""


def begun() -> None:
    """An application is open."""
    global _is_told  # noqa: PLW0603 - a process has one
    _is_told = None


def ended(run_id: str | None) -> None:
    """The application with this run has ended."""
    global _is_told  # noqa: PLW0603 - a process has one
    _is_told = False
    if run_id is not None:
        _runs.add(run_id)


def warn_of_end(way: Direct | None) -> None:
    """Say once that a step belongs to no application any more, as it goes this way or, with None, nowhere."""
    global _is_told  # noqa: PLW0603 - a process has one
    if _is_told is not False:
        return
    above = way.who.parent if way is not None else None
    if above is not None and above["run"]["runId"] in _runs:
        return  # its session has an agent that tells the run of the application itself
    _is_told = True
    becomes = "is not delivered" if way is None else "is on runs of its own, below none of an application"
    LOG.warning(
        "The application of this process has ended, so what is declared now %s; open another one with "
        "sparklineage.application().",
        becomes,
    )
