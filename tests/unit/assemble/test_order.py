"""Orders: what a target is given, from a configuration and the machine that it is written on."""

from __future__ import annotations

from pathlib import Path

import pytest

from sparklineage.assemble.order import order_for
from sparklineage.config.loading import load_spec
from sparklineage.errors import ConfigError, UnsupportedSparkError
from sparklineage.targets import Order

HTTP = "transport: {url: 'http://h'}\n"


def _order(folder: Path, name: str, text: str) -> Order:
    (folder / "sparklineage.yml").write_text(text)
    spec = load_spec(environ={"HOME": str(folder)}, flags={}, directory=folder, platform=name)
    return order_for(spec, name, install=None, home=folder)


def test_jars_that_nobody_has_fetched_are_named_with_the_command(tmp_path: Path) -> None:
    """A listener whose JAR is not there ends the job."""
    found = _order(tmp_path, "spark-submit", "agent: {version: 1.53.0, scala: '2.12'}\n")
    assert found.notes[-1] == ("the agent's JAR is not there yet: sparklineage jar fetch --version 1.53.0 --scala 2.12")
    jar = Path(found.jars[0])
    jar.parent.mkdir(parents=True)
    jar.touch()
    again = _order(tmp_path, "spark-submit", "agent: {version: 1.53.0, scala: '2.12'}\n")
    assert not any("not there yet" in note for note in again.notes)


def test_a_release_says_the_scala_of_the_agent(tmp_path: Path) -> None:
    """And a platform without artifacts is told so."""
    text = HTTP + "platforms: {emr: {release: emr-7.10.0, artifacts: 's3://b/l'}}\n"
    found = _order(tmp_path, "emr", text)
    assert (found.scala, found.jars[0]) == ("2.12", "s3://b/l/openlineage-spark_2.12-1.53.0.jar")
    assert found.mode == "direct"
    with pytest.raises(ConfigError, match=r"platforms\.emr\.artifacts is missing"):
        _order(tmp_path, "emr", HTTP + "platforms: {emr: {release: emr-7.10.0}}\n")


def test_an_agent_that_the_release_does_not_run_is_refused(tmp_path: Path) -> None:
    """Spark 4 needs 1.37.0, and Scala 2.13."""
    place = "platforms: {emr: {release: emr-spark-8.0.0, artifacts: 's3://b/l'}}\n"
    with pytest.raises(UnsupportedSparkError, match=r"1\.36\.0 does not work"):
        _order(tmp_path, "emr", HTTP + "agent: {version: 1.36.0}\n" + place)
    with pytest.raises(UnsupportedSparkError, match=r"runs Scala 2\.13|built for Scala 2\.12"):
        _order(tmp_path, "emr", HTTP + "agent: {scala: '2.12'}\n" + place)
