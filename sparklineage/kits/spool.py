"""The folder of the journals on a node."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from sparklineage.errors import ConfigError

if TYPE_CHECKING:
    from sparklineage.targets import Order

_OURS = ("/", "/etc", "/opt", "/tmp", "/usr", "/var", "/var/lib", "/var/lib/sparklineage")  # noqa: S108 - refused


def spool_of(order: Order) -> str:
    """The folder of the journals. Raises ConfigError for one that others need, as it gets an owner and a mode."""
    text = order.conf["spark.sparklineage.spool"].written
    source = order.conf.entry("spark.sparklineage.spool")
    plain = PurePosixPath(text)
    if not text.startswith("/") or ".." in plain.parts or str(plain) in _OURS or not text.isprintable():
        where = source.source if source is not None else "delivery.journal"
        raise ConfigError(
            f"{where}: the journals are to be in {text!r}; write the path of a folder for them alone, such as "
            "/mnt/sparklineage/spool."
        )
    return str(plain)
