"""The reference pages say what the program says."""

from __future__ import annotations

import inspect
import shutil
import subprocess
import sys
from pathlib import Path

from docs import generate
from sparklineage import datasets, facets
from sparklineage.cli.commands import COMMANDS, whole_parser
from sparklineage.errors import tree
from sparklineage.lint import check_paths

ROOT = Path(__file__).parents[3]


def test_pages_are_fresh() -> None:
    """`python docs/generate.py` writes them anew."""
    assert generate.stale() == []


def test_a_changed_page_is_found_stale(tmp_path: Path) -> None:
    """Missing, changed, right."""
    assert generate.stale(tmp_path) == list(generate.PAGES)
    for name, page in generate.PAGES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(page(), encoding="utf-8")
    assert generate.stale(tmp_path) == []
    with (tmp_path / "docs/cli.md").open("a", encoding="utf-8") as file:
        file.write("more\n")
    assert generate.stale(tmp_path) == ["docs/cli.md"]


def test_every_command_and_error_is_on_its_page() -> None:
    """Nothing of the program is left out of the reference."""
    cli, codes = generate.cli_page(), generate.exit_codes_page()
    assert all(f"## sparklineage {name}\n" in cli for name in COMMANDS)
    assert all(error.__name__ in codes for error in list(tree())[1:])
    for command in generate._choices(whole_parser()).values():
        assert all(f"`{option}" in cli for option in command._option_string_actions if option not in {"-h", "--help"})


def test_every_function_of_facets_and_datasets_is_on_their_page_with_its_arguments() -> None:
    page = generate.PAGES["docs/facets.md"]()
    for module in (facets, datasets):
        for name in set(module.__all__) - {"Facet"}:
            _, heading, section = page.partition(f"### {module.__name__.rpartition('.')[2]}.{name}\n")
            assert heading, name
            section = section.partition("\n### ")[0]
            arguments = inspect.signature(getattr(module, name)).parameters
            assert all(f"{argument}: " in section for argument in arguments), name
            assert len(section.rpartition("```")[2].strip()) > 20, name
    assert "facets.ownership(*owners: str, type: str | None = None) -> Facet\n" in page
    assert "    *,\n    pii: bool | None = None,\n" in page


def test_exit_codes_are_told_apart() -> None:
    """Each error has a code of its own, and none that a shell or a signal uses."""
    codes = [error.exit_code for error in tree()]
    assert len(set(codes)) == len(codes)
    assert all(code < 126 for code in codes)


def test_the_check_runs_as_a_command() -> None:
    """As the Makefile calls it."""
    command = [sys.executable, "-m", "docs.generate", "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_lint_has_nothing_against_what_is_generated() -> None:
    """What the toolkit writes falls into none of the traps that it finds."""
    report = check_paths([ROOT / "conf", ROOT / "bootstrap"])
    assert report.checked > 20
    assert [finding for finding in report.findings if finding.severity != "info"] == []
    assert report.unreadable == []


def test_the_pages_do_not_tell_where_the_checkout_lies(tmp_path: Path) -> None:
    """Nor are their lines broken elsewhere because of it."""
    elsewhere = tmp_path / "a folder whose name is longer than most" / "sparklineage"
    for folder in ("docs", "conf", "bootstrap", "tests/golden/lint"):
        shutil.copytree(generate.ROOT / folder, elsewhere / folder)
    done = subprocess.run(
        [sys.executable, "-m", "docs.generate", "--check"], cwd=elsewhere, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
