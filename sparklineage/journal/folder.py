"""Where things are in the journal."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sparklineage.errors import JournalError
from sparklineage.model.ids import is_run_id

if TYPE_CHECKING:
    from collections.abc import Mapping

FORMAT = 1
"""The journal's format, written into run.json and the first witness and step records."""


def default_root(environ: Mapping[str, str]) -> Path:
    """`SPARKLINEAGE_JOURNAL`, else `sparklineage/journal` under the XDG state folder of the user."""
    if chosen := environ.get("SPARKLINEAGE_JOURNAL"):
        return Path(chosen).expanduser().absolute()
    state = environ.get("XDG_STATE_HOME") or Path(environ.get("HOME") or "~").expanduser() / ".local" / "state"
    return (Path(state) / "sparklineage" / "journal").absolute()


@dataclass(frozen=True)
class RunFolder:
    """The folder of one application run; its name is the run id."""

    path: Path

    @property
    def run_id(self) -> str:
        return self.path.name

    @property
    def begun(self) -> float:
        """When the run began, in seconds since the epoch, going by its first file."""
        for path in (self.run, self.witness, self.path):
            try:
                return path.stat().st_mtime
            except OSError:
                continue
        return 0.0

    @property
    def run(self) -> Path:
        return self.path / "run.json"

    @property
    def agent(self) -> Path:
        return self.path / "agent.ndjson"

    @property
    def witness(self) -> Path:
        return self.path / "witness.ndjson"

    @property
    def steps(self) -> Path:
        return self.path / "steps.ndjson"

    @property
    def outcome(self) -> Path:
        return self.path / "outcome.json"

    @property
    def events(self) -> Path:
        return self.path / "events.ndjson"

    @property
    def settled(self) -> Path:
        return self.path / "settled.json"

    @property
    def lock(self) -> Path:
        return self.path / "lock"

    @property
    def delivering(self) -> Path:
        return self.path / "delivering"

    def delivery(self, sink: str) -> Path:
        """The cursor of the sink with this key."""
        return self.path / "delivery" / f"{sink}.json"

    def refused(self, sink: str) -> Path:
        """The dead-letter file of the sink with this key."""
        return self.path / "delivery" / f"{sink}.refused.ndjson"


def run_folders(root: Path) -> list[RunFolder]:
    """Every application's folder below `root`, oldest first; other people's files are passed over.

    None where there is no `root` yet. Raises JournalError where it is a file, or cannot be read.
    """
    try:
        entries = [entry for entry in root.iterdir() if is_run_id(entry.name) and entry.is_dir()]
    except FileNotFoundError:
        return []
    except NotADirectoryError:
        raise JournalError(
            f"{root}: a file, no journal; name the folder that `sparklineage submit` writes to."
        ) from None
    except OSError as error:
        raise JournalError(f"{root}: the journal cannot be read: {error.strerror}.") from None
    return sorted(map(RunFolder, entries), key=lambda folder: (folder.begun, folder.run_id))
