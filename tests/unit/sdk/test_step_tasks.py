"""Steps of asyncio's tasks and of generators, which take turns in one thread."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import inspect
import json
import threading
from collections.abc import AsyncGenerator, Generator, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sparklineage
from sparklineage.sdk.steps import nesting
from tests.support.context import Context

if TYPE_CHECKING:
    from pathlib import Path

PROPERTY = "spark.sparklineage.step"


class Scene:
    def __init__(self, folder: Path) -> None:
        self.sparkContext = Context(folder)  # Spark's name
        self.folder = folder
        self.queries: list[tuple[str, str | None]] = []

    @property
    def carried(self) -> str | None:
        return self.sparkContext.getLocalProperty(PROPERTY)

    def query(self, name: str) -> None:
        """A query as Spark sees it: with the step that the thread's property names now."""
        found = self.carried
        self.queries.append((name, None if found is None else self.names[found]))

    def records(self, kind: str) -> list[dict[str, Any]]:
        lines = [json.loads(line) for line in (self.folder / "steps.ndjson").read_text().splitlines()]
        return [line for line in lines if line["type"] == kind]

    @property
    def names(self) -> dict[str, str]:
        return {line["step"]: line["name"] for line in self.records("stepStart")}

    @property
    def parents(self) -> dict[str, str | None]:
        """The name of the step around each."""
        return {line["name"]: self.names.get(line["parentStep"]) for line in self.records("stepStart")}

    @property
    def ends(self) -> dict[str, str | None]:
        """How each has ended."""
        names = self.names
        return {names[line["step"]]: line["error"] and line["error"]["type"] for line in self.records("stepEnd")}

    def step(self, name: str) -> Any:
        return sparklineage.step(self, name)

    def current(self) -> str:
        return sparklineage.current_step(self).name


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    found = Scene(tmp_path)
    yield found
    assert nesting.innermost() is None
    assert found.carried is None
    assert dict(nesting._open) == {}


NONE = "current_step()"


@pytest.mark.parametrize("waits", [(2, 1), (1, 2), (1, 1)])
def test_a_block_in_a_task_is_in_force_where_the_task_comes_by(scene: Scene, waits: tuple[int, int]) -> None:
    """In whatever order they are opened and closed, the thread is clean after them."""

    async def work(name: str, turns: int) -> None:
        with scene.step(name) as step:
            for _ in range(turns):
                await asyncio.sleep(0)
            step.reads("s3://b/in")
            scene.query(name)
            for _ in range(turns):
                await asyncio.sleep(0)
            assert scene.current() == name
            scene.query(name)
        assert scene.current() == NONE

    async def both() -> None:
        await asyncio.gather(*(work(name, turns) for name, turns in zip("AB", waits, strict=True)))

    asyncio.run(both())
    assert scene.carried is None
    scene.query("after")
    assert scene.queries[-1] == ("after", None)
    assert all(name == step for name, step in scene.queries[:-1])
    assert scene.parents == {"A": None, "B": None}


def test_a_closed_step_is_never_in_force_again(scene: Scene) -> None:
    """Without a word in between the tasks are not told apart, but what is over is over."""

    async def work(name: str, turns: int) -> None:
        with scene.step(name):
            for _ in range(turns):
                await asyncio.sleep(0)
        scene.query(name)

    async def both() -> None:
        await asyncio.gather(work("A", 1), work("B", 3), work("C", 2))

    asyncio.run(both())
    assert {step for _, step in scene.queries} == {None}


def test_tasks_know_the_step_that_they_were_made_in(scene: Scene) -> None:
    async def work(name: str) -> None:
        await asyncio.sleep(0)
        assert scene.current() == "outer"
        with scene.step(name):
            await asyncio.sleep(0)
        scene.query(name)

    async def both() -> None:
        with scene.step("outer"):
            await asyncio.gather(work("A"), work("B"))
            scene.query("outer")

    asyncio.run(both())
    assert scene.parents == {"outer": None, "A": "outer", "B": "outer"}
    assert set(scene.queries) == {("A", "outer"), ("B", "outer"), ("outer", "outer")}


