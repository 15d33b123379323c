"""The parent run that an orchestrator puts into the environment."""

from __future__ import annotations

import json

import pytest

from sparklineage.model.parent import Parent
from sparklineage.model.parent_variables import parent_from

A = "01936f0c-7e1b-7c6e-9d2f-3b1f0a5d8e42"
B = "01936f0c-7e1b-7c6e-9d2f-3b1f0a5d8e43"


def test_none() -> None:
    assert parent_from({}) == (None, [])


@pytest.mark.parametrize(
    ("text", "namespace", "name"),
    [("airflow/dag.task", "airflow", "dag.task"), ("s3://bucket/team/dag.task", "s3://bucket/team", "dag.task")],
)
def test_parent_id(text: str, namespace: str, name: str) -> None:
    parent, warnings = parent_from({"OPENLINEAGE_PARENT_ID": f"{text}/{A}"})
    assert parent == Parent(namespace=namespace, name=name, run_id=A)
    assert not warnings


def test_parent_and_root_id() -> None:
    parent, warnings = parent_from(
        {"OPENLINEAGE_PARENT_ID": f"ns/dag.task/{A}", "OPENLINEAGE_ROOT_PARENT_ID": f"rootns/dag/{B}"}
    )
    assert not warnings
    assert parent is not None
    assert parent.facet() == {
        "run": {"runId": A},
        "job": {"namespace": "ns", "name": "dag.task"},
        "root": {"run": {"runId": B}, "job": {"namespace": "rootns", "name": "dag"}},
    }
    assert dict(parent.spark_properties()) == {
        "spark.openlineage.parentJobNamespace": "ns",
        "spark.openlineage.parentJobName": "dag.task",
        "spark.openlineage.parentRunId": A,
        "spark.openlineage.rootParentJobNamespace": "rootns",
        "spark.openlineage.rootParentJobName": "dag",
        "spark.openlineage.rootParentRunId": B,
    }


def context(**root: object) -> dict[str, object]:
    return {"parent": {"run": {"runId": A}, "job": {"namespace": "ns", "name": "dag.task"}, **root}}


ROOT = {"run": {"runId": B}, "job": {"namespace": "r", "name": "dag"}}


def test_the_context_comes_first() -> None:
    environ = {"OPENLINEAGE_CONTEXT": json.dumps(context(root=ROOT)), "OPENLINEAGE_PARENT_ID": f"x/y/{B}"}
    parent, warnings = parent_from(environ)
    assert parent == Parent(
        namespace="ns", name="dag.task", run_id=A, root_namespace="r", root_name="dag", root_run_id=B
    )
    assert not warnings


def test_a_root_beside_the_parent_and_none_at_all() -> None:
    beside, _ = parent_from({"OPENLINEAGE_CONTEXT": json.dumps({**context(), "root": ROOT})})
    assert beside is not None
    assert beside.root_run_id == B
    alone, _ = parent_from({"OPENLINEAGE_CONTEXT": json.dumps(context())})
    assert alone is not None
    assert alone.facet()["root"] == {"run": {"runId": A}, "job": {"namespace": "ns", "name": "dag.task"}}


CONTEXTS = {
    "{": "is not JSON",
    "[]": "parent needs run.runId, job.namespace and job.name",
    json.dumps(context(root={"run": 1})): "root needs run.runId, job.namespace and job.name",
    json.dumps(context(run={"runId": "7"})): "parent.run.runId must be a UUID, found '7'",
}
IDS = {
    "a/b": "expected namespace/job/run id, found 'a/b'",
    f"/b/{A}": f"expected namespace/job/run id, found '/b/{A}'",
    "a/b/c": "the run id must be a UUID, found 'c'",
}


@pytest.mark.parametrize(
    ("variable", "text", "what"),
    [
        *(("OPENLINEAGE_CONTEXT", text, what) for text, what in CONTEXTS.items()),
        *(("OPENLINEAGE_PARENT_ID", text, what) for text, what in IDS.items()),
    ],
)
def test_malformed(variable: str, text: str, what: str) -> None:
    assert parent_from({variable: text}) == (None, [f"{variable}: {what}; the run gets no parent from it."])


def test_a_root_without_a_parent() -> None:
    assert parent_from({"OPENLINEAGE_ROOT_PARENT_ID": f"a/b/{A}"}) == (
        None,
        ["OPENLINEAGE_ROOT_PARENT_ID is set without OPENLINEAGE_PARENT_ID; it is not used."],
    )


def test_a_malformed_context_leaves_the_parent_id() -> None:
    parent, warnings = parent_from({"OPENLINEAGE_CONTEXT": "{", "OPENLINEAGE_PARENT_ID": f"a/b/{A}"})
    assert parent == Parent(namespace="a", name="b", run_id=A)
    assert len(warnings) == 1


def test_a_malformed_root_leaves_the_parent() -> None:
    parent, warnings = parent_from({"OPENLINEAGE_PARENT_ID": f"a/b/{A}", "OPENLINEAGE_ROOT_PARENT_ID": "nonsense"})
    assert parent == Parent(namespace="a", name="b", run_id=A)
    assert warnings == [
        "OPENLINEAGE_ROOT_PARENT_ID: expected namespace/job/run id, found 'nonsense'; the parent counts as the root."
    ]
