"""The init script of Databricks on a driver in the machine: what it leaves, whatever goes wrong, and the lineage of a
real Spark that is started with it and nothing else.
"""

from __future__ import annotations

import json
import os
import random
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.real.node.databricks import (
    BEGAN,
    CLASS_PATH,
    CLUSTER,
    CONF,
    FOLDER,
    KEY,
    OWN,
    VARIABLE,
    Driver,
    driver,
    kit,
    lacking,
    own_listener,
)
from tests.real.node.watch import watching
from tests.support.receiver import Event, Receiver

pytestmark = [pytest.mark.spark, pytest.mark.skipif(bool(lacking()), reason=lacking())]

AGENT, OLDER = "openlineage-spark_2.12-1.53.0.jar", "openlineage-spark_2.12-1.37.0.jar"
WITNESS = r"sparklineage-witness-.*\.jar"
JOB = """\
from pyspark.sql import SparkSession

spark = SparkSession.builder.appName("Databricks Shell").getOrCreate()
spark.sparkContext.setLocalProperty("spark.databricks.job.id", "77")
spark.sparkContext.setLocalProperty("spark.databricks.job.runId", "4242")
spark.range(3).write.parquet("/mnt/tmp/numbers")
spark.read.parquet("/mnt/tmp/numbers").selectExpr("id * 2 AS twice").write.parquet("/mnt/tmp/twice")
try:
    spark.read.parquet("/mnt/tmp/twice").write.parquet("/mnt/tmp/numbers")
except Exception as problem:
    print("failed as it should:", type(problem).__name__)
spark.stop()
"""


@pytest.fixture(scope="module")
def backend() -> Iterator[Receiver]:
    with Receiver() as found:
        yield found


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, backend: Receiver) -> Path:
    return kit(tmp_path_factory.mktemp("kit") / "databricks", backend.url)


@pytest.fixture
def node(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Driver]:
    with driver(tmp_path / "driver", own_listener(tmp_path_factory.getbasetemp())) as found:
        yield found


def until(what: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.1)


def complete(node: Driver, agent: str = AGENT) -> bool:
    """Whether the driver finds the witness and this agent and no other, is told of both, and one relay runs."""
    for folder in CLASS_PATH:
        first, second = node.jars(folder)
        assert (first, bool(re.fullmatch(WITNESS, second))) == (agent, True)
    assert node.properties is not None
    until(lambda: len(node.relays()) == 1)
    assert [user for _pid, user, _args in node.relays()] == ["sparklineage"]
    return True


def without_lineage(node: Driver) -> bool:
    """Whether the driver is told of nothing, so that it starts."""
    return node.properties is None and not [path for path in node.state() if "/.sparklineage." in path]


def test_the_driver_is_told_of_the_listeners_last_of_all(node: Driver, made: Path) -> None:
    node.mount(made)
    with watching(node.tree) as seen:
        ended = node.init()
        assert (ended.status, ended.stdout) == (0, ""), ended.stderr
        assert complete(node)
        until(lambda: "backend: " in node.log())
    properties = node.properties or {}
    listeners = properties["spark.extraListeners"].split(",")
    assert listeners == [OWN, "io.sparklineage.Witness", "io.openlineage.spark.agent.OpenLineageSparkListener"]
    assert properties["spark.openlineage.appName"] == "job-77-main_cluster"
    state = node.state()
    assert state[CONF][:3] == ("f", "644", "root:root")
    assert state["/var/lib/sparklineage/spool"][:3] == ("d", "3773", "sparklineage:sparklineage")
    assert {state[f"{folder}/{AGENT}"][:3] for folder in CLASS_PATH} == {("f", "644", "root:root")}
    assert not [path for path in state if "/.sparklineage." in path]
    assert re.search(r"sparklineage: done in \d+ s$", ended.stderr)
    # Everybody sees command lines. The key stands in none of them, and in no file.
    assert seen.having("relay.pyz watch")
    assert not [text for text in seen.command_lines if KEY in text]
    assert node.tree.written_with(KEY) == []
    assert KEY not in ended.stdout + ended.stderr


