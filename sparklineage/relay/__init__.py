"""From the journal to the backend: read → enrich → settle → deliver.

Standard library, `sparklineage.journal` and `sparklineage.model` only: this package travels to cluster nodes.
"""

from sparklineage.relay.deliver import Delivery
from sparklineage.relay.drain import Drained, drain, folders_for
from sparklineage.relay.follow import Follower
from sparklineage.relay.record import Outcome, RunRecord
from sparklineage.relay.settle import Settler
from sparklineage.relay.sinks.http import HttpSink
from sparklineage.relay.status import Arrival, RunStatus, arrivals, read_events, status

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
