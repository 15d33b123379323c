"""The graph for other programs: JSON, Graphviz and Mermaid."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sparklineage.graph.cells import printable
from sparklineage.graph.names import dataset_labels, job_labels

if TYPE_CHECKING:
    from sparklineage.graph.nodes import Edge, Graph, JobNode, Key


def to_json(graph: Graph) -> str:
    """`applications`, `datasets`, `jobs` and `edges`, each sorted by namespace and name; names are full."""
    record = {
        "applications": [_job(job) for job in graph.applications],
        "datasets": [{"namespace": node.namespace, "name": node.name} for node in graph.datasets],
        "jobs": [_job(job) for job in graph.jobs],
        "edges": [
            {
                "job": _name(edge.job),
                "direction": edge.direction,
                "dataset": _name(edge.dataset),
                "declared": edge.declared,
            }
            for edge in graph.edges
        ],
    }
    return json.dumps(record, indent=2, ensure_ascii=False)


def to_dot(graph: Graph, *, full: bool = False) -> str:
    """A Graphviz digraph, left to right; declared edges dashed, jobs that failed red."""
    lines = ["digraph lineage {", "  rankdir=LR;", '  node [fontname="sans-serif"];']
    datasets, jobs = _ids(graph)
    labels = dataset_labels(datasets, full=full)
    for key, name in datasets.items():
        lines.append(f"  {name} [shape=cylinder, label={_quoted(labels[key])}, tooltip={_quoted(_full(key))}];")
    labels = job_labels(graph.jobs, full=full)
    for job in graph.jobs:
        text, color = labels[job.key], ""
        if job.state != "COMPLETE":
            text, color = f"{text}\n{job.state}", ", color=red, fontcolor=red" if job.state == "FAIL" else ""
        tip = _quoted((job.error or "").partition("\n")[0] or _full(job.key))
        lines.append(f"  {jobs[job.key]} [shape=box, style=rounded, label={_quoted(text)}, tooltip={tip}{color}];")
    for edge in graph.edges:
        style = " [style=dashed]" if edge.declared else ""
        lines.append(f"  {_arrow(edge, datasets, jobs, '->')}{style};")
    return "\n".join([*lines, "}"])


def to_mermaid(graph: Graph, *, full: bool = False) -> str:
    """A Mermaid flowchart, left to right; declared edges dotted, jobs that failed red."""
    lines = ["flowchart LR"]
    datasets, jobs = _ids(graph)
    labels = dataset_labels(datasets, full=full)
    lines += [f'  {name}[("{_entities(labels[key])}")]' for key, name in datasets.items()]
    labels = job_labels(graph.jobs, full=full)
    for job in graph.jobs:
        state = "" if job.state == "COMPLETE" else f"<br/>{job.state}"
        lines.append(f'  {jobs[job.key]}["{_entities(labels[job.key])}{state}"]')
    for edge in graph.edges:
        lines.append(f"  {_arrow(edge, datasets, jobs, '-.->' if edge.declared else '-->')}")
    if failed := [jobs[job.key] for job in graph.jobs if job.state == "FAIL"]:
        lines += ["  classDef failed stroke:#c00,color:#c00", f"  class {','.join(failed)} failed"]
    return "\n".join(lines)


def _job(job: JobNode) -> dict[str, Any]:
    return {
        **_name(job.key),
        "kind": job.kind,
        "application": _name(job.application) if job.application else None,
        "state": job.state,
        "runs": job.runs,
        "startedMs": job.started_ms,
        "durationMs": job.duration_ms,
        "error": job.error,
    }


def _name(key: Key) -> dict[str, str]:
    return {"namespace": key[0], "name": key[1]}


def _ids(graph: Graph) -> tuple[dict[Key, str], dict[Key, str]]:
    datasets = {node.key: f"d{number}" for number, node in enumerate(graph.datasets, 1)}
    return datasets, {job.key: f"j{number}" for number, job in enumerate(graph.jobs, 1)}


def _arrow(edge: Edge, datasets: dict[Key, str], jobs: dict[Key, str], arrow: str) -> str:
    ends = datasets[edge.dataset], jobs[edge.job]
    start, end = ends if edge.direction == "input" else ends[::-1]
    return f"{start} {arrow} {end}"


def _full(key: Key) -> str:
    return f"{key[0]} {key[1]}"


def _quoted(text: str) -> str:
    """A Graphviz string: backslashes and quotes escaped, each line break kept, the rest made printable."""
    # Graphviz reads HTML entities in every label.
    lines = (
        printable(line).replace("&", "&amp;").replace("\\", "\\\\").replace('"', '\\"') for line in text.splitlines()
    )
    return '"' + "\\n".join(lines) + '"'


def _entities(text: str) -> str:
    """Text inside Mermaid's quotes: whatever Mermaid or HTML would read as markup becomes an entity."""
    marks = {"#": "#35;", '"': "#quot;", "&": "#amp;", "<": "#lt;", ">": "#gt;", "`": "#96;", "\\": "#92;"}
    return "".join(marks.get(char, char) for char in printable(text))
