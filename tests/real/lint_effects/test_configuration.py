"""What agent 1.53.0 on Spark 4.2 makes of the mistakes that lint finds: each application below really runs.

Half of them share one JVM, one application after the other, and have a backend each.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.real.lint_effects.scenes import JOB, LISTENER, Done, Plan, plan, run_plans

pytestmark = pytest.mark.spark

AGENT = "spark.openlineage."
UUID = "01936f0c-7e1b-7c6e-9d2f-3b1f0a5d8e42"
CANARY = "canary-91d0e2"
HTTP = {"transport.type": "http", "transport.url": "http://backend"}
PARENT = {"parentJobNamespace": "airflow", "parentJobName": "dag.task", "parentRunId": UUID}
SHOWN = {
    "spark.yarn.appMasterEnv.OPENLINEAGE__TRANSPORT__AUTH__API_KEY": CANARY,
    "spark.my.password": "canary-of-a-password",
}
BREAKER = {"circuitBreaker.timeoutInSeconds": "60"}
FOUR_WRITES = JOB.replace(
    'spark.range(3).write.mode("overwrite").parquet("written")',
    'for _ in range(4):\n    spark.range(3).write.mode("overwrite").parquet("written")',
)
ASKS = f'print("it says", spark.conf.get("spark.extraListeners"))\n{JOB}'


def of(name: str, *sets: dict[str, str], **more: Any) -> Plan:
    """An application with the listener and the agent's properties, written without their prefix."""
    found = {
        key if key.startswith("spark.") else f"{AGENT}{key}": value
        for properties in sets
        for key, value in properties.items()
    }
    return Plan(name=name, properties={"spark.extraListeners": LISTENER, **found}, **more)


def nested(**properties: str) -> dict[str, str]:
    """A composite transport with one http transport in it."""
    inner = {"type": "http", "url": "http://backend", **properties}
    return {"transport.type": "composite"} | {f"transport.transports.one.{key}": inner[key] for key in inner}


