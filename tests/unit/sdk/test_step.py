from __future__ import annotations

import functools
import json
import logging
import os
import resource
import subprocess
import sys
import threading
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from pyspark import cloudpickle

import sparklineage
from sparklineage.journal import LineReader
from sparklineage.model.dataset import Dataset
from sparklineage.model.ids import is_run_id
from sparklineage.sdk import session as session_module
from sparklineage.sdk.steps import record
from sparklineage.sdk.steps.step import Step, step

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from pathlib import Path

SECRET = "canary-5up3r"


class Conf:
    def __init__(self, values: dict[str, str]) -> None:
        self.values = values

    def get(self, key: str) -> str | None:
        return self.values.get(key)


class Context:
    """The part of a SparkContext that steps use: local properties of each thread, and the conf."""

    def __init__(self, conf: dict[str, str]) -> None:
        self.conf = Conf(conf)
        self.local = threading.local()
        self.conf_reads = 0

    def getConf(self) -> Conf:  # noqa: N802 - Spark's name
        self.conf_reads += 1
        return self.conf

    def getLocalProperty(self, key: str) -> str | None:  # noqa: N802 - Spark's name
        value: str | None = getattr(self.local, key, None)
        return value

    def setLocalProperty(self, key: str, value: str | None) -> None:  # noqa: N802 - Spark's name
        setattr(self.local, key, value)


class Session:
    def __init__(self, context: Context) -> None:
        self.sparkContext = context  # Spark's name


class ConnectSession:
    @property
    def sparkContext(self) -> Any:  # noqa: N802 - Spark's name
        raise NotImplementedError("JVM_ATTRIBUTE_NOT_SUPPORTED")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
def context(folder: Path) -> Context:
    return Context({"spark.sparklineage.journal": str(folder)})


@pytest.fixture
def spark(context: Context) -> Session:
    return Session(context)


@pytest.fixture(autouse=True)
def _no_lineage_outside(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("SPARKLINEAGE_JOURNAL_RUN", raising=False)
    record._unwritable.clear()
    yield


def records(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "steps.ndjson").read_text().splitlines()]


def test_a_step_records_its_start_and_end(spark: Session, folder: Path) -> None:
    before = time.time_ns() // 1_000_000
    with step(spark, "weather", inputs=["sqlite:///d/w.db#obs"], outputs=[("file", "/d/bronze")]):
        pass
    start, end = records(folder)
    assert is_run_id(start["step"])
    assert start == {
        "type": "stepStart",
        "format": 1,
        "time": start["time"],
        "step": start["step"],
        "name": "weather",
        "parentStep": None,
        "inherits": True,
        "inputs": [{"namespace": "sqlite:/d/w.db", "name": "obs"}],
        "outputs": [{"namespace": "file", "name": "/d/bronze"}],
    }
    assert end == {"type": "stepEnd", "time": end["time"], "step": start["step"], "error": None}
    assert before <= start["time"] <= end["time"] <= time.time_ns() // 1_000_000


def test_datasets_can_be_declared_inside_the_block(spark: Session, folder: Path) -> None:
    with step(spark, "score") as block:
        block.reads("s3://b/in", Dataset("kafka://h:1", "t", facets={"schema": {"fields": []}}))
        block.writes(("file", "/m"), ("file", "/m"))
        block.reads()
    start, reads, writes, _ = records(folder)
    assert reads == {
        "type": "stepDatasets",
        "time": reads["time"],
        "step": start["step"],
        "inputs": [
            {"namespace": "s3://b", "name": "in"},
            {"namespace": "kafka://h:1", "name": "t", "facets": {"schema": {"fields": []}}},
        ],
        "outputs": [],
    }
    assert (writes["inputs"], writes["outputs"]) == ([], [{"namespace": "file", "name": "/m"}])


def test_the_local_property_is_the_step_and_nesting_restores_it(spark: Session, context: Context, folder: Path) -> None:
    context.setLocalProperty("spark.sparklineage.step", "somebody else's")
    with step(spark, "outer"):
        outer = context.getLocalProperty("spark.sparklineage.step")
        with step(spark, "inner"):
            inner = context.getLocalProperty("spark.sparklineage.step")
        assert context.getLocalProperty("spark.sparklineage.step") == outer
    assert context.getLocalProperty("spark.sparklineage.step") == "somebody else's"
    starts = [line for line in records(folder) if line["type"] == "stepStart"]
    assert [line["step"] for line in starts] == [outer, inner]
    assert [line["parentStep"] for line in starts] == [None, outer]


