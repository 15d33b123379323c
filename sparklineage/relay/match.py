"""Which execution, job and step a run of the agent belongs to."""

from __future__ import annotations

import json
import re
import zlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from sparklineage.model import event as ol
from sparklineage.model.clock import from_iso
from sparklineage.relay.steps import Step, Steps
from sparklineage.relay.witnessed import Execution, Job, Witnessed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_BATCH = re.compile(r"(?:^|\n)id = ([0-9a-f-]{36})\nrunId = ")
"""How Spark describes the queries of a batch."""
_COMMAND = re.compile(
    r"Execute (?!CreateView|SetCommand)|\w*(?:ReplaceData|WriteDelta|WriteToDataSource|DeleteFrom|Truncate|Merge)"
)
"""First lines of plans that may change data, beside those that write rows."""
_READS = re.compile(
    r"AdaptiveSparkPlan|\w*Aggregate|Collect(?:Limit|Tail)|TakeOrdered|Project|Filter|Sort|Range|Union|\w*Scan\b"
)
"""And of some that surely change none."""
_HANDS_ON = re.compile(r"Execute SaveAsV1TableCommand\b")
"""Those of commands that leave the work to another one, which knows the table: `saveAsTable` from Spark 4.2 on."""

_OTHER_SIDE = {"read": "written", "written": "read"}


@dataclass
class AgentRun:
    """One run of the agent that has not been closed yet."""

    id: str
    kind: str
    """The `jobType`: `APPLICATION`, `SQL_JOB`, `RDD_JOB`, …"""
    first: ol.Event
    """Its first event, and `terminal`: read them through `opened`, for they may be packed."""
    start: int
    job_number: int | None = None
    carried: str | None = None
    """The step that the agent's captured property names; only RUNNING events have it."""
    execution: Execution | None = None
    terminal: list[ol.Event] = field(default_factory=list)
    said: set[str] = field(default_factory=set)
    """The kinds of terminal events that the agent has sent for it."""
    completed: int | None = None
    """The time of its last terminal event, if a COMPLETE is among them: the end of its execution."""
    size: int = 0
    """Bytes of the events that it holds, as text."""
    packed: bytes | None = None
    last: int = 0
    """Time of its latest event."""
    sent: bool = False
    """Whether its START has been sent."""

    def note(self, event: Mapping[str, Any], time: int) -> None:
        """Keep what the event tells about where the run belongs."""
        self.last = max(self.last, time)
        details = ol.run_facets(event).get("spark_jobDetails")
        if self.job_number is None and isinstance(details, dict) and isinstance(details.get("jobId"), int):
            self.job_number = details["jobId"]
        self.carried = self.carried or _carried_step(event)

    def end(self, event: ol.Event, time: int) -> None:
        """Take in a terminal event."""
        self.opened().terminal.append(event)
        self.said.add(str(event.get("eventType")).upper())
        self.completed = time if "COMPLETE" in self.said else None

    def pack(self) -> None:
        """Hold the events in a tenth of the memory, for what may take long."""
        if self.packed is None:
            self.packed = zlib.compress(json.dumps([self.first, self.terminal]).encode(), 1)
            self.size = len(self.packed)
            self.first, self.terminal = {}, []

    def opened(self) -> AgentRun:
        """The run with its events."""
        if self.packed is not None:
            self.first, self.terminal = json.loads(zlib.decompress(self.packed))
            self.packed = None
        return self


class Batch(NamedTuple):
    """A batch of a stream that has a step."""

    step: Step
    is_first: bool
    """Whether the step began in it."""
    is_inside: bool
    """Whether the run is surely of a query inside of the batch, and not of the batch as a whole."""
    has_written: bool
    """Whether its query may have written anything, as Spark knows it: the agent names outputs of a `collect`, too."""