UNREADABLE = {
    "SL010-no-transport-type": "InvalidTypeIdException",
    "SL015-dotted-nested-name": "MismatchedInputException",
    "SL017-unknown-transport": "Failed to find TransportBuilder",
    "SL018-incomplete-transport": "url can't be null, try setting transport.url in config",
    "SL031-text-in-brackets": "MismatchedInputException",
    "SL032-value-and-keys-below": "ClassCastException",
    "SL033-not-a-uuid": "Invalid UUID string: nightly-42",
    "SL035-unknown-choice": 'the return value of "io.openlineage.client.circuitBreaker.CircuitBreakerBuilder',
    "SL036-breaker-without-limit": '"this.timeoutInSeconds" is null',
    "SL023-missing-transport-jar": "Failed to find TransportBuilder",
    "SL039-group-without-type": "missing type id property 'type'",
    "SL013-url-path-and-endpoint": "You can't pass both uri and endpoint parameters.",
    "SL019-bare-file-name": "NullPointerException",
}
"""Golden cases after which not one event is there, and what the log says."""
LEFT_OUT = ["SL016-unknown-nested-key", "SL020-unknown-auth-type", "SL022-incomplete-auth"]
"""Golden openlineage.yml that the agent leaves out as a whole."""
TO_HTTP = "transport:\n  type: http\n  url: http://backend\n"
IN_COMPOSITE = """\
transport:
  type: composite
  transports:
    near:
      type: http
      url: http://backend
      compression: {}
"""
UNREADABLE_FILES = {
    "SL010 in a file": "transport:\n  url: http://backend\n",
    "SL017 in a file": "transport:\n  type: datahub\n  url: http://backend\n",
    "SL023 in a file": "transport:\n  type: s3\n  bucketName: lineage\n",
    "SL032 in a file": f"{TO_HTTP}timeout: 5000\n",
    "SL034 in a file": f"{TO_HTTP}  timeoutInMillis: 5s\n",
    "SL035 in a file": f"{TO_HTTP}circuitBreaker:\n  type: timeouts\n",
    "SL035 in a transport of a file": IN_COMPOSITE.format("GZIP"),
    "SL039 in a file": f"{TO_HTTP}circuitBreaker:\n  timeoutInSeconds: 60\n",
}
"""Files that the agent leaves out as a whole too."""
FAILING_FILES = {
    "SL018 in a file": "transport:\n  type: http\n",
    "SL019 in a file": "transport:\n  type: file\n  location: events.ndjson\n",
    "SL036 in a file": f"{TO_HTTP}circuitBreaker:\n  type: timeout\n",
}
"""Files that it reads, and fails at later."""
LIMITED = ("timeout", "simpleMemory", "javaRuntime")
"""Circuit breakers with a time limit."""
RIGHT = [
    "clean-SL010-no-transport-type",
    "clean-SL011-url-path-cut",
    "clean-SL012-url-query-lost",
    "clean-SL013-url-path-and-endpoint",
    "clean-SL014-url-trailing-slash",
    "clean-SL016-unknown-nested-key",
    "clean-SL017-unknown-transport",
    "clean-SL018-incomplete-transport",
    "clean-SL020-unknown-auth-type",
    "clean-SL030-list-without-brackets",
    "clean-SL031-text-in-brackets",
    "clean-SL032-value-and-keys-below",
    "clean-SL033-not-a-uuid",
    "clean-SL034-wrong-type",
    "clean-SL035-unknown-choice",
    "clean-SL036-breaker-without-limit",
]
NAMED = "namespace: from.the.file\n"
PLANS = [
    *(plan(case) for case in [*UNREADABLE, *LEFT_OUT, *RIGHT]),
    *(of(name, yaml=text) for name, text in {**UNREADABLE_FILES, **FAILING_FILES}.items()),
    of("switched off in a file", yaml=f"{TO_HTTP}disabled: true\n"),
    plan("SL001-dead-key"),
    plan("SL002-never-existed"),
    of("the right names", {"facets.custom_environment_variables": "[TEAM;STAGE]"}),
    plan("SL003-unknown-key"),
    plan("SL011-url-path-cut"),
    plan("SL012-url-query-lost"),
    plan("SL014-url-trailing-slash"),
    of("HTTP", {"transport.type": "HTTP", "transport.url": "http://backend/lineage/in"}),
    of("http in http", nested(url="http://backend/")),
    of("http in http, right", nested()),
    of("http in http, header", nested(**{"headers.X.Tenant": "blue"})),
    of("http in http, unknown key", nested(timeoutMillis="3000")),
    of("apiKey", HTTP, {"transport.auth.type": "apiKey", "transport.auth.apiKey": CANARY}),
    of("file of properties, a bare name", {"transport.type": "file", "transport.location": "events.ndjson"}),
    of("file in a folder", {"transport.type": "file", "transport.location": "./events.ndjson"}),
    plan("SL030-list-without-brackets", name="bare list", only=[f"{AGENT}facets.custom_environment_variables"]),
    of("commas", {"facets.custom_environment_variables": "[TEAM,STAGE]"}),
    of("timeout alone", {"timeout": "5000"}),
    of("parentRunId", PARENT, {"parentRunId": "nightly-42"}),
    of("rootParentRunId", PARENT, {"rootParentRunId": "nightly-42"}),
    of("parent", PARENT),
    *(of(f"wrong {key}", HTTP, {key: value}) for key, value in [
        ("transport.timeoutInMillis", "5s"), ("jobName.appendDatasetName", "no"), ("disabled", "yes"),
        ("transport.compression", "zstd"),
    ]),
    of("True", {"facets.debug.disabled": "True"}),
    of("false", {"facets.debug.disabled": "false"}),
    of("smartMode", {"debug.smart": "true", "debug.smartMode": "all"}),
    of("GZIP", HTTP, {"transport.compression": "GZIP"}, only_read=True),
    of("GZIP in http in http", nested(compression="GZIP")),
    of("unknown metrics", HTTP, {"metrics.type": "prometheus"}),
    *(of(f"breaker {kind}", HTTP, {"circuitBreaker.type": kind}) for kind in ("simpleMemory", "javaRuntime")),
    plan("SL037-unreadable-context", base={f"{AGENT}{key}": value for key, value in PARENT.items()}),
    plan("clean-SL037-unreadable-context"),
    plan("SL038-incomplete-parent"),
    plan("SL041-listener-twice"),
    plan("SL042-wrong-listener"),
    Plan(name="no listener", properties={f"{AGENT}{key}": value for key, value in HTTP.items()}),
    plan("SL045-too-late", base={f"{AGENT}{key}": value for key, value in HTTP.items()}, listener=False, code=ASKS),
    of("a key in clear text", HTTP, {"transport.auth.type": "api_key", "transport.auth.apiKey": CANARY}),
    plan("SL060-literal-secret"),
    plan("SL065-unresolved-reference"),
    *(of(name, {"appName": name}) for name in ("flights_2026-11-21", "flights_2026-11-22")),
    of("quick backend", HTTP, code=FOUR_WRITES),
    of("slow backend", HTTP, code=FOUR_WRITES, delay=0.5),
    *(of(f"{which} with {kind}", HTTP, {**BREAKER, "circuitBreaker.type": kind}, own_jvm=which == "first")
      for kind in LIMITED for which in ("first", "second")),
    of("third without a breaker", HTTP, own_jvm=False),
    of("first with a queue", HTTP, {"circuitBreaker.type": "asyncTaskQueue"}),
    of("second with a queue", HTTP, {"circuitBreaker.type": "asyncTaskQueue"}, own_jvm=False),
    of("slower backend", HTTP, code=FOUR_WRITES, delay=1.5),
    of("slower backend, queue", HTTP, {"circuitBreaker.type": "asyncTaskQueue"}, code=FOUR_WRITES, delay=1.5),
    of("alone", {"debug.smart": "true", "timeout.buildDatasetsTimePercentage": "50"}, only_read=True),
    of("beside a file", {"debug.smart": "true", "timeout.buildDatasetsTimePercentage": "50"}, yaml=NAMED,
       only_read=True),
    of("static", {"circuitBreaker.type": "static", "circuitBreaker.valuesReturned": "true,false"}),
    of("key twice in a file", yaml="namespace: staging\nnamespace: prod\n"),
    of("foreign key", {
        "transport.type": "file", "transport.location": "./events.ndjson", "transport.topicName": "lineage",
    }),
    of("auth without type", HTTP, {"transport.auth.apiKey": CANARY}),
    of("api_key without a key", HTTP, {"transport.auth.type": "api_key"}),
    of("Bearer", HTTP, {"transport.auth.type": "api_key", "transport.auth.apiKey": f"Bearer {CANARY}"}),
    of("statsd", {"metrics.type": "statsd", "metrics.host": "127.0.0.1"}),
    of("half a certificate", HTTP, {"transport.sslContext.keyStorePath": "/etc/lineage/client.p12"}),
    of("not expanded", {"namespace": "${env:STAGE}"}),
    of("removes nothing", {"dataset.removePath.pattern": "/written$"}),
    of("removes", {"dataset.removePath.pattern": "(?<remove>/written)$"}),
    of("removes, in brackets", {"dataset.removePath.pattern": "[/](?<remove>writte)[n]"}),
    of("a name in brackets", {"appName": "[prod]"}),
    of("trimmers in brackets", {"dataset.disabledTrimmers": "[a;b]"}),
    of("off", {"disabled": "true"}),
    of("context without a name", PARENT, {
        "context": f'{{"parent": {{"run": {{"runId": "{UUID}"}}, "job": {{"namespace": "prod"}}}}}}',
    }),
    of("captured", HTTP, {
        "transport.auth.type": "api_key", "transport.auth.apiKey": CANARY,
        "capturedProperties": f"{AGENT}transport.auth.apiKey",
    }),
    of("variables as properties", SHOWN),
    of("a pattern of one's own", {**SHOWN, "spark.redaction.regex": "(?i)api_?key"}),
    of("kafka", {"transport.type": "kafka", "transport.topicName": "lineage"}),
    of("properties beside an unreadable file", HTTP, yaml=f"{NAMED}transport:\n  url: http://backend\n"),
]  # fmt: skip


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    half = len(PLANS) // 2
    return {
        name: found
        for plans in (PLANS[:half], PLANS[half:])
        for name, found in run_plans(tmp_path_factory.mktemp("applications"), plans).items()
    }


