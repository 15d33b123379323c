"""Ctrl-C ends a program by SIGINT, also where its lineage is sent while it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.receiver import Receiver

pytestmark = pytest.mark.service

LINEAGE = """
import sparklineage
{application}
with sparklineage.step(None, "ships", inputs=["s3://b/ships"]):
    pass
"""


@pytest.mark.parametrize(
    "code", ["", LINEAGE.format(application=""), LINEAGE.format(application='sparklineage.application(name="harbour")')]
)
def test_it_ends_as_it_does_without_lineage(code: str, tmp_path: Path) -> None:
    (tmp_path / "job.py").write_text(f"{code}\nraise KeyboardInterrupt\n")
    with Receiver() as receiver:
        environ = {
            **os.environ, "HOME": str(tmp_path), "OPENLINEAGE_URL": receiver.url,
            "SPARKLINEAGE_DELIVERY_MODE": "direct", "PYTHONPATH": str(Path(__file__).parents[3]),
        }  # fmt: skip
        command = [sys.executable, "job.py"]
        done = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)
        states = [event["eventType"] for event in receiver.events if event["job"]["name"].endswith("ships")]
    assert done.returncode == -signal.SIGINT, done.stderr
    assert states == (["START", "COMPLETE"] if code else [])


def test_a_program_that_ends_otherwise_does_so_still(tmp_path: Path) -> None:
    code = LINEAGE.format(application="") + "\ntry:\n    raise KeyboardInterrupt\nexcept KeyboardInterrupt:\n    pass\n"
    with Receiver() as receiver:
        environ = {**os.environ, "OPENLINEAGE_URL": receiver.url, "SPARKLINEAGE_DELIVERY_MODE": "direct"}
        done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environ, capture_output=True, check=False)
    assert done.returncode == 0
