"""The table of the agent's names, which every URI declared in a job is compared with, is what its classes answer."""

from __future__ import annotations

import os
import subprocess
from importlib.util import find_spec
from pathlib import Path

import pytest

from sparklineage.agent.fetch import default_cache, fetch
from sparklineage.agent.releases import choose
from sparklineage.agent.repository import sources
from tests.support.agent_names import FILES, SNOWFLAKE, TABLES

pytestmark = pytest.mark.spark


def test_names_are_the_agents_own() -> None:
    spark = find_spec("pyspark")
    assert spark
    assert spark.origin
    home = Path(spark.origin).parent
    places = sources(home=Path.home(), environ=os.environ, spark_home=home)
    agent = fetch(choose("4.2.0", "2.13"), cache=default_cache(os.environ, Path.home()), sources=places)
    asked = {**FILES, **TABLES, **SNOWFLAKE}
    answer = subprocess.run(
        ["java", "-cp", f"{agent}:{home}/jars/*", str(Path(__file__).with_name("AgentNames.java")), *asked],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert answer.returncode == 0, answer.stderr
    names = [tuple(line.split("\t")) for line in answer.stdout.splitlines()]
    assert dict(zip(asked, names, strict=True)) == asked
