"""Whether the program is over, so that nothing runs any more but what is registered with `atexit`."""

from __future__ import annotations

import sys
import threading

from sparklineage.sdk.sending.forked import is_end_of_child


def is_exit() -> bool:
    """Whether the process has begun to end. Never raises."""
    # Before it calls those functions, Python ends the main thread's object, where there is one.
    return not threading.main_thread().is_alive() or _FIRST_USED_AT_EXIT or is_end_of_child()


def _is_first_used_at_exit() -> bool:
    """Whether such a function imports this: nothing ends the main thread's object where that is made only now."""
    names = list(sys.modules)
    if names.index("threading") < names.index("sparklineage"):
        return False
    if threading.current_thread() is not threading.main_thread():
        return False  # Python calls such functions in the main thread alone
    frame = sys._getframe()  # noqa: SLF001 - only the stack tells
    while frame.f_back is not None:
        frame = frame.f_back
    # A program is a module, started as such or by `python -m`; Python calls such a function alone.
    return frame.f_code.co_name not in ("<module>", "_run_module_as_main")


_FIRST_USED_AT_EXIT = _is_first_used_at_exit()
