"""A clock that is set makes no driver look gone, and gives no id that was handed on back to it."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from sparklineage.journal import RunFolder, create_folder
from sparklineage.relay import alive
from sparklineage.relay.alive import is_gone, living_driver
from sparklineage.relay.clocks import Clocks
from tests.support.journal import add

RUN = "01900000-0000-7000-8000-000000000001"
HOUR = 3600.0


class Machine:
    """Its clocks: the wall clock may be set, its own goes on."""

    def __init__(self) -> None:
        self.own, self.ahead = 1000.0, 1_800_000_000.0
        self.clocks = Clocks(self.wall, lambda: self.own)

    def wall(self) -> float:
        return self.own + self.ahead


@pytest.fixture
def process() -> Iterator[subprocess.Popen[bytes]]:
    """A process that began just now."""
    with subprocess.Popen(["sleep", "600"]) as found:
        yield found
        found.kill()


def driver(root: Path, pid: int, wrote: float) -> RunFolder:
    """A run whose witness wrote down this process at this time."""
    made = create_folder(root, RUN)
    add(made.witness, {"type": "application", "pid": pid, "host": socket.gethostname(), "time": round(wrote * 1000)})
    return made


def test_a_time_is_placed_by_the_clock_that_showed_it() -> None:
    machine = Machine()
    first = machine.wall()
    machine.own += 500
    assert machine.clocks.latest(first) == pytest.approx(1000)
    machine.ahead += 5 * HOUR
    assert machine.clocks.latest(first) == pytest.approx(1000)
    machine.own += 50
    assert machine.clocks.latest(machine.wall()) == pytest.approx(1550)
    machine.ahead -= 9 * HOUR
    machine.own += 50
    assert machine.clocks.latest(machine.wall()) == pytest.approx(1600)
    assert machine.clocks.latest(first) == pytest.approx(1000)


def test_a_clock_that_is_adjusted_slowly_was_not_set() -> None:
    machine = Machine()
    for _ in range(20):
        machine.own, machine.ahead = machine.own + 100, machine.ahead + 0.5
        assert machine.clocks.latest(machine.wall()) == pytest.approx(machine.own, abs=30)


def test_what_was_written_before_the_first_look_may_be_of_any_time() -> None:
    """The clock was set between, and nobody has seen it."""
    machine = Machine()
    assert machine.clocks.latest(machine.wall() - 4 * HOUR) == pytest.approx(1000 - 4 * HOUR)


@pytest.mark.parametrize("hours", [-48, 2, 48])
def test_a_driver_lives_on_when_the_clock_is_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, process: subprocess.Popen[bytes], hours: int
) -> None:
    made = driver(tmp_path, process.pid, time.time())
    clock = time.time
    assert not is_gone(made)
    monkeypatch.setattr(time, "time", lambda: clock() + hours * HOUR)
    assert not is_gone(made)
    assert living_driver(made) == process.pid


def test_a_driver_that_writes_its_file_lives_though_nobody_saw_the_clock_set(
    tmp_path: Path, process: subprocess.Popen[bytes]
) -> None:
    made = driver(tmp_path, process.pid, time.time() - 5 * HOUR)
    assert is_gone(made)
    with ExitStack() as stack:
        file = stack.enter_context(made.witness.open("a"))
        other = stack.enter_context(subprocess.Popen(["sleep", "600"], stdout=file))
        stack.callback(other.kill)
        add(made.witness, {"type": "application", "pid": other.pid, "host": socket.gethostname(), "time": 1})
        assert living_driver(made) == other.pid
        assert not is_gone(made)


def test_a_process_that_got_the_id_later_is_another_one_whatever_the_clock_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, process: subprocess.Popen[bytes]
) -> None:
    machine = Machine()
    monkeypatch.setattr(alive, "_CLOCKS", machine.clocks)
    began = float(Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[19])
    machine.own = began / os.sysconf("SC_CLK_TCK") - 2 * HOUR
    machine.clocks.latest(0)
    made = driver(tmp_path, process.pid, machine.wall())
    machine.own += 3 * HOUR
    assert is_gone(made)
    machine.ahead += 100 * HOUR
    assert is_gone(made)
