"""What the job itself declared, step by step."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sparklineage.model.dataset import Dataset
from sparklineage.model.event import datasets
from sparklineage.relay.batches import gather
from sparklineage.relay.witnessed import in_plans

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

_MOST = 100
"""Datasets of one side that are remembered of a stream's batches; a source of files may name each of them."""
_DEEPEST = 50
"""Steps that a query belongs to at most: its own, and those around it whose declarations it gets."""


@dataclass
class Step:
    """One block of `sparklineage.step`; times in milliseconds."""

    id: str
    name: str
    start: int
    parent: str | None = None
    end: int | None = None
    error: dict[str, Any] | None = None
    inputs: dict[Dataset, Dataset] = field(default_factory=dict)
    outputs: dict[Dataset, Dataset] = field(default_factory=dict)
    """By namespace and name; what is told twice has the facets of both."""
    inherits: bool = True
    """Whether its queries get what the step around it declares, too."""
    run_facets: dict[str, Any] = field(default_factory=dict)
    job_facets: dict[str, Any] = field(default_factory=dict)
    told: bool = False
    """Whether its own runs have been decided on."""
    stream: str | None = None
    """Of a step that lasts as long as a streaming query: the query's id, or an empty text."""
    remote: bool = False
    """Whether it is one of a client of Spark Connect, of whose queries no witness tells."""
    begun: bool = False
    """Whether the start of its run has been told."""
    progress: list[int] = field(default_factory=list)
    """When it had something to say that has not been told."""
    seen: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    """What the agent has reported of its batches since then, as events have it, by side and key."""
    names: dict[str, dict[str, None]] = field(default_factory=dict)
    """The keys of all that it has ever reported of them, by side."""
    inside: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    """What was declared inside of its batches since then, as events have it, by side and key."""
    gathered: dict[str, dict[str, str]] = field(default_factory=dict)
    """By side and key, in which words it was declared there last."""
    folded: bool = False
    """Whether what it declares is on the run of a streaming query, for it was inside of a batch."""
    tagged: bool = False
    """Whether DataFrames are tagged with it, which may be executed when it is long over."""
    is_block: bool = True
    """Whether it was ever open; functions and tags with datasets of their own were not."""
    is_call: bool = False
    """Whether it stands for the call of a function outside of any step."""

    @property
    def declares(self) -> bool:
        """Whether there is anything that must not be dropped."""
        return bool(self.inputs or self.outputs)

    @property
    def is_awaited(self) -> bool:
        """Whether the ends of its queries wait for what it may still declare."""
        return self.end is None and self.stream is None

    def see(self, event: Mapping[str, Any], *, has_written: bool) -> None:
        """Take in what the agent reports of a batch, no outputs of what writes nothing; of very many the first.

        A batch as a whole names each file that it reads, and the queries inside of it their folder: the folder will do.
        """
        for side in ("inputs", "outputs") if has_written else ("inputs",):
            found, names = self.seen.setdefault(side, {}), self.names.setdefault(side, {})
            for item in datasets(event, side):
                key = f"{item.get('namespace')}\n{str(item.get('name')).rstrip('/')}"
                if key in names or (len(names) < _MOST and not any(above in names for above in _above(key))):
                    names[key] = None
                    found[key] = item
            for key in [key for key in found if any(above in names for above in _above(key))]:
                del found[key], names[key]

    def holds(self, time: int) -> bool:
        return self.is_block and self.start <= time and (self.end is None or time <= self.end)


