"""A declared function is the same as without its declaration: on the driver, and wherever it is pickled to."""

from __future__ import annotations

import asyncio
import copy
import dataclasses
import functools
import importlib
import importlib.machinery
import inspect
import multiprocessing
import operator
import pickle
import subprocess
import sys
import types
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from pyspark import cloudpickle

import sparklineage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

declared = sparklineage.reads("https://rates.example.com/v1")

MODULE = """
import os, threading
import sparklineage

lock = threading.Lock()
opened = []


@sparklineage.reads("https://rates.example.com/v1")
def rate(value):
    with lock:
        opened.append(value)
    return len(opened)


def total(value):
    return rate(value)


class Client:
    @sparklineage.reads("https://rates.example.com/v1")
    def get(self):
        with lock:
            return 7

    @staticmethod
    @sparklineage.reads("https://rates.example.com/v1")
    def double(value):
        return 2 * value
"""
OBJECTS = """
import functools

class Plain:
    def __call__(self, value):
        return value + 1

class Slots(Plain):
    __slots__ = ("size",)

    def __init__(self):
        self.size = 1

class Reducing(Plain):
    def __reduce__(self):
        return type(self), ()

class Itself(Plain):
    def __init__(self):
        self.itself = self

class Partial(functools.partial):
    pass

def objects():
    return Plain(), Slots(), Reducing(), Itself(), Partial(max, 2)
"""
WORKER = """
import pickle, sys, types
sys.modules["pyspark.worker"] = types.ModuleType("pyspark.worker")
functions = pickle.load(sys.stdin.buffer)
"""


