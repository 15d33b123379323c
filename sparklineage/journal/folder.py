"""Where things are in the journal."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sparklineage.errors import JournalError
from sparklineage.journal.access import FOREIGN, OWN
from sparklineage.model.ids import is_run_id

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sparklineage.journal.access import Access

FORMAT = 1
"""The journal's format, written into run.json and the first witness and step records."""

APPLICATION_VARIABLE = "SPARKLINEAGE_APPLICATION_RUN"
"""Names the run folder of a `sparklineage.application` that is open before its session is made."""
APPLICATION_ID_VARIABLE = "SPARKLINEAGE_APPLICATION_ID"
"""Of one that has no folder: `namespace/job/run id`."""


def default_root(environ: Mapping[str, str]) -> Path:
    """`SPARKLINEAGE_JOURNAL`, else `sparklineage/journal` under the XDG state folder of the user."""
    if chosen := environ.get("SPARKLINEAGE_JOURNAL"):
        return Path(chosen).expanduser().absolute()
    state = environ.get("XDG_STATE_HOME") or Path(environ.get("HOME") or "~").expanduser() / ".local" / "state"
    return (Path(state) / "sparklineage" / "journal").absolute()


@dataclass(frozen=True, init=False)
class RunFolder:
    """The folder of one application run; its name is the run id.

    What the relay writes lies in `state`, which is the folder itself where nothing else is said. In a spool that many
    users write into it is a folder of the relay's own, and nothing is written into the run's.
    """

    path: Path
    state: Path

    def __init__(self, path: Path, state: Path | None = None) -> None:
        object.__setattr__(self, "path", path)
        object.__setattr__(self, "state", path if state is None else state)

    @property
    def is_apart(self) -> bool:
        """Whether the relay's files lie elsewhere, so that the folder may be anybody's."""
        return self.state != self.path

    @property
    def access(self) -> Access:
        """How what the application and its `submit` write is opened."""
        return FOREIGN if self.is_apart else OWN

    @property
    def owner(self) -> int:
        """Whose run it is, as a user id; -1 where it is gone."""
        try:
            return self.path.lstat().st_uid
        except OSError:
            return -1

    @property
    def run_id(self) -> str:
        return self.path.name

    @property
    def begun(self) -> float:
        """When the run began, in seconds since the epoch, going by its first file, or by the relay's first."""
        # What lies in a folder of somebody else's has the times that they chose.
        for path in (self.delivering, self.path) if self.is_apart else (self.run, self.witness, self.path):
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
    def exit_status(self) -> Path:
        return self.path / "exit-status"

    @property
    def events(self) -> Path:
        return self.state / "events.ndjson"

    @property
    def settled(self) -> Path:
        return self.state / "settled.json"

    @property
    def settled_before(self) -> Path:
        """What settled.json was before another attempt of the application began."""
        return self.state / "settled-before.json"

    @property
    def lock(self) -> Path:
        return self.path / "lock"

    @property
    def delivering(self) -> Path:
        return self.state / "delivering"

    @property
    def deliveries(self) -> Path:
        """The folder of the cursors."""
        return self.state / "delivery"

    def delivery(self, sink: str) -> Path:
        """The cursor of the sink with this key."""
        return self.deliveries / f"{sink}.json"

    def refused(self, sink: str) -> Path:
        """The dead-letter file of the sink with this key."""
        return self.deliveries / f"{sink}.refused.ndjson"


def run_folders(root: Path, state: Path | None = None) -> list[RunFolder]:
    """Every application's folder below `root`, oldest first; other people's files are passed over.

    With `state` the relay's files of each lie in a folder of the same name below that, and links are passed over too.
    None where there is no `root` yet. Raises JournalError where it is a file, or cannot be read.
    """
    try:
        with os.scandir(root) as entries:
            names = [entry.name for entry in entries if is_run_id(entry.name) and _is_folder(entry, state is None)]
    except FileNotFoundError:
        return []
    except NotADirectoryError:
        raise JournalError(
            f"{root}: a file, no journal; name the folder that `sparklineage submit` writes to."
        ) from None
    except OSError as error:
        raise JournalError(f"{root}: the journal cannot be read: {error.strerror}.") from None
    folders = [RunFolder(root / name, state / name if state else None) for name in names]
    return sorted(folders, key=lambda folder: (folder.begun, folder.run_id))


def _is_folder(entry: os.DirEntry[str], follow: bool) -> bool:
    try:
        return entry.is_dir(follow_symlinks=follow)
    except OSError:
        return False
