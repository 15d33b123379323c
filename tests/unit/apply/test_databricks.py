"""Clusters and jobs of Databricks: the real SDK against a workspace on loopback, through the command."""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.unit.apply.conftest import AGENT, Sleep
from tests.unit.apply.workspace import ME, Workspace, details, workspace
from tests.unit.cli.desk import CANARY, Desk

APPLY = ("conf", "databricks", "--apply", "--yes")
EDIT = (*APPLY, "--cluster-id", "0101-x")
FOLDER = "/Volumes/main/ops/lineage"
EDITED = "/api/2.1/clusters/edit"


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    """A workspace with a cluster, the script and the JARs, and who may change it."""
    for name in [name for name in os.environ if name.startswith(("DATABRICKS_", "ARM_", "AZURE_", "GOOGLE_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    with workspace() as found:
        found.clusters["0101-x"] = details()
        found.files |= {
            f"{FOLDER}/init.sh",
            f"{FOLDER}/{AGENT}",
            f"{FOLDER}/{AGENT.replace('2.12', '2.13')}",
            "/Shared/job.py",
        }
        monkeypatch.setenv("DATABRICKS_HOST", found.url)
        monkeypatch.setenv("DATABRICKS_TOKEN", "dapi-0123456789")
        yield found


def test_a_cluster_that_runs_is_edited_and_has_all_that_it_had(desk: Desk, there: Workspace, sleep: Sleep) -> None:
    before = there.clusters["0101-x"]["spec"]

    def again() -> None:
        there.clusters["0101-x"] |= {"state": "RUNNING", "spark_context_id": 2}

    sleep.meanwhile = [lambda: None, again]
    status, out, err = desk.run(*EDIT)
    assert status == 0, err
    assert out == "cluster_id: 0101-x\nstate: RUNNING\n"
    [(path, body)] = there.sent
    assert path == EDITED
    assert body.pop("cluster_id") == "0101-x"
    conf = body.pop("spark_conf")
    assert body.pop("init_scripts") == [{"volumes": {"destination": f"{FOLDER}/init.sh"}}]
    assert {**body, "spark_conf": before["spark_conf"]} == before
    assert {key: conf[key] for key in before["spark_conf"]} == before["spark_conf"]
    assert "DBCEventLoggingListener" in conf["spark.extraListeners"]
    assert f"workspace {there.url}, as {ME}" in err
    assert "the cluster 0101-x (shared, 16.4.x-scala2.12) changes" in err
    assert "It runs, and starts again: what runs on it ends." in err
    assert '+    "spark.openlineage.transport.type": "http"' in err
    assert '     "spark.my.password": "{{secrets/team/mine}}"' in err
    assert "for Scala 2.12" in err


def test_a_second_time_nothing_is_sent(desk: Desk, there: Workspace) -> None:
    desk.good(*EDIT, "--no-wait")
    there.clusters["0101-x"]["state"] = "RUNNING"
    status, out, err = desk.run(*EDIT)
    assert (status, out, len(there.sent)) == (0, "", 1)
    assert "everything is there already, so nothing is sent." in err


def test_a_cluster_that_does_not_run_is_not_started(desk: Desk, there: Workspace) -> None:
    there.clusters["0101-x"]["state"] = "TERMINATED"
    status, out, err = desk.run(*EDIT)
    assert (status, out) == (0, "cluster_id: 0101-x\n")
    assert "It does not run, and is not started." in err


@pytest.mark.parametrize(
    "change",
    [{"num_workers": 5}, {"autoscale": {"min_workers": 1, "max_workers": 9}, "num_workers": 4}],
)
def test_a_resize_and_fields_that_the_sdk_does_not_know_are_kept(
    desk: Desk, there: Workspace, change: dict[str, Any]
) -> None:
    there.clusters["0101-x"] |= change
    there.clusters["0101-x"]["spec"]["of_tomorrow"] = {"a": 1}
    desk.good(*EDIT, "--no-wait")
    [(_, body)] = there.sent
    assert body["of_tomorrow"] == {"a": 1}
    assert body.get("autoscale", body.get("num_workers")) == change.get("autoscale", change["num_workers"])
    assert ("num_workers" in body) == ("autoscale" not in change)


def test_of_a_cluster_without_its_specification_what_can_be_set_is_kept(desk: Desk, there: Workspace) -> None:
    cluster = there.clusters["0101-x"]
    del cluster["spec"]
    cluster |= {"instance_pool_id": "p", "aws_attributes": {"instance_profile_arn": "arn", "availability": "SPOT"}}
    desk.good(*EDIT, "--no-wait")
    [(_, body)] = there.sent
    assert body["instance_pool_id"] == "p"
    assert body["aws_attributes"] == {"instance_profile_arn": "arn"}
    assert {"node_type_id", "state", "spark_context_id", "cluster_source"}.isdisjoint(body)
    assert body["custom_tags"] == {"team": "a"}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"state": "RESIZING"}, "is RESIZING, and can be edited when it is RUNNING or TERMINATED; try again later."),
        ({"cluster_source": "JOB"}, "was made by its job; change it there (--into FILE with its JSON)."),
        ({"docker_image": {"url": "u", "basic_auth": {"username": "u"}}}, "has an image with a password"),
    ],
)
def test_what_cannot_be_edited_without_harm_is_left_alone(
    desk: Desk, there: Workspace, change: dict[str, Any], sentence: str
) -> None:
    there.clusters["0101-x"] |= change
    assert sentence in desk.refused(86, *EDIT)
    assert there.sent == []


