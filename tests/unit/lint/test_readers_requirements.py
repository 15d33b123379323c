"""Packages that are to be installed with pip."""

from __future__ import annotations

import pytest

from sparklineage.lint.readers import reader_for
from sparklineage.lint.readers.command_line import read as read_commands
from sparklineage.lint.readers.requirements import read


@pytest.mark.parametrize(
    "name", ["requirements.txt", "requirements-dev.txt", "dev_requirements.txt", "requirements.in"]
)
def test_files_are_known_by_name(name: str) -> None:
    """As pip's users call them."""
    reader = reader_for(name, "")
    assert reader is not None
    assert reader.KIND == "requirements"


@pytest.mark.parametrize("name", ["notes.txt", "requirements.md", "my.txt"])
def test_other_files_are_not(name: str) -> None:
    assert reader_for(name, "openlineage-spark") is None


def test_each_line_is_a_package_with_its_place() -> None:
    """Without options, comments and conditions."""
    text = "# ours\r\n-r base.txt\r\n  pyspark==3.5.6 ; python_version < '3.13'\r\nopenlineage-spark>=1 # the agent\r\n"
    (sheet,) = read(text, "r.txt")
    assert [(setting.value, setting.place.line, setting.place.column) for setting in sheet.settings] == [
        ("pyspark==3.5.6", 3, 3),
        ("openlineage-spark>=1", 4, 1),
    ]
    assert read("", "r.txt") == []


@pytest.mark.parametrize(
    ("command", "packages"),
    [
        ("pip install a b==1", ["a", "b==1"]),
        ("pip3.11 install --quiet a", ["a"]),
        ("/opt/venv/bin/pip install a", ["a"]),
        ("sudo python3 -m pip install -U a", ["a"]),
        ("uv pip install a", ["a"]),
        ("apt-get install pip", []),
        ("pip uninstall a", []),
        ("npm install a", []),
    ],
)
def test_commands_that_install_are_read(command: str, packages: list[str]) -> None:
    """Whatever starts pip."""
    found = [
        setting.value for sheet in read_commands(f"#!/bin/sh\n{command}\n", "f.sh") for setting in sheet.all("pip")
    ]
    assert found == packages
