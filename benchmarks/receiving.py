"""A receiver in a process of its own, so that it does not share our interpreter; and the least that posts to it."""

from __future__ import annotations

import http.client
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sparklineage.journal import RunFolder

_RECEIVER = """
import sys
from tests.support.receiver import Receiver
print(Receiver().start().port, flush=True)
sys.stdin.read()
"""


@contextmanager
def receiver() -> Iterator[int]:
    """Its port."""
    process = subprocess.Popen(
        [sys.executable, "-c", _RECEIVER],
        cwd=Path(__file__).parents[1], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    with process:
        if process.stdout is None or process.stdin is None:
            raise RuntimeError("the receiver has no pipes")
        try:
            yield int(process.stdout.readline())
        finally:
            process.stdin.close()


def post(folder: RunFolder, port: int) -> float:
    """Seconds of the least that anything can do that delivers in order: one connection that is kept."""
    began = time.perf_counter()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    with folder.events.open("rb") as lines:
        for line in lines:
            connection.request("POST", "/api/v1/lineage", line.rstrip(b"\n"), {"Content-Type": "application/json"})
            answer = connection.getresponse()
            answer.read()
            if answer.status != 201:
                raise RuntimeError(f"the receiver answered {answer.status}")
    connection.close()
    return time.perf_counter() - began
