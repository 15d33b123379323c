"""What of a session's journal one test sees: what happened since it began, whatever was declared before."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from sparklineage.journal import RunFolder
from sparklineage.model.clock import now_ms
from sparklineage.testing.capture import Capture
from sparklineage.testing.view import Run, runs_of
from tests.support import journal

QUERY, STEP = "01900000-0000-7000-8000-000000000011", "01900000-0000-7000-8000-0000000000"


class Suite:
    """A test run, of which each test begins by `test`."""

    def __init__(self, root: Path) -> None:
        self.folder: RunFolder = journal.folder(root)
        self._capture = Capture([root])
        self._number = 0
        journal.add(self.folder.agent, journal.application("START", 0))
        journal.add(self.folder.witness, journal.witnessed("application", 0))
        self.test()

    def test(self) -> None:
        time.sleep(0.002)  # times are told apart by the millisecond
        self._capture.begin()

    def function(
        self, name: str, address: str, *, of: str | None = None, declared: int | None = None, **more: Any
    ) -> None:
        """A function comes into use."""
        record = {"type": "function", "format": 1, "kind": "function", "name": name, "of": of or name, **more}
        now = now_ms()
        self._declare({**record, "time": now, "declared": declared or now}, address)

    def step(self, number: str, kind: str, address: str = "", **more: Any) -> None:
        record = {"type": kind, "step": STEP + number, "time": now_ms(), "name": f"step{number}", "error": None}
        self._declare({**record, **more}, address)

    def query(self, *functions: str, tags: tuple[str, ...] = (), is_reported: bool = True) -> None:
        """A query that writes, and uses these."""
        self._number += 1
        number, start = self._number, 1000 * self._number
        begin, end = journal.execution(number, start, start + 10)
        marks = {"functions": list(functions), "tags": [STEP + tag for tag in tags]}
        journal.add(self.folder.witness, begin, {**end, **marks})
        for kind, when in (("START", start), ("COMPLETE", start + 10)) if is_reported else ():
            event = journal.event(kind, when, f"{QUERY[:-2]}{number + 20}", "app.write", outputs=("/out",))
            journal.add(self.folder.agent, event)

    def _declare(self, record: dict[str, Any], address: str) -> None:
        inputs = [{"namespace": "https://example.com", "name": address}] if address else []
        journal.add(self.folder.steps, {**record, "inputs": inputs, "outputs": []})

    def runs(self) -> dict[str, set[str]]:
        """What each run of the test reads."""
        return {run.job: {item.name for item in run.inputs} for run in self._runs()}

    def _runs(self) -> list[Run]:
        return [run for settled in self._capture.read() for run in runs_of(settled) if run.kind != "APPLICATION"]


@pytest.fixture
def suite(tmp_path: Path) -> Suite:
    return Suite(tmp_path)


def test_a_function_that_is_never_executed_is_a_run_of_the_test_that_declares_it_alone(suite: Suite) -> None:
    suite.function("rate", "/rates")
    assert suite.runs() == {"app.rate": {"/rates"}}
    suite.test()
    suite.query()
    assert suite.runs() == {"app.write": set()}


def test_a_function_that_was_declared_before_counts_on_the_queries_that_use_it(suite: Suite) -> None:
    suite.function("rate", "/rates")
    suite.query("rate")
    for _ in range(2):
        suite.test()
        suite.query("rate")
        assert suite.runs() == {"app.write": {"/rates"}}
        suite.query(is_reported=False)
        assert suite.runs() == {"app.write": {"/rates"}}
    suite.query("rate", is_reported=False)  # the agent left it out
    assert suite.runs() == {"app.write": {"/rates"}, "app.rate": {"/rates"}}


def test_a_function_of_the_module_counts_as_declared_before_whenever_it_comes_into_use(suite: Suite) -> None:
    declared = now_ms()
    suite.test()
    suite.function("rate", "/rates", declared=declared)
    assert suite.runs() == {}
    suite.query("rate")
    assert suite.runs() == {"app.write": {"/rates"}}


def test_a_function_that_is_made_anew_takes_the_place_of_the_one_before(suite: Suite) -> None:
    suite.function("rate", "/first")
    suite.function("rate", "/helper", of="helper")
    suite.query("rate")
    suite.test()
    suite.function("rate", "/second")
    suite.query("rate")
    assert suite.runs() == {"app.write": {"/second", "/helper"}}


def test_a_function_that_is_told_from_one_before_by_a_label_takes_its_place(suite: Suite) -> None:
    suite.function("rate", "/first")
    suite.query("rate")
    suite.test()
    suite.function("rate@job#12", "/second", beside="rate")
    suite.query("rate", "rate@job#12")
    assert suite.runs() == {"app.write": {"/second"}}


def test_tags_and_steps_of_before_are_no_runs(suite: Suite) -> None:
    suite.step("01", "stepTagged", "/tagged")
    suite.step("02", "stepStart", "/over")
    suite.step("02", "stepEnd")
    suite.step("03", "stepStart", "/open", parentStep=None, inherits=True)
    assert suite.runs() == {"app.step01": {"/tagged"}, "app.step02": {"/over"}, "app.step03": {"/open"}}
    suite.test()
    assert suite.runs() == {}
    suite.step("02", "stepTagged")
    assert suite.runs() == {}
    suite.query(tags=("01", "02"))  # inside of the one that is open
    assert suite.runs() == {"app.write": {"/tagged", "/over", "/open"}}


def test_a_step_that_goes_on_in_the_test_is_one_of_its_runs(suite: Suite) -> None:
    suite.step("01", "stepStart", "/open")
    suite.test()
    assert suite.runs() == {}
    suite.step("01", "stepDatasets", "/more")
    assert suite.runs() == {"app.step01": {"/open", "/more"}}


def test_what_an_earlier_step_declared_hides_no_function_of_the_test(suite: Suite) -> None:
    suite.step("01", "stepStart", "/rates")
    suite.step("01", "stepEnd")
    suite.test()
    suite.function("rate", "/rates")
    assert suite.runs() == {"app.rate": {"/rates"}}


def test_a_stream_of_before_is_a_run_where_a_batch_of_it_is(suite: Suite) -> None:
    query = "01900000-0000-7000-8000-00000000000a"
    suite.step("01", "stepStart", "/rates", stream=query, time=journal.T0 + 1)
    suite.test()
    assert suite.runs() == {}
    text = f"ships\nid = {query}\nrunId = {query}\nbatch = 2"
    journal.add(suite.folder.witness, *journal.execution(50, 5000, 5010, description=text))
    for kind, when in (("START", 5000), ("COMPLETE", 5010)):
        journal.add(suite.folder.agent, journal.event(kind, when, QUERY, "app.batch", inputs=("/in/2.csv",)))
    assert suite.runs() == {"app.step01": {"/rates", "/in/2.csv"}}
