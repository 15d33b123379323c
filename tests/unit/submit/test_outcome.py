"""What is made of real ends of spark-submit, kept under samples/ (Spark 4.2.0 and 3.5.9, trimmed)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sparklineage.submit.error_text import MAX_LINES, MAX_MESSAGE, MAX_TRACE
from sparklineage.submit.launch import Ending
from sparklineage.submit.outcome import Outcome, judge
from sparklineage.submit.pump import TAIL_BYTES

SAMPLES = sorted((Path(__file__).parent / "samples").glob("*.txt"))
_SECTIONS = re.compile(r"=== exit status\n(\d+)\n=== stdout\n(.*)=== stderr\n(.*)=== message\n(.*)\n", re.DOTALL)


def outcome(
    returncode: int, stdout: str = "", stderr: str = "", *, sent: int | None = None, secrets: tuple[str, ...] = ()
) -> Outcome:
    ending = Ending(
        returncode=returncode,
        signal_sent=sent,
        stdout_tail=stdout.encode(),
        stderr_tail=stderr.encode(),
        started_ms=1,
        ended_ms=2,
    )
    return judge(ending, secrets=secrets)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_the_message_of_a_real_failure(sample: Path) -> None:
    match = _SECTIONS.fullmatch(sample.read_text(encoding="utf-8"))
    assert match, f"{sample} has other sections"
    found = outcome(int(match[1]), match[2], match[3])
    assert found.message == match[4]
    assert found.exit_status == int(match[1])


def test_a_trace_holds_the_whole_chain_and_no_secret() -> None:
    text = next(path for path in SAMPLES if path.stem == "exception-4.2.0").read_text(encoding="utf-8")
    match = _SECTIONS.fullmatch(text)
    assert match
    found = outcome(1, match[2], match[3])
    assert found.stack_trace is not None
    assert found.stack_trace.startswith("Traceback (most recent call last):")
    assert "KeyError: '2026-11-21'" in found.stack_trace
    assert "hunter22" in match[2]
    assert "hunter22" not in found.stack_trace + str(found.message)


def test_given_secrets_are_masked_wherever_they_stand() -> None:
    found = outcome(
        1, "Traceback (most recent call last):\nValueError: bad key canary-123 here\n", secrets=("canary-123",)
    )
    assert found.message == "ValueError: bad key ******** here"


@pytest.mark.parametrize(
    ("returncode", "sent", "state", "name", "status"),
    [
        (0, None, "COMPLETE", None, 0),
        (3, None, "FAIL", None, 3),
        (143, 15, "ABORT", "SIGTERM", 143),
        (-15, None, "ABORT", "SIGTERM", 143),
        (-2, None, "ABORT", "SIGINT", 130),
        (130, None, "ABORT", "SIGINT", 130),
        (143, None, "ABORT", "SIGTERM", 143),
        (-1, None, "ABORT", "SIGHUP", 129),
        (0, 2, "ABORT", "SIGINT", 0),
        (1, 15, "ABORT", "SIGTERM", 1),
        (-9, None, "FAIL", "SIGKILL", 137),
        (137, None, "FAIL", "SIGKILL", 137),
        (-11, None, "FAIL", "SIGSEGV", 139),
        (134, None, "FAIL", "SIGABRT", 134),
        (255, None, "FAIL", None, 255),
    ],
)
def test_state_signal_and_exit_status(
    returncode: int, sent: int | None, state: str, name: str | None, status: int
) -> None:
    found = outcome(returncode, sent=sent)
    assert (found.state, found.signal, found.exit_status) == (state, name, status)
    assert (found.message is None) == (state == "COMPLETE")


def test_a_kill_says_so() -> None:
    assert "killed by SIGKILL (often the out-of-memory killer" in str(outcome(-9, "Traceback").message)


def test_an_abort_names_the_signal_and_not_the_noise_of_shutting_down() -> None:
    found = outcome(143, "Traceback (most recent call last):\nValueError: x\n", sent=15)
    assert found.message == "the application was ended by SIGTERM"
    assert found.stack_trace is None


def test_nothing_printed() -> None:
    assert outcome(5).message == "spark-submit ended with exit status 5 and printed nothing about it"


def test_a_lost_jvm_is_not_the_error_where_the_jvm_says_more() -> None:
    stdout = (
        "Traceback (most recent call last):\n"
        '  File "py4j/clientserver.py", line 516, in send_command\n'
        "    self.socket.sendall(command)\n"
        "ConnectionResetError: [Errno 104] Connection reset by peer\n\n"
        "During handling of the above exception, another exception occurred:\n\n"
        "Traceback (most recent call last):\n"
        '  File "/app/job.py", line 3, in <module>\n'
        "    df.count()\n"
        "py4j.protocol.Py4JNetworkError: Error while sending or receiving\n"
        "Traceback (most recent call last):\n"
        '  File "py4j/java_gateway.py", line 977, in _get_connection\n'
        "    connection = self.deque.pop()\n"
        "ConnectionRefusedError: [Errno 111] Connection refused\n"
    )
    stderr = (
        'Exception in thread "dag-scheduler-event-loop" java.lang.OutOfMemoryError: Java heap space\n'
        "\tat java.base/java.util.Arrays.copyOf(Arrays.java:3537)\n"
    )
    expected = 'Exception in thread "dag-scheduler-event-loop" java.lang.OutOfMemoryError: Java heap space'
    assert outcome(1, stdout, stderr).message == expected


def test_the_last_error_of_the_log_where_nothing_else_speaks() -> None:
    stderr = (
        "26/11/21 19:40:14 WARN Utils: Your hostname resolves to a loopback address\n"
        "26/11/21 19:40:15 ERROR Executor: Exception in task 0.0 in stage 0.0 (TID 0)\n"
        "26/11/21 19:40:16 INFO Utils: bye\n"
    )
    assert str(outcome(1, "", stderr).message).endswith("ERROR Executor: Exception in task 0.0 in stage 0.0 (TID 0)")


WARNED = (
    "26/11/21 19:40:15 WARN OpenLineageSparkListener: Unable to send\n"
    "java.lang.IllegalStateException: cannot call a stopped context\n"
    "\tat org.apache.spark.util.ListenerBus.postToAll(ListenerBus.scala:117)\n"
    "\tat org.apache.spark.util.ListenerBus.postToAll$(ListenerBus.scala:101)\n"
    "Caused by: java.io.IOException: closed\n"
    "\t... 5 more\n"
)


def test_a_trace_that_was_logged_as_a_warning_is_not_why_it_ended() -> None:
    """Neither whole nor cut off at its beginning, which is what the kept end of a long output starts with."""
    cut = WARNED[WARNED.index("\tat") :]
    for stderr in (WARNED, cut, cut + WARNED):
        assert outcome(7, "", stderr).message == "spark-submit ended with exit status 7 and printed nothing about it"
    said = str(outcome(7, "", WARNED + "giving up\norg.acme.Job: no seats\n").message)
    assert said == "spark-submit ended with exit status 7; the last it printed:\ngiving up\norg.acme.Job: no seats"


def test_a_line_that_was_cut_is_not_what_it_printed_last() -> None:
    log = "26/11/21 19:40:16 INFO Utils: bye\n" * 8000
    assert outcome(7, "", log[-TAIL_BYTES:]).message == (
        "spark-submit ended with exit status 7 and printed nothing about it"
    )


AWAITED = "pyspark.errors.exceptions.captured.SparkException: Exception thrown in awaitResult: "
PYTHON = f'Traceback (most recent call last):\n  File "/app/job.py", line 3, in <module>\n    df.show()\n{AWAITED}\n'
LOGGED = (
    "26/11/21 19:40:14 ERROR BroadcastExchangeExec: Could not execute broadcast\n"
    "org.apache.spark.SparkException: Exception thrown in awaitResult: \n"
    "\tat org.apache.spark.util.SparkThreadUtils$.awaitResult(SparkThreadUtils.scala:53)\n"
    "Caused by: org.apache.spark.SparkException: Job aborted\n"
    "\t... 3 more\n"
    "Caused by: java.lang.OutOfMemoryError: Not enough memory to build the hash map\n"
    "\t... 9 more\n"
)


def test_waiting_for_a_result_is_not_the_cause() -> None:
    """The deepest cause is in the log; that of a later warning is none of it."""
    root = "Caused by: java.lang.OutOfMemoryError: Not enough memory to build the hash map"
    assert outcome(1, PYTHON, LOGGED + WARNED).message == f"{AWAITED.rstrip()}\n{root}"
    assert outcome(1, PYTHON, WARNED).message == AWAITED.rstrip()
    assert outcome(1, PYTHON.replace("awaitResult: ", "awaitResult: x"), LOGGED).message == f"{AWAITED}x"


def test_output_after_a_caught_exception_is_not_its_trace() -> None:
    printed = "".join(f"row {number}\n" for number in range(5000))
    found = outcome(3, 'Traceback (most recent call last):\n  File "a.py", line 1\nValueError: x\n' + printed)
    assert str(found.message).startswith("ValueError: x\n")
    assert found.stack_trace is not None
    assert "row 100" not in found.stack_trace


def test_sizes_are_bounded() -> None:
    huge = "Traceback (most recent call last):\nValueError: " + "x" * 100_000 + "\n" + "y" * 100_000 + "\n"
    found = outcome(1, huge)
    assert len(str(found.message)) <= MAX_MESSAGE
    assert len(str(found.stack_trace)) <= MAX_TRACE
    many = "Traceback (most recent call last):\nValueError: a\n" + "".join(f"line {number}\n" for number in range(25))
    assert str(outcome(1, many).message).count("\n") < MAX_LINES


def test_bytes_that_are_no_text_do_no_harm() -> None:
    ending = Ending(
        returncode=1, signal_sent=None, stdout_tail=b"\xff\xfe\x00 oops\n", stderr_tail=b"", started_ms=1, ended_ms=2
    )
    assert "oops" in str(judge(ending).message)


def test_the_record_has_the_names_of_the_journal() -> None:
    assert outcome(3).record() == {
        "format": 1,
        "state": "FAIL",
        "exitStatus": 3,
        "signal": None,
        "endedAt": 2,
        "message": "spark-submit ended with exit status 3 and printed nothing about it",
        "stackTrace": None,
        "programmingLanguage": "PYTHON",
    }
