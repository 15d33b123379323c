"""What stands for a user's function on the driver, and tells the journal when the function comes into use.

What an executor gets is the user's own function and nothing of ours. One of a module that executors import is pickled
by its name there, as every function is, so that it works with the globals of that module; any other by value, by the
standard library alone.
"""

from __future__ import annotations

import copy
import functools
import importlib
import inspect
import operator
import os
import sys
import types
from typing import TYPE_CHECKING, Any

from sparklineage.sdk.functions.declaration import is_looked_for
from sparklineage.sdk.functions.pickled import by_reference, place_of, table_function, use
from sparklineage.sdk.functions.used import unused
from sparklineage.sdk.functions.worker import in_worker
from sparklineage.sdk.session import Driver
from sparklineage.sdk.steps.record import LOG

if TYPE_CHECKING:
    from types import FrameType

    from sparklineage.sdk.functions.declaration import Declaration
    from sparklineage.sdk.steps.record import StepRecord

MARK = "sparklineage:"
"""Before the text that goes along with a function which plans show without a name; the witness looks for it."""
_OURS = frozenset(
    ("__wrapped__", "_sparklineage", "__call__", "__get__", "__copy__", "__deepcopy__", "__reduce__", "__reduce_ex__")
)

_COMPARING = {"__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__", "__hash__"}
_NOT_FORWARDED = (_OURS | set(dir(type)) | {"__del__", "__getattr__", "__setstate__", "__class_getitem__"}) - _COMPARING
"""How it is made, looked up, shown and ended is the same for all."""


