"""EMR on EC2: what AWS's own models say to it, and what is merged into documents of the user's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sparklineage.errors import ConfigError
from sparklineage.targets.arguments import options_conf, split
from tests.support.aws_models import refusals
from tests.unit.targets.aws_orders import HTTP, JOB, KEY, LISTENER, names, order, read, render, text_of

WITNESS = "io.github.sparklineage.Witness"
CONFIG = "OPENLINEAGE_CONFIG"
FILE = "/etc/sparklineage/openlineage.yml"
MINE: dict[str, Any] = {
    "Name": "nightly",
    "ReleaseLabel": "emr-7.5.0",
    "Instances": {"InstanceCount": 3, "MasterInstanceType": "m5.xlarge"},
    "Configurations": [
        {"Classification": "hive-site", "Properties": {"a": "b"}},
        {
            "Classification": "spark-defaults",
            "Properties": {
                "spark.extraListeners": "com.acme.Mine",
                "spark.jars": "s3://b/mine.jar",
                "spark.driver.extraClassPath": "/usr/lib/hadoop-lzo/lib/*:/usr/share/aws/emr/emrfs/lib/*",
                "spark.openlineage.namespace": "theirs",
            },
        },
    ],
    "BootstrapActions": [{"Name": "own", "ScriptBootstrapAction": {"Path": "s3://b/own.sh"}}],
    "Steps": [
        {
            "Name": "etl",
            "ActionOnFailure": "TERMINATE_CLUSTER",
            "HadoopJarStep": {
                "Jar": "command-runner.jar",
                "Args": ["spark-submit", "--conf", "spark.extraListeners=com.acme.Step", "s3://b/etl.py", "x y"],
            },
        },
        {"Name": "copy", "HadoopJarStep": {"Jar": "command-runner.jar", "Args": ["s3-dist-cp", "--src", "a"]}},
    ],
}


def defaults(configurations: list[Any]) -> dict[str, str]:
    return next(one["Properties"] for one in configurations if one["Classification"] == "spark-defaults")


def exported(configurations: list[Any]) -> dict[str, str]:
    found = next((one for one in configurations if one["Classification"] == "spark-env"), None)
    return found["Configurations"][0]["Properties"] if found else {}


def conf_of(step: dict[str, Any]) -> dict[str, str]:
    """What spark-submit would take from the arguments of a step."""
    args = step["HadoopJarStep"]["Args"]
    options, _ = split(args[args.index("spark-submit") + 1 :])
    found = {key: value.written for key, value in options_conf(options, "").items()}
    return {key: text for key, text in found.items() if key != "spark.submit.deployMode"}


@pytest.mark.parametrize(("mode", "transport"), [("outbox", HTTP), ("direct", HTTP), ("direct", KEY)])
def test_every_request_is_one_that_emr_takes(tmp_path: Path, mode: str, transport: dict[str, Any]) -> None:
    given = order(tmp_path, "emr", release="emr-7.5.0", delivery={"mode": mode}, transport=transport)
    rendered = render(given, "emr")
    assert refusals("emr", "RunJobFlow", read(rendered, "cluster.json")) == []
    assert refusals("emr", "AddJobFlowSteps", read(rendered, "steps.json"), later=("JobFlowId",)) == []


def test_the_properties_stand_in_spark_defaults(tmp_path: Path) -> None:
    rendered = render(order(tmp_path, "emr", release="emr-7.5.0", delivery={"mode": "outbox"}), "emr")
    assert names(rendered) == ["configurations.json", "cluster.json", "steps.json", "step.json"]
    found = read(rendered, "configurations.json")
    properties = defaults(found)
    assert properties["spark.extraListeners"].split(",")[-1] == LISTENER
    # The kit puts the JARs where no option displaces them.
    assert "spark.jars" not in properties
    assert properties["spark.sparklineage.spool"] == "/var/lib/sparklineage/spool"
    assert properties["spark.openlineage.namespace"] == "prod"
    assert not [key for key in properties if "extraClassPath" in key or "transport" in key]
    assert exported(found) == {}
    cluster = read(rendered, "cluster.json")
    assert cluster["Configurations"] == found
    (action,) = cluster["BootstrapActions"]
    assert action["ScriptBootstrapAction"] == {"Path": "s3://b/lineage/bootstrap.sh", "Args": []}
    assert any("sparklineage bootstrap emr --release emr-7.5.0" in note for note in rendered.notes)


def test_a_step_for_a_cluster_with_the_kit_needs_no_property(tmp_path: Path) -> None:
    rendered = render(order(tmp_path, "emr", release="emr-7.5.0", delivery={"mode": "outbox"}), "emr")
    (step,) = read(rendered, "steps.json")["Steps"]
    assert conf_of(step) == {}
    assert any("made with the kit" in note for note in rendered.notes)


def test_a_step_for_a_cluster_that_knows_nothing_carries_everything(tmp_path: Path) -> None:
    given = order(tmp_path, "emr", release="emr-7.5.0", delivery={"mode": "direct"}, transport=KEY)
    rendered = render(given, "emr")
    first, second = read(rendered, "steps.json")["Steps"]
    assert first["HadoopJarStep"]["Args"][:2] == ["bash", "-c"]
    assert "s3://b/lineage/node.sh" in first["HadoopJarStep"]["Args"][2]
    assert conf_of(second).keys() == defaults(read(rendered, "configurations.json")).keys()
    assert second["HadoopJarStep"]["Args"][-3:] == ["s3://b/job.py", "--day", "2026-01-31"]
    as_command = read(rendered, "step.json")[1]
    assert as_command["Args"] == second["HadoopJarStep"]["Args"]
    assert as_command["Type"] == "CUSTOM_JAR"


def test_the_step_of_a_new_cluster_needs_no_property(tmp_path: Path) -> None:
    cluster = read(render(order(tmp_path, "emr", release="emr-7.5.0"), "emr"), "cluster.json")
    assert conf_of(cluster["Steps"][0]) == {}
    assert cluster["Instances"]["KeepJobFlowAliveWhenNoSteps"] is False


def test_without_a_release_there_is_no_cluster(tmp_path: Path) -> None:
    rendered = render(order(tmp_path, "emr", application=None, agent={"scala": "2.12"}), "emr")
    assert names(rendered) == ["configurations.json"]
    assert any("no release is named" in note for note in rendered.notes)


@pytest.mark.parametrize(
    ("written", "label"), [("emr-7.5", "emr-7.5.0"), ("emr-7.5.0", "emr-7.5.0"), ("emr-7.10.9", "emr-7.10.9")]
)
def test_a_label_is_one_that_there_is(tmp_path: Path, written: str, label: str) -> None:
    """A later patch than the known ones may be there."""
    assert read(render(order(tmp_path, "emr", release=written), "emr"), "cluster.json")["ReleaseLabel"] == label


def test_keys_go_through_a_file_that_the_nodes_fetch(tmp_path: Path) -> None:
    given = order(tmp_path, "emr", release="emr-7.5.0", transport=KEY, delivery={"mode": "direct"})
    rendered = render(given, "emr")
    found = read(rendered, "configurations.json")
    assert exported(found) == {CONFIG: FILE}
    assert defaults(found)[f"spark.yarn.appMasterEnv.{CONFIG}"] == FILE
    assert not [key for key in defaults(found) if "auth" in key]
    action = read(rendered, "cluster.json")["BootstrapActions"]
    assert action == [{"Name": "sparklineage", "ScriptBootstrapAction": {"Path": "s3://b/lineage/node.sh", "Args": []}}]
    assert read(rendered, "steps.json")["Steps"][1]["HadoopJarStep"]["Args"][:3] == [
        "env", f"{CONFIG}={FILE}", "spark-submit",
    ]  # fmt: skip
    assert any("ssm:GetParameter" in note for note in rendered.notes)


@pytest.mark.parametrize("key", ["env:KEY", "file:/key", "databricks:scope/key"])
def test_a_secret_of_this_machine_is_refused(tmp_path: Path, key: str) -> None:
    transport = {**HTTP, "auth": {"type": "api_key", "apiKey": key}}
    given = order(tmp_path, "emr", release="emr-7.5.0", transport=transport, delivery={"mode": "direct"})
    with pytest.raises(ConfigError, match=r"sparklineage.yml:.* no node of a cluster has it; write aws-ssm:/name"):
        render(given, "emr")


def test_a_plain_secret_is_written_only_where_that_is_allowed(tmp_path: Path) -> None:
    transport = {**HTTP, "auth": {"type": "api_key", "apiKey": "canary-77"}}
    settings: dict[str, Any] = {"release": "emr-7.5.0", "transport": transport, "delivery": {"mode": "direct"}}
    with pytest.raises(ConfigError, match="secret in plain text") as raised:
        render(order(tmp_path, "emr", **settings), "emr")
    assert "canary-77" not in str(raised.value)
    rendered = render(order(tmp_path, "emr", literal=True, **settings), "emr")
    assert defaults(read(rendered, "configurations.json"))["spark.openlineage.transport.auth.apiKey"] == "canary-77"
    assert "node.sh" not in names(rendered)


def test_what_does_not_fit_into_a_step_is_left_to_the_cluster(tmp_path: Path) -> None:
    long = {"spark.acme.long": "x" * 11_000}
    rendered = render(order(tmp_path, "emr", release="emr-7.5.0", delivery={"mode": "direct"}, spark=long), "emr")
    (step,) = read(rendered, "steps.json")["Steps"]
    assert conf_of(step) == {}
    assert defaults(read(rendered, "configurations.json"))["spark.acme.long"] == "x" * 11_000
    assert any("10,240" in note and "modify-instance-groups" in note for note in rendered.notes)


def test_arguments_that_are_too_long_are_refused(tmp_path: Path) -> None:
    job = type(JOB)(uri="s3://b/job.py", arguments=("x" * 11_000,))
    with pytest.raises(ConfigError, match=r"has 11,\d+ characters, and 10,240 are allowed"):
        render(order(tmp_path, "emr", release="emr-7.5.0", application=job), "emr")


# Documents of the user's -------------------------------------------------------------------------------------------


def test_a_cluster_of_the_users_keeps_what_is_theirs(tmp_path: Path) -> None:
    given = order(tmp_path, "emr", release="emr-7.5.0", delivery={"mode": "outbox"}, application=None)
    rendered = render(given, "emr", MINE)
    merged = read(rendered, "mine.json")
    assert refusals("emr", "RunJobFlow", merged) == []
    properties = defaults(merged["Configurations"])
    assert properties["spark.extraListeners"].split(",")[1:] == ["com.acme.Mine", LISTENER]
    assert properties["spark.jars"] == "s3://b/mine.jar"
    assert properties["spark.driver.extraClassPath"] == defaults(MINE["Configurations"])["spark.driver.extraClassPath"]
    assert properties["spark.openlineage.namespace"] == "theirs"
    assert merged["BootstrapActions"][0] == MINE["BootstrapActions"][0]
    assert merged["BootstrapActions"][1]["ScriptBootstrapAction"]["Path"] == "s3://b/lineage/bootstrap.sh"
    etl, copy = merged["Steps"]
    assert conf_of(etl)["spark.extraListeners"].split(",")[1:] == ["com.acme.Step", LISTENER]
    assert set(conf_of(etl)) == {"spark.extraListeners"}
    assert etl["HadoopJarStep"]["Args"][-2:] == ["s3://b/etl.py", "x y"]
    assert copy == MINE["Steps"][1]
    for key in ("Name", "ReleaseLabel", "Instances"):
        assert merged[key] == MINE[key]
    assert merged["Configurations"][0] == MINE["Configurations"][0]
    assert any("spark.openlineage.namespace stays" in note for note in rendered.notes)


@pytest.mark.parametrize(
    "mine",
    [
        MINE,
        MINE["Configurations"],
        MINE["Steps"],
        {"JobFlowId": "j-1", "Steps": MINE["Steps"]},
        [],
        [{"Type": "Spark", "Name": "a", "Args": ["--name", "b", "s3://b/c.py"]}],
        {"Configurations": [{"Classification": "spark-env", "Properties": {}}]},
    ],
)
@pytest.mark.parametrize("transport", [HTTP, KEY])
@pytest.mark.parametrize("mode", ["outbox", "direct"])
def test_twice_is_once(tmp_path: Path, mine: object, transport: dict[str, Any], mode: str) -> None:
    given = order(tmp_path, "emr", release="emr-7.5.0", delivery={"mode": mode}, transport=transport)
    once = render(given, "emr", mine)
    twice = render(given, "emr", text_of(once, "mine.json"))
    assert [one.text for one in twice.artefacts] == [one.text for one in once.artefacts]


def test_steps_of_the_users_get_everything(tmp_path: Path) -> None:
    given = order(tmp_path, "emr", release="emr-7.5.0", transport=KEY, delivery={"mode": "direct"})
    mine = [{"Type": "CUSTOM_JAR", "Name": "a", "Jar": "command-runner.jar", "Args": ["spark-submit", "s3://b/c.py"]}]
    prepare, step = read(render(given, "emr", mine), "mine.json")
    assert prepare["Args"][:2] == ["bash", "-c"]
    assert step["Args"][:3] == ["env", f"{CONFIG}={FILE}", "spark-submit"]
    assert step["Args"][-1] == "s3://b/c.py"
    assert f"spark.extraListeners={LISTENER}" in step["Args"]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--jars", "s3://b/a.jar", "--name", "n"], ["--jars", "s3://b/a.jar,OURS", "--name", "n"]),
        (["--jars=s3://b/a.jar"], ["--jars", "s3://b/a.jar,OURS"]),
        (["--conf", "spark.jars=s3://b/a.jar"], ["--jars", "s3://b/a.jar,OURS"]),
        (
            ["--jars", "s3://b/a.jar", "--conf", "spark.jars=s3://b/c.jar"],
            ["--jars", "s3://b/a.jar,OURS", "--conf", "spark.jars=s3://b/c.jar"],
        ),
        (
            ["--jars", "s3://b/c.jar", "--jars", "s3://b/a.jar"],
            ["--jars", "s3://b/c.jar", "--jars", "s3://b/a.jar,OURS"],
        ),
    ],
)
def test_a_list_is_joined_where_it_stands(tmp_path: Path, options: list[str], expected: list[str]) -> None:
    step = {
        "Name": "a",
        "HadoopJarStep": {"Jar": "command-runner.jar", "Args": ["spark-submit", *options, "s3://b/c.py"]},
    }
    given = order(tmp_path, "emr", release="emr-7.5.0", delivery={"mode": "direct"}, application=None)
    (jar,) = given.jars
    merged = read(render(given, "emr", {"Instances": {}, "Steps": [step]}), "mine.json")["Steps"][0]["HadoopJarStep"]
    assert merged["Args"] == ["spark-submit", *(word.replace("OURS", jar) for word in expected), "s3://b/c.py"]


def test_a_step_of_the_type_spark_becomes_the_one_that_it_stands_for(tmp_path: Path) -> None:
    """Nothing can stand before its spark-submit otherwise."""
    given = order(tmp_path, "emr", release="emr-7.5.0", transport=KEY, delivery={"mode": "direct"})
    _, step = read(render(given, "emr", [{"Type": "Spark", "Name": "a", "Args": ["s3://b/c.py"]}]), "mine.json")
    assert (step["Type"], step["Jar"]) == ("CUSTOM_JAR", "command-runner.jar")
    assert step["Args"][:3] == ["env", f"{CONFIG}={FILE}", "spark-submit"]
    plain = order(tmp_path, "emr", release="emr-7.5.0", delivery={"mode": "direct"})
    (step,) = read(render(plain, "emr", [{"Type": "Spark", "Name": "a", "Args": ["s3://b/c.py"]}]), "mine.json")
    assert (step["Type"], "Jar" in step) == ("Spark", False)


def test_our_key_is_not_for_a_backend_of_theirs(tmp_path: Path) -> None:
    """Without that, the agent would lay our key beside their address and send it there."""
    given = order(tmp_path, "emr", release="emr-7.5.0", transport=KEY, delivery={"mode": "direct"}, application=None)
    own = {"spark.openlineage.transport.type": "http", "spark.openlineage.transport.url": "https://theirs"}
    rendered = render(given, "emr", [{"Classification": "spark-defaults", "Properties": own}])
    assert names(rendered) == ["mine.json"]
    merged = read(rendered, "mine.json")
    assert exported(merged) == {}
    assert f"spark.yarn.appMasterEnv.{CONFIG}" not in defaults(merged)
    args = ["spark-submit", "--conf", "spark.openlineage.transport.type=console", "s3://b/c.py"]
    step = {"Name": "a", "HadoopJarStep": {"Jar": "command-runner.jar", "Args": args}}
    merged = read(render(given, "emr", [step]), "mine.json")
    assert merged[-1]["HadoopJarStep"]["Args"][0] == "spark-submit"
    assert CONFIG not in str(merged[-1])


def test_secrets_of_theirs_stay_where_they_are(tmp_path: Path) -> None:
    given = order(tmp_path, "emr", release="emr-7.5.0", transport=KEY, delivery={"mode": "direct"}, application=None)
    own = {"spark.hadoop.fs.s3a.secret.key": "canary-12", "EMR.secret@spark.acme.key": "arn:x"}
    rendered = render(given, "emr", [{"Classification": "spark-defaults", "Properties": own}])
    assert own.items() <= defaults(read(rendered, "mine.json")).items()
    assert "canary-12" not in text_of(rendered, "node.sh") + " ".join(rendered.notes)


def test_too_many_bootstrap_actions_are_refused(tmp_path: Path) -> None:
    mine = {**MINE, "BootstrapActions": [MINE["BootstrapActions"][0]] * 16}
    with pytest.raises(ConfigError, match="there are 17 bootstrap actions, and 16 are allowed"):
        render(order(tmp_path, "emr", release="emr-7.5.0", delivery={"mode": "outbox"}), "emr", mine)


def test_what_does_not_change_keeps_its_form(tmp_path: Path) -> None:
    mine = (
        '{ "ReleaseLabel": "emr-7.5.0",\n  "Applications": [{"Name": "Spark"}],   "Tags": [ ],\n'
        '  "Instances": {"InstanceCount": 1.0},\n  "Configurations": []}\n'
    )
    text = text_of(render(order(tmp_path, "emr", release="emr-7.5.0", application=None), "emr", mine), "mine.json")
    assert text.startswith(mine.partition("[]}")[0])
    assert LISTENER in text
    again = render(order(tmp_path, "emr", release="emr-7.5.0", application=None), "emr", text)
    assert text_of(again, "mine.json") == text


@pytest.mark.parametrize("options", [[], ["--deploy-mode", "cluster"]])
def test_steps_of_a_cluster_with_the_kit_get_what_their_own_lists_would_take_away(
    tmp_path: Path, options: list[str]
) -> None:
    args = ["spark-submit", *options, "--jars", "s3://b/a.jar", "--conf", "spark.extraListeners=com.acme.Step"]
    mine = [
        {"Name": name, "HadoopJarStep": {"Jar": "command-runner.jar", "Args": [*words, "s3://b/a.py"]}}
        for name, words in (("lists", args), ("none", args[: 1 + len(options)]))
    ]
    given = order(tmp_path, "emr", release="emr-7.5.0", delivery={"mode": "outbox"})
    lists, none = read(render(given, "emr", mine), "mine.json")
    assert conf_of(lists)["spark.jars"] == "s3://b/a.jar"
    assert conf_of(lists)["spark.extraListeners"].split(",")[1:] == ["com.acme.Step", LISTENER]
    assert none == mine[1]


@pytest.mark.parametrize(
    ("changes", "says"), [({"release": "emr-7.8.0"}, "emr-7.8.0"), ({"agent": {"scala": "2.13"}}, "Scala 2.13")]
)
def test_a_cluster_of_another_release_is_refused(tmp_path: Path, changes: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError, match=f"the release is emr-7[.]5[.]0, but the agent is the one for {says}"):
        render(order(tmp_path, "emr", **changes), "emr", MINE)


@pytest.mark.parametrize(
    ("mine", "says"),
    [
        ('{"a": 1,}', "mine.json:1:9: this is no JSON"),
        ('{"Steps": [],\n "Steps": []}', "mine.json:2:2: Steps stands there for the second time"),
        ("", "there is nothing in it"),
        ({"a": 1}, "none of the documents that lineage can be merged into"),
        ([{"classification": "spark-defaults"}], "none of the documents"),
        ([{"Name": "a", "HadoopJarStep": {"Jar": "x.jar"}}], "no step of it starts spark-submit"),
        ([{"Name": "a", "HadoopJarStep": {"Jar": "x.jar", "Args": [1]}}], "Args of the step is no list of texts"),
        ([{"Classification": "spark-defaults", "Properties": {"a": 1}}], "a of spark-defaults is no text"),
        ([{"Classification": "spark-defaults", "Properties": []}], "Properties of spark-defaults is no object"),
        ({"Configurations": {}}, None),
        ({"Configurations": "x"}, "is no list of objects with Classification"),
        ({"Instances": {}, "Steps": {}}, None),
        ({"Instances": {}, "Steps": [1]}, "Steps is no list of steps"),
        ({"Instances": {}, "BootstrapActions": 1}, "BootstrapActions is no list"),
    ],
)
def test_what_cannot_be_merged_is_said_in_a_sentence(tmp_path: Path, mine: object, says: str | None) -> None:
    given = order(tmp_path, "emr", release="emr-7.5.0", delivery={"mode": "outbox"})
    if says is None:
        render(given, "emr", mine)
        return
    with pytest.raises(ConfigError) as raised:
        render(given, "emr", mine)
    assert says in str(raised.value)


def test_another_file_for_the_agent_is_not_overwritten(tmp_path: Path) -> None:
    given = order(tmp_path, "emr", release="emr-7.5.0", transport=KEY, delivery={"mode": "direct"})
    export = {"Classification": "export", "Properties": {CONFIG: "/mine.yml"}}
    mine = [{"Classification": "spark-env", "Properties": {}, "Configurations": [export]}]
    with pytest.raises(ConfigError, match=r"spark-env sets OPENLINEAGE_CONFIG to '/mine[.]yml'"):
        render(given, "emr", mine)


# The vendor's agent ------------------------------------------------------------------------------------------------


def test_two_agents_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="two agents fail a job: write vendorAgent: reuse"):
        render(order(tmp_path, "emr", release="emr-7.12.0"), "emr")


def test_the_vendors_agent_is_used_where_that_is_asked_for(tmp_path: Path) -> None:
    section = {"vendorAgent": "reuse"}
    given = order(tmp_path, "emr", release="emr-7.12.0", section=section, delivery={"mode": "direct"})
    rendered = render(given, "emr")
    properties = defaults(read(rendered, "configurations.json"))
    assert properties["spark.extraListeners"] == LISTENER
    assert "spark.jars" not in properties
    assert properties["spark.openlineage.transport.type"] == "http"
    assert rendered.notes[0].startswith("The agent is the platform's own")


def test_both_feeds_need_a_composite_transport(tmp_path: Path) -> None:
    section = {"vendorAgent": "compose"}
    given = order(tmp_path, "emr", release="emr-7.12.0", section=section, delivery={"mode": "direct"})
    with pytest.raises(ConfigError, match=r"needs transport.type composite"):
        render(given, "emr")
    both = {
        "type": "composite",
        "transports": {"ours": HTTP, "theirs": {"type": "amazon_datazone_api", "domainId": "dzd_1"}},
    }
    given = order(tmp_path, "emr", release="emr-7.12.0", section=section, transport=both, delivery={"mode": "direct"})
    properties = defaults(read(render(given, "emr"), "configurations.json"))
    assert properties["spark.openlineage.transport.transports.theirs.domainId"] == "dzd_1"
    assert not [jar for jar in properties.get("spark.jars", "").split(",") if "openlineage-spark" in jar]


def test_a_release_without_an_agent_cannot_lend_one(tmp_path: Path) -> None:
    given = order(tmp_path, "emr", release="emr-7.5.0", section={"vendorAgent": "reuse"}, delivery={"mode": "direct"})
    with pytest.raises(ConfigError, match=r"emr-7.5.0 brings no agent that is known; write `replace`"):
        render(given, "emr")
