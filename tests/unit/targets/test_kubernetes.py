"""SparkApplications and plain spark-submit for Kubernetes."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sparklineage.config.loading import load_spec
from sparklineage.config.platforms import platforms
from sparklineage.errors import ConfigError
from sparklineage.kits.relay_config import Node, relay_config
from sparklineage.kits.zipapp import build
from sparklineage.model.secret import KINDS
from sparklineage.relay.node.config import config_at
from sparklineage.targets import Application, Order, Rendered, kubernetes
from sparklineage.targets.kubernetes_names import object_name
from tests.support.orders import AGENT, HOSTILE, HTTP, KEY, THEIRS, WITNESS, conf, file, order
from tests.support.receiver import Receiver
from tests.unit.cli.watched import driver, run_id, until

_JAR = "local:///opt/openlineage-spark_2.12-1.53.0.jar"
_SCHEMA = json.loads(Path(__file__).with_name("spark_application.schema.json").read_text())
_SPOOL = "/var/lib/sparklineage/spool"
_JOB = Application(uri="local:///opt/job.py", arguments=("--day", "$(date)"))
_STEM = "spark.openlineage.transport."


def _order(properties: dict[str, str] = HTTP, **changes: Any) -> Order:
    given_ = {
        "jars": (_JAR,),
        "release": platforms().find("kubernetes", "3.5.9").release,
        "application": _JOB,
        "settings": {"artifacts": "local:///opt", "release": "3.5.9", **changes.pop("settings", {})},
    }
    return order(properties, **{**given_, **changes})


def _outbox(relay: dict[str, str] = KEY, **changes: Any) -> Order:
    properties = {
        "spark.extraListeners": f"{WITNESS},{AGENT}",
        "spark.openlineage.namespace": "prod.flights",
        "spark.sparklineage.spool": _SPOOL,
    }
    changes.setdefault("settings", {"relayImage": "registry.example.com/lineage:1"})
    relay = {key: text for key, text in relay.items() if key.startswith(_STEM)}
    return _order(properties, mode="outbox", relay=conf(relay), told=_told(relay), **changes)


def _told(relay: dict[str, str]) -> dict[str, Any]:
    """What the toolkit makes of the same configuration for a relay in a pod."""
    tree: dict[str, Any] = {}
    for key, text in relay.items():
        name, _, rest = key.removeprefix(_STEM).partition(".")
        tree = {**tree, name: {**tree.get(name, {}), rest: text} if rest else text}
    spec = load_spec(environ={"OPENLINEAGE__TRANSPORT": json.dumps(tree)}, flags={}, directory=Path("/"), config=None,
                     profile=None, platform=None)  # fmt: skip
    node = Node(platform="kubernetes", kinds=KINDS, spool="/elsewhere", state=None, log=None)
    return relay_config(spec, node) if tree else {}


def _text(rendered: Rendered, name: str) -> str:
    return next(artefact.text for artefact in rendered.artefacts if artefact.name == name)


def _application(rendered: Rendered, name: str = "spark-application.yaml") -> Any:
    return yaml.safe_load(_text(rendered, name))


def _expanded(env: list[dict[str, Any]], secret: dict[str, str]) -> dict[str, str]:
    """The variables as Kubernetes gives them to a container."""
    found: dict[str, str] = {}
    for variable in env:
        if "valueFrom" in variable:
            source = variable["valueFrom"]
            name = source["secretKeyRef"]["key"] if "secretKeyRef" in source else "POD_NAME"
            found[variable["name"]] = secret.get(name, "a-pod") if name == "POD_NAME" else secret[name]
        else:
            found[variable["name"]] = re.sub(
                r"\$\$|\$\(([^)]*)\)",
                lambda match: "$" if match[0] == "$$" else found.get(match[1], match[0]),
                variable["value"],
            )
    return found


def test_a_spark_application_is_whole() -> None:
    rendered = kubernetes.render(_order())
    document = _application(rendered)
    jsonschema.validate(document, _SCHEMA)
    spec = document["spec"]
    assert document["metadata"] == {"name": "flights"}
    assert (spec["type"], spec["sparkVersion"], spec["image"]) == ("Python", "3.5.9", "docker.io/apache/spark:3.5.9")
    assert (spec["mainApplicationFile"], spec["arguments"]) == ("local:///opt/job.py", ["--day", "$(date)"])
    assert spec["deps"] == {"jars": [_JAR]}
    assert spec["sparkConf"] == {"spark.extraListeners": AGENT, **HTTP}
    assert "env" not in spec["driver"]
    assert [artefact.name for artefact in rendered.artefacts] == [
        "spark-application.yaml",
        "stackable-application.yaml",
        "spark-submit.sh",
    ]


@pytest.mark.parametrize(
    ("uri", "main_class", "expected"),
    [
        ("local:///a.jar", "org.example.Main", {"type": "Java", "mainClass": "org.example.Main"}),
        ("local:///a.jar", None, {"type": "Java"}),
        ("local:///a.R", None, {"type": "R"}),
    ],
)
def test_the_type_is_that_of_the_application(uri: str, main_class: str | None, expected: dict[str, str]) -> None:
    document = _application(kubernetes.render(_order(application=Application(uri=uri, main_class=main_class))))
    jsonschema.validate(document, _SCHEMA)
    assert document["spec"].items() >= expected.items()
    assert "pythonVersion" not in document["spec"]


@pytest.mark.parametrize(
    ("uri", "module"), [("s3a://lake/job.py", "hadoop-aws"), ("gs://lake/job.py", "gcs-connector"), (_JOB.uri, "")]
)
def test_what_images_cannot_read_is_told(uri: str, module: str) -> None:
    """Nothing of spark-hadoop-cloud is in the images of the Apache project."""
    notes = kubernetes.render(_order(application=Application(uri=uri))).notes
    told = [note for note in notes if "images of the Apache project" in note]
    assert [f"no {module}, which {uri.partition('l')[0]}" in note for note in told] == ([True] if module else [])


@pytest.mark.parametrize(("mode", "told"), [("direct", 1), ("outbox", 0)])
def test_a_key_that_looks_like_json_is_told_of(mode: str, told: int) -> None:
    """The relay takes its key as it is."""
    rendered = kubernetes.render(_order(KEY) if mode == "direct" else _outbox())
    assert len([note for note in rendered.notes if "a key such as 1e5" in note]) == told


def test_keys_come_from_the_secret() -> None:
    rendered = kubernetes.render(_order(KEY, settings={"secretName": "lineage-keys"}))
    document = _application(rendered)
    jsonschema.validate(document, _SCHEMA)
    assert not any("auth" in key for key in document["spec"]["sparkConf"])
    env = [
        {"name": "OPENLINEAGE__TRANSPORT__TYPE", "value": "http"},
        {"name": "OPENLINEAGE__TRANSPORT__AUTH__TYPE", "value": "api_key"},
        {
            "name": "OPENLINEAGE__TRANSPORT__AUTH__API_KEY",
            "valueFrom": {"secretKeyRef": {"name": "lineage-keys", "key": "MARQUEZ_KEY"}},
        },
    ]
    assert document["spec"]["driver"]["env"] == env
    assert _application(rendered, "stackable-application.yaml")["spec"]["env"] == env
    script = _text(rendered, "spark-submit.sh")
    assert "spark.kubernetes.driverEnv.OPENLINEAGE__TRANSPORT__AUTH__TYPE=api_key" in script
    assert "driver.secretKeyRef.OPENLINEAGE__TRANSPORT__AUTH__API_KEY=lineage-keys:MARQUEZ_KEY" in script
    assert any("Make the Secret lineage-keys with MARQUEZ_KEY" in note for note in rendered.notes)


def test_a_key_inside_of_a_larger_variable_is_put_in_by_kubernetes() -> None:
    nested = {
        f"{_STEM}type": "composite",
        f"{_STEM}transports.a-b.type": "http",
        f"{_STEM}transports.a-b.url": "https://one.example.com/$(HOME)/$$",
        f"{_STEM}transports.a-b.auth.type": "api_key",
        f"{_STEM}transports.a-b.auth.apiKey": "env:ONE",
    }
    rendered = kubernetes.render(_order(nested))
    env = _application(rendered)["spec"]["driver"]["env"]
    assert json.loads(_expanded(env, {"ONE": "0123"})["OPENLINEAGE__TRANSPORT__TRANSPORTS"]) == {
        "a-b": {
            "type": "http",
            "url": "https://one.example.com/$(HOME)/$$",
            "auth": {"type": "api_key", "apiKey": "0123"},
        }
    }
    template = yaml.safe_load(_text(rendered, "driver-pod.yaml"))
    assert template["spec"]["containers"] == [{"name": "spark-kubernetes-driver", "env": env}]
    assert "podTemplateFile=driver-pod.yaml" in _text(rendered, "spark-submit.sh")


def test_a_plain_key_is_refused_unless_allowed() -> None:
    literal = {**KEY, f"{_STEM}auth.apiKey": "hunter22"}
    with pytest.raises(ConfigError) as caught:
        kubernetes.render(_order(literal))
    assert "hunter22" not in str(caught.value)
    document = _application(kubernetes.render(_order(literal, allow_literal_secrets=True)))
    assert document["spec"]["sparkConf"][f"{_STEM}auth.apiKey"] == "hunter22"


def test_the_relay_stands_beside_the_driver() -> None:
    rendered = kubernetes.render(_outbox())
    document = _application(rendered)
    jsonschema.validate(document, _SCHEMA)
    spec, driver = document["spec"], document["spec"]["driver"]
    assert spec["volumes"] == [{"name": "sparklineage-journal", "emptyDir": {}}]
    assert driver["volumeMounts"] == [{"name": "sparklineage-journal", "mountPath": _SPOOL}]
    assert driver["shareProcessNamespace"] is True
    (relay,) = driver["initContainers"]
    assert (relay["restartPolicy"], relay["volumeMounts"]) == ("Always", driver["volumeMounts"])
    assert relay["securityContext"] == {"runAsUser": 185}
    assert "env" not in driver
    assert not any(key.startswith(_STEM) for key in spec["sparkConf"])
    template = yaml.safe_load(_text(rendered, "driver-pod.yaml"))["spec"]
    assert template["initContainers"] == [relay]
    assert template["volumes"] == spec["volumes"]
    assert "stackable-application.yaml" not in [artefact.name for artefact in rendered.artefacts]


def test_the_relays_variables_are_the_configuration_again() -> None:
    relay_conf = {
        **KEY,
        f"{_STEM}endpoint": "/proxy/api/v1/lineage",
        f"{_STEM}headers.X-Team.Name": "$(whoami) $$",
        f"{_STEM}timeoutInMillis": "2500",
    }
    wanted = _outbox(relay_conf)
    (relay,) = _application(kubernetes.render(wanted))["spec"]["driver"]["initContainers"]
    environ = _expanded(relay["env"], {"MARQUEZ_KEY": "key-1"})
    assert environ["MARQUEZ_KEY"] == "key-1"
    found = config_at("env:SPARKLINEAGE_RELAY", environ)
    assert (found.platform, found.spool, found.state) == ("kubernetes", Path(_SPOOL), None)
    backend = found.backend
    assert (backend.url, backend.endpoint, backend.timeout) == (KEY[f"{_STEM}url"], "/proxy/api/v1/lineage", 2.5)
    assert backend.headers == {"X-Team.Name": "$(whoami) $$"}
    assert [one.reference.written for one in backend.deferred] == ["env:MARQUEZ_KEY"]


def test_the_relay_delivers_while_the_driver_runs_and_ends_after_it(tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    journal.mkdir()
    with Receiver() as receiver:
        wanted = _outbox({**KEY, f"{_STEM}url": receiver.url})
        (relay,) = _application(kubernetes.render(wanted))["spec"]["driver"]["initContainers"]
        program, pyz, *arguments = relay["command"]
        assert (program, pyz, arguments[-1]) == ("python3", "/opt/sparklineage/relay.pyz", "50")
        build(tmp_path / "relay.pyz")
        environ = _expanded(relay["env"], {"MARQUEZ_KEY": "key-1", "POD_NAME": "flights-driver"})
        environ["SPARKLINEAGE_RELAY"] = environ["SPARKLINEAGE_RELAY"].replace(_SPOOL, str(journal))
        process = subprocess.Popen(
            [sys.executable, str(tmp_path / "relay.pyz"), *arguments], stderr=subprocess.PIPE, text=True, env=environ
        )
        try:
            with driver(journal, count=1, end="wait") as spark:
                until(lambda: len(receiver.events) == 2)
                assert process.poll() is None
                spark.kill()
                spark.wait()
            process.terminate()
            _, said = process.communicate(timeout=20)
        finally:
            process.kill()
        assert process.returncode == 0, said
        assert re.search(rf"{run_id(1)}.*ABORT", said)
        clusters = [event["run"]["facets"]["sparklineage_cluster"] for event in receiver.events]
        assert {(one["platform"], one["instanceId"]) for one in clusters} == {("kubernetes", "flights-driver")}
        assert {headers["Authorization"] for headers in receiver.seen_headers} == {"Bearer key-1"}


@pytest.mark.parametrize(
    ("wanted", "start"),
    [
        (_outbox(settings={}), "delivery.mode is outbox, but platforms.kubernetes.relayImage is missing"),
        (_outbox({}), "delivery.mode is outbox, but no transport is configured"),
        (_outbox(settings={"relayImage": "a b"}), "platforms.kubernetes.relayImage is 'a b', but takes the name"),
        (
            _order(KEY, settings={"secretName": "No_Good"}),
            "platforms.kubernetes.secretName is 'No_Good', but Kubernetes",
        ),
        (_order(release=None), "platforms.kubernetes.release is missing; write the version of the Spark"),
        (_order(jars=("/opt/a.jar",)), "platforms.kubernetes.artifacts: /opt/a.jar is a path of the machine"),
        (
            _order({**KEY, f"{_STEM}auth.apiKey": "aws-ssm:/key"}),
            "sparklineage.yml: spark.openlineage.transport.auth.apiKey is aws-ssm:/key, which Kubernetes cannot look",
        ),
        (
            _outbox({**KEY, f"{_STEM}auth.apiKey": "file:/k"}),
            "sparklineage.yml: spark.openlineage.transport.auth.apiKey",
        ),
        (_order({**HTTP, "spark.app.x": "\udc80"}), "spark.app.x holds the character U+DC80, which does not get there"),
    ],
)
def test_what_a_cluster_would_not_take_is_refused(wanted: Order, start: str) -> None:
    with pytest.raises(ConfigError) as caught:
        kubernetes.render(wanted)
    assert str(caught.value).startswith(start)


def test_what_the_operator_refuses_is_left_out_and_told() -> None:
    rendered = kubernetes.render(_order({**HTTP, "spark.kubernetes.container.image": "x:1", "spark.master": "k8s://x"}))
    assert set(_application(rendered)["spec"]["sparkConf"]) == {"spark.extraListeners", *HTTP}
    assert any("spark.master, spark.kubernetes.container.image" in note for note in rendered.notes)


def test_stackables_block_says_the_transport_and_brings_the_agent() -> None:
    spec = _application(kubernetes.render(_order()), "stackable-application.yaml")["spec"]
    assert spec["openLineage"] == {
        "host": "marquez.example.com",
        "port": 443,
        "tls": {"verification": {"server": {"caCert": {"webPki": {}}}}},
        "namespace": "prod.flights",
    }
    assert spec["sparkConf"] == {}
    assert spec["sparkImage"] == {"productVersion": "3.5.9"}


@pytest.mark.parametrize("url", ["http://[::1]:5000", "http://h:99999", "http://h/api/v1/lineage"])
def test_what_the_block_cannot_say_stands_in_the_conf(url: str) -> None:
    rendered = kubernetes.render(_order({**HTTP, f"{_STEM}url": url}))
    spec = _application(rendered, "stackable-application.yaml")["spec"]
    assert "openLineage" not in spec
    assert spec["sparkConf"] == {"spark.jars": _JAR, "spark.extraListeners": AGENT, **HTTP, f"{_STEM}url": url}


_THEIRS = """\
# all of it
apiVersion: v1
kind: ConfigMap
metadata: {name: other}
data: {a: "1"}
---
apiVersion: sparkoperator.k8s.io/v1beta2   # ours
kind: SparkApplication
metadata:
  name: nightly
