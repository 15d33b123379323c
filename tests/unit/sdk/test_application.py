"""Whole programs that nobody started through `submit`, each ended in its own way, with a receiver behind them."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sparklineage.cli.main import main
from sparklineage.errors import ConfigError
from sparklineage.journal import RunFolder, run_folders
from sparklineage.relay.drain import close_lost
from sparklineage.sdk.programs.application import Application
from tests.support.receiver import Receiver

if TYPE_CHECKING:
    from collections.abc import Iterator

REPOSITORY = Path(__file__).parents[3]
PARENT = "0190a0a0-0000-7000-8000-000000000001"
SECRET = "canary-7ab3-s3cret"
STEP = 'with sparklineage.step(None, "load", inputs=["s3://b/in"], outputs=["s3://b/out"]): pass\n'


@dataclass
class Told:
    status: int
    stderr: str
    events: list[dict[str, Any]]
    seconds: float

    def of(self, job: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["job"]["name"] == job]

    def states(self, job: str = "nightly_load") -> list[str]:
        return [event["eventType"] for event in self.of(job)]

    @property
    def error(self) -> dict[str, Any]:
        found: dict[str, Any] = self.of("nightly_load")[-1]["run"]["facets"]["errorMessage"]
        return found


@dataclass
class Scene:
    folder: Path
    receiver: Receiver

    @property
    def journal(self) -> Path:
        return self.folder / "journal"

    @property
    def run(self) -> RunFolder:
        (found,) = run_folders(self.journal)
        return found

    def outcome(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.run.outcome.read_text())
        return found

    def program(self, code: str, wait: float = 20.0, /, **environ: str) -> Told:
        """Run `code`, and wait until the receiver has the end of the application, or so long."""
        path = self.folder / "program.py"
        path.write_text(f"import os, signal, sys, time\nimport sparklineage\n{code}")
        dropped = ("OPENLINEAGE", "SPARKLINEAGE", "MARQUEZ", "NAMESPACE", "JOB_NAME", "XDG")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
        own = {"PYTHONPATH": str(REPOSITORY), "HOME": str(self.folder), "SPARKLINEAGE_JOURNAL": str(self.journal)}
        before = time.monotonic()
        done = subprocess.run(
            [sys.executable, str(path)], env=kept | own | environ, cwd=self.folder,
            capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        seconds = time.monotonic() - before
        until = time.monotonic() + wait
        while time.monotonic() < until and not self._ended():
            time.sleep(0.05)
        return Told(done.returncode, done.stderr, list(self.receiver.events), seconds)

    def _ended(self) -> bool:
        return any(
            event["eventType"] in ("COMPLETE", "FAIL", "ABORT") and event["job"]["name"] == "nightly_load"
            for event in self.receiver.events
        )

    def relayed(self, code: str, **environ: str) -> Told:
        return self.program(code, OPENLINEAGE_URL=self.receiver.url, **environ)


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with Receiver() as receiver:
        yield Scene(tmp_path, receiver)


OPEN = 'app = sparklineage.application(name="Nightly Load")\n' + STEP
CHILD = """\
import multiprocessing
child = multiprocessing.get_context("fork").Process(target=sys.exit, args=(5,))
child.start()
child.join()
"""
POOL = """\
from concurrent.futures import ThreadPoolExecutor
ThreadPoolExecutor().submit(sys.exit, 3).result()
"""
ENDS = {
    "returns": ("", 0, ["START", "COMPLETE"], None),
    "exits well": ("sys.exit(0)", 0, ["START", "COMPLETE"], None),
    "exits": ("sys.exit(3)", 3, ["START", "FAIL"], "The application exited with status 3."),
    "exits with a text": ("sys.exit('no rates')", 1, ["START", "FAIL"], "exited with status 1: no rates."),
    "raises": ("raise ValueError('no rates')", 1, ["START", "FAIL"], "ValueError: no rates"),
    "raises below another hook": (
        "sys.excepthook = lambda *_: None\nraise ValueError('no rates')", 1, ["START", "FAIL"], "ValueError: no rates",
    ),
    "catches": ("try: sys.exit(3)\nexcept SystemExit: pass", 0, ["START", "COMPLETE"], None),
    "catches a plain one": ("try: raise SystemExit(3)\nexcept SystemExit: pass", 0, ["START", "COMPLETE"], None),
    "raises an exit": ("raise SystemExit(3)", 3, ["START", "FAIL"], "The application exited with status 3."),
    "raises a good exit": ("def main(): return 0\nraise SystemExit(main())", 0, ["START", "COMPLETE"], None),
    "raises an exit with a text": ("raise SystemExit('no rates')", 1, ["START", "FAIL"], "exited with status 1."),
    "raises an exit in a function": (
        "def leave(): raise SystemExit(7)\nleave()", 7, ["START", "FAIL"], "The application exited with status 7.",
    ),
    "replaces an exit": (
        "def main():\n    try: sys.exit(3)\n    except SystemExit: raise SystemExit(4)\nmain()",
        4, ["START", "FAIL"], "The application exited with status 4.",
    ),
    "exits after its last will": (
        "try: sys.exit(3)\nfinally: print()", 3, ["START", "FAIL"], "The application exited with status 3.",
    ),
    "shows an error and goes on": (
        "try: 1 / 0\nexcept ZeroDivisionError: sys.excepthook(*sys.exc_info())", 0, ["START", "COMPLETE"], None,
    ),
    "has a child that exits": (
        CHILD + "raise SystemExit(6)", 6, ["START", "FAIL"], "The application exited with status 6.",
    ),
    "has a thread that exits": (
        "import threading\nthread = threading.Thread(target=sys.exit, args=(5,))\nthread.start()\nthread.join()",
        0, ["START", "COMPLETE"], None,
    ),
    "exits in a thread of a pool": (POOL, 3, ["START", "FAIL"], "The application exited with status 3."),
    "has a fork that exits": (
        "pid = os.fork()\nif not pid: raise SystemExit(5)\nos.waitpid(pid, 0)\nos._exit(0)",
        0, ["START", "ABORT"], "nothing recorded how it ended",
    ),
    "leaves a fork behind": (
        "if not os.fork():\n    time.sleep(1)\n    raise SystemExit(5)\nraise SystemExit(0)",
        0, ["START", "COMPLETE"], None,
    ),
    "exits where nothing hears it": ("raise SystemExit(3)", 3, ["START", "COMPLETE"], None),
    "exits by a function of its own": (
        "leave(3)", 3, ["START", "FAIL"], "The application exited with status 3.",
    ),
    "quits": ("quit(2)", 2, ["START", "FAIL"], "The application exited with status 2."),
    "exits by the built-in": ("exit()", 0, ["START", "COMPLETE"], None),
    "exits as ended by a signal": ("raise SystemExit(143)", 143, ["START", "ABORT"], "was ended by SIGTERM."),
    "exits with a status that wraps": ("sys.exit(512)", 0, ["START", "COMPLETE"], None),
    "raises a status that wraps": ("raise SystemExit(512)", 0, ["START", "COMPLETE"], None),
    "exits with a status below zero": ("sys.exit(-1)", 255, ["START", "FAIL"], "exited with status 255."),
    "exits with a status that no C long takes": ("sys.exit(10**30)", 255, ["START", "FAIL"], "exited with status 255."),
    "exits with a status that wraps to a good one": ("sys.exit(2**40)", 0, ["START", "COMPLETE"], None),
    "raises what closes generators": ("raise GeneratorExit", 1, ["START", "FAIL"], "GeneratorExit"),
    "is told to end": (
        "os.kill(os.getpid(), signal.SIGTERM)\ntime.sleep(30)",
        -signal.SIGTERM, ["START", "ABORT"], "The application was ended by SIGTERM.",
    ),
    "loses its terminal": (
        "os.kill(os.getpid(), signal.SIGHUP)\ntime.sleep(30)",
        -signal.SIGHUP, ["START", "ABORT"], "The application was ended by SIGHUP.",
    ),
    "is hung up and goes on": (
        "signal.signal(signal.SIGHUP, signal.SIG_IGN)\nos.kill(os.getpid(), signal.SIGHUP)",
        0, ["START", "COMPLETE"], None,
    ),
    "is interrupted": (
        "os.kill(os.getpid(), signal.SIGINT)\ntime.sleep(30)",
        -signal.SIGINT, ["START", "ABORT"], "The application was ended by SIGINT.",
    ),
    "leaves without a word": ("os._exit(4)", 4, ["START", "ABORT"], "nothing recorded how it ended"),
    "is killed": ("os.kill(os.getpid(), 9)", -9, ["START", "ABORT"], "nothing recorded how it ended"),
}  # fmt: skip


@pytest.mark.parametrize("how", ENDS)
def test_each_end_is_told_as_it_was(scene: Scene, how: str) -> None:
    """Without `with`, as at the top of a notebook or a script; without Spark, so without any listener."""
    code, status, states, message = ENDS[how]
    # As with another C library than glibc.
    before = "import ctypes\nctypes.CDLL = lambda _: object()\n" if how == "exits where nothing hears it" else ""
    before += "from sys import exit as leave\n"
    told = scene.relayed(before + OPEN + code)
    assert told.status == status, told.stderr
    assert told.states() == states
    if message is not None:
        assert message in told.error["message"]
    else:
        assert "errorMessage" not in told.of("nightly_load")[-1]["run"]["facets"]
    assert "sparklineage" not in told.stderr.replace("program.py", "")
    # Nothing that was declared is lost, and it belongs to the application.
    (start, end) = told.of("nightly_load.load")
    assert (start["eventType"], end["eventType"]) == ("START", "COMPLETE")
    assert [item["name"] for item in end["outputs"]] == ["out"]
    assert end["run"]["facets"]["parent"]["run"]["runId"] == told.of("nightly_load")[0]["run"]["runId"]


def test_a_threads_own_exit_shows_nothing(scene: Scene) -> None:
    """As without an application: also below a hook of the program's own, which knows the class by its identity."""
    hook = "import threading\nthreading.excepthook = lambda args: print(args.exc_type is SystemExit, file=sys.stderr)\n"
    thread = "thread = threading.Thread(target=sys.exit, args=(5,))\nthread.start()\nthread.join()\n"
    told = scene.program(OPEN + "import threading\n" + thread + hook + thread, 0)
    assert (told.status, told.stderr) == (0, "True\n")