def test_a_second_run_changes_nothing(node: Driver, made: Path) -> None:
    node.mount(made)
    node.init()
    assert complete(node)
    before, relays = node.state(), node.relays()
    assert node.init().status == 0
    assert node.state() == before
    assert complete(node)
    assert node.relays() == relays


def test_one_clean_installation_follows_another(node: Driver, made: Path, tmp_path: Path, backend: Receiver) -> None:
    older = kit(tmp_path / "older", backend.url, rest='agent: {version: 1.37.0, scala: "2.12"}')
    for one, agent in ((older, OLDER), (made, AGENT), (older, OLDER)):
        node.mount(one)
        assert node.init().status == 0
        assert complete(node, agent)


@pytest.mark.parametrize("environ", [{"DB_IS_DRIVER": "FALSE"}, {"DB_IS_DRIVER": ""}], ids=["FALSE", "none"])
def test_a_worker_gets_nothing(node: Driver, made: Path, environ: dict[str, str]) -> None:
    node.mount(made)
    before = node.state()
    ended = node.init(environ=environ)
    assert ended.status == 0
    assert "this is no driver" in ended.stderr
    left = {path: entry for path, entry in node.state().items() if path != "/var/log/sparklineage"}
    assert (left, node.relays()) == (before, [])


@dataclass(frozen=True, kw_only=True)
class Case:
    cause: str
    """What the last line says."""
    trouble: str = ":"
    """Bash that is run on the driver before."""
    without: str = ""
    """A file that the volume lacks."""


READ_ONLY = "mkdir -p {0} && mount -t tmpfs ro {0} && mount -o remount,ro {0}"
CASES = {
    "volume missing": Case(trouble=f"cp {FOLDER}/init.sh /run/; rm -rf /Volumes", cause="files: .*No such file"),
    "JAR missing": Case(without=AGENT, cause=r"files: .*\.jar.*No such file"),
    "wrong digest": Case(
        trouble=f"rm {FOLDER}/{AGENT}; echo PK >{FOLDER}/{AGENT}",
        cause=r"files: .*\.jar has SHA-256 \w{64}, and \w{64} is",
    ),
    "no Python": Case(
        trouble="rm -rf /databricks/python3 /usr/bin/python3* /usr/local/bin/python3*",
        cause="relay: there is no Python",
    ),
    "read-only jars": Case(trouble=READ_ONLY.format("/mnt/driver-daemon/jars"), cause="(agent|witness): .*Read-only"),
    "read-only conf": Case(trouble=READ_ONLY.format("/databricks/driver/conf"), cause="configuration: .*Read-only"),
    "read-only /opt": Case(trouble=READ_ONLY.format("/opt"), cause=".*Read-only"),
}


@pytest.mark.parametrize("name", CASES)
def test_the_driver_starts_without_lineage_and_the_log_says_why(node: Driver, made: Path, name: str) -> None:
    case = CASES[name]
    node.mount(made, without=case.without)
    node.tree.shell('cp "$1"/init.sh /databricks/init_scripts/', FOLDER)
    node.tree.shell(case.trouble)
    ended = node.tree.run(["/bin/bash", "/databricks/init_scripts/init.sh"], environ=node.environ)
    last = ended.stderr.splitlines()[-1]
    assert ended.status == 0, ended.stderr
    assert "sparklineage: done in " in last
    assert re.search(case.cause, last), ended.stderr
    assert without_lineage(node)
    assert KEY not in ended.stderr


def test_what_an_earlier_script_said_goes_where_this_one_fails(node: Driver, made: Path) -> None:
    node.mount(made)
    node.init()
    assert complete(node)
    node.tree.shell(f"rm -rf /opt/sparklineage/lib {CLASS_PATH[0]}/openlineage*; rm {FOLDER}/{AGENT}")
    assert node.init().status == 0
    assert without_lineage(node)


