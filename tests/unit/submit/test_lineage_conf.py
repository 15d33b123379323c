"""What is added to the user's command, and what of the user's stays."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from sparklineage.config.conf_values import typed
from sparklineage.errors import ConfigError
from sparklineage.model.conf_set import ConfSet
from sparklineage.model.parent import Parent
from sparklineage.submit.existing_agent import ExistingAgent, existing_agent
from sparklineage.submit.lineage_conf import (
    REDACTED,
    LineageConf,
    LineageSpec,
    chosen_run_id,
    is_plain_jar_path,
    lineage_args,
)
from sparklineage.submit.options import parse
from sparklineage.submit.spark import SparkInstall
from sparklineage.submit.user_conf import UserConf, effective
from sparklineage.witness import ABSENT_NAME, absent_jar_path

RUN = "01936f0c-7e1b-7c6e-9d2f-3b1f0a5d8e42"
OTHER = "01936f0c-7e1b-7c6e-9d2f-3b1f0a5d8e43"
AGENT = "io.openlineage.spark.agent.OpenLineageSparkListener"
SPEC = LineageSpec(
    run_id=RUN, namespace="default", app_name="job", parent=None, folder=Path("/j") / RUN,
    agent_listener=AGENT, agent_jar=Path("/c/agent.jar"), witness_listener="w.Witness", witness_jar=Path("/p/w.jar"),
)  # fmt: skip


def build(*argv: str, spec: LineageSpec = SPEC, environ: dict[str, str] | None = None) -> LineageConf:
    command = parse([*argv, "job.py"])
    return lineage_args(command, effective(command, None, {}), spec, environ=environ)


def values(found: LineageConf) -> dict[str, str]:
    return {entry.key: entry.value for entry in found.properties}


def test_the_whole_of_it_over_nothing() -> None:
    found = build()
    assert found.args == (
        "--conf", f"spark.openlineage.applicationRunId={RUN}",
        "--conf", "spark.openlineage.namespace=default",
        "--conf", "spark.openlineage.appName=job",
        "--conf", f"spark.extraListeners=w.Witness,{AGENT}",
        "--jars", "/c/agent.jar,/p/w.jar",
        "--conf", "spark.openlineage.transport.type=file",
        "--conf", f"spark.openlineage.transport.location=/j/{RUN}/agent.ndjson",
        "--conf", "spark.openlineage.capturedProperties=spark.master,spark.app.name,spark.sparklineage.step",
        "--conf", f"spark.redaction.regex={REDACTED}",
        "--conf", f"spark.sparklineage.journal=/j/{RUN}",
    )  # fmt: skip
    assert (found.notes, found.transport, found.run_id, found.witness, found.disabled) == (
        (),
        "outbox",
        RUN,
        True,
        False,
    )
    assert all(entry.why for entry in found.properties)


@pytest.mark.parametrize("spelling", [["--conf", "{}"], ["--conf={}"], ["-c", "{}"]])
def test_lists_are_joined_in_order_without_duplicates(spelling: list[str]) -> None:
    def conf(text: str) -> list[str]:
        return [part.replace("{}", text) for part in spelling]

    found = values(
        build(
            *conf(f"spark.extraListeners= a.B , {AGENT},c.D, a.B"),
            *conf("spark.jars=/x.jar, /c/agent.jar"),
            *conf("spark.openlineage.capturedProperties=spark.x"),
        )
    )
    assert found["spark.extraListeners"] == f"w.Witness,a.B,{AGENT},c.D"
    assert found["spark.jars"] == "/x.jar,/c/agent.jar,/p/w.jar"
    assert found["spark.openlineage.capturedProperties"] == "spark.x,spark.sparklineage.step"


def test_jars_are_joined_with_those_that_count(tmp_path: Path) -> None:
    found = build("--jars", "/a.jar", "--conf", "spark.jars=/lost.jar", "--packages", "g:a:1")
    assert found.args[found.args.index("--jars") + 1] == "/a.jar,/c/agent.jar,/p/w.jar"
    assert "spark.jars.packages" not in values(found)
    file = tmp_path / "f.properties"
    file.write_text("spark.jars=/f.jar\nspark.extraListeners=f.L\n")
    from_file = values(build("--properties-file", str(file)))
    assert (from_file["spark.jars"], from_file["spark.extraListeners"]) == (
        "/f.jar,/c/agent.jar,/p/w.jar",
        f"w.Witness,f.L,{AGENT}",
    )


def test_without_witness_and_with_an_agent_that_is_there() -> None:
    existing = ExistingAgent(
        name="/x/openlineage-spark_2.13-1.53.0.jar", source="--jars", version="1.53.0", scala="2.13"
    )
    found = build("--jars", existing.name, spec=replace(SPEC, agent_jar=None, existing=existing, witness_jar=None))
    assert "spark.jars" not in values(found)
    assert values(found)["spark.extraListeners"] == AGENT
    assert found.notes == ("the agent that is there is used: /x/openlineage-spark_2.13-1.53.0.jar (--jars)",)
    assert not found.witness


def test_the_user_s_scalars_stay() -> None:
    found = build(
        "--conf", "spark.openlineage.namespace=theirs", "--conf", "spark.openlineage.appName=App",
        "--conf", f"spark.openlineage.applicationRunId={OTHER}",
    )  # fmt: skip
    assert (found.namespace, found.app_name, found.run_id) == ("theirs", "App", OTHER)
    assert not {"spark.openlineage.namespace", "spark.openlineage.appName"} & set(values(found))
    assert found.notes == (
        f"spark.openlineage.applicationRunId={OTHER} stays as you set it (--conf)",
        "spark.openlineage.namespace=theirs stays as you set it (--conf)",
        "spark.openlineage.appName=App stays as you set it (--conf)",
    )


def test_a_flag_of_ours_wins_over_the_property() -> None:
    found = build("--conf", "spark.openlineage.namespace=theirs", "--namespace", "mine", "--run-id", OTHER)
    assert (found.namespace, found.run_id) == ("mine", OTHER)
    assert values(found)["spark.openlineage.namespace"] == "mine"
    assert found.notes == ("--namespace wins over spark.openlineage.namespace=theirs (--conf)",)


def test_a_run_id_that_is_no_uuid() -> None:
    command = parse(["--conf", "spark.openlineage.applicationRunId=7", "job.py"])
    with pytest.raises(ConfigError) as caught:
        chosen_run_id(command, effective(command, None, {}))
    assert str(caught.value) == (
        "spark.openlineage.applicationRunId (--conf) must be a UUID, found '7'; "
        "with it the agent would report nothing. Remove it, or use --run-id."
    )
    assert chosen_run_id(parse(["a.py"]), UserConf()) is None
    assert chosen_run_id(parse(["--run-id", RUN, "a.py"]), UserConf()) == RUN


def test_a_transport_of_the_user_s_own() -> None:
    found = build("--conf", "spark.openlineage.transport.type=http", "--conf=spark.openlineage.transport.url=http://h")
    assert found.transport == "user"
    assert not [key for key in values(found) if key.startswith("spark.openlineage.transport")]
    because = "because spark.openlineage.transport.type is set: the agent sends its events itself (--conf)"
    assert found.notes == (f"the outbox is off, {because}",)


@pytest.mark.parametrize("key", ["url", "auth.apiKey", "headers.X-Team", "location"])
def test_a_transport_without_its_type_leaves_the_outbox_on(key: str) -> None:
    found = build("--conf", f"spark.openlineage.transport.{key}=x", "--conf", "spark.openlineage.transport.type= ")
    assert found.transport == "outbox"
    assert f"spark.openlineage.transport.location=/j/{RUN}/agent.ndjson" in found.args
    assert "spark.openlineage.transport.type=file" in found.args
    because = "spark.openlineage.transport.type is missing: the agent writes to the journal, and the relay delivers"
    assert found.notes == (f"spark.openlineage.transport.{key} is not used, {because} (--conf)",)


def test_a_transport_in_the_environment_is_named() -> None:
    found = build(environ={"OPENLINEAGE__TRANSPORT__TYPE": "http", "OPENLINEAGE__TRANSPORT__URL": "http://h"})
    assert found.transport == "outbox"
    assert found.notes == (
        "OPENLINEAGE__TRANSPORT__TYPE is not used: the agent writes to the journal, and the relay delivers",
    )


def test_parents() -> None:
    parent = Parent(namespace="ns", name="dag.task", run_id=OTHER)
    found = build(spec=replace(SPEC, parent=parent))
    assert found.parent == parent
    assert set(parent.spark_properties()) <= set(values(found).items())
    for key in ("parentRunId", "rootParentJobName", "context"):
        theirs = build("--conf", f"spark.openlineage.{key}=x", spec=replace(SPEC, parent=parent))
        assert theirs.parent is None
        assert not [key for key in values(theirs) if "arent" in key]
        assert theirs.notes == (f"the parent from the environment gives way to spark.openlineage.{key} (--conf)",)


def test_an_agent_that_is_switched_off() -> None:
    found = build("--conf", "spark.openlineage.disabled=true")
    assert found.disabled
    assert found.notes == ("the agent is off: spark.openlineage.disabled=true (--conf)",)


@pytest.mark.parametrize("theirs", ["(?i)secret|pin", r"\Qa.b", "(?x) pin # a comment", "pin"])
def test_redaction_keeps_the_user_s_pattern_last_and_whole(theirs: str) -> None:
    found = values(build("--conf", f"spark.redaction.regex={theirs}"))["spark.redaction.regex"]
    assert found == f"{REDACTED}|{theirs}"


def test_redaction_hides_what_spark_forgets() -> None:
    found = values(build("--conf", "spark.redaction.regex=pin"))["spark.redaction.regex"]
    hidden = (
        "spark.openlineage.transport.auth.apiKey openlineage.transport.headers.X "
        "x.headers.Authorization a.urlParams.code my.pin fs.s3a.access.key "
        "sasl.jaas.config AWS_SECRET x.password tokenEndpoint credentials api_key"
    )
    for key in hidden.split():
        assert re.search(found, key), key
    assert not re.search(found, "spark.master")
    assert "spark.redaction.regex" not in values(build("--conf", f"spark.redaction.regex={found}"))


@pytest.mark.parametrize(
    ("path", "plain"),
    [("/home/u/.cache/a/openlineage-spark_2.13-1.53.0.jar", True), ("relative.jar", False), ("/a b.jar", False),
     ("/a,b.jar", False), ("/a*.jar", False), ("/a[1].jar", False), ("/a{b}.jar", False), ("/a#b.jar", False),
     ("/a%20b.jar", False), ("/ä.jar", False), ("/a?.jar", False), ("/a:b.jar", False), ("/a\nb.jar", False)],
)  # fmt: skip
def test_jar_paths_that_spark_takes_as_they_are(path: str, plain: bool) -> None:
    assert is_plain_jar_path(Path(path)) is plain


NAME = "openlineage-spark_2.13-1.53.0.jar"


@pytest.mark.parametrize(
    ("argv", "source"),
    [
        (["--jars", "/x.jar,FOLDER/NAME"], "--jars"),
        (["--jars=FOLDER/open*.jar"], "--jars"),
        (["--jars", "s3://bucket/lib/NAME"], "--jars"),
        (["--conf", "spark.jars=file:FOLDER/NAME"], "--conf"),
        (["--driver-class-path", "/a:FOLDER/NAME"], "--driver-class-path"),
        (["--driver-class-path=FOLDER/*"], "--driver-class-path"),
        (["--conf", "spark.driver.extraClassPath=FOLDER/*:/b"], "--conf"),
        (["--packages", "g:a:1, io.openlineage:openlineage-spark_2.13:1.53.0"], "--packages"),
    ],
)
def test_agents_that_are_there(tmp_path: Path, argv: list[str], source: str) -> None:
    (tmp_path / NAME).write_bytes(b"")
    (tmp_path / "other.jar").write_bytes(b"")
    command = parse([*(arg.replace("FOLDER", str(tmp_path)).replace("NAME", NAME) for arg in argv), "job.py"])
    found = existing_agent(effective(command, None, {}), None)
    assert found is not None
    assert (found.source, found.version, found.scala) == (source, "1.53.0", "2.13")
    local = "s3:" not in found.name and source != "--packages"
    assert found.path == (tmp_path / NAME if local else None)


def test_an_agent_among_spark_s_own_jars(tmp_path: Path) -> None:
    (tmp_path / "jars").mkdir()
    (tmp_path / "jars" / "openlineage-spark-1.8.0.jar").write_bytes(b"")
    install = SparkInstall(home=tmp_path, spark_submit=tmp_path, version="3.3.4", scala="2.12")
    found = existing_agent(UserConf(), install)
    assert found is not None
    assert (found.source, found.version, found.scala) == ("$SPARK_HOME/jars", "1.8.0", None)


@pytest.mark.parametrize(
    "jars",
    [
        "/x/openlineage-java-1.53.0.jar",
        "/x/openlineage-spark_2.13-1.53.0-sources.jar",
        f"/usr/lib/spark/jars/{ABSENT_NAME}",
        str(absent_jar_path()),
        "/x/*.jar",
        "",
    ],
)
def test_what_is_no_agent(jars: str) -> None:
    command = parse(["--jars", jars, "job.py"])
    assert existing_agent(effective(command, None, {}), None) is None


FROM_FILE = ConfSet.of(
    {
        "spark.openlineage.filter.deniedSparkNodes": "[a.B]",
        "spark.openlineage.job.tags": "team:flights",
        "spark.openlineage.capturedProperties": "spark.x",
        "spark.jars.packages": "g:file:1",
        "spark.redaction.regex": "pin",
        "spark.sql.shuffle.partitions": "8",
    },
    source="sparklineage.yml:4:3",
    typed=typed,
)


def test_properties_of_the_file_are_added() -> None:
    found = values(build(spec=replace(SPEC, properties=FROM_FILE)))
    assert found["spark.openlineage.filter.deniedSparkNodes"] == "[a.B]"
    assert found["spark.openlineage.job.tags"] == "team:flights"
    assert found["spark.openlineage.capturedProperties"] == "spark.x,spark.sparklineage.step"
    assert found["spark.redaction.regex"] == f"{REDACTED}|pin"
    built = build(spec=replace(SPEC, properties=FROM_FILE))
    assert built.args[-4:] == ("--packages", "g:file:1", "--conf", "spark.sql.shuffle.partitions=8")
    assert built.notes == ()
    assert built.properties[-1].why == "set in sparklineage.yml:4:3"


def test_properties_of_the_file_lie_below_the_user_s() -> None:
    found = build(
        "--packages", "g:a:1", "-c", "spark.sql.shuffle.partitions=9", "-c", "spark.redaction.regex=own",
        "-c", "spark.openlineage.job.tags=team:mine;x:y", "-c", "spark.openlineage.capturedProperties=spark.y",
        spec=replace(SPEC, properties=FROM_FILE),
    )  # fmt: skip
    assert "spark.sql.shuffle.partitions" not in values(found)
    assert found.args[found.args.index("--packages") + 1] == "g:a:1,g:file:1"
    assert values(found)["spark.redaction.regex"] == f"{REDACTED}|pin|own"
    assert values(found)["spark.openlineage.capturedProperties"] == "spark.y,spark.x,spark.sparklineage.step"
    assert "spark.openlineage.job.tags" not in values(found)
    assert found.notes == (
        "spark.openlineage.job.tags=team:mine;x:y stays as you set it (--conf)",
        "spark.sql.shuffle.partitions=9 stays as you set it (--conf)",
    )
    (packages,) = (entry for entry in found.properties if entry.key == "spark.jars.packages")
    assert packages.why == "set in sparklineage.yml:4:3, joined with --packages"


def test_the_file_s_properties_cannot_rename_the_run_or_show_a_secret() -> None:
    more = ConfSet.of(
        {"spark.openlineage.applicationRunId": OTHER, "spark.openlineage.namespace": "raw",
         "spark.openlineage.transport.auth.apiKey": "canary-77aa12"},
        source="sparklineage.yml:4:3", typed=typed,
    )  # fmt: skip
    found = build(spec=replace(SPEC, properties=more))
    assert (found.run_id, found.namespace) == (RUN, "default")
    assert "canary" not in f"{found!r}"
    assert not [entry for entry in found.properties if "auth" in entry.key]


def test_a_transport_in_the_file_s_properties_switches_the_outbox_off() -> None:
    raw = ConfSet.of({"spark.openlineage.transport.type": "console"}, source="sparklineage.yml:9:5")
    found = build(spec=replace(SPEC, properties=raw))
    assert found.transport == "user"
    assert values(found)["spark.openlineage.transport.type"] == "console"
    assert "spark.openlineage.transport.location" not in values(found)
    assert found.notes[0].endswith("the agent sends its events itself (sparklineage.yml:9:5)")


def test_jars_that_cannot_be_joined_stop_the_submit() -> None:
    """The listeners without their JARs would fail the job."""
    with pytest.raises(ConfigError, match=r"^spark\.jars \(--jars\): --jars stays, and cannot be joined: "):
        build("--jars", "/a\n.jar")


def test_a_list_of_the_user_s_that_has_ours_already_is_left_alone() -> None:
    found = build("-c", "spark.openlineage.capturedProperties=spark.sparklineage.step,spark.x")
    assert "spark.openlineage.capturedProperties" not in values(found)