def test_an_exit_in_a_thread_of_a_pool_is_told_by_the_client(scene: Scene) -> None:
    """Where no relay hears of the process's status."""
    told = scene.relayed(OPEN + POOL, SPARKLINEAGE_DELIVERY_MODE="direct")
    assert (told.status, told.states()) == (3, ["START", "FAIL"]), told.stderr


@pytest.mark.parametrize(
    ("code", "status", "state", "message"),
    [
        ("pass", 0, "COMPLETE", None),
        ("raise SystemExit(3)", 3, "FAIL", "The application exited with status 3."),
        ("raise KeyError('rate')", 1, "FAIL", "KeyError: 'rate'"),
        ("sys.exit(143)", 143, "ABORT", "The application was ended by SIGTERM."),
    ],
)
def test_a_block_is_the_application(scene: Scene, code: str, status: int, state: str, message: str | None) -> None:
    block = f'with sparklineage.application(name="Nightly Load"):\n    {code}\n'
    told = scene.relayed(block)
    assert told.status == status, told.stderr
    assert told.states() == ["START", state]
    assert (told.error["message"] if message else None) == message
    assert scene.outcome()["exitStatus"] == status
    if state == "FAIL" and status == 1:
        assert "raise KeyError('rate')" in told.error["stackTrace"]


