"""OpenLineage run events as plain objects: reading their parts and making our own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sparklineage.model import explicit_lineage
from sparklineage.model.clock import to_iso
from sparklineage.model.facet_join import joined_facets
from sparklineage.version import PRODUCER

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sparklineage.model.dataset import Dataset

Event = dict[str, Any]

SCHEMA_URL = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"
_FACETS = "https://openlineage.io/spec/facets"
TERMINAL = frozenset({"COMPLETE", "FAIL", "ABORT"})
_SIDES = {"inputs": "inputFacets", "outputs": "outputFacets"}
"""Where the facets stand that a dataset has on one side alone."""
DECLARED = "sparklineage_declared"
"""The dataset facet that marks what a person declared and the listener did not see."""

EXECUTION = "sparklineage_execution"
"""The run facet that names the SQL execution behind a run, and the one on whose behalf it ran."""

CLUSTER = "sparklineage_cluster"
"""The run facet that says where an application ran."""

GOVERNANCE = "governance"
"""The run facet that says how the data of an application is to be treated; governance-1.0.json describes it."""
GOVERNED = ("pii", "classification", "retention", "encryption")
"""Its fields: `pii` is true or false, the others are texts; each may be missing."""


def run_id(event: Mapping[str, Any]) -> str:
    """The event's run id, or an empty text."""
    run = event.get("run")
    value = run.get("runId") if isinstance(run, dict) else None
    return value if isinstance(value, str) else ""


def job(event: Mapping[str, Any]) -> tuple[str, str]:
    """The event's job as (namespace, name)."""
    found = event.get("job")
    found = found if isinstance(found, dict) else {}
    return str(found.get("namespace") or ""), str(found.get("name") or "")


def run_facets(event: Mapping[str, Any]) -> dict[str, Any]:
    """The run's facets; an empty dict where there are none."""
    run = event.get("run")
    found = run.get("facets") if isinstance(run, dict) else None
    return found if isinstance(found, dict) else {}


def job_facets(event: Mapping[str, Any]) -> dict[str, Any]:
    """The job's facets; an empty dict where there are none."""
    job = event.get("job")
    found = job.get("facets") if isinstance(job, dict) else None
    return found if isinstance(found, dict) else {}


def job_type(event: Mapping[str, Any]) -> str:
    """`APPLICATION`, `SQL_JOB`, `RDD_JOB` or what else the jobType facet says; empty where it is missing."""
    facet = job_facets(event).get("jobType")
    return str(facet.get("jobType") or "") if isinstance(facet, dict) else ""


def datasets(event: Mapping[str, Any], side: str) -> list[dict[str, Any]]:
    """The well-formed datasets of `inputs` or `outputs`."""
    found = event.get(side)
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def facet(schema: str, **fields: Any) -> dict[str, Any]:
    """A facet of ours; `schema` is `1-0-0/ErrorMessageRunFacet` for a facet of the OpenLineage standard."""
    name = schema.rpartition("/")[2]
    return {"_producer": PRODUCER, "_schemaURL": f"{_FACETS}/{schema}.json#/$defs/{name}", **fields}


def own_facet(name: str, **fields: Any) -> dict[str, Any]:
    """A custom facet of the toolkit, described under the producer's own address."""
    return {"_producer": PRODUCER, "_schemaURL": f"https://our-solution.io/facets/{name}-1.0.json", **fields}


def error_facet(message: str, *, language: str, stack_trace: str | None) -> dict[str, Any]:
    """The standard `errorMessage` run facet."""
    found = facet("1-0-1/ErrorMessageRunFacet", message=message, programmingLanguage=language)
    if stack_trace:
        found["stackTrace"] = stack_trace
    return found