def sent_nothing(ran: Done) -> bool:
    """The job is green, and no event came anywhere."""
    return ran.green and not (ran.events or ran.console or ran.files)


def parent(ran: Done) -> dict[str, Any] | None:
    """The application's own parent."""
    found: dict[str, Any] | None = ran.console[0]["run"]["facets"].get("parent")
    return found


def written(ran: Done) -> str:
    """The last part of the name of the dataset that the job has written."""
    (name,) = {item["name"] for event in ran.console for item in event["outputs"]}
    return str(name).rpartition("/")[2]


def variables(ran: Done) -> list[str]:
    """The variables of the environment in the events, among those that the tests set."""
    return sorted({name for event in ran.console for name in ("TEAM", "STAGE") if f'"{name}"' in json.dumps(event)})


@pytest.mark.parametrize("case", UNREADABLE)
def test_sl010_sl013_sl015_sl017_sl018_sl019_sl023_sl031_sl032_sl033_sl035_sl036_sl039_no_event_is_sent(
    done: dict[str, Any], case: str
) -> None:
    """The job is green; the log has the exception that the rule names."""
    assert sent_nothing(done[case])
    assert UNREADABLE[case] in done[case].log


@pytest.mark.parametrize("case", RIGHT)
def test_the_right_form_sends_events(done: dict[str, Any], case: str) -> None:
    """So it is the mistake that the events are lost to."""
    ran = done[case]
    assert {event["eventType"] for event in [*ran.events, *ran.console]} >= {"START", "COMPLETE"}
    assert ran.error is None