@pytest.fixture
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[types.ModuleType]:
    """A module of a job's, as executors import it."""
    (tmp_path / "helpers_of_job.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module("helpers_of_job")
    del sys.modules["helpers_of_job"]


def on_worker(data: bytes, code: str, path: Path) -> list[str]:
    """What the code prints where the pickled functions arrive."""
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(path)!r})\n{WORKER}{code}"]
    done = subprocess.run(command, input=data, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode().split()


# By name, as every function of a module ------------------------------------------------------------------------------


@pytest.mark.parametrize("by", [pickle, cloudpickle])
def test_a_function_of_a_module_works_with_the_module_s_own_globals(
    by: Any, job: types.ModuleType, tmp_path: Path
) -> None:
    data = by.dumps([job.rate, job.rate, job.Client().get, job.Client.double])
    assert b"Lock" not in data
    code = """
first, second, get, double = functions
first(1), second(1)
import helpers_of_job
print(len(helpers_of_job.opened), first(1), helpers_of_job.total(1), get(), double(4))
print(type(first).__name__, first is second)
print(sorted(name for name in sys.modules if name.startswith("sparklineage.")))
"""
    expected = "2 3 4 7 8 function True"
    names = ("sdk", "sdk.functions", "sdk.functions.hidden", "sdk.functions.worker")
    modules = str([f"sparklineage.{name}" for name in names])
    assert on_worker(data, code, tmp_path) == f"{expected} {modules}".split()


def test_pickle_gives_the_very_same_object_on_the_driver(job: types.ModuleType) -> None:
    assert pickle.loads(pickle.dumps(job.rate)) is job.rate  # noqa: S301 - made here
    assert cloudpickle.loads(cloudpickle.dumps(job.rate)) is job.rate
    assert copy.copy(job.rate) is copy.deepcopy(job.rate) is job.rate


def test_a_pool_of_fresh_processes_takes_it(job: types.ModuleType) -> None:
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        assert list(pool.map(job.rate, [1, 1])) == [1, 2]


def test_a_module_that_is_pickled_by_value_stays_so(job: types.ModuleType, tmp_path: Path) -> None:
    vars(job)["lock"] = nullcontext()
    cloudpickle.register_pickle_by_value(job)
    try:
        data = cloudpickle.dumps([job.rate])
    finally:
        cloudpickle.unregister_pickle_by_value(job)
    (tmp_path / "helpers_of_job.py").unlink()
    assert on_worker(data, "print(functions[0](1), 'sparklineage' in sys.modules)", tmp_path) == ["1", "False"]


def test_what_a_lambda_calls_of_a_module_is_the_module_s_own(job: types.ModuleType, tmp_path: Path) -> None:
    namespace = {"rate": job.rate, "__name__": "__main__"}
    function = eval("lambda value: rate(value)", namespace)  # noqa: S307 - a function of the driver's program
    data = cloudpickle.dumps([function])
    code = "import helpers_of_job; functions[0](1); print(len(helpers_of_job.opened), functions[0](1))"
    assert on_worker(data, code, tmp_path) == ["1", "2"]


def test_a_function_of_the_program_is_pickled_by_value_for_executors_and_else_by_name(tmp_path: Path) -> None:
    program = """
import pickle, sys
from pyspark import cloudpickle
import sparklineage

@sparklineage.reads("https://rates.example.com/v1")
def rate(value):
    return value + rate.offset

rate.offset = 4
assert pickle.loads(pickle.dumps(rate)) is rate
sys.stdout.buffer.write(cloudpickle.dumps([rate]))
"""
    data = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout
    code = "print(functions[0](3), type(functions[0]).__name__, 'sparklineage' in sys.modules)"
    assert on_worker(data, code, tmp_path) == ["7", "function", "False"]


@pytest.mark.parametrize("program", ["pyspark.worker", "pyspark.sql.worker.analyze_udtf", "job"])
def test_a_worker_is_known_also_where_it_is_the_program_itself(program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["__main__"], "__spec__", importlib.machinery.ModuleSpec(program, None))
    assert (declared_now(rate) is rate) is (program != "job")


def declared_now(function: Any) -> Any:
    return sparklineage.reads("https://rates.example.com/v1")(function)


def test_importing_and_decorating_costs_an_executor_next_to_nothing(tmp_path: Path) -> None:
    code = """
import time
start = time.process_time()
import sparklineage
@sparklineage.reads("https://rates.example.com/v1")
def rate(value): return value
@sparklineage.writes(None, strict=True)
class Source: pass
took = time.process_time() - start
import threading
print(took < 0.03, type(rate).__name__, type(Source).__name__, threading.active_count())
"""
    assert on_worker(pickle.dumps([]), code, tmp_path) == ["True", "function", "type", "1"]


# The same to inspect -------------------------------------------------------------------------------------------------


def rate(currency: str, *, day: int = 1) -> float:
    """The rate of a currency."""
    return float(len(currency) + day)


async def later(value: int) -> int:
    return value


def each(values: list[int]) -> Iterator[int]:
    yield from values


@pytest.mark.parametrize("function", [rate, later, each])
def test_it_is_the_same_to_inspect(function: Any) -> None:
    ours = declared(function)
    for name in ("code", "globals", "defaults", "kwdefaults", "closure", "dict", "annotations", "doc", "module"):
        assert getattr(ours, f"__{name}__") is getattr(function, f"__{name}__"), name
    for ask in (
        inspect.iscoroutinefunction,
        asyncio.iscoroutinefunction,
        inspect.isgeneratorfunction,
        inspect.signature,
        inspect.getfullargspec,
        inspect.getsource,
        inspect.getdoc,
        callable,
        repr,
        dir,
    ):
        assert ask(ours) == ask(function), ask
    assert inspect.unwrap(ours) is function


def test_attributes_are_the_function_s_own() -> None:
    def local(value: int) -> int:
        return value + local.offset  # type: ignore[attr-defined,no-any-return]

    ours: Any = declared(local)
    ours.offset = 5
    assert (ours(1), local.offset, vars(ours)) == (6, 5, {"offset": 5})  # type: ignore[attr-defined]
    del ours.offset
    assert not hasattr(local, "offset")
    with pytest.raises(AttributeError, match="offset"):
        _ = ours.offset
    cached = declared(functools.lru_cache(rate))
    assert (cached("EUR"), cached("EUR"), cached.cache_info().hits) == (4, 4, 1)


class Rates:
    def __init__(self) -> None:
        self.calls = 0
        self.declaration = "mine"

    def __call__(self, value: int) -> int:
        self.calls += 1
        return value


def test_an_object_keeps_its_state_and_the_name_that_pyspark_gives_its_column() -> None:
    rates = Rates()
    ours: Any = declared(rates)
    assert (ours(1), ours(2)) == (1, 2)
    assert (ours.calls, rates.calls, ours.declaration) == (2, 2, "mine")
    ours.calls = 7
    assert cloudpickle.loads(cloudpickle.dumps(ours)).calls == rates.calls == 7
    for function in (rates, functools.partial(max, 1), rate, len, rates.__call__, functools.lru_cache(rate)):
        found = declared(function)
        assert name_of_column(found) == name_of_column(function)
        assert isinstance(found, type(function)) or inspect.isfunction(function)
        try:
            signature = inspect.signature(function)
        except ValueError:
            continue
        assert inspect.signature(found) == signature
    assert inspect.signature(ours) == inspect.signature(Rates())
    assert inspect.getfullargspec(ours) == inspect.getfullargspec(Rates())
    other = copy.copy(ours)
    assert (type(other), other.calls, other is ours) == (type(ours), 7, False)


@dataclasses.dataclass(frozen=True)
class Client:
    """As users write one: it is opened, counted, compared, and refers to itself."""

    names: tuple[str, ...] = ("EUR", "USD")
    seen: list[Any] = dataclasses.field(default_factory=list, compare=False)

    def __call__(self, value: int) -> int:
        return value + len(self.names)

    def __len__(self) -> int:
        return len(self.names)

    def __enter__(self) -> Client:
        self.seen.append(self)
        return self

    def __exit__(self, *_: object) -> None:
        self.seen.append("closed")

    def __contains__(self, name: str) -> bool:
        return name in self.names


def test_an_object_is_declared_itself_with_its_special_methods_and_equality() -> None:
    client = Client()
    ours = declared(client)
    assert ours is client
    assert (ours == Client(), Client() == ours, ours == Client(("EUR",)), hash(ours)) == (
        True,
        True,
        False,
        hash(Client()),
    )
    assert (len(ours), "EUR" in ours, repr(ours) == repr(Client()), {Client(): 1}[ours]) == (2, True, True, 1)
    with ours as opened:
        assert opened is ours
    assert ours.seen == [ours, "closed"]
    assert (isinstance(ours, Client), ours.__class__, ours(1)) == (True, Client, 3)
    assert sparklineage.writes("acme://mail/sent")(ours) is client
    assert Client.__subclasses__() == [type(ours)]


@pytest.mark.parametrize("by", [pickle, cloudpickle])
def test_what_is_pickled_of_an_object_is_of_its_own_class(by: Any, tmp_path: Path) -> None:
    (tmp_path / "clients_of_job.py").write_text(OBJECTS)
    code = (
        "import sys, clients_of_job\nfor it in functions: print(type(it) is getattr(clients_of_job, type(it).__name__))"
    )
    program = f"""
import sys; sys.path.insert(0, {str(tmp_path)!r})
import pickle, sparklineage, clients_of_job
from pyspark import cloudpickle
found = [sparklineage.reads("acme://a/x")(item) for item in clients_of_job.objects()]
sys.stdout.buffer.write({by.__name__.rpartition(".")[2]}.dumps(found))
"""
    data = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout
    assert b"sparklineage" not in data
    assert on_worker(data, code, tmp_path) == ["True"] * 5
    assert on_worker(data, "for it in functions: print(it(1))", tmp_path) == ["2"] * 5


def test_a_copy_of_an_object_is_declared_too() -> None:
    ours = declared(Client())
    for other in (copy.copy(ours), copy.deepcopy(ours)):
        assert (other == ours, other is ours, type(other) is type(ours), other(1)) == (True, False, True, 3)


def test_a_class_that_notes_its_subclasses_hears_of_none() -> None:
    class Noting(type):
        made: ClassVar[list[str]] = []

        def __init__(cls, name: str, bases: tuple[type, ...], members: dict[str, Any]) -> None:
            super().__init__(name, bases, members)
            cls.made.append(name)

    class Plain(metaclass=Noting):
        def __call__(self) -> int:
            return 1

    class Registry:
        made: ClassVar[list[type]] = []

        def __init_subclass__(cls) -> None:
            cls.made.append(cls)

        def __call__(self) -> int:
            return 2

        def __len__(self) -> int:
            return 5

        def __del__(self) -> None:
            ended.append(self)

    ended: list[Registry] = []
    plain, registry = declared(Plain()), declared(Registry())
    assert (plain(), registry(), len(registry), Noting.made, Registry.made) == (1, 2, 5, ["Plain"], [])
    original = inspect.unwrap(registry)
    del registry
    assert (ended, original()) == ([], 2)


def test_what_is_not_written_in_python_keeps_its_special_methods() -> None:
    class Length:
        def __len__(self) -> int:
            return 3

        def get(self) -> int:
            return 4

    length = Length()
    ours = declared(length.get)
    assert (ours == length.get, length.get == ours, hash(ours) == hash(length.get), ours()) == (True, True, True, 4)
    call = declared(operator.itemgetter(1))
    assert (call([1, 2]), str(call), pickle.loads(pickle.dumps(call))([5, 6])) == (2, "operator.itemgetter(1)", 6)  # noqa: S301 - made here


def name_of_column(function: Any) -> str:
    """As pyspark.sql.udf.UserDefinedFunction finds it."""
    return str(function.__name__ if hasattr(function, "__name__") else function.__class__.__name__)


def test_methods_of_every_kind_work_in_both_orders() -> None:
    class Client:
        unbound = declared(Rates())

        @declared
        @staticmethod
        def static_below(value: int) -> int:
            return value

        @staticmethod
        @declared
        def static_above(value: int) -> int:
            return value

        @declared
        @classmethod
        def class_below(cls, value: int) -> tuple[str, int]:
            return cls.__name__, value

        @classmethod
        @declared
        def class_above(cls, value: int) -> tuple[str, int]:
            return cls.__name__, value

        @declared  # type: ignore[prop-decorator]
        @property
        def below(self) -> str:
            return "below"

        @property
        @declared
        def above(self) -> str:
            return "above"

        @declared  # type: ignore[prop-decorator]
        @functools.cached_property
        def kept(self) -> object:
            return object()

        @declared
        def get(self, value: int) -> tuple[str, int]:
            return type(self).__name__, value

        got = declared(functools.partialmethod(get, 3))

    class Sub(Client):
        pass

    for it in (Sub(), Sub):
        assert (it.static_below(1), it.static_above(2), it.unbound(5)) == (1, 2, 5)
        assert (it.class_below(1), it.class_above(2)) == (("Sub", 1), ("Sub", 2))
    client: Any = Sub()
    assert (client.below, client.above, client.kept is client.kept) == ("below", "above", True)
    assert (client.get(1), Sub.get(client, 2), client.got()) == (("Sub", 1), ("Sub", 2), ("Sub", 3))
    assert (client.get.__name__, client.get.__self__, inspect.ismethod(client.get)) == ("get", client, True)
    assert str(inspect.signature(client.get)) == "(value: 'int') -> 'tuple[str, int]'"
    # A cached property has a lock, which nothing pickles.
    del Client.kept
    assert cloudpickle.loads(cloudpickle.dumps(client)).below == "below"
