"""Scripts out of parts: what stands in them, and that nothing in a setting is anything but its text."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparklineage.errors import ConfigError
from sparklineage.kits.script import LAYOUT, PARTS, assignment, comment, needs, script
from tests.unit.kits.emr_orders import checkers, read_back

NASTY = [
    "'", '"', "$(touch here)", "`touch here`", "${HOME}", "\n", "\r\n", "\r", "\t", "\\", "]", "[0]=x", "(a b)", "-n",
    "--", "#", "*", "~", "!!", "; touch here", "| touch here", "&", "\x01", "\x7f", "\x1b[2J", "\u202e", "é", "😀",
    "\u2028", "", " ", "$'\\x41'", "%s", "EOF", "\x85", "\ufeff",
]  # fmt: skip
TEXT = st.lists(st.sampled_from(NASTY) | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"),
                                                  max_size=8), max_size=5).map("".join)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(one=TEXT, several=st.lists(TEXT, max_size=5))
def test_every_value_arrives_as_it_is(one: str, several: list[str], tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("settings")
    text = "\n".join([*assignment("ONE", one), *assignment("SEVERAL", several)])
    assert read_back(text, ["ONE", "SEVERAL"], folder) == {"ONE": [one], "SEVERAL": several}
    assert [path.name for path in folder.iterdir()] == ["settings.sh"]


@pytest.mark.parametrize("one", NASTY)
def test_none_of_the_usual_tricks_does_anything(one: str, tmp_path: Path) -> None:
    text = "\n".join([*assignment("ONE", one), *assignment("SEVERAL", [one, "x" * 120, one])])
    assert read_back(text, ["ONE", "SEVERAL"], tmp_path) == {"ONE": [one], "SEVERAL": [one, "x" * 120, one]}
    assert [path.name for path in tmp_path.iterdir()] == ["settings.sh"]
    # What a person reads is what is there.
    assert all(line.isprintable() for line in text.split("\n"))


@pytest.mark.parametrize("value", ["a\0b", "\ud800"])
def test_what_no_shell_can_hold_is_refused(value: str) -> None:
    with pytest.raises(ConfigError, match=r"ONE: .* holds a character that no shell can hold"):
        list(assignment("ONE", value))


@pytest.mark.parametrize("name", ["lower", "A-B", "A B", "1A", "A\n", ""])
def test_a_name_is_one_of_a_setting(name: str) -> None:
    with pytest.raises(ValueError, match="not a name"):
        list(assignment(name, "x"))


@settings(max_examples=40, deadline=None)
@given(TEXT)
def test_a_comment_stays_one(text: str) -> None:
    lines = list(comment(f"a {text}"))
    assert all(line.startswith("#") and line.isprintable() for line in lines)
    assert all(line.startswith("#") and "\n" not in line for line in comment([text, text]))


def test_a_script_has_the_settings_that_its_parts_need(tmp_path: Path) -> None:
    text = script(("say", "limits"), {"LOGS": "/l"}, about="About\nit.")
    assert text.startswith("#!/bin/bash\n# About\n# it.\n#\n")
    assert read_back(text.partition("\n# What the")[0], ["BASE", "LIMIT", "LOGS", "STRICT"], tmp_path) == {
        "BASE": [LAYOUT["BASE"]], "LIMIT": [LAYOUT["LIMIT"]], "LOGS": ["/l"], "STRICT": [""],
    }  # fmt: skip
    assert "# Settings:" not in text


def test_parts_and_settings_have_to_fit_together() -> None:
    with pytest.raises(ValueError, match="no part needs ACCOUNT"):
        script(("say",), {"ACCOUNT": "x"}, about="")
    with pytest.raises(ValueError, match="a part needs CONF_KEYS, CONF_LISTS, CONF_VALUES"):
        script(("conf",), {}, about="")


def test_every_part_says_all_the_settings_that_it_uses() -> None:
    """A setting is in capitals, so shellcheck takes one that nobody has given for a variable of the environment."""
    theirs = {"EUID", "SECONDS", "RANDOM", "BASHPID", "PATH", "IFS", "TZ", "ABSENT", "OLDEST", "CONF_BEGIN", "CONF_END"}
    texts = {path.stem: path.read_text() for path in PARTS.glob("*.sh")}
    assert {"say", "limits", "place", "fetch", "jars", "spool", "relay", "check", "conf", "emr"} <= set(texts)
    for name, text in texts.items():
        if name not in {"say", "limits", "place", "fetch", "jars", "spool", "relay", "check", "conf"}:
            continue
        code = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
        used = set(re.findall(r"\$\{?[#!]?([A-Z][A-Z0-9_]+)\b", code)) - theirs
        assert used <= set(needs(text)), name
        assert not [one for one in needs(text) if not re.search(rf"\b{one}\b", code)], name


@pytest.mark.parametrize("part", sorted(PARTS.glob("*.sh")), ids=lambda path: path.stem)
def test_a_part_is_a_shell_file_of_its_own(part: Path) -> None:
    for tool, status, said in checkers(part):
        assert (status, said) == (0, ""), tool
