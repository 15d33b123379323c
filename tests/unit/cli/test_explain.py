"""`explain`, with and without a key."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.spark_home import defaults, spark_home
from tests.unit.cli.desk import CANARY, Desk

DIRECT = f"""\
namespace: prod
delivery: {{mode: direct}}
transport:
  type: http
  url: https://u:{CANARY}-a@h.example/in?code={CANARY}-b&team=a
  auth: {{type: api_key, apiKey: {CANARY}-c}}
  headers: {{X-Team: data, X-Auth: {CANARY}-d}}
spark:
  spark.hadoop.fs.s3a.secret.key: {CANARY}-e
"""


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(tmp_path, capsys, monkeypatch)


def _properties(desk: Desk, *words: str) -> dict[str, dict[str, object]]:
    return {entry["key"]: entry for entry in json.loads(desk.good("explain", "--format", "json", *words))["properties"]}


def test_no_secret_is_shown_and_what_is_none_is(desk: Desk) -> None:
    desk.write(DIRECT)
    for words in (["explain"], ["explain", "--format", "json"]):
        assert CANARY not in "".join(map(str, desk.run(*words)))
    found = _properties(desk)
    assert found["spark.openlineage.transport.headers.X-Team"]["value"] == "data"
    assert found["spark.openlineage.transport.urlParams.code"]["value"] == "********"


@pytest.mark.parametrize(
    "key",
    [
        "transport.url", "transport.auth.apiKey", "transport.headers.X-Auth", "spark.openlineage.transport.url",
        "spark.openlineage.transport.auth.apiKey", "spark.hadoop.fs.s3a.secret.key",
        "spark.openlineage.transport.headers.Authorization",
    ],
)  # fmt: skip
@pytest.mark.parametrize("form", ["text", "json"])
def test_no_secret_is_shown_of_a_key(desk: Desk, key: str, form: str) -> None:
    desk.write(DIRECT)
    assert CANARY not in "".join(map(str, desk.run("explain", key, "--format", form)))


def test_a_secret_in_a_variable_is_named_by_its_variable(desk: Desk) -> None:
    desk.write("delivery: {mode: direct}\n")
    more = {"OPENLINEAGE_URL": "http://h:1", "OPENLINEAGE_API_KEY": CANARY}
    status, out, err = desk.run("explain", **more)
    assert (status, CANARY in out + err) == (0, False)
    assert "env:OPENLINEAGE_API_KEY" in out


def test_the_spark_defaults_that_would_be_read_are_joined(desk: Desk) -> None:
    desk.write("namespace: ours\n")
    path = defaults(
        desk.spark,
        "# mine\nspark.extraListeners com.acme.L\nspark.openlineage.namespace first\n"
        f"spark.openlineage.namespace theirs\nspark.acme.password {CANARY}\nnot.sparks x\n",
    )
    out = desk.good("explain")
    assert f"joined    {path}\n" in out
    assert CANARY not in out
    found = _properties(desk)
    assert found["spark.extraListeners"]["joined"] == ["spark-defaults.conf:2", "sparklineage"]
    assert found["spark.openlineage.namespace"] == {
        "key": "spark.openlineage.namespace",
        "value": "theirs",
        "source": "spark-defaults.conf:4",
        "why": "",
        "joined": [],
        "lost": [
            {"value": "first", "source": "spark-defaults.conf:3", "why": "of a key given twice the last one counts"},
            {"value": "ours", "source": "sparklineage.yml:1:1", "why": "spark-defaults.conf:4 stays"},
        ],
    }
    assert "not.sparks" not in found


def test_spark_conf_dir_and_into_name_other_files(desk: Desk, tmp_path: Path) -> None:
    desk.write("namespace: ours\n")
    defaults(desk.spark, "spark.acme.x home\n")
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "spark-defaults.conf").write_text("spark.acme.x etc\n")
    mine = desk.write("spark.acme.x=mine\n", "mine.properties")
    assert _properties(desk)["spark.acme.x"]["value"] == "home"
    desk.environ["SPARK_CONF_DIR"] = str(tmp_path / "etc")
    assert _properties(desk)["spark.acme.x"]["value"] == "etc"
    assert _properties(desk, "--into", mine.name)["spark.acme.x"]["source"] == "mine.properties:1"
    assert "value here      mine  (mine.properties:1)" in desk.good("explain", "spark.acme.x", "--into", mine.name)


def test_properties_that_cannot_be_read_are_an_error(desk: Desk) -> None:
    said = desk.refused(64, "explain", "--into", "absent.conf")
    assert said == "absent.conf: the properties file cannot be read: No such file or directory."
    desk.write("spark.x \\u12\n", "bad.conf")
    assert desk.refused(64, "explain", "--into", "bad.conf").startswith("bad.conf: \\u12 is no character")


def test_an_agent_that_is_there_already_and_one_that_is_off_are_noted(desk: Desk) -> None:
    desk.write("namespace: a\n")
    defaults(desk.spark, "spark.jars.packages io.openlineage:openlineage-spark_2.13:1.40.0\n"
                         "spark.openlineage.disabled true\n")  # fmt: skip
    out = desk.good("explain")
    assert (
        "note: an agent is there already, io.openlineage:openlineage-spark_2.13:1.40.0 (spark-defaults.conf:1)" in out
    )
    assert "note: the agent is off: spark.openlineage.disabled=true (spark-defaults.conf:2)." in out


def test_an_agent_that_does_not_fit_the_spark_is_refused(desk: Desk, tmp_path: Path) -> None:
    desk.write("agent: {version: 1.36.0}\n")
    said = desk.refused(72, "explain")
    assert said.startswith("Agent 1.36.0 does not work with Spark 4.2.0 (Scala 2.13); it needs 1.53.0 or later.")
    assert "agent.version was set in sparklineage.yml:1:9." in said
    assert "--force" not in said
    old = spark_home(tmp_path / "old", "3.5.9", "2.12")
    assert "openlineage-spark_2.12-1.36.0.jar" in desk.good("explain", "--spark-home", str(old))


def test_the_scala_of_another_spark_is_a_note(desk: Desk) -> None:
    desk.write('agent: {scala: "2.12"}\n')
    assert f"note: agent.scala is 2.12 (sparklineage.yml:1:9), and the Spark found here ({desk.spark})" in desk.good(
        "explain"
    )


def test_disabled_leaves_nothing_but_a_note(desk: Desk) -> None:
    desk.write("disabled: true\nnamespace: a\n")
    out = desk.good("explain")
    assert "Spark properties" not in out
    assert "note: lineage is switched off: disabled is true (sparklineage.yml:1:1)." in out


def test_every_problem_of_a_broken_file_is_told(desk: Desk) -> None:
    desk.write("namespac: a\ntransport: {type: http}\ndisabled: perhaps\n")
    said = desk.refused(64, "explain")
    assert said.count("sparklineage.yml:") == len(said.splitlines()) >= 2


def test_a_breaker_without_its_limit_is_refused(desk: Desk) -> None:
    for kind in ("timeout", "simpleMemory", "javaRuntime"):
        desk.write(f"circuitBreaker: {{type: {kind}}}\n")
        said = desk.refused(64, "explain")
        assert said.startswith(f"sparklineage.yml:1:18: circuitBreaker.type is {kind}, but there is no ")
    desk.write("circuitBreaker: {memoryThreshold: 20}\n")
    assert "circuitBreaker.memoryThreshold has no circuitBreaker.type beside it" in desk.refused(64, "explain")
    desk.write("circuitBreaker: {timeoutInSeconds: 7}\n")
    found = _properties(desk)
    assert found["spark.openlineage.circuitBreaker.type"]["value"] == "timeout"
    assert found["spark.openlineage.circuitBreaker.timeoutInSeconds"]["value"] == "7"


@pytest.mark.parametrize(
    ("breaker", "noted"),
    [("type: timeout, timeoutInSeconds: 5", False), ("type: javaRuntime, timeoutInSeconds: 5", True)],
)
def test_what_the_agent_drops_beside_variables_is_noted(desk: Desk, breaker: str, noted: bool) -> None:
    text = f"delivery: {{mode: direct}}\ntimeout: {{buildDatasetsTimePercentage: 9}}\ncircuitBreaker: {{{breaker}}}\n"
    desk.write(f"{text}transport: {{url: 'http://h:1'}}\n")
    assert "note: spark.openlineage.timeout" not in desk.good("explain")
    desk.write(f"{text}transport: {{url: 'http://h:1', auth: {{apiKey: 'env:K'}}}}\n")
    out = desk.good("explain")
    assert "timeout.buildDatasetsTimePercentage (sparklineage.yml:2:11) will have no effect" in out
    assert ("take the type timeout" in out) is noted


@pytest.mark.parametrize("columns", ["1", "40", "60", "80", "100", "200"])
def test_any_terminal_gets_every_key_and_source(desk: Desk, columns: str) -> None:
    """A word stays whole, so that it can be copied; the rest fits from 80 columns on."""
    desk.write("namespace: prod.team\nfilter: {rddEventsDisabled: true}\n")
    out = desk.good("explain", COLUMNS=columns, NO_COLOR="1")
    for word in ("spark.openlineage.filter.rddEventsDisabled", "prod.team", "sparklineage.yml:1:1", "io.sparklineage."):
        assert word in out
    assert "\x1b" not in out


def test_a_value_cannot_command_the_terminal(desk: Desk) -> None:
    desk.write('spark: {spark.acme.v: "a\\e[31mred\\nline"}\n')
    for words in (["explain"], ["explain", "spark.acme.v"]):
        out = desk.good(*words)
        assert "a\\x1b[31mred\\nline" in out
        assert "\x1b" not in out


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("namespace", "variables       NAMESPACE, OPENLINEAGE_NAMESPACE"),
        ("job", "in the file     job.name"),
        ("transport.url", "SL011 "),
        ("facets.debug.disabled", "in Spark        spark.openlineage.facets.debug.disabled"),
        ("transport.transports.a.url", "spark.openlineage.transport.transports.a.url"),
        ("transport.properties.sasl.jaas.config", "type            secret: a reference such as env:NAME"),
        ("spark.openlineage.host", "not read since 0.22.0"),
        ("host", "write instead   spark.openlineage.transport.url and spark.openlineage.transport.type=http"),
        ("spark.openlineage.captureQuery", "no agent has ever read it"),
        ("spark.openlineage.parentRunId", "type            uuid"),
        ("spark.extraListeners", "SL041 "),
        ("spark.sql.shuffle.partitions", "a property of Spark"),
        ("platform.release", "in the file     platforms: NAME: release"),
        ("circuitBreaker.type", "timeout since 1.35.0"),
        ("delivery", "delivery.limits.journalAge\n"),
        ("spark.openlineage.transport", "transport.auth.tokenEndpoint\n"),
        ("profiles", "--profile or SPARKLINEAGE_PROFILE chooses"),
    ],
)
def test_a_key_is_explained(desk: Desk, key: str, said: str) -> None:
    assert said in desk.good("explain", key)
    json.loads(desk.good("explain", key, "--format", "json"))


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("transpot.url", "explain: transpot.url is no known key. Did you mean transport.url?"),
        ("spark.extraListener", "explain: spark.extraListener is no known key. Did you mean spark.extraListeners?"),
        ("spark.openlineage.zzz", "explain: spark.openlineage.zzz is no known key."),
        ("zzz", "explain: zzz is no known key."),
    ],
)
def test_a_key_that_nobody_knows_is_refused(desk: Desk, key: str, said: str) -> None:
    assert desk.refused(2, "explain", key) == said


def test_a_key_is_explained_beside_a_broken_file_too(desk: Desk) -> None:
    desk.write("namespac: a\n")
    status, out, err = desk.run("explain", "namespace")
    assert status == 0
    assert out.endswith("value here      not set\n")
    assert err.startswith("sparklineage: the value here is not known: sparklineage.yml:1:1: namespac")


def test_the_value_here_has_what_lost_against_it(desk: Desk) -> None:
    desk.write("namespace: a\n")
    out = desk.good("explain", "namespace", NAMESPACE="b")
    assert out.endswith(
        "value here      b  (NAMESPACE)\n                not a (sparklineage.yml:1:1): NAMESPACE is stronger\n"
    )


def test_a_reader_that_has_enough_is_no_error(desk: Desk) -> None:
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {sys.executable} -m sparklineage explain transport | head -n 1"],
        env={**desk.environ, "PATH": "/usr/bin:/bin", "PYTHONPATH": str(Path(__file__).parents[3])},
        cwd=desk.work, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode in (0, 141)
    assert (done.stdout, done.stderr) == ("transport.type\n", "")


def test_what_only_sounds_like_a_secret_is_shown(desk: Desk) -> None:
    desk.write(
        "transport:\n  url: http://h:1\n  auth: {type: jwt, apiKey: 'env:K', tokenEndpoint: 'https://t', "
        "tokenFields: [a], tokenRefreshBuffer: 60}\n"
    )
    defaults(desk.spark, "spark.openlineage.transport.credentialsFile  /run/gcp.json\n")
    out = desk.good("explain", "--format", "json")
    shown = {item["key"].rpartition(".")[2]: item["value"] for item in json.loads(out)["properties"]}
    assert (shown["tokenEndpoint"], shown["tokenFields"]) == ("https://t", "[a]")
    assert shown["tokenRefreshBuffer"] != "********"
    assert shown["credentialsFile"] == "/run/gcp.json"
    assert shown["apiKey"] == "env:K"


RELAYED = f"""\
transport:
  url: http://u:{CANARY}@h:1/p
  headers: {{X-Team: data, X-Key: {CANARY}}}
  auth: {{apiKey: "env:K"}}
  timeout: 3s
