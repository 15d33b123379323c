"""What Spark itself knows: the witness's records, indexed so that an agent's run finds its execution."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_WRITES = re.compile(
    r"\b(?:SaveIntoDataSource|InsertInto\w+|Create\w*TableAsSelect|AppendData|Overwrite(?:ByExpression|PartitionsDynamic)"
    r"|(?:Atomic)?ReplaceTableAsSelect)"
)
# Characters that a witness writes at most; what claims to be one may write more.
_DESCRIPTION, _COMMAND, _ERROR = 1_000, 1_000, 65_536
_MOST = 1_000
# Delta runs queries of its own between the user's; some are roots (background snapshots).
# Neither reads nor writes anything; a view is read where it is used.
_NO_QUERY = re.compile(r"Execute (?:CreateView|Set)Command\b")
_DELTA_OWN = ("Delta: ", "$anonfun$recordDelta", "MERGE operation - ", "OPTIMIZE operation - ")
_KINDS = (("function", "functions"), ("read", "sourcesRead"), ("written", "sourcesWritten"), ("source", "sources"))
"""Kinds of names in plans, and where records have them; an earlier witness did not tell the sides of sources apart."""


@dataclass
class Execution:
    """One SQL execution; times in milliseconds of the JVM's clock."""

    epoch: int
    number: int
    root: int
    start: int | None = None
    end: int | None = None
    error: str | None = None
    stack_trace: str | None = None
    description: str = ""
    command: str = ""
    step: str | None = None
    has_jobs: bool = False
    functions: tuple[tuple[str, str], ...] = ()
    """Python functions (`function`) that its plan names, and data sources that it reads (`read`) and writes
    (`written`), or does either (`source`) where the witness did not tell."""
    tags: tuple[str, ...] = ()
    """Steps that DataFrames of its plan are tagged with."""
    run: str | None = None
    """The agent's run that reported it."""
    cut_off: bool = False
    """Whether it ended only after its context had: with the context, not by itself."""
    folded: bool = False
    """Whether what is declared for it was looked at for the run of a streaming query."""

    @property
    def is_root(self) -> bool:
        return self.root == self.number

    @property
    def writes(self) -> bool:
        """Whether it is a command that writes rows somewhere, as its plan's first line tells."""
        return _WRITES.search(self.command) is not None

    def holds(self, time: int | None) -> bool:
        """Whether it ran at this time."""
        return time is not None and self.start is not None and self.start <= time and (not self.end or time <= self.end)

    def is_deltas(self, root: Execution) -> bool:
        """Whether Delta runs it on behalf of a command, which has the description of the root, or one of its own."""
        is_extended = root.description != self.description and root.description in self.description
        return is_extended or self.description.startswith(_DELTA_OWN)

    @property
    def is_users(self) -> bool:
        """A query that the user wrote, as far as Spark's descriptions tell."""
        if not self.is_root or self.start is None or _NO_QUERY.match(self.command):
            return False
        return not self.description.startswith(_DELTA_OWN)


@dataclass
class Job:
    """One Spark job."""

    number: int
    execution: tuple[int, int] | None
    start: int
    step: str | None
    end: int | None = None
    error: str | None = None
    cut_off: bool = False
    is_python: bool = False
    """Whether it is an action on an RDD that Python code works on."""


