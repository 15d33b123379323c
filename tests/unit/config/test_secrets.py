"""Secrets of the environment and of files, and what holds for every kind."""

from __future__ import annotations

import ast
import logging
import os
import re
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from sparklineage.config.secrets import READERS, is_remote, literal_problem
from sparklineage.config.secrets.remote import bounded, quiet
from sparklineage.model.secret import FORMS, KINDS, SecretReference
from tests.support.secrets import CANARY, fetch, refusal

ROOT = Path(__file__).parents[3]


def test_every_kind_has_a_reader_and_a_form() -> None:
    assert set(READERS) == set(FORMS) == set(KINDS)


@pytest.mark.parametrize(
    ("text", "remote"),
    [("env:A", False), ("file:/a", False), ("aws-ssm:/a", True), ("aws-secretsmanager:a", True),
     ("databricks:a/b", True)],
)  # fmt: skip
def test_services_are_remote(text: str, remote: bool) -> None:
    reference = SecretReference.read(text)
    assert reference is not None
    assert is_remote(reference) is remote


@pytest.mark.parametrize("around", ["{}", "{}\n", "  {}\r\n", "\t{}\n\n"])
def test_blanks_and_line_ends_around_a_secret_are_left_out(tmp_path: Path, around: str) -> None:
    value = around.format(CANARY)
    (tmp_path / "key").write_text(value)
    assert fetch("env:KEY", KEY=value) == fetch(f"file:{tmp_path}/key") == fetch(f"file://{tmp_path}/key") == CANARY


def test_a_byte_order_mark_is_none_of_the_secret(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"\xef\xbb\xbf" + CANARY.encode())
    assert fetch(f"file:{tmp_path}/key") == CANARY


