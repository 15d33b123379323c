"""A spool that many users write into: none reads or harms another's run, and none makes the relay write elsewhere.

Every user is a process with a user id of its own, and so is the relay.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sparklineage.journal import RunFolder
from sparklineage.model.backend import Backend
from sparklineage.relay.retire import Keep
from sparklineage.relay.sinks.http import HttpSink
from sparklineage.relay.watch import Watcher
from tests.support.journal import add, application, witnessed
from tests.support.receiver import Receiver

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs to become other users")

RELAY, ANN, BOB = 61_001, 61_002, 61_003
HOST = os.uname().nodename


def run_id(number: int) -> str:
    return f"01900000-0000-7000-8000-{number:012d}"


def as_user(uid: int, act: Callable[[], object]) -> None:
    """Do it in a process of that user; a failure there is one here."""
    read, write = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            os.close(read)
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
            os.umask(0o077)
            act()
        except BaseException:  # noqa: BLE001 - told to the test
            os.write(write, traceback.format_exc().encode()[-60_000:])
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as file:
        problem = file.read().decode()
    os.waitpid(pid, 0)
    assert not problem, problem


@pytest.fixture
def spool() -> Iterator[Path]:
    """As a kit makes it: others may make folders in it, and cannot list it."""
    found = subprocess.run(["mktemp", "-d"], capture_output=True, text=True, check=True)
    base = Path(found.stdout.strip())
    base.chmod(0o755)
    root, state = base / "spool", base / "relay"
    for path in (root, state):
        path.mkdir()
        os.chown(path, RELAY, RELAY)
    root.chmod(0o3773)
    state.chmod(0o700)
    yield root
    subprocess.run(["rm", "-rf", str(base)], check=True)


def write(root: Path, number: int, *, pid: int = 1 << 22, events: int = 2) -> RunFolder:
    """What the witness and the agent do, whatever the umask."""
    made = RunFolder(root / run_id(number))
    made.path.mkdir()
    for path in (made.witness, made.agent):
        path.touch()
        path.chmod(0o660)
    # Whoever is not in the group loses the setgid bit by this, so the files are there before.
    made.path.chmod(0o770)
    add(made.witness, witnessed("application", 0, runId=made.run_id, pid=pid, host=HOST, applicationName="app"))
    add(made.agent, *(application("START", number, made.run_id) for number in range(events - 1)))
    return made


class Relay:
    """What it said, in a process that has the relay's rights alone."""

    def __init__(self, root: Path, tmp_path: Path) -> None:
        self.root, self.state = root, root.parent / "relay"
        self._log = tmp_path / "said"
        self._log.touch(mode=0o666)
        self._log.chmod(0o666)
        tmp_path.chmod(0o755)

    def run(self, url: str, seconds: float = 30.0, keep: Keep | None = None) -> list[str]:
        def act() -> None:
            with self._log.open("a") as log:

                def say(text: str) -> None:
                    print(text, file=log, flush=True)

                backend = Backend(url=url, timeout=30.0)
                watcher = Watcher(self.root, lambda until: HttpSink(backend, until=until), say=say, warn=say,
                                  everything=True, state=self.state, keep=keep)  # fmt: skip
                until = time.monotonic() + seconds
                while watcher.round() and time.monotonic() < until:
                    time.sleep(0.005)
                watcher._retired -= 60
                watcher.round()
                watcher.close(time.monotonic() + 1, lambda: True)

        self._log.write_text("")
        as_user(RELAY, act)
        return self._log.read_text().splitlines()