spec:
  type: Scala
  deps:
    jars:
    - s3a://lake/theirs.jar
  sparkConf:
    spark.executor.cores: '2'    # a text
    "spark.extraListeners": "com.example.Theirs"
    spark.openlineage.namespace: mine
  driver:
    securityContext: {runAsUser: 1000}
    env:
    - name: OPENLINEAGE__TRANSPORT__TYPE
      value: http
  # the end
"""


def test_an_application_of_theirs_grows_and_its_neighbours_stay() -> None:
    rendered = kubernetes.render(_order(KEY), file(_THEIRS, "app.yaml"))
    text = rendered.artefacts[0].text
    before, _, after = text.partition("---\n")
    assert before == _THEIRS.partition("---\n")[0]
    for line in _THEIRS.partition("---\n")[2].splitlines():
        assert line in after or "spark.extraListeners" in line
    spec = yaml.safe_load(after)["spec"]
    assert spec["deps"]["jars"] == ["s3a://lake/theirs.jar", _JAR]
    assert spec["sparkConf"] == {
        "spark.executor.cores": "2",
        "spark.extraListeners": f"com.example.Theirs,{AGENT}",
        "spark.openlineage.namespace": "mine",
        f"{_STEM}type": "http",
        f"{_STEM}url": "https://marquez.example.com",
    }
    assert [variable["name"] for variable in spec["driver"]["env"]] == [
        "OPENLINEAGE__TRANSPORT__TYPE",
        "OPENLINEAGE__TRANSPORT__AUTH__TYPE",
        "OPENLINEAGE__TRANSPORT__AUTH__API_KEY",
    ]
    assert any("spark.openlineage.namespace stays as app.yaml:19 has it" in note for note in rendered.notes)
    assert kubernetes.render(_order(KEY), file(text, "app.yaml")).artefacts[0].text == text


def test_the_relay_is_the_user_of_their_driver() -> None:
    text = kubernetes.render(_outbox(), file(_THEIRS)).artefacts[0].text
    spec = list(yaml.safe_load_all(text))[1]["spec"]
    assert spec["driver"]["initContainers"][0]["securityContext"] == {"runAsUser": 1000}
    assert spec["volumes"] == [{"name": "sparklineage-journal", "emptyDir": {}}]
    assert kubernetes.render(_outbox(), file(text)).artefacts[0].text == text


def test_a_scheduled_application_grows_in_its_template() -> None:
    theirs = """\
