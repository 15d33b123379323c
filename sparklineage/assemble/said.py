"""What a configuration is warned of, for code that has no stderr of its own: in the logger, once in a process."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from sparklineage.model.masking import mask, secrets_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

LOG = logging.getLogger("sparklineage")

_said: set[str] = set()


def say_once(warnings: Iterable[str], environ: Mapping[str, str]) -> None:
    """`application` and `configure` mostly read the same configuration, and a notebook reads it again and again."""
    for warning in warnings:
        if warning not in _said:
            _said.add(warning)
            LOG.warning("%s", mask(warning, secrets_of(environ)))
