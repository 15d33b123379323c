"""Files of the user's with the lineage in them: theirs stays, and twice is once."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from databricks.bundles.jobs import Job
from databricks.sdk.service.compute import ClusterSpec
from databricks.sdk.service.jobs import JobSettings
from hypothesis import given
from hypothesis import strategies as st

from sparklineage.errors import ConfigError
from sparklineage.targets import Order, Rendered, databricks
from tests.support.databricks import BOTH, FOLDER, KEY, SCRIPT, cluster_order
from tests.support.orders import AGENT, HTTP, THEIRS, file

EVENT_LOG = BOTH.partition(",")[0]
OTHER = {"s3": {"destination": "s3://lake/init.sh", "region": "eu-west-1"}}
CLUSTER: dict[str, Any] = {
    "cluster_name": "shared",
    "spark_version": "16.4.x-photon-scala2.12",
    "node_type_id": "i3.xlarge",
    "num_workers": 2,
    "spark_conf": {
        "spark.extraListeners": f"com.example.Theirs,{EVENT_LOG}",
        "spark.openlineage.namespace": "theirs",
        "spark.speculation": "true",
    },
    "spark_env_vars": {"KEEP": "it's"},
    "init_scripts": [OTHER],
}


def _into(theirs: object, order: Order | None = None, name: str = "cluster.json") -> Rendered:
    text = theirs if isinstance(theirs, str) else json.dumps(theirs, indent=4)
    rendered = databricks.render(order or cluster_order(KEY), file(text, name))
    again = databricks.render(order or cluster_order(KEY), file(rendered.artefacts[0].text, name))
    assert again.artefacts[0].text == rendered.artefacts[0].text
    assert rendered.artefacts[0].name == name
    return rendered


def _json(theirs: object, order: Order | None = None) -> Any:
    return json.loads(_into(theirs, order).artefacts[0].text)


def _is_merged(cluster: Any) -> bool:
    """Whether ours is in a cluster, once."""
    listeners = cluster["spark_conf"]["spark.extraListeners"].split(",")
    return bool(
        listeners[0] == EVENT_LOG and listeners.count(AGENT) == 1 and cluster["init_scripts"].count(SCRIPT) == 1
    )


def test_a_cluster_keeps_all_that_is_theirs() -> None:
    merged = _json(CLUSTER)
    assert merged == {
        **CLUSTER,
        "spark_conf": {
            **KEY,
            **CLUSTER["spark_conf"],
            "spark.extraListeners": f"{EVENT_LOG},com.example.Theirs,{AGENT}",
            "spark.openlineage.transport.auth.apiKey": "{{secrets/lineage/key}}",
        },
        "init_scripts": [OTHER, SCRIPT],
    }
    assert ClusterSpec.from_dict(merged).as_dict() == merged


def test_what_gave_way_is_told() -> None:
    notes = _into(CLUSTER).notes
    assert (
        "spark.openlineage.namespace stays as cluster.json: spark_conf has it, not prod.flights (sparklineage.yml)."
    ) in notes


def test_only_what_is_added_differs_in_the_text() -> None:
    text = '{ "spark_version":"16.4.x-scala2.12",\n  "num_workers": 1.0, "spark_conf": {}\n}'
    merged = _into(text).artefacts[0].text
    assert merged.startswith('{ "spark_version":"16.4.x-scala2.12",\n  "num_workers": 1.0, "spark_conf": {\n')


def test_their_transport_stays_whole() -> None:
    theirs = {"spark_conf": {"spark.openlineage.transport.type": "console"}}
    merged = _json(theirs)
    assert merged["spark_conf"] == {
        "spark.openlineage.transport.type": "console",
        "spark.extraListeners": BOTH,
        "spark.openlineage.namespace": "prod.flights",
    }


def test_their_script_counts_however_it_is_spelled() -> None:
    order = cluster_order(artifacts="/Workspace/Shared/lineage")
    theirs = {"init_scripts": [{"workspace": {"destination": "/Shared/lineage/init.sh"}}]}
    assert _json(theirs, order)["init_scripts"] == theirs["init_scripts"]


def test_an_access_mode_is_set_where_it_is_asked_for_and_open() -> None:
    standard = cluster_order(mode="USER_ISOLATION")
    assert _json({"spark_conf": {}}, standard)["data_security_mode"] == "USER_ISOLATION"
    assert "data_security_mode" not in _json({"spark_conf": {}})
    rendered = _into({"data_security_mode": "SINGLE_USER"}, standard)
    assert json.loads(rendered.artefacts[0].text)["data_security_mode"] == "SINGLE_USER"
    assert any("data_security_mode stays SINGLE_USER, not USER_ISOLATION" in note for note in rendered.notes)


def test_their_standard_mode_tells_of_the_allowlist_too() -> None:
    rendered = _into({"data_security_mode": "DATA_SECURITY_MODE_STANDARD"})
    assert any("MANAGE ALLOWLIST" in note for note in rendered.notes)


@pytest.mark.parametrize(
    ("theirs", "sentence"),
    [
        (
            {"spark_version": "16.4.x-scala2.13"},
            "cluster.json: spark_version 16.4.x-scala2.13 is built for Scala 2.13, and this agent is for 2.12",
        ),
        ({"spark_version": "17.x-snapshot"}, "cluster.json: spark_version 17.x-snapshot is built for Scala 2.13"),
        ({"spark_version": "12.2.x-scala2.12"}, "cluster.json: runtime 12.2.x-scala2.12 loads no init script from a"),
        ({"data_security_mode": "NONE"}, "cluster.json: without isolation (data_security_mode NONE)"),
        ({"spark_conf": "a b"}, "cluster.json: spark_conf is no mapping of names to values."),
        ({"init_scripts": {}}, "cluster.json: init_scripts is no list"),
        ([], "cluster.json is no mapping of names to values."),
        ('{"a": 1,}', "cluster.json:1:9: this is no JSON: a comma stands before the closing bracket."),
        ({"tasks": [{"task_key": "a", "existing_cluster_id": "1"}]}, "cluster.json: starts no cluster"),
    ],
)  # fmt: skip
def test_what_cannot_be_merged_is_refused(theirs: object, sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        _into(theirs)
    assert str(caught.value).startswith(sentence)


def test_a_cluster_without_init_scripts_by_its_mode_is_refused() -> None:
    theirs = {
        "spark_version": "19.x-scala2.13",
        "data_security_mode": "USER_ISOLATION",
        "dependency_mode": "DEPENDENCY_MODE_ENVIRONMENTS",
    }
    with pytest.raises(ConfigError, match="under which no init script runs; write DEPENDENCY_MODE_CLUSTER_LIBRARIES"):
        _into(theirs, cluster_order(release="19.x-scala2.13"))


def test_nothing_is_merged_into_serverless() -> None:
    with pytest.raises(ConfigError, match=r"^cluster.json: .* is SERVERLESS, where no agent can be"):
        _into(CLUSTER, cluster_order(mode="SERVERLESS"))


def test_every_cluster_of_a_job_gets_it() -> None:
    new = {"new_cluster": CLUSTER}
    job = {
        "name": "nightly",
        "job_clusters": [{"job_cluster_key": "a", **new}, {"job_cluster_key": "b", **new}],
        "tasks": [
            {"task_key": "one", "job_cluster_key": "a"},
            {"task_key": "two", **new, "libraries": [{"jar": "/Volumes/a/openlineage-spark_2.12.jar"}]},
            {"task_key": "three", "for_each_task": {"inputs": "[1]", "task": {"task_key": "in", **new}}},
            {"task_key": "four", "existing_cluster_id": "c-1"},
            {"task_key": "five", "environment_key": "e"},
        ],
    }  # fmt: skip
    rendered = _into(job)
    merged = json.loads(rendered.artefacts[0].text)
    assert JobSettings.from_dict(merged).as_dict() == merged
    clusters = [shared["new_cluster"] for shared in merged["job_clusters"]]
    clusters += [merged["tasks"][1]["new_cluster"], merged["tasks"][2]["for_each_task"]["task"]["new_cluster"]]
    assert all(map(_is_merged, clusters))
    assert merged["tasks"][0] == job["tasks"][0] and merged["tasks"][3:] == job["tasks"][3:]
    notes = "\n".join(rendered.notes)
    assert "task four runs on the cluster c-1, which is not changed here" in notes
    assert "task five runs on serverless compute" in notes
    assert "tasks[1]: a library brings an agent too" in notes


@pytest.mark.parametrize("wrapper", ["settings", "new_settings"])
def test_a_job_as_the_api_answers_it(wrapper: str) -> None:
    job = {"job_id": 1, wrapper: {"tasks": [{"task_key": "a", "new_cluster": CLUSTER}]}}
    assert _is_merged(_json(job)[wrapper]["tasks"][0]["new_cluster"])


POLICY: dict[str, Any] = {
    "spark_version": {"type": "allowlist", "values": ["16.4.x-scala2.12"]},
    "spark_conf.spark.extraListeners": {"type": "unlimited", "defaultValue": "com.example.Theirs", "isOptional": True},
    "spark_conf.spark.openlineage.namespace": {"type": "regex", "pattern": "prod.*"},
    "init_scripts.0.volumes.destination": {"type": "fixed", "value": "/Volumes/a/b/c/theirs.sh"},
}


def test_a_policy_keeps_its_rules() -> None:
    rendered = _into(POLICY, cluster_order(HTTP))
    assert json.loads(rendered.artefacts[0].text) == {
        **POLICY,
        "spark_conf.spark.extraListeners": {
            **POLICY["spark_conf.spark.extraListeners"],
            "defaultValue": f"{EVENT_LOG},com.example.Theirs,{AGENT}",
        },
        "spark_conf.spark.openlineage.transport.type": {"type": "fixed", "value": "http"},
        "spark_conf.spark.openlineage.transport.url": {"type": "fixed", "value": "https://marquez.example.com"},
        "init_scripts.1.volumes.destination": {"type": "fixed", "value": f"{FOLDER}/init.sh"},
    }
    assert any('namespace stays of the type "regex"' in note for note in rendered.notes)


def test_a_policy_as_the_api_has_it() -> None:
    merged = _json({"policy_id": "p", "definition": json.dumps(POLICY)})
    inside = json.loads(merged["definition"])
    assert inside["spark_conf.spark.extraListeners"]["defaultValue"].endswith(AGENT)


def test_a_policy_that_forbids_listeners_is_refused() -> None:
    with pytest.raises(ConfigError, match=r'spark\.extraListeners is of the type "forbidden" and gives no value'):
        _into({"spark_conf.spark.extraListeners": {"type": "forbidden"}})


BUNDLE = """\
bundle:
  name: nightly   # the bundle

