"""A node made by hand: a spool, relay.json, and the relay as a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

from sparklineage.journal import RunFolder, create_folder
from tests.support.journal import add, application, witnessed

ROOT = Path(__file__).parents[4]
GONE = 1 << 22
"""No process can have this id."""


def run_id(number: int) -> str:
    return f"01900000-0000-7000-8000-{number:012d}"


def until(condition: Callable[[], object], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


class Node:
    """Everything lies below `root`."""

    def __init__(self, root: Path, url: str, **keys: Any) -> None:
        self.root = root
        self.spool, self.state, self.log = root / "spool", root / "state", root / "relay.log"
        self.spool.mkdir()
        self.config = root / "relay.json"
        self.told: dict[str, Any] = {
            "format": 1,
            "platform": "machine",
            "spool": str(self.spool),
            "state": str(self.state),
            "log": {"file": str(self.log), "size": 100_000, "files": 2},
            "backend": {"url": url, "timeout": 2, **keys.pop("backend", {})},
            "retry": {"first": 0.1, "longest": 0.3},
            **keys,
        }
        self.config.write_text(json.dumps(self.told))
        self.environ = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}

    def run(self, number: int = 1, *, pid: int = GONE, end: str = "COMPLETE") -> RunFolder:
        """An application that has ended, unless `end` is empty."""
        made = create_folder(self.spool, run_id(number))
        said = {"runId": made.run_id, "pid": pid, "applicationName": f"App {number}"}
        add(made.witness, witnessed("application", number, **said))
        add(made.agent, application("START", number, made.run_id))
        if end:
            add(made.witness, witnessed("applicationEnd", number + 9))
            add(made.agent, application(end, number + 9, made.run_id))
        return RunFolder(made.path, self.state / made.run_id)

    def command(self, name: str, *options: str) -> list[str]:
        return [sys.executable, "-m", "sparklineage.relay.node", name, "--config", str(self.config), *options]

    def do(self, name: str, *options: str) -> tuple[int, str, str]:
        """Status, output and error output of a command."""
        done = subprocess.run(
            self.command(name, *options), env=self.environ, capture_output=True, text=True, check=False, timeout=120
        )
        return done.returncode, done.stdout, done.stderr

    def lines(self) -> list[str]:
        """The log, without times."""
        text = self.log.read_text() if self.log.exists() else ""
        return [line.partition(" ")[2] for line in text.splitlines()]


class Watch:
    """The relay's service of a node."""

    def __init__(self, node: Node, *options: str) -> None:
        self.process = subprocess.Popen(
            node.command("watch", *options),
            env=node.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.out: list[str] = []
        streams = (self.process.stdout, self.process.stderr)
        self._readers = [
            threading.Thread(target=self.out.extend, args=(stream or (),), daemon=True) for stream in streams
        ]
        for reader in self._readers:
            reader.start()

    def end(self, seconds: float = 20) -> int:
        self.process.terminate()
        return self.join(seconds)

    def join(self, seconds: float = 20) -> int:
        status = self.process.wait(seconds)
        for reader in self._readers:
            reader.join(5)
        return status

    def __enter__(self) -> Watch:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdout, self.process.stderr):
            if stream:
                stream.close()