LATER = """\
with sparklineage.application(name="Nightly Load"): pass
for name in ("late", "later"):
    with sparklineage.step(None, name, outputs=["s3://b/late"]): pass
"""


@pytest.mark.parametrize("mode", ["outbox", "direct"])
def test_a_step_after_the_end_is_one_warning_and_a_run_of_its_own(scene: Scene, mode: str) -> None:
    told = scene.relayed(LATER, SPARKLINEAGE_DELIVERY_MODE=mode)
    assert told.status == 0
    (said,) = told.stderr.splitlines()
    assert said.startswith("The application of this process has ended, so what is declared now is on runs of its own,")
    for name in ("late", "later"):
        assert [item["eventType"] for item in told.of(f"program.{name}")] == ["START", "COMPLETE"]
        assert "parent" not in told.of(f"program.{name}")[0]["run"]["facets"]


def test_a_step_after_the_end_without_a_backend_is_one_warning(scene: Scene) -> None:
    told = scene.program(LATER, 0)
    (said,) = told.stderr.splitlines()
    assert said.startswith("The application of this process has ended, so what is declared now is not delivered;")


def test_a_step_of_the_next_application_is_no_warning(scene: Scene) -> None:
    told = scene.program(LATER.replace("for name", 'app = sparklineage.application(name="next")\nfor name'), 0)
    assert "has ended" not in told.stderr


