"""A program that Ctrl-C has ended goes on to end by SIGINT, whatever is done at its exit."""

from __future__ import annotations

import sys
from contextlib import suppress


def keep_interrupted() -> None:
    """To be called at the exit, after other threads had time to run. Never raises.

    Python ends by SIGINT, which shells see as 130, where the last code that it was given as a text was left by a
    KeyboardInterrupt; else with 1 (run_eval_code_obj in CPython's pythonrun.c). Modules that are imported meanwhile may
    give it some, as those with named tuples or dataclasses do.
    """
    ended_by = getattr(sys, "last_type", None)
    if isinstance(ended_by, type) and issubclass(ended_by, KeyboardInterrupt) and not hasattr(sys, "ps1"):
        with suppress(KeyboardInterrupt):
            exec("raise KeyboardInterrupt")  # noqa: S102 - a text is the point
