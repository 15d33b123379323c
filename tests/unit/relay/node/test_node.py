"""The relay of a node as a process: its service, what it tells, and what it leaves behind."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import boto3
import pytest
from moto.server import ThreadedMotoServer

from sparklineage.relay.node.config import Log as Settings
from sparklineage.relay.node.log import Log
from tests.support.journal import add, application
from tests.support.receiver import Receiver
from tests.unit.relay.node.nodes import Node, Watch, run_id, until

CANARIES = {kind: f"canary-{kind}-6f2b91" for kind in ("ssm", "manager", "env", "file")}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as found:
        yield found


def test_the_service_delivers_tells_and_ends(tmp_path: Path, receiver: Receiver) -> None:
    node = Node(tmp_path, receiver.url, governance={"pii": True}, cluster={"clusterId": "c-7"})
    node.run(1)
    with Watch(node) as watch:
        until(lambda: len(receiver.events) == 2)
        node.run(2, pid=os.getpid(), end="")
        until(lambda: len(receiver.events) == 3)
        status, out, err = node.do("status")
        assert (status, err) == (0, "")
        head, counts, _, titles, *rows = out.splitlines()
        assert head == f"relay 0.1.0, running: {node.spool} to {receiver.url}"
        assert counts == "1 running, 1 ended; 0 events waiting, 0 refused"
        assert titles.split() == ["RUN", "APPLICATION", "STATE", "STARTED", "EVENTS", "WAITING", "REFUSED"]
        assert [row.split()[:3] for row in rows] == [
            [run_id(2), "app_2", "RUNNING"],
            [run_id(1), "app_1", "COMPLETE"],
        ]
        assert watch.end() == 0
        assert watch.out == []
    assert node.lines() == [
        f"info    relay 0.1.0 begins: {node.spool} to {receiver.url}, platform machine",
        f"info    {run_id(1)}  COMPLETE, 2 delivered",
        "info    relay ends",
    ]
    facets = receiver.events[0]["run"]["facets"]
    assert facets["sparklineage_cluster"]["clusterId"] == "c-7"
    assert facets["governance"]["pii"] is True
    assert "NOT running" in node.do("status")[1]
    assert sorted(path.name for path in (node.spool / run_id(1)).iterdir()) == [
        "agent.ndjson",
        "delivery",
        "witness.ndjson",
    ]


def test_a_ca_file_that_is_not_there_is_told_at_the_start(tmp_path: Path) -> None:
    node = Node(tmp_path, "https://127.0.0.1:9", backend={"caFile": str(tmp_path / "ca.pem")})
    with Watch(node) as watch:
        until(lambda: len(node.lines()) == 2)
        assert watch.end() == 0
    assert f"the CA file {tmp_path / 'ca.pem'} cannot be used: No such file or directory" in node.lines()[1]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_cleanly_though_the_backend_is_silent(tmp_path: Path, number: signal.Signals) -> None:
    with Receiver(silent=True) as receiver:
        node = Node(tmp_path, receiver.url)
        node.run(1)
        with Watch(node, "--drain-timeout", "1") as watch:
            until(lambda: receiver.posts)
            began = time.monotonic()
            watch.process.send_signal(number)
            assert watch.join() == 0
            assert time.monotonic() - began < 6
            assert watch.out == []


def test_a_backend_that_is_down_at_boot_gets_everything_later(tmp_path: Path) -> None:
    receiver = Receiver().start()
    receiver.stop()
    node = Node(tmp_path, receiver.url)
    for number in range(3):
        node.run(number)
    with Watch(node) as watch:
        until(lambda: "connection refused" in "".join(node.lines()))
        status, out, _ = node.do("status", "--json")
        found = json.loads(out)
        assert (status, found["waiting"], found["watched"]) == (0, 6, True)
        assert {run["error"] for run in found["runs"]} == {"connection refused"}
        receiver.start()
        until(lambda: len(receiver.events) == 6)
        assert watch.end() == 0
    receiver.stop()
    assert [line for line in node.lines() if line.startswith("warning")] == [
        f"warning {receiver.url}: connection refused; what waits is sent again.",
        f"warning {receiver.url} takes events again.",
    ]


def test_a_run_that_makes_room_says_nothing_good_of_the_backend(tmp_path: Path) -> None:
    tried: set[str] = set()

    def fail(_: int, event: dict[str, Any]) -> int:
        tried.add(event["run"]["runId"])
        return 500

    with Receiver(answer=fail) as receiver:
        node = Node(tmp_path, receiver.url)
        node.run(0)
        with Watch(node) as watch:
            until(lambda: "500" in "".join(node.lines()))
            for number in range(1, 40):
                node.run(number)
            until(lambda: len(tried) == 40)
            assert watch.end() == 0
        assert [line for line in node.lines() if line.startswith("warning")] == [
            f"warning {receiver.url}: 500 Internal Server Error; what waits is sent again.",
        ]


def test_a_second_service_is_told(tmp_path: Path, receiver: Receiver) -> None:
    node = Node(tmp_path, receiver.url)
    with Watch(node) as first:
        until((node.state / ".watching").exists)
        with Watch(node) as second:
            assert second.join() == 67
            assert second.out == [
                f"relay.pyz: {node.spool}: another `sparklineage relay watch` delivers this journal.\n"
            ]
        assert first.end() == 0


def test_a_spool_that_is_not_there_yet_is_waited_for(tmp_path: Path, receiver: Receiver) -> None:
    node = Node(tmp_path, receiver.url)
    node.spool.rmdir()
    with Watch(node) as watch:
        until(node.lines)
        node.spool.mkdir()
        node.run(1)
        until(lambda: len(receiver.events) == 2)
        assert watch.end() == 0


def test_drain_delivers_what_waits(tmp_path: Path, receiver: Receiver) -> None:
    node = Node(tmp_path, receiver.url)
    for number in range(1, 4):
        node.run(number, end="")
    status, out, err = node.do("drain")
    assert (status, out) == (0, f"Nothing waits for {receiver.url} any more, of 3 runs.\n")
    assert [line.rpartition("  ")[2] for line in err.splitlines()] == ["ABORT, 2 delivered"] * 3
    assert sorted(found["eventType"] for found in receiver.events) == ["ABORT"] * 3 + ["START"] * 3
    assert node.do("drain")[0] == 0
    assert len(receiver.events) == 6


def test_drain_says_what_remains(tmp_path: Path) -> None:
    receiver = Receiver().start()
    receiver.stop()
    node = Node(tmp_path, receiver.url)
    node.run(1)
    status, out, err = node.do("drain", "--timeout", "2")
    assert (status, out) == (77, "")
    assert err.splitlines()[-1] == (
        f"relay.pyz: 2 events of 1 run still wait for {receiver.url}: connection refused; "
        f"they stay in {node.spool} and are sent when the relay runs."
    )
    assert "Traceback" not in err


def test_drain_says_what_cannot_be_delivered(tmp_path: Path, receiver: Receiver) -> None:
    node = Node(tmp_path, receiver.url)
    made = node.run(1)
    assert node.do("drain")[0] == 0
    made.settled.write_text('{"format": 9}')
    status, _, err = node.do("drain")
    assert status == 77
    assert err.splitlines()[-1].startswith(f"relay.pyz: 1 run cannot be delivered. {made.settled}: written in journal")


def test_drain_waits_for_the_service_that_runs(tmp_path: Path) -> None:
    with Receiver(answer=lambda number, _: 503 if number < 6 else 201) as receiver:
        node = Node(tmp_path, receiver.url, retry={"first": 0.5, "longest": 0.5})
        with Watch(node) as watch:
            until((node.state / ".watching").exists)
            node.run(1)
            status, out, err = node.do("drain", "--timeout", "30")
            assert (status, out, err) == (0, f"Nothing waits for {receiver.url} any more, of 1 run.\n", "")
            assert len(receiver.events) == 2
            assert watch.end() == 0


def test_a_backend_that_asks_for_a_key_loses_nothing_and_is_told_once(tmp_path: Path) -> None:
    with Receiver(answer=lambda *_: 401) as receiver:
        node = Node(tmp_path, receiver.url)
        for number in range(3):
            node.run(number)
        with Watch(node) as watch:
            until(lambda: receiver.posts >= 12)
            assert "3 ended; 6 events waiting, 0 refused" in node.do("status")[1]
            receiver.answer = lambda *_: 201
            until(lambda: len(receiver.events) == 6)
            assert watch.end() == 0
    lines = [line for line in node.lines() if "the backend" in line]
    asks = "the backend asks for a key: HTTP 401 Unauthorized; what waits is sent again."
    assert lines == [f"warning {receiver.url}: {asks}"]


def test_refused_events_are_told(tmp_path: Path) -> None:
    with Receiver(answer=lambda number, _: 422 if number == 1 else 201) as receiver:
        node = Node(tmp_path, receiver.url)
        node.run(1)
        status, out, _ = node.do("drain")
    assert (status, out.partition(";")[2]) == (0, " 1 were refused and lie with the dead letters.\n")
    assert "1 ended; 0 events waiting, 1 refused" in node.do("status")[1]


def test_status_shows_what_needs_somebody_first_and_not_all(tmp_path: Path, receiver: Receiver) -> None:
    node = Node(tmp_path, receiver.url)
    for number in range(30):
        node.run(number)
    assert node.do("drain")[0] == 0
    node.run(40)
    _, out, _ = node.do("status")
    lines = out.splitlines()
    assert lines[1] == "0 running, 31 ended; 1 event waiting, 0 refused"
    assert lines[4].split()[:1] == [run_id(40)]
    assert lines[5].split()[:1] == [run_id(29)]
    assert (len(lines), lines[-1]) == (25, "… and 11 more; --all shows them.")
    assert len(node.do("status", "--all")[1].splitlines()) == 35


def test_a_spool_that_cannot_be_read_is_one_sentence(tmp_path: Path, receiver: Receiver) -> None:
    node = Node(tmp_path, receiver.url)
    node.spool.rmdir()
    node.spool.write_text("a file")
    for name in ("status", "drain", "watch"):
        status, out, err = node.do(name)
        assert (status, out) == (65, "")
        assert err.startswith(f"relay.pyz: {node.spool}: ")
        assert len(err.splitlines()) == 1


def test_names_of_files_begin_no_line_of_the_log(tmp_path: Path, receiver: Receiver) -> None:
    node = Node(tmp_path, receiver.url)
    made = node.run(1)
    (made.path / "x\n2026-11-22T00:00:00.000Z info    a lie").symlink_to("/etc/passwd")
    with Watch(node) as watch:
        time.sleep(1.5)
        assert watch.end() == 0
    assert "a lie" not in "".join(line for line in node.lines() if not re.match(r"warning .*\\x0a", line))
    assert all(re.match(r"(?:info   |warning) ", line) for line in node.lines())


def test_the_log_stays_small(tmp_path: Path) -> None:
    log = Log(Settings(file=tmp_path / "relay.log", size=4096, files=2))
    for number in range(2000):
        log.say(f"line {number}")
    log.close()
    found = sorted(path.name for path in tmp_path.iterdir())
    assert found == ["relay.log", "relay.log.1", "relay.log.2"]
    assert all(path.stat().st_size <= 4096 for path in tmp_path.iterdir())
    assert (tmp_path / "relay.log").read_text().endswith("line 1999\n")


def test_a_log_that_cannot_be_written_is_told_on_stderr(tmp_path: Path, receiver: Receiver) -> None:
    node = Node(tmp_path, receiver.url, log={"file": str(tmp_path / "no" / "relay.log")})
    with Watch(node) as watch:
        until(lambda: len(watch.out) >= 2)
        assert watch.end() == 0
    assert (
        f"{tmp_path}/no/relay.log: cannot be written: No such file or directory; the log goes to stderr."
        in watch.out[0]
    )
    assert "begins" in watch.out[1]


@pytest.mark.skipif(shutil.which("aws") is None, reason="there is no aws command line here")
def test_a_secret_shows_nowhere(tmp_path: Path) -> None:
    """One of each kind, in the key, a header and a parameter: in no file, no output and no argument of any process."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    aws = "http://{}:{}".format(*server.get_host_and_port())
    secret = tmp_path / "secret"
    secret.write_text(CANARIES["file"])
    root = tmp_path / "node"
    root.mkdir()
    node = Node(
        root,
        "http://127.0.0.1:9",
        region="eu-west-1",
        backend={
            "apiKey": "aws-ssm:/ol/key",
            "headers": {"X-One": {"secret": "aws-secretsmanager:ol#key"}, "X-Two": {"secret": f"file:{secret}"}},
            "params": {"three": {"secret": "env:THREE"}},
        },
    )
    node.environ |= {
        "PATH": os.environ["PATH"],
        "HOME": str(root),
        "THREE": CANARIES["env"],
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_ENDPOINT_URL": aws,
        "NO_PROXY": "127.0.0.1",
    }
    # All servers of one process share what they hold.
    urlopen(Request(f"{aws}/moto-api/reset", method="POST")).close()  # noqa: S310
    clients = {"region_name": "eu-west-1", "endpoint_url": aws, "aws_access_key_id": "a", "aws_secret_access_key": "b"}
    boto3.client("ssm", **clients).put_parameter(Name="/ol/key", Value=CANARIES["ssm"], Type="SecureString")
    manager = {"key": CANARIES["manager"]}
    boto3.client("secretsmanager", **clients).create_secret(Name="ol", SecretString=json.dumps(manager))

    seen: list[str] = []
    aws_calls: set[bytes] = set()
    over = threading.Event()

    def look() -> None:
        while not over.is_set():
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    words = path.read_bytes()
                except OSError:
                    continue
                if b"get-parameter" in words or b"get-secret-value" in words:
                    aws_calls.add(words)
                seen.extend(kind for kind, text in CANARIES.items() if text.encode() in words)
            time.sleep(0.01)

    # It quotes what it was sent.
    quoted = "|".join(CANARIES.values()).encode()
    with Receiver(answer=lambda number, _: {1: 503, 2: 422}.get(number, 201), refusal=quoted) as receiver:
        node.told["backend"]["url"] = receiver.url
        node.config.write_text(json.dumps(node.told))
        looking = threading.Thread(target=look)
        looking.start()
        try:
            made = node.run(1, end="")
            with Watch(node) as watch:
                until(lambda: receiver.posts >= 3)
                # A job that writes the secret into its own events.
                facets = {"sql": {"query": f"SELECT '{CANARIES['ssm']}'"}}
                event = application("RUNNING", 5, made.run_id)
                event["run"]["facets"] = facets
                late = node.run(2, pid=os.getpid(), end="")
                until(lambda: len(receiver.events) >= 2)
                add(late.agent, event | {"run": {"runId": late.run_id, "facets": facets}})
                until(lambda: any("sql" in found["run"]["facets"] for found in receiver.events))
                outputs = [*node.do("status"), *node.do("status", "--json"), *node.do("check")]
                assert watch.end() == 0
            outputs += watch.out
        finally:
            over.set()
            looking.join()
    server.stop()
    headers = receiver.seen_headers[-1]
    assert headers["Authorization"] == f"Bearer {CANARIES['ssm']}"
    assert (headers["X-One"], headers["X-Two"]) == (CANARIES["manager"], CANARIES["file"])
    assert receiver.paths[-1].endswith(f"?three={CANARIES['env']}")
    assert len(aws_calls) >= 2
    assert seen == []
    # What the job itself wrote into its own folder is not ours.
    files = [path for path in root.rglob("*") if path.is_file() and path != late.agent]
    assert {path.name for path in files} >= {"events.ndjson", "relay.log", "relay.json"}
    assert any(path.name.endswith(".refused.ndjson") for path in files)
    for text in [*(path.read_text(errors="replace") for path in files), *map(str, outputs)]:
        assert not [kind for kind, canary in CANARIES.items() if canary in text], text
    assert len(receiver.events) >= 3
