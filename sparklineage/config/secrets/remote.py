"""Asking a service for a secret: never for long, and without a word of it in a log."""

from __future__ import annotations

import logging
import queue
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# botocore logs whole answers at DEBUG.
_LOGGERS = ("boto3", "botocore", "urllib3", "databricks.sdk")
_CHILDREN = tuple(f"{name}." for name in _LOGGERS)
_lock = threading.Lock()
_levels: dict[str, int] = {}
_asking = 0


def bounded(ask: Callable[[], str], seconds: float) -> str:
    """What `ask` returns. Raises what it raises, and TimeoutError where it takes longer than `seconds`.

    The time-outs of the vendors' clients count each packet anew and leave out how credentials are found (a metadata
    server, a program, a sign-in), so only a thread that is left behind gives a bound.
    """
    answers: queue.SimpleQueue[tuple[str, Exception | None]] = queue.SimpleQueue()

    def work() -> None:
        try:
            with quiet():
                answers.put((ask(), None))
        except Exception as error:  # noqa: BLE001 - the caller raises it
            answers.put(("", error))

    threading.Thread(target=work, name="sparklineage-secret", daemon=True).start()
    try:
        answer, error = answers.get(timeout=seconds)
    except queue.Empty:
        raise TimeoutError from None
    if error is not None:
        raise error
    return answer


@contextmanager
def quiet() -> Iterator[None]:
    """The clients' loggers at WARNING for as long as anybody is asking, whatever level they have been given."""
    global _asking  # noqa: PLW0603 - loggers are global too
    with _lock:
        _asking += 1
        for logger in _talkative():
            _levels[logger.name] = logger.level
            logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        with _lock:
            _asking -= 1
            if _asking == 0:
                for name, level in _levels.items():
                    logging.getLogger(name).setLevel(level)
                _levels.clear()


def _talkative() -> Iterator[logging.Logger]:
    """The clients' loggers that would say more than warnings, those first that others take their level from."""
    for name in _LOGGERS:
        if (logger := logging.getLogger(name)).getEffectiveLevel() < logging.WARNING:
            yield logger
    for name in list(logging.root.manager.loggerDict):
        if name.startswith(_CHILDREN) and 0 < (logger := logging.getLogger(name)).level < logging.WARNING:
            yield logger
