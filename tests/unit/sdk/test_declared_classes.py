"""Classes of table functions and of Python data sources: told by the names that plans show, and else as they were."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from pyspark import cloudpickle
from pyspark.sql.functions import udtf
from pyspark.sql.udtf import UserDefinedTableFunction

import sparklineage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RATES, MAIL = "https://rates.example.com/v1", "acme://mail/sent"
MODULE = """
import sparklineage

class Rows:
    def eval(self, value):
        yield (value,)

class Other(Rows):
    pass

sparklineage.reads("https://rates.example.com/v1")(Rows)

class Decorated:
    @sparklineage.reads("https://rates.example.com/v1")
    def eval(self, value):
        yield (value,)
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SPARKLINEAGE_JOURNAL_RUN", str(tmp_path))
    return tmp_path


def told(folder: Path) -> list[tuple[str, str, list[str], list[str]]]:
    """Kind, name, inputs and outputs of what was declared of functions and sources."""
    return [
        (line["kind"], line["name"], *([item["namespace"] for item in line[key]] for key in ("inputs", "outputs")))
        for line in lines(folder)
    ]


def lines(folder: Path) -> list[dict[str, Any]]:
    """The records of functions and sources."""
    path = folder / "steps.ndjson"
    found = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    return [line for line in found if line["type"] == "function"]


def without_the_package(data: bytes, code: str) -> list[str]:
    """What the code prints of the pickled object `it` where nothing of the package can be imported."""
    program = f"import pickle, sys; sys.modules['sparklineage'] = None; it = pickle.load(sys.stdin.buffer); {code}"
    done = subprocess.run([sys.executable, "-c", program], input=data, capture_output=True, check=True)
    return done.stdout.decode().split()


# Table functions -----------------------------------------------------------------------------------------------------


def handler() -> Any:
    class Rows:
        def eval(self, value: int) -> Iterator[tuple[int]]:
            yield (value,)

    return Rows


def sent(function: UserDefinedTableFunction) -> bytes:
    """As PySpark's own `_create_judtf` pickles the class."""
    namespace: dict[str, Any] = {"__name__": "pyspark.sql.udtf", "dumps": cloudpickle.dumps}
    exec("def judtf(self):\n    return dumps(self.func)", namespace)  # noqa: S102 - stands for pyspark's own module
    data: bytes = namespace["judtf"](function)
    return data


def registered(name: str, function: UserDefinedTableFunction) -> UserDefinedTableFunction:
    """What `spark.udtf.register` makes of it."""
    return UserDefinedTableFunction(function.func, function._returnType, name=name)


