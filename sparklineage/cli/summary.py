"""The few lines on stderr that a submit ends with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from sparklineage.assemble.unexecuted import unexecuted_of
from sparklineage.errors import JournalError
from sparklineage.journal import read_json
from sparklineage.model import event as ol
from sparklineage.model.dataset import Dataset
from sparklineage.relay import arrivals, read_events

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from sparklineage.journal import RunFolder
    from sparklineage.relay import Arrival

_WIDEST = 160
"""Characters of a query's description."""
_MOST = 6


def summary(
    folder: RunFolder,
    *,
    seconds: float,
    notes: Sequence[str],
    journal_flag: str,
    outcome: Mapping[str, Any] | None = None,
    backend: str | None = None,
    sender: str | None = None,
) -> str:
    """What happened, in a few lines, from what the journal holds now.

    `seconds` is the job's own time. `outcome` is the content of outcome.json as it should be: on a full disk the
    file is missing. `backend` is the address that the run was to be delivered to, as it may be shown;
    `sender` the transport by which the agent itself sent its events, if it did.
    """
    damaged: list[str] = []
    settled = _read(folder.settled, damaged)
    run = _read(folder.run, damaged)
    ended = outcome or _read(folder.outcome, damaged)
    state = str(ended.get("state") or settled.get("state") or "unknown")
    lines = _Lines(f"sparklineage: {state} after {duration(seconds)}")
    if message := ended.get("message"):
        lines.add("error", *str(message).strip().splitlines()[:_MOST])
    if run:
        job = run.get("job") or {}
        lines.add("job", f"{job.get('name')} (namespace {job.get('namespace')})")
    lines.add("run", folder.run_id)
    is_gone = not folder.run.exists()
    if not is_gone:
        told = _Told(journal_flag=journal_flag, backend=backend, sender=sender)
        _lineage(lines, folder, settled=settled, run=run, told=told, damaged=damaged)
    if corrupt := settled.get("corrupt"):
        places = ", ".join(f"{file} line {', '.join(map(str, found[:5]))}" for file, found in corrupt.items())
        damaged.append(f"{sum(map(len, corrupt.values()))} journal lines skipped: {places}")
    lines.add("damaged", *damaged)
    for note in notes:
        lines.add("note", note)
    gone = ": it was deleted while the job ran, its lineage is lost but for what was delivered before"
    lines.add("journal", f"{folder.path}{gone if is_gone else ''}")
    return "\n".join(lines.all) + "\n"


def _read(path: Path, damaged: list[str]) -> Mapping[str, Any]:
    """The content of a file, empty where there is none; why it cannot be read is added to `damaged`."""
    try:
        return read_json(path) or {}
    except (JournalError, OSError) as error:
        damaged.append(str(error))
        return {}


def _lineage(
    lines: _Lines,
    folder: RunFolder,
    *,
    settled: Mapping[str, Any],
    run: Mapping[str, Any],
    told: _Told,
    damaged: list[str],
) -> None:
    """Datasets, events and queries: what the journal has of them."""
    is_theirs = run.get("transport") == "user"
    try:
        events, found = read_events(folder), arrivals(folder)
    except (JournalError, OSError) as error:
        damaged.append(str(error))
        return
    inputs, outputs = _sides(events)
    for side, names in (("inputs", inputs), ("outputs", outputs)):
        lines.add(side, *(["not known here"] if is_theirs and not names else _named(names)))
    written = settled.get("events")
    count = f"{written} written" if isinstance(written, int) else "the journal could not be written to its end"
    lines.add("events", *_events(count, bool(settled), found, told))
    if closed := settled.get("closed"):
        lines.add("closed", f"{closed} run{'s' * (closed != 1)} that the agent left open")
    if is_theirs:
        by = f"by {sender}" if (sender := told.sender) else "over your own transport"
        lines.add("queries", f"not known here: the agent sends its events itself, {by}")
    elif settled:
        lines.add("queries", *_coverage(settled, run))
        lines.add("steps", *unexecuted_of(settled))


class _Told(NamedTuple):
    """What the journal does not say of the delivery."""

    journal_flag: str
    backend: str | None
    sender: str | None


