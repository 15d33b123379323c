"""How far clusters and steps of EMR are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sparklineage.apply.aws import about
from sparklineage.apply.interface import State
from sparklineage.apply.shown import reason

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sparklineage.apply.aws import Service
    from sparklineage.apply.interface import Json

_ENDED = frozenset(("COMPLETED", "CANCELLED", "FAILED", "INTERRUPTED"))
_UP = frozenset(("RUNNING", "WAITING"))
_DOWN = frozenset(("TERMINATED", "TERMINATED_WITH_ERRORS"))
_ABSENT = "EMR keeps clusters for two months"


def of_steps(service: Service, cluster: str, ids: Sequence[str], secrets: tuple[str, ...]) -> State:
    """Of steps together: done when all are, failed when all are and one of them did."""
    asked = about(f"the cluster {cluster}", "elasticmapreduce:DescribeStep", _ABSENT)
    found = [service.ask("DescribeStep", {"ClusterId": cluster, "StepId": one}, asked)["Step"] for one in ids]
    return _together(found, secrets)


def of_cluster(service: Service, cluster: str, secrets: tuple[str, ...], *, steps: bool) -> State:
    """Of a new cluster: done when its steps are, or without any when it is up."""
    asked = about(f"the cluster {cluster}", "elasticmapreduce:DescribeCluster and elasticmapreduce:ListSteps", _ABSENT)
    status: Json = service.ask("DescribeCluster", {"ClusterId": cluster}, asked)["Cluster"]["Status"]
    name, change = str(status.get("State")), status.get("StateChangeReason") or {}
    why = reason(change.get("Message") or change.get("Code") or "", secrets)
    found = list(_listed(service, cluster)) if steps else []
    if found:
        theirs = _together(found, secrets)
        failed = theirs.failed or (name == "TERMINATED_WITH_ERRORS")
        done = theirs.done or name in _DOWN
        return State(text=f"{name}: {theirs.text}", done=done, failed=failed, reason=theirs.reason or why)
    failed = name == "TERMINATED_WITH_ERRORS" or (name in _DOWN and steps)
    return State(text=name, done=name in (_DOWN if steps else _DOWN | _UP), failed=failed, reason=why)


def _listed(service: Service, cluster: str) -> Iterator[Json]:
    """The steps, the first one first, which is not how EMR lists them."""
    asked = about(f"the cluster {cluster}", "elasticmapreduce:ListSteps", _ABSENT)
    found: list[Json] = []
    more: dict[str, str] = {}
    while True:
        page = service.ask("ListSteps", {"ClusterId": cluster, **more}, asked)
        found += page.get("Steps", [])
        if not page.get("Marker"):
            return reversed(found)
        more = {"Marker": page["Marker"]}


def _together(steps: Sequence[Json], secrets: tuple[str, ...]) -> State:
    states = [str(step["Status"].get("State")) for step in steps]
    done = all(state in _ENDED for state in states)
    bad = [step for step, state in zip(steps, states, strict=True) if state in _ENDED and state != "COMPLETED"]
    text = states[0] if len(states) == 1 else ", ".join(f"{s['Id']} {x}" for s, x in zip(steps, states, strict=True))
    return State(text=text, done=done, failed=done and bool(bad), reason=_why(bad[0], secrets) if bad else "")


def _why(step: Json, secrets: tuple[str, ...]) -> str:
    details = step["Status"].get("FailureDetails") or {}
    change = step["Status"].get("StateChangeReason") or {}
    said = [details.get("Reason"), details.get("Message") or change.get("Message")]
    log = f"log: {details['LogFile']}" if details.get("LogFile") else None
    return reason("; ".join(str(part) for part in (*said, log) if part), secrets)
