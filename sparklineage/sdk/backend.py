"""Which backend the lineage of a session gets to, and what names it: the configuration, where the SDK needs it.

What reads a configuration takes its time to import, so nothing here is imported before it is needed.
"""

from __future__ import annotations

import stat
import sys
from typing import TYPE_CHECKING

from sparklineage.errors import SparklineageError
from sparklineage.journal import RunFolder, kept, read_json
from sparklineage.sdk.sending.emit import switched_off
from sparklineage.sdk.warning import warn

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from sparklineage.sdk.session import Driver


def client_of(environ: Mapping[str, str]) -> tuple[dict[str, Any], str] | None:
    """What the client for Python is to be told, so that it sends to the backend of `submit`, and what names that.

    None where that takes no events by http, or where something is wrong, which is one warning.
    """
    from sparklineage.assemble.application_settings import client_for  # noqa: PLC0415

    try:
        return client_for(environ, config=None, profile=None)
    except SparklineageError as error:
        warn(f"steps cannot be sent: {error}", environ=environ, by_line=False)
        return None


def switched_off_by(environ: Mapping[str, str]) -> str | None:
    """What turns lineage off: a variable, or a place in the configuration. Raises ConfigError."""
    if (name := switched_off(environ)) is not None:
        return name
    from sparklineage.assemble.application_settings import settings_for  # noqa: PLC0415

    disabled = settings_for(environ, backend=None, config=None, profile=None).disabled
    return disabled.source if disabled.value else None


def backend_of(driver: Driver, environ: Mapping[str, str]) -> tuple[str | None, str]:
    """The address without anything secret, None where there is none or nobody here knows it; and where that is from.

    Raises ConfigError and OSError.
    """
    if driver.direct is not None:
        return driver.direct.address, driver.direct.place
    if kept.is_kept(driver.folder):
        return None, kept.WHY
    if driver.folder is None:
        return None, "no backend is configured"
    beside = sys.modules.get("sparklineage.assemble.beside")
    told: tuple[str, str] | None = beside.delivering.get(driver.folder) if beside is not None else None
    return told or _of_journal(RunFolder(driver.folder), environ)


def _of_journal(folder: RunFolder, environ: Mapping[str, str]) -> tuple[str | None, str]:
    from sparklineage.assemble.application_settings import settings_for  # noqa: PLC0415

    if folder.path.is_dir() and folder.path.stat().st_mode & stat.S_ISGID:
        return None, "the relay of this node delivers to its own"
    record = read_json(folder.run)
    if record is not None and not record.get("backend"):
        return None, "none was configured at the start: `sparklineage relay drain --all` delivers"
    found = settings_for(environ, backend=None, config=None, profile=None).backend
    if record is None:
        if found.value is None:
            return None, "no backend is configured"
        drain = "`sparklineage relay drain --all`"
        return found.value.shown, f"{found.source}, for {drain}, or a relay that watches the journal"
    if found.value is not None and found.value.key == record["backend"]:
        return found.value.shown, found.source
    return None, "known to `sparklineage submit`, or the process that has opened the application"
