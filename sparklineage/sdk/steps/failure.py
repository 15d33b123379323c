"""What is recorded of an exception that ended a block, or the application."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING

from sparklineage.model.masking import secrets_of
from sparklineage.sdk.warning import beginning, text_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_MOST = 16_384
"""Characters of an error's message and of its stack trace."""
_FRAMES = 20
"""The innermost frames of a stack trace."""


def error_of(error: BaseException | None, environ: Mapping[str, str]) -> dict[str, str] | None:
    """Type, message and innermost frames of what ended a block, without secrets; None for a good end. Never raises."""
    if error is None or isinstance(error, GeneratorExit):
        return None
    if isinstance(error, SystemExit) and error.code in {None, 0}:
        return None
    secrets = secrets_of(environ)
    kind = type(error)
    return {
        "type": f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins."),
        "message": beginning(text_of(error), secrets, _MOST),
        "stackTrace": _trace(error, secrets),
    }


def _trace(error: BaseException, secrets: Sequence[str]) -> str:
    try:
        parts = traceback.format_exception(type(error), error, error.__traceback__, limit=-_FRAMES)
    except Exception:  # noqa: BLE001 - what it is made of is the user's own
        return ""
    shown: list[str] = []
    left = _MOST
    while parts and left > 0:
        # A long message leaves room for the frames above it.
        shown.append(beginning(parts.pop(), secrets, _MOST // 2))
        left -= len(shown[-1])
    return "".join(reversed(shown))[-_MOST:]