def test_strict_it_fails_the_cluster_and_says_why(node: Driver, tmp_path: Path, backend: Receiver) -> None:
    node.mount(kit(tmp_path / "strict", backend.url, "--strict"), without=AGENT)
    ended = node.init()
    assert ended.status == 1
    assert re.search(r"sparklineage: failed: files: .*\.jar.*No such file", ended.stderr.splitlines()[-1])
    assert without_lineage(node)


def test_a_key_that_the_script_does_not_see_is_told(node: Driver, made: Path) -> None:
    node.mount(made)
    ended = node.init(environ={VARIABLE: ""})
    assert ended.status == 0
    assert f"{VARIABLE} is empty" in ended.stderr


State = dict[str, tuple[str, str, str, str]]
PLACES = 10
SEED = os.environ.get("SPARKLINEAGE_TEST_SEED") or str(random.randrange(10**9))  # noqa: S311
"""Set the variable to the seed of a failure to get its places again."""
TRACED = """
cat >/run/trace.sh <<'TRACE'
if [[ $0 == */init.sh ]]; then
  set -T
  trap '%s' DEBUG
fi
TRACE
"""


def traced(node: Driver, trap: str) -> None:
    """Run the script with a trap before each of its commands."""
    node.tree.shell(TRACED % trap)
    node.init(environ={"BASH_ENV": "/run/trace.sh"})
    node.tree.shell("rm /run/trace.sh")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, made: Path) -> tuple[list[int], State]:
    """The lines of the script that run, and what it leaves."""
    with driver(tmp_path_factory.mktemp("whole") / "driver", own_listener(tmp_path_factory.getbasetemp())) as node:
        node.mount(made)
        traced(node, 'printf "%s\\n" "$LINENO" >>/run/lines')
        lines = sorted({int(line) for line in node.tree.read("/run/lines").split()})
        return lines, node.state()


@pytest.mark.parametrize("number", range(PLACES))
def test_killed_anywhere(node: Driver, made: Path, whole: tuple[list[int], State], number: int) -> None:
    line = random.Random(f"{SEED} {number}").choice(whole[0])  # noqa: S311
    _heals(node, made, whole[1], line)


@pytest.mark.parametrize("text", ["printf '%s\\n' \"${RELAY_CONFIG[0]}\"", "cat <<'LOOP'"])
def test_killed_while_a_text_is_made(node: Driver, made: Path, whole: tuple[list[int], State], text: str) -> None:
    """In a function of which only the shell below is killed, and the script's own: what is between goes on."""
    lines = (made / "init.sh").read_text().splitlines()
    (line,) = (number for number, found in enumerate(lines, 1) if found.strip() == text)
    assert line in whole[0]
    _heals(node, made, whole[1], line)


def _heals(node: Driver, made: Path, expected: State, line: int) -> None:
    """The driver is told of nothing, or of what is there whole; and the next script heals it."""
    text = (made / "init.sh").read_text().splitlines()[line - 1].strip()
    where = f"seed {SEED}: killed at line {line}: {text}"
    print(where)
    node.mount(made)
    traced(node, f"[[ $LINENO == {line} ]] && kill -9 $$ $BASHPID")
    until(lambda: not [args for _pid, _user, args in node.tree.processes() if "init.sh" in args])
    left = node.state()
    for path, found in left.items():
        if found[0] != "d" and "/.sparklineage." not in path:
            assert found == expected.get(path), f"{where}: {path}"
    if CONF in left:
        jars = {path for path in expected if path.startswith(CLASS_PATH) and path.endswith(".jar")}
        assert jars <= set(left), where
    assert node.init().status == 0
    assert node.state() == expected, where
    assert len(node.relays()) == 1, where