def test_decorated_coroutines_are_told_apart_at_every_turn(scene: Scene) -> None:
    async def work(name: str) -> str:
        for _ in range(3):
            await asyncio.sleep(0)
            scene.query(name)
            with scene.step(f"{name} inner"):
                await asyncio.sleep(0)
                scene.query(f"{name} inner")
        return name

    async def stranger() -> None:
        for _ in range(5):
            await asyncio.sleep(0)
            scene.query("stranger")
            assert scene.current() == NONE

    async def all_of_them() -> list[Any]:
        works = [scene.step(name)(work)(name) for name in "AB"]
        return await asyncio.gather(*works, stranger())

    assert asyncio.run(all_of_them()) == ["A", "B", None]
    assert {name for name, _ in scene.queries} == {"A", "B", "A inner", "B inner", "stranger"}
    assert {(name, step) for name, step in scene.queries if name != step} == {("stranger", None)}
    assert scene.parents["A inner"] == "A"
    assert scene.ends == dict.fromkeys(["A", "B", "A inner", "B inner"])


def test_a_decorated_coroutine_is_one_and_fails_as_one(scene: Scene) -> None:
    @scene.step("fails")  # type: ignore[untyped-decorator]
    async def fails() -> None:
        """Its own words."""
        await asyncio.sleep(0)
        raise KeyError("wind")

    assert inspect.iscoroutinefunction(fails)
    assert fails.__doc__ == "Its own words."
    with pytest.raises(KeyError, match="wind"):
        asyncio.run(fails())
    assert scene.ends == {"fails": "KeyError"}


def test_a_cancelled_coroutine_may_clean_up_in_its_step(scene: Scene) -> None:
    @scene.step("long")  # type: ignore[untyped-decorator]
    async def long() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            scene.query("long")

    async def cancel() -> None:
        task = asyncio.ensure_future(long())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancel())
    assert scene.queries == [("long", "long")]
    assert scene.ends == {"long": "asyncio.exceptions.CancelledError"}


def test_decorated_generators_are_told_apart_at_every_turn(scene: Scene) -> None:
    def rows(name: str) -> Generator[str, str, str]:
        for _ in range(2):
            scene.query(name)
            assert (yield scene.current()) == "sent"
        return name

    first, second = scene.step("A")(rows)("A"), scene.step("B")(rows)("B")
    assert inspect.isgeneratorfunction(scene.step("C")(rows))
    seen = [next(first), next(second), scene.current(), first.send("sent"), second.send("sent"), scene.current()]
    assert seen == ["A", "B", NONE, "A", "B", NONE]
    with scene.step("around"):
        # It goes on in another step than it began in.
        with pytest.raises(StopIteration) as ended:
            first.send("sent")
        assert ended.value.value == "A"
        scene.query("around")
    assert scene.carried is None
    second.close()
    assert scene.queries == [(name, name) for name in ("A", "B", "A", "B", "around")]
    assert scene.ends == {"A": None, "B": None, "around": None}


def test_what_is_thrown_into_a_decorated_generator_is_its_own(scene: Scene) -> None:
    @scene.step("rows")  # type: ignore[untyped-decorator]
    def rows() -> Generator[str, None, None]:
        try:
            yield "first"
        except KeyError:
            scene.query("rows")
            yield "caught"

    found = rows()
    assert next(found) == "first"
    assert found.throw(KeyError("x")) == "caught"
    with pytest.raises(ValueError, match="not caught"):
        found.throw(ValueError("not caught"))
    assert scene.queries == [("rows", "rows")]
    assert scene.ends == {"rows": "ValueError"}


def test_a_generator_that_nobody_ends_ends_its_step(scene: Scene) -> None:
    @scene.step("rows")  # type: ignore[untyped-decorator]
    def rows() -> Generator[int, None, None]:
        yield from range(9)

    found = rows()
    next(found)
    del found
    assert scene.ends == {"rows": None}


