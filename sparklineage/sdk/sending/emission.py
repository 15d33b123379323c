"""The run of one step, made of the records that would stand in a journal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sparklineage.model import event as ol
from sparklineage.model.clock import to_iso
from sparklineage.model.dataset import Dataset
from sparklineage.model.naming import step_job_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sparklineage.sdk.sending.direct import Direct
    from sparklineage.sdk.steps.record import StepRecord


class Emission:
    """One step's run: takes the records that would stand in the journal, and sends what they say."""

    def __init__(self, way: Direct) -> None:
        self._way = way
        self._event: ol.Event = {}
        self._name = ""
        self._is_stream = False

    def take(self, record: Mapping[str, Any], around: Iterable[StepRecord] = ()) -> None:
        """One record of a step, as it is written into steps.ndjson, from one thread at a time.

        `around` are the steps, from the inside out, whose datasets this one gets as they are now: here its run stands
        for the queries of its block.
        """
        kind = record["type"]
        if kind == "stepStart":
            self._start(record, around)
        elif kind == "stepDatasets":
            self._declare(record)
            self._inherit(around)
            # A stream says itself when it may speak again.
            if not self._is_stream:
                self._send("RUNNING", record["time"])
        elif kind == "stepProgress":
            self._send("RUNNING", record["time"])
        elif kind == "stepFacets":
            for name, value in record["run"].items():
                self._event = ol.with_run_facet(self._event, name, value)
            for name, value in record["job"].items():
                self._event = ol.with_job_facet(self._event, name, value)
        elif kind == "stepEnd":
            self._inherit(around)
            self._end(record)

    def _start(self, record: Mapping[str, Any], around: Iterable[StepRecord]) -> None:
        who, self._name, self._is_stream = self._way.who, record["name"], "stream" in record
        job_type = ol.job_type_facet("STEP")
        self._event = ol.make(
            "START",
            time=record["time"],
            run=record["step"],
            job=(who.namespace, step_job_name(who.job, self._name)),
            run_facets={"parent": dict(who.parent)} if who.parent else {},
            job_facets={"jobType": job_type | {"processingType": "STREAMING"} if self._is_stream else job_type},
        )
        self._declare(record)
        self._inherit(around)
        self._send("START", record["time"])

    def _declare(self, record: Mapping[str, Any]) -> None:
        for side in ("inputs", "outputs"):
            found = [_dataset(item) for item in record[side]]
            self._event = ol.with_declared(self._event, side, [ol.declared(item, self._name, side) for item in found])

    def _inherit(self, around: Iterable[StepRecord]) -> None:
        for outer in around:
            for side, datasets in (("inputs", outer.inputs), ("outputs", outer.outputs)):
                # A copy: other threads of the job may declare on that step meanwhile.
                found = [ol.declared(item, outer.name, side) for item in list(datasets.values())]
                self._event = ol.with_declared(self._event, side, found)

    def _end(self, record: Mapping[str, Any]) -> None:
        error = record["error"]
        if error is not None:
            message = f"{error['type']}: {error['message']}".rstrip(": ")
            facet = ol.error_facet(message, language="PYTHON", stack_trace=error["stackTrace"])
            self._event = ol.with_run_facet(self._event, "errorMessage", facet)
        self._send("COMPLETE" if error is None else "ABORT" if error.get("stopped") else "FAIL", record["time"])

    def _send(self, kind: str, time: int) -> None:
        # The event is replaced and never changed, so the one that waits stays as it is.
        self._way.emitter.put({**self._event, "eventType": kind, "eventTime": to_iso(time)})


def _dataset(record: Mapping[str, Any]) -> Dataset:
    return Dataset(
        record["namespace"],
        record["name"],
        record.get("facets", {}),
        record.get("inputFacets", {}),
        record.get("outputFacets", {}),
    )