def test_what_somebody_else_changes_meanwhile_is_not_lost(
    desk: Desk, there: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Person:
        def isatty(self) -> bool:
            return True

        def readline(self) -> str:
            there.clusters["0101-x"]["spec"]["custom_tags"] = {"team": "b"}
            return "y\n"

    monkeypatch.setattr(sys, "stdin", Person())
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    status, _, err = desk.run(*(word for word in EDIT if word != "--yes"))
    assert status == 86
    assert "was changed by somebody meanwhile, so nothing was sent; try again." in err
    assert there.sent == []


@pytest.mark.parametrize("missing", ["init.sh", AGENT])
def test_no_cluster_is_told_to_run_what_is_not_there(desk: Desk, there: Workspace, missing: str) -> None:
    there.files.remove(f"{FOLDER}/{missing}")
    status, out, err = desk.run(*EDIT)
    assert (status, out, there.sent) == (82, "", [])
    assert f"{FOLDER}/{missing}: not there yet, so nothing was sent; put it there first" in err


def test_a_cluster_that_fails_to_start_again_has_a_status_of_its_own(
    desk: Desk, there: Workspace, sleep: Sleep
) -> None:
    def fail() -> None:
        there.clusters["0101-x"] |= {"state": "TERMINATED", "state_message": "Init script failure"}

    sleep.meanwhile = [fail]
    status, _, err = desk.run(*EDIT)
    assert status == 87
    assert (
        f"the cluster 0101-x ended with TERMINATED: Init script failure. See {there.url}/compute/clusters/0101-x."
        in err
    )


def test_a_job_is_created_from_the_users_own(desk: Desk, there: Workspace) -> None:
    cluster = {"spark_version": "17.3.x-scala2.13", "node_type_id": "m5d.large", "num_workers": 1}
    task = {"task_key": "a", "job_cluster_key": "c", "spark_python_task": {"python_file": "/Shared/job.py"}}
    own = {"name": "nightly", "job_clusters": [{"job_cluster_key": "c", "new_cluster": cluster}], "tasks": [task]}
    desk.write(json.dumps(own), "job.json")
    status, out, err = desk.run(*APPLY, "--into", "job.json", "--release", "17.3.x-scala2.13")
    assert (status, out) == (0, "job_id: 7\n"), err
    [(path, body)] = there.sent
    assert path == "/api/2.2/jobs/create"
    assert body["tasks"] == [task]
    assert "spark.extraListeners" in body["job_clusters"][0]["new_cluster"]["spark_conf"]
    assert "It is created and not run, unless it has a schedule." in err


def test_a_cluster_is_created_and_waited_for(desk: Desk, there: Workspace, sleep: Sleep) -> None:
    own = {"cluster_name": "c", "spark_version": "16.4.x-scala2.12", "node_type_id": "m5d.large", "num_workers": 1}
    desk.write(json.dumps(own), "cluster.json")
    sleep.meanwhile = [lambda: there.clusters["new"].update(state="RUNNING")]
    status, out, err = desk.run(*APPLY, "--into", "cluster.json", "--release", "16.4.x-scala2.12")
    assert (status, out) == (0, "cluster_id: new\nstate: RUNNING\n"), err
    assert "It costs money until somebody ends it." in err


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ({"spark_version": "16.4.x-scala2.12"}, "own.json: the cluster has no machines: give node_type_id or"),
        ({"spark_version": "16.4.x-scala2.12", "node_type_id": "m", "num_workers": 1, "num_wrokers": 2},
         "own.json: num_wrokers is no field of ClusterSpec or no value of it that this databricks-sdk knows."),
        ({"spark_version": "16.4.x-scala2.12", "node_type_id": "m", "num_workers": 1, "data_security_mode": "ALONE"},
         "own.json: data_security_mode is no field of ClusterSpec"),
    ],
)  # fmt: skip
def test_what_databricks_would_refuse_is_never_sent(
    desk: Desk, there: Workspace, document: dict[str, Any], sentence: str
) -> None:
    desk.write(json.dumps(document), "own.json")
    status, out, err = desk.run(*APPLY, "--into", "own.json", "--release", "16.4.x-scala2.12")
    assert (status, out, there.sent) == (64, "", [])
    assert sentence in err.splitlines()[-1]