def wait(backend: Receiver, before: int, seconds: float = 90) -> list[Event]:
    """All events, once the application's last is there and nothing has followed for a while."""

    def ended() -> bool:
        named = [event for event in backend.events[before:] if event["job"]["name"].endswith("main_cluster")]
        return any(event["eventType"] in {"COMPLETE", "FAIL", "ABORT"} for event in named)

    until(ended, seconds)
    time.sleep(2)
    return backend.events[before:]


def check(events: list[Event]) -> None:
    """Complete and true, each event once."""
    counted = Counter((event["run"]["runId"], event["eventType"], event["eventTime"]) for event in events)
    assert max(counted.values()) == 1, counted
    runs: dict[str, list[Event]] = {}
    for event in events:
        runs.setdefault(event["run"]["runId"], []).append(event)
    writes = {tuple(sorted(_names(found, "inputs"))): found for found in runs.values() if _names(found, "outputs")}
    assert {read: _names(found, "outputs") for read, found in writes.items()} == {
        (): {"/mnt/tmp/numbers"},
        ("/mnt/tmp/numbers",): {"/mnt/tmp/twice"},
        ("/mnt/tmp/twice",): {"/mnt/tmp/numbers"},
    }
    ends = {read: found[-1]["eventType"] for read, found in writes.items()}
    assert ends == {(): "COMPLETE", ("/mnt/tmp/numbers",): "COMPLETE", ("/mnt/tmp/twice",): "FAIL"}
    for event in events:
        cluster = event["run"]["facets"]["sparklineage_cluster"]
        told = {name: cluster.get(name) for name in ("platform", "clusterId", "releaseLabel", "jobId", "runId")}
        assert told == {
            "platform": "databricks", "clusterId": CLUSTER, "releaseLabel": "16.4", "jobId": "77", "runId": "4242"
        }  # fmt: skip
        assert event["job"]["name"].startswith("job_77_main_cluster")
    assert {event["job"]["namespace"] for event in events} == {"prod"}
    assert KEY not in json.dumps(events)


def _names(events: list[Event], side: str) -> set[str]:
    return {each["name"].removeprefix("dbfs:") for event in events for each in event.get(side) or ()}


@pytest.mark.parametrize(("spark", "release"), [("3.5", "16.4.x-scala2.12"), ("4.2", "19.x-scala2.13")])
def test_a_job_is_traced_without_anything_of_its_own(
    node: Driver, tmp_path: Path, backend: Receiver, spark: str, release: str
) -> None:
    node.mount(kit(tmp_path / "kit", backend.url, rest=f"platforms: {{databricks: {{release: {release}}}}}"))
    before = len(backend.events)
    with watching(node.tree) as seen:
        assert node.init().status == 0
        ran = node.run(JOB, spark)
        assert ran.status == 0, ran.stderr
        assert BEGAN in ran.stdout
        assert "failed as it should" in ran.stdout
        events = wait(backend, before)
    check(events)
    assert {headers.get("Authorization") for headers in backend.seen_headers[-len(events) :]} == {f"Bearer {KEY}"}
    assert not [text for text in seen.command_lines if KEY in text]
    assert node.tree.written_with(KEY) == []


def test_nothing_is_lost_where_the_backend_comes_later(node: Driver, tmp_path: Path) -> None:
    later = Receiver().start()
    later.stop()
    node.mount(kit(tmp_path / "kit", later.url))
    ended = node.init()
    assert ended.status == 0
    assert complete(node)
    ran = node.run(JOB)
    assert ran.status == 0, ran.stderr
    with later:
        check(wait(later, 0))


def test_a_driver_starts_where_nothing_could_be_brought(node: Driver, made: Path) -> None:
    node.mount(made, without=AGENT)
    assert node.init().status == 0
    ran = node.run(JOB)
    assert ran.status == 0, ran.stderr
    assert BEGAN in ran.stdout