@pytest.mark.parametrize("case", [*LEFT_OUT, *UNREADABLE_FILES])
def test_sl016_sl020_sl022_a_file_that_cannot_be_read_is_left_out(done: dict[str, Any], case: str) -> None:
    """Without a reason in the log. The transport is the console's then, unless Spark's configuration has one."""
    ran = done[case]
    assert ran.green
    assert ran.events == []
    assert len(ran.console) > 1
    assert "Exception" not in ran.log
    assert "INFO ArgumentParser: Couldn't log config from file, will read it from SparkConf" in ran.log


@pytest.mark.parametrize("case", FAILING_FILES)
def test_a_file_that_is_read_and_cannot_be_used_sends_nothing(done: dict[str, Any], case: str) -> None:
    assert sent_nothing(done[case])
    assert "Exception" in done[case].log


def test_a_file_that_cannot_be_read_does_not_stop_what_spark_configures(done: dict[str, Any]) -> None:
    ran = done["properties beside an unreadable file"]
    assert {event["job"]["namespace"] for event in ran.events} == {"default"}


def test_sl076_a_file_does_not_switch_lineage_off(done: dict[str, Any]) -> None:
    assert {event["eventType"] for event in done["switched off in a file"].events} >= {"START", "COMPLETE"}


def test_sl001_a_dead_key_sends_nothing_and_the_log_has_the_events(done: dict[str, Any]) -> None:
    ran = done["SL001-dead-key"]
    assert ran.green
    assert ran.events == []
    assert {event["job"]["namespace"] for event in ran.console} == {"prod.flights"}


def test_sl002_a_key_that_never_was_has_no_effect(done: dict[str, Any]) -> None:
    """The documented name of the variables' facet does nothing; the right one does."""
    assert variables(done["the right names"]) == ["STAGE", "TEAM"]
    assert variables(done["SL002-never-existed"]) == []
    assert "facets.variables" not in done["SL002-never-existed"].log


def test_sl003_an_unknown_key_has_no_effect(done: dict[str, Any]) -> None:
    ran = done["SL003-unknown-key"]
    assert {event["job"]["namespace"] for event in ran.console} == {"default"}
    assert "namepsace" not in ran.log


