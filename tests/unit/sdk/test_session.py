"""Whatever stands for a session: a mock of one, and one of a forked process."""

from __future__ import annotations

import json
import os
import sys
import traceback
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from unittest.mock import MagicMock, Mock

import pytest

import sparklineage
from sparklineage.sdk.session import Driver
from sparklineage.sdk.steps.given import listed, session_and_name, text
from tests.support.context import Context

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def records(folder: Path, kind: str) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in (folder / "steps.ndjson").read_text().splitlines()]
    return [line for line in lines if line["type"] == kind]


@pytest.mark.parametrize("made", [Mock, MagicMock])
def test_a_mock_of_a_session_has_no_journal(
    made: type[Mock], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """As in the tests of a job, which have no lineage."""
    monkeypatch.chdir(tmp_path)
    assert Driver.of(made(), {}).folder is None
    with sparklineage.step(made(), "score", inputs=["s3://b/k"]) as step:
        step.writes("s3://b/out")
    assert caplog.messages == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("made", [Mock, MagicMock])
def test_a_mock_of_a_session_beside_a_journal_has_steps(
    made: type[Mock], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("SPARKLINEAGE_JOURNAL_RUN", str(tmp_path))
    spark = made()
    with sparklineage.step(spark, "outer"), sparklineage.step(spark, "inner"):
        pass
    outer, inner = records(tmp_path, "stepStart")
    assert (outer["parentStep"], inner["parentStep"]) == (None, outer["step"])
    assert Driver.of(spark, os.environ).step() is None
    assert caplog.messages == []


@pytest.mark.parametrize("made", [Mock, MagicMock])
def test_a_mock_of_a_session_names_no_job(made: type[Mock]) -> None:
    direct = Driver.of(made(), {"OPENLINEAGE__TRANSPORT__TYPE": "console"}).direct
    assert direct is not None
    assert direct.who.namespace == "default"
    assert "mock" not in direct.who.job.lower()


class Hidden:
    """Whose type cannot be asked of itself."""

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        raise ZeroDivisionError("division by zero")


def test_an_object_that_does_not_tell_its_class_is_one_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("SPARKLINEAGE_JOURNAL_RUN", str(tmp_path))
    for given in ({"inputs": Hidden()}, {"spark": Hidden()}, {"name": Hidden()}):
        with sparklineage.step(**{"spark": None, "name": "score", **given}):  # type: ignore[arg-type]
            pass
    assert len(records(tmp_path, "stepStart")) == len(caplog.messages) == 3
    for strict in (
        lambda: listed(Hidden(), strict=True),
        lambda: text(Hidden(), strict=True),
        lambda: session_and_name(Hidden(), "score", strict=True),
    ):
        with pytest.raises((TypeError, ZeroDivisionError)):
            strict()


def forked(act: Callable[[], bool]) -> None:
    """Do it in a forked child, and expect that it holds there."""
    if (child := os.fork()) == 0:
        status = 2
        try:
            status = 0 if act() else 1
        except Exception:  # noqa: BLE001 - it is shown, and the parent sees the status
            traceback.print_exc()
        finally:
            os._exit(status)  # before pytest's own code goes on in the child
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")  # since Python 3.12, of fork beside threads
@pytest.mark.parametrize("is_known", [True, False])
def test_a_forked_child_marks_the_session_that_it_makes_and_no_other(
    is_known: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As tasks of Airflow's, and processes of `multiprocessing`; its parent has used steps, or its module has."""
    its = Context(tmp_path)
    pyspark = SimpleNamespace(SparkContext=SimpleNamespace(_active_spark_context=None if is_known else its))
    monkeypatch.setitem(sys.modules, "pyspark", pyspark)
    if is_known:
        with sparklineage.step(its, "parent"):
            pass
    calls = its.calls

    def is_marked(own: Context) -> bool:
        before = own.calls
        with sparklineage.step(own, "child") as step:
            is_shown = own.getLocalProperty("spark.sparklineage.step") == step.latest.step  # type: ignore[union-attr]
        with sparklineage.step(its, "of the parent's session"):
            pass
        return is_shown and own.calls > before + 1 and its.calls == calls

    def child() -> bool:
        own = Context(tmp_path)
        if not is_marked(own):
            return False
        theirs = own.calls
        with sparklineage.step(None, "outer"):
            forked(lambda: is_marked(Context(tmp_path)) and own.calls == theirs)
        return Driver.of(own, {}).is_at_hand and not Driver.of(its, {}).is_at_hand

    forked(child)
    assert Driver.of(its, {}).is_at_hand