@pytest.fixture
def relay(spool: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Relay:
    monkeypatch.setattr("sparklineage.relay.watch._NEWBORN", 0.0)
    for path in (tmp_path, *tmp_path.parents):
        if path.stat().st_uid == os.geteuid() and path != Path("/"):
            path.chmod(path.stat().st_mode | 0o711)
    return Relay(spool, tmp_path)


@contextmanager
def receiving() -> Iterator[Receiver]:
    with Receiver() as found:
        yield found


def test_each_users_run_is_delivered_and_nothing_written_into_it(spool: Path, relay: Relay) -> None:
    as_user(ANN, lambda: write(spool, 1))
    as_user(BOB, lambda: write(spool, 2))
    with receiving() as receiver:
        said = relay.run(receiver.url)
    assert sorted(said) == [f"{run_id(1)}  ABORT, 2 delivered", f"{run_id(2)}  ABORT, 2 delivered"]
    for number, owner in ((1, ANN), (2, BOB)):
        assert sorted(path.name for path in (spool / run_id(number)).iterdir()) == ["agent.ndjson", "witness.ndjson"]
        assert (spool / run_id(number)).stat().st_uid == owner


def test_no_user_sees_anothers_run(spool: Path, relay: Relay) -> None:
    as_user(BOB, lambda: write(spool, 2))
    with receiving() as receiver:
        relay.run(receiver.url)

    def act() -> None:
        for attempt in (
            lambda: list(spool.iterdir()),
            lambda: list((spool / run_id(2)).iterdir()),
            (spool / run_id(2) / "agent.ndjson").read_bytes,
            lambda: (spool / run_id(2)).rename(spool / run_id(3)),
            (spool / run_id(2) / "agent.ndjson").unlink,
            lambda: list((spool.parent / "relay").iterdir()),
        ):
            with pytest.raises(PermissionError):
                attempt()

    as_user(ANN, act)


TRICKS = ["the folder", "agent.ndjson", "witness.ndjson", "steps.ndjson", "outcome.json", "run.json"]


@pytest.mark.parametrize("name", TRICKS)
@pytest.mark.parametrize("kind", ["another's", "the relay's", "pipe", "device"])
def test_a_trick_harms_only_its_own_run(spool: Path, relay: Relay, name: str, kind: str) -> None:
    as_user(BOB, lambda: write(spool, 2))
    secret = spool.parent / "relay" / "secret"
    secret.write_text('{"eventType": "START", "secret": "of the relay"}\n')
    os.chown(secret, RELAY, RELAY)
    bobs = spool / run_id(2)

    def act() -> None:
        made = write(spool, 1)
        if name == "the folder":
            made.path.rename(spool / "elsewhere")
            target = bobs if kind == "another's" else secret.parent
            made.path.symlink_to(target if kind in ("another's", "the relay's") else Path("/dev"))
            return
        path = made.path / name
        path.unlink(missing_ok=True)
        if kind == "another's":
            path.symlink_to(bobs / "agent.ndjson")
        elif kind == "the relay's":
            path.symlink_to(secret)
        elif kind == "pipe":
            os.mkfifo(path, 0o666)
        else:
            path.symlink_to("/dev/zero")

    as_user(ANN, act)
    before = secret.read_bytes()
    with receiving() as receiver:
        said = relay.run(receiver.url)
        again = relay.run(receiver.url)
    assert f"{run_id(2)}  ABORT, 2 delivered" in said
    runs = {item["run"]["runId"] for item in receiver.events}
    assert runs == {run_id(2)}
    assert secret.read_bytes() == before
    assert "of the relay" not in json.dumps(receiver.events)
    warned = [line for line in said if run_id(1) in line]
    assert len(warned) == (name != "the folder")
    assert not [line for line in again if run_id(2) in line]


def test_a_folder_that_may_not_be_read_is_named_with_what_to_do(spool: Path, relay: Relay) -> None:
    as_user(ANN, lambda: write(spool, 1).path.chmod(0o700))
    as_user(BOB, lambda: write(spool, 2))
    with receiving() as receiver:
        said = relay.run(receiver.url)
    assert f"{run_id(2)}  ABORT, 2 delivered" in said
    warned = [line for line in said if run_id(1) in line]
    assert len(warned) == 1
    assert "this relay may not read it" in warned[0]
    assert "setgid" in warned[0]


def test_a_user_in_the_way_of_the_watchers_lock_is_not_noticed(spool: Path, relay: Relay) -> None:
    as_user(ANN, lambda: (spool / ".watching").symlink_to("/etc/passwd"))
    as_user(BOB, lambda: write(spool, 2))
    with receiving() as receiver:
        assert relay.run(receiver.url) == [f"{run_id(2)}  ABORT, 2 delivered"]


def test_removal_stays_inside_of_the_folder(spool: Path, relay: Relay) -> None:
    """What a user puts into a run that leaves, or in the way, is removed or left, and never followed."""
    bobs = spool.parent / "bobs"
    bobs.mkdir()
    (bobs / "file").write_text("his")
    bobs.chmod(0o777)

    def act() -> None:
        made = write(spool, 1)
        (made.path / "link").symlink_to(bobs)
        (made.path / "deep").mkdir(mode=0o777)
        (made.path / "deep" / "link").symlink_to(bobs / "file")
        (spool / f".leaving-{run_id(1)}").mkdir()
        (spool / f".leaving-{run_id(1)}" / "mine").touch()
        (spool / f".leaving-{run_id(2)}").symlink_to(bobs)

    as_user(ANN, act)
    with receiving() as receiver:
        said = relay.run(receiver.url, keep=Keep(size=0))
    assert not (spool / run_id(1)).exists()
    assert any("removed from the journal" in line for line in said)
    assert (bobs / "file").read_text() == "his"
    assert not list((spool.parent / "relay").glob("0190*"))
    assert any(f".leaving-{run_id(1)}" in line and "cannot be removed" in line for line in said)


def test_a_made_up_process_id_only_delays_its_own_run(spool: Path, relay: Relay) -> None:
    """Of another user's process, or of one that began long after."""
    begins = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        as_user(ANN, lambda: write(spool, 1, pid=1))
        as_user(ANN, lambda: write(spool, 3, pid=begins.pid))
        as_user(BOB, lambda: write(spool, 2))
        with receiving() as receiver:
            said = relay.run(receiver.url)
    finally:
        begins.send_signal(signal.SIGKILL)
        begins.wait()
    assert sorted(said) == [f"{run_id(number)}  ABORT, 2 delivered" for number in (1, 2, 3)]


def test_only_who_takes_more_than_a_share_loses_what_waits(spool: Path, relay: Relay) -> None:
    for number in (1, 3, 4):
        as_user(ANN, lambda number=number: write(spool, number, events=400))  # type: ignore[misc]
    as_user(BOB, lambda: write(spool, 2, events=20))
    with receiving() as receiver:
        receiver.answer = lambda _number, _event: 503
        said = relay.run(receiver.url, keep=Keep(hard=500_000), seconds=5)
        dropped = [line for line in said if "DROPPED" in line]
        receiver.answer = lambda _number, _event: 201
        said = relay.run(receiver.url)
    assert dropped
    assert all(re.match(rf"({run_id(1)}|{run_id(3)}|{run_id(4)})  DROPPED with \d+ undelivered", x) for x in dropped)
    assert f"{run_id(2)}  ABORT, 20 delivered" in said