class Declared:
    """Stands for the user's function on the driver: the same to call, to name, to inspect and to pickle.

    Every attribute is the function's own, to read, to set and to delete.
    """

    __slots__ = ("__weakref__", "__wrapped__", "_sparklineage")

    def __init__(self, function: Any, declaration: Declaration) -> None:
        object.__setattr__(self, "__wrapped__", function)
        object.__setattr__(self, "_sparklineage", declaration)

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        """Called on the driver: as the user's function, with its datasets on the step that is open."""
        # As `called`, which would take from the depth that a recursion has.
        function = object.__getattribute__(self, "__wrapped__")
        try:
            own = _begun(object.__getattribute__(self, "_sparklineage"))
        except RecursionError:
            own = None
        return function(*args, **kwargs) if own is None else _inside(own, function, args, kwargs)

    def __getattribute__(self, name: str) -> Any:
        if name in _OURS:
            return object.__getattribute__(self, name)
        function = _function(self)
        if name == "__class__":
            # PySpark names a callable object by its class. Functions and classes have names; and what cloudpickle
            # takes for one of these it does not ask how to pickle it.
            return type(self) if isinstance(function, (types.FunctionType, type)) else function.__class__
        if name == "__signature__" and not isinstance(function, types.FunctionType):
            return _signature(function)
        return getattr(function, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(_function(self), name, value)

    def __delattr__(self, name: str) -> None:
        delattr(_function(self), name)

    def __dir__(self) -> list[str]:
        return dir(_function(self))

    def __repr__(self) -> str:
        return repr(_function(self))

    def __copy__(self) -> Any:
        return _again(self, copy.copy(_function(self)))

    def __deepcopy__(self, memo: Any) -> Any:
        return _again(self, copy.deepcopy(_function(self), memo))

    def __reduce_ex__(self, protocol: Any) -> Any:
        """The user's function and nothing else; on the driver this is also the moment when it is sent."""
        frame = sys._getframe(1)  # noqa: SLF001 - the stack is all that tells
        path = by_reference(self, frame)
        label = label_of(self, _function(self), frame)
        if label is None:
            return path if path is not None else (operator.itemgetter(0), ((_function(self),),))
        found = _function(self)
        if path is not None:
            found = Call(operator.attrgetter(path), Call(importlib.import_module, self.__module__))
        return operator.itemgetter(0), ((found, MARK + label),)


class DeclaredMethod(Declared):
    """The same for what can be a method of a class."""

    __slots__ = ()

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        """What the user's function gives, with the declaration."""
        function = _function(self)
        if instance is None and owner is not None:
            name = table_function(owner, sys._getframe(1))  # noqa: SLF001 - the stack is all that tells
            if name is not None:
                declaration_of(self).publish(Driver.of(None, os.environ), name, owner, of=owner.__name__)
        bound = function.__get__(instance, owner)
        if type(bound) is types.MethodType and bound.__func__ is function:
            return types.MethodType(self, bound.__self__)
        return _again(self, bound)


class Call:
    """Pickled as what the call of a function of the standard library gives."""

    def __init__(self, function: Any, *args: Any) -> None:
        self._call = function, args

    def __reduce__(self) -> Any:
        return self._call


def stand_for(function: Any, declaration: Declaration) -> Declared:
    """What stands for it; in a class it is bound only where the function itself would be."""
    kind: Any = type(function)
    return _kind_for(kind)(function, declaration)


@functools.lru_cache(maxsize=256)
def _kind_for(kind: type) -> type[Declared]:
    base = DeclaredMethod if hasattr(kind, "__get__") else Declared
    # Python looks for special methods in the class alone: `len(function)`, `function == other`.
    names = [name for name in dir(kind) if name not in _NOT_FORWARDED and _is_special(kind, name)]
    if not names:
        return base
    return type(base.__name__, (base,), {"__slots__": (), **{name: _forwarding(kind, name) for name in names}})


def _is_special(kind: type, name: str) -> bool:
    found = getattr(kind, name, None)
    is_own = found is not getattr(object, name, None)
    return name.startswith("__") and name.endswith("__") and callable(found) and is_own


def _forwarding(kind: type, name: str) -> Any:
    def method(self: Declared, *args: Any, **kwargs: Any) -> Any:
        others = (_function(item) if issubclass(type(item), Declared) else item for item in args)
        return getattr(kind, name)(_function(self), *others, **kwargs)

    return method


def is_declared(item: object) -> bool:
    """Whether it stands for a function, or is an object that is declared itself."""
    return is_of_declared(type(item))


def is_of_declared(kind: type) -> bool:
    """Whether what is of this class is declared."""
    return issubclass(kind, Declared) or "_sparklineage" in vars(kind)


def declaration_of(declared: Any) -> Declaration:
    """What is declared of the function or the object."""
    found: Declaration = object.__getattribute__(declared, "_sparklineage")
    return found


def called(declaration: Declaration, function: Any, args: Any, kwargs: Any) -> Any:
    """What the user's function gives on the driver, with its datasets on the step that is open."""
    try:
        own = _begun(declaration)
    except RecursionError:  # too deep for this, and maybe not for the function
        own = None
    return function(*args, **kwargs) if own is None else _inside(own, function, args, kwargs)


def _begun(declaration: Declaration) -> StepRecord | None:
    return None if in_worker() else declaration.called()


def _inside(own: StepRecord, function: Any, args: Any, kwargs: Any) -> Any:
    """What the function gives inside of its own step."""
    try:
        result = function(*args, **kwargs)
    except BaseException as error:
        own.end(error)
        raise
    own.end(None)
    return result


def label_of(declared: Any, function: Any, frame: FrameType) -> str | None:
    """Declare that it is pickled by the code at this frame. Never raises.

    Returns what names it in the plan, where the plan has no name for it.
    """
    try:
        return _sent(declared, function, frame)
    except Exception as error:  # noqa: BLE001 - the job goes on
        LOG.warning("%s: its lineage is not complete: %s", declaration_of(declared).name, type(error).__name__)
        return None


def _function(declared: Declared) -> Any:
    return object.__getattribute__(declared, "__wrapped__")


def _again(declared: Declared, function: Any) -> Any:
    return declared if function is _function(declared) else stand_for(function, declaration_of(declared))


def _signature(function: Any) -> inspect.Signature:
    # PySpark asks for it by inspect.getfullargspec, which looks at the class of what is called.
    try:
        return inspect.signature(function)
    except (ValueError, TypeError) as error:
        raise AttributeError("__signature__") from error


def _sent(declared: Any, function: Any, frame: FrameType) -> str | None:
    driver = Driver.of(None, os.environ)
    if driver.is_inert:
        return None
    found, declaration = use(frame), declaration_of(declared)
    if found.root is not None and id(declared) in unused(found.root, is_of_declared):
        return None
    # Where no witness looks at plans, this is the only moment at which anything shows its use. A batch's function is in
    # none, and it is called in another process where the session is one of Spark Connect.
    is_in_plan = found.name is not None or not driver.is_remote
    if found.is_action or driver.folder is None or not (is_in_plan and is_looked_for(driver)):
        declaration.sent(driver)
        return None
    root = _code(found.root)
    if found.is_nameless or (found.name is not None and declaration.is_alike(driver.folder, found.name, root)):
        label = declaration.label(driver.folder, place_of(function))
        declaration.publish(driver, label, beside=None if found.is_nameless else found.name)
        return label
    declaration.publish(driver, found.name, root)
    return None


def _code(root: Any) -> object:
    """What is the same for a function that is made again and again."""
    root = getattr(root, "__func__", root)
    return declaration_of(root) if is_declared(root) else getattr(root, "__code__", root)
