"""What is put into classes of Python data sources, of table functions and of stateful processors, so that a
declaration is told by the names that plans show. PySpark asks for these names when a class is registered, or pickles
the class for them.

Nothing of it goes along with a class that is pickled by value.
"""

from __future__ import annotations

import functools
import gc
import inspect
import operator
import os
import sys
import types
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from sparklineage.sdk.functions.declaration import Declaration
from sparklineage.sdk.functions.declared import stand_for
from sparklineage.sdk.functions.pickled import table_function, use
from sparklineage.sdk.functions.worker import in_worker
from sparklineage.sdk.session import Driver
from sparklineage.sdk.steps.record import LOG

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sparklineage.model.dataset import Dataset

_METHODS = (classmethod, staticmethod)

_OF_STATE = "handleInputRows"
"""What Spark calls of a StatefulProcessor."""

_of_classes: WeakKeyDictionary[type, Declaration] = WeakKeyDictionary()


class NameOfSource:
    """Stands for `name` of a class of a Python data source: PySpark asks for it when the source is registered."""

    def __init__(self, function: Any, declaration: Declaration) -> None:
        functools.update_wrapper(self, function)
        self.__wrapped__ = function
        self.declaration = declaration

    def __call__(self, *args: Any) -> Any:
        name = self.__wrapped__(*args)
        if not in_worker():
            self.declaration.publish(Driver.of(None, os.environ), str(name))
        return name

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        """As a method of a class."""
        return self if instance is None else types.MethodType(self, instance)

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        """The user's function and nothing else."""
        return operator.itemgetter(0), ((self.__wrapped__,),)


class _Eval:
    """Stands for `eval` of the class of a table function, which gets a name of its own where it is registered."""

    def __init__(self, method: Any, declaration: Declaration) -> None:
        self.__wrapped__, self._declaration = method, declaration

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        """The user's own method."""
        if instance is None and owner is not None:
            name = table_function(owner, sys._getframe(1))  # noqa: SLF001 - the stack is all that tells
            if name is not None:
                self._declaration.publish(Driver.of(None, os.environ), name)
        method = self.__wrapped__
        return method.__get__(instance, owner) if hasattr(type(method), "__get__") else method

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        """The user's own method and nothing else; on the driver this is also the moment when its class is sent."""
        try:
            driver = Driver.of(None, os.environ)
            found = use(sys._getframe(1))  # noqa: SLF001 - as above
            if not driver.is_inert and self._is_called_by(found.root):
                self._declaration.publish(driver, found.name, found.root)
        except Exception as error:  # noqa: BLE001 - the job goes on
            LOG.warning("%s: its lineage is not complete: %s", self._declaration.name, type(error).__name__)
        return operator.itemgetter(0), ((self.__wrapped__,),)

    def _is_called_by(self, root: Any) -> bool:
        """Whether a class that is pickled has this method, or calls it from one of its own."""
        if not isinstance(root, type):
            return True  # a function, which may call whatever goes along with it
        method = inspect.getattr_static(root, "eval", self)
        while isinstance(method, _Eval):
            if method is self:
                return True
            method = method.__wrapped__
        code = getattr(method, "__code__", None)
        return code is None or "eval" in code.co_names


class _Subclasses:
    """Stands for `__init_subclass__` of the class of a data source: a subclass may have a name of its own."""

    def __init__(self, owner: Any, declaration: Declaration) -> None:
        self._owner, self._declaration = owner, declaration
        self._before = inspect.getattr_static(owner, "__init_subclass__")
        self._is_own = "__init_subclass__" in vars(owner)

    def __get__(self, instance: Any, owner: Any) -> Any:
        """What the user's class does with a new subclass, and then what is declared."""
        # `super` of the class that it stands in, as the user's own code has it there.
        parent: Any = super(self._owner, owner)
        before = self._before.__get__(instance, owner) if self._is_own else parent.__init_subclass__

        def made(*args: Any, **kwargs: Any) -> None:
            before(*args, **kwargs)
            _name_source(owner, self._declaration)

        return made

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        """What the class has without it; an attribute of a class cannot be left out."""
        before = self._before if isinstance(self._before, _METHODS) else object.__init_subclass__
        return operator.itemgetter(0), ((before,),)


