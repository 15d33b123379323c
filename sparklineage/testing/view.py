"""What a test asserts on: runs with their states and datasets."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from sparklineage.model import event as ol
from sparklineage.model.dataset import Dataset
from sparklineage.testing.columns import column_lineage, dataset_of_event, sources_of
from sparklineage.testing.values import Datasets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sparklineage.model.event import Event
    from sparklineage.testing.capture import Settled
    from sparklineage.testing.values import Column, Columns

_MOST = 20
_INFERENCE = re.compile(
    r"map_partitions_(sql_execution_map_partitions_file_scan|parallel_collection|(json|csv)_file_.*)"
)
"""The agent names the jobs of RDDs by what these are made of; seen on Spark 3.5, 4.0 and 4.2."""


@dataclass(frozen=True)
class Run:
    """One run: a query, a step, or the application itself."""

    id: str
    job: str
    """The job's name in full: `etl.execute_insert_into_hadoop_fs_relation_command.bronze_flights`."""
    name: str
    """The same without the application's: `execute_insert_into_hadoop_fs_relation_command.bronze_flights`."""
    kind: str
    """`SQL_JOB`, `RDD_JOB`, `STEP` or `APPLICATION`."""
    state: str
    """`COMPLETE`, `FAIL`, `ABORT`, or `RUNNING` for what has not ended."""
    inputs: Datasets
    outputs: Datasets
    error: str | None
    """Its message, where it failed."""
    steps: frozenset[str]
    """The names of the steps and functions that declared some of its datasets."""
    events: tuple[Event, ...]

    @property
    def facets(self) -> dict[str, Any]:
        """The facets of the run, as its last event has them."""
        return ol.run_facets(self.events[-1])

    @property
    def is_inference(self) -> bool:
        """Whether Spark itself ran it, to learn the schema of files: the agent names their folders as its inputs.

        What the user does with an RDD of rows goes through Python.
        """
        reads = self.kind == "RDD_JOB" and self.state == "COMPLETE" and not self.outputs and not self.steps
        return reads and _INFERENCE.fullmatch(self.name) is not None

    def columns(self, column: str) -> Columns:
        """The input columns that a column of an output is made of: `run.columns("delays.speed")`.

        Raises LookupError, with what there is, where no output has such a column.
        """
        __tracebackhide__ = True
        return sources_of(column, self.events)

    def column_lineage(self) -> dict[Column, list[dict[str, Any]]]:
        """Every column of the outputs whose sources are known, with the `inputFields` of its facet."""
        return column_lineage(self.events)

    def __str__(self) -> str:
        return f"{self.name} [{self.state}]  {self.inputs!r} -> {self.outputs!r}"