def test_an_exception_is_recorded_and_passes_through(spark: Session, context: Context, folder: Path) -> None:
    error = KeyError("wind")
    with pytest.raises(KeyError) as caught, step(spark, "score"):
        raise error
    assert caught.value is error
    assert context.getLocalProperty("spark.sparklineage.step") is None
    end = records(folder)[-1]
    assert end["error"]["type"] == "KeyError"
    assert end["error"]["message"] == "'wind'"
    assert end["error"]["stackTrace"].startswith("Traceback (most recent call last):")
    assert "raise error" in end["error"]["stackTrace"]


@pytest.mark.parametrize(("bits", "mode"), [(0o700, 0o600), (0o2770, 0o660)])
def test_the_file_is_the_groups_where_the_folder_is(spark: Session, folder: Path, bits: int, mode: int) -> None:
    folder.chmod(bits)
    before = os.umask(0o077)
    try:
        with step(spark, "weather"):
            pass
    finally:
        os.umask(before)
    assert (folder / "steps.ndjson").stat().st_mode & 0o777 == mode


def test_errors_hold_no_value_of_a_secret_variable(folder: Path) -> None:
    environ = {
        "SPARKLINEAGE_JOURNAL_RUN": str(folder),
        "OPENLINEAGE_API_KEY": f"{SECRET}\n",
        "DB_PASSWORD": "s3same-open",
        "TEAM": "data-platform",
    }
    with pytest.raises(ValueError, match="data-platform"), Step(None, "s", environ=environ):
        raise ValueError(f"data-platform said {SECRET} and s3same-open")
    text = (folder / "steps.ndjson").read_text()
    assert "data-platform said ******** and ********" in text
    assert SECRET not in text
    assert "s3same" not in text


def test_errors_are_short_and_hold_no_secret(spark: Session, folder: Path) -> None:
    with pytest.raises(ValueError, match="api_key"), step(spark, "score"):
        raise ValueError(f"api_key={SECRET} " + "x" * 100_000)
    error = records(folder)[-1]["error"]
    assert len(error["message"]) <= 16_384
    assert len(error["stackTrace"]) <= 16_384
    assert SECRET not in json.dumps(error)


@pytest.mark.parametrize(
    ("leave", "kind"),
    [
        (lambda: SystemExit(0), None),
        (SystemExit, None),
        (lambda: SystemExit(3), "SystemExit"),
        (lambda: SystemExit(["no", "rates"]), "SystemExit"),
        (lambda: SystemExit(0.0), "SystemExit"),
        (lambda: SystemExit(10**30), "SystemExit"),
        (GeneratorExit, "GeneratorExit"),
        (KeyboardInterrupt, "KeyboardInterrupt"),
    ],
)
def test_leaving_the_program_is_an_error_only_with_a_status(
    spark: Session, folder: Path, leave: Callable[[], BaseException], kind: str | None
) -> None:
    with pytest.raises((SystemExit, KeyboardInterrupt, GeneratorExit)), step(spark, "score"):
        raise leave()
    error = records(folder)[-1]["error"]
    assert (error and error["type"]) == kind


def test_a_generator_that_is_closed_has_ended_well(spark: Session, folder: Path) -> None:
    def rows() -> Generator[int, None, None]:
        with step(spark, "score"):
            yield 1

    found = rows()
    next(found)
    found.close()
    assert records(folder)[-1]["error"] is None


