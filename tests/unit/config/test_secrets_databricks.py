"""Secrets of Databricks: the real SDK against a server that answers as the workspace's API does."""

from __future__ import annotations

import base64
import json
import logging
import os
import socket
import subprocess
import sys
import time
from contextlib import AbstractContextManager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from databricks.sdk.service.workspace import GetSecretResponse

from sparklineage.config.secrets import resolve
from sparklineage.errors import ConfigError
from sparklineage.model.secret import SecretReference
from tests.support.secrets import CANARY, fetch, refusal
from tests.support.service import Answer, Service, service

ROOT = Path(__file__).parents[3]
TEXT = "databricks:team/ol.key"
SECRET = "f.yml: key refers to the secret team/ol.key of Databricks"
TOKEN = "dapi-0123456789"


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine without a profile of Databricks, on which nobody has signed in to a cloud."""
    for name in [name for name in os.environ if name.startswith(("DATABRICKS_", "ARM_", "AZURE_", "GOOGLE_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def sign_in(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("DATABRICKS_HOST", url)
    monkeypatch.setenv("DATABRICKS_TOKEN", TOKEN)


def value(content: bytes) -> Answer:
    """The answer of the API, in the shape that the SDK itself gives it."""
    found = GetSecretResponse(key="ol.key", value=base64.b64encode(content).decode())
    return 200, "application/json", json.dumps(found.as_dict()).encode()


def error(status: int, code: str, message: str) -> Answer:
    return status, "application/json", json.dumps({"error_code": code, "message": message}).encode()


def answering(answer: Answer | None) -> AbstractContextManager[Service]:
    """A workspace; it has no page that tells of itself, as those of old."""
    return service(lambda path: answer if path.startswith("/api/") else (404, "text/plain", b""))


def test_a_secret_is_asked_for_by_scope_and_key(monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(value(f"{CANARY}\n".encode())) as workspace:
        sign_in(monkeypatch, workspace.url)
        assert fetch(TEXT) == CANARY
    number = next(number for number, path in enumerate(workspace.paths) if path.startswith("/api/"))
    asked = urlsplit(workspace.paths[number])
    assert (asked.path, parse_qs(asked.query)) == ("/api/2.0/secrets/get", {"scope": ["team"], "key": ["ol.key"]})
    assert workspace.headers[number]["Authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (error(404, "RESOURCE_DOES_NOT_EXIST", f"Secret does not exist with scope: team and key: {CANARY}"),
         "which does not exist; check the scope and the key."),
        (error(403, "PERMISSION_DENIED", f"User does not have permission {CANARY}"),
         "which may not be read; READ on its scope is needed, and a valid token."),
        (error(401, "UNAUTHENTICATED", CANARY),
         "but Databricks does not accept the credentials; check DATABRICKS_TOKEN or the profile."),
        (error(400, "BAD_REQUEST", CANARY),
         "which Databricks does not hand out here, or whose name it does not accept."),
        (error(500, "INTERNAL_ERROR", CANARY), "but Databricks refuses for now; try again later."),
        (error(418, "NEW", CANARY), "but Databricks fails with DatabricksError."),
        (value(CANARY.encode() + b"\xff"), "which holds bytes that are no UTF-8 text; store it as text."),
        ((200, "application/json", f'{{"value": "{CANARY}!"}}'.encode()),
         "which holds bytes that are no UTF-8 text; store it as text."),
        ((200, "text/html", f"<html>{CANARY}".encode()),
         "but the answer is none of Databricks; check DATABRICKS_HOST."),
        ((302, "text/html", f"<html>{CANARY}".encode()),
         "but the answer is none of Databricks; check DATABRICKS_HOST."),
        ((200, "application/json", b"[]"), "but Databricks fails with AttributeError."),
    ],
)  # fmt: skip
def test_every_answer_is_one_sentence(monkeypatch: pytest.MonkeyPatch, answer: Answer, problem: str) -> None:
    with answering(answer) as workspace:
        sign_in(monkeypatch, workspace.url)
        said = refusal(TEXT)
    assert said == f"{SECRET}, {problem}"
    assert TOKEN not in said


def test_a_value_that_is_left_out_is_blank(monkeypatch: pytest.MonkeyPatch) -> None:
    with answering((200, "application/json", b"{}")) as workspace:
        sign_in(monkeypatch, workspace.url)
        assert refusal(TEXT) == (
            "f.yml: key is blank: nothing stands behind databricks:team/ol.key; store a value there."
        )  # fmt: skip


@pytest.mark.parametrize("environ", [{}, {"DATABRICKS_HOST": "http://127.0.0.1:9"}, {"DATABRICKS_CONFIG_PROFILE": "x"}])
def test_missing_credentials_are_told(monkeypatch: pytest.MonkeyPatch, environ: dict[str, str]) -> None:
    for name, text in environ.items():
        monkeypatch.setenv(name, text)
    assert refusal(TEXT) == (
        f"{SECRET}, but the Databricks SDK finds no credentials that it can use; set DATABRICKS_HOST and "
        "DATABRICKS_TOKEN, or DATABRICKS_CONFIG_PROFILE."
    )


def test_a_workspace_that_cannot_be_reached_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        sign_in(monkeypatch, f"http://127.0.0.1:{free.getsockname()[1]}")
        said = refusal(TEXT)
    assert said == f"{SECRET}, but the workspace cannot be reached; check the network and DATABRICKS_HOST."


@pytest.mark.parametrize("answer", [None, (429, "application/json", b'{"error_code": "REQUEST_LIMIT_EXCEEDED"}')])
def test_a_workspace_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch, answer: Answer | None) -> None:
    reference = SecretReference(kind="databricks", name="team/key")
    with answering(answer) as workspace:
        sign_in(monkeypatch, workspace.url)
        before = time.monotonic()
        with pytest.raises(ConfigError, match=r"but (the workspace|Databricks) (cannot|has not|refuses)"):
            resolve(reference, source="x", environ={}, timeout=0.5)
        assert time.monotonic() - before < 5


def test_no_log_holds_the_secret(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger="databricks.sdk")
    encoded = base64.b64encode(CANARY.encode()).decode()
    with answering(value(CANARY.encode())) as workspace:
        sign_in(monkeypatch, workspace.url)
        assert fetch(TEXT) == CANARY
    out, err = capfd.readouterr()
    for text in (CANARY, encoded, TOKEN):
        assert text not in caplog.text + out + err


DBRUNTIME = '''
class UserNamespaceInitializer:
    """As much of a cluster's own module as the SDK asks for."""

    @classmethod
    def getOrCreate(cls):
        return cls()

    def get_namespace_globals(self):
        return {"dbutils": DbUtils()}


