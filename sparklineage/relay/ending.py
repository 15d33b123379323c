"""How an application ended that no `submit` waited for, as its witness wrote it down.

The agent says COMPLETE whatever the process ended with. The witness's `exit` record says how the JVM ends; where it
has to be there and is not, the JVM was killed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sparklineage.journal.exit_status import meaning
from sparklineage.relay.record import Outcome

if TYPE_CHECKING:
    from sparklineage.relay.witnessed import Witnessed

_STOPPED = {
    "yarn": ("ABORT", "YARN ended the application while its driver ran: it was killed, or failed, in the cluster."),
    "standalone": ("ABORT", "The cluster's master ended the application while its driver ran."),
    "spark": ("FAIL", "Spark stopped the SparkContext because of an error in itself; the driver's log says which."),
}
"""Ends that did not come from the application's own code, by who stopped the SparkContext."""
_HOOK_STATUS = 16
"""What YARN's ApplicationMaster says of itself where it ends before its application: EXIT_EARLY."""


def told(witnessed: Witnessed, agents: str | None) -> Outcome | None:
    """The end, once nothing more is to come that could change it; None before that.

    `agents` is the state in which the agent says that the application has ended.
    """
    if not witnessed.over:
        return None
    if witnessed.stopped_by in _STOPPED:
        return _outcome(witnessed, *_STOPPED[witnessed.stopped_by])
    if witnessed.exit is not None:
        return _exited(witnessed, witnessed.exit, agents)
    if witnessed.main is None or (witnessed.main == "gateway" and witnessed.stopped_by != "shutdownHook"):
        # A witness before 1.0 tells no more. Whoever started the JVM stops the context and may live on: a notebook.
        return by_agent(witnessed, agents)
    return None


def gone(witnessed: Witnessed, agents: str | None) -> Outcome | None:
    """The end where the process is gone; None where it could not tell one, because it was killed."""
    outcome = told(witnessed, agents)
    if outcome is None and witnessed.exit is not None and witnessed.exit.get("how") not in ("gateway", "continued"):
        outcome = _exited(witnessed, witnessed.exit, agents)
    if outcome is None and witnessed.over and witnessed.main == "gateway":
        # Where Python is a container's first process, its JVM is killed as soon as Python has ended.
        outcome = by_agent(witnessed, agents)
    return outcome


def by_agent(witnessed: Witnessed, agents: str | None) -> Outcome | None:
    """The end as the SparkContext's own listeners know it; None while it runs."""
    return _outcome(witnessed, agents or "COMPLETE") if witnessed.over else None


def _exited(witnessed: Witnessed, exit_: dict[str, Any], agents: str | None) -> Outcome | None:
    how, status = str(exit_.get("how")), exit_.get("exitStatus")
    final = _by_yarn(witnessed, exit_, how, status)
    if final is not None:
        return final
    if how == "signal":
        return _outcome(witnessed, "ABORT", f"The driver was ended by {exit_.get('signal') or 'a signal'}.")
    if how == "exception":
        error, trace = exit_.get("error"), exit_.get("stackTrace")
        return _outcome(witnessed, "FAIL", str(error or "The application's main method failed."), trace=trace)
    if how == "submitFailed" or (how in ("submitEnded", "exit") and isinstance(status, int)):
        return _by_status(witnessed, status, failed=how == "submitFailed")
    if how == "exit" and (witnessed.main == "yarn" or not _stopped_itself(witnessed)):
        caller = exit_.get("caller") or "The application"
        message = f"{caller} called System.exit before its SparkContext was stopped; with which status is not known."
        return _outcome(witnessed, "FAIL", message)
    return _outcome(witnessed, "COMPLETE") if how == "returned" else by_agent(witnessed, agents)


def _by_yarn(witnessed: Witnessed, exit_: dict[str, Any], how: str, status: object) -> Outcome | None:
    """What the driver in a container of YARN's told YARN; None where it told nothing of its own."""
    state = {"SUCCEEDED": "COMPLETE", "FAILED": "FAIL", "KILLED": "ABORT"}.get(str(exit_.get("finalStatus")))
    if state is None or (how == "signal" and status == _HOOK_STATUS):
        return None
    if state == "COMPLETE":
        return _outcome(witnessed, state)
    # YARN signals all processes of a container: where Python ends first, its status is what the driver tells.
    if isinstance(status, int) and (said := meaning(status))[0] == "ABORT":
        return _outcome(witnessed, *said)
    message = exit_.get("message")
    return _outcome(witnessed, state, str(message or f"The application ended with status {status}."))


def _by_status(witnessed: Witnessed, status: object, *, failed: bool) -> Outcome:
    if status == 0 and not failed:
        return _outcome(witnessed, "COMPLETE")
    if not isinstance(status, int) or status == 0:
        return _outcome(witnessed, "FAIL", "The application exited with a failure.")
    return _outcome(witnessed, *meaning(status))


def _stopped_itself(witnessed: Witnessed) -> bool:
    return witnessed.over and witnessed.stopped_by == "application"


def _outcome(witnessed: Witnessed, state: str, message: str | None = None, *, trace: object = None) -> Outcome:
    python = witnessed.main in ("python", "gateway") or (message or "").startswith("User application exited")
    return Outcome(
        state=state,
        ended=_ended(witnessed),
        message=message,
        stack_trace=trace if isinstance(trace, str) and trace else None,
        language="PYTHON" if python and not trace else None,
    )


def _ended(witnessed: Witnessed) -> int:
    """The process's own end where it is known."""
    exit_ = witnessed.exit or {}
    time = exit_.get("time") if exit_.get("how") != "continued" else None
    return max(witnessed.ended or 0, time if isinstance(time, int) else 0) or witnessed.latest