def test_each_thread_has_its_own_step(spark: Session, context: Context, folder: Path) -> None:
    met = threading.Barrier(2)
    seen: dict[str, tuple[str | None, str | None]] = {}

    def work(name: str) -> None:
        with step(spark, name):
            met.wait(10)
            inside = context.getLocalProperty("spark.sparklineage.step")
            met.wait(10)
        seen[name] = (inside, context.getLocalProperty("spark.sparklineage.step"))

    threads = [threading.Thread(target=work, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    starts = {line["name"]: line for line in records(folder) if line["type"] == "stepStart"}
    assert seen == {name: (line["step"], None) for name, line in starts.items()}
    assert {line["parentStep"] for line in starts.values()} == {None}


def test_as_a_decorator_every_call_is_a_step(spark: Session, folder: Path) -> None:
    @step(spark, "countdown", inputs=["file:///x"])
    def countdown(n: int) -> int:
        return countdown(n - 1) + 1 if n else 0

    assert countdown(2) == 2
    starts = [line for line in records(folder) if line["type"] == "stepStart"]
    assert len({line["step"] for line in starts}) == 3
    assert [line["parentStep"] for line in starts] == [None, starts[0]["step"], starts[1]["step"]]
    assert countdown.__name__ == "countdown"


class Fleet:
    """A method of each kind, each in both orders, and what is called without being bound."""

    @step(None, "kind")
    @staticmethod
    def above_static(value: int) -> int:
        return value

    @staticmethod
    @step(None, "kind")
    def below_static(value: int) -> int:
        return value

    @step(None, "kind")
    @classmethod
    def above_class(cls, value: int) -> int:
        assert cls is Fleet
        return value

    @classmethod
    @step(None, "kind")
    def below_class(cls, value: int) -> int:
        assert cls is Fleet
        return value

    @step(None, "kind")  # type: ignore[prop-decorator]
    @property
    def above_property(self) -> int:
        return 7

    @property
    @step(None, "kind")
    def below_property(self) -> int:
        return 7

    @step(None, "kind")  # type: ignore[prop-decorator]
    @functools.cached_property
    def above_cached(self) -> int:
        return 7

    @step(None, "kind")
    def plain(self, value: int) -> int:
        assert type(self) is Fleet
        return value

    part = step(None, "kind")(functools.partial(int, base=16))
    bound = step(None, "kind")("harbour".index)


METHODS = ("above_static", "below_static", "above_class", "below_class")
CALLS: dict[str, Callable[[], Any]] = {
    **{f"{name} of the class": functools.partial(getattr(Fleet, name), 7) for name in METHODS},
    **{f"{name} of an object": functools.partial(getattr(Fleet(), name), 7) for name in METHODS},
    "above_property": lambda: Fleet().above_property,
    "below_property": lambda: Fleet().below_property,
    "above_cached": lambda: Fleet().above_cached,
    "plain": lambda: Fleet().plain(7),
    "a bound method": lambda: step(None, "kind")(Fleet.below_static)(7),
    "a partial in a class": lambda: Fleet().part("7"),
    "a bound method in a class": lambda: Fleet().bound("r", 3) + 1,
}


@pytest.mark.parametrize("call", CALLS)
def test_as_a_decorator_it_is_for_methods_of_every_kind(
    call: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPARKLINEAGE_JOURNAL_RUN", str(folder))
    assert CALLS[call]() == 7
    assert {line["name"] for line in records(folder) if line["type"] == "stepStart"} == {"kind"}


def test_a_class_stays_one(spark: Session, folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    class Ship:
        pass

    named = Ship
    assert step(spark, "fleet")(named) is Ship
    assert isinstance(named(), Ship)
    (said,) = caplog.messages
    assert said.endswith("a step is for functions, and Ship is a class; decorate its methods, or what uses it")
    with pytest.raises(TypeError, match="Ship is a class"):
        step(spark, "fleet", strict=True)(Ship)
    assert not (folder / "steps.ndjson").exists()


@pytest.mark.parametrize("bad", [None, 3, "text", property()])
def test_what_cannot_be_called_comes_back(spark: Session, bad: Any, caplog: pytest.LogCaptureFixture) -> None:
    assert step(spark, "fleet")(bad) is bad
    assert "a step is for functions, and this is of the type" in caplog.text
    with pytest.raises(TypeError, match="a step is for functions"):
        step(spark, "fleet", strict=True)(bad)


def test_a_udf_stays_one(spark: Session, caplog: pytest.LogCaptureFixture) -> None:
    """Its call makes a column; a step around that covers nothing."""
    from pyspark.sql.functions import udf  # noqa: PLC0415
    from pyspark.sql.types import IntegerType  # noqa: PLC0415

    found = udf(len, IntegerType())
    assert step(spark, "fleet")(found) is found
    assert "and this is a UDF; say what it reads and writes with @sparklineage.reads" in caplog.text


HELPERS = """
import asyncio, sparklineage
@sparklineage.step(SESSION, "h")
def plain(n): return n and plain(n - 1) + 1
@sparklineage.step(SESSION, "h")
def generated(n): yield from range(n)
@sparklineage.step(SESSION, "h")
async def awaited(n): return n
@sparklineage.step(SESSION, "h")
async def streamed(n):
    for at in range(n): yield at
part = sparklineage.step(SESSION, "h")(__import__("functools").partial(max, 3))
block = sparklineage.step(SESSION, "h")
def used(n):
    async def last():
        return [at async for at in streamed(n)][-1] + 1
    with block:
        return plain(n), len(list(generated(n))), asyncio.run(awaited(n)), asyncio.run(last()), part(1)
"""


TELLING = """
def send(n):
    for handle in handles:
        with handle:
            handle.reads("s3://bucket/in", ("acme://erp", "orders"))
            handle.writes("s3://bucket/out")
            handle.facets({"name": n})
            handle.column_lineage({"out.a": ["in.a"]}, transformation=None)
            assert not handle.is_open and handle.name == "send"
    return n
"""


def test_executors_get_the_decorated_functions_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A UDF may call them: they are pickled along, without the session and the environment of their step."""
    monkeypatch.setenv("DB_PASSWORD", "canary-5e1f")
    made: dict[str, Any] = {"__name__": "__main__", "SESSION": threading.Lock()}
    exec(HELPERS, made)  # noqa: S102 - as a script, whose functions are pickled by value
    assert made["used"](3) == (3, 3, 3, 3, 3)
    data = cloudpickle.dumps(made["used"])
    assert b"canary" not in data
    code = "import pickle, sys; sys.modules['sparklineage'] = None; print(pickle.loads(sys.stdin.buffer.read())(3))"
    done = subprocess.run([sys.executable, "-c", code], input=data, capture_output=True, check=False)
    assert (done.stdout.decode().strip(), done.stderr.decode()) == ("(3, 3, 3, 3, 3)", "")


@pytest.mark.parametrize("has_context", [True, False])
def test_what_an_executor_tells_a_step_is_left_out(
    has_context: bool, spark: Session, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A function that is sent there may use a step of the driver's: it goes on, and nothing of the driver's is sent."""
    monkeypatch.setenv("DB_PASSWORD", "canary-5e1f")
    monkeypatch.setenv("SPARKLINEAGE_JOURNAL_RUN", str(folder))
    session: Any = spark if has_context else ConnectSession()
    with sparklineage.step(session, "send") as block:
        handles = [block, sparklineage.current_step(session)]
        made: dict[str, Any] = {"__name__": "__main__", "handles": handles}
        exec(TELLING, made)  # noqa: S102 - as a script, whose functions are pickled by value
        data = cloudpickle.dumps(made["send"])
        assert handles[1].is_open
    assert b"canary" not in data
    code = "import pickle, sys; sys.modules['sparklineage'] = None; print(pickle.loads(sys.stdin.buffer.read())(3))"
    done = subprocess.run([sys.executable, "-c", code], input=data, capture_output=True, check=False)
    assert (done.stdout.decode().strip(), done.stderr.decode()) == ("3", "")


def test_the_same_step_can_be_entered_inside_itself(spark: Session, context: Context, folder: Path) -> None:
    block = step(spark, "score")
    with block, block:
        block.reads("file:///x")
    assert context.getLocalProperty("spark.sparklineage.step") is None
    first, second, reads, *ends = records(folder)
    assert reads["step"] == second["step"]
    assert [line["step"] for line in ends] == [second["step"], first["step"]]


def test_spark_connect_is_recorded_through_the_environment(folder: Path) -> None:
    environ = {"SPARKLINEAGE_JOURNAL_RUN": str(folder)}
    with Step(ConnectSession(), "outer", environ=environ), Step(ConnectSession(), "inner", environ=environ):
        pass
    outer, inner, *_ = records(folder)
    assert inner["parentStep"] == outer["step"]
    assert [line["type"] for line in records(folder)] == ["stepStart", "stepStart", "stepEnd", "stepEnd"]


def test_without_a_session_the_environment_serves(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPARKLINEAGE_JOURNAL_RUN", str(folder))
    with step(None, "plain"):
        pass
    assert [line["type"] for line in records(folder)] == ["stepStart", "stepEnd"]


@pytest.mark.parametrize("active", ["session", "context"])
def test_no_session_means_the_active_one(
    context: Context, folder: Path, monkeypatch: pytest.MonkeyPatch, active: str
) -> None:
    """Which session is active is only known to the JVM; there is one context, whichever it is."""
    found = Session(context)
    asked: list[Session] = []

    def active_session() -> Session:
        asked.append(found)
        return found

    sql = SimpleNamespace(SparkSession=SimpleNamespace(getActiveSession=active_session))
    core = SimpleNamespace(SparkContext=SimpleNamespace(_active_spark_context=context if active == "context" else None))
    monkeypatch.setitem(sys.modules, "pyspark.sql", sql)
    monkeypatch.setitem(sys.modules, "pyspark", core)
    with step(None, "score"):
        assert context.getLocalProperty("spark.sparklineage.step") is not None
    assert len(records(folder)) == 2
    assert bool(asked) is (active == "session")


def test_a_client_of_spark_connect_is_no_client_of_a_context_beside_it(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PySpark starts a server of its own in the same process for `remote("local")`."""
    client = ConnectSession()
    monkeypatch.setenv("SPARK_CONNECT_MODE_ENABLED", "1")
    monkeypatch.setitem(
        sys.modules, "pyspark.sql", SimpleNamespace(SparkSession=SimpleNamespace(getActiveSession=lambda: client))
    )
    core = SimpleNamespace(SparkContext=SimpleNamespace(_active_spark_context=context))
    monkeypatch.setitem(sys.modules, "pyspark", core)
    assert session_module.active() is client
    monkeypatch.delenv("SPARK_CONNECT_MODE_ENABLED")
    assert session_module.active() is context


def test_the_conf_is_read_once_and_goes_before_the_environment(
    spark: Session, context: Context, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPARKLINEAGE_JOURNAL_RUN", str(folder / "elsewhere"))
    for _ in range(3):
        with step(spark, "again"):
            pass
    assert len(records(folder)) == 6
    assert context.conf_reads == 1


def test_without_lineage_nothing_happens(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    context = Context({})
    with step(Session(context), "score", inputs=["not a uri"]) as block:
        block.reads("neither")
        assert context.getLocalProperty("spark.sparklineage.step") is None
    assert list(folder.iterdir()) == []
    assert caplog.records == []


def test_a_bad_dataset_is_one_warning_without_its_password(
    spark: Session, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with step(spark, "score", inputs=["file:///good", f"jdbc:mysql://bob:{SECRET}@h/db"]):
        pass
    assert [(line.name, line.levelno) for line in caplog.records] == [("sparklineage", logging.WARNING)]
    assert caplog.messages[0].startswith("step 'score': its lineage is not complete: 'jdbc:mysql://")
    assert "names no" in caplog.text
    assert SECRET not in caplog.text
    assert records(folder)[0]["inputs"] == [{"namespace": "file", "name": "/good"}]


@pytest.mark.parametrize("inputs", ["file:///x", Dataset("file", "/x"), ["file:///x"], ("file:///x",)])
def test_one_dataset_needs_no_list(spark: Session, folder: Path, inputs: Any) -> None:
    with step(spark, "score", inputs=inputs):
        pass
    assert records(folder)[0]["inputs"] == [{"namespace": "file", "name": "/x"}]


@pytest.mark.parametrize("inputs", [7, None, [None], object()])
def test_no_value_of_inputs_stops_the_job(spark: Session, folder: Path, inputs: Any) -> None:
    with step(spark, "score", inputs=inputs):
        pass
    assert records(folder)[0]["inputs"] == []


def test_an_unwritable_journal_is_one_warning_and_the_job_goes_on(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    gone = Session(Context({"spark.sparklineage.journal": str(folder / "gone")}))
    done = []
    for name in ("first", "second"):
        with step(gone, name) as block:
            block.reads("file:///x")
            done.append(name)
    assert done == ["first", "second"]
    assert len(caplog.messages) == 1
    assert "step 'first': its lineage is not complete: " in caplog.messages[0]
    assert str(folder / "gone") in caplog.messages[0]


def test_a_step_that_began_on_a_full_disk_is_written_when_there_is_room(
    spark: Session, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50, before[1]))
    try:
        block = step(spark, "score", inputs=["file:///x"]).__enter__()
        block.reads("file:///y")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    block.__exit__(None, None, None)
    found = list(LineReader(folder / "steps.ndjson").read())
    assert [item["type"] for item in found] == ["stepStart", "stepDatasets", "stepEnd"]
    assert found[0]["inputs"] == [{"namespace": "file", "name": "/x"}]
    assert len(caplog.messages) == 1


def test_declaring_outside_the_block_is_a_warning(
    spark: Session, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with step(spark, "score") as block:
        pass
    block.writes("file:///late")
    assert caplog.messages == ["step 'score': what it is told here is left out, tell it inside its block"]
    assert len(records(folder)) == 2


def test_a_context_stopped_inside_the_block_does_no_harm(
    spark: Session, context: Context, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object) -> None:
        raise AttributeError("'NoneType' object has no attribute 'setLocalProperty'")

    with step(spark, "last"):
        monkeypatch.setattr(context, "setLocalProperty", stopped)
    assert records(folder)[-1]["type"] == "stepEnd"


def test_a_step_without_lineage_costs_microseconds() -> None:
    context = Context({})
    session = Session(context)
    began = time.perf_counter()
    for _ in range(1000):
        with step(session, "score", inputs=["file:///x"]):
            pass
    assert time.perf_counter() - began < 0.5