@pytest.mark.parametrize("is_above", [True, False])
def test_a_table_function_stays_one_and_is_told_by_the_name_that_it_is_registered_by(
    is_above: bool, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    declare, rows = sparklineage.reads(RATES), handler()
    function = declare(udtf(rows, returnType="v: long")) if is_above else udtf(declare(rows), returnType="v: long")
    assert type(function) is UserDefinedTableFunction
    assert function.func is rows
    assert list(rows().eval(3)) == [(3,)]
    assert rows.eval.__qualname__.endswith("Rows.eval")
    assert told(folder) == []
    data = sent(registered("to_eur", function))
    assert told(folder) == [("function", "to_eur", ["https://rates.example.com"], [])]
    assert without_the_package(data, "print(*it().eval(7), type(vars(it)['eval']).__name__)") == ["(7,)", "function"]
    sparklineage.writes(MAIL)(function)
    sent(function)
    assert told(folder)[1:] == [("function", "Rows", ["https://rates.example.com"], ["acme://mail"])]
    assert caplog.messages == []


def test_a_table_function_of_a_module_is_told_though_nothing_shows_that_it_is_pickled(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "tables_of_job.py").write_text(MODULE)
    monkeypatch.syspath_prepend(folder)
    job = importlib.import_module("tables_of_job")
    try:
        assert b"eval" not in cloudpickle.dumps(job.Rows)
        for kind in (job.Rows, job.Other, job.Decorated):
            registered(f"sql_{kind.__name__}", udtf(kind, returnType="v: long"))
    finally:
        del sys.modules["tables_of_job"]
    assert [name for _, name, _, _ in told(folder)] == [
        *("Rows", "sql_Rows", "Other", "sql_Other"),
        *("Decorated", "sql_Decorated"),
    ]
    # Where it is used by the one, it needs no run of its own by the other.
    assert [line["of"] for line in lines(folder)][-2:] == ["Decorated", "Decorated"]


def test_the_methods_of_a_table_function_are_told_where_spark_calls_them(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Rows:
        @sparklineage.reads(RATES)
        def eval(self, value: int) -> Iterator[tuple[int]]:
            yield (value,)

        @sparklineage.writes(MAIL)
        def terminate(self) -> None: ...

        @sparklineage.reads("s3://never/asked")
        def other(self) -> None: ...

    data = sent(registered("to_eur", udtf(Rows, returnType="v: long")))
    assert told(folder) == [
        ("function", "to_eur", ["https://rates.example.com"], []),
        ("function", "to_eur", [], ["acme://mail"]),
    ]
    assert without_the_package(data, "print(*it().eval(7), type(vars(it)['eval']).__name__)") == ["(7,)", "function"]
    assert caplog.messages == []


def test_a_table_function_that_was_made_before_its_class_is_declared_is_told_at_once(folder: Path) -> None:
    rows = handler()
    functions = [registered(name, udtf(rows, returnType="v: long")) for name in ("a", "b")]
    sparklineage.reads(RATES)(rows)
    assert sorted(name for _, name, _, _ in told(folder)) == ["a", "b"]
    assert [function.func for function in functions] == [rows, rows]


def test_a_subclass_has_what_its_base_declares_where_it_runs_the_base_s_code(folder: Path) -> None:
    rows: Any = sparklineage.reads(RATES)(handler())

    class Inheriting(rows): ...  # type: ignore[misc]

    class Calling(rows):  # type: ignore[misc]
        def eval(self, value: int) -> Iterator[tuple[int]]:
            yield from super().eval(value)

    class Replacing(rows):  # type: ignore[misc]
        def eval(self, value: int) -> Iterator[tuple[int]]:
            yield (value,)

    class Both(Inheriting): ...

    sparklineage.writes(MAIL)(Both)
    for kind in (Inheriting, Calling, Replacing, Both):
        sent(udtf(kind, returnType="v: long"))
    assert [(name, reads, writes) for _, name, reads, writes in told(folder)] == [
        ("Inheriting", ["https://rates.example.com"], []),
        ("Calling", ["https://rates.example.com"], []),
        ("Both", ["https://rates.example.com"], []),
        ("Both", [], ["acme://mail"]),
    ]


@pytest.mark.parametrize("is_decorated", [False, True])
def test_a_stateful_processor_is_told_by_the_name_that_the_plan_has_for_it(
    is_decorated: bool, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Count:
        def handleInputRows(self, key: int) -> int:  # noqa: N802 - Spark's name
            return key

        if is_decorated:
            handleInputRows = sparklineage.writes(MAIL)(handleInputRows)  # noqa: N815 - as above

    class Utils:
        """As PySpark's own, whose method is the function of the plan."""

        def __init__(self, processor: Any) -> None:
            self.processor = processor

        def run(self, key: int) -> Any:
            return self.processor.handleInputRows(key)

    processor = sparklineage.reads(RATES)(Count)()
    assert type(processor) is Count
    assert Count.handleInputRows.__qualname__.endswith("Count.handleInputRows")
    function = SimpleNamespace(_name="transformWithStateUDF", func=Utils(processor).run)
    namespace: dict[str, Any] = {"__name__": "pyspark.sql.udf", "dumps": cloudpickle.dumps}
    exec("def judf(self):\n    return dumps(self.func)", namespace)  # noqa: S102 - stands for pyspark's own module
    data = namespace["judf"](function)
    rates = ("https://rates.example.com", "transformWithStateUDF")
    assert rates in [(reads[0], name) for _, name, reads, _ in told(folder) if reads]
    assert [name for _, name, _, writes in told(folder) if writes] == ["transformWithStateUDF"] * is_decorated
    # Where a query has it by that name, it needs no run of its own by the class's.
    assert {line["of"] for line in lines(folder) if line["inputs"]} == {"Count"}
    code = "print(it(7), type(vars(type(it.__self__.processor))['handleInputRows']).__name__)"
    assert without_the_package(data, code) == ["7", "function"]
    assert caplog.messages == []


# Data sources --------------------------------------------------------------------------------------------------------


def source(name: str, base: type = object) -> Any:
    """A class of a source, as far as PySpark asks it on the driver."""

    class Source(base):  # type: ignore[misc]
        @classmethod
        def name(cls) -> str:
            return name

    return Source


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """What the active session has registered."""
    names: set[str] = set()
    manager = SimpleNamespace(dataSourceExists=names.__contains__)
    state = SimpleNamespace(dataSourceManager=lambda: manager)
    found = SimpleNamespace(_jsparkSession=SimpleNamespace(sessionState=lambda: state))
    monkeypatch.setattr("pyspark.sql.SparkSession.getActiveSession", lambda: found)
    return names


def test_a_source_that_is_registered_already_is_told_at_once(folder: Path, session: set[str]) -> None:
    early, late = source("early"), source("late")
    sub = source("late_too", late)
    session |= {"late", "late_too"}
    sparklineage.reads(RATES)(early)
    sparklineage.reads(RATES)(late)
    assert [name for _, name, _, _ in told(folder)] == ["late", "late_too"]
    assert sub.name() == "late_too"


def test_a_subclass_with_a_name_of_its_own_has_what_its_base_declares(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    base = sparklineage.reads(RATES)(source("base"))
    sub, own = source("sub", base), sparklineage.writes(MAIL)(source("own", base))
    assert told(folder) == []
    assert (sub.name(), own.name(), source("deep", sub).name()) == ("sub", "own", "deep")
    reads = ["https://rates.example.com"]
    assert told(folder) == [
        ("source", "sub", reads, []),
        ("source", "own", reads, ["acme://mail"]),
        ("source", "deep", reads, []),
    ]
    assert caplog.messages == []


def test_a_class_does_with_its_subclasses_what_it_did(folder: Path) -> None:
    made: list[tuple[str, int]] = []

    class Base:
        def __init_subclass__(cls, *, size: int = 0) -> None:
            made.append((cls.__name__, size))

        @classmethod
        def name(cls) -> str:
            return cls.__name__

    class Inheriting(Base, size=1): ...

    sparklineage.reads(RATES)(Base)
    sparklineage.reads(RATES)(Inheriting)

    class Sub(Inheriting, size=2): ...

    class Other(Base, size=3): ...

    assert made == [("Inheriting", 1), ("Sub", 2), ("Other", 3)]
    assert (Sub.name(), Other.name()) == ("Sub", "Other")
    assert {name for _, name, _, _ in told(folder)} == {"Sub", "Other"}
    with pytest.raises(TypeError, match="takes no keyword arguments"):
        type("Wrong", (sparklineage.reads(RATES)(source("x")),), {}, colour=1)


def test_executors_get_the_classes_alone() -> None:
    base = sparklineage.reads(RATES)(source("base"))
    code = (
        "print(it.name(), it.__base__.name(), type('Deep', (it,), {}).name(), type(vars(it)['name'].__func__).__name__)"
    )
    data = cloudpickle.dumps(source("sub", base))
    assert without_the_package(data, code) == ["sub", "base", "sub", "function"]
