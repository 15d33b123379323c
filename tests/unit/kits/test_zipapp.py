"""relay.pyz: what is in it, that its bytes do not change, and that it runs alone on every Python from 3.9 on."""

from __future__ import annotations

import fnmatch
import hashlib
import io
import itertools
import json
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import pytest

from sparklineage.cli.main import main
from sparklineage.journal import create_folder
from sparklineage.kits import zipapp
from sparklineage.version import VERSION
from tests.support.journal import APP, add, application, event, execution, witnessed
from tests.support.receiver import Receiver

ROOT = Path(__file__).parents[3]
QUERY = "01900000-0000-7000-8000-0000000000a1"
KEY = "canary-90ce-pyz"


@lru_cache
def pythons() -> dict[str, str]:
    """Interpreters of this machine by version, 3.9 to 3.13, that have TLS."""
    names = [sys.executable, *(found for minor in range(9, 14) if (found := shutil.which(f"python3.{minor}")))]
    names += sorted(map(str, Path.home().glob(".pyenv/versions/3.*/bin/python")))
    code = "import ssl, sys; print('%d.%d' % sys.version_info[:2])"
    by_version: dict[str, str] = {}
    for name in names:
        done = subprocess.run([name, "-Ic", code], capture_output=True, text=True, check=False)
        if done.returncode == 0:
            by_version.setdefault(done.stdout.strip(), name)
    return by_version


@pytest.fixture(scope="module")
def pyz(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pyz") / zipapp.NAME
    zipapp.build(path)
    return path


def interpreter(version: str) -> str:
    if version not in pythons():
        pytest.skip(f"there is no Python {version} here")
    return pythons()[version]


def test_it_holds_what_the_relay_imports_and_nothing_else(pyz: Path) -> None:
    """The truth is what an interpreter has loaded that sees nothing of the installed package."""
    code = (
        "import importlib, json, sys; sys.path.insert(0, sys.argv[1])\n"
        "wanted = json.loads(sys.argv[2])\n"
        "importlib.import_module('sparklineage.relay.node.main')\n"
        "for name in wanted: importlib.import_module(name)\n"
        "print(json.dumps(sorted(name for name in sys.modules if name.partition('.')[0] == 'sparklineage')))\n"
        "others = [m for m in sys.modules.values() if 'site-packages' in (getattr(m, '__file__', None) or '')]\n"
        "sys.exit(repr(others) if others else 0)"
    )
    words = [sys.executable, "-IS", "-c", code, str(pyz), json.dumps(zipapp.modules())]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert tuple(json.loads(done.stdout)) == zipapp.modules()
    with zipfile.ZipFile(pyz) as archive:
        names = archive.namelist()
    places = [zipapp.path_of(name).relative_to(ROOT).as_posix() for name in zipapp.modules()]
    assert names == sorted(["__main__.py", *places])


def test_it_knows_what_a_command_imports_late() -> None:
    found = zipapp.modules()
    assert {"sparklineage.relay.node.check", "sparklineage.relay.sinks.http", "sparklineage.model.secret"} <= {*found}
    for room in ("cli", "sdk", "submit", "agent", "lint", "kits", "targets", "graph", "assemble"):
        assert not [name for name in found if name.startswith(f"sparklineage.{room}")]


def test_its_bytes_tell_nothing_of_where_and_when() -> None:
    data = zipapp.content()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        entries = archive.infolist()
    assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
    assert {(entry.compress_type, entry.external_attr >> 16, entry.create_system) for entry in entries} == {
        (zipfile.ZIP_STORED, 0o100644, 3)
    }
    assert [entry.filename for entry in entries] == sorted(entry.filename for entry in entries)
    assert data.startswith(b"#!/usr/bin/env python3\n")
    assert str(ROOT).encode() not in data
    assert len(data) < 500_000


@pytest.mark.parametrize("version", ["3.10", "3.11", "3.12", "3.13"])
def test_every_python_makes_the_same_bytes(version: str) -> None:
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import hashlib; from sparklineage.kits import zipapp\n"
        "print(hashlib.sha256(zipapp.content()).hexdigest())"
    )
    environ = {"PYTHONDONTWRITEBYTECODE": "1", "TZ": "Asia/Tokyo"}
    words = [interpreter(version), "-I", "-c", code, str(ROOT)]
    done = subprocess.run(words, capture_output=True, text=True, check=True, env=environ)
    assert done.stdout.strip() == hashlib.sha256(zipapp.content()).hexdigest()


def test_it_is_written_whole_and_may_be_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "relay.pyz"
    path.write_bytes(b"an older one")
    assert main(["relay", "build", str(path)], {}) == 0
    data = zipapp.content()
    said = f"{path}  {len(data)} bytes, sha256 {hashlib.sha256(data).hexdigest()}\n"
    assert capsys.readouterr().out == said
    assert path.read_bytes() == data
    assert stat.S_IMODE(path.stat().st_mode) == 0o755
    assert [item.name for item in tmp_path.iterdir()] == ["relay.pyz"]


def test_where_it_cannot_be_written_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "no" / "relay.pyz"
    assert main(["relay", "build", str(path)], {}) == 79
    problem = f"{path}: cannot be written: No such file or directory; name another file."
    assert capsys.readouterr().err == f"sparklineage: {problem}\n"


