"""run.json of an application that nobody started through `submit`, and the event of its start."""

from __future__ import annotations

import getpass
import os
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sparklineage.journal import FORMAT
from sparklineage.model import event as ol
from sparklineage.model.clock import now_ms
from sparklineage.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sparklineage.config import Settings
    from sparklineage.journal import RunFolder
    from sparklineage.model.parent import Parent


def start_of(record: Mapping[str, Any]) -> ol.Event:
    """The application's START, by its run.json."""
    parent, job = record["parent"], record["job"]
    return ol.make(
        "START",
        time=record["startedAt"],
        run=record["runId"],
        job=(job["namespace"], job["name"]),
        run_facets={"parent": ol.facet("1-2-0/ParentRunFacet", **parent)} if parent else {},
        job_facets={"jobType": ol.job_type_facet("APPLICATION")},
    )


def run_record(
    folder: RunFolder,
    settings: Settings,
    environ: Mapping[str, str],
    job: tuple[str, str],
    parent: Parent | None,
    *,
    named: bool = False,
) -> dict[str, Any]:
    """The content of run.json; `job` is namespace and name, and `named` whether somebody chose the name."""
    backend = settings.backend.value
    return {
        "format": FORMAT,
        "runId": folder.run_id,
        "job": {"namespace": job[0], "name": job[1]},
        "named": named,
        "parent": parent.facet() if parent else None,
        "governance": dict(settings.governance) or None,
        "startedAt": now_ms(),
        "sparkVersion": None,
        "scalaVersion": None,
        "agentVersion": None,
        "agent": folder.witness.exists(),
        "witness": folder.witness.exists(),
        "transport": "outbox",
        "backend": backend.key if backend else None,
        # Arguments of a program that is none of ours may hold anything.
        "command": [Path(sys.executable or "python").name, *sys.argv[:1]],
        "user": _user(environ),
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "toolkit": VERSION,
    }


def _user(environ: Mapping[str, str]) -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return environ.get("USER") or str(os.getuid())
