"""The journal: one folder per application run, every file with one writer, nothing rewritten in place.

    <journal>/<run id>/
        run.json          who this application is                         written by `submit`, before launch
        agent.ndjson      the agent's events, one a line                  the agent (its `file` transport)
        witness.ndjson    what Spark knows of queries and jobs            the witness
        steps.ndjson      what `sparklineage.step` declared               the Python driver
        outcome.json      how the application ended                       `submit`, after the driver is gone
        exit-status       the driver's exit status, where that tells      the driver, as its last act
        events.ndjson     the events as they are true, in order           the relay
        settled.json      the relay's last word on the events             the relay
        settled-before.json  the same, before another attempt began       the relay
        delivery/<sink>.json, <sink>.refused.ndjson                       the relay
        lock              held by the driver, and by `submit`, while they live
        delivering        held by whoever settles and delivers

In a spool that many users write into, what the relay writes (also `delivering`) lies in a folder of its own. There
a link `spool` says in which folder the run was seen.
A torn last line is no error. The records of each file are described in docs/journal.md.
Standard library and `sparklineage.model` only: this package travels to cluster nodes.
"""

from sparklineage.journal.access import ForeignError
from sparklineage.journal.folder import FORMAT, RunFolder, default_root, run_folders
from sparklineage.journal.lock import DeliveryLock, RunLock
from sparklineage.journal.read import LineReader, read_json
from sparklineage.journal.reserve import Reserve
from sparklineage.journal.write import (
    append_line,
    create_folder,
    make_state,
    sync,
    write_cursor,
    write_durably,
    write_json,
)

__all__ = [
    "FORMAT",
    "DeliveryLock",
    "ForeignError",
    "LineReader",
    "Reserve",
    "RunFolder",
    "RunLock",
    "append_line",
    "create_folder",
    "default_root",
    "make_state",
    "read_json",
    "run_folders",
    "sync",
    "write_cursor",
    "write_durably",
    "write_json",
]
