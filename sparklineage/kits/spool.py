"""The folder of the journals on a node."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from sparklineage.errors import ConfigError
from sparklineage.kits.script import LAYOUT

if TYPE_CHECKING:
    from sparklineage.targets import Order

_NEEDED = re.compile(
    r"""/ | /(bin|boot|dev|etc|lib|lib32|lib64|libx32|proc|run|sbin|sys|usr)(/.*)?
    | /(data|databricks|emr|home|media|mnt\d*|opt|root|srv|tmp|var)
    | /home/[^/]* | (/mnt\d*)?/var/[^/]* | /mnt/(var|tmp|s3|yarn|hdfs|driver-daemon)""",
    re.VERBOSE | re.DOTALL,
)
"""Folders of the system, of its users and of the platforms."""
_OURS = tuple(PurePosixPath(LAYOUT[name]) for name in ("BASE", "ETC", "LOGS", "STATE"))


def spool_of(order: Order, base: str | None = None) -> str:
    """The folder of the journals; `base` is a folder with all else, in which they may be in `spool` alone.

    Raises ConfigError for one that others need, as it gets an owner and a mode.
    """
    text = order.conf["spark.sparklineage.spool"].written
    source = order.conf.entry("spark.sparklineage.spool")
    # Two slashes at the beginning stay two otherwise.
    plain = PurePosixPath("/" + text.lstrip("/"))
    others = _OURS if base is None else (PurePosixPath(base),)
    taken = _NEEDED.fullmatch(str(plain)) or any(
        plain.is_relative_to(ours) or ours.is_relative_to(plain)
        for ours in others
        if base is None or plain != ours / "spool"
    )
    if not text.startswith("/") or ".." in plain.parts or taken or not text.isprintable():
        where = source.source if source is not None else "delivery.journal"
        raise ConfigError(
            f"{where}: the journals are to be in {text!r}; write the path of a folder for them alone, such as "
            "/mnt/sparklineage/spool."
        )
    return str(plain)
