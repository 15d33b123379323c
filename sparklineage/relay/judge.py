"""What is to be done about a run's folder that was found: whether it is ours, and whether its application lives."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from sparklineage.journal import DeliveryLock, read_json
from sparklineage.relay.again import Since, begin_again, since
from sparklineage.relay.alive import is_gone
from sparklineage.relay.drain import check_formats, wants
from sparklineage.relay.followed import check_run

if TYPE_CHECKING:
    from collections.abc import Callable

    from sparklineage.journal import RunFolder


class Finding(Enum):
    """Of a run."""

    NOT_YET = 0
    """It is about to begin, or its own `submit` delivers it as long as that lives."""
    DONE = 1
    """There is nothing to do for it."""
    AGAIN = 2
    """It was settled, and is not any more: look at it again."""
    ENDED = 3
    LIVES = 4


class Judge:
    """Judges the runs of one root for one backend."""

    def __init__(
        self,
        key: str,
        *,
        everything: bool,
        beside: bool,
        say: Callable[[str], None],
        warn: Callable[[str], None],
    ) -> None:
        """`key` is the backend's. `everything` and `beside` are those of `Watcher`."""
        self._key = key
        self._everything, self._beside = everything, beside
        self._say, self._warn = say, warn
        self.over = False
        """Whether the relay is about to end."""

    @property
    def closes_all(self) -> bool:
        """Whether no application lives any more, whatever can be seen of it."""
        return self.over and self._beside

    def is_gone(self, folder: RunFolder) -> bool:
        """Whether its driver is known to be there no more."""
        return self.closes_all or (not self._beside and is_gone(folder))

    def judge(self, folder: RunFolder) -> Finding:
        """Raises JournalError where the folder is not as an application leaves it, or cannot be read."""
        check_run(folder)
        check_formats(folder)
        submitted = folder.run.exists() and not folder.is_apart
        if not submitted and not folder.witness.exists() and not folder.settled.exists() and not self.closes_all:
            return Finding.NOT_YET
        if not self._wants(folder, submitted=submitted):
            return Finding.AGAIN if not submitted and self._begins_again(folder) else Finding.DONE
        if folder.settled.exists() or folder.outcome.exists() or self.is_gone(folder):
            return Finding.ENDED
        return Finding.NOT_YET if submitted else Finding.LIVES

    def _wants(self, folder: RunFolder, *, submitted: bool) -> bool:
        if folder.is_apart and (read_json(folder.run, access=folder.access) or {}).get("backend"):
            return False  # its `submit` delivers it itself, and keeps its own account of that
        if submitted and not self._everything:
            return wants(folder, self._key)
        cursor = read_json(folder.delivery(self._key))
        offset = cursor.get("offset") if cursor else None
        if not folder.settled.exists() or not isinstance(offset, int):
            return True
        return folder.events.exists() and offset < folder.events.stat().st_size

    def _begins_again(self, folder: RunFolder) -> bool:
        """Whether another application has come under the id of a run that was settled."""
        found = since(folder)
        if found is Since.REST:
            self._warn(f"{folder.agent}: events came after the run was settled, and they are not delivered.")
        if found in (Since.NOTHING, Since.REST):
            return False
        with DeliveryLock(folder):
            begin_again(folder, found)
        self._say(f"{folder.run_id}  begun again, after it was settled")
        return True
