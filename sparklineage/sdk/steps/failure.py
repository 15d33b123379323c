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
_PAUSING = 0x20 | 0x80 | 0x200
"""The flags of code of generators, coroutines and asynchronous generators; `inspect` would have to be imported."""


def error_of(
    error: BaseException | None, environ: Mapping[str, str], *, ends_process: bool = False
) -> dict[str, str] | None:
    """Type, message and innermost frames of what ended a block, without secrets; None for a good end. Never raises.

    One that nobody has caught, and that `ends_process`, is never a good end.
    """
    if error is None or (isinstance(error, GeneratorExit) and not ends_process and _closes(error)):
        return None
    if isinstance(error, SystemExit) and exit_status(error.code) == 0:
        return None
    secrets = secrets_of(environ)
    kind = type(error)
    return {
        "type": f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins."),
        "message": beginning(_message(error), secrets, _MOST),
        "stackTrace": _trace(error, secrets),
    }


def exit_status(code: object) -> int:
    """The status with which CPython exits for the code of a SystemExit."""
    if not isinstance(code, int):
        return int(code is not None)  # what is printed, and the status is 1
    return code & 0xFF if -(2**63) <= code < 2**63 else 0xFF  # no C long takes it, and what stands for that is -1


def is_of_spark(error: BaseException) -> bool:
    """Whether Spark or a call into the JVM has raised it, or what it was raised from. Never raises."""
    item: BaseException | None = error
    for _ in range(_FRAMES):
        if item is None:
            break
        if any(kind.__module__.partition(".")[0] in ("py4j", "pyspark") for kind in type(item).__mro__):
            return True
        item = item.__cause__ or item.__context__
    return False


def _closes(error: GeneratorExit) -> bool:
    """Whether it was raised by closing a generator or a coroutine, and not by somebody."""
    trace = error.__traceback__
    if trace is None:
        return True
    while trace is not None:
        if trace.tb_frame.f_code.co_flags & _PAUSING:
            return True
        trace = trace.tb_next
    return False


def _message(error: BaseException) -> str:
    try:
        return text_of(error)
    except BaseException:  # noqa: BLE001 - the job is to get its own exception, whatever that says of itself
        return f"a {type(error).__name__} that cannot be shown"


def _trace(error: BaseException, secrets: Sequence[str]) -> str:
    try:
        parts = traceback.format_exception(type(error), error, error.__traceback__, limit=-_FRAMES)
    except BaseException:  # noqa: BLE001 - what it is made of is the user's own
        return ""
    shown: list[str] = []
    left = _MOST
    while parts and left > 0:
        # A long message leaves room for the frames above it.
        shown.append(beginning(parts.pop(), secrets, _MOST // 2))
        left -= len(shown[-1])
    return "".join(reversed(shown))[-_MOST:]