def test_it_tells_its_version(pyz: Path) -> None:
    done = subprocess.run([sys.executable, "-I", str(pyz), "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith(f"sparklineage relay {VERSION} (Python ")


@pytest.mark.parametrize("old", ["2.7", "3.6", "3.8"])
def test_an_old_python_is_told(pyz: Path, old: str) -> None:
    found = next(iter(sorted(Path.home().glob(f".pyenv/versions/{old}.*/bin/python"))), None)
    name = str(found) if found else shutil.which(f"python{old}")
    if name is None:
        pytest.skip(f"there is no Python {old} here")
    done = subprocess.run([name, str(pyz), "--version"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == f"relay.pyz needs Python 3.9 or later, and this is {old}\n"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as found:
        yield found


@pytest.mark.parametrize(("version", "options"), [("3.9", []), ("3.13", []), ("own", ["-I"])])
def test_it_delivers_a_journal_alone(
    tmp_path: Path, pyz: Path, receiver: Receiver, version: str, options: list[str]
) -> None:
    python = sys.executable if version == "own" else interpreter(version)
    spool, state, info = (tmp_path / name for name in ("spool", "state", "info"))
    for folder in (spool, info):
        folder.mkdir()
    (info / "job-flow.json").write_text('{"jobFlowId": "j-1ABC"}')
    config = tmp_path / "relay.json"
    told = {
        "format": 1,
        "platform": "emr",
        "spool": str(spool),
        "state": str(state),
        "log": {"file": str(tmp_path / "relay.log"), "size": 100_000, "files": 2},
        "backend": {"url": receiver.url, "apiKey": "env:LINEAGE_KEY", "compression": "gzip"},
        "info": str(info),
    }
    config.write_text(json.dumps(told))
    environ = {"PATH": "/usr/bin:/bin", "LINEAGE_KEY": KEY, "PYTHONDONTWRITEBYTECODE": "1"}
    copy = tmp_path / "elsewhere" / "relay.pyz"
    copy.parent.mkdir()
    shutil.copy(pyz, copy)
    words = [python, *options, str(copy)]
    with subprocess.Popen([*words, "watch", "--config", str(config)], env=environ, cwd=copy.parent) as process:
        try:
            made = create_folder(spool, APP)
            add(made.witness, witnessed("application", 0, runId=APP, applicationName="app", pid=1 << 22))
            add(made.witness, *execution(0, 2, 4, error="boom"))
            add(made.agent, application("START", 1), event("START", 2, QUERY, "app.q", outputs=("/out",)))
            add(made.agent, event("COMPLETE", 4, QUERY, "app.q"), application("COMPLETE", 5))
            add(made.witness, witnessed("applicationEnd", 5))
            for _ in itertools.takewhile(lambda _: len(receiver.events) < 4, range(200)):
                with pytest.raises(subprocess.TimeoutExpired):
                    process.wait(0.1)
            status = subprocess.run(
                [*words, "status", "--config", str(config)], env=environ, capture_output=True, text=True, check=True
            )
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0
        finally:
            process.kill()
    kinds = [(found["run"]["runId"], found["eventType"]) for found in receiver.events]
    assert kinds == [(APP, "START"), (QUERY, "START"), (QUERY, "FAIL"), (APP, "COMPLETE")]
    clusters = [found["run"]["facets"]["sparklineage_cluster"] for found in receiver.events]
    assert {(found["platform"], found["clusterId"]) for found in clusters} == {("emr", "j-1ABC")}
    assert {found["Authorization"] for found in receiver.seen_headers} == {f"Bearer {KEY}"}
    assert "0 running, 1 ended; 0 events waiting, 0 refused" in status.stdout
    assert f"{APP}  COMPLETE, 4 delivered" in (tmp_path / "relay.log").read_text()
    assert [item.name for item in copy.parent.iterdir()] == ["relay.pyz"]


def test_what_travels_is_linted_and_checked_for_its_oldest_python() -> None:
    pyproject = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    section = pyproject.partition("[tool.ruff.per-file-target-version]\n")[2].partition("\n[")[0]
    patterns = [
        f"{before}{choice}{after}"
        for pattern in re.findall(r'^"(.*)" = "py39"$', section, re.MULTILINE)
        for before, braces, after in [re.fullmatch(r"([^{]*)(?:\{(.*)\})?(.*)", pattern).groups()]  # type: ignore[union-attr]
        for choice in (braces or "").split(",")
    ]
    for name in zipapp.modules():
        place = zipapp.path_of(name).relative_to(ROOT).as_posix()
        assert any(fnmatch.fnmatch(place, pattern.replace("**/", "*")) for pattern in patterns), place
    vermin = Path(sys.executable).with_name("vermin")
    words = [str(vermin), "-q", "-t=3.9-", "--no-tips", "--violations", "--exclude", "file"]
    places = [str(zipapp.path_of(name)) for name in zipapp.modules()]
    done = subprocess.run([*words, *places], capture_output=True, text=True, check=False, env={**os.environ})
    assert (done.returncode, done.stdout) == (0, "")
