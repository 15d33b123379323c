"""Each folder of tests/golden/lint holds one file, perhaps options, and what `lint` prints about it.

`<code>-…` is a mistake that the rule finds, `clean-<code>-…` the right form, about which nothing is said, `guide-…` a
snippet as guides and threads have it, whose source.txt says which. Others show a format, `…-wrong` and `…-right`.
`SPARKLINEAGE_GOLDEN=write pytest tests/unit/lint` writes the expected files anew; review them with `git diff`.
"""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path

import pytest

from sparklineage.cli import main
from sparklineage.lint import RULES

CASES = Path(__file__).parents[2] / "golden" / "lint"
NAMES = sorted(path.name for path in CASES.iterdir())
CODES = ["SL000", *RULES]
BESIDES = {"options.txt", "expected.txt", "source.txt"}


def _lint(case: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> tuple[int, str]:
    monkeypatch.chdir(CASES / case)
    options = shlex.split(Path("options.txt").read_text(encoding="utf-8")) if Path("options.txt").exists() else []
    (file,) = (path for path in Path().iterdir() if path.name not in BESIDES)
    status = main(["lint", *options, str(file)], {})
    out, err = capsys.readouterr()
    assert err == ""
    return status, out


@pytest.mark.parametrize("case", NAMES)
def test_lint_says_what_is_expected(
    case: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """To the character."""
    _, out = _lint(case, capsys, monkeypatch)
    expected = CASES / case / "expected.txt"
    if os.environ.get("SPARKLINEAGE_GOLDEN") == "write":
        expected.write_text(out, encoding="utf-8")
    assert out == expected.read_text(encoding="utf-8")


@pytest.mark.parametrize("code", CODES)
def test_every_rule_has_a_case_in_both_directions(
    code: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mistake is found under its code; about the right form nothing at all is said."""
    (wrong,) = (name for name in NAMES if name.startswith(f"{code}-"))
    (right,) = (name for name in NAMES if name.startswith(f"clean-{code}-"))
    if code in RULES:
        assert wrong == f"{code}-{RULES[code].slug}"
    status, out = _lint(wrong, capsys, monkeypatch)
    assert f": {code} " in out
    assert status == int(bool(re.search(r": SL\d+ (?:error|warning): ", out)))
    assert _lint(right, capsys, monkeypatch) == (0, "Nothing found in 1 file.\n")


def test_every_guide_names_its_source() -> None:
    """A page at a commit, an issue, an address."""
    guides = [name for name in NAMES if name.startswith("guide-")]
    assert len(guides) > 30
    for name in guides:
        assert (CASES / name / "source.txt").read_text(encoding="utf-8").strip(), name


def test_every_format_has_a_right_form() -> None:
    """What looks wrong in one case is right in another, and nothing is said of it."""
    wrong = {name.removesuffix("-wrong") for name in NAMES if name.endswith("-wrong")}
    for name in sorted(wrong - {"helm-template"}):
        assert (CASES / f"{name}-right" / "expected.txt").read_text(encoding="utf-8").startswith("Nothing found"), name