class Lineage:
    """The lineage of one test so far. What is asked waits until Spark has told its listeners everything.

    assert lineage.inputs == {"flights.csv"}
    assert lineage.run("delays").state == "COMPLETE"
    """

    def __init__(
        self, read: Callable[[], list[Settled]], clear: Callable[[], None], golden: Callable[..., None]
    ) -> None:
        self._read, self._clear, self._golden = read, clear, golden

    @property
    def inputs(self) -> Datasets:
        """Everything that was read; without the folder of a file that Spark alone looked into, to learn the schema."""
        __tracebackhide__ = True
        runs = self.runs
        read = Datasets(dataset for run in runs if not run.is_inference for dataset in run.inputs)
        folders = {Dataset(item.namespace, item.name.rpartition("/")[0]) for item in read}
        looked = {dataset for run in runs if run.is_inference for dataset in run.inputs}
        return Datasets([*read, *(looked - folders)])

    @property
    def outputs(self) -> Datasets:
        """Everything that was written."""
        __tracebackhide__ = True
        return Datasets(dataset for run in self.runs for dataset in run.outputs)

    @property
    def runs(self) -> list[Run]:
        """Queries and steps in the order of their start, without the application."""
        __tracebackhide__ = True
        return [run for run in self._all() if run.kind != "APPLICATION"]

    @property
    def application(self) -> Run:
        """The application's own run; the newest where the test had several."""
        __tracebackhide__ = True
        found = [run for run in self._all() if run.kind == "APPLICATION"]
        if not found:
            raise LookupError("no application has reported anything: does this test use a session with lineage?")
        return found[-1]

    def run(self, name: str) -> Run:
        """The newest run of this name: its job's, in full or without the application's, a pattern such as `*delays`,
        the name of a step, or one that it writes as `outputs` knows it. Raises LookupError, with what there is.
        """
        __tracebackhide__ = True
        runs = self.runs
        for fits in (_by_job, _by_step, _by_output):
            found = [run for run in runs if fits(run, name)]
            if found:
                return found[-1]
        listed = "\n".join(f"  {run}" for run in runs[:_MOST]) or "  none"
        known = {run.name for run in runs} | {step for run in runs for step in run.steps}
        close = difflib.get_close_matches(name, known, n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        raise LookupError(f"no run is named {name!r}, nor does one write it.{hint} The runs are:\n{listed}")

    def columns(self, column: str) -> Columns:
        """The input columns that a column is made of: `lineage.columns("delays.speed") == {"flights.distance"}`.

        Raises LookupError, with what there is, where no output has such a column.
        """
        __tracebackhide__ = True
        return sources_of(column, [event for run in self.runs for event in run.events])

    @property
    def events(self) -> list[Event]:
        """The OpenLineage events, settled, for what has no property here."""
        return [event for settled in self._read() for event in settled.events]

    def golden(self, name: str, *, facets: Iterable[str] = ()) -> None:
        """Compare with the file of this name in `lineage_golden` beside the test; `--lineage-update` writes it.

        It holds jobs, states, datasets and columns; ids, times and temporary folders are left out. `facets` are names
        of facets that it holds too, such as `schema`. Fails with the difference as a diff.
        """
        __tracebackhide__ = True
        self._golden(name, self._all(), tuple(facets))

    def clear(self) -> None:
        """Forget what was there so far."""
        self._clear()

    def _all(self) -> list[Run]:
        __tracebackhide__ = True
        return [run for settled in self._read() for run in runs_of(settled)]

    def __str__(self) -> str:
        return "\n".join(map(str, self._all()))


def runs_of(settled: Settled) -> list[Run]:
    """The runs that the events tell of, in the order of their first one."""
    events: dict[str, list[Event]] = {}
    for event in settled.events:
        if ol.run_id(event):
            events.setdefault(ol.run_id(event), []).append(event)
    return [_run(number, its, number in settled.open) for number, its in events.items()]


def _run(number: str, events: list[Event], is_open: bool) -> Run:
    job = ol.job(events[0])[1]
    parent = ol.run_facets(events[0]).get("parent")
    above = str((parent.get("job") or {}).get("name") or "") if isinstance(parent, dict) else ""
    inputs, outputs = (
        Datasets(dataset_of_event(item) for event in events for item in ol.datasets(event, side))
        for side in ("inputs", "outputs")
    )
    if is_open:
        events = events[:-1] or events
    error = ol.run_facets(events[-1]).get("errorMessage")
    return Run(
        id=number,
        job=job,
        name=job[len(above) + 1 :] if above and job.startswith(f"{above}.") else job,
        kind=next((kind for event in events if (kind := ol.job_type(event))), ""),
        state="RUNNING" if is_open else str(events[-1].get("eventType")),
        inputs=inputs,
        outputs=outputs,
        error=str(error.get("message")) if isinstance(error, dict) and not is_open else None,
        steps=frozenset(_steps(events)),
        events=tuple(events),
    )


def _steps(events: Iterable[Event]) -> Iterable[str]:
    for event in events:
        for item in (*ol.datasets(event, "inputs"), *ol.datasets(event, "outputs")):
            facet = (item.get("facets") or {}).get(ol.DECLARED)
            if isinstance(facet, dict):
                yield str(facet.get("step"))


def _by_job(run: Run, name: str) -> bool:
    return name in (run.job, run.name, run.id) or fnmatchcase(run.name, name)


def _by_step(run: Run, name: str) -> bool:
    return name in run.steps


def _by_output(run: Run, name: str) -> bool:
    return bool(run.outputs.named(name))