def test_a_tilde_is_the_home_of_the_environment(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(CANARY)
    assert fetch("file:~/key", HOME=str(tmp_path)) == CANARY


@pytest.mark.parametrize("environ", [{}, {"KEY": ""}])
def test_a_variable_that_is_not_set_is_told(environ: dict[str, str]) -> None:
    assert refusal("env:KEY", **environ) == (
        "f.yml: key refers to the environment variable KEY, which is not set."
    )  # fmt: skip


def test_a_blank_secret_is_told(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(" \n")
    assert refusal("env:KEY", KEY=" \n") == (
        "f.yml: key is blank: nothing stands behind env:KEY; store a value there."
    )  # fmt: skip
    assert "f.yml: key is blank: nothing stands behind file:" in refusal(f"file:{tmp_path}/key")


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "bytes").write_bytes(CANARY.encode() + b"\xff")
    (tmp_path / "large").write_text(CANARY * 5000)
    os.mkfifo(tmp_path / "pipe")
    problems = {
        "absent": "No such file or directory",
        "bytes": "it is not UTF-8 text",
        "large": "it is larger than 64 KiB",
        "pipe": "it is no file",
        ".": "it is a folder",
        "x" * 300: "File name too long",
        "bytes/x": "Not a directory",
    }
    for name, problem in problems.items():
        path = f"{tmp_path}/{name}"
        assert refusal(f"file:{path}") == (
            f"f.yml: key refers to the file {path}, which cannot be read: {problem}."
        )  # fmt: skip
    assert refusal("file:~nobody-of-this-name/x").endswith("the home folder of this user is not known.")


def test_a_file_that_may_not_be_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests may run as root, to whom no file is closed."""

    def closed(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "key").write_text(CANARY)
    monkeypatch.setattr(Path, "open", closed)
    assert refusal(f"file:{tmp_path}/key").endswith("which cannot be read: Permission denied.")


@pytest.mark.parametrize(
    ("text", "package", "extra"),
    [("aws-ssm:/a", "boto3", "aws"), ("aws-secretsmanager:a", "boto3", "aws"),
     ("databricks:a/b", "databricks-sdk", "databricks")],
)  # fmt: skip
def test_a_missing_package_is_told_with_the_command(
    monkeypatch: pytest.MonkeyPatch, text: str, package: str, extra: str
) -> None:
    monkeypatch.setitem(sys.modules, "boto3", None)
    monkeypatch.setitem(sys.modules, "databricks.sdk", None)
    said = refusal(text)
    assert said.startswith("f.yml: key refers to the ")
    assert said.endswith(f", which needs {package}; run `pip install 'sparklineage-toolkit[{extra}]'`.")


def test_no_client_is_imported_for_what_lies_here() -> None:
    code = """
        import sys
        from sparklineage.config.secrets import resolve
        from sparklineage.model.secret import SecretReference
        resolve(SecretReference(kind="env", name="KEY"), source="x", environ={"KEY": "value"})
        print([name for name in ("boto3", "botocore", "databricks", "yaml") if name in sys.modules])
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert ast.literal_eval(done.stdout) == []


def test_an_answer_that_never_comes_is_not_waited_for() -> None:
    never = threading.Event()
    before = time.monotonic()
    with pytest.raises(TimeoutError):
        bounded(lambda: str(never.wait(60)), 0.05)
    assert time.monotonic() - before < 5
    never.set()


def test_what_the_question_raises_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        bounded(lambda: str(1 // 0), 5)
    assert bounded(lambda: "answer", 5) == "answer"


def test_clients_are_quiet_for_as_long_as_anybody_asks(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger="botocore")
    client, ours = logging.getLogger("botocore.parsers"), logging.getLogger("sparklineage")
    with quiet():
        caplog.set_level(logging.DEBUG, logger="botocore")
        caplog.set_level(logging.DEBUG, logger="botocore.parsers")
        with quiet():
            client.debug("first")
        client.debug("second")
        client.warning("third")
        ours.debug("fourth")
    client.debug("fifth")
    assert caplog.messages == ["third", "fourth", "fifth"]
    assert client.level == logging.DEBUG
    assert logging.getLogger("botocore").level == logging.DEBUG
    assert logging.getLogger("urllib3").level == logging.NOTSET


@pytest.mark.parametrize(
    ("mode", "others"),
    [(0o600, None), (0o400, None), (0o700, None), (0o620, None), (0o640, "its group"),
     (0o644, "everybody on this machine"), (0o604, "everybody on this machine")],
)  # fmt: skip
def test_literals_in_a_file_that_others_can_read_are_told(tmp_path: Path, mode: int, others: str | None) -> None:
    path = tmp_path / "my file.yml"
    path.write_text(CANARY)
    path.chmod(mode)
    said = literal_problem(path, ["transport.auth.apiKey"])
    if others is None:
        assert said is None
    else:
        assert said == (
            f"{path}: transport.auth.apiKey stands there in plain text, and {others} can read it (mode {mode:04o}); "
            f"write a reference such as env:NAME, or run `chmod 600 '{path}'`."
        )
    assert literal_problem(path, []) is None


def test_several_literals_are_told_at_once_and_no_file_is_none(tmp_path: Path) -> None:
    path = tmp_path / "f.yml"
    path.touch(0o644)
    path.chmod(0o644)
    assert "transport.auth.apiKey, transport.headers.X stand there" in str(
        literal_problem(path, ["transport.auth.apiKey", "transport.headers.X"])
    )
    assert literal_problem(tmp_path / "absent", ["a"]) is None


PAGE = ROOT / "docs/secrets.md"


def test_the_page_names_every_form() -> None:
    """docs/secrets.md is written by hand."""
    text = PAGE.read_text(encoding="utf-8")
    for form in FORMS.values():
        assert f"`{form}`" in text


def test_the_example_of_the_page_runs() -> None:
    """As it stands there, in a process of its own."""
    (example,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    done = subprocess.run(
        [sys.executable, "-c", example],
        cwd=ROOT, env={**os.environ, "OPENLINEAGE_KEY": CANARY}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "********\n"
