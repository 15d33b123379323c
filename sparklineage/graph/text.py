"""The graph as text for a terminal: job by job, what it reads on its left, what it writes on its right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sparklineage.graph.cells import Look, cells, cut, duration, printable
from sparklineage.graph.flow import flow_order
from sparklineage.graph.glyphs import ASCII, COLORS, DRAWN
from sparklineage.graph.names import dataset_labels, job_labels

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sparklineage.graph.nodes import Edge, Graph, JobNode, Key

_INDENT = "  "


def draw(graph: Graph, look: Look, *, full: bool = False) -> str:
    """The drawing, lines separated by newlines; with `full` every name is written out.

    In columns where `look.width` allows it, else stacked. A dataset that is read before the job that writes
    it is drawn carries a mark, so that a circle ends where it began.
    """
    return "\n".join(_Drawing(graph, look, full=full).lines()).rstrip("\n")


class _Drawing:
    def __init__(self, graph: Graph, look: Look, *, full: bool) -> None:
        self.graph, self.look = graph, look
        self.glyphs = DRAWN if look.unicode else ASCII
        self.datasets = {
            key: printable(label)
            for key, label in dataset_labels((node.key for node in graph.datasets), full=full).items()
        }
        self.groups = _groups(graph)
        # The application stands above its jobs, so their names need to differ among themselves alone.
        self.jobs = {
            key: printable(label) for _, jobs in self.groups for key, label in job_labels(jobs, full=full).items()
        }
        self.again = self._read_before_written()
        self.left = max((cells(self._input(edge)) for edge in graph.edges if edge.direction == "input"), default=0)
        self.middle = max((cells(self._job(job)) for job in graph.jobs), default=0)
        right = max((cells(self.datasets[e.dataset]) for e in graph.edges if e.direction == "output"), default=0)
        self.columns = len(_INDENT) + self.left + 6 + self.middle + 6 + right <= look.width

    def lines(self) -> Iterator[str]:
        for number, (application, jobs) in enumerate(self.groups):
            if number:
                yield ""
            head = list(self._head(application))
            yield from [*head, ""] if head and jobs else head
            above = 0
            for job in jobs:
                block = list(self._block(job) if self.columns else self._stack(job))
                # Single lines form a list; whatever has more lines stands alone.
                if above and len(block) + above > 2:
                    yield ""
                above = len(block)
                yield from (_INDENT + line.rstrip() for line in block)
        yield from self._legend()

    def _head(self, application: JobNode | Key | None) -> Iterator[str]:
        if application is None:
            if len(self.groups) > 1:
                yield self.look.paint("without an application", "dim")
            return
        if isinstance(application, tuple):
            yield self.look.paint(printable(application[1]), "bold")
            return
        took = duration(application.duration_ms)
        state = " ".join(part for part in (self._state(application), took) if part)
        yield f"{self.look.paint(printable(application.name), 'bold')}  {state}"
        if application.error:
            yield from self._error(application, "")

    def _block(self, job: JobNode) -> Iterator[str]:
        ins, outs = self.graph.inputs(job), self.graph.outputs(job)
        for row in range(max(len(ins), len(outs), 1)):
            yield self._left(ins, row) + self._middle(job, row, outs) + self._right(outs, row)
        if job.error or job.state == "FAIL":
            yield from self._error(job, _INDENT)

    def _left(self, edges: Sequence[Edge], row: int) -> str:
        g = self.glyphs
        if row >= len(edges):
            return " " * (self.left + 6 if self.left else 0)
        edge = edges[row]
        name = self._input(edge)
        line = g.declared if edge.declared else g.seen
        stem = g.declared if all(edge.declared for edge in edges) else g.seen
        if len(edges) == 1:
            corner = line
        else:
            corner = g.first if row == 0 else g.last_in if row == len(edges) - 1 else g.middle_in
        wire = line * (self.left - cells(name) + 1) + corner
        end = f"{stem}{g.arrow} " if row == 0 else "   "
        return f"{self._dataset(edge.dataset, name)} {self._wire(wire + end.rstrip())}{end[len(end.rstrip()) :]}"

    def _middle(self, job: JobNode, row: int, outs: Sequence[Edge]) -> str:
        if row:
            return " " * self.middle
        cell = self._job(job)
        style = COLORS[job.state] if job.state != "COMPLETE" else ("bold",)
        painted = self.look.paint(cell, *style)
        gap = self.middle - cells(cell)
        if not outs:
            return painted
        # The wire to the right begins here, so that it reaches the column of the outputs.
        line = self.glyphs.declared if all(edge.declared for edge in outs) else self.glyphs.seen
        return f"{painted} {self._wire(line * (gap + 1))}"

    def _right(self, edges: Sequence[Edge], row: int) -> str:
        g = self.glyphs
        if row >= len(edges):
            return ""
        edge = edges[row]
        line = g.declared if edge.declared else g.seen
        if len(edges) == 1:
            corner = line
        else:
            corner = g.first if row == 0 else g.last_out if row == len(edges) - 1 else g.middle_out
        return f"{'' if row == 0 else '  '}{self._wire(corner + line + g.arrow)} {self._dataset(edge.dataset)}"

    def _stack(self, job: JobNode) -> Iterator[str]:
        yield self.look.paint(self._job(job), *(COLORS[job.state] if job.state != "COMPLETE" else ("bold",)))
        for word, edges in (("reads ", self.graph.inputs(job)), ("writes", self.graph.outputs(job))):
            for edge in edges:
                text = self._input(edge) if edge.direction == "input" else self.datasets[edge.dataset]
                note = self._wire(" (declared)") if edge.declared else ""
                yield f"  {self._wire(word)} {self._dataset(edge.dataset, text)}{note}"
        if job.error or job.state == "FAIL":
            yield from self._error(job, "  ")

    def _error(self, job: JobNode, indent: str) -> Iterator[str]:
        first, _, rest = (job.error or "").strip().partition("\n")
        if first.endswith(":"):
            # "… the last it printed:" says nothing without what follows.
            first = f"{first} {rest.strip().partition(chr(10))[0]}"
        text = f"{job.state}: {printable(first) or 'no message'}"
        room = self.look.width - len(_INDENT) - len(indent)
        yield indent + self.look.paint(cut(text, room, unicode=self.look.unicode), *COLORS[job.state])

    def _job(self, job: JobNode) -> str:
        mark = "" if job.state == "COMPLETE" else f"{self.glyphs.states[job.state]} "
        runs = f" {self.glyphs.times}{job.runs}" if job.runs > 1 else ""
        return f"[{mark}{self.jobs[job.key]}{runs}]"

    def _state(self, job: JobNode) -> str:
        return self.look.paint(f"{self.glyphs.states[job.state]} {job.state}", *COLORS[job.state])

    def _input(self, edge: Edge) -> str:
        mark = f" {self.glyphs.again}" if (edge.job, edge.dataset) in self.again else ""
        return self.datasets[edge.dataset] + mark

    def _dataset(self, key: Key, text: str | None = None) -> str:
        text = self.datasets[key] if text is None else text
        return self.look.paint(text, "cyan") if key not in self.graph.written else text

    def _wire(self, text: str) -> str:
        return self.look.paint(text, "dim")

    def _read_before_written(self) -> set[tuple[Key, Key]]:
        """The (job, input) pairs whose dataset the same job or one further down writes."""
        drawn: set[Key] = set()
        found: set[tuple[Key, Key]] = set()
        writers: dict[Key, set[Key]] = {}
        for edge in self.graph.edges:
            if edge.direction == "output":
                writers.setdefault(edge.dataset, set()).add(edge.job)
        for _, jobs in self.groups:
            for job in jobs:
                for edge in self.graph.inputs(job):
                    if writers.get(edge.dataset, set()) - drawn:
                        found.add((job.key, edge.dataset))
                drawn.add(job.key)
        return found

    def _legend(self) -> Iterator[str]:
        g, notes = self.glyphs, []
        if any(edge.declared for edge in self.graph.edges):
            notes.append(
                f"{f'{g.declared * 2}{g.arrow}' if self.columns else '(declared)'} by hand, with sparklineage.step"
            )
        if self.again:
            notes.append(f"{g.again} also written by this job or one further down")
        if self.graph.folded:
            count = self.graph.folded
            runs = (
                "1 run that only lists files or touches"
                if count == 1
                else f"{count} runs that only list files or touch"
            )
            notes.append(f"not drawn: {runs} no dataset (--all draws them)")
        if notes:
            yield ""
        yield from (self.look.paint(note, "dim") for note in notes)


def _groups(graph: Graph) -> list[tuple[JobNode | Key | None, list[JobNode]]]:
    """The jobs in the order of the data's flow, application by application."""
    applications = {job.key: job for job in graph.applications}
    found: dict[Key | None, list[JobNode]] = {}
    for job in flow_order(graph):
        key = job.key if job.kind == "application" else job.application
        found.setdefault(key, []).append(job)
    for key, job in applications.items():
        # An application that failed before its first query is news all the same.
        if key not in found and (job.state == "FAIL" or not graph.jobs):
            found[key] = []
    return [(applications.get(key, key) if key else None, jobs) for key, jobs in found.items()]
