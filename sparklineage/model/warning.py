"""How a job hears that something is wrong: in one warning for each cause, and never with an exception of its own."""

from __future__ import annotations

import logging
import os
import sys
from typing import TYPE_CHECKING

from sparklineage.model.masking import mask, secrets_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LOG = logging.getLogger("sparklineage")
_MOST = 100
"""Warnings of one process that differ."""
_LONGEST = 2_000
"""Characters of one."""
_ROOM = 8_192
"""Characters that the longest secret has."""
_PACKAGE = "sparklineage"

_told: set[tuple[str, int, str]] = set()
"""Where the job's own code stood, and what was wrong there."""


def warn(sentence: str, *, about: str = "", environ: Mapping[str, str] | None = None, by_line: bool = True) -> None:
    """Warn of one cause, once: of the same trouble at the same line of the job's code. Never raises.

    `about` goes before the sentence and makes no difference: a loop may name its steps by the day. Nor does the line
    without `by_line`. No value of a secret variable is shown.
    """
    try:
        key = (*(_line_of_the_job() if by_line else ("", 0)), sentence[:_LONGEST])
        if key in _told or len(_told) > _MOST:
            return
        _told.add(key)
        secrets = secrets_of(os.environ if environ is None else environ)
        if len(_told) > _MOST:
            LOG.warning("lineage is not complete for more reasons than these; further ones are left out")
        else:
            LOG.warning("%s", beginning(f"{about}: {sentence}" if about else sentence, secrets, _LONGEST))
    except Exception:  # noqa: BLE001 - such as at the end of the stack
        return


def text_of(value: object) -> str:
    """`str(value)`, also of an object that cannot be shown."""
    try:
        return str(value)
    except Exception:  # noqa: BLE001 - the user's own class
        return f"a {type(value).__name__} that cannot be shown"


def beginning(text: str, secrets: Sequence[str], most: int) -> str:
    """The first characters of a text, without secrets.

    It is cut before it is masked, which takes seconds for megabytes. Near that cut nothing is shown: a secret that is
    cut in half would not be found.
    """
    if len(text) <= most + 4 * _ROOM:
        return mask(text, secrets)[:most]
    # What is masked may be longer than the secret was.
    return mask(text[: most + 4 * _ROOM], secrets)[: -3 * _ROOM][:most]


def _line_of_the_job() -> tuple[str, int]:
    frame = sys._getframe(1)  # noqa: SLF001 - the stack is all that tells
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == _PACKAGE:
        frame = frame.f_back
    return frame.f_code.co_filename, frame.f_lineno