@dataclass
class Matcher:
    """Finds what belongs together: times are equal to the millisecond, and jobs and steps have ids."""

    witnessed: Witnessed = field(default_factory=Witnessed)
    steps: Steps = field(default_factory=Steps)

    def execution_of(self, run: AgentRun, *, is_last: bool = False) -> Execution | None:
        """The SQL execution that the run reports; it is the run's own until another proves to be.

        Of several that began together none is it before a job or an end tells, unless nothing more will.
        """
        if run.kind == "RDD_JOB" or not self.witnessed.present:
            return None
        ended = run.completed
        sure = self._of_job(run)
        if sure is not None:
            if run.execution is not None and run.execution is not sure and run.execution.run == run.id:
                run.execution.run = None
            run.execution, sure.run = sure, run.id
            return sure
        is_ours = run.execution is not None and run.execution.run == run.id
        if run.execution is not None and is_ours and (ended is None or run.execution.end == ended):
            return run.execution
        free = self._free(run)
        if len(free) > 1 and not run.said and not is_last:
            return None
        if len(free) > 1 and ended is not None:
            free = [item for item in free if item.end == ended] or free
        found = free[0] if free else run.execution if is_ours else None
        if found is not run.execution:
            if run.execution is not None and run.execution.run == run.id:
                run.execution.run = None
            run.execution = found
        if found is not None:
            found.run = run.id
        return found

    def _free(self, run: AgentRun) -> list[Execution]:
        """The executions that the run may report, as far as times tell."""
        free = [item for item in self.witnessed.at_start(run.start) if item.run in (None, run.id)]
        if run.completed is not None and not free:
            # Spark 3.5 reports some commands by their end alone.
            free = [item for item in self.witnessed.at_end(run.completed) if item.run in (None, run.id)]
        return free

    def _of_job(self, run: AgentRun) -> Execution | None:
        """The execution of the run's job, where both began together."""
        job = self.witnessed.job(run.job_number, 0) if run.job_number is not None else None
        found = self.witnessed.of_job(job) if job is not None else None
        return found if found is not None and found.start == run.start else None

    def job_of(self, run: AgentRun) -> Job | None:
        """The Spark job that a run of an RDD is about."""
        return None if run.job_number is None else self.witnessed.job(run.job_number, run.start)

    def step_at(self, execution: Execution | None) -> Step | None:
        """The step that an execution belongs to: that of any job under its root."""
        if execution is None:
            return None
        root = self.witnessed.root_of(execution)
        if is_batch(root):
            root = execution  # each query of a batch is the user's own
            if not root.step and not root.has_jobs:
                root = next((item for item in self._helpers(root) if item.step), root)
        if root.step:
            return self.steps.get(root.step)
        # A query without any Spark job carries no property; its time tells, where only one step stood open.
        return self.steps.at(root.start) if not root.has_jobs and root.start is not None else None

    def batch_of(self, run: AgentRun) -> Batch | None:
        """The batch of a stream that the run reports, whole or a query inside of it; None where no step tells of it."""
        if not self.steps.streams:
            return None
        execution = self.execution_of(run)
        # A batch and the query inside of it often begin together.
        candidates = [execution] if execution else self._free(run)
        roots = {id(root): root for root in map(self.witnessed.root_of, candidates)}
        root = next(iter(roots.values())) if len(roots) == 1 else None
        step = self.stream_of(root) if root is not None else None
        if root is None or root.start is None or step is None:
            return None
        is_inside = execution is not None and execution is not root
        has_written = any(item.writes or _COMMAND.match(item.command) for item in candidates)
        return Batch(step, is_first=root.start <= step.start, is_inside=is_inside, has_written=has_written)

    def stream_of(self, execution: Execution) -> Step | None:
        """The step of the streaming query in whose batch this is; None where no step tells of it."""
        root = self.witnessed.root_of(execution)
        found = _BATCH.search(root.description) if self.steps.streams else None
        return self.steps.of_batch(found[1], root.start, root.end) if found and root.start is not None else None

    def declaring(self, execution: Execution | None, carried: str | None = None) -> list[Step]:
        """Everything that declares datasets of a query: its step and those around it, tags, functions in its plan."""
        found = self.steps.around(self.step_at(execution) or self.steps.get(carried))
        if execution is not None:
            together = self._together(execution)
            for tag in (tag for item in together for tag in item.tags):
                found += self.steps.around(self.steps.get(tag))
            found += self._named(together)
        return list({step.id: step for step in found}.values())

    def _named(self, executions: Iterable[Execution]) -> Iterator[Step]:
        """What functions and data sources in their plans declare.

        Of a source that declares both sides, the inputs where it is read and the outputs where it is written.
        """
        used = dict.fromkeys(key for item in executions for key in item.functions)
        for kind, name in used:
            step = self.steps.functions.get(("function" if kind == "function" else "source", name))
            if step is None:
                continue
            other = _OTHER_SIDE.get(kind)
            if step.inputs and step.outputs and other is not None and (other, name) not in used:
                step = replace(step, outputs={}) if kind == "read" else replace(step, inputs={})
            yield step

    def declaring_job(self, run: AgentRun) -> list[Step]:
        """Everything that declares datasets of an action on an RDD; nothing of the jobs by which Spark lists files."""
        job = self.job_of(run)
        return self.steps.around(self.steps.get(job.step)) if job and job.is_python and job.execution is None else []

    def is_told_elsewhere(self, run: AgentRun) -> bool:
        """Whether another run gets what is declared of this query.

        Of an inner query, such as the one below a Delta write, the outer one does where it has a run, unless it only
        hands on to that. Of a batch of a stream the queries inside do: they write what the batch writes.
        """
        execution = run.execution
        if execution is None:
            return False
        root = self.witnessed.root_of(execution)
        if is_batch(root):
            if execution is not root:
                command = self._commands(root).get(execution.number)
                return command is not None and command.run is not None
            inner = [item for item in self.witnessed.family_of(root) if item is not root and item.run]
            return any(self.step_at(item) is self.step_at(root) for item in inner)
        teller = self._teller(root)
        return execution is not teller and teller.run is not None and not _is_apart(execution, root)

    def _teller(self, root: Execution) -> Execution:
        """Of a query and all that runs on its behalf, the execution whose run gets what is declared of it."""
        if not _HANDS_ON.match(root.command):
            return root
        inner = (item for item in self.witnessed.family_of(root) if item is not root and item.writes and item.run)
        return min(inner, key=lambda item: item.number, default=root)

    def _together(self, execution: Execution) -> list[Execution]:
        """The executions whose plans tell about this one."""
        family = self.witnessed.family_of(execution)
        root = self.witnessed.root_of(execution)
        if not is_batch(root):
            if len(family) == 1 or _is_apart(execution, root):
                return [execution]
            return [item for item in family if item is execution or not _is_apart(item, root)]
        commands = self._commands(root)
        users = {item.number: commands.get(item.number, item) for item in family}
        here = (execution, root)
        return [
            item for item in family if users[item.number] in here or (execution is root and not users[item.number].run)
        ]

    def _commands(self, root: Execution) -> dict[int, Execution]:
        """Of a batch the commands on whose behalf Delta runs queries, by the numbers of those.

        To Spark all of them are the batch's own.
        """
        found: dict[int, Execution] = {}
        commands: list[Execution] = []
        for item in sorted(self.witnessed.family_of(root), key=lambda item: item.number):
            if item.is_deltas(root):
                command = next((one for one in reversed(commands) if one.holds(item.start)), None)
                if command is not None:
                    found[item.number] = command
            elif item is not root and (item.writes or _COMMAND.match(item.command)):
                commands.append(item)
        return found

    def _helpers(self, command: Execution) -> list[Execution]:
        """Of a command in a batch the queries that Delta runs on its behalf."""
        root = self.witnessed.root_of(command)
        numbers = {number for number, found in self._commands(root).items() if found is command}
        return [item for item in self.witnessed.family_of(root) if item.number in numbers]

    def reported_roots(self) -> set[tuple[int, int]]:
        """The root executions that the agent has reported, themselves or by one under them."""
        return {(item.epoch, item.root) for item in self.witnessed.executions.values() if item.run}