def test_a_decorated_context_manager_is_a_step_to_the_end_of_its_block(scene: Scene) -> None:
    @scene.step("opened")  # type: ignore[untyped-decorator]
    @contextlib.contextmanager
    def opened(value: int, *, forgives: type[Exception] = KeyError) -> Iterator[int]:
        scene.query("before")
        with contextlib.suppress(forgives):
            yield value
        scene.query("after")

    for wrong in (None, KeyError()):
        with opened(3) as value:
            scene.query(f"block {value}")
            if wrong is not None:
                raise wrong
    assert scene.ends == {"opened": None}
    with pytest.raises(ValueError, match="its own"), opened(4, forgives=OSError):
        raise ValueError("its own")

    @opened(5)  # type: ignore[untyped-decorator]
    def decorated() -> None:
        scene.query("call")

    decorated()
    decorated()
    assert {step for _, step in scene.queries} == {"opened"}
    assert [name for name, _ in scene.queries].count("call") == 2
    ends = [line["error"] and line["error"]["message"] for line in scene.records("stepEnd")]
    assert ends == [None, None, "its own", None, None]


def test_so_is_an_asynchronous_one_and_one_that_is_a_method(scene: Scene) -> None:
    class Client:
        @scene.step("opened")  # type: ignore[untyped-decorator]
        @contextlib.asynccontextmanager
        async def opened(self, value: int) -> AsyncGenerator[int, None]:
            await asyncio.sleep(0)
            yield value

        @scene.step("blocked")  # type: ignore[untyped-decorator]
        @contextlib.contextmanager
        def blocked(self) -> Iterator[str]:
            yield type(self).__name__

    async def work() -> None:
        async with Client().opened(3) as value:
            await asyncio.sleep(0)
            scene.query(f"opened {value}")

    asyncio.run(work())
    with Client().blocked() as name, scene.step("inner"):
        scene.query(name)
    assert scene.queries == [("opened 3", "opened"), ("Client", "inner")]
    assert scene.ends == {"opened": None, "blocked": None, "inner": None}
    assert scene.parents == {"opened": None, "blocked": None, "inner": "blocked"}


def test_decorated_async_generators_are_told_apart_at_every_turn(scene: Scene) -> None:
    async def rows(name: str) -> AsyncGenerator[str, str]:
        for _ in range(3):
            await asyncio.sleep(0)
            scene.query(name)
            try:
                assert (yield name) in (None, "sent")
            except KeyError:
                yield f"{name} caught"

    async def work(name: str) -> None:
        function = scene.step(name)(rows)
        assert inspect.isasyncgenfunction(function)
        found = function(name)
        assert await found.asend(None) == name
        scene.query("outside")
        assert await found.asend("sent") == name
        assert await found.athrow(KeyError()) == f"{name} caught"
        await found.aclose()
        async for _ in function(name):
            scene.query("outside")

    async def both() -> None:
        await asyncio.gather(work("A"), work("B"))

    asyncio.run(both())
    assert {(name, step) for name, step in scene.queries} == {("A", "A"), ("B", "B"), ("outside", None)}
    assert scene.ends == {"A": None, "B": None}
    assert len(scene.records("stepEnd")) == 4


def test_a_generator_may_go_on_in_a_context_that_was_copied_inside_of_it(scene: Scene) -> None:
    def rows() -> Generator[contextvars.Context, None, None]:
        yield contextvars.copy_context()
        scene.query("rows")
        yield contextvars.copy_context()

    found = scene.step("rows")(rows)()
    with scene.step("around"):
        copied = next(found)
    copied.run(next, found)
    assert list(found) == []
    assert copied.run(scene.current) == NONE
    assert scene.queries == [("rows", "rows")]


def test_blocks_in_generators_leave_the_thread_clean(scene: Scene) -> None:
    """They share a context, so which of them goes on nobody can tell."""

    def rows(name: str) -> Iterator[None]:
        with scene.step(name):
            yield
            yield

    first, second = rows("A"), rows("B")
    next(first)
    next(second)
    list(first)
    assert scene.current() == "B"
    list(second)
    assert scene.current() == NONE
    assert scene.carried is None


def test_steps_closed_in_another_order_than_opened_leave_the_thread_clean(scene: Scene) -> None:
    scene.sparkContext.setLocalProperty(PROPERTY, "somebody else's")
    steps = [scene.step(name) for name in "ABCD"]
    seen = []
    for step in steps:
        step.__enter__()
    for number in (1, 3, 0, 2):
        steps[number].__exit__(None, None, None)
        found = scene.carried or ""
        seen.append(scene.names.get(found, found))
    assert seen == ["D", "C", "C", "somebody else's"]
    scene.sparkContext.setLocalProperty(PROPERTY, None)


