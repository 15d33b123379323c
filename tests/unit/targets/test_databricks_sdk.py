"""What is rendered, in the classes of databricks-sdk and databricks-bundles, and sent to a workspace on loopback."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from databricks.bundles.clusters import Cluster
from databricks.bundles.jobs import Job
from databricks.sdk.service.compute import ClusterSpec
from databricks.sdk.service.jobs import JobSettings

from sparklineage.targets import databricks
from tests.support.databricks import JOB, KEY, Workspace, cluster_order, texts

ORDERS = {
    "16.4-2.12": cluster_order(KEY, application=JOB),
    "16.4-2.13": cluster_order(KEY, application=JOB, release="16.4.x-scala2.13"),
    "17.3-standard": cluster_order(KEY, application=JOB, release="17.3", mode="USER_ISOLATION"),
    "19-standard": cluster_order(KEY, application=JOB, release="19.x-scala2.13", mode="USER_ISOLATION"),
    "workspace": cluster_order(application=JOB, artifacts="/Workspace/Shared/lineage"),
}
CASES = pytest.mark.parametrize("name", ORDERS)


def _rendered(name: str) -> dict[str, Any]:
    found = texts(databricks.render(ORDERS[name]))
    return {file: json.loads(text) for file, text in found.items() if file.endswith(".json")} | {
        "bundle.yml": yaml.safe_load(found["bundle.yml"])
    }


@CASES
def test_the_classes_of_the_sdk_lose_nothing(name: str) -> None:
    found = _rendered(name)
    assert ClusterSpec.from_dict(found["cluster.json"]).as_dict() == found["cluster.json"]
    assert JobSettings.from_dict(found["job.json"]).as_dict() == found["job.json"]


@CASES
def test_the_classes_of_bundles_take_every_field(name: str) -> None:
    found = _rendered(name)
    for job in found["bundle.yml"]["resources"]["jobs"].values():
        assert Job.from_dict(job).as_dict() == job
    assert Cluster.from_dict(found["cluster.json"]).as_dict() == found["cluster.json"]
    with pytest.raises(ValueError, match="Unexpected field"):
        Cluster.from_dict({**found["cluster.json"], "nobody": 1})


@CASES
def test_a_workspace_gets_what_was_rendered(name: str) -> None:
    found = _rendered(name)
    cluster, job = found["cluster.json"], found["job.json"]
    with Workspace() as workspace:
        client = workspace.client
        fields = ClusterSpec.from_dict(cluster).as_shallow_dict()
        client.clusters.create(**fields, num_workers=1)
        client.clusters.edit(cluster_id="c-1", **fields)
        client.jobs.create(**JobSettings.from_dict(job).as_shallow_dict())
        client.cluster_policies.create(name="lineage", definition=json.dumps(found["policy.json"]))
        created, edited, made, ruled = workspace.requests
    assert created.path.startswith("/api/2.1/clusters/create") and created.body == {**cluster, "num_workers": 1}
    assert edited.path.startswith("/api/2.1/clusters/edit") and edited.body == {**cluster, "cluster_id": "c-1"}
    assert made.path == "/api/2.2/jobs/create" and made.body == job
    assert json.loads(ruled.body["definition"]) == found["policy.json"]