profiles: {{prod: {{transport: {{headers: {{X-Team: prod}}}}}}}}
"""


def test_the_backend_of_an_outbox_is_shown(desk: Desk) -> None:
    desk.write(RELAYED)
    out = desk.good("explain", "--profile", "prod")
    assert CANARY not in out
    _, _, section = out.partition("\nDelivered by the relay\n\n")
    lines = [line.split() for line in section.partition("\n\n")[0].splitlines()]
    assert ["transport.url", "http://********@h:1/p", "sparklineage.yml:2:3"] in lines
    assert ["transport.headers.X-Key", "********", "sparklineage.yml:3:27"] in lines
    assert ["transport.headers.X-Team", "prod", "sparklineage.yml:6:41"] in lines
    assert "not data (sparklineage.yml:3:13): sparklineage.yml:6:41 is stronger" in section
    assert ["transport.auth.apiKey", "env:K", "sparklineage.yml:4:10"] in lines
    assert ["transport.timeoutInMillis", "3s", "sparklineage.yml:5:3"] in lines
    found = json.loads(desk.good("explain", "--profile", "prod", "--format", "json"))["backend"]
    assert found["used"] is True
    assert ["transport.url", "http://********@h:1/p"] in [[item["key"], item["value"]] for item in found["settings"]]


def test_against_a_transport_of_the_user_s_it_is_lost(desk: Desk) -> None:
    desk.write(RELAYED)
    (desk.work / "mine.conf").write_text("spark.openlineage.transport.type console\n")
    out = desk.good("explain", "--into", "mine.conf")
    why = "spark.openlineage.transport.type is console in mine.conf:1"
    assert f"\ndelivery  direct ({why})\n" in out
    assert f"\nNot used, because {why}\n\ntransport.type" in out
    found = json.loads(desk.good("explain", "--into", "mine.conf", "--format", "json"))
    assert found["delivery"] == {"mode": "direct", "why": why}
    assert found["backend"]["used"] is False
    assert {"transport.url", "transport.headers.X-Key"} < {item["key"] for item in found["backend"]["settings"]}


def test_where_the_agent_sends_there_is_no_backend_apart(desk: Desk) -> None:
    desk.write("transport: {url: 'http://h'}\ndelivery: {mode: direct}\n")
    assert "by the relay" not in desk.good("explain")
    found = json.loads(desk.good("explain", "--format", "json"))["backend"]
    assert found == {"used": False, "settings": []}
