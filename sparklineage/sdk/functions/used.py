"""What a function that is pickled can come to call of the classes that are pickled along with it.

With a bound method goes its whole class, and with that every other method.
"""

from __future__ import annotations

import functools
import itertools
import types
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_MOST = 5_000
"""Objects that are looked at; beyond, everything counts as used."""
_MOST_ITEMS = 100_000
"""Items of containers, most of which are data as a rule; the same is true beyond."""
_BY_TEXT = {"getattr", "attrgetter", "methodcaller", "__getattribute__"}
"""Code that names one of these may call whatever it likes."""
_BY_SPARK = ("eval", "terminate", "cleanup", "analyze")
"""What Spark calls of a class, which is that of a table function."""
_DATA = (str, bytes, bytearray, int, float, complex, bool, type(None), types.ModuleType)
_FOREIGN = ("builtins", "pyspark", "py4j", "sparklineage")
"""Modules whose classes know nothing of the job's methods."""


def unused(root: object, is_kind: Callable[[type], bool]) -> set[int]:
    """Ids of the objects of such classes that stand in a class for a method which nothing reached from the root names.

    What is reached in any other way is used.
    """
    walk = _Walk()
    if isinstance(root, type):
        walk.names.update(_BY_SPARK)
    walk.from_(root)
    if walk.is_too_far or walk.names & _BY_TEXT:
        return set()
    members = {id(item) for cls in walk.classes for value in vars(cls).values() for item in _inside(value)}
    return {id(item) for item in _of_kind(walk, is_kind)} & members - walk.seen.keys()


def _of_kind(walk: _Walk, is_kind: Callable[[type], bool]) -> Iterator[object]:
    for cls in walk.classes:
        for value in vars(cls).values():
            yield from (item for item in _inside(value) if is_kind(type(item)))


def _inside(value: object) -> Iterator[object]:
    """The functions of a static method, a property and their like; else the value itself."""
    if isinstance(value, (staticmethod, classmethod)):
        yield value.__func__
    elif isinstance(value, property):
        yield from (item for item in (value.fget, value.fset, value.fdel) if item is not None)
    elif isinstance(value, functools.cached_property):
        yield value.func
    else:
        yield value


def _is_foreign(kind: type) -> bool:
    # The class that a declared object has on the driver stands in the module of the job's own.
    return kind.__module__.partition(".")[0] in _FOREIGN or "_sparklineage" in vars(kind)


class _Walk:
    def __init__(self) -> None:
        self.seen: dict[int, object] = {}
        self.names: set[str] = set()
        self.classes: list[type] = []
        self._room = _MOST_ITEMS

    @property
    def is_too_far(self) -> bool:
        """Whether there is more than it looks at."""
        return len(self.seen) >= _MOST or self._room <= 0

    def from_(self, root: object) -> None:
        """Everything that the root's code names, and what that names in turn."""
        waiting = [root]
        while waiting:
            while waiting and not self.is_too_far:
                item = waiting.pop()
                if id(item) not in self.seen and not isinstance(item, _DATA):
                    self.seen[id(item)] = item
                    waiting += self._next(item)
            # A name that came up late may be that of a method of a class that came up early.
            waiting = [item for item in self._members() if id(item) not in self.seen]
            if self.is_too_far:
                return

    def _members(self) -> Iterator[object]:
        for cls in self.classes:
            for name, value in vars(cls).items():
                if name in self.names or name.startswith("__"):
                    yield from (item for item in _inside(value) if not isinstance(item, _DATA))

    def _next(self, item: Any) -> list[object]:
        kind = type(item)
        if kind is types.FunctionType:
            return list(self._of_code(item))
        if kind in (tuple, list, set, frozenset):
            return self._items(item)
        if kind is dict:
            return self._items(item, item.values())
        if issubclass(kind, type):
            self.classes += [base for base in item.__mro__ if not _is_foreign(base)]
            return []
        found: list[object] = list(_inside(item))
        if kind is types.MethodType:
            found += [item.__func__, item.__self__]
        elif kind is functools.partial:
            found += [item.func, *item.args, *item.keywords.values()]
        with suppress(AttributeError, TypeError):
            found.append(object.__getattribute__(item, "__wrapped__"))
        with suppress(AttributeError, TypeError):
            found += self._items(object.__getattribute__(item, "__dict__").values())
        return [*found, kind]

    def _items(self, *parts: Iterable[object]) -> list[object]:
        found = list(itertools.islice(itertools.chain(*parts), self._room))
        self._room -= len(found)
        return [item for item in found if not isinstance(item, _DATA)]

    def _of_code(self, function: types.FunctionType) -> Iterator[object]:
        codes = [function.__code__]
        while codes:
            code = codes.pop()
            self.names.update(code.co_names)
            yield from (function.__globals__[name] for name in code.co_names if name in function.__globals__)
            codes += [item for item in code.co_consts if isinstance(item, types.CodeType)]
        for cell in function.__closure__ or ():
            with suppress(ValueError):  # not filled yet
                yield cell.cell_contents
        yield from function.__defaults__ or ()
        yield from (function.__kwdefaults__ or {}).values()
        yield from vars(function).values()
