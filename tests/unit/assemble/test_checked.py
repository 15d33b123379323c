"""What `lint` would call an error in the finished properties is one in the configuration already."""

from __future__ import annotations

from pathlib import Path

import pytest

import sparklineage
from sparklineage.assemble.checked import checked
from sparklineage.assemble.library import finished_for
from sparklineage.config.conf import conf_set
from sparklineage.errors import ConfigError
from tests.support.spark_home import spark_home

CASES = Path(__file__).parents[2] / "golden" / "conf"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Spark; the working directory and the home are empty."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return spark_home(tmp_path / "spark")


def notes(home: Path, text: str) -> tuple[str, ...]:
    path = home.parent / "sparklineage.yml"
    path.write_text(text)
    return finished_for(sparklineage.load(environ={"HOME": str(home.parent)}), spark_home=home).notes


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("dataset: {removePath: {pattern: 'a.*'}}", "1:24: dataset.removePath.pattern has no group named remove."),
        ("dataset: {removePath: {pattern: 'a(b'}}", "1:24: dataset.removePath.pattern is 'a(b', but a regular expr"),
        ("transport: {type: file, location: e.json}", "1:25: transport.location is a file name without a folder."),
        ("dataset: {namespaceResolvers: {x: {hosts: [a]}}}", "1:36: dataset.namespaceResolvers.x.hosts is set, but no"),
        ("circuitBreaker: {type: timeout}", "1:18: circuitBreaker.type"),
    ],
)
def test_an_error_is_told_with_its_place(home: Path, text: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        notes(home, text + "\n")
    assert str(caught.value).startswith(f"sparklineage.yml:{sentence}")
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("job: load-2024-01-05", "sparklineage.yml:1:1: appName has a date, time or id in it."),
        (
            "spark: {spark.jars.packages: 'io.openlineage:openlineage-spark_2.13:1.40.0'}",
            "sparklineage.yml:1:9: The agent is brought 2 times.",
        ),
    ],
)
def test_a_warning_is_a_note(home: Path, text: str, sentence: str) -> None:
    assert [note for note in notes(home, text + "\n") if note.startswith(sentence)]


@pytest.mark.parametrize("case", sorted(path.name for path in CASES.iterdir()))
def test_our_own_defaults_say_nothing(home: Path, case: str) -> None:
    path = CASES / case / "sparklineage.yml"
    spec = sparklineage.load(path, environ={"HOME": str(home.parent)})
    done = finished_for(spec, spark_home=home)
    found = checked(done.conf, conf_set(spec, done.mode))
    # A share of a time that its file does not limit.
    own = [f"{path}:9:11: timeout.buildDatasetsTimePercentage is set without"] if case == "direct-http" else []
    assert len(found) == len(own)
    assert all(map(str.startswith, found, own))


def test_what_is_wrong_in_somebody_else_s_file_is_not_ours_to_refuse() -> None:
    theirs = sparklineage.ConfSet.of({"spark.openlineage.dataset.removePath.pattern": "a"}, source="spark-defaults")
    assert checked(theirs, sparklineage.ConfSet()) == ()
    with pytest.raises(ConfigError, match=r"spark-defaults: dataset\.removePath\.pattern has no group"):
        checked(theirs, theirs)
