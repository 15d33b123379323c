"""Whatever `application` is called with: the job goes on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from sparklineage.errors import ConfigError
from sparklineage.journal import RunFolder
from sparklineage.sdk.programs.application import Application

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("given", "way", "told"),
    [
        ({"flush": "x"}, "journal", "flush takes seconds, and this is a str that is none"),
        ({"flush": float("nan")}, "journal", "flush takes seconds, and this is a float that is none"),
        ({"name": 5}, "journal", "a name is a text, and this is a int"),
        ({"spark": "nightly"}, "journal", "spark is a session, or None for the active one, and this is a str"),
        ({"config": 5}, "off", "config is the path of a file, and this is a int"),
        ({"backend": 5}, "off", "backend is an address, and this is a int"),
        ({"profile": b"x"}, "off", "profile is a name, and this is a bytes"),
        ({"backend": "x"}, "off", "backend= is 'x', but an http or https URL such as https://HOST:PORT is needed."),
        ({"profile": "x"}, "off", "profile= is 'x', but there is no configuration file with profiles."),
    ],
)
def test_whatever_it_is_called_with_the_job_goes_on(
    given: dict[str, Any],
    way: str,
    told: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.chdir(tmp_path)
    environ = {"HOME": str(tmp_path), "SPARKLINEAGE_JOURNAL": str(tmp_path / "journal")}
    arguments: dict[str, Any] = {"spark": None, "environ": environ, **given}
    with Application(**arguments) as found:
        assert found.way == way
    assert caplog.messages[0].removeprefix("the application has no lineage of its own: ") == told
    if "name" in given:
        assert json.loads((found.folder / "run.json").read_text())["job"]["name"] == "5"  # type: ignore[operator]
    with pytest.raises((TypeError, ConfigError)) as caught:
        Application(**arguments, strict=True)
    assert told.startswith(str(caught.value))


@pytest.mark.parametrize("flush", [float("inf"), 10**30, -1, "2"])
def test_a_wait_may_be_as_long_as_it_likes(flush: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    environ = {"HOME": str(tmp_path), "SPARKLINEAGE_JOURNAL": str(tmp_path / "journal")}
    with Application(None, environ=environ, flush=flush, strict=True) as found:
        pass
    assert RunFolder(found.folder).outcome.exists()  # type: ignore[arg-type]
