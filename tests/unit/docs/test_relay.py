"""docs/relay.md is written by hand: what stands in it runs."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sparklineage.cli.main import main
from sparklineage.relay.node import config as module
from sparklineage.relay.node.config import KEYS, read_config
from sparklineage.relay.surroundings import FIELDS
from tests.support.receiver import Receiver
from tests.unit.relay.node.nodes import Node

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "relay.md").read_text(encoding="utf-8")


def _block(language: str) -> str:
    (found,) = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return str(found)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as found:
        yield found


def test_the_commands_print_what_stands_there(
    tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    program, *words = _block("sh").split()
    assert program == "sparklineage"
    assert main(words, {}) == 0
    capsys.readouterr()
    node = Node(tmp_path, receiver.url)
    node.run(1)
    printed = ""
    for command in re.findall(r"^\$ python3 (.*)$", _block("console"), re.MULTILINE):
        done = subprocess.run(
            [sys.executable, "-I", *command.split()], capture_output=True, text=True, check=True, cwd=tmp_path
        )
        printed += f"$ python3 {command}\n{done.stdout}"
    printed = printed.replace(receiver.url, "http://127.0.0.1:5000")
    assert printed.replace(str(node.spool), "/var/lib/sparklineage/spool") == _block("console")


def test_the_example_is_read(tmp_path: Path) -> None:
    file = tmp_path / "relay.json"
    file.write_text(_block("json"))
    found = read_config(file)
    assert [item.reference.kind for item in found.backend.deferred] == ["aws-ssm", "aws-secretsmanager"]
    assert {*json.loads(_block("json"))} <= {*KEYS}


def test_every_key_and_field_stands_there() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", PAGE.partition("## relay.json")[2], re.MULTILINE))
    assert tuple(rows) == KEYS
    for key, names in {
        "log": module._LOG,
        "backend": module._BACKEND,
        "retry": module._RETRY,
        "keep": module._KEEP,
    }.items():
        assert [name for name in names if f"`{name}`" not in rows[key]] == []
    for platform in module.PLATFORMS:
        assert f"`{platform}`" in rows["platform"]
    assert [name for name in FIELDS if f"`{name}`" not in PAGE.partition("## Where")[2]] == []