def test_the_parent_is_that_of_the_environment(scene: Scene) -> None:
    scene.receiver.marquez = False
    told = scene.relayed(OPEN, OPENLINEAGE_PARENT_ID=f"airflow/dag.task/{PARENT}", NAMESPACE="harbour")
    assert told.status == 0, told.stderr
    start = told.of("nightly_load")[0]
    assert start["run"]["facets"]["parent"]["job"] == {"namespace": "airflow", "name": "dag.task"}
    assert start["job"]["namespace"] == "harbour"
    assert told.of("nightly_load.load")[0]["run"]["facets"]["parent"]["root"]["run"]["runId"] == PARENT


def test_without_a_backend_it_waits_in_the_journal(scene: Scene) -> None:
    told = scene.program(OPEN + "sys.exit(3)", 0)
    assert told.status == 3
    assert told.events == []
    assert scene.outcome()["state"] == "FAIL"
    settled = [json.loads(line) for line in scene.run.events.read_text().splitlines()]
    assert [event["eventType"] for event in settled if event["job"]["name"] == "nightly_load"] == ["START", "FAIL"]


def test_what_is_advised_where_there_is_no_backend_delivers(scene: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    told = scene.program(OPEN + "print(app.why, sparklineage.check(), file=sys.stderr)", 0)
    advice = set(re.findall("`sparklineage (.*?)`", told.stderr))
    assert len(advice) == 1, told.stderr
    environ = {"HOME": str(scene.folder), "SPARKLINEAGE_JOURNAL": str(scene.journal)}
    assert main(advice.pop().split(), environ | {"OPENLINEAGE_URL": scene.receiver.url}) == 0, capsys.readouterr()
    assert [event["eventType"] for event in scene.receiver.events if event["job"]["name"] == "nightly_load"] == [
        "START", "COMPLETE",
    ]  # fmt: skip


@pytest.mark.parametrize("has_relay", [True, False])
@pytest.mark.parametrize("end", ["app.end()\nprint('it goes on', file=sys.stderr)", "", "sys.exit(3)", "1 / 0"])
def test_what_was_declared_and_never_executed_is_one_warning_at_the_end(
    scene: Scene, has_relay: bool, end: str
) -> None:
    unused = f"with sparklineage.step(None, 'rates of {SECRET}', inputs=['s3://b/rates']): pass\n"
    code = f"{OPEN}{unused}{end}\n"
    told = scene.relayed(code, TOKEN=SECRET) if has_relay else scene.program(code, 0, TOKEN=SECRET)
    said = "declared, never executed by a query: 'rates of ********'; what they declare is on runs of their own; tie a "
    assert told.stderr.count(said) == told.stderr.count("never executed") == 1, told.stderr
    if end.startswith("app.end"):
        assert told.stderr.index(said) < told.stderr.index("it goes on")


def test_where_all_was_executed_nothing_is_said(scene: Scene) -> None:
    assert "declared" not in scene.relayed(OPEN).stderr


def test_an_exit_that_nobody_saw_is_told_by_whoever_delivers(scene: Scene) -> None:
    told = scene.program(OPEN + "raise SystemExit(3)", 0)
    assert told.status == 3
    assert not scene.run.outcome.exists()
    assert not close_lost(scene.run)  # it has an end, which somebody saw
    settled = [json.loads(line) for line in scene.run.events.read_text().splitlines()]
    assert settled[-1]["eventType"] == "FAIL"
    assert settled[-1]["run"]["facets"]["errorMessage"]["message"] == "The application exited with status 3."


def test_no_status_is_written_into_another_file(scene: Scene) -> None:
    """A program may close every file that it has, and its next ones get their numbers."""
    told = scene.relayed(
        OPEN + "os.closerange(3, 4096)\nmine = [open(f'mine{i}', 'w') for i in range(99)]\nraise SystemExit(8)"
    )
    assert told.status == 8
    assert {path.read_text() for path in scene.folder.glob("mine*")} == {""}


def test_the_client_sends_where_it_alone_is_configured(scene: Scene) -> None:
    told = scene.program(
        OPEN + "raise ValueError('no rates')",
        OPENLINEAGE__TRANSPORT__TYPE="http", OPENLINEAGE__TRANSPORT__URL=scene.receiver.url,
        SPARKLINEAGE_DELIVERY_MODE="direct",
    )  # fmt: skip
    assert told.status == 1
    assert told.states() == ["START", "FAIL"]
    assert told.error["message"] == "ValueError: no rates"
    parent = told.of("nightly_load.load")[0]["run"]["facets"]["parent"]
    assert parent["run"]["runId"] == told.of("nightly_load")[0]["run"]["runId"]


@pytest.mark.parametrize("mode", ["outbox", "direct"])
@pytest.mark.parametrize("by", ["SPARKLINEAGE_BACKEND", "backend="])
def test_an_argument_is_stronger_than_a_variable_and_that_than_the_file(scene: Scene, mode: str, by: str) -> None:
    (scene.folder / "sparklineage.yml").write_text("transport: {url: 'http://127.0.0.1:1'}\n")
    others = {"SPARKLINEAGE_DELIVERY_MODE": mode, "OPENLINEAGE_URL": "http://127.0.0.1:2"}
    code = OPEN + "print(app.why, '|', sparklineage.check().backend_source, file=sys.stderr)\n"
    if by == "backend=":
        others["SPARKLINEAGE_BACKEND"] = "http://127.0.0.1:3"
        code = code.replace("name=", f"backend={scene.receiver.url!r}, name=", 1)
        code += "app.end()\nassert os.environ['SPARKLINEAGE_BACKEND'] == 'http://127.0.0.1:3'\n"
    else:
        others[by] = scene.receiver.url
    told = scene.program(code, **others)
    assert told.status == 0, told.stderr
    assert told.states() == ["START", "COMPLETE"]
    assert told.of("nightly_load.load")
    why, _, source = told.stderr.partition(" | ")
    assert source.strip() == by
    assert by in why


def test_what_is_wrong_in_the_environment_is_said_once(scene: Scene) -> None:
    """As `submit` says it."""
    told = scene.relayed(OPEN + "app.end()\n" + OPEN, SPARKLINEAGE_BAKEND="x")
    said = "SPARKLINEAGE_BAKEND is no variable of sparklineage and is not used. Did you mean SPARKLINEAGE_BACKEND?"
    assert told.stderr.splitlines() == [said]


def test_a_backend_that_nobody_takes_is_one_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = tmp_path / PARENT
    folder.mkdir()
    (folder / "run.json").write_text("{}")
    environ = {"HOME": str(tmp_path), "SPARKLINEAGE_JOURNAL_RUN": str(folder)}
    Application(None, backend="http://127.0.0.1:1", environ=environ)
    assert caplog.messages == ["backend= is left out: the process that started this one tells its start and end"]


def test_off_is_off_also_with_a_broken_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sparklineage.yml").write_text("transport: [")
    found = Application(None, environ={"HOME": str(tmp_path), "OPENLINEAGE_DISABLED": "true"})
    assert found.why == "lineage is switched off (OPENLINEAGE_DISABLED)"
    assert not caplog.records


SENT = "from sparklineage.sdk.sending.emit import emitter; emitter(os.environ).flush(20)"


@pytest.mark.parametrize(
    ("code", "kinds", "application"),
    [
        ("with last() as step: step.writes('s3://b/late')", ["START", "RUNNING", "COMPLETE"], "COMPLETE"),
        (
            "try:\n    with last() as step: step.writes('s3://b/late'); 1 / 0\nexcept ZeroDivisionError: pass",
            ["START", "RUNNING", "FAIL"],
            "COMPLETE",
        ),
        ("with last() as step: step.writes('s3://b/late'); 1 / 0", ["START", "RUNNING", "FAIL"], "FAIL"),
        # What is sent is there before the step has ended; nobody can tell the end.
        (
            f"with last() as step:\n    step.writes('s3://b/late')\n    {SENT}\n    os.kill(os.getpid(), 9)",
            ["START", "RUNNING"],
            "START",
        ),
    ],
    ids=["well", "a block fails", "the program fails", "killed"],
)
def test_without_a_journal_what_is_declared_is_sent_at_once(
    scene: Scene, code: str, kinds: list[str], application: str
) -> None:
    last = 'def last(): return sparklineage.step(None, "last", inputs=["s3://b/first"])\n'
    told = scene.program(
        OPEN + last + code, 0,
        OPENLINEAGE__TRANSPORT__TYPE="http", OPENLINEAGE__TRANSPORT__URL=scene.receiver.url,
        SPARKLINEAGE_DELIVERY_MODE="direct",
    )  # fmt: skip
    its = told.of("nightly_load.last")
    assert [event["eventType"] for event in its] == kinds
    assert told.states()[-1] == application
    for name, side in (("first", "inputs"), ("late", "outputs")):
        assert [item["name"] for item in its[-1][side]] == [name]
        holders = {event["run"]["runId"] for event in told.events if name in str(event[side])}
        assert holders == {its[0]["run"]["runId"]}


def test_a_backend_that_never_answers_costs_the_limit_at_most(scene: Scene) -> None:
    scene.receiver.silent = True
    quick = scene.program('with sparklineage.application(name="Nightly Load"): pass', 0)
    told = scene.program(
        'with sparklineage.application(name="Nightly Load", flush=1): pass', 0, MARQUEZ_URL=scene.receiver.url
    )
    assert told.status == 0
    assert told.seconds < quick.seconds + 6


TIMED = """\
app = sparklineage.application(name="Nightly Load"{flush})
before = time.monotonic()
app.end()
print(app.way, time.monotonic() - before, file=sys.stderr)
"""


@pytest.mark.parametrize("mode", ["outbox", "direct"])
@pytest.mark.parametrize(("flush", "configured"), [("", "300ms"), (", flush=0.3", "60")])
def test_the_limit_is_the_configured_one_or_that_of_the_call(
    flush: str, configured: str, mode: str, scene: Scene
) -> None:
    scene.receiver.silent = True
    told = scene.program(
        TIMED.format(flush=flush), 0, SPARKLINEAGE_BACKEND=scene.receiver.url, SPARKLINEAGE_DELIVERY_MODE=mode,
        SPARKLINEAGE_DRAIN_TIMEOUT=configured,
    )  # fmt: skip
    found = re.search(rf"{'journal' if mode == 'outbox' else 'client'} ([\d.]+)\n", told.stderr)
    assert found is not None, told.stderr
    assert float(found[1]) < 4


def test_what_comes_late_is_delivered_when_the_program_is_gone(scene: Scene) -> None:
    scene.receiver.delay = 1.5
    told = scene.program(OPEN.replace(")", ", flush=0.2)", 1), 30, MARQUEZ_URL=scene.receiver.url)
    assert told.states() == ["START", "COMPLETE"]


@pytest.mark.parametrize("last", ["", "sys.exit(3)"])
def test_a_backend_that_is_away_is_one_line_at_the_end(scene: Scene, last: str) -> None:
    told = scene.program(OPEN + last, 0, OPENLINEAGE_URL="http://127.0.0.1:9")
    (said,) = told.stderr.splitlines()
    assert re.fullmatch(
        rf"\d+ events of this application's lineage wait in {scene.run.path}; the relay goes on for a minute, "
        r"and then `sparklineage relay drain` sends them",
        said,
    )


def test_secrets_do_not_leave(scene: Scene) -> None:
    told = scene.relayed(
        OPEN + "raise ValueError(f'login with {os.environ[\"DB_PASSWORD\"]} failed')",
        DB_PASSWORD=SECRET, OPENLINEAGE_API_KEY=f"{SECRET}-key",
    )  # fmt: skip
    assert told.states() == ["START", "FAIL"]
    assert scene.receiver.seen_headers[0]["Authorization"] == f"Bearer {SECRET}-key"
    assert SECRET not in json.dumps(told.events)
    for path in scene.journal.rglob("*"):
        assert not path.is_file() or SECRET not in path.read_text()


def test_a_forked_child_does_not_end_it(scene: Scene) -> None:
    told = scene.relayed(OPEN + "pid = os.fork()\nif not pid: sys.exit(5)\nos.waitpid(pid, 0)")
    assert told.status == 0
    assert told.states() == ["START", "COMPLETE"]


def test_trouble_is_one_warning_and_strict_raises(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "journal").touch()
    environ = {"HOME": str(tmp_path), "SPARKLINEAGE_JOURNAL": str(tmp_path / "journal"), "DB_PASSWORD": SECRET}
    hook, exit_ = sys.excepthook, sys.exit
    found = Application(None, environ=environ)
    assert (found.way, found.is_open) == ("off", False)
    assert len(caplog.records) == 1
    assert "the application has no lineage of its own" in caplog.text
    assert (sys.excepthook, sys.exit) == (hook, exit_)
    with pytest.raises(ConfigError, match="absent"):
        Application(None, config=tmp_path / "absent.yml", strict=True, environ=environ)


def test_a_second_one_does_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    environ = {"HOME": str(tmp_path), "SPARKLINEAGE_JOURNAL": str(tmp_path / "journal")}
    hook, exit_, handler = sys.excepthook, sys.exit, signal.getsignal(signal.SIGTERM)
    with Application(None, environ=environ) as first:
        assert first.is_open
        assert os.environ["SPARKLINEAGE_JOURNAL_RUN"] == str(first.folder)
        with Application(None, environ=environ) as second:
            assert (second.way, second.why) == ("off", "an application is open in this process already")
        assert first.is_open
    assert not first.is_open
    assert "SPARKLINEAGE_JOURNAL_RUN" not in os.environ
    assert (sys.excepthook, sys.exit, signal.getsignal(signal.SIGTERM)) == (hook, exit_, handler)
    assert first.folder is not None
    assert json.loads(RunFolder(first.folder).outcome.read_text())["state"] == "COMPLETE"
    first.end(ValueError("too late"))
    assert json.loads(RunFolder(first.folder).outcome.read_text())["state"] == "COMPLETE"


def test_submit_keeps_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / PARENT
    folder.mkdir()
    (folder / "run.json").write_text("{}")
    monkeypatch.chdir(tmp_path)
    with Application(None, environ={"HOME": str(tmp_path), "SPARKLINEAGE_JOURNAL_RUN": str(folder)}) as found:
        assert (found.way, found.run_id) == ("submit", PARENT)
    assert not (folder / "outcome.json").exists()


def test_it_can_be_switched_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with Application(None, environ={"HOME": str(tmp_path), "OPENLINEAGE_DISABLED": "true"}) as found:
        assert found.way == "off"
        assert found.why == "lineage is switched off (OPENLINEAGE_DISABLED)"


def test_the_folder_of_a_node_s_spool_gets_its_end_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The node's relay reads it by the group, and takes a run with run.json for that of a `submit`."""
    folder = tmp_path / PARENT
    folder.mkdir()
    folder.chmod(0o2770)
    monkeypatch.chdir(tmp_path)
    environ = {"HOME": str(tmp_path), "SPARKLINEAGE_JOURNAL_RUN": str(folder), "OPENLINEAGE_URL": "http://127.0.0.1:9"}
    with Application(None, environ=environ) as found:
        assert (found.way, found.why) == ("journal", "the relay of this node delivers")
    assert [path.name for path in folder.iterdir()] == ["outcome.json"]
    assert (folder / "outcome.json").stat().st_mode & 0o777 == 0o660
    assert json.loads((folder / "outcome.json").read_text())["state"] == "COMPLETE"