class DbUtils:
    class secrets:
        @staticmethod
        def get(scope, key):
            if scope != "team":
                raise Exception(f"Secret does not exist with scope: {scope} and key: {key}")
            return f"of {scope} and {key}"
'''

ON_A_CLUSTER = """
import os
from sparklineage.config.secrets import resolve
from sparklineage.errors import ConfigError
from sparklineage.model.secret import SecretReference
print(resolve(SecretReference.read("databricks:team/key"), source="x", environ=os.environ).reveal())
try:
    resolve(SecretReference.read("databricks:other/key"), source="x", environ=os.environ)
except ConfigError as error:
    print(error)
"""


def test_on_a_cluster_dbutils_are_asked(tmp_path: Path) -> None:
    """Through the SDK's own `databricks.sdk.runtime`, in a process of its own, without any network or token."""
    (tmp_path / "dbruntime.py").write_text(DBRUNTIME)
    done = subprocess.run(
        [sys.executable, "-c", ON_A_CLUSTER],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(tmp_path), "DATABRICKS_RUNTIME_VERSION": "16.4"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout.splitlines() == [
        "of team and key",
        "x refers to the secret other/key of Databricks, which does not exist; check the scope and the key.",
    ], done.stderr


def test_a_process_of_a_cluster_without_dbutils_asks_the_workspace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "databricks.sdk.runtime", None)
    with answering(value(CANARY.encode())) as workspace:
        sign_in(monkeypatch, workspace.url)
        assert fetch(TEXT, DATABRICKS_RUNTIME_VERSION="16.4") == CANARY
