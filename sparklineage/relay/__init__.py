"""From the journal to the backend: read → enrich → settle → deliver.

Standard library, `sparklineage.journal` and `sparklineage.model` only: this package travels to cluster nodes.
"""

from __future__ import annotations

from sparklineage.relay.deliver import Delivery
from sparklineage.relay.drain import Drained, drain, folders_for
from sparklineage.relay.follow import Follower
from sparklineage.relay.record import Outcome, RunRecord
from sparklineage.relay.settle import Settler
from sparklineage.relay.status import Arrival, RunStatus, arrivals, read_events, status

TYPE_CHECKING = False  # type checkers take this for typing's own
if TYPE_CHECKING:
    from sparklineage.relay.sinks.http import HttpSink

__all__ = [
    "Arrival",
    "Delivery",
    "Drained",
    "Follower",
    "HttpSink",
    "Outcome",
    "RunRecord",
    "RunStatus",
    "Settler",
    "arrivals",
    "drain",
    "folders_for",
    "read_events",
    "status",
]


def __getattr__(name: str) -> object:
    # HTTP and TLS take longer to import than all the rest, and only whoever delivers needs them.
    if name != "HttpSink":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from sparklineage.relay.sinks.http import HttpSink  # noqa: PLC0415

    globals()[name] = HttpSink
    return HttpSink