apiVersion: sparkoperator.k8s.io/v1beta2
kind: ScheduledSparkApplication
metadata: {name: nightly}
spec:
  schedule: "@daily"
  template:
    sparkConf: {spark.jars: "s3a://lake/theirs.jar"}
"""
    spec = yaml.safe_load(kubernetes.render(_order(), file(theirs)).artefacts[0].text)["spec"]
    assert spec["schedule"] == "@daily"
    assert spec["template"]["sparkConf"]["spark.jars"] == f"s3a://lake/theirs.jar,{_JAR}"
    assert "deps" not in spec["template"]


_STACKABLE = """\
apiVersion: spark.stackable.tech/v1alpha1
kind: SparkApplication
metadata:
  name: nightly
spec:
  mode: cluster
"""


def test_an_application_of_stackables_gets_the_block() -> None:
    text = kubernetes.render(_order(KEY), file(_STACKABLE)).artefacts[0].text
    assert text.startswith(_STACKABLE)
    spec = yaml.safe_load(text)["spec"]
    assert spec["openLineage"]["host"] == "marquez.example.com"
    assert [variable["name"] for variable in spec["env"]][-1] == "OPENLINEAGE__TRANSPORT__AUTH__API_KEY"
    assert kubernetes.render(_order(KEY), file(text)).artefacts[0].text == text


def test_a_block_with_our_address_takes_our_keys() -> None:
    theirs = f"{_STACKABLE}  openLineage: {{host: marquez.example.com, port: 443, namespace: mine}}\n"
    spec = yaml.safe_load(kubernetes.render(_order(KEY), file(theirs)).artefacts[0].text)["spec"]
    assert spec["openLineage"]["namespace"] == "mine"
    assert spec.get("sparkConf") is None
    assert [variable["name"] for variable in spec["env"]][-1] == "OPENLINEAGE__TRANSPORT__AUTH__API_KEY"


def test_keys_do_not_go_to_a_backend_of_theirs() -> None:
    for theirs in (
        f"{_STACKABLE}  openLineage: {{host: theirs, port: 5000}}\n",
        f"{_STACKABLE}  sparkConf: {{{_STEM}url: 'http://theirs:5000'}}\n",
        f"{_KIND}spec: {{sparkConf: {{{_STEM}url: 'http://theirs:5000'}}}}\n",
    ):
        assert "AUTH" not in kubernetes.render(_order(KEY), file(theirs)).artefacts[0].text


def test_a_block_of_theirs_stays() -> None:
    theirs = f"{_STACKABLE}  openLineage: {{host: theirs, port: 5000}}\n"
    more = {**HTTP, f"{_STEM}timeoutInMillis": "2500", "spark.openlineage.circuitBreaker.type": "timeout"}
    rendered = kubernetes.render(_order(more), file(theirs))
    spec = yaml.safe_load(rendered.artefacts[0].text)["spec"]
    assert spec["openLineage"] == {"host": "theirs", "port": 5000}
    assert spec["sparkConf"] == {
        "spark.openlineage.namespace": "prod.flights",
        "spark.openlineage.circuitBreaker.type": "timeout",
    }


def test_a_transport_of_theirs_takes_no_block() -> None:
    theirs = f"{_STACKABLE}  sparkConf:\n    {_STEM}type: console\n"
    spec = yaml.safe_load(kubernetes.render(_order(), file(theirs)).artefacts[0].text)["spec"]
    assert "openLineage" not in spec
    assert spec["sparkConf"] == {
        f"{_STEM}type": "console",
        "spark.jars": _JAR,
        "spark.extraListeners": AGENT,
        "spark.openlineage.namespace": "prod.flights",
    }


_STACK = "apiVersion: spark.stackable.tech/v1alpha1\nkind: SparkApplication\n"
_KIND = "apiVersion: sparkoperator.k8s.io/v1beta2\nkind: SparkApplication\n"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a: 1\n", "theirs: has no SparkApplication; without --into you get a whole one."),
        (f"{_KIND}metadata: {{name: x}}\n", "theirs:1:1: has no spec."),
        (
            f"{_KIND}metadata: {{name: My_Job}}\nspec: {{type: Java}}\n",
            "theirs:3:18: metadata.name is 'My_Job', but the operator takes lower-case letters, digits and `-` alone,",
        ),
        (f"{_KIND}spec: {{sparkConf: [a]}}\n", "theirs:3:19: sparkConf is no mapping of properties of Spark and"),
        (f"{_KIND}spec: {{sparkConf: {{a: 1}}}}\n", "theirs:3:23: a in sparkConf is no text, which is refused there;"),
        (
            f"{_STACK}spec: {{sparkConf: {{a: no}}}}\n",
            "theirs:3:23: a in sparkConf is no text, which is refused there;",
        ),
        (f"{_KIND}spec: {{deps: {{jars: a.jar}}}}\n", "theirs:3:21: deps.jars is no list of texts."),
        (f"{_KIND}spec: {{driver: {{env: {{a: b}}}}}}\n", "theirs:3:22: driver.env is no list."),
        (f"{_KIND}spec: {{type: Java}}\nkind: x\n", "theirs: has no SparkApplication; without --into you get a whole"),
        (f"{_KIND}spec: {{a: 1, a: 2}}\n", "theirs:3:14: a stands there for the second time; remove one."),
        (
            "apiVersion: spark.apache.org/v1\nkind: SparkApplication\nspec: {a: b}\n",
            "theirs:1:1: is a SparkApplication of spark.apache.org/v1; sparkoperator.k8s.io/v1beta2 and spark.",
        ),
    ],
)
def test_what_is_no_application_is_told_with_its_place(text: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        kubernetes.render(_order(), file(text))
    assert str(caught.value).startswith(sentence)


def test_a_template_has_to_be_rendered_first() -> None:
    with pytest.raises(ConfigError, match=r"A template has to be rendered first\.$"):
        kubernetes.render(_order(), file(f"{_KIND}{{{{- if x }}}}\nspec: {{}}\n"))


@given(st.text())
def test_a_name_of_anything_is_one_of_kubernetes(text: str) -> None:
    assert re.fullmatch(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?", object_name(text))


@settings(deadline=None)
@given(HOSTILE, HOSTILE, HOSTILE)
def test_what_goes_in_comes_out(header: str, argument: str, name: str) -> None:
    key = f"{_STEM}headers.X-Note"
    wanted = _order(
        {**KEY, key: header}, application=Application(uri="local:///j.py", arguments=(argument,)), name=name
    )
    if "\0" in header + argument + name:
        with pytest.raises(ConfigError, match=r"holds the character U\+0000"):
            kubernetes.render(wanted)
        return
    rendered = kubernetes.render(wanted)
    document = _application(rendered)
    jsonschema.validate(document, _SCHEMA)
    assert (document["spec"]["sparkConf"][key], document["spec"]["arguments"]) == (header, [argument])
    stackable = _application(rendered, "stackable-application.yaml")["spec"]
    assert (stackable["sparkConf"][key], stackable["args"]) == (header, [argument])
    words = shlex.split(_text(rendered, "spark-submit.sh"), comments=True)
    assert f"{key}={header}" in words
    assert words[-1] == argument
    relay = kubernetes.render(_outbox({**KEY, key: header}))
    env = _application(relay)["spec"]["driver"]["initContainers"][0]["env"]
    told = json.loads(_expanded(env, {"MARQUEZ_KEY": "k"})["SPARKLINEAGE_RELAY"])
    assert told["backend"]["headers"] == {"X-Note": header}


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(THEIRS, st.booleans(), st.booleans(), st.sampled_from([2, 4]), st.sampled_from([None, False]))
def test_twice_is_once(theirs: dict[str, str], stackable: bool, outbox: bool, indent: int, flow: bool | None) -> None:
    api = "spark.stackable.tech/v1alpha1" if stackable else "sparkoperator.k8s.io/v1beta2"
    document = {"apiVersion": api, "kind": "SparkApplication", "metadata": {"name": "x"}, "spec": {"sparkConf": theirs}}
    text = yaml.safe_dump(document, indent=indent, default_flow_style=flow, allow_unicode=True, width=9999)
    wanted = _outbox() if outbox and not stackable else _order(KEY)
    once = kubernetes.render(wanted, file(f"# first\n{text}---\n# last\na: b\n")).artefacts[0].text
    assert once.startswith("# first\n")
    assert once.endswith("---\n# last\na: b\n")
    found = next(iter(yaml.safe_load_all(once)))["spec"]["sparkConf"]
    # PyYAML does not read back every character that it writes.
    known = yaml.safe_load(text)["spec"]["sparkConf"]
    for key in {"spark.app.x", "a b", "é"} & set(theirs):
        assert found[key] == known[key]
    assert kubernetes.render(wanted, file(once)).artefacts[0].text == once


def _theirs(version: str) -> str:
    return (
        "apiVersion: sparkoperator.k8s.io/v1beta2\nkind: SparkApplication\nmetadata: {name: a}\n"
        f"spec:\n  type: Python\n  mode: cluster\n  sparkVersion: {version}\n  driver: {{}}\n"
    )


def test_an_agent_for_another_scala_than_that_of_their_spark_is_refused() -> None:
    with pytest.raises(
        ConfigError, match=r"theirs:7:17: sparkVersion is 4\.0\.1, which has Scala 2\.13, and the agent"
    ):
        kubernetes.render(_order(), file(_theirs("4.0.1")))
    assert _JAR in kubernetes.render(_order(), file(_theirs("3.5.1"))).artefacts[0].text


def test_a_scala_that_was_named_is_that_of_their_image() -> None:
    """agent.scala is 2.13 for a Spark 3.5, whose published images have 2.12."""
    rendered = kubernetes.render(_order(scala="2.13"), file(_theirs("3.5.1")))
    assert "sparkVersion: 3.5.1" in rendered.artefacts[0].text


def test_a_version_that_nobody_knows_is_left_to_the_user() -> None:
    assert "sparkVersion: latest" in kubernetes.render(_order(), file(_theirs("latest"))).artefacts[0].text


def test_a_line_of_spark_is_not_taken_for_an_image() -> None:
    """There is docker.io/apache/spark:4.0.1, and none of 4.0; Stackable names its images the same way."""
    line = _order(release=platforms().find("kubernetes", "4.0").release, scala="2.13")
    with pytest.raises(ConfigError, match=r"^platforms\.kubernetes\.release is 4\.0, .* such as 4\.0\.1\.$"):
        kubernetes.render(line)
    whole = _order(release=platforms().find("kubernetes", "4.0.1").release, scala="2.13")
    texts = [one.text for one in kubernetes.render(whole).artefacts]
    assert "docker.io/apache/spark:4.0.1" in texts[0]
