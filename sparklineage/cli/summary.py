"""The few lines on stderr that a submit ends with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sparklineage.journal import read_json
from sparklineage.model import event as ol
from sparklineage.model.dataset import Dataset
from sparklineage.relay import arrivals, read_events

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sparklineage.journal import RunFolder
    from sparklineage.relay import Arrival

_MOST = 6


def summary(folder: RunFolder, *, seconds: float, notes: Sequence[str], journal_flag: str) -> list[str]:
    """Label and text of each line, from what the journal holds now. `seconds` is the job's own time."""
    settled = read_json(folder.settled) or {}
    outcome = read_json(folder.outcome) or {}
    run = read_json(folder.run) or {}
    events = read_events(folder)
    job = run.get("job") or {}
    state = str(outcome.get("state") or settled.get("state") or "unknown")
    lines = [
        _line("run", folder.run_id),
        _line("job", f"{job.get('name')}  (namespace {job.get('namespace')})"),
        _line("state", f"{state} after {duration(seconds)}"),
    ]
    if message := outcome.get("message"):
        lines.append(_line("error", str(message).strip().splitlines()[0][:200]))
    inputs, outputs = _sides(events)
    lines += [_line("inputs", _named(inputs)), _line("outputs", _named(outputs))]
    lines.append(_line("events", _events(int(settled.get("events") or len(events)), arrivals(folder), journal_flag)))
    if closed := settled.get("closed"):
        lines.append(_line("closed", f"{closed} run{'s' * (closed != 1)} that the agent left open"))
    lines += _coverage(settled)
    if corrupt := settled.get("corrupt"):
        places = ", ".join(f"{file} line {', '.join(map(str, found[:5]))}" for file, found in corrupt.items())
        lines.append(_line("damaged", f"{sum(map(len, corrupt.values()))} journal lines skipped: {places}"))
    lines += [_line("note", note) for note in notes]
    lines.append(_line("journal", str(folder.path)))
    return lines


def duration(seconds: float) -> str:
    """`4.2 s`, `3 min 07 s`, `2 h 05 min`."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"


def _line(label: str, text: str) -> str:
    return f"{label:<9} {text}"


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


def _named(names: Mapping[str, bool]) -> str:
    if not names:
        return "none"
    shown = [name + (" (declared)" if mark else "") for name, mark in names.items()]
    if len(shown) > _MOST:
        shown = [*shown[:_MOST], f"and {len(shown) - _MOST} more"]
    return f"\n{' ' * 10}".join(shown)


def _events(written: int, found: Sequence[Arrival], journal_flag: str) -> str:
    if not found:
        return f"{written} written; no backend is configured, the journal keeps them"
    parts = [f"{written} written"]
    for item in found:
        parts.append(f"{item.delivered} delivered to {item.url}")
        if item.refused:
            parts.append(f"{item.refused} refused (dead letters in delivery/)")
        parts.append(f"{item.waiting} waiting")
    text = ", ".join(parts)
    if any(item.waiting for item in found):
        reason = next((item.error for item in found if item.waiting and item.error), None)
        text += f" ({reason})" if reason else ""
        text += f"\n{' ' * 10}send them with: sparklineage relay drain{journal_flag}"
    return text


def _coverage(settled: Mapping[str, Any]) -> list[str]:
    coverage = settled.get("coverage") or {}
    queries, reported = coverage.get("queries", 0), coverage.get("reported", 0)
    if not settled.get("witness"):
        return [_line("queries", "unknown: the witness was not loaded, so a failed query may be told as COMPLETE")]
    left = coverage.get("leftOut") or []
    if not left:
        return [_line("queries", f"{reported} of {queries} reported by the agent")]
    lines = [_line("queries", f"{reported} of {queries} reported by the agent; left out:")]
    for item in left[:_MOST]:
        what = " · ".join(filter(None, (item.get("description"), item.get("command"))))
        step = item.get("step")
        lines.append(f"{' ' * 12}{what}" + (f"  → named by step {step!r}" if step else ""))
    if len(left) > _MOST:
        lines.append(f"{' ' * 12}and {len(left) - _MOST} more")
    if any(not item.get("step") for item in left):
        lines.append(
            f'{" " * 10}name their datasets in the job: with sparklineage.step(spark, "NAME", inputs=[…], outputs=[…]):'
        )
    return lines