def parent_facet(run: str, namespace: str, name: str, root: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The standard `parent` run facet; without a `root` the parent is its own."""
    here = {"run": {"runId": run}, "job": {"namespace": namespace, "name": name}}
    return facet("1-2-0/ParentRunFacet", **here, root=dict(root) if root else here)


def job_type_facet(kind: str) -> dict[str, Any]:
    """The standard `jobType` job facet of a batch job that Spark ran."""
    processing = "NONE" if kind == "APPLICATION" else "BATCH"
    return facet("2-0-4/JobTypeJobFacet", processingType=processing, integration="SPARK", jobType=kind)


def make(
    kind: str,
    *,
    time: int,
    run: str,
    job: tuple[str, str],
    run_facets: Mapping[str, Any],
    job_facets: Mapping[str, Any],
    inputs: Iterable[Mapping[str, Any]] = (),
    outputs: Iterable[Mapping[str, Any]] = (),
) -> Event:
    """A run event of our own making; `time` in milliseconds."""
    return {
        "eventTime": to_iso(time),
        "producer": PRODUCER,
        "schemaURL": SCHEMA_URL,
        "eventType": kind,
        "run": {"runId": run, "facets": dict(run_facets)},
        "job": {"namespace": job[0], "name": job[1], "facets": dict(job_facets)},
        "inputs": [dict(item) for item in inputs],
        "outputs": [dict(item) for item in outputs],
    }


def declared(dataset: Dataset, step: str, side: str) -> dict[str, Any]:
    """A dataset as the `inputs` or `outputs` of an event carry it, marked as declared by the step of that name."""
    found: dict[str, Any] = {
        "namespace": dataset.namespace,
        "name": dataset.name,
        "facets": {**dataset.facets, DECLARED: own_facet(DECLARED, step=step)},
    }
    own, more = _SIDES[side], dataset.input_facets if side == "inputs" else dataset.output_facets
    return {**found, own: dict(more)} if more else found


def with_declared(event: Event, side: str, more: Iterable[Mapping[str, Any]]) -> Event:
    """The event with declared datasets on one side.

    One that the event names already is no declared one: it gets the facets that were declared for it, which win over
    those of the same name, but for column lineage, of which both are kept. Explicit edges become the job's, and what
    they come from an input.
    """
    listed = list(more)
    if "job" in event and any(map(explicit_lineage.entry_of, listed)):
        return _with_edges(with_declared(event, side, map(_without_edges, listed)), listed)
    declarations = {(str(item["namespace"]), str(item["name"])): item for item in listed}
    if not declarations:
        return event
    found = []
    for item in datasets(event, side):
        added = declarations.pop((str(item.get("namespace")), str(item.get("name"))), None)
        found.append(item if added is None else _described(item, added, _SIDES[side]))
    return {**event, side: [*found, *declarations.values()]}


def _without_edges(item: Mapping[str, Any]) -> dict[str, Any]:
    facets = item.get("facets") or {}
    return {**item, "facets": {name: value for name, value in facets.items() if name != explicit_lineage.NAME}}


def _with_edges(event: Event, declared: Iterable[Mapping[str, Any]]) -> Event:
    """The event whose job has what these declare as entries, and whatever those come from among its inputs."""
    for item in declared:
        entry = explicit_lineage.entry_of(item)
        if entry is not None:
            known = job_facets(event).get(explicit_lineage.NAME)
            event = with_job_facet(event, explicit_lineage.NAME, explicit_lineage.with_entries(known, [entry]))
            mark = {DECLARED: item["facets"][DECLARED]} if DECLARED in item["facets"] else {}
            named = [
                {"namespace": namespace, "name": name, "facets": mark}
                for namespace, name in explicit_lineage.sources(entry)
            ]
            event = with_datasets(event, "inputs", named)
    return event


def _described(item: Mapping[str, Any], added: Mapping[str, Any], own: str) -> dict[str, Any]:
    found = dict(item)
    for place in ("facets", own):
        present = item.get(place)
        present = present if isinstance(present, dict) else {}
        # What has been declared once stays marked; what the agent saw is not.
        more = {name: value for name, value in (added.get(place) or {}).items() if name != DECLARED}
        if more:
            found[place] = joined_facets(present, more)
    return found


def with_datasets(event: Event, side: str, more: Iterable[Mapping[str, Any]]) -> Event:
    """The event with `more` datasets on one side; those it names already stay as they are."""
    present = datasets(event, side)
    known = {(item.get("namespace"), item.get("name")) for item in present}
    added = []
    for item in more:
        name = (item.get("namespace"), item.get("name"))
        if name not in known:
            known.add(name)
            added.append(dict(item))
    return {**event, side: [*present, *added]} if added else event


def with_job_facet(event: Event, name: str, value: Mapping[str, Any]) -> Event:
    """The event with one facet of its job more."""
    job = event.get("job")
    job = job if isinstance(job, dict) else {}
    facets = job.get("facets")
    return {**event, "job": {**job, "facets": {**(facets if isinstance(facets, dict) else {}), name: dict(value)}}}


def with_run_facet(event: Event, name: str, value: Mapping[str, Any]) -> Event:
    """The event with one run facet more."""
    run = event.get("run")
    run = run if isinstance(run, dict) else {}
    return {**event, "run": {**run, "facets": {**run_facets(event), name: dict(value)}}}
