from __future__ import annotations

import functools
import gc
import inspect
import json
import logging
import pickle
import subprocess
import sys
from contextlib import suppress
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from pyspark import cloudpickle

import sparklineage
from sparklineage import Dataset, datasets, facets
from sparklineage.sdk.functions import declaration as module
from sparklineage.sdk.functions.declaration import Declaration
from sparklineage.sdk.sending.direct import Direct, Who
from sparklineage.sdk.sending.emit import Emitter
from sparklineage.sdk.session import Driver
from sparklineage.sdk.steps.record import StepRecord

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RATES = {"namespace": "https://rates.example.com", "name": "/v1"}
MAIL = {"namespace": "acme://mail", "name": "sent"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SPARKLINEAGE_JOURNAL_RUN", str(tmp_path))
    return tmp_path


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(module, "_unwritable", set())
    monkeypatch.setattr(module, "_published", {})
    monkeypatch.setattr(module, "_labels", {})
    monkeypatch.setattr(module, "_named", {})
    monkeypatch.setattr(module, "_mixed", set())
    yield


def records(folder: Path, kind: str) -> list[dict[str, Any]]:
    path = folder / "steps.ndjson"
    lines = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    return [line for line in lines if line["type"] == kind]


def rate(currency: str, *, day: int = 1) -> float:
    """The rate of a currency."""
    return float(len(currency) + day)


def test_a_function_stays_what_it_is() -> None:
    declared = sparklineage.reads("https://rates.example.com/v1")(rate)
    assert declared("EUR", day=2) == rate("EUR", day=2)
    assert (declared.__name__, declared.__doc__, declared.__module__) == (rate.__name__, rate.__doc__, __name__)
    assert inspect.signature(declared) == inspect.signature(rate)
    assert inspect.getfullargspec(declared) == inspect.getfullargspec(rate)
    assert callable(declared)


def test_executors_get_the_user_s_own_function_and_nothing_of_ours() -> None:
    def local(value: int) -> int:
        return value + 1

    declared = sparklineage.writes(("acme://mail", "sent"))(sparklineage.reads("https://rates.example.com/v1")(local))
    data = cloudpickle.dumps(declared)
    code = "f = pickle.loads(sys.stdin.buffer.read()); print(f(2), type(f).__name__)"
    without = "import pickle, sys; sys.modules['sparklineage'] = None; " + code
    done = subprocess.run([sys.executable, "-c", without], input=data, capture_output=True, check=True)
    assert done.stdout.decode().split() == ["3", "function"]


def test_a_helper_declares_on_the_step_that_is_open(folder: Path) -> None:
    declared = sparklineage.reads("https://rates.example.com/v1")(rate)
    with sparklineage.step(None, "score"):
        declared("EUR")
    (start,) = records(folder, "stepStart")
    (told,) = records(folder, "stepDatasets")
    assert (start["name"], told["step"], told["inputs"], told["outputs"]) == ("score", start["step"], [RATES], [])


def test_a_helper_without_a_step_has_one_of_its_own_with_its_failure(folder: Path) -> None:
    @sparklineage.writes(("acme://mail", "sent"))
    def send() -> None:
        raise ValueError("no route")

    with pytest.raises(ValueError, match="no route"):
        send()
    (start,) = records(folder, "stepStart")
    (end,) = records(folder, "stepEnd")
    assert (start["name"], start["outputs"]) == ("send", [MAIL])
    assert (end["error"]["type"], end["error"]["message"]) == ("ValueError", "no route")


def test_calls_write_only_what_is_new(folder: Path) -> None:
    declared = sparklineage.reads("https://rates.example.com/v1")(rate)
    for _ in range(2):
        with sparklineage.step(None, "score"):
            for _ in range(2_000):
                declared("EUR")
    assert len(records(folder, "stepDatasets")) == 2
    sparklineage.writes(("acme://mail", "sent"))(declared)
    for _ in range(2):
        declared("EUR")
    assert [(item["name"], item["function"]) for item in records(folder, "stepStart")[2:]] == [("rate", True)] * 2
    assert records(folder, "stepStart")[-1]["outputs"] == [MAIL]


class Counting:
    """A SparkContext with its thread's properties, and how often it was asked."""

    def __init__(self, folder: Path) -> None:
        self.conf = {"spark.sparklineage.journal": str(folder)}
        self.property: str | None = None
        self.asked: list[str] = []

    def getConf(self) -> dict[str, str]:  # noqa: N802 - Spark's name
        self.asked.append("conf")
        return self.conf

    def getLocalProperty(self, _: str) -> str | None:  # noqa: N802 - Spark's name
        self.asked.append("get")
        return self.property

    def setLocalProperty(self, _: str, value: str | None) -> None:  # noqa: N802 - Spark's name
        self.asked.append("set")
        self.property = value


def test_a_call_outside_of_any_step_asks_the_jvm_three_times(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the property is, the step's, and what it was: each way to the JVM takes a good part of a millisecond."""
    context = Counting(tmp_path)
    core = SimpleNamespace(SparkContext=SimpleNamespace(_active_spark_context=context))
    monkeypatch.setitem(sys.modules, "pyspark", core)
    monkeypatch.delitem(sys.modules, "pyspark.sql")  # which would ask for the active session
    seen: list[str | None] = []
    declared: Any = sparklineage.reads("https://rates.example.com/v1")(lambda: seen.append(context.property))
    declared()
    assert context.asked.pop(0) == "conf"
    context.property = "of another"
    declared()
    assert context.asked == ["get", "set", "set"] * 2
    assert context.property == "of another"
    assert seen == [item["step"] for item in records(tmp_path, "stepStart")]
    assert records(tmp_path, "stepStart")[1]["parentStep"] is None


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What is sent without a journal."""
    found: list[dict[str, Any]] = []
    monkeypatch.setattr(StepRecord, "_append", lambda _, record: found.append(record))
    monkeypatch.setattr("sparklineage.sdk.steps.record._emission", lambda _: None)
    in_application("first", monkeypatch)
    return found


def in_application(run: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on nothing has a journal, and everything is sent below this run."""
    who = Who(namespace="test", job="app", parent={"run": {"runId": run}})
    way = Direct(who=who, emitter=Emitter({}), place="a test")
    monkeypatch.setattr(Driver, "of", lambda *_: Driver(folder=None, direct=way))


def test_without_a_journal_equal_calls_are_sent_once(sent: list[dict[str, Any]]) -> None:
    outcomes: list[Exception | None] = [None, None, ValueError("a"), ValueError("b"), KeyError("c"), None]

    @sparklineage.reads("https://rates.example.com/v1")
    def ask() -> None:
        error = outcomes.pop(0)
        if len(outcomes) == 0:
            sparklineage.current_step().writes(("acme://mail", "sent"))
        if error is not None:
            raise error

    for _ in range(6):
        with suppress(ValueError, KeyError):
            ask()
    found = [item["error"]["type"] if item.get("error") else item["type"] for item in sent]
    once = ["stepStart", "stepEnd"]
    assert found == [*once, "stepStart", "ValueError", "stepStart", "KeyError", "stepStart", "stepDatasets", "stepEnd"]


def test_without_a_journal_each_application_has_what_is_called_and_sent_in_it(
    sent: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    helper, function = (sparklineage.reads("https://rates.example.com/v1")(rate) for _ in range(2))
    for run in ("first", "second"):
        in_application(run, monkeypatch)
        for _ in range(2):
            helper("EUR")
            cloudpickle.dumps(function)
    assert [item["name"] for item in sent if item["type"] == "stepStart"] == ["rate"] * 4


def test_what_is_pickled_for_a_plan_is_told_once_by_its_name(folder: Path) -> None:
    declared = sparklineage.writes(("acme://mail", "sent"))(sparklineage.reads("https://rates.example.com/v1")(rate))
    cloudpickle.dumps(declared)
    cloudpickle.dumps(declared)
    (told,) = records(folder, "function")
    assert (told["kind"], told["name"], told["inputs"], told["outputs"]) == ("function", "rate", [RATES], [MAIL])
    assert records(folder, "stepStart") == []


def test_what_is_pickled_for_an_action_declares_at_once(folder: Path) -> None:
    declared = sparklineage.writes(("acme://mail", "sent"))(rate)
    namespace: dict[str, Any] = {"__name__": "pyspark.core.rdd", "dumps": cloudpickle.dumps}
    exec("def run(function):\n    return dumps(function)", namespace)  # noqa: S102 - stands for pyspark's own module
    with sparklineage.step(None, "export"):
        namespace["run"](declared)
    (told,) = records(folder, "stepDatasets")
    assert told["outputs"] == [MAIL]
    # The relay makes one run of equal ones, and each test with a journal sees its own.
    for _ in range(3):
        namespace["run"](declared)
    plan: dict[str, Any] = {"__name__": "pyspark.sql.udf", "run": namespace["run"]}
    exec("def judf(function):\n    return run(function)", plan)  # noqa: S102 - as above
    plan["judf"](declared)
    found = records(folder, "stepStart")
    assert [(item["name"], item.get("function")) for item in found] == [("export", None), *[("rate", True)] * 3]
    assert len(records(folder, "stepEnd")) == 4


def test_methods_and_classes_are_declared_too(folder: Path) -> None:
    class Client:
        @sparklineage.reads("https://rates.example.com/v1")
        def get(self) -> str:
            return type(self).__name__

    assert Client().get() == "Client"
    assert records(folder, "stepStart")[0]["name"] == "get"

    class Source:
        @classmethod
        def name(cls) -> str:
            return "rates"

    assert sparklineage.reads("https://rates.example.com/v1")(Source) is Source
    assert records(folder, "function") == []
    # PySpark asks when the source is registered.
    assert (Source.name(), Source.name()) == ("rates", "rates")
    (told,) = records(folder, "function")
    assert (told["kind"], told["name"], told["inputs"]) == ("source", "rates", [RATES])


def test_a_class_of_a_data_source_is_pickled_without_anything_of_ours() -> None:
    class Source:
        @classmethod
        def name(cls) -> str:
            return "rates"

    data = cloudpickle.dumps(sparklineage.reads("https://rates.example.com/v1")(Source))
    code = "c = pickle.loads(sys.stdin.buffer.read()); print(c.name(), type(vars(c)['name'].__func__).__name__)"
    without = "import pickle, sys; sys.modules['sparklineage'] = None; " + code
    done = subprocess.run([sys.executable, "-c", without], input=data, capture_output=True, check=True)
    assert done.stdout.decode().split() == ["rates", "function"]


class Udf:
    """The part of PySpark's own UDFs that counts here: the function is pickled at the first use."""

    def __init__(self, func: Any, name: str) -> None:
        self.func, self._name = func, name
        self.evalType, self.returnType = 100, "long"
        self._judf_placeholder: bytes | None = None

    @property
    def _judf(self) -> bytes:
        namespace: dict[str, Any] = {"__name__": "pyspark.sql.udf", "dumps": cloudpickle.dumps}
        exec("def judf(self):\n    return dumps(self.func)", namespace)  # noqa: S102 - stands for pyspark's own module
        self._judf_placeholder = namespace["judf"](self)
        return self._judf_placeholder


def test_a_function_is_told_by_the_name_that_it_is_registered_by(folder: Path) -> None:
    declared = sparklineage.reads("https://rates.example.com/v1")(rate)
    assert Udf(declared, "to_eur")._judf
    (told,) = records(folder, "function")
    assert (told["kind"], told["name"]) == ("function", "to_eur")


@pytest.mark.parametrize("used_before", [True, False])
def test_a_udf_stays_what_it_is_and_is_told_when_it_is_used(used_before: bool, folder: Path) -> None:
    udf = Udf(rate, "rate")
    if used_before:
        assert udf._judf
    assert sparklineage.reads("https://rates.example.com/v1")(udf) is udf
    assert len(records(folder, "function")) == used_before
    assert udf._judf
    assert sparklineage.writes(("acme://mail", "sent"))(udf) is udf
    told = records(folder, "function")
    assert [item["name"] for item in told] == ["rate", "rate"]
    assert (told[-1]["inputs"], told[-1]["outputs"]) == ([RATES], [MAIL])


def labels(data: bytes) -> list[str]:
    """As the witness finds them in what Spark has of a function."""
    found = []
    at = data.find(b"sparklineage:")
    while at > 0:
        assert data[at - 2] == 0x8C
        found.append(data[at : at + data[at - 1]].decode().removeprefix("sparklineage:"))
        at = data.find(b"sparklineage:", at + 1)
    return found


class Rates:
    def __call__(self, currency: str) -> float:
        return rate(currency)


def test_a_function_without_a_name_of_its_own_takes_one_along(folder: Path) -> None:
    """A plan calls it <lambda>, as it calls everybody's."""
    reads = sparklineage.reads("https://rates.example.com/v1")
    first, second = reads(lambda currency: currency), sparklineage.reads("acme://a/x")(lambda currency: currency)
    one, two = reads(Rates()), sparklineage.reads("acme://a/x")(Rates())
    partial = reads(functools.partial(rate, day=2))
    lines = [function.__code__.co_firstlineno for function in (first, rate)]
    place = f"@{__name__}"
    expected = {
        f"<lambda>{place}#{lines[0]}": first,
        f"<lambda>{place}#{lines[0]}-2": second,
        f"Rates{place}": one,
        f"Rates{place}-2": two,
        f"partial{place}#{lines[1]}": partial,
    }
    with sparklineage.step(None, "score"):
        for label, function in expected.items():
            for _ in range(2):
                name = getattr(function, "__name__", function.__class__.__name__)
                data = Udf(function, name)._judf
                assert labels(data) == [label]
                assert "sparklineage" not in str(type(cloudpickle.loads(data)))
    assert [item["name"] for item in records(folder, "function")] == list(expected)
    assert records(folder, "stepDatasets") == []


@pytest.mark.usefixtures("folder")
def test_many_lambdas_of_one_line_are_numbered_at_once_and_none_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """To compare each with all before it takes seconds for thousands."""

    def made(number: int) -> Any:
        return sparklineage.reads(("acme://many", str(number)))(lambda value: value)

    compared: list[Declaration] = []
    compare = Declaration.differs

    def differs(self: Declaration, other: Declaration) -> bool:
        compared.append(other)
        return compare(self, other)

    monkeypatch.setattr(Declaration, "differs", differs)
    found = [labels(Udf(made(number), "<lambda>")._judf)[0] for number in [*range(100), 7, 0]]
    first = f"<lambda>@{__name__}#{made.__code__.co_firstlineno + 1}"
    assert found == [first, *(f"{first}-{number}" for number in range(2, 101)), f"{first}-8", first]
    assert len(compared) < 100
    compared.clear()
    gc.collect()
    assert list(module._named["<lambda>"]) == []


def test_a_lambda_that_declares_more_keeps_its_label_for_itself(folder: Path) -> None:
    def made() -> Any:
        return sparklineage.reads("acme://a/x")(lambda value: value)

    first = made()
    (label,) = labels(Udf(first, "<lambda>")._judf)
    sparklineage.writes(("acme://mail", "sent"))(first)
    assert labels(Udf(first, "<lambda>")._judf) == [label]
    assert [labels(Udf(made(), "<lambda>")._judf) for _ in range(2)] == [[f"{label}-2"]] * 2
    told = [(item["name"], len(item["outputs"])) for item in records(folder, "function")]
    assert told == [(label, 0), (label, 1), (f"{label}-2", 0), (f"{label}-2", 0)]


def test_what_a_lambda_calls_is_told_by_name_too(folder: Path) -> None:
    declared = sparklineage.reads("https://rates.example.com/v1")(rate)
    data = Udf(lambda currency: 2 * declared(currency), "<lambda>")._judf
    (label,) = labels(data)
    assert (label.partition("#")[0], cloudpickle.loads(data)("EUR")) == (f"rate@{__name__}", 8)
    (told,) = records(folder, "function")
    assert (told["name"], told["inputs"]) == (label, [RATES])


def test_a_lambda_s_udf_that_was_used_before_is_pickled_anew(folder: Path) -> None:
    udf = Udf(lambda currency: currency, "<lambda>")
    assert labels(udf._judf) == []
    sparklineage.reads("https://rates.example.com/v1")(udf)
    assert udf._judf_placeholder is None
    assert labels(udf._judf) == [item["name"] for item in records(folder, "function")]


def test_without_a_journal_nothing_but_the_function_is_pickled() -> None:
    assert labels(Udf(sparklineage.reads("acme://a/x")(lambda value: value), "<lambda>")._judf) == []


def test_a_udf_that_calls_two_declared_helpers_is_declared_once(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    first, second = (sparklineage.reads((target, "x"))(rate) for target in ("acme://a", "acme://b"))

    def both(currency: str) -> float:
        return float(first(currency) + second(currency))

    for _ in range(2):
        assert Udf(both, "both")._judf
    told = records(folder, "function")
    assert [(item["name"], item["inputs"][0]["namespace"]) for item in told] == [
        ("both", "acme://a"),
        ("both", "acme://b"),
    ]
    assert caplog.messages == []


def test_of_a_class_only_the_methods_that_are_used_are_told(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    class Client:
        @sparklineage.reads("acme://a/get")
        def get(self, currency: str) -> float:
            return float(self._ask(currency))

        @staticmethod
        @sparklineage.reads("acme://a/ask")
        def _ask(currency: str) -> float:
            return rate(currency)

        @sparklineage.reads("acme://a/put")
        def put(self) -> None: ...

    class ByText(Client):
        @sparklineage.reads("acme://a/any")
        def any(self, currency: str) -> float:
            return float(getattr(self, "get")(currency))  # noqa: B009

    class Call(Client):
        def __call__(self, currency: str) -> float:
            return float(self.get(currency))

    for function, name in ((Client().get, "get"), (ByText().any, "any"), (Call(), "call")):
        assert Udf(function, name)._judf
    told = [(item["name"], item["inputs"][0]["name"]) for item in records(folder, "function")]
    assert set(told) == {
        *(("get", name) for name in ("/get", "/ask")),
        *(("any", name) for name in ("/get", "/ask", "/put", "/any")),
        *(("call", name) for name in ("/get", "/ask")),
    }
    assert len(told) == 8
    assert caplog.messages == []


def twins() -> tuple[Any, Any]:
    """Two different functions of one name, as two modules have them."""

    def of_another_module(currency: str) -> float:
        return rate(currency)

    of_another_module.__name__ = "rate"
    first = sparklineage.reads("acme://a/x")(of_another_module)
    return first, sparklineage.reads("acme://b/x")(rate)


def test_two_of_one_name_take_along_what_tells_them_apart(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    found = [labels(Udf(function, "rate")._judf) for function in twins() for _ in range(2)]
    lines = [function.__code__.co_firstlineno for function in (twins()[0], rate)]
    place = f"rate@{__name__}#"
    assert found == [[f"{place}{line}"] for line in lines for _ in range(2)]
    told = records(folder, "function")
    assert [item["inputs"][0]["namespace"] for item in told] == ["acme://a", "acme://b"]
    assert [(item["name"], item["of"], item["beside"]) for item in told] == [
        (f"{place}{line}", f"{place}{line}", "rate") for line in lines
    ]
    assert caplog.messages == []


def test_under_names_of_their_own_in_sql_two_of_one_name_take_nothing_along(folder: Path) -> None:
    for name, function in zip(("to_eur", "to_usd"), twins(), strict=True):
        assert labels(Udf(function, name)._judf) == []
    assert [item["name"] for item in records(folder, "function")] == ["to_eur", "to_usd"]


def test_equal_ones_of_one_name_take_nothing_along(folder: Path) -> None:
    reads = sparklineage.reads("https://rates.example.com/v1")
    for function in [reads(rate), reads(rate)]:
        assert labels(Udf(function, "rate")._judf) == []
    assert {item["name"] for item in records(folder, "function")} == {"rate"}


def test_one_that_is_declared_when_another_of_its_name_is_in_use_is_one_warning(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first = sparklineage.reads("acme://a/x")(rate)
    assert labels(Udf(first, "rate")._judf) == []
    second, helper = sparklineage.reads("acme://b/x")(rate), sparklineage.reads("acme://c/x")(rate)
    assert labels(Udf(first, "rate")._judf)
    assert caplog.messages == []
    for _ in range(2):
        assert labels(Udf(second, "rate")._judf) == [f"rate@{__name__}#{rate.__code__.co_firstlineno}-2"]
    # Nor is a helper of one that is no longer alone told by that name.
    assert labels(Udf(lambda currency: 2 * helper(currency), "rate")._judf)
    assert [item["name"] for item in records(folder, "function")].count("rate") == 1
    assert caplog.messages == ["rate: declared twice, and a query that uses the later one gets the datasets of both"]


@pytest.mark.usefixtures("folder")
def test_two_of_one_name_are_told_when_both_come_into_use(caplog: pytest.LogCaptureFixture) -> None:
    first, second = (sparklineage.reads((target, "x"))(rate) for target in ("acme://a", "acme://b"))
    cloudpickle.dumps(first)
    assert caplog.messages == []
    for _ in range(2):
        cloudpickle.dumps(second)
    assert caplog.messages == ["rate: declared twice, and a query that uses either gets the datasets of both"]


@pytest.mark.parametrize(
    "bad",
    [None, 3, "no uri", ("a",), object(), Dataset("a", "a", facets={"acme_x": {"bytes": {1: object(), (): 2}}})],
)
def test_a_wrong_dataset_is_one_warning_and_the_function_works(bad: Any, caplog: pytest.LogCaptureFixture) -> None:
    declared = sparklineage.reads(bad, "https://rates.example.com/v1")(rate)
    assert declared("EUR") == 4
    assert len(caplog.messages) == 1
    with pytest.raises((ValueError, TypeError), match=r"a|key"):
        sparklineage.reads(bad, strict=True)


def test_a_name_that_no_backend_takes_is_left_out(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    long = "s3://b/" + "x" * 5_000_000
    declared = sparklineage.reads(long, "https://rates.example.com/v1")(rate)
    assert [message[:200] for message in caplog.messages] == [
        "reads: a dataset is left out: a dataset's name has more than 4096 characters"
    ]
    cloudpickle.dumps(declared)
    assert records(folder, "function")[0]["inputs"] == [RATES]
    with pytest.raises(ValueError, match="4096"):
        sparklineage.reads(long, strict=True)


@pytest.mark.parametrize("bad", [None, 3, "text", []])
def test_a_target_that_is_no_function_comes_back(bad: Any, caplog: pytest.LogCaptureFixture) -> None:
    assert sparklineage.reads("https://rates.example.com/v1")(bad) is bad
    assert caplog.messages[0].endswith("reads and writes are for functions and classes")
    with pytest.raises(TypeError, match="functions and classes"):
        sparklineage.reads("https://rates.example.com/v1", strict=True)(bad)


@pytest.mark.parametrize("decorator", [sparklineage.reads, sparklineage.writes])
def test_without_datasets_the_function_stays_what_it_is(decorator: Any, caplog: pytest.LogCaptureFixture) -> None:
    """`@sparklineage.reads` alone, as people write it by mistake."""
    of_class: Any = classmethod
    of_a_class: tuple[Any, ...] = (staticmethod(rate), of_class(rate), property(rate), functools.cached_property(rate))
    for function in (rate, Rates, Rates(), functools.partialmethod(rate), *of_a_class):
        assert decorator(function) is function
    (said,) = caplog.messages
    assert "takes datasets, and the function below" in said


@pytest.mark.parametrize("decorator", [sparklineage.reads, sparklineage.writes])
def test_a_dataset_that_is_not_made_leaves_the_function_alone(decorator: Any, caplog: pytest.LogCaptureFixture) -> None:
    """`@sparklineage.reads(datasets.s3)`, whose brackets are forgotten."""
    for given in (datasets.s3, Dataset, Dataset.of, facets.ownership):
        assert decorator(given)(rate) is rate
        with pytest.raises(TypeError, match="takes datasets, and the function below"):
            decorator(given, strict=True)
    assert len(caplog.messages) == 1


def test_in_a_worker_it_is_the_function_alone(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module of the job's may be imported by an executor, and a decorated helper called for each row."""
    declared = sparklineage.reads("https://rates.example.com/v1")(rate)
    monkeypatch.setitem(sys.modules, "pyspark.worker", sys)
    assert declared("EUR") == 4
    with sparklineage.step(None, "inner"):
        pass
    assert not (folder / "steps.ndjson").exists()


def test_plain_pickle_of_a_module_s_function_is_the_function() -> None:
    data = pickle.dumps(sparklineage.reads("https://rates.example.com/v1")(len))
    assert pickle.loads(data) is len  # noqa: S301 - made above


def test_no_journal_costs_nothing_and_warns_of_nothing(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    declared = sparklineage.reads("https://rates.example.com/v1")(rate)
    assert declared("EUR") == 4
    cloudpickle.dumps(declared)
    assert caplog.messages == []


class Remote:
    """As a session of Spark Connect shows itself."""

    __module__ = "pyspark.sql.connect.session"

    @property
    def sparkContext(self) -> Any:  # noqa: N802 - Spark's name
        raise NotImplementedError("JVM_ATTRIBUTE_NOT_SUPPORTED")


@pytest.fixture
def remote(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    session = Remote()
    monkeypatch.setattr("sparklineage.sdk.session.active", lambda: session)
    return folder


def test_under_spark_connect_a_function_declares_on_each_step_that_sends_it(remote: Path) -> None:
    """There is no witness; and a client sends the function with each plan that it is executed or looked at with."""
    declared = sparklineage.reads("https://rates.example.com/v1")(rate)
    for name in ("first", "second"):
        with sparklineage.step(None, name):
            assert Udf(declared, "rate")._judf
            assert Udf(declared, "rate")._judf
    assert [item["inputs"] for item in records(remote, "stepDatasets")] == [[RATES], [RATES]]
    assert len({item["step"] for item in records(remote, "stepDatasets")}) == 2
    assert {item["remote"] for item in records(remote, "stepStart")} == {True}
    assert records(remote, "function") == []
    # Without a step it has a run of its own, once.
    other = sparklineage.reads("https://rates.example.com/v1")(rate)
    for _ in range(2):
        assert Udf(other, "rate")._judf
    assert [item["name"] for item in records(remote, "stepStart")] == ["first", "second", "rate"]
    assert records(remote, "function") == []


def remote_udf(function: Any, name: str) -> bytes:
    """What a client sends of it, by PySpark's own objects for that."""
    namespace: dict[str, Any] = {"__name__": "pyspark.sql.connect.expressions", "dumps": cloudpickle.dumps}
    exec("def to_plan(self):\n    return dumps(self._function._func)", namespace)  # noqa: S102 - stands for pyspark's
    found: bytes = namespace["to_plan"](SimpleNamespace(_function_name=name, _function=SimpleNamespace(_func=function)))
    return found


def test_a_server_of_spark_connect_in_this_process_finds_in_plans_what_no_step_sends(
    remote: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPARK_LOCAL_REMOTE", "1")
    reads = sparklineage.reads("https://rates.example.com/v1")
    assert Udf(reads(rate), "too_early")._judf
    (remote / "witness.ndjson").touch()
    assert Udf(reads(rate), "to_eur")._judf
    assert remote_udf(reads(rate), "remote")
    label = labels(remote_udf(reads(lambda currency: currency), "<lambda>"))
    with sparklineage.step(None, "load"):
        assert Udf(reads(rate), "of_step")._judf
    # Such as the function of a batch, which stands in no plan.
    cloudpickle.dumps(reads(rate))
    monkeypatch.delenv("SPARK_LOCAL_REMOTE")
    assert Udf(reads(rate), "elsewhere")._judf
    assert [item["name"] for item in records(remote, "function")] == ["to_eur", "remote", *label]
    assert [item["name"] for item in records(remote, "stepStart")] == ["rate", "load", "rate", "rate"]
    assert [item["inputs"] for item in records(remote, "stepDatasets")] == [[RATES]]


def test_under_spark_connect_a_data_source_declares_where_it_is_registered(remote: Path) -> None:
    @sparklineage.reads("https://rates.example.com/v1")
    class Source:
        @classmethod
        def name(cls) -> str:
            return "rates"

    with sparklineage.step(None, "load"):
        assert Source.name() == "rates"
    (told,) = records(remote, "stepDatasets")
    assert told["inputs"] == [RATES]
    assert records(remote, "function") == []
