"""Who an application is and how it ended, read from the small files of its folder."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sparklineage.journal import LineReader, exit_status, read_json
from sparklineage.model.clock import now_ms
from sparklineage.model.event import GOVERNED, TERMINAL
from sparklineage.model.ids import is_run_id
from sparklineage.model.naming import normalize_job_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sparklineage.journal import RunFolder


@dataclass(frozen=True)
class RunRecord:
    """run.json, or what the witness's first record says of an application that no `submit` started."""

    run_id: str
    namespace: str = "default"
    job: str = "unknown"
    started: int | None = None
    """Milliseconds."""
    parent: Mapping[str, Any] | None = None
    governance: Mapping[str, str | bool] = field(default_factory=dict)
    """The fields of the run facet `governance`; empty for an application without one."""
    reported_as: str | None = None
    """The run id under which its agent reports it, that of an earlier application of its session; None for its own."""

    @classmethod
    def of(cls, folder: RunFolder) -> RunRecord:
        """Raises JournalTooNewError for a folder written by a newer version."""
        found = read_json(folder.run, access=folder.access)
        if found is not None:
            job = found.get("job")
            job = job if isinstance(job, dict) else {}
            parent, started, reported = found.get("parent"), found.get("startedAt"), found.get("reportedAs")
            return cls(
                run_id=folder.run_id,
                namespace=str(job.get("namespace") or "default"),
                job=str(job.get("name") or "unknown"),
                started=started if isinstance(started, int) else None,
                parent=parent if isinstance(parent, dict) else None,
                governance=_governance(found.get("governance")),
                reported_as=reported if isinstance(reported, str) and is_run_id(reported) else None,
            )
        for record in LineReader(folder.witness, access=folder.access).read(most=1 << 16):
            name, time = record.get("applicationName"), record.get("time")
            return cls(
                run_id=folder.run_id,
                job=normalize_job_name(str(name or "unknown")),
                started=time if isinstance(time, int) else None,
            )
        return cls(run_id=folder.run_id)


@dataclass(frozen=True)
class Outcome:
    """How the application ended."""

    state: str
    ended: int
    """Milliseconds."""
    message: str | None = None
    stack_trace: str | None = None
    language: str | None = None

    @classmethod
    def of(cls, folder: RunFolder) -> Outcome | None:
        """outcome.json, else what the driver's exit status says; None while there is neither."""
        found = read_json(folder.outcome, access=folder.access)
        if found is None:
            told = exit_status.read(folder)
            if told is None:
                return None
            state, message = exit_status.meaning(told[0])
            return cls(state=state, ended=told[1], message=message, language="PYTHON")
        state, ended = str(found.get("state")), found.get("endedAt")
        return cls(
            state=state if state in TERMINAL else "ABORT",
            ended=ended if isinstance(ended, int) else now_ms(),
            message=_text(found.get("message")),
            stack_trace=_text(found.get("stackTrace")),
            language=_text(found.get("programmingLanguage")),
        )

    @classmethod
    def lost(cls, ended: int, *, submitted: bool = True) -> Outcome:
        """For an application whose driver is gone and whose exit status nobody saw."""
        why = "the process that submitted it was killed, or its machine stopped."
        if not submitted:
            why = "it was killed (by SIGKILL, often the out-of-memory killer's), or its machine stopped."
        message = f"The driver is gone and nothing recorded how it ended: {why}"
        return cls(state="ABORT", ended=ended, message=message, language="UNKNOWN")


def _governance(value: object) -> dict[str, str | bool]:
    found = value if isinstance(value, dict) else {}
    return {
        name: found[name]
        for name in GOVERNED
        if (name in found and isinstance(found[name], bool if name == "pii" else str))
    }


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
