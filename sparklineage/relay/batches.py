"""What is declared inside of the batches of a streaming query: it is on the query's own run.

The runs that the agent reports of the batches are part of that one, so what they would have had is there, too.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from sparklineage.model import event as ol

if TYPE_CHECKING:
    from sparklineage.model.dataset import Dataset
    from sparklineage.relay.match import Matcher
    from sparklineage.relay.steps import Step

_MOST_KNOWN = 1_000
"""Datasets of one side that are known to be told; of a stream that names a new one in each batch the latest."""


def gather(stream: Step, part: Step) -> bool:
    """Have the next event of the stream's run name what this one declares. False where there is none any more.

    What it has named already in the same words it does not name again.
    """
    if stream.told:
        return False
    for side, found in (("inputs", part.inputs), ("outputs", part.outputs)):
        waiting, known = stream.inside.setdefault(side, {}), stream.gathered.setdefault(side, {})
        for item in found.values():
            key, words = f"{item.namespace}\n{item.name}", _words(item)
            if known.pop(key, None) != words:
                before = [waiting[key]] if key in waiting else []
                more = ol.with_declared({side: before}, side, [ol.declared(item, part.name, side)])
                waiting[key] = more[side][0]
            known[key] = words
            if len(known) > _MOST_KNOWN:
                del known[next(iter(known))]
    return True


def fold(match: Matcher, *, is_last: bool = False) -> set[str]:
    """Gather what tags and functions declare for the queries of batches that have ended. Returns whose datasets the
    runs of streams have now, by id. Nested steps are gathered as they end, and if this `is_last`, those still open.
    """
    found: set[str] = set()
    if not match.steps.streams:
        return found
    for item in match.witnessed.executions.values():
        if item.folded or (item.end is None and not is_last):
            continue
        item.folded = True
        stream = match.stream_of(item)
        for part in match.declaring(item) if stream is not None else ():
            is_other = part.stream is None and match.steps.stream_around(part) is None
            if stream is not None and is_other and gather(stream, part) and not part.is_awaited:
                found.add(part.id)
    for part in match.steps.by_id.values() if is_last else ():
        stream = match.steps.stream_around(part) if part.end is None else None
        if stream is not None:
            part.folded = gather(stream, part)
    return found


def _words(item: Dataset) -> str:
    """A short text, equal for what says the same of a dataset."""
    facets = [dict(found) for found in (item.facets, item.input_facets, item.output_facets)]
    if not any(facets):
        return ""
    return hashlib.sha256(json.dumps(facets, sort_keys=True).encode(errors="replace")).hexdigest()