def test_hand_over_hand_keeps_no_chain_of_closed_steps(scene: Scene) -> None:
    last = scene.step("first").__enter__()
    for _ in range(50):
        following = scene.step("next").__enter__()
        last.__exit__(None, None, None)
        last = following
    record, length = last.latest, 0
    while record is not None:
        record, length = record.outer, length + 1
    assert length <= 2
    last.__exit__(None, None, None)


def test_one_step_in_two_threads_keeps_them_apart(scene: Scene) -> None:
    shared, met = scene.step("shared"), threading.Barrier(2)
    found: dict[str, tuple[Any, ...]] = {}

    def work(name: str) -> None:
        with shared:
            inside = scene.carried
            met.wait(10)
            shared.reads(("n", name))
            found[name] = inside, shared.latest.step
            met.wait(10)
            if name == "A":
                met.wait(10)
        after = shared.latest.step
        if name == "B":
            met.wait(10)
        found[name] += after, scene.carried

    threads = [threading.Thread(target=work, args=(name,)) for name in "AB"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    told = {line["inputs"][0]["name"]: line["step"] for line in scene.records("stepDatasets")}
    assert found == {name: (step, step, step, None) for name, step in told.items()}
    assert len(set(told.values())) == len(scene.records("stepEnd")) == 2


def test_one_step_in_two_tasks_keeps_them_apart(scene: Scene) -> None:
    shared = scene.step("shared")

    async def work(name: str, turns: int) -> None:
        with shared:
            for _ in range(turns):
                await asyncio.sleep(0)
            shared.reads(("n", name))

    async def both() -> None:
        await asyncio.gather(work("A", 3), work("B", 1))

    asyncio.run(both())
    first, second = (line["step"] for line in scene.records("stepStart"))
    told = {line["inputs"][0]["name"]: line["step"] for line in scene.records("stepDatasets")}
    assert told == {"A": first, "B": second}
    assert [line["step"] for line in scene.records("stepEnd")] == [second, first]


def test_a_thread_that_was_started_in_a_step_outlives_it(scene: Scene) -> None:
    """As pyspark.InheritableThread. The step of its own that it closes does not bring back the one that is over."""
    begun, over = threading.Event(), threading.Event()
    found: list[str | None] = []

    def work(inherited: str) -> None:
        scene.sparkContext.setLocalProperty(PROPERTY, inherited)
        with scene.step("inner"):
            begun.set()
            over.wait(10)
        found.append(scene.carried)

    with scene.step("outer"):
        thread = threading.Thread(target=work, args=(scene.carried,))
        thread.start()
        begun.wait(10)
    over.set()
    thread.join(20)
    assert found == [None]
    assert scene.parents == {"outer": None, "inner": "outer"}


@settings(max_examples=200)
@given(moves=st.lists(st.tuples(st.integers(0, 2), st.sampled_from(["open", "close", "come by"]), st.integers(0, 9))))
def test_in_whatever_order_tasks_open_and_close_their_steps(
    moves: list[tuple[int, str, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The property is never that of a closed step; where a task comes by it is the task's own; at last it is none."""
    scene = Scene(tmp_path_factory.mktemp("tasks"))
    tasks: list[tuple[contextvars.Context, list[Any]]] = [(contextvars.copy_context(), []) for _ in range(3)]

    def see(context: contextvars.Context, steps: list[Any]) -> None:
        latest = steps[-1].latest.step if steps else None
        found = context.run(sparklineage.current_step, scene)
        assert (found._record.step if found._record else None) == latest
        if latest is not None:
            assert scene.carried == latest
        opened = {step.latest.step for _, steps in tasks for step in steps}
        assert scene.carried is None or scene.carried in opened

    for task, kind, which in moves:
        context, steps = tasks[task]
        if kind == "open":
            steps.append(scene.step("s"))
            context.run(steps[-1].__enter__)
            assert scene.carried == steps[-1].latest.step
        elif kind == "close" and steps:
            context.run(steps.pop(which % len(steps)).__exit__, None, None, None)
        see(context, steps)
    for context, steps in tasks:
        while steps:
            context.run(steps.pop().__exit__, None, None, None)
    assert scene.carried is None
    assert dict(nesting._open) == {}