def of_class(target: type) -> Declaration | None:
    """What is declared of this class itself."""
    return _of_classes.get(target)


def declare_class(target: type, inputs: Mapping[Dataset, Dataset], outputs: Mapping[Dataset, Dataset]) -> Declaration:
    """Declare a class of a data source, of a table function, of a stateful processor, or of objects that are called."""
    named = inspect.getattr_static(target, "name", None)
    if isinstance(named, _METHODS):
        declaration = _declare_source(target, named, inputs, outputs)
    else:
        declaration = Declaration("function", target.__name__, inputs, outputs)
        if hasattr(target, "eval"):
            method = inspect.getattr_static(target, "eval")
            target.eval = _Eval(method, declaration)
        elif hasattr(target, _OF_STATE):
            # Plans have another name for it than the class's, which is known when it is pickled.
            setattr(target, _OF_STATE, stand_for(inspect.getattr_static(target, _OF_STATE), declaration))
    _of_classes[target] = declaration
    return declaration


def publish_class(target: type, declaration: Declaration) -> None:
    """Tell of a class by the names that it is in use by already, before PySpark asks for anything again."""
    driver = Driver.of(None, os.environ)
    if declaration.kind == "source":
        for kind in (target, *_subclasses(target)):
            named = inspect.getattr_static(kind, "name", None)
            function = getattr(named, "__func__", None)
            if isinstance(function, NameOfSource) and function.declaration is declaration:
                name = _name_of(kind, named, function.__wrapped__)
                if _is_registered(name):
                    declaration.publish(driver, name)
    elif hasattr(target, "eval"):
        for name in _table_functions(target):
            declaration.publish(driver, name)
    else:
        declaration.publish(driver)


def _declare_source(
    target: type, named: Any, inputs: Mapping[Dataset, Dataset], outputs: Mapping[Dataset, Dataset]
) -> Declaration:
    function = named.__func__
    if isinstance(function, NameOfSource):
        # A subclass of one that is declared has that one's datasets, and its own.
        inputs = {**function.declaration.inputs, **inputs}
        outputs = {**function.declaration.outputs, **outputs}
        function = function.__wrapped__
    declaration = Declaration("source", _name_of(target, named, function), inputs, outputs)
    target.name = type(named)(NameOfSource(function, declaration))  # type: ignore[attr-defined]
    for kind in _subclasses(target):
        _name_source(kind, declaration)
    target.__init_subclass__ = _Subclasses(target, declaration)  # type: ignore[assignment]
    return declaration


def _name_of(kind: type, named: Any, function: Any) -> str:
    """What PySpark is told, without telling anybody that it was asked."""
    return str(type(named)(function).__get__(None, kind)())


def _name_source(kind: type, declaration: Declaration) -> None:
    named = vars(kind).get("name")
    if isinstance(named, _METHODS) and not isinstance(named.__func__, NameOfSource):
        kind.name = type(named)(NameOfSource(named.__func__, declaration))  # type: ignore[attr-defined]


def _subclasses(kind: type) -> Iterator[Any]:
    found: Any
    for found in type.__subclasses__(kind):
        yield found
        yield from _subclasses(found)


def _is_registered(name: str) -> bool:
    """Whether the active session has a Python data source of this name. Before Spark 4 none has."""
    try:
        session = sys.modules["pyspark.sql"].SparkSession.getActiveSession()
        sources = session._jsparkSession.sessionState().dataSourceManager()  # noqa: SLF001 - PySpark's own way
        return bool(sources.dataSourceExists(name))
    except Exception:  # noqa: BLE001 - no session, one of Spark Connect, or an older Spark
        return False


def _table_functions(handler: type) -> Iterator[str]:
    """The names of table functions that were made of the class before."""
    if "pyspark.sql.udtf" in sys.modules:
        for item in gc.get_objects():
            if type(item).__name__ == "UserDefinedTableFunction" and getattr(item, "func", None) is handler:
                yield str(item._name)  # noqa: SLF001 - PySpark's name of it
