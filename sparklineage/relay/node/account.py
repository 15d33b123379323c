"""Which account a relay runs under that root has started by hand."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def become_owner(state: Path | None) -> None:
    """Where this is root, go on as whom the relay's own folder belongs to, for good; else nothing happens.

    What root left there, the service could not write any more.
    """
    if state is None or os.geteuid() != 0:
        return
    # A container may have a root that cannot become anybody else, and has to go on as it is.
    with suppress(OSError):
        found = state.lstat()
        if found.st_uid and stat.S_ISDIR(found.st_mode):
            os.setgroups([])
            os.setresgid(found.st_gid, found.st_gid, found.st_gid)
            os.setresuid(found.st_uid, found.st_uid, found.st_uid)
