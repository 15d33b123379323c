"""Uploads to Databricks: the real SDK against a server that keeps files as the two APIs do, in the SDK's own shapes."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from databricks.sdk.service.files import DirectoryEntry, ListDirectoryResponse
from databricks.sdk.service.workspace import ListResponse, ObjectInfo, ObjectType

from sparklineage.agent.stores import Payload, StoreOptions, open_store, payload
from sparklineage.agent.upload import carry_out, plan
from sparklineage.errors import (
    CredentialsError,
    ForbiddenError,
    NoSuchPlaceError,
    OccupiedError,
    SparklineageError,
    StoreError,
    TransferError,
    UsageError,
)
from tests.support.serving import serving

TOKEN = "dapi-canary-77aa10"
VOLUME = "/Volumes/main/lineage/jars"
CONTENT = bytes(range(256)) * 400
FILES, FOLDERS = "/api/2.0/fs/files", "/api/2.0/fs/directories"
IMPORT = "/api/2.0/workspace-files/import-file/"


@dataclass
class Databricks:
    """A workspace with one volume and one shared folder."""

    url: str
    files: dict[str, tuple[bytes, float]] = field(default_factory=dict)
    """Content and time of the last change, by path."""
    folders: set[str] = field(default_factory=lambda: {VOLUME, "/Workspace/Shared"})
    requests: list[tuple[str, str]] = field(default_factory=list)
    logins: set[str | None] = field(default_factory=set)
    refuse: Callable[[str, str], tuple[int, str] | None] = lambda _method, _path: None
    """Status and error code for a request, or None."""

    def put(self, path: str, content: bytes) -> None:
        self.files[path] = (content, time.time())


@pytest.fixture
def databricks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Databricks]:
    for name in [name for name in os.environ if name.startswith(("DATABRICKS_", "ARM_", "AZURE_", "GOOGLE_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            parts = urlsplit(self.path)
            path = unquote(parts.path)
            if not path.startswith(("/api/2.0/fs", "/api/2.0/workspace")):
                self.reply(404, b"")  # What the SDK asks about the host.
                return
            owner.logins.add(self.headers.get("Authorization"))
            owner.requests.append((self.command, path))
            if refusal := owner.refuse(self.command, path):
                self.error(*refusal)
            elif path.startswith("/api/2.0/fs"):
                self.volumes(path, body)
            else:
                query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                self.workspace(path, query, body)

        def volumes(self, path: str, body: bytes) -> None:
            name = path.removeprefix(FILES).removeprefix(FOLDERS)
            known = any(name == folder or name.startswith(f"{folder}/") for folder in owner.folders)
            if self.command == "PUT" and not known:
                self.error(404, "NOT_FOUND")
            elif path.startswith(FOLDERS) and self.command == "PUT":
                owner.folders.add(name)
                self.reply(204, b"")
            elif path.startswith(FOLDERS) and name not in owner.folders:
                self.error(404, "NOT_FOUND")
            elif path.startswith(FOLDERS):
                entries = [
                    DirectoryEntry(path=file, name=file.rpartition("/")[2], file_size=len(content), is_directory=False)
                    for file, (content, _) in owner.files.items()
                    if file.rpartition("/")[0] == name
                ]
                self.reply(200, json.dumps(ListDirectoryResponse(contents=entries).as_dict()).encode())
            elif self.command == "PUT":
                owner.put(name, body)
                self.reply(204, b"")
            elif name in owner.files:
                content, changed = owner.files[name]
                kind = {"Content-Type": "application/octet-stream", "Last-Modified": formatdate(changed, usegmt=True)}
                self.reply(200, content, **kind)
            else:
                self.error(404, "NOT_FOUND")

        def workspace(self, path: str, query: dict[str, str], body: bytes) -> None:
            fields: dict[str, Any] = query if self.command == "GET" else json.loads(body or b"{}") if path.endswith(
                "mkdirs") else {}  # fmt: skip
            name = fields.get("path", "")
            if path.startswith(IMPORT):
                target = f"/{path.removeprefix(IMPORT)}"
                if target.rpartition("/")[0] not in owner.folders:
                    self.error(404, "RESOURCE_DOES_NOT_EXIST")
                    return
                owner.put(target, body)
                self.reply(200, b"{}")
            elif path.endswith("mkdirs"):
                owner.folders.add(name)
                self.reply(200, b"{}")
            elif path.endswith("list"):
                objects = [self.info(file) for file in owner.files if file.rpartition("/")[0] == name]
                self.reply(200, json.dumps(ListResponse(objects=objects).as_dict()).encode())
            elif name not in owner.files:
                self.error(404, "RESOURCE_DOES_NOT_EXIST")
            elif path.endswith("get-status"):
                self.reply(200, json.dumps(self.info(name).as_dict()).encode())
            else:
                assert query["direct_download"] == "true"
                self.reply(200, owner.files[name][0], **{"Content-Type": "application/octet-stream"})

        def info(self, name: str) -> ObjectInfo:
            content, changed = owner.files[name]
            return ObjectInfo(
                path=name, object_type=ObjectType.FILE, size=len(content), modified_at=int(changed * 1000)
            )

        def error(self, status: int, code: str) -> None:
            self.reply(status, json.dumps({"error_code": code, "message": f"no {TOKEN}"}).encode())

        def reply(self, status: int, content: bytes, **headers: str) -> None:
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", **headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = answer  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with serving(Handler) as url:
        owner = Databricks(url)
        monkeypatch.setenv("DATABRICKS_HOST", url)
        monkeypatch.setenv("DATABRICKS_TOKEN", TOKEN)
        yield owner


@pytest.fixture
def jar(tmp_path: Path) -> Payload:
    path = tmp_path / "agent.jar"
    path.write_bytes(CONTENT)
    return payload(path)


def upload(jar: Payload, target: str, *, replace: bool = False) -> list[str]:
    store = open_store(target, StoreOptions(), {})
    steps = plan(store, [jar], replace=replace)
    carry_out(store, steps)
    return [step.action for step in steps]


def refused(kind: type[SparklineageError], jar: Payload, target: str) -> str:
    with pytest.raises(SparklineageError) as caught:
        upload(jar, target)
    assert type(caught.value) is kind
    assert TOKEN not in f"{caught.value!r}"
    assert "\n" not in str(caught.value)
    return str(caught.value)


PLACES = pytest.mark.parametrize("target", [f"{VOLUME}/v1", "/Workspace/Shared/lineage"])


@PLACES
def test_a_file_arrives_with_its_digest_beside_it(databricks: Databricks, jar: Payload, target: str) -> None:
    """The folder is made; an equal file is not sent again, nor read back."""
    assert upload(jar, f"{target}/") == ["upload"]
    assert databricks.files[f"{target}/agent.jar"][0] == CONTENT
    assert databricks.files[f"{target}/agent.jar.sha512"][0] == f"{jar.sha512}  agent.jar\n".encode()
    assert databricks.logins == {f"Bearer {TOKEN}"}
    databricks.requests.clear()
    assert upload(jar, target) == ["keep"]
    assert not any(method == "PUT" or path.startswith(IMPORT) for method, path in databricks.requests)
    assert ("GET", f"{FILES}{target}/agent.jar") not in databricks.requests
    (stored,) = open_store(target, StoreOptions(), {}).stored()
    assert (stored.name, stored.size, stored.sha512) == ("agent.jar", len(CONTENT), jar.sha512)


@PLACES
@pytest.mark.parametrize("other", [b"short", b"x" * len(CONTENT)])
def test_other_content_is_left_alone(databricks: Databricks, jar: Payload, target: str, other: bytes) -> None:
    databricks.folders.add(target)
    databricks.put(f"{target}/agent.jar", other)
    said = refused(OccupiedError, jar, target)
    assert said.startswith(f"{target}/agent.jar: a file with other content is there; give --replace")
    assert databricks.files[f"{target}/agent.jar"][0] == other
    assert upload(jar, target, replace=True) == ["replace"]
    assert upload(jar, target) == ["keep"]


@PLACES
def test_a_digest_that_is_older_than_its_file_is_not_believed(
    databricks: Databricks, jar: Payload, target: str
) -> None:
    """Somebody has put another file of the same size there."""
    assert upload(jar, target) == ["upload"]
    databricks.files[f"{target}/agent.jar"] = (b"x" * len(CONTENT), time.time() + 60)
    refused(OccupiedError, jar, target)


def test_a_volume_is_read_back_where_no_digest_lies_beside_the_file(databricks: Databricks, jar: Payload) -> None:
    databricks.put(f"{VOLUME}/agent.jar", CONTENT)
    assert upload(jar, f"dbfs:{VOLUME}") == ["keep"]


def test_a_volume_that_does_not_exist_is_found_before_anything_is_sent(databricks: Databricks, jar: Payload) -> None:
    said = refused(NoSuchPlaceError, jar, "/Volumes/main/lineage/jras/v1")
    assert said == (
        "/Volumes/main/lineage/jras/v1: there is no volume /Volumes/main/lineage/jras; make it, or check its name."
    )
    assert {method for method, _ in databricks.requests} == {"HEAD"}


@PLACES
@pytest.mark.parametrize(
    ("status", "code", "kind", "words"),
    [
        (403, "PERMISSION_DENIED", ForbiddenError, "this may not be done"),
        (401, "UNAUTHENTICATED", CredentialsError, "Databricks does not accept the credentials"),
        (400, "BAD_REQUEST", StoreError, "Databricks does not take this name or file"),
        (409, "RESOURCE_ALREADY_EXISTS", OccupiedError, "something else has this name"),
    ],
)
def test_what_databricks_refuses_is_a_sentence(
    databricks: Databricks, jar: Payload, target: str, status: int, code: str, kind: type[StoreError], words: str
) -> None:
    """When the file itself is sent; nothing of the answer is shown, and no file is there."""
    sent = (IMPORT, FILES)
    databricks.refuse = lambda method, path: (
        (status, code) if method in {"PUT", "POST"} and path.startswith(sent) else None
    )
    assert words in refused(kind, jar, target)
    assert databricks.files == {}


@PLACES
def test_a_workspace_that_is_not_there_or_has_no_credentials(
    databricks: Databricks, jar: Payload, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sparklineage.agent.stores.databricks._PATIENCE", 1)
    monkeypatch.setenv("DATABRICKS_HOST", "http://127.0.0.1:1")
    assert "the workspace cannot be reached" in refused(TransferError, jar, target)
    monkeypatch.delenv("DATABRICKS_TOKEN")
    monkeypatch.setenv("DATABRICKS_AUTH_TYPE", "pat")
    assert "the SDK finds no credentials" in refused(CredentialsError, jar, target)
    assert databricks.requests == []


@pytest.mark.parametrize(
    ("target", "sentence"),
    [
        ("/Volumes/main", "no volume; write /Volumes/catalog/schema/volume"),
        ("/Volumes/main//x/y", "no volume"),
        ("/Volumes/main/a/b/../c", "no volume"),
        ("/Workspace/", "no folder for files"),
        ("/Workspace/../x", "no folder for files"),
        ("dbfs:/FileStore/jars", "no kind of place that JARs can be put to"),
    ],
)
def test_an_address_that_is_none_is_refused(target: str, sentence: str) -> None:
    with pytest.raises(UsageError) as caught:
        open_store(target, StoreOptions(), {})
    assert sentence in str(caught.value)


@PLACES
@pytest.mark.parametrize("name", ["it's ours", "a;b", "$(x)", "ü", "a%2Fb", "a?b#c", ']"'])
def test_hostile_names_are_only_names(databricks: Databricks, jar: Payload, target: str, name: str) -> None:
    assert upload(jar, f"{target}/{name}") == ["upload"]
    assert set(databricks.files) == {f"{target}/{name}/agent.jar", f"{target}/{name}/agent.jar.sha512"}