class _Lines:
    """A heading, and below it labels with one or more lines each."""

    def __init__(self, heading: str) -> None:
        self.all = [heading]

    def add(self, label: str, *texts: str) -> None:
        for place, text in enumerate(texts):
            self.all.append(f"  {label if place == 0 else '':<8} {text}".rstrip())


def duration(seconds: float) -> str:
    """`4.2 s`, `3 min 07 s`, `2 h 05 min`."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"


def _sides(events: Iterable[Mapping[str, Any]]) -> tuple[dict[str, bool], dict[str, bool]]:
    """What the application read from outside and what it wrote: address → declared by a step."""
    found: dict[str, dict[str, bool]] = {"inputs": {}, "outputs": {}}
    for event in events:
        for side, names in found.items():
            for item in ol.datasets(event, side):
                name = Dataset(str(item.get("namespace")), str(item.get("name"))).uri
                facets = item.get("facets")
                is_declared = isinstance(facets, dict) and ol.DECLARED in facets
                names[name] = names.get(name, True) and is_declared
    inputs = {name: mark for name, mark in found["inputs"].items() if name not in found["outputs"]}
    return inputs, found["outputs"]


def _named(names: Mapping[str, bool]) -> list[str]:
    if not names:
        return ["none"]
    shown = [name + (" (declared)" if mark else "") for name, mark in names.items()]
    return [*shown[:_MOST], f"and {len(shown) - _MOST} more"] if len(shown) > _MOST else shown


def _events(count: str, is_settled: bool, found: Sequence[Arrival], told: _Told) -> list[str]:
    backend, journal_flag = told.backend, told.journal_flag
    if not found and backend is None and told.sender:
        kept = ", the journal keeps them" if is_settled else ""
        return [
            f"{count} by the toolkit itself{kept}",
            f"the agent delivers its own by {told.sender}; whether they arrive is not known here",
        ]
    if not found and backend is None:
        return [f"{count}; no backend is configured" + (", the journal keeps them" if is_settled else "")]
    if not found and not is_settled:
        return [f"0 delivered to {backend} (the journal could not be written)"]
    if not found:
        return [
            f"{count}, 0 delivered to {backend} (the relay did not start)",
            f"send them with: sparklineage relay drain --all{journal_flag}",
        ]
    lines = []
    for item in found:
        refused = f", {item.refused} refused (dead letters in delivery/)" if item.refused else ""
        reason = f" ({item.error})" if item.waiting and item.error else ""
        lines.append(f"{count}, {item.delivered} delivered to {item.url}{refused}, {item.waiting} waiting{reason}")
    if any(item.waiting for item in found):
        lines.append(f"send them with: sparklineage relay drain{journal_flag}")
    return lines


def _one_line(found: object) -> str:
    """A description of Spark's: that of a query over Spark Connect is its plan, over many lines."""
    line = " ".join(str(found or "").split())
    return line if len(line) <= _WIDEST else line[: _WIDEST - 1] + "…"


def _coverage(settled: Mapping[str, Any], run: Mapping[str, Any]) -> list[str]:
    coverage = settled.get("coverage") or {}
    queries, reported = coverage.get("queries", 0), coverage.get("reported", 0)
    if not settled.get("witness"):
        reason = (
            "Spark did not start a context, or the application sets spark.extraListeners itself"
            if run.get("witness")
            else "its JAR could not be listed"
        )
        return [f"unknown, the witness was not loaded: {reason}"]
    left = coverage.get("leftOut") or []
    if not left:
        return [f"{reported} of {queries} reported by the agent"]
    lines = [f"{reported} of {queries} reported by the agent; it left out:"]
    for item in left[:_MOST]:
        what = " · ".join(filter(None, (_one_line(item.get(key)) for key in ("description", "command"))))
        step = item.get("step")
        lacks = "what was written by " if item.get("what") == "output" else ""
        lines.append(f"  {lacks}{what}" + (f" (named by the step {step!r})" if step else ""))
    if len(left) > _MOST:
        lines.append(f"  and {len(left) - _MOST} more")
    if any(not item.get("step") for item in left):
        lines.append('name their datasets: with sparklineage.step(spark, "NAME", inputs=[…], outputs=[…]):')
    return lines
