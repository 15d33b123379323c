"""How an application ended, as lineage tells it."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from sparklineage.journal import FORMAT
from sparklineage.model.masking import mask
from sparklineage.submit.error_text import MAX_MESSAGE, MAX_TRACE, find_error, last_lines
from sparklineage.submit.pump import TAIL_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sparklineage.submit.launch import Ending

_ENDED = frozenset((signal.SIGINT, signal.SIGTERM, signal.SIGHUP))
_KILLED = (
    "the driver was killed by SIGKILL (often the out-of-memory killer, or a container over its memory limit); "
    "it could not say why"
)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The content of outcome.json."""

    state: Literal["COMPLETE", "FAIL", "ABORT"]
    exit_status: int
    signal: str | None
    """The signal that we passed on or that ended the driver, by name."""
    ended_at: int
    message: str | None
    stack_trace: str | None
    programming_language: str

    def record(self) -> dict[str, Any]:
        """The JSON object, with the names of docs/journal.md."""
        return {
            "format": FORMAT,
            "state": self.state,
            "exitStatus": self.exit_status,
            "signal": self.signal,
            "endedAt": self.ended_at,
            "message": self.message,
            "stackTrace": self.stack_trace,
            "programmingLanguage": self.programming_language,
        }


def judge(ending: Ending, *, secrets: Iterable[str] = (), language: str = "PYTHON") -> Outcome:
    """The outcome of a spark-submit that ran, its message and trace without secrets.

    ABORT where somebody asked it to end, through us or directly; FAIL for every other exit status but 0.
    `language` is the application's: `PYTHON`, `JAVA`, `R`.
    """
    number = ending.signal_sent or _signal_of(ending)
    state: Literal["COMPLETE", "FAIL", "ABORT"] = "FAIL"
    message: str | None
    trace: str | None = None
    if ending.signal_sent is not None or number in _ENDED:
        state, message = "ABORT", f"the application was ended by {_name(number)}"
    elif ending.exit_status == 0:
        state, message = "COMPLETE", None
    elif number == signal.SIGKILL:
        message = _KILLED
    else:
        message, trace = _why(ending, number)
    known = tuple(secrets)
    return Outcome(
        state=state,
        exit_status=ending.exit_status,
        signal=_name(number) if number is not None else None,
        ended_at=ending.ended_ms,
        message=_clean(message, known, MAX_MESSAGE),
        stack_trace=_clean(trace, known, MAX_TRACE),
        programming_language=language,
    )


def _signal_of(ending: Ending) -> int | None:
    """The signal that ended the driver. Spark and shells turn it into 128+n."""
    if ending.returncode < 0:
        return -ending.returncode
    number = ending.returncode - 128
    known = {
        signal.SIGHUP,
        signal.SIGINT,
        signal.SIGTERM,
        signal.SIGKILL,
        signal.SIGABRT,
        signal.SIGSEGV,
        signal.SIGBUS,
    }
    return number if number in known else None


def _why(ending: Ending, number: int | None) -> tuple[str, str | None]:
    stdout, stderr = _text(ending.stdout_tail), _text(ending.stderr_tail)
    if number is not None:
        ended = f"the driver crashed: it was ended by {_name(number)}"
    else:
        ended = f"spark-submit ended with exit status {ending.exit_status}"
    error = find_error(stdout, stderr)
    if error is not None:
        return (f"{ended}\n{error.message}" if number is not None else error.message), error.trace
    said = last_lines(stdout) or last_lines(stderr)
    return (f"{ended}; the last it printed:\n{said}" if said else f"{ended} and printed nothing about it"), None


def _text(tail: bytes) -> str:
    """The kept end of a stream, without the rest of a line that its beginning was cut from."""
    if len(tail) >= TAIL_BYTES and b"\n" in tail:
        tail = tail.partition(b"\n")[2]
    return tail.decode("utf-8", "replace")


def _name(number: int | None) -> str:
    try:
        return signal.Signals(number or 0).name
    except ValueError:
        return f"signal {number}"


def _clean(text: str | None, secrets: tuple[str, ...], most: int) -> str | None:
    return mask(text, secrets)[:most] if text is not None else None