def is_batch(execution: Execution) -> bool:
    """Whether it is the batch of a stream, as Spark describes it."""
    return _BATCH.search(execution.description) is not None


def _is_apart(execution: Execution, root: Execution) -> bool:
    """Whether it is a query of the user's that Spark counts to another one, which is none of its own.

    Threads that share their local properties, as those that run one `inheritable_thread_target` do, begin the second
    query as if the first had. Below a write Spark and Delta write in another way, and what is above ends last.
    """
    if execution is root:
        return False
    is_later = root.end is not None and execution.end is not None and root.end < execution.end
    is_alike = _first_word(execution) == _first_word(root)
    return (is_later or is_alike or _READS.match(root.command) is not None) and execution.writes


def _first_word(execution: Execution) -> str:
    return execution.command.rpartition(" (")[0] or execution.command


def time_of(event: Mapping[str, Any]) -> int | None:
    """The event's time in milliseconds; None where it has none."""
    try:
        return from_iso(str(event.get("eventTime")))
    except (ValueError, OverflowError):
        return None


def _carried_step(event: Mapping[str, Any]) -> str | None:
    facet = ol.run_facets(event).get("spark_properties")
    properties = facet.get("properties") if isinstance(facet, dict) else None
    step = properties.get("spark.sparklineage.step") if isinstance(properties, dict) else None
    return step if isinstance(step, str) else None
