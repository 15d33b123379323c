"""Every rule of lint has had its effect seen with the real agent, or effects.json says why not.

A rule that is shown has its code in the name of a test here: `test_sl010_…`.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from sparklineage.lint import RULES

HERE = Path(__file__).parent
EFFECTS: dict[str, dict[str, str]] = json.loads((HERE / "effects.json").read_text(encoding="utf-8"))


def shown() -> set[str]:
    """The codes in the names of the tests."""
    names = [name for file in HERE.glob("test_*.py") for name in re.findall(r"(?m)^def (test_\w+)", file.read_text())]
    return {code.upper() for name in names for code in re.findall(r"_(sl\d{3})(?=_)", name)}


@pytest.mark.parametrize("code", sorted({*RULES, *EFFECTS}))
def test_it_is_known_how_an_effect_is_known(code: str) -> None:
    """Under exactly one heading, in a sentence of some length; and what is no rule any more has no entry."""
    assert code in RULES
    (heading,) = EFFECTS[code]
    assert heading == ("seen" if code in shown() else "unseen")
    assert len(EFFECTS[code][heading]) > 15
