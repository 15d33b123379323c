"""What the stack tells of a function that is being pickled: by whom, for what, and under which name."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import FrameType

_ACTIONS = ("pyspark.rdd", "pyspark.core.rdd", "pyspark.core.context", "pyspark.context")
"""Where a function is pickled for a job that runs at once: those of an RDD, and foreach and foreachPartition."""
_REMOTE = ("pyspark.sql.connect.expressions", "pyspark.sql.connect.plan")
"""Where a client of Spark Connect pickles one for a plan or under its name in SQL."""
_PICKLERS = ("pickle", "_pickle", "copyreg")
"""Frames of the pickler that is written in Python; cloudpickle's own is behind them."""
_CHECK = "_validate_udtf_handler"
"""PySpark's function that looks for `eval` whenever a table function is made of a class, in 3.5 to 4.2."""
_FRAMES = 60
_WITHIN = 3
"""How deep partial functions and methods are looked into."""


@dataclass(frozen=True, kw_only=True)
class Use:
    """What a function is pickled for."""

    is_action: bool
    """A job that runs now; else a plan."""
    name: str | None = None
    """The name that it has in the plan."""
    root: Any = None
    """What Spark calls there: the function, or another one that calls it."""

    @property
    def is_nameless(self) -> bool:
        """Whether plans show a name that is nobody's own: `<lambda>`, or a callable object's class."""
        named = hasattr(self.root, "__name__") or self.root is None or self.name != self.root.__class__.__name__
        return self.name == "<lambda>" or not named


def use(frame: FrameType | None) -> Use:
    """What the code at this frame pickles for."""
    is_action = in_plan = False
    root: Any = None
    for _ in range(_FRAMES):
        if frame is None:
            break
        module = str(frame.f_globals.get("__name__", ""))
        if module.startswith("pyspark.sql.") and module.rpartition(".")[2] in ("udf", "udtf", "datasource"):
            in_plan = True
            # It may be registered by another name than the function's.
            udf = frame.f_locals.get("self")
            name = getattr(udf, "_name", None)
            if isinstance(name, str):
                return Use(is_action=False, name=name, root=getattr(udf, "func", None))
        elif module in _REMOTE:
            call = frame.f_locals.get("self")
            name = getattr(call, "_function_name", None)
            if isinstance(name, str):
                return Use(is_action=False, name=name, root=getattr(getattr(call, "_function", None), "_func", None))
        elif module in _ACTIONS:
            # A UDF is pickled by code of the RDD's, too.
            is_action = True
            root = frame.f_locals.get("func") if root is None else root
        frame = frame.f_back
    return Use(is_action=is_action and not in_plan, root=root)


def by_reference(item: Any, frame: FrameType) -> str | None:
    """The path of this object in its module, where the code at this frame pickles such a function by name.

    That is what pickle does with all of them, and cloudpickle with those of modules that executors can import.
    """
    module, path = getattr(item, "__module__", None), getattr(item, "__qualname__", None)
    found: Any = sys.modules.get(module) if isinstance(module, str) else None
    if found is None or not isinstance(path, str):
        return None
    for name in path.split("."):
        found = getattr(found, name, None)
    if found is not item:
        return None
    pickler: FrameType | None = frame
    while pickler is not None and pickler.f_globals.get("__name__") in _PICKLERS:
        pickler = pickler.f_back
    who = str(pickler.f_globals.get("__name__", "")) if pickler is not None else ""
    if "cloudpickle" not in who:
        return path
    if module == "__main__" or _is_by_value(str(module), who):
        return None
    return path


def _is_by_value(module: str, pickler: str) -> bool:
    """Whether the job has asked this cloudpickle for all of the module's functions (register_pickle_by_value)."""
    cloudpickle = sys.modules.get(f"{pickler.rpartition('.')[0]}.cloudpickle")
    registered: set[str] = getattr(cloudpickle, "list_registry_pickle_by_value", set)()
    return any(module == name or module.startswith(f"{name}.") for name in registered)


def is_importable(kind: type) -> bool:
    """Whether a class is pickled by its name alone."""
    found: Any = sys.modules.get(kind.__module__) if kind.__module__ != "__main__" else None
    for name in kind.__qualname__.split("."):
        found = getattr(found, name, None)
    return found is kind


def table_function(owner: type, frame: FrameType) -> str | None:
    """The name of the table function that the code at this frame makes of a class of a module that executors import.

    Such a class is pickled by its name, which nobody notices.
    """
    if frame.f_code.co_name != _CHECK or frame.f_back is None or not is_importable(owner):
        return None
    name = frame.f_back.f_locals.get("name")
    return name if isinstance(name, str) else owner.__name__


def place_of(function: Any) -> str:
    """Where a function is written, as `module#line`; of an object the module of its class."""
    for _ in range(_WITHIN):
        inner = getattr(function, "func", None) or getattr(function, "__func__", None)
        if inner is None:
            break
        function = inner
    code = getattr(function, "__code__", None)
    module = str(getattr(function, "__module__", None) or "")
    return f"{module}#{code.co_firstlineno}" if code is not None else module