@dataclass
class Witnessed:
    """Everything that the witness of one application has written so far."""

    executions: dict[tuple[int, int], Execution] = field(default_factory=dict)
    jobs: dict[tuple[int, int], Job] = field(default_factory=dict)
    application: dict[str, Any] | None = None
    ended: int | None = None
    """Time of the last applicationEnd."""
    latest: int = 0
    """The latest time of any record."""
    over: bool = False
    """Whether the newest context has ended."""
    stopped_by: str | None = None
    """Who stopped it, where that is known."""
    exit: dict[str, Any] | None = None
    """How the JVM ends."""
    epoch: int = -1
    """Counts SparkContexts: each numbers its executions and jobs from 0."""
    _starts: dict[int, list[Execution]] = field(default_factory=dict)
    _ends: dict[int, list[Execution]] = field(default_factory=dict)
    _below: dict[tuple[int, int], list[tuple[int, int]]] = field(default_factory=dict)
    """Inner executions by their root."""

    @property
    def present(self) -> bool:
        return self.application is not None

    @property
    def main(self) -> str | None:
        """What the JVM's main thread runs; None of a witness that writes no `exit`."""
        main = (self.application or {}).get("main")
        return main if isinstance(main, str) else None

    def feed(self, record: Mapping[str, Any]) -> None:
        """Take in one record; one of an unknown type or without its numbers is passed over."""
        time = record.get("time")
        if isinstance(time, int):
            self.latest = max(self.latest, time)
        handler = {
            "application": self._application,
            "executionStart": self._execution_start,
            "executionEnd": self._execution_end,
            "jobStart": self._job_start,
            "jobEnd": self._job_end,
            "applicationEnd": self._application_end,
            "exit": self._exit,
        }.get(str(record.get("type")))
        if handler is not None and isinstance(time, int):
            handler(record, time)

    def at_start(self, time: int) -> Iterator[Execution]:
        """Executions that started at this millisecond, the newest context's first."""
        return reversed(self._starts.get(time, []))

    def at_end(self, time: int) -> Iterator[Execution]:
        """Executions that ended at this millisecond, the newest context's first."""
        return reversed(self._ends.get(time, []))

    def job(self, number: int, start: int) -> Job | None:
        """The job of that number; the one that started at `start` if several contexts had one."""
        found = [job for epoch in range(self.epoch, -1, -1) if (job := self.jobs.get((epoch, number)))]
        return next((job for job in found if job.start == start), found[0] if found else None)

    def family_of(self, execution: Execution) -> list[Execution]:
        """The execution, its root, and all that run on behalf of it."""
        root = self.root_of(execution)
        below = (self.executions[key] for key in self._below.get((root.epoch, root.number), ()))
        return list({(item.epoch, item.number): item for item in (execution, root, *below)}.values())

    def root_of(self, execution: Execution) -> Execution:
        return self.executions.get((execution.epoch, execution.root), execution)

    def of_job(self, job: Job) -> Execution | None:
        """The execution that the job belongs to."""
        return self.executions.get(job.execution) if job.execution else None

    def roots(self) -> list[Execution]:
        """The user's own queries, in the order of their start."""
        return sorted(
            (item for item in self.executions.values() if item.is_users),
            key=lambda item: (item.epoch, item.start or 0, item.number),
        )

    def index(self) -> list[Any]:
        """How executions are found, as JSON has it."""
        times = [
            [[time, [[item.epoch, item.number] for item in items]] for time, items in found.items()]
            for found in (self._starts, self._ends)
        ]
        return [*times, [[*root, below] for root, below in self._below.items()]]

    def restore_index(self, found: list[Any]) -> None:
        """Find them as when `index` told how."""
        starts, ends, below = found
        for times, items in ((self._starts, starts), (self._ends, ends)):
            for time, keys in items:
                times[time] = [self.executions[epoch, number] for epoch, number in keys]
        for epoch, root, keys in below:
            self._below[epoch, root] = [(key[0], key[1]) for key in keys]

    def forget(self, family: Iterable[Execution]) -> None:
        """Let go of these."""
        for item in family:
            key = (item.epoch, item.number)
            self.executions.pop(key, None)
            self._below.pop(key, None)
            for times, time in ((self._starts, item.start), (self._ends, item.end)):
                if time is not None and (found := times.get(time)):
                    found[:] = [one for one in found if one is not item]
                    if not found:
                        del times[time]

    def _application(self, record: Mapping[str, Any], _time: int) -> None:
        self.application = dict(record)
        self.epoch += 1
        self.over, self.stopped_by, self.exit = False, None, None

    def _application_end(self, record: Mapping[str, Any], time: int) -> None:
        self.ended = time
        self.over = True
        who = record.get("stoppedBy")
        self.stopped_by = who if isinstance(who, str) else None

    def _exit(self, record: Mapping[str, Any], _time: int) -> None:
        self.exit = dict(record)

    def _execution(self, number: object, root: object = None) -> Execution | None:
        if not isinstance(number, int):
            return None
        key = (max(self.epoch, 0), number)
        found = self.executions.get(key)
        if found is None:
            found = self.executions[key] = Execution(key[0], number, number)
        if isinstance(root, int) and root != found.root:
            found.root = root
            self._below.setdefault((found.epoch, root), []).append((found.epoch, found.number))
        return found

    def _execution_start(self, record: Mapping[str, Any], time: int) -> None:
        found = self._execution(record.get("executionId"), record.get("rootExecutionId"))
        if found is not None:
            found.start = time
            found.description = str(record.get("description") or "")[:_DESCRIPTION]
            found.command = str(record.get("command") or "")[:_COMMAND]
            found.functions = _named(record)
            self._starts.setdefault(time, []).append(found)
            self._spread(found, found.step, found.has_jobs)

    def _execution_end(self, record: Mapping[str, Any], time: int) -> None:
        found = self._execution(record.get("executionId"))
        if found is not None:
            found.end, found.cut_off = time, self.over
            error = record.get("error")
            found.error = None if error is None else str(error)[:_ERROR]
            found.tags = _texts(record.get("tags"))
            # The description of the start may be cut short, and texts in it may look like names.
            found.functions = _named(record) or found.functions
            trace = record.get("stackTrace")
            found.stack_trace = None if trace is None else str(trace)[:_ERROR]
            self._ends.setdefault(time, []).append(found)

    def _job_start(self, record: Mapping[str, Any], time: int) -> None:
        number = record.get("jobId")
        if not isinstance(number, int):
            return
        step = record.get("step")
        step = step if isinstance(step, str) and step else None
        execution = self._execution(record.get("executionId"))
        key = None
        if execution is not None:
            key = (execution.epoch, execution.number)
            self._spread(execution, step, True)
        self.jobs[(max(self.epoch, 0), number)] = Job(number, key, time, step, is_python=record.get("python") is True)

    def _job_end(self, record: Mapping[str, Any], time: int) -> None:
        number = record.get("jobId")
        found = self.jobs.get((max(self.epoch, 0), number)) if isinstance(number, int) else None
        if found is not None:
            found.end, found.cut_off = time, self.over
            error = record.get("error")
            found.error = None if error is None else str(error)[:_ERROR]

    def _spread(self, execution: Execution, step: str | None, has_jobs: bool) -> None:
        # A Delta write is a root without jobs over inner executions that hold them: the step is the root's.
        for item in (execution, self._execution(execution.root)):
            if item is not None:
                item.step = item.step or step
                item.has_jobs = item.has_jobs or has_jobs


def _named(record: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Python functions and data sources that the record names, by kind."""
    return tuple((kind, in_plans(kind, name)) for kind, key in _KINDS for name in _texts(record.get(key)))


def in_plans(kind: str, name: str) -> str:
    """The name by which it is found: Spark takes the names of data sources in any case."""
    return name if kind == "function" else name.lower()


def _texts(found: object) -> tuple[str, ...]:
    texts = found[:_MOST] if isinstance(found, list) else ()
    return tuple(item[:_DESCRIPTION] for item in texts if isinstance(item, str))
