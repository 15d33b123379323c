"""A module of a job's, which executors import: it has what nothing can pickle, and what is to be opened once."""

# ruff: noqa: ARG001 - Spark gives what the functions do not need

from __future__ import annotations

import os
import sys
import threading
from typing import TYPE_CHECKING

import sparklineage

if TYPE_CHECKING:
    from collections.abc import Iterator

_lock = threading.Lock()
_opened: list[int] = []


def _open() -> tuple[int, int]:
    with _lock:
        if not _opened:
            _opened.append(os.getpid())
            return os.getpid(), 1
    return os.getpid(), 0


def plain(number: int) -> tuple[int, int]:
    """The process, and whether it has opened what it needs just now."""
    return _open()


@sparklineage.reads(("hidden", "opened"))
def opened(number: int) -> tuple[int, int]:
    """The same as `plain`."""
    return _open()


@sparklineage.reads(("hidden", "of_module"))
def rate(value: int) -> int:
    """How many of our modules the worker has."""
    with _lock:
        return sum(name.startswith("sparklineage.") for name in sys.modules)


@sparklineage.reads(("hidden", "rows_of_module"))
class Rows:
    def eval(self, value: int) -> Iterator[tuple[int]]:
        with _lock:
            yield (value,)


class RowsByMethod:
    @sparklineage.reads(("hidden", "by_method_of_module"))
    def eval(self, value: int) -> Iterator[tuple[int]]:
        with _lock:
            yield (value,)


@sparklineage.reads(("hidden", "score_of_module"))
def score(value: int) -> int:
    """Of the same name as one of the job's own."""
    with _lock:
        return value