@pytest.mark.parametrize(
    ("path", "refusals", "status", "sentence", "count"),
    [
        ("/api/2.1/clusters/get", [(403, "PERMISSION_DENIED", CANARY)], 81,
         "this may not be done; CAN ATTACH TO or more on the cluster is needed.", 0),
        ("/api/2.1/clusters/get", [(401, "UNAUTHENTICATED", CANARY)], 80,
         "Databricks does not accept the credentials; check DATABRICKS_TOKEN or the profile.", 0),
        ("/api/2.1/clusters/get", [None, (503, "TEMPORARILY_UNAVAILABLE", "")], 0, "", 1),
        (EDITED, [(403, "PERMISSION_DENIED", CANARY)], 81, "CAN MANAGE on the cluster is needed.", 1),
        (EDITED, [(400, "INVALID_STATE", "It is PENDING.")], 86,
         "Databricks refuses it with INVALID_STATE: It is PENDING.", 1),
        (EDITED, [(429, "REQUEST_LIMIT_EXCEEDED", "")] * 2, 0, "", 3),
        (EDITED, [(429, "REQUEST_LIMIT_EXCEEDED", "")] * 4, 84, "refuses for now, after several attempts", 4),
        (EDITED, [None], 88, "nobody knows whether it was done: look at http://127.0.0.1", 1),
        (EDITED, [(500, "INTERNAL_ERROR", CANARY)], 88, "nobody knows whether it was done", 1),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("sleep")
def test_whatever_goes_wrong_has_a_sentence(
    desk: Desk, there: Workspace, path: str, refusals: list[Any], status: int, sentence: str, count: int
) -> None:
    there.refusals[path] = list(refusals)
    found, _, err = desk.run(*EDIT, "--no-wait")
    assert found == status, err
    assert sentence in err
    assert CANARY not in err
    assert len(there.sent) == count


def test_a_cluster_or_a_workspace_that_is_not_there(
    desk: Desk, there: Workspace, monkeypatch: pytest.MonkeyPatch, sleep: Sleep
) -> None:
    sentence = desk.refused(82, *APPLY, "--cluster-id", "0202-y")
    assert sentence == f"the cluster 0202-y of {there.url}: it is not there; check its id and the workspace."
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
    monkeypatch.setenv("DATABRICKS_HOST", url)
    assert desk.refused(84, *EDIT) == (
        f"the cluster 0101-x of {url}: the workspace cannot be reached, and nothing was sent; check the network, the "
        "proxy and DATABRICKS_HOST."
    )
    monkeypatch.delenv("DATABRICKS_HOST")
    assert "the SDK finds no credentials" in desk.refused(80, *EDIT)
    monkeypatch.setitem(sys.modules, "databricks.sdk", None)
    assert "run `pip install 'sparklineage-toolkit[databricks]'`." in desk.refused(75, *EDIT)
    assert sleep.seconds


def test_without_apply_nobody_is_asked(desk: Desk, there: Workspace) -> None:
    desk.good("conf", "databricks", "--release", "16.4.x-scala2.12")
    assert "--cluster-id needs --apply" in desk.refused(2, "conf", "databricks", "--cluster-id", "0101-x")
    desk.write("{}", "own.json")
    assert "leave --into out" in desk.refused(2, *EDIT, "--into", "own.json")
    assert there.sent == []
