"""Namespaces of datasets as Marquez takes them."""

from __future__ import annotations

import json
import re
from typing import Any

# Marquez puts an underscore in a job's namespace itself. For a dataset's it refuses the whole event, or takes
# it in a START or a symlink and fails from then on whenever somebody lists the namespaces.
_NOT_TAKEN = re.compile(r"[^a-zA-Z0-9:;=/_\-.@+]")
# A look at the text is ten times as fast as reading it. A backslash may hide how the key or the value is spelt.
_SUSPECT = re.compile(rb'"namespace"\s*:\s*"[a-zA-Z0-9:;=/_\-.@+]*[^a-zA-Z0-9:;=/_\-.@+"]|\\u00[67]')


def respelt(event: bytes) -> bytes | None:
    """The event with an underscore for each character that Marquez takes in no dataset's namespace.

    None where that changes nothing. What refers to a dataset, such as column lineage, is spelt like it.
    """
    if not _SUSPECT.search(event):
        return None
    try:
        found: Any = json.loads(event)
    except ValueError:
        return None
    if not isinstance(found, dict):
        return None
    changed = {**found, **{side: _clean(found[side]) for side in ("inputs", "outputs") if side in found}}
    if changed == found:
        return None
    return json.dumps(changed, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")


def _clean(value: Any) -> Any:
    if isinstance(value, list):
        return [_clean(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: _NOT_TAKEN.sub("_", item) if key == "namespace" and isinstance(item, str) else _clean(item)
        for key, item in value.items()
    }