@dataclass
class Steps:
    """Every step of one application, in the order of their start."""

    by_id: dict[str, Step] = field(default_factory=dict)
    functions: dict[tuple[str, str], Step] = field(default_factory=dict)
    """What functions and data sources declare, by kind (`function`, `source`) and name."""
    streams: dict[str, list[str]] = field(default_factory=dict)
    """The steps of each streaming query, by its id."""
    size: int = 0
    """Bytes of the records that this holds."""
    sizes: dict[str, int] = field(default_factory=dict)
    """Those of each step."""
    calls: set[str] = field(default_factory=set)
    """The calls that have runs of their own; equal ones need no more."""
    named: dict[str, set[str]] = field(default_factory=dict)
    """By the id of a function, those under which plans show it, other than its own name."""
    earlier: set[str] = field(default_factory=set)
    """Ids of steps and functions that count on queries alone, and have no runs of their own: for who looks at a part of
    an application, what was declared before that."""

    def feed(self, record: Mapping[str, Any], size: int = 0) -> None:
        """Take in one record of steps.ndjson, of so many bytes; one that is damaged is passed over."""
        self.size += size
        if isinstance(record.get("step"), str):
            self.sizes[record["step"]] = self.sizes.get(record["step"], 0) + size
        number, time = record.get("step"), record.get("time")
        if record.get("type") == "function":
            self._function(record)
            return
        if not isinstance(number, str) or not isinstance(time, int):
            return
        kind = record.get("type")
        if kind == "stepStart":
            parent = record.get("parentStep")
            self.by_id[number] = Step(
                number,
                str(record.get("name") or "step"),
                time,
                parent if isinstance(parent, str) else None,
                inherits=record.get("inherits") is not False,
                is_call=record.get("function") is True,
                remote=record.get("remote") is True,
            )
            stream = record.get("stream")
            if isinstance(stream, str):
                self.by_id[number].stream = stream
                self.streams.setdefault(stream, []).append(number)
        elif kind == "stepTagged" and number not in self.by_id:
            name = str(record.get("name") or "tag")
            self.by_id[number] = Step(number, name, time, end=time, inherits=False, is_block=False)
        found = self.by_id.get(number)
        if found is None:
            return
        found.tagged = found.tagged or kind == "stepTagged"
        if kind in ("stepStart", "stepDatasets", "stepTagged"):
            _add(found.inputs, record.get("inputs"))
            _add(found.outputs, record.get("outputs"))
        elif kind == "stepFacets":
            found.run_facets |= _objects(record.get("run"))
            found.job_facets |= _objects(record.get("job"))
        elif kind == "stepProgress":
            found.progress.append(time)
        elif kind == "stepEnd":
            found.end = time
            error = record.get("error")
            found.error = error if isinstance(error, dict) else None
            stream = self.stream_around(found)
            if stream is not None and stream.end is None:
                found.folded = gather(stream, found)

    def forget(self, gone: Iterable[str]) -> None:
        """Let go of the steps of these ids."""
        for number in gone:
            self.by_id.pop(number, None)
            self.size -= self.sizes.pop(number, 0)

    def of_batch(self, query: str, start: int, end: int | None) -> Step | None:
        """The step that this batch of a query is part of; the step begins within the first one."""
        for number in self.streams.get(query, ()):
            step = self.by_id.get(number)
            if step is not None and (end is None or step.start <= end) and (step.end is None or start <= step.end):
                return step
        return None

    def stream_around(self, step: Step) -> Step | None:
        """The step of the streaming query in whose batch this block was; None of one that is no part of any."""
        seen: set[str] = set()
        while self.streams and step.stream is None and step.parent is not None and step.id not in seen:
            seen.add(step.id)
            above = self.by_id.get(step.parent)
            if above is None:
                return None
            if above.stream is not None:
                return above
            step = above
        return None

    def get(self, number: str | None) -> Step | None:
        return self.by_id.get(number) if number else None

    def is_told_by_name(self, function: Step, reached: Collection[str]) -> bool:
        """Whether queries have it by another name, such as that in SQL; `reached` are the ids of what they have."""
        return not self.named.get(function.id, set()).isdisjoint(reached)

    def is_told_by_blocks(self, function: Step) -> bool:
        """Whether blocks declare all that the function does."""
        blocks = [step for step in self.by_id.values() if step.is_block and step.id not in self.earlier]
        read = {dataset for step in blocks for dataset in step.inputs}
        written = {dataset for step in blocks for dataset in step.outputs}
        return read >= function.inputs.keys() and written >= function.outputs.keys()

    def is_repeated(self, call: Step) -> bool:
        """Whether a call of the same function with the same datasets and the same kind of error was here before."""
        keys = [sorted((item.namespace, item.name) for item in side) for side in (call.inputs, call.outputs)]
        text = json.dumps([call.name, *keys, call.error.get("type") if call.error else None])
        key = hashlib.sha256(text.encode(errors="replace")).hexdigest()
        if key in self.calls:
            return True
        self.calls.add(key)
        return False

    def around(self, step: Step | None) -> list[Step]:
        """The step, and those whose declarations its queries get, from the inside out; of very many the innermost."""
        found: dict[str, Step] = {}
        # A damaged file may name a step as its own parent.
        while step is not None and step.id not in found and len(found) < _DEEPEST:
            found[step.id] = step
            step = self.by_id.get(step.parent) if step.parent and step.inherits else None
        return list(found.values())

    def _function(self, record: Mapping[str, Any]) -> None:
        kind, name, time = record.get("kind"), record.get("name"), record.get("time")
        if not isinstance(kind, str) or not isinstance(name, str) or not isinstance(time, int):
            return
        # Queries get it by the name that stands in their plans.
        new = Step(f"{kind}:{name}", name, time, end=time, is_block=False)
        found = self.functions.setdefault((kind, in_plans(kind, name)), new)
        of = record.get("of")
        if isinstance(of, str) and of != name:
            self.named.setdefault(f"{kind}:{of}", set()).add(found.id)
        _add(found.inputs, record.get("inputs"))
        _add(found.outputs, record.get("outputs"))

    def at(self, time: int) -> Step | None:
        """The step that was surely open at this moment: none where several stood open side by side."""
        held = [step for step in self.by_id.values() if step.holds(time)]
        if not held:
            return None
        innermost = held[-1]
        enclosing: set[str] = set()
        step: Step | None = innermost
        while step is not None and step.id not in enclosing:
            enclosing.add(step.id)
            step = self.by_id.get(step.parent) if step.parent else None
        return innermost if all(item.id in enclosing for item in held) else None


def _above(key: str) -> Iterator[str]:
    """The keys of the folders that this is in."""
    namespace, _, name = key.partition("\n")
    while folder := name.rpartition("/")[0]:
        name = folder
        yield f"{namespace}\n{name}"


def _add(found: dict[Dataset, Dataset], items: object) -> None:
    for item in items if isinstance(items, list) else ():
        if not isinstance(item, dict):
            continue
        namespace, name = item.get("namespace"), item.get("name")
        if not isinstance(namespace, str) or not isinstance(name, str) or not (namespace or name):
            continue
        key = Dataset(namespace, name)
        facets = (_objects(item.get(place)) for place in ("facets", "inputFacets", "outputFacets"))
        found[key] = found.get(key, key).joined(Dataset(namespace, name, *facets))


def _objects(found: object) -> dict[str, Any]:
    if not isinstance(found, dict):
        return {}
    return {name: value for name, value in found.items() if isinstance(name, str) and isinstance(value, dict)}
