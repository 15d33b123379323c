"""What the README tells people to type exists."""

from __future__ import annotations

import re
import shlex

import pytest

from sparklineage.cli.commands import COMMANDS, parser_for
from sparklineage.submit.options import parse
from tests.support.readme import README, blocks

TYPED = [line[2:] for block in blocks("console") for line in block.splitlines() if line.startswith("$ ")]
OURS = [command for command in TYPED if re.match(r"(\w+=\S+ )*sparklineage ", command)]


def arguments(command: str) -> list[str]:
    words = shlex.split(command, comments=True)
    return words[words.index("sparklineage") + 1 :]


@pytest.mark.parametrize("command", OURS)
def test_every_command_is_understood(command: str) -> None:
    """By the very parsers of the program."""
    name, *rest = arguments(command)
    if name == "submit":
        assert parse(rest).application is not None
    else:
        parser_for(name).parse_args([name, *rest])


def test_the_readme_shows_commands() -> None:
    """So that the test above cannot pass by finding nothing."""
    assert {arguments(command)[0] for command in OURS} >= {
        "submit",
        "runs",
        "graph",
        "relay",
        "explain",
        "conf",
        "lint",
    }


def test_inline_commands_exist() -> None:
    """`sparklineage X` and `make X` in the prose."""
    text = README.read_text(encoding="utf-8")
    makefile = README.with_name("Makefile").read_text(encoding="utf-8")
    for name in re.findall(r"`sparklineage (\w+)", text):
        assert name in COMMANDS
    for target in re.findall(r"`make (\w+)", text):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)


def test_every_link_leads_somewhere() -> None:
    """Relative links only."""
    for link in re.findall(r"\]\((?!https?:)([^)#]+)", README.read_text(encoding="utf-8")):
        assert (README.parent / link).exists(), link
