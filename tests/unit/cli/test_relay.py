"""`relay drain` against real receivers: what it sends, how long it takes, what it says and its exit status."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sparklineage.cli.main import main
from sparklineage.journal import DeliveryLock, RunFolder, RunLock
from sparklineage.model.backend import Backend
from sparklineage.model.clock import now_ms
from sparklineage.relay import read_events, status
from tests.support.journal import add, application, event, folder, outcome
from tests.support.receiver import Receiver

Captured = pytest.CaptureFixture[str]
CANARY = "canary-31aa-key"


def run_id(number: int) -> str:
    return f"01900000-0000-7000-8000-0000000000{number:02d}"


def ended_run(root: Path, number: int = 1, *, url: str | None = None, **record: object) -> RunFolder:
    """A run whose job has ended and which nobody has settled; meant for the backend at `url`."""
    backend = Backend(url=url).key if url else None
    made = folder(root, run_id(number), backend=backend, **record)
    add(made.agent, application("START", 1, run_id(number)), application("COMPLETE", 5, run_id(number)))
    outcome(made)
    return made


def drain(root: Path, url: str, *args: str, **environ: str) -> int:
    return main(["relay", "drain", "--journal", str(root), "--backend", url, *args], {"HOME": str(root), **environ})


def test_one_deadline_holds_for_all_runs(tmp_path: Path, capsys: Captured) -> None:
    with Receiver(silent=True) as receiver:
        for number in range(4):
            ended_run(tmp_path, number, url=receiver.url)
        began = time.monotonic()
        assert drain(tmp_path, receiver.url, "--timeout", "1.5") == 77
        took = time.monotonic() - began
    assert took < 4
    assert receiver.posts == 1
    err = capsys.readouterr().err
    assert "8 events of 4 runs still wait" in err
    assert "no answer within 1.5 s" in err


def test_refused_events_are_a_failure_and_later_a_hint(tmp_path: Path, capsys: Captured) -> None:
    with Receiver(answer=lambda *_: 404) as receiver:
        made = ended_run(tmp_path, url=receiver.url)
        assert drain(tmp_path, receiver.url) == 77
        letters = str(made.refused(Backend(url=receiver.url).key))
        out, err = capsys.readouterr()
        assert out == f"{made.run_id}  0 delivered, 2 refused (dead letters)\n"
        assert err.startswith(f"sparklineage: 2 events were refused by {receiver.url}; they are in {letters}.")
        assert len(err.splitlines()) == 1
        assert drain(tmp_path, receiver.url) == 0
        out, err = capsys.readouterr()
        assert out.startswith("Nothing waits for")
        assert f"refused events of 1 run earlier; they are in {letters}" in err
        receiver.answer = lambda *_: 201
        assert drain(tmp_path, receiver.url, "--again", made.run_id) == 0
        assert capsys.readouterr().err == ""


def test_runs_that_were_submitted_without_this_backend_are_told(tmp_path: Path, capsys: Captured) -> None:
    """As before a backend was configured, or with an address that was mistyped."""
    with Receiver() as receiver:
        ended_run(tmp_path, 1)
        ended_run(tmp_path, 2, url="http://127.0.0.1:9")
        alive = folder(tmp_path, run_id(3), backend=None)
        with RunLock(alive):
            assert drain(tmp_path, receiver.url) == 0
            out, err = capsys.readouterr()
            assert out == f"Nothing waits for {receiver.url} in {tmp_path}.\n"
            assert err == (
                f"sparklineage: 2 runs in {tmp_path} were submitted without this backend; with --all their events are "
                "sent, too.\n"
            )
            # Also beside one that was.
            ended_run(tmp_path, 4, url=receiver.url)
            assert drain(tmp_path, receiver.url) == 0
            assert "2 runs in" in capsys.readouterr().err
            drain(tmp_path, receiver.url, "--all")
            assert {item["run"]["runId"] for item in receiver.events} == {run_id(1), run_id(2), run_id(4)}
            assert "submitted without" not in capsys.readouterr().err
            # Whoever has them, nothing is left to say to a third.
            assert drain(tmp_path, "http://127.0.0.1:19") == 0
            assert capsys.readouterr().err == ""


def test_events_without_a_key_wait_and_the_reason_is_told(tmp_path: Path, capsys: Captured) -> None:
    with Receiver(answer=lambda *_: 401) as receiver:
        made = ended_run(tmp_path, url=receiver.url)
        assert drain(tmp_path, receiver.url, "--timeout", "1") == 77
        err = capsys.readouterr().err
        assert "2 events of 1 run still wait" in err
        assert "the backend asks for a key: HTTP 401 Unauthorized" in err
        assert not made.refused(Backend(url=receiver.url).key).exists()
        receiver.answer = lambda *_: 201
        assert drain(tmp_path, receiver.url) == 0
        assert len(receiver.events) == 2


def test_a_living_run_is_left_alone_and_told(tmp_path: Path, capsys: Captured) -> None:
    with Receiver() as receiver:
        made = folder(tmp_path, run_id(1), backend=Backend(url=receiver.url).key)
        with RunLock(made):
            assert drain(tmp_path, receiver.url) == 0
        out, err = capsys.readouterr()
    assert "left alone" in out
    assert "1 run may still have events to send; run `sparklineage relay drain` again when the job has ended" in err
    assert receiver.posts == 0


@pytest.mark.parametrize("is_settled", [True, False])
@pytest.mark.parametrize("is_named", [True, False])
def test_a_newer_journal_is_one_sentence_and_the_others_are_delivered(
    tmp_path: Path, capsys: Captured, is_settled: bool, is_named: bool
) -> None:
    with Receiver() as receiver:
        newer = ended_run(tmp_path, 1, url=receiver.url)
        if is_settled:
            assert drain(tmp_path, receiver.url) == 0
        other = ended_run(tmp_path, 2, url=receiver.url)
        newer.run.write_text(json.dumps({**json.loads(newer.run.read_text()), "format": 9}))
        before = len(receiver.events)
        capsys.readouterr()
        names = [newer.run_id, other.run_id] if is_named else []
        assert drain(tmp_path, receiver.url, *names) == 66
        out, err = capsys.readouterr()
        assert len(receiver.events) == before + 2
    assert out == f"{other.run_id}  2 delivered\n"
    assert err.startswith(f"sparklineage: {newer.run}: written in journal format 9, this version reads up to 1")
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize("name", ["run.json", "settled.json"])
def test_no_graph_is_drawn_of_a_newer_journal(tmp_path: Path, capsys: Captured, name: str) -> None:
    with Receiver() as receiver:
        made = ended_run(tmp_path, url=receiver.url)
        assert drain(tmp_path, receiver.url) == 0
    path = made.path / name
    path.write_text(json.dumps({**json.loads(path.read_text()), "format": 9}))
    assert main(["graph", "--journal", str(tmp_path), made.run_id], {}) == 66
    assert "written in journal format 9" in capsys.readouterr().err


def test_a_file_is_no_journal(tmp_path: Path, capsys: Captured) -> None:
    (tmp_path / "file").write_text("")
    assert drain(tmp_path / "file", "http://127.0.0.1:9") == 65
    assert capsys.readouterr().err == (
        f"sparklineage: {tmp_path}/file: a file, no journal; name the folder that `sparklineage submit` writes to.\n"
    )


@pytest.mark.parametrize("is_named", [True, False])
def test_a_damaged_cursor_is_one_sentence(tmp_path: Path, capsys: Captured, is_named: bool) -> None:
    with Receiver() as receiver:
        made = ended_run(tmp_path, url=receiver.url)
        cursor = made.delivery(Backend(url=receiver.url).key)
        cursor.write_text("{")
        assert drain(tmp_path, receiver.url, *([made.run_id] if is_named else [])) == 65
    assert capsys.readouterr().err == f"sparklineage: {cursor}: is not JSON; the file is damaged, move it away.\n"


def test_a_run_belongs_to_its_backend_without_a_cursor(tmp_path: Path, capsys: Captured) -> None:
    with Receiver() as receiver:
        ended_run(tmp_path, 1, url=receiver.url)
        ended_run(tmp_path, 2, url="http://elsewhere")
        ended_run(tmp_path, 3)
        assert drain(tmp_path, receiver.url) == 0
    assert {item["run"]["runId"] for item in receiver.events} == {run_id(1)}
    assert capsys.readouterr().out == f"{run_id(1)}  2 delivered\n"


def test_a_process_that_outlives_its_job_does_not_hold_the_run(tmp_path: Path) -> None:
    with Receiver() as receiver:
        made = folder(tmp_path, run_id(1), backend=Backend(url=receiver.url).key)
        add(made.agent, application("START", 1, run_id(1)))
        with RunLock(made) as lock:
            heir = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, pass_fds=(lock.fd,))
        try:
            assert drain(tmp_path, receiver.url) == 0
            assert receiver.events == []
            outcome(made)
            with DeliveryLock(made):
                assert drain(tmp_path, receiver.url, "--timeout", "0.3") == 0
            assert receiver.events == []
            assert drain(tmp_path, receiver.url) == 0
        finally:
            heir.communicate(b"\n")
    assert [item["eventType"] for item in receiver.events] == ["START", "COMPLETE"]


def test_the_key_reaches_neither_journal_nor_backend(tmp_path: Path) -> None:
    """Neither through the SQL that a job wrote it into, nor through an answer that quotes the request."""
    (tmp_path / "conf.yml").write_text('transport: {headers: {X-Tenant-Key: "env:HK"}}')
    secrets = [CANARY, "tenant-5519", "db-pass-77"]
    refusal = json.dumps({"authorization": f"Bearer {CANARY}", "x-tenant-key": "tenant-5519"}).encode()
    with Receiver(answer=lambda number, _: 422 if number == 2 else 201, refusal=refusal) as receiver:
        made = ended_run(tmp_path / "journal", url=receiver.url)
        sql = {"sql": {"query": "SELECT " + ", ".join(secrets)}}
        add(made.agent, event("START", 2, run_id(7), facets=sql))
        environ = {"OPENLINEAGE_API_KEY": f"{CANARY}\n", "HK": "tenant-5519\n", "DB_PASSWORD": "db-pass-77"}
        config = ("--config", str(tmp_path / "conf.yml"))
        assert drain(tmp_path / "journal", receiver.url, *config, **environ) == 77
    assert receiver.seen_headers[0]["X-Tenant-Key"] == "tenant-5519"
    assert receiver.seen_headers[0]["Authorization"] == f"Bearer {CANARY}"
    (letters,) = made.path.glob("delivery/*.refused.ndjson")
    for text in (json.dumps(receiver.events), made.events.read_text(), letters.read_text()):
        assert not [secret for secret in secrets if secret in text]
    assert "********" in letters.read_text()


def test_without_a_backend_a_lost_run_is_closed_in_the_journal(tmp_path: Path, capsys: Captured) -> None:
    """And `runs` and `graph` tell the same of it, before and after."""
    made = folder(tmp_path, run_id(1))
    add(made.agent, application("START", 1, run_id(1)), event("START", 2, run_id(2), "app.q", outputs=("/o",)))
    environ = {"HOME": str(tmp_path), "SPARKLINEAGE_JOURNAL": str(tmp_path)}
    assert status(made).state == "LOST"
    assert [item["eventType"] for item in read_events(made)] == ["START", "START", "ABORT", "ABORT"]
    assert not made.events.exists()
    assert main(["relay", "drain"], environ) == 0
    assert f"{run_id(1)}  the run had no end and was closed as ABORT" in capsys.readouterr().out
    assert status(made).state == "ABORT"
    assert [item["eventType"] for item in read_events(made)] == ["START", "START", "ABORT", "ABORT"]
    assert main(["relay", "drain"], environ) == 64
    assert "No backend is configured" in capsys.readouterr().err


def test_without_a_backend_a_living_run_is_left_alone(tmp_path: Path) -> None:
    made = folder(tmp_path, run_id(1))
    add(made.agent, application("START", 1, run_id(1)))
    with RunLock(made):
        assert main(["relay", "drain"], {"HOME": str(tmp_path), "SPARKLINEAGE_JOURNAL": str(tmp_path)}) == 64
        assert (status(made).state, [item["eventType"] for item in read_events(made)]) == ("RUNNING", ["START"])
    assert not made.settled.exists()


def settled_run(root: Path, number: int, *, days: int) -> RunFolder:
    """A run that nobody has to deliver."""
    made = folder(root, run_id(number))
    ended = now_ms() - days * 86_400_000
    made.settled.write_text(json.dumps({"format": 1, "endedAt": ended}))
    os.utime(made.run, (ended / 1000, ended / 1000))
    return made


def test_finished_runs_leave_at_the_end_of_a_drain(tmp_path: Path, capsys: Captured) -> None:
    (tmp_path / "conf.yml").write_text("delivery: {limits: {journalAge: 30d}}")
    journal = tmp_path / "journal"
    for number, days in ((1, 40), (2, 20)):
        settled_run(journal, number, days=days)
    with Receiver() as receiver:
        ended_run(journal, 3, url=receiver.url)
        assert drain(journal, receiver.url, "--config", str(tmp_path / "conf.yml")) == 0
    sent, gone = capsys.readouterr().out.splitlines()
    assert sent == f"{run_id(3)}  2 delivered"
    assert gone.startswith(f"{run_id(1)}  removed from the journal: it is older than 30 d (")
    assert sorted(item.name for item in journal.iterdir()) == [run_id(2), run_id(3)]


def test_without_a_backend_a_drain_makes_room_too(tmp_path: Path, capsys: Captured) -> None:
    (tmp_path / "conf.yml").write_text("delivery: {limits: {journalAge: 30d}}")
    journal = tmp_path / "journal"
    settled_run(journal, 1, days=40)
    arguments = ["relay", "drain", "--journal", str(journal), "--config", str(tmp_path / "conf.yml")]
    assert main(arguments, {"HOME": str(tmp_path)}) == 0
    assert capsys.readouterr().out.startswith(f"{run_id(1)}  removed from the journal")
    assert main(arguments, {"HOME": str(tmp_path)}) == 64


def test_a_drain_waits_as_the_profile_says(tmp_path: Path) -> None:
    """By themselves twelve refusals of one event take more than a minute."""
    retry = "delivery: {retry: {firstWait: 10ms, longestWait: 50ms}}"
    (tmp_path / "conf.yml").write_text(f"profiles: {{quick: {{{retry}}}}}\n")
    with Receiver(answer=lambda number, _: 503 if number <= 12 else 201) as receiver:
        ended_run(tmp_path / "journal", url=receiver.url)
        options = ("--config", str(tmp_path / "conf.yml"), "--profile", "quick", "--timeout", "20")
        assert drain(tmp_path / "journal", receiver.url, *options) == 0
    assert len(receiver.events) == 2


def test_where_the_agent_delivers_itself_a_drain_says_so(tmp_path: Path, capsys: Captured) -> None:
    (tmp_path / "conf.yml").write_text("transport: {type: console}")
    arguments = ["relay", "drain", "--journal", str(tmp_path / "journal"), "--config", str(tmp_path / "conf.yml")]
    assert main(arguments, {"HOME": str(tmp_path)}) == 64
    assert capsys.readouterr().err == (
        "sparklineage: Delivery is direct (the relay does not deliver to console): the agent sends its events itself.\n"
    )


def test_where_nothing_waits_no_secret_is_fetched(tmp_path: Path, capsys: Captured) -> None:
    (tmp_path / "conf.yml").write_text('transport: {url: "http://127.0.0.1:9", auth: {apiKey: "aws-ssm:/ol"}}')
    arguments = ["relay", "drain", "--journal", str(tmp_path / "journal"), "--config", str(tmp_path / "conf.yml")]
    assert main(arguments, {"HOME": str(tmp_path)}) == 0
    assert capsys.readouterr().out.startswith("Nothing waits for")
