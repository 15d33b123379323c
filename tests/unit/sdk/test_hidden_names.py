"""The credentials of an address in the name of a step or an application get neither into a job's name nor a facet."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from sparklineage import facets
from sparklineage.sdk.programs.chosen import wanted
from sparklineage.sdk.steps.given import text
from tests.support.receiver import Receiver

if TYPE_CHECKING:
    from pathlib import Path

PROGRAM = """
import sparklineage

with sparklineage.application(name="nightly https://u:canary@h/x"):
    with sparklineage.step(None, "load https://u:canary@h/x?sig=canary", outputs=["s3://b/out"]) as step:
        print(step.name)
"""


def test_the_job_and_the_facet_have_the_same_name(tmp_path: Path) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OPENLINEAGE", "SPARKLINEAGE"))}
    with Receiver() as receiver:
        environ = {**kept, "HOME": str(tmp_path), "OPENLINEAGE_URL": receiver.url}
        found = subprocess.run(
            [sys.executable, "-c", PROGRAM], cwd=tmp_path, env=environ, capture_output=True, text=True, check=True
        )
    assert "canary" not in str(receiver.events) + found.stdout + found.stderr
    application = "nightly_https_h_x"
    assert {event["job"]["name"] for event in receiver.events} == {application, f"{application}.load_https_h_x_sig"}
    declared = [
        item["facets"]["sparklineage_declared"]["step"] for event in receiver.events for item in event["outputs"]
    ]
    assert set(declared) == {"load https://h/x?sig=********"} == {found.stdout.strip()}


@pytest.mark.parametrize("name", ["Load Orders", "订单", "token: daily", "s3://b/token=5/x", "a" * 20_000])
def test_other_names_stay_as_they_are(name: str) -> None:
    assert name.startswith(text(name))
    assert len(text(name)) >= min(len(name), 500)
    asked = wanted(None, {}, name=name, backend=None, config=None, profile=None, flush=None, strict=True)
    assert asked.name == name


def test_a_step_and_a_facet_hide_the_same() -> None:
    said = "Server=h;Password=canary"
    assert text(said) == facets.documentation(said).value["description"] == "Server=h;Password=********"
