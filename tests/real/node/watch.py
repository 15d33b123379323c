"""What can be seen of the processes of a machine, looked at all the time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.real.node.tree import Tree


@dataclass
class Seen:
    """All command lines and environments that were there while it was watched."""

    command_lines: set[str] = field(default_factory=set)
    environments: set[str] = field(default_factory=set)

    def having(self, text: str) -> list[str]:
        return [each for each in self.command_lines | self.environments if text in each]


@contextmanager
def watching(tree: Tree) -> Iterator[Seen]:
    """Look at the tree's processes some hundred times a second."""
    seen, done = Seen(), threading.Event()
    theirs = Path(f"/proc/{tree.holder}/ns/pid").readlink()
    foreign: set[str] = set()

    def look() -> None:
        while not done.wait(0.005):
            for process in Path("/proc").glob("[0-9]*"):
                if process.name in foreign:
                    continue
                with suppress(OSError):  # It has ended.
                    if (process / "ns/pid").readlink() != theirs:
                        foreign.add(process.name)
                        continue
                    seen.command_lines.add(_shown(process / "cmdline"))
                    seen.environments.add(_shown(process / "environ"))

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        done.set()
        thread.join()


def _shown(path: Path) -> str:
    return path.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
