"""What a platform's own files and variables say about the cluster."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from sparklineage.model.backend import Backend
from sparklineage.relay.node.config import NodeConfig
from sparklineage.relay.node.place import cluster_of, region_of


def config(platform: str, info: Path | None = None, **cluster: str) -> NodeConfig:
    return NodeConfig(platform=platform, spool=Path("/s"), backend=Backend(url="http://h"), info=info, cluster=cluster)


def test_emr(tmp_path: Path) -> None:
    (tmp_path / "job-flow.json").write_text('{"jobFlowId": "j-1ABC", "instanceGroups": []}')
    (tmp_path / "extraInstanceData.json").write_text(
        '{"jobFlowId": "j-2", "releaseLabel": "emr-7.5.0", "region": "eu-west-1", "instanceRole": "master"}'
    )
    (tmp_path / "instance.json").write_text('{"isMaster": true}')
    found = config("emr", tmp_path)
    assert cluster_of(found, {}) == {"platform": "emr", "clusterId": "j-1ABC", "releaseLabel": "emr-7.5.0"}
    assert region_of(found) == "eu-west-1"
    assert region_of(replace(found, region="us-east-1")) == "us-east-1"


@pytest.mark.parametrize("text", [None, "", "{", "[]", '{"jobFlowId": 7}', "[" * 100_000])
def test_files_that_say_nothing(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "job-flow.json").write_text(text)
    assert cluster_of(config("emr", tmp_path), {}) == {"platform": "emr"}
    assert region_of(config("emr", tmp_path)) is None


def test_databricks() -> None:
    environ = {"DB_CLUSTER_ID": "0102-030405-abc", "DATABRICKS_RUNTIME_VERSION": "16.4", "DB_IS_DRIVER": "TRUE"}
    expected = {"platform": "databricks", "clusterId": "0102-030405-abc", "releaseLabel": "16.4"}
    assert cluster_of(config("databricks"), environ) == expected
    assert cluster_of(config("machine"), environ) == {"platform": "machine"}


@pytest.mark.parametrize(
    ("name", "ids"),
    [
        ("job-77-run-4242-main_cluster", {"jobId": "77", "runId": "4242"}),
        ("job-77-run-4242", {"jobId": "77", "runId": "4242"}),
        ("job-77-run-4242x", {}),
        ("my job-77-run-4242", {}),
        ("", {}),
    ],
)
def test_the_cluster_of_a_job_of_databricks_tells_its_run(name: str, ids: dict[str, str]) -> None:
    environ = {"DB_CLUSTER_NAME": name, "DB_IS_JOB_CLUSTER": "TRUE"}
    assert cluster_of(config("databricks"), environ) == {"platform": "databricks", **ids}
    # Anybody may call a cluster of his own like that.
    assert cluster_of(config("databricks"), {**environ, "DB_IS_JOB_CLUSTER": "FALSE"}) == {"platform": "databricks"}


def test_what_the_kit_knew_wins() -> None:
    found = cluster_of(config("databricks", clusterId="mine"), {"DB_CLUSTER_ID": "other"})
    assert found == {"platform": "databricks", "clusterId": "mine"}
