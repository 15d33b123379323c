"""Objects with `__call__` that are declared. The object stays itself, so it is as equal, as long and as open as ever.

On the driver it gets a class of its own below its class, which notices that it is called or pickled. What is pickled is
the object of the user's own class.
"""

from __future__ import annotations

import copyreg
import functools
import importlib
import inspect
import operator
import sys
import types
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from sparklineage.sdk.functions.declared import MARK, Call, called, label_of, stand_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from sparklineage.sdk.functions.declaration import Declaration

_CLASS: Any = vars(object)["__class__"]
"""Sets the class of an object, whatever its own class says to that."""


def declared(function: Any, declaration: Declaration) -> Any:
    """A callable object itself where it can take a class of ours; for others, as for functions, what stands for it."""
    kind = type(function)
    try:
        if kind.__call__ is not type.__call__ and _takes_subclasses(kind):
            _CLASS.__set__(function, _below(kind, declaration))
            return function
    except TypeError:
        pass  # Its class is not written in Python.
    return stand_for(function, declaration)


def _takes_subclasses(kind: type) -> bool:
    """Whether nobody is told of a new subclass."""
    return isinstance(inspect.getattr_static(kind, "__init_subclass__"), types.ClassMethodDescriptorType)


def _below(kind: Any, declaration: Declaration) -> type:
    def get(self: Any, instance: Any, owner: type | None = None) -> Any:
        bound = kind.__get__(self, instance, owner)
        is_bound_to_it = type(bound) is types.MethodType and bound.__func__ is self
        return bound if bound is self or is_bound_to_it else stand_for(bound, declaration)

    @functools.wraps(kind.__call__)
    def call(self: Any, /, *args: Any, **kwargs: Any) -> Any:
        return called(declaration, functools.partial(kind.__call__, self), args, kwargs)

    with suppress(ValueError, TypeError):
        # PySpark asks for it by inspect.getfullargspec, which takes no wrapper for what it wraps.
        vars(call)["__signature__"] = inspect.signature(kind.__call__)

    def reduce(self: Any, protocol: Any) -> Any:
        return _reduced(self, kind, protocol, sys._getframe(1))  # noqa: SLF001 - the stack is all that tells

    members: dict[str, Any] = {
        "__slots__": (),
        "__module__": kind.__module__,
        "__qualname__": kind.__qualname__,
        "__doc__": kind.__doc__,
        "__call__": call,
        "__reduce_ex__": reduce,
        # Objects that compare their classes, as those of dataclasses, and PySpark's name of a column ask for this.
        "__class__": property(lambda _: kind, _CLASS.__set__),
        "_sparklineage": declaration,
    }
    if hasattr(kind, "__get__"):
        members["__get__"] = get
    # Past the metaclass, which may note the classes that it makes.
    below: type = type.__new__(type(kind), kind.__name__, (kind,), members)
    return below


def _reduced(self: Any, kind: Any, protocol: Any, frame: types.FrameType) -> Any:
    """The object of the user's own class and nothing else; on the driver this is also the moment when it is sent."""
    registered: Callable[[Any], Any] | None = copyreg.dispatch_table.get(kind)
    found = registered(self) if registered is not None else kind.__reduce_ex__(self, protocol)
    if frame.f_globals.get("__name__") == "copy":
        return found  # A copy is declared, too.
    if isinstance(found, tuple):
        ours = type(self)
        function, args, *state = found
        args = tuple(kind if item is ours else item for item in args)
        found = kind if function is ours else function, args, *state
    label = label_of(self, self, frame)
    return found if label is None else _labelled(found, kind.__module__, label)


def _labelled(found: Any, module: str, label: str) -> tuple[Any, ...]:
    """The same object with a text along. Its state is set when it is made, as it may refer to the object itself."""
    if isinstance(found, str):
        made, state = Call(operator.attrgetter(found), Call(importlib.import_module, module)), ()
    else:
        function, args, *state = found
        # Pickle has opcodes for these two, and looks at what is made by them.
        if function is getattr(copyreg, "__newobj__", None):
            function, args = operator.methodcaller("__new__", *args), args[:1]
        elif function is getattr(copyreg, "__newobj_ex__", None):
            function, args = operator.methodcaller("__new__", args[0], *args[1], **args[2]), args[:1]
        made = Call(function, *args)
    return operator.itemgetter(0), ((made, MARK + label),), *state