include: [resources/*.yml]

resources:
  jobs:
    etl:
      name: etl
      job_clusters:
      - job_cluster_key: main
        new_cluster:
          spark_version: 16.4.x-scala2.12   # LTS
          node_type_id: ${var.node}
          # nobody knows why
          spark_conf:
            spark.speculation: true
          spark_env_vars: {KEEP: "1"}
      tasks:
      - task_key: one
        job_cluster_key: main
        spark_python_task: {python_file: ./one.py}
    other:
      tasks: [{task_key: serverless, environment_key: e}]
  pipelines:
    p: {clusters: [{label: default}]}

targets:
  dev:
    default: true
    resources:
      jobs:
        etl:
          job_clusters:
            - job_cluster_key: main
              new_cluster:
                num_workers: 1
                spark_conf:
                  spark.extraListeners: com.example.Dev   # of dev
  prod:
    mode: production
"""


def test_a_bundle_keeps_its_comments() -> None:
    rendered = _into(BUNDLE, name="databricks.yml")
    text = rendered.artefacts[0].text
    gone = [line for line in BUNDLE.splitlines() if line not in text.splitlines()]
    assert gone == ["                  spark.extraListeners: com.example.Dev   # of dev"]
    assert f'spark.extraListeners: "{EVENT_LOG},com.example.Dev,{AGENT}"   # of dev\n' in text
    merged = yaml.safe_load(text)
    before = yaml.safe_load(BUNDLE)
    cluster = merged["resources"]["jobs"]["etl"]["job_clusters"][0]["new_cluster"]
    assert _is_merged(cluster) and cluster["spark_conf"]["spark.speculation"] is True
    assert "init_scripts" not in str(merged["targets"])
    assert merged["resources"]["jobs"]["other"] == before["resources"]["jobs"]["other"]
    assert any("pipelines are not changed" in note for note in rendered.notes)
    cluster["spark_conf"]["spark.speculation"] = "true"
    Job.from_dict(merged["resources"]["jobs"]["etl"])


def test_a_resource_of_a_target_alone_gets_all() -> None:
    text = "targets:\n  dev:\n    resources:\n      clusters:\n        c:\n          spark_version: 16.4.x-scala2.12\n"
    merged = yaml.safe_load(_into(text, name="x.yaml").artefacts[0].text)
    assert _is_merged(merged["targets"]["dev"]["resources"]["clusters"]["c"])


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("bundle: {name: a}\n", "databricks.yml: has no job and no cluster under resources"),
        ("resources: [a]\n", "databricks.yml: resources is no mapping"),
        ("resources: {clusters: {c: {spark_conf: a}}}\n", "databricks.yml: resources.clusters.c: spark_conf is no"),
        ("a: b: c\n", "databricks.yml:1:5: this is no YAML"),
    ],
)  # fmt: skip
def test_a_bundle_that_cannot_be_merged_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        _into(text, name="databricks.yml")
    assert str(caught.value).startswith(sentence)


def test_a_value_that_a_bundle_would_replace_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"spark\.acme holds"):
        _into(BUNDLE, cluster_order({"spark.acme": "${var.x}"}), name="databricks.yml")


@given(THEIRS, st.lists(st.sampled_from([OTHER, SCRIPT]), max_size=2), st.sampled_from(["json", "yml"]))
def test_theirs_stays_and_twice_is_once(conf: dict[str, str], scripts: list[Any], kind: str) -> None:
    """Whatever they have, in JSON and in YAML."""
    theirs = {"spark_conf": conf, "init_scripts": scripts, "spark_version": "16.4.x-scala2.12"}
    if kind == "json":
        merged = _json(theirs, cluster_order(HTTP))
    else:
        text = yaml.safe_dump({"resources": {"clusters": {"c": theirs}}}, sort_keys=False)
        rendered = _into(text, cluster_order(HTTP), "databricks.yml")
        merged = yaml.safe_load(rendered.artefacts[0].text)["resources"]["clusters"]["c"]
    for key, value in conf.items():
        if key == "spark.extraListeners":
            assert merged["spark_conf"][key] == f"{EVENT_LOG},{value},{AGENT}"
        elif value.strip():
            assert merged["spark_conf"][key] == value
    assert merged["init_scripts"][: len(scripts)] == scripts
    assert SCRIPT in merged["init_scripts"]


@pytest.mark.parametrize(
    ("text", "name", "where"),
    [
        ('{"spark_version": "16.4.x-scala2.12",\n "spark_conf": {"a": "1", "a": "2"}}', "cluster.json", "2:27: a"),
        ('{"tasks": [], "new_cluster": {},\n"tasks": []}', "job.json", "2:1: tasks"),
        ("resources:\n  clusters:\n    one: {}\n    one: {}\n", "databricks.yml", "4:5: one"),
        (json.dumps({"definition": '{"spark_version": {"type": "a"}, "x": 1, "x": 2}'}), "p.json", "1:42: x"),
    ],
)
def test_a_key_that_stands_twice_is_refused(text: str, name: str, where: str) -> None:
    """One of its values would be lost, and nobody would see which."""
    with pytest.raises(ConfigError, match=f"{where} stands there for the second time; remove one"):
        databricks.render(cluster_order(KEY), file(text, name))
