"""Each folder of tests/golden/lint holds one file, perhaps options, and what `lint` prints about it.

`<code>-…` is a mistake that the rule finds, `clean-<code>-…` the right form, about which nothing is said, `guide-…` a
snippet as guides and threads have it, whose source.txt says which. Others show a format, `…-wrong` and `…-right`.
Where there is a `fixed.…`, it is what `lint --fix` makes of the file.
`SPARKLINEAGE_GOLDEN=write pytest tests/unit/lint` writes the expected files anew; review them with `git diff`.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
from collections import Counter
from pathlib import Path

import pytest

from sparklineage.cli import main
from sparklineage.lint import CODES
from sparklineage.lint.fix import REWRITES
from sparklineage.lint.readers import reader_for

CASES = Path(__file__).parents[2] / "golden" / "lint"
NAMES = sorted(path.name for path in CASES.iterdir())
BESIDES = {"options.txt", "expected.txt", "source.txt"}


def _file(case: str) -> Path:
    (file,) = (path for path in (CASES / case).iterdir() if path.name not in BESIDES and path.stem != "fixed")
    return file


def _options(case: str) -> list[str]:
    options = CASES / case / "options.txt"
    return shlex.split(options.read_text(encoding="utf-8")) if options.exists() else []


def _lint(case: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> tuple[int, str]:
    monkeypatch.chdir(CASES / case)
    status = main(["lint", *_options(case), _file(case).name], {})
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


def _errors(out: str) -> Counter[str]:
    return Counter(re.findall(r": (SL\d+) error: ", out))


@pytest.mark.parametrize("case", NAMES)
def test_fix_writes_what_is_expected(case: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """To the byte; doing it again changes nothing, and no error is there that was not there before."""
    source = _file(case)
    file = Path(shutil.copy(source, tmp_path))
    arguments = [*_options(case), str(file)]
    before = _codes(arguments, capsys, "error")
    assert main(["lint", "--fix", *arguments], {}) in {0, 1}
    after = file.read_bytes()
    expected = source.with_stem("fixed")
    if os.environ.get("SPARKLINEAGE_GOLDEN") == "write" and after != source.read_bytes():
        expected.write_bytes(after)
    if expected.exists():
        assert after == expected.read_bytes()
    assert main(["lint", "--fix", *arguments], {}) in {0, 1}
    assert file.read_bytes() == after
    assert not _codes(arguments, capsys, "error") - before


def _codes(
    arguments: list[str], capsys: pytest.CaptureFixture[str], severity: str = "error|warning|info"
) -> Counter[str]:
    capsys.readouterr()
    main(["lint", *arguments], {})
    return Counter(re.findall(rf": (SL\d+) (?:{severity}): ", capsys.readouterr().out))


def test_every_fix_has_a_case(capsys: pytest.CaptureFixture[str]) -> None:
    """The code is found in a file, and no longer so often in the one beside it."""
    mended: set[str] = set()
    for case in NAMES:
        if (fixed := _file(case).with_stem("fixed")).exists():
            reader = reader_for(_file(case).name, _file(case).read_text(encoding="utf-8"))
            kind = ["--as", reader.KIND] if reader else []
            before, after = (_codes([*_options(case), *kind, str(file)], capsys) for file in (_file(case), fixed))
            mended |= (before - after).keys()
    assert mended >= REWRITES.keys()


@pytest.mark.parametrize("code", list(CODES))
def test_every_rule_has_a_case_in_both_directions(
    code: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mistake is found under its code; about the right form nothing at all is said."""
    (wrong,) = (name for name in NAMES if name.startswith(f"{code}-"))
    (right,) = (name for name in NAMES if name.startswith(f"clean-{code}-"))
    assert wrong == f"{code}-{CODES[code].slug}"
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
