"""Names that a person can read at a glance, without two things ever getting the same one."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sparklineage.graph.nodes import JobNode, Key

# Their dots and slashes are part of one name and no path.
_FLAT = ("kafka:", "eventhub:", "pubsub:")


def dataset_labels(keys: Iterable[Key], *, full: bool = False) -> dict[Key, str]:
    """A label for every dataset: the last two parts of its path, more where two would look alike.

    `file`, `/lake/bronze/flights` → `bronze/flights`; with `full` the whole URI.
    """
    return _shortest({key: _dataset_ladder(key)[-2:] if full else _dataset_ladder(key) for key in keys})


def job_labels(jobs: Iterable[JobNode], *, full: bool = False) -> dict[Key, str]:
    """A label for every job: its name without the application's and without Spark's command.

    `etl.execute_save_into_data_source_command.bronze_flights` → `bronze_flights`, as far as that is unique.
    """
    return _shortest({job.key: _job_ladder(job)[-2:] if full else _job_ladder(job) for job in jobs})


def _dataset_ladder(key: Key) -> list[str]:
    namespace, name = key
    mark = "/" if "/" in name else "."
    parts = [name] if namespace.startswith(_FLAT) else name.strip(mark).split(mark)
    # One part says too little (`flights` of which layer?); the folder around it is worth its place.
    suffixes = [mark.join(parts[-size:]) for size in range(min(2, len(parts)), len(parts) + 1)]
    return [rung for rung in (*suffixes, name, _uri(namespace, name), f"{namespace} {name}") if rung]


def _uri(namespace: str, name: str) -> str:
    if "://" in namespace:
        return f"{namespace.rstrip('/')}/{name.lstrip('/')}"
    return f"{namespace}:{name}"


def _job_ladder(job: JobNode) -> list[str]:
    ladder = []
    application = job.application[1] if job.application else ""
    if application and job.name.startswith(f"{application}."):
        rest = job.name[len(application) + 1 :]
        command, _, suffix = rest.partition(".")
        if suffix and command and job.kind != "step":
            ladder += [suffix, rest, f"{application}: {suffix}"]
        else:
            ladder.append(rest)
    return [*ladder, job.name, f"{job.namespace} {job.name}"]


def _shortest(ladders: Mapping[Key, Sequence[str]]) -> dict[Key, str]:
    """The lowest rung of each ladder that no other ladder stands on; the last where there is none."""
    step = dict.fromkeys(ladders, 0)
    while True:
        labels = {key: ladders[key][step[key]] for key in ladders}
        count = Counter(labels.values())
        climb = [key for key in ladders if count[labels[key]] > 1 and step[key] + 1 < len(ladders[key])]
        if not climb:
            return labels
        for key in climb:
            step[key] += 1
