"""`init`: with options, at a terminal, and where it must not write."""

from __future__ import annotations

import os
import pty
import re
import select
import stat
import subprocess
import sys
import time
from pathlib import Path

import jsonschema
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import sparklineage
from sparklineage.config.json_schema import json_schema
from tests.unit.cli.desk import CANARY, Desk

ROOT = Path(__file__).parents[3]
ANSWERS = {
    "nothing": [],
    "names": ["--namespace", "prod.team", "--job-name", "nightly: load"],
    "backend": ["--backend", "https://h.example/in"],
    "key": ["--backend", "https://h.example", "--api-key", "aws-secretsmanager:prod/openlineage#apiKey"],
    "words": ["--namespace", "true", "--job-name", "1.10"],
}


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(tmp_path, capsys, monkeypatch)


def _uncommented(text: str) -> str:
    """The file with every example in it switched on; sentences stay comments."""
    lines = []
    for line in text.splitlines():
        body = re.sub(r"^# ", "", line)
        example = line.startswith("# ") and (re.match(r"[a-zA-Z.]+:( |$)|  ", body) is not None)
        lines.append(body if example else line)
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("answers", ANSWERS)
def test_the_file_loads_as_it_is_and_with_all_its_examples(desk: Desk, answers: str) -> None:
    """And editors that know the schema have nothing against either."""
    desk.good("init", *ANSWERS[answers])
    path = desk.work / "sparklineage.yml"
    text = path.read_text(encoding="utf-8")
    full = desk.write(_uncommented(text), "full.yml")
    assert "\nprofiles:\n" in full.read_text(encoding="utf-8")
    assert "\n  mode: auto\n" in full.read_text(encoding="utf-8")
    for one in (path, full):
        sparklineage.load(one, environ={})
        jsonschema.validate(yaml.safe_load(one.read_text(encoding="utf-8")), json_schema())
    spec = sparklineage.load(full, profile="prod", platform="emr", environ={})
    assert (spec["namespace"], spec["platform.release"]) == ("prod.team.domain", "emr-7.5.0")
    options = dict(zip(ANSWERS[answers][::2], ANSWERS[answers][1::2], strict=True))
    base = sparklineage.load(path, environ={})
    assert base["namespace"] == options.get("--namespace", "dev.team.domain")
    assert base["job.name"] == options.get("--job-name")
    assert base["transport.url"] == options.get("--backend")
    assert base.text("transport.auth.apiKey") == options.get("--api-key")


@given(st.text(min_size=1, max_size=20))
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_answer_comes_back_or_is_refused(desk: Desk, text: str) -> None:
    path = desk.work / "sparklineage.yml"
    path.unlink(missing_ok=True)
    status, _, err = desk.run("init", f"--namespace={text}", f"--job-name={text}")
    if status != 0:
        assert status == 2
        assert err.startswith("sparklineage: --namespace")
        assert not path.exists()
        return
    spec = sparklineage.load(path, environ={})
    spec.conf_set()
    assert (spec["job.name"], spec["namespace"]) == (text, text)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--backend", "ftp://h"], "--backend is 'ftp://h', but an http or https URL"),
        (["--backend", f"https://u:{CANARY}@h"], "--backend has a secret in it"),
        (["--backend", f"https://h/in?code={CANARY}"], "--backend has a secret in it"),
        (["--backend", f"https://h/in?api_key={CANARY}"], "--backend has a secret in it"),
        (["--backend", "http://h", "--api-key", CANARY], "--api-key is no reference to a secret; write env:NAME"),
        (["--backend", "http://h", "--api-key", "databricks:x"], "databricks"),
        (["--api-key", "env:K"], "--api-key needs the --backend that it is for."),
        (["--namespace", "[a]"], "--namespace is a text in brackets"),
    ],
)
def test_a_wrong_answer_writes_nothing(desk: Desk, options: list[str], said: str) -> None:
    status, out, err = desk.run("init", *options)
    assert status in (2, 64)
    assert said in err
    assert CANARY not in out + err
    assert list(desk.work.iterdir()) == []


def test_a_file_that_is_there_stays(desk: Desk) -> None:
    path = desk.write("mine")
    said = desk.refused(2, "init", "--yes")
    assert said == "sparklineage.yml is there already and stays as it is; name another file."
    assert path.read_text() == "mine"
    (desk.work / "link.yml").symlink_to("nowhere.yml")
    desk.refused(2, "init", "link.yml")
    desk.refused(2, "init", ".")


def test_another_file_is_named_in_what_to_do_next(desk: Desk) -> None:
    assert "`sparklineage explain --config 'my file.yml'`" in desk.good("init", "my file.yml")


@pytest.mark.parametrize("path", ["nowhere/sparklineage.yml", "/proc/sparklineage.yml", "file/sparklineage.yml"])
def test_a_place_that_cannot_be_written_is_one_sentence(desk: Desk, path: str) -> None:
    desk.write("", "file")
    assert desk.refused(2, "init", path).startswith(f"init: {path} cannot be written: ")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_is_read_only_is_one_sentence(desk: Desk) -> None:
    desk.work.chmod(stat.S_IRUSR | stat.S_IXUSR)
    assert "Permission denied" in desk.refused(2, "init")


def _at_a_terminal(answers: list[str], *options: str) -> tuple[int, str]:
    """Status, and all that the person sees; None of `answers` is given before its question."""
    terminal, theirs = pty.openpty()
    command = [sys.executable, "-m", "sparklineage", "init", *options]
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environ)
    os.close(theirs)
    seen = b""
    left = [*answers, "\x04"]
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if not select.select([terminal], [], [], 0.2)[0]:
            continue
        try:
            seen += os.read(terminal, 4096)
        except OSError:  # the other side has gone
            break
        if seen.endswith(b"]: "):
            answer = left.pop(0)
            os.write(terminal, answer.encode() + (b"" if answer == "\x04" else b"\n"))
    os.close(terminal)
    return process.wait(timeout=60), seen.decode()


def test_a_person_is_asked_until_the_answer_will_do(desk: Desk) -> None:
    answers = ["prod.team", "", "ftp://h", f"https://u:{CANARY}@h", "https://h", CANARY, "env:KEY"]
    status, seen = _at_a_terminal(answers)
    assert status == 0
    assert [seen.count(question) for question in ("Namespace of", "Name of the", "Address of", "Where its API")] == [
        1, 1, 3, 2,
    ]  # fmt: skip
    assert "the answer is no reference to a secret" in seen
    spec = sparklineage.load("sparklineage.yml", environ={})
    assert (spec["namespace"], spec["job.name"], spec["transport.url"]) == ("prod.team", None, "https://h")
    assert spec.text("transport.auth.apiKey") == "env:KEY"
    assert CANARY not in (desk.work / "sparklineage.yml").read_text()


@pytest.mark.usefixtures("desk")
def test_what_an_option_says_is_not_asked() -> None:
    status, seen = _at_a_terminal(["", ""], "--namespace", "a", "f.yml")
    assert status == 0
    assert "Namespace of" not in seen
    assert "Where its API" not in seen
    assert _at_a_terminal([], "--yes", "g.yml") == (
        0, "g.yml is written. `sparklineage explain --config g.yml` shows what it sets.\r\n",
    )  # fmt: skip


def test_whoever_leaves_leaves_no_file(desk: Desk) -> None:
    status, seen = _at_a_terminal(["prod"])
    assert status == 130
    assert "Traceback" not in seen
    assert list(desk.work.iterdir()) == []