def test_sl011_the_path_is_cut_off(done: dict[str, Any]) -> None:
    """With the type `HTTP`, which nothing takes apart, it is not."""
    assert set(done["SL011-url-path-cut"].paths) == {"/api/v1/lineage"}
    assert set(done["clean-SL011-url-path-cut"].paths) == {"/lineage/in"}
    assert set(done["HTTP"].paths) == {"/lineage/in"}


def test_sl012_query_parameters_are_never_sent(done: dict[str, Any]) -> None:
    assert set(done["SL012-url-query-lost"].paths) == {"/api/v1/lineage"}
    (path,) = set(done["clean-SL012-url-query-lost"].paths)
    assert sorted(path.partition("?")[2].split("&")) == ["page=2", "tenant=blue"]


def test_sl014_a_slash_is_the_whole_path(done: dict[str, Any]) -> None:
    assert set(done["SL014-url-trailing-slash"].paths) == {"/"}
    assert set(done["http in http"].paths) == {"/"}
    assert set(done["clean-SL014-url-trailing-slash"].paths) == {"/api/v1/lineage"}


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("http in http, header", "MismatchedInputException"),
        ("http in http, unknown key", 'Unrecognized field "timeoutMillis"'),
        ("apiKey", "No class matches apiKey"),
        ("file of properties, a bare name", "NullPointerException"),
        ("bare list", "no String-argument constructor/factory method"),
        ("timeout alone", "MismatchedInputException"),
        ("wrong transport.timeoutInMillis", "InvalidFormatException"),
        ("wrong jobName.appendDatasetName", "InvalidFormatException"),
        ("auth without type", "missing type id property 'type'"),
        ("trimmers in brackets", "MismatchedInputException"),
        ("wrong disabled", "Illegal value for config key spark.openlineage.disabled"),
        ("wrong transport.compression", "InvalidFormatException"),
        ("GZIP in http in http", "InvalidFormatException"),
        ("breaker simpleMemory", '"this.timeoutInSeconds" is null'),
        ("breaker javaRuntime", '"this.timeoutInSeconds" is null'),
    ],
)
def test_sl022_sl030_sl034_in_sparks_configuration_nothing_is_sent(
    done: dict[str, Any], name: str, reason: str
) -> None:
    """What is only a part of a golden case, or is one in another format."""
    assert sent_nothing(done[name])
    assert reason in done[name].log


def test_a_transport_inside_another_works(done: dict[str, Any]) -> None:
    """The contrast of three above."""
    assert set(done["http in http, right"].paths) == {"/api/v1/lineage"}
    assert list(done["file in a folder"].files) == ["events.ndjson"]


def test_sl030_a_list_with_commas_has_one_entry(done: dict[str, Any]) -> None:
    assert variables(done["commas"]) == []


def test_sl033_a_parent_whose_run_is_no_uuid_is_dropped(done: dict[str, Any]) -> None:
    """A root that is none is the parent itself."""
    assert parent(done["parent"])
    assert parent(done["parentRunId"]) is None
    assert "nightly-42" not in done["parentRunId"].log
    facet = parent(done["rootParentRunId"])
    assert facet
    assert facet["run"]["runId"] == facet["root"]["run"]["runId"] == UUID


def test_sl034_a_facet_s_switch_that_is_not_exact_is_ignored_with_a_warning(done: dict[str, Any]) -> None:
    ran = done["True"]
    assert "The property debug.disabled is not a valid boolean" in ran.log
    assert ran.console
    assert all("debug" in event["run"]["facets"] for event in done["false"].console[1:-1])


def test_sl035_an_unknown_smart_mode_is_replaced(done: dict[str, Any]) -> None:
    assert "Unsupported smart mode: all. Falling back to any-missing mode." in done["smartMode"].log
    assert done["smartMode"].console


def test_sl035_unknown_metrics_are_ignored(done: dict[str, Any]) -> None:
    assert {event["eventType"] for event in done["unknown metrics"].events} >= {"START", "COMPLETE"}
    assert "prometheus" not in done["unknown metrics"].log


def test_sl035_capitals_do_not_matter_at_the_top(done: dict[str, Any]) -> None:
    assert "compression=GZIP" in done["GZIP"]["transport"]


