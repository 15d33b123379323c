"""The parent run in the environment: from Airflow, dbt, or whatever else started the job."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sparklineage.model.ids import is_run_id
from sparklineage.model.parent import Parent

if TYPE_CHECKING:
    from collections.abc import Mapping

_CONTEXT = "OPENLINEAGE_CONTEXT"
_ID = "OPENLINEAGE_PARENT_ID"
_ROOT_ID = "OPENLINEAGE_ROOT_PARENT_ID"


def parent_from(environ: Mapping[str, str]) -> tuple[Parent | None, list[str]]:
    """The parent that the environment names, and a warning for everything malformed in there.

    `OPENLINEAGE_CONTEXT` (`{"parent": {"run": …, "job": …, "root": …}}`) comes first, then
    `OPENLINEAGE_PARENT_ID` and `OPENLINEAGE_ROOT_PARENT_ID` (`namespace/job/run id`).
    """
    warnings: list[str] = []
    if text := environ.get(_CONTEXT, "").strip():
        try:
            return _from_context(text), warnings
        except ValueError as error:
            warnings.append(f"{_CONTEXT}: {error}; the run gets no parent from it.")
    if not (text := environ.get(_ID, "").strip()):
        if environ.get(_ROOT_ID, "").strip():
            warnings.append(f"{_ROOT_ID} is set without {_ID}; it is not used.")
        return None, warnings
    try:
        namespace, name, run_id = _split(text)
    except ValueError as error:
        warnings.append(f"{_ID}: {error}; the run gets no parent from it.")
        return None, warnings
    root: tuple[str, str, str] | tuple[None, None, None] = (None, None, None)
    if text := environ.get(_ROOT_ID, "").strip():
        try:
            root = _split(text)
        except ValueError as error:
            warnings.append(f"{_ROOT_ID}: {error}; the parent counts as the root.")
    return (
        Parent(
            namespace=namespace, name=name, run_id=run_id,
            root_namespace=root[0], root_name=root[1], root_run_id=root[2],
        ),
        warnings,
    )  # fmt: skip


def _split(text: str) -> tuple[str, str, str]:
    """Namespace, job and run id of `namespace/job/run id`, of which only the namespace may hold slashes itself."""
    parts = text.rsplit("/", 2)
    if len(parts) != 3 or not all(parts):
        raise ValueError(f"expected namespace/job/run id, found {text[:200]!r}")
    if not is_run_id(parts[2]):
        raise ValueError(f"the run id must be a UUID, found {parts[2][:100]!r}")
    return parts[0], parts[1], parts[2]


def _from_context(text: str) -> Parent:
    try:
        context = json.loads(text)
    except ValueError:
        raise ValueError("is not JSON") from None
    parent: Any = context.get("parent") if isinstance(context, dict) else None
    namespace, name, run_id = _run_and_job(parent, "parent")
    # The root belongs into the parent; some put it beside it.
    root = parent.get("root") or context.get("root")
    if not root:
        return Parent(namespace=namespace, name=name, run_id=run_id)
    root_namespace, root_name, root_run_id = _run_and_job(root, "root")
    return Parent(
        namespace=namespace, name=name, run_id=run_id,
        root_namespace=root_namespace, root_name=root_name, root_run_id=root_run_id,
    )  # fmt: skip


def _run_and_job(value: Any, what: str) -> tuple[str, str, str]:
    try:
        found = value["job"]["namespace"], value["job"]["name"], value["run"]["runId"]
    except (KeyError, TypeError):
        found = None, None, None
    namespace, name, run_id = found
    if not all(isinstance(part, str) and part for part in found):
        raise ValueError(f"{what} needs run.runId, job.namespace and job.name")
    if not is_run_id(run_id):
        raise ValueError(f"{what}.run.runId must be a UUID, found {run_id[:100]!r}")
    return namespace, name, run_id
