"""The benchmarks' tables, and what counts as a missed bound."""

from __future__ import annotations

import pytest

from benchmarks.measure import difference, interleaved, ratio
from benchmarks.report import Report


@pytest.mark.parametrize(
    ("typical", "best", "noise", "verdict"),
    [
        (1.05, 1.04, 1.0, "met"),
        (1.05, 1.2, 1.3, "met"),
        (1.2, 1.01, 1.0, "noisy"),
        (1.2, 1.1, 1.3, "noisy"),
        (1.2, 1.1, 1.1, "MISSED"),
    ],
)
def test_a_bound_is_missed_where_no_noise_explains_it(typical: float, best: float, noise: float, verdict: str) -> None:
    report = Report("backends: wall time", ("case",))
    assert report.within(1.05, typical=typical, best=best, noise=noise, sentence="too slow.") == verdict
    assert report.missed == (["backends: too slow."] if verdict == "MISSED" else [])
    assert any(note.startswith("noisy: too slow.") for note in report.notes) == (verdict == "noisy")


def test_a_table_has_its_columns_below_one_another() -> None:
    report = Report("step: per block", ("case", "n"))
    report.row("an empty block", "5")
    report.row("step", "125")
    report.notes.append("a note")
    assert report.text().splitlines() == [
        "step: per block",
        "  case              n",
        "  ──────────────  ───",
        "  an empty block    5",
        "  step            125",
        "  a note",
    ]


def test_cases_take_turns_and_are_compared_in_pairs() -> None:
    order: list[str] = []
    slowness = iter((1.0, 2.0, 20.0, 10.0, 2.0, 4.0))  # the machine is ten times slower in the second round

    def case(name: str) -> float:
        order.append(name)
        return next(slowness)

    found = interleaved({"base": lambda: case("base"), "other": lambda: case("other")}, 3)
    assert order == ["base", "other", "other", "base", "base", "other"]
    assert ratio(found["other"], found["base"]) == 2
    assert difference(found["other"], found["base"]) == 2
