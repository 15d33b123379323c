"""What is recorded of an application's end."""

from __future__ import annotations

from typing import Any

import pytest

from sparklineage.model.masking import MASK
from sparklineage.sdk.programs.ending import End
from sparklineage.sdk.programs.outcome import outcome

SECRET = "canary-5up3r-s3cret"


class Unshown:
    def __str__(self) -> str:
        raise RuntimeError("no text")


@pytest.mark.parametrize("code", ["line 12 failed\n" * 40_000, ["a" * 600_000], "x.y-" * 100_000])
def test_the_text_that_a_program_exits_with_is_cut_as_an_exceptions_is(code: Any) -> None:
    told = outcome(End(error=SystemExit(code)), {})
    raised = outcome(End(error=ValueError(code)), {})
    start = f"The application exited with status 1: {str(code)[:1_000]}"
    assert (told["state"], told["exitStatus"], told["message"][: len(start)]) == ("FAIL", 1, start)
    assert abs(len(told["message"]) - len(raised["message"])) < 100


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("no rates", "no rates"),
        (f"no rates for {SECRET}", f"no rates for {MASK}"),
        (("no", "rates"), "('no', 'rates')"),
        (Unshown(), "a SystemExit that cannot be shown"),
    ],
)
def test_a_program_exits_with_a_text(code: Any, message: str) -> None:
    told = outcome(End(error=SystemExit(code)), {"RATES_PASSWORD": SECRET})
    assert told["message"] == f"The application exited with status 1: {message}."