def test_sl037_the_older_keys_count_instead(done: dict[str, Any]) -> None:
    ran = done["SL037-unreadable-context"]
    assert "spark.openlineage.context is missing required parent.run/parent.job; ignoring" in ran.log
    facet = parent(ran)
    assert facet
    assert facet["job"]["namespace"] == "airflow"
    right = parent(done["clean-SL037-unreadable-context"])
    assert right
    assert right["job"]["namespace"] == "prod"


def test_sl038_the_parent_is_left_out(done: dict[str, Any]) -> None:
    assert done["SL038-incomplete-parent"].console
    assert parent(done["SL038-incomplete-parent"]) is None


def test_sl041_every_event_comes_twice(done: dict[str, Any]) -> None:
    both = [(event["run"]["runId"], event["eventType"]) for event in done["SL041-listener-twice"].console]
    once = len(done["SL003-unknown-key"].console)
    assert len(both) == 2 * once


def test_sl042_the_application_does_not_start(done: dict[str, Any]) -> None:
    ran = done["SL042-wrong-listener"]
    assert "Exception when registering SparkListener" in ran.error
    assert "ClassNotFoundException: io.openlineage.spark.agent.OpenLineageListener" in ran.error
    assert "green" not in ran.printed


def test_sl044_the_jar_alone_does_nothing(done: dict[str, Any]) -> None:
    ran = done["no listener"]
    assert sent_nothing(ran)
    assert "openlineage" not in ran.log.lower()


def test_sl045_what_comes_late_is_not_seen(done: dict[str, Any]) -> None:
    """And the session claims to have the listener."""
    ran = done["SL045-too-late"]
    assert sent_nothing(ran)
    assert "only runtime SQL configurations will take effect" in ran.log
    assert f"it says {LISTENER}" in ran.printed


def test_sl061_the_event_log_shows_the_key(done: dict[str, Any]) -> None:
    """Spark's default hides nothing of it; with the pattern that lint advises it is not there."""
    assert f'"spark.openlineage.transport.auth.apiKey":"{CANARY}"' in done["a key in clear text"].history
    hidden = done["SL060-literal-secret"].history
    assert '"spark.openlineage.transport.auth.apiKey":"*********(redacted)"' in hidden
    assert "canary" not in hidden


def test_sl065_the_reference_itself_is_the_key(done: dict[str, Any]) -> None:
    (header,) = {headers["Authorization"] for headers in done["SL065-unresolved-reference"].headers}
    assert header == "Bearer aws-ssm:/lineage/marquez"


def test_sl071_another_name_is_another_job(done: dict[str, Any]) -> None:
    jobs = [{event["job"]["name"] for event in done[f"flights_2026-11-{day}"].console} for day in (21, 22)]
    assert "flights_2026_11_21" in jobs[0]
    assert not jobs[0] & jobs[1]


def test_sl072_a_slow_backend_delays_the_job_and_loses_events(done: dict[str, Any]) -> None:
    """Half a second for each answer."""
    quick, slow = done["quick backend"], done["slow backend"]
    assert slow.green
    assert slow.seconds > max(quick.seconds, 0.5 * len(slow.events))
    assert len(slow.events) < len(quick.events)


def test_sl072_a_queue_lets_the_job_go_on(done: dict[str, Any]) -> None:
    """And nothing more is lost."""
    slow, queue = done["slower backend"], done["slower backend, queue"]
    assert queue.green
    assert queue.seconds < slow.seconds
    assert len(queue.events) >= len(slow.events)


@pytest.mark.parametrize("kind", LIMITED)
def test_a_second_application_in_the_jvm_sends_nothing_through_a_breaker(done: dict[str, Any], kind: str) -> None:
    """The agent closes the breaker's threads for good when the first application ends."""
    assert done[f"first with {kind}"].events
    assert sent_nothing(done[f"second with {kind}"])
    assert "RejectedExecutionException" in done[f"second with {kind}"].log


