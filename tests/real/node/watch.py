"""What everybody on a machine can see of its processes, looked at all the time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Seen:
    """All command lines and environments that were there while it was watched."""

    texts: set[str] = field(default_factory=set)

    def having(self, text: str) -> list[str]:
        return [each for each in self.texts if text in each]


@contextmanager
def watching() -> Iterator[Seen]:
    """Look some hundred times a second."""
    seen, done = Seen(), threading.Event()

    def look() -> None:
        while not done.wait(0.003):
            for process in Path("/proc").glob("[0-9]*"):
                for name in ("cmdline", "environ"):
                    try:
                        text = (process / name).read_bytes()
                    except OSError:  # It has ended.
                        continue
                    seen.texts.add(text.replace(b"\0", b" ").decode("utf-8", "replace"))

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        done.set()
        thread.join()
