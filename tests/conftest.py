"""A test run in the background hands on HUP, INT and QUIT as ignored; the tests start as at a terminal."""

from __future__ import annotations

import signal


def pytest_configure() -> None:
    """Before anything is started."""
    for number in (signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
