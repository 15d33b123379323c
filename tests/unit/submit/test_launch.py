"""Supervision of real processes: output, signals, readers that go away, orphans."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path
from typing import IO

import pytest

from sparklineage.errors import SparkNotFoundError
from sparklineage.submit.launch import Ending, launch
from sparklineage.submit.pump import TAIL_BYTES

ROOT = Path(__file__).parents[3]
ENVIRON = {"PATH": os.environ["PATH"]}


def run(script: str, tmp_path: Path) -> tuple[Ending, bytes, bytes]:
    """A bash child, its output caught in files."""
    with (tmp_path / "out").open("wb") as out, (tmp_path / "err").open("wb") as err:
        ending = launch(["bash", "-c", script], environ=ENVIRON, stdout_fd=out.fileno(), stderr_fd=err.fileno())
    return ending, (tmp_path / "out").read_bytes(), (tmp_path / "err").read_bytes()


def supervisor(child: str, *, stdout: int | IO[bytes] = subprocess.PIPE) -> subprocess.Popen[bytes]:
    """A process that launches a bash child and then says on standard error how it ended."""
    code = textwrap.dedent(
        """
        import os, sys
        from sparklineage.submit.launch import launch
        ending = launch(["bash", "-c", sys.argv[1]], environ=dict(os.environ))
        os.write(2, f"ENDED {ending.returncode} {ending.signal_sent} {ending.exit_status}\\n".encode())
        """
    )
    return subprocess.Popen(
        [sys.executable, "-c", code, child],
        stdout=stdout,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        env=dict(os.environ),
    )


def until(stream: IO[bytes] | None, text: bytes) -> None:
    assert stream is not None
    for line in stream:
        if text in line:
            return
    raise AssertionError(f"{text!r} never came")


def test_output_exit_status_and_environment(tmp_path: Path) -> None:
    ending, out, err = run('printf "a\\0b\\xff"; echo oops >&2; printf "$PATH" >&2; exit 3', tmp_path)
    assert out == b"a\0b\xff"
    assert err == b"oops\n" + ENVIRON["PATH"].encode()
    assert (ending.stdout_tail, ending.stderr_tail) == (out, err)
    assert (ending.returncode, ending.exit_status, ending.signal_sent) == (3, 3, None)
    assert 0 <= ending.ended_ms - ending.started_ms < 30_000


def test_a_child_killed_by_a_signal(tmp_path: Path) -> None:
    ending, _, _ = run("kill -9 $$", tmp_path)
    assert (ending.returncode, ending.exit_status, ending.signal_sent) == (-9, 137, None)


def test_only_the_end_of_a_long_output_is_kept(tmp_path: Path) -> None:
    ending, out, _ = run("head -c 1000000 /dev/zero; echo end", tmp_path)
    assert len(out) == 1_000_004
    assert ending.stdout_tail == out[-TAIL_BYTES:]


def test_200_megabytes_come_through_whole() -> None:
    size = 200_000_000
    read, write = os.pipe()
    digest = hashlib.sha256()
    got = 0

    def consume() -> None:
        nonlocal got
        while chunk := os.read(read, 1 << 20):
            got += len(chunk)
            digest.update(chunk)

    reader = threading.Thread(target=consume)
    reader.start()
    child = (
        "import sys\nblock = bytes(range(250)) * 4000\n"
        f"for _ in range({size // 1_000_000}): sys.stdout.buffer.write(block)"
    )
    launch([sys.executable, "-c", child], environ=ENVIRON, stdout_fd=write)
    os.close(write)
    reader.join()
    os.close(read)
    assert got == size
    assert digest.digest() == hashlib.sha256(bytes(range(250)) * 4000 * (size // 1_000_000)).digest()


def test_output_comes_while_the_child_runs() -> None:
    read, write = os.pipe()
    go_read, go_write = os.pipe()
    seen: list[bytes] = []

    def consume() -> None:
        seen.append(os.read(read, 100))
        os.write(go_write, b"go\n")
        seen.append(os.read(read, 100))

    reader = threading.Thread(target=consume)
    reader.start()
    script = f"echo first; read line <&{go_read}; echo got $line"
    launch(["bash", "-c", script], environ=ENVIRON, stdout_fd=write, pass_fds=[go_read])
    reader.join()
    for fd in (read, write, go_read, go_write):
        os.close(fd)
    assert seen == [b"first\n", b"got go\n"]


def test_a_lock_travels_with_pass_fds(tmp_path: Path) -> None:
    fd = os.open(tmp_path / "lock", os.O_RDWR | os.O_CREAT)
    with (tmp_path / "out").open("wb") as out:
        launch(["bash", "-c", f"echo held >&{fd}"], environ=ENVIRON, pass_fds=[fd], stdout_fd=out.fileno())
    os.close(fd)
    assert (tmp_path / "lock").read_bytes() == b"held\n"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_signals_are_passed_on_and_remembered(number: signal.Signals) -> None:
    name = number.name.removeprefix("SIG")
    process = supervisor(f"trap 'echo caught; exit 7' {name}; echo ready; while :; do sleep 0.05; done")
    until(process.stdout, b"ready")
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert b"caught" in out
    assert f"ENDED 7 {int(number)} 7".encode() in err


def test_a_second_interrupt_is_passed_on_too() -> None:
    process = supervisor("n=0; trap 'n=$((n+1)); echo int $n' INT; echo ready; while [ $n -lt 2 ]; do sleep 0.05; done")
    until(process.stdout, b"ready")
    process.send_signal(signal.SIGINT)
    until(process.stdout, b"int 1")
    # The shell may lose a signal that comes while its trap for the first one is still running.
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert b"int 2" in out
    assert b"ENDED 0 2 0" in err


def test_a_thread_dump_request_ends_nothing() -> None:
    process = supervisor("trap 'echo dump; exit 0' QUIT; echo ready; while :; do sleep 0.05; done")
    until(process.stdout, b"ready")
    process.send_signal(signal.SIGQUIT)
    out, err = process.communicate(timeout=30)
    assert b"dump" in out
    assert b"ENDED 0 None 0" in err


def test_a_child_that_dies_of_the_signal() -> None:
    process = supervisor("echo ready; exec sleep 60")
    until(process.stdout, b"ready")
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=30)
    assert b"ENDED -15 15 143" in err


def test_an_ignored_signal_stays_ignored() -> None:
    previous = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        process = supervisor("echo ready; sleep 0.5; echo alive")
    finally:
        signal.signal(signal.SIGHUP, previous)
    until(process.stdout, b"ready")
    process.send_signal(signal.SIGHUP)
    out, err = process.communicate(timeout=30)
    assert b"alive" in out
    assert b"ENDED 0 None 0" in err


def test_handlers_come_back(tmp_path: Path) -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)]
    run("true", tmp_path)
    with pytest.raises(SparkNotFoundError):
        launch(["/no/such/spark-submit"], environ=ENVIRON)
    assert before == [
        signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
    ]


def test_a_reader_that_closes_ends_the_writer_as_it_would_without_us() -> None:
    process = supervisor("yes; echo status $? >&2")
    assert process.stdout is not None
    assert process.stdout.read(2) == b"y\n"
    process.stdout.close()
    assert process.stderr is not None
    err = process.stderr.read()
    assert process.wait(timeout=30) == 0
    process.stderr.close()
    assert b"status 141" in err  # SIGPIPE
    assert b"ENDED 0 None 0" in err


def test_a_slow_reader_of_standard_output_holds_up_no_log(tmp_path: Path) -> None:
    read, write = os.pipe()
    log = tmp_path / "log"
    script = "head -c 100000 /dev/zero; head -c 3000000 /dev/zero >&2; echo logged >&2; sleep 0.2"
    done = threading.Event()

    def consume() -> None:
        deadline = time.monotonic() + 20
        while not log.exists() or b"logged" not in log.read_bytes()[-20:]:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        done.set()
        while os.read(read, 1 << 16):
            pass

    reader = threading.Thread(target=consume)
    reader.start()
    with log.open("wb") as err:
        launch(["bash", "-c", script], environ=ENVIRON, stdout_fd=write, stderr_fd=err.fileno())
    os.close(write)
    reader.join()
    os.close(read)
    assert done.is_set()


def test_a_signal_ends_the_wait_for_a_reader_that_reads_no_more() -> None:
    read, write = os.pipe()
    process = supervisor("head -c 100000 /dev/zero; echo gone >&2", stdout=write)  # more than the pipe holds
    os.close(write)
    until(process.stderr, b"gone")
    time.sleep(0.5)
    assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    assert process.stderr is not None
    assert b"ENDED 0 None 0" in process.stderr.read()
    assert process.wait(timeout=30) == 0
    process.stderr.close()
    os.close(read)


def test_an_orphan_that_holds_the_pipe_is_not_waited_for(tmp_path: Path) -> None:
    began = time.monotonic()
    ending, out, _ = run("sleep 30 & echo $!", tmp_path)
    assert time.monotonic() - began < 10
    os.kill(int(out), signal.SIGKILL)
    assert ending.returncode == 0


def test_an_orphan_that_goes_on_writing_is_not_waited_for(tmp_path: Path) -> None:
    began = time.monotonic()
    ending, out, _ = run("echo $BASHPID; yes & echo $! >&2; exit 4", tmp_path)
    assert time.monotonic() - began < 20
    assert ending.returncode == 4
    assert len(out) > 2
    # Nobody reads what it writes any more: it ends by SIGPIPE.
    orphan = int(ending.stderr_tail)
    deadline = time.monotonic() + 10
    while _alive(orphan):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _alive(pid: int) -> bool:
    """Whether this process runs; a dead child that nobody has waited for does not."""
    stat = Path(f"/proc/{pid}/stat")
    if stat.parent.parent.exists():
        try:
            return stat.read_text().rpartition(")")[2].split()[0] != "Z"
        except FileNotFoundError:
            return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_what_is_in_the_pipe_at_the_end_still_comes(tmp_path: Path) -> None:
    for _ in range(20):
        _, out, _ = run("head -c 60000 /dev/zero; printf end", tmp_path)
        assert out.endswith(b"end")
        assert len(out) == 60_003


def test_a_target_that_does_not_block_gets_everything() -> None:
    read, write = os.pipe()
    os.set_blocking(write, False)
    got = bytearray()

    def consume() -> None:
        while chunk := os.read(read, 4096):
            got.extend(chunk)

    reader = threading.Thread(target=consume)
    reader.start()
    launch(["head", "-c", "2000000", "/dev/zero"], environ=ENVIRON, stdout_fd=write)
    os.close(write)
    reader.join()
    os.close(read)
    assert len(got) == 2_000_000


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_loses_output_and_not_the_job() -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    ending = launch(["bash", "-c", "head -c 300000 /dev/zero; exit 6"], environ=ENVIRON, stdout_fd=full)
    os.close(full)
    assert ending.returncode == 6


def test_ticks_and_a_tick_that_fails(tmp_path: Path) -> None:
    ticks: list[float] = []

    def tick() -> None:
        ticks.append(time.monotonic())
        if len(ticks) == 2:
            raise RuntimeError("trouble")

    with (tmp_path / "out").open("wb") as out:
        ending = launch(["sleep", "1.8"], environ=ENVIRON, stdout_fd=out.fileno(), on_tick=tick)
    assert ending.returncode == 0
    assert len(ticks) == 2


def test_outside_the_main_thread(tmp_path: Path) -> None:
    endings: list[Ending] = []
    thread = threading.Thread(target=lambda: endings.append(run("exit 5", tmp_path)[0]))
    thread.start()
    thread.join()
    assert endings[0].returncode == 5


def test_no_descriptor_is_left_open(tmp_path: Path) -> None:
    folder = Path("/proc/self/fd")
    if not folder.exists():
        pytest.skip("needs /proc")
    run("true", tmp_path)
    before = sorted(entry.name for entry in folder.iterdir())
    run("echo x; echo y >&2", tmp_path)
    assert sorted(entry.name for entry in folder.iterdir()) == before


@pytest.mark.parametrize(("content", "mode", "words"), [(None, 0, "No such file"), ("x", 0o644, "Permission denied")])
def test_what_cannot_be_started(tmp_path: Path, content: str | None, mode: int, words: str) -> None:
    script = tmp_path / "spark-submit"
    if content is not None:
        script.write_text(content)
        script.chmod(mode)
    with pytest.raises(SparkNotFoundError, match=f"spark-submit cannot be started: {words}.*; check that it is"):
        launch([str(script)], environ=ENVIRON)


def test_a_file_that_is_no_program(tmp_path: Path) -> None:
    script = tmp_path / "spark-submit"
    script.write_bytes(b"\x7fELF nonsense")
    script.chmod(0o755)
    with pytest.raises(SparkNotFoundError, match="cannot be started: Exec format error"):
        launch([str(script)], environ=ENVIRON)