def test_a_second_application_sends_events_without_a_breaker_and_with_a_queue(done: dict[str, Any]) -> None:
    for name in ("third without a breaker", "first with a queue", "second with a queue"):
        assert {event["eventType"] for event in done[name].events} >= {"START", "COMPLETE"}


def test_sl074_any_file_takes_the_debug_and_time_settings_of_spark_away(done: dict[str, Any]) -> None:
    assert "None" not in {done["alone"]["debug"], done["alone"]["timeout"]}
    assert done["beside a file"]["debug"] == done["beside a file"]["timeout"] == "None"


def test_sl023_kafka_without_its_client_stops_the_application(done: dict[str, Any]) -> None:
    ran = done["kafka"]
    assert not ran.green
    assert "NoClassDefFoundError: org/apache/kafka/clients/producer/KafkaProducer" in ran.log
    assert "stopping SparkContext" in ran.log


def test_sl005_the_breaker_of_the_tests_drops_events(done: dict[str, Any]) -> None:
    assert done["static"].green
    assert len(done["static"].console) < len(done["SL003-unknown-key"].console)


def test_sl006_of_two_in_a_file_the_last_counts(done: dict[str, Any]) -> None:
    assert {event["job"]["namespace"] for event in done["key twice in a file"].console} == {"prod"}


def test_sl021_a_key_of_another_transport_has_no_effect(done: dict[str, Any]) -> None:
    assert list(done["foreign key"].files) == ["events.ndjson"]
    assert "topicName" not in done["foreign key"].log


def test_sl022_a_type_without_its_key_sends_no_key(done: dict[str, Any]) -> None:
    """But the word null in its place."""
    assert {headers["Authorization"] for headers in done["api_key without a key"].headers} == {"Bearer null"}


def test_sl024_statsd_without_its_jar_is_left_out(done: dict[str, Any]) -> None:
    assert {event["eventType"] for event in done["statsd"].console} >= {"START", "COMPLETE"}
    assert "statsd" not in done["statsd"].log


def test_sl025_half_a_certificate_is_none(done: dict[str, Any]) -> None:
    assert "SSLContext configured but unable to set up" in done["half a certificate"].log
    assert done["half a certificate"].events


def test_sl027_nothing_is_put_in(done: dict[str, Any]) -> None:
    assert {event["job"]["namespace"] for event in done["not expanded"].console} == {"${env:STAGE}"}


def test_sl028_without_its_group_a_pattern_removes_nothing(done: dict[str, Any]) -> None:
    """One in brackets stays a pattern, as it is not read with the rest; so does the name of the application."""
    assert written(done["removes nothing"]) == "written"
    assert written(done["removes"]) != "written"
    assert written(done["removes, in brackets"]) == "n"
    assert "prod" in {event["job"]["name"] for event in done["a name in brackets"].console}


def test_sl029_bearer_is_there_twice(done: dict[str, Any]) -> None:
    assert {headers["Authorization"] for headers in done["Bearer"].headers} == {f"Bearer Bearer {CANARY}"}


def test_sl037_a_context_without_a_name_leaves_the_parent_out(done: dict[str, Any]) -> None:
    """Though the older keys are complete."""
    ran = done["context without a name"]
    assert ran.console
    assert parent(ran) is None


def test_sl062_the_event_log_shows_a_variable_that_is_a_property(done: dict[str, Any]) -> None:
    assert CANARY in done["variables as properties"].history
    assert "canary-of-a-password" not in done["variables as properties"].history


def test_sl063_a_pattern_of_one_s_own_replaces_sparks(done: dict[str, Any]) -> None:
    ran = done["a pattern of one's own"]
    assert CANARY not in ran.history
    assert "canary-of-a-password" in ran.history


def test_sl064_a_captured_property_is_in_the_events(done: dict[str, Any]) -> None:
    facets = [event["run"]["facets"].get("spark_properties", {}) for event in done["captured"].events]
    assert [facet["properties"] for facet in facets if CANARY in json.dumps(facet)]


def test_sl076_lineage_is_off(done: dict[str, Any]) -> None:
    assert sent_nothing(done["off"])
    assert "Exception" not in done["off"].log
