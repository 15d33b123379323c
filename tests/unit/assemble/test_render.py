"""`sparklineage.render`: what `sparklineage conf` writes, for Python."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

import sparklineage
from sparklineage.errors import UsageError
from sparklineage.targets import Application

if TYPE_CHECKING:
    from pathlib import Path


def test_the_artefacts_of_a_target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the configuration in this folder, or one that was loaded for the platform."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sparklineage.yml").write_text(
        "transport: {url: 'http://h:5000'}\nplatforms: {emr: {release: emr-7.10.0, artifacts: 's3://b/l'}}\n"
    )
    found = sparklineage.render("emr", application=Application(uri="s3://b/job.py"))
    names = {artefact.name: artefact.text for artefact in found.artefacts}
    defaults = json.loads(names["configurations.json"])[0]
    assert defaults["Classification"] == "spark-defaults"
    assert defaults["Properties"]["spark.openlineage.transport.url"] == "http://h:5000"
    assert found == sparklineage.render(
        "emr", sparklineage.load(platform="emr"), application=Application(uri="s3://b/job.py")
    )


def test_a_misspelt_target_is_told() -> None:
    with pytest.raises(UsageError, match=r"there is no target 'emrr'\. Did you mean emr\?"):
        sparklineage.render("emrr")
