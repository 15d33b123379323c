"""The file systems' own programs: Hadoop's FsShell, which is among Spark's JARs, and gcloud before a small service."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from base64 import b64encode
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pyspark
import pytest

from sparklineage.agent.stores import Payload, Store, StoreOptions, open_store, payload
from sparklineage.agent.stores.command import Command
from sparklineage.agent.stores.hadoop import Hadoop
from sparklineage.agent.upload import carry_out, plan
from sparklineage.errors import StoreError
from tests.support.serving import serving


@pytest.fixture
def jar(tmp_path: Path) -> Payload:
    path = tmp_path / "agent.jar"
    path.write_bytes(os.urandom(100_000))
    return payload(path)


def action(store: Store, jar: Payload) -> str:
    steps = plan(store, [jar], replace=True)
    carry_out(store, steps)
    return steps[0].action


@pytest.mark.spark
def test_fsshell_does_what_is_asked(tmp_path: Path, jar: Payload) -> None:
    jars = Path(pyspark.__file__).parent / "jars" / "*"
    (tmp_path / "core-site.xml").write_text("<configuration/>")
    words = (shutil.which("java") or "java", "-cp", f"{tmp_path}:{jars}", "org.apache.hadoop.fs.FsShell")
    store = Hadoop(folder=f"file://{tmp_path}/new/place", command=Command(words=words, environ=os.environ))
    assert [action(store, jar) for _ in range(2)] == ["upload", "keep"]
    assert (tmp_path / "new" / "place" / "agent.jar").read_bytes() == (tmp_path / "agent.jar").read_bytes()
    (tmp_path / "new" / "place" / "agent.jar").unlink()
    (tmp_path / "new" / "place" / "agent.jar").write_bytes(b"short")
    (tmp_path / "new" / "place" / ".agent.jar.crc").unlink(missing_ok=True)
    assert action(store, jar) == "replace"
    assert [(one.name, one.size) for one in store.stored()] == [("agent.jar", jar.size)]
    with pytest.raises(StoreError):
        Hadoop(folder=f"file://{tmp_path}/none", command=store.command).stored()


class _Service(BaseHTTPRequestHandler):
    """As much of the JSON API of Cloud Storage as these commands ask for."""

    objects: dict[str, bytes]

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        name = path.partition("/o/")[2]
        if name:
            self._answer(200 if name in self.objects else 404, self._about(name) if name in self.objects else {})
        else:
            listed = [self._about(name) for name in sorted(self.objects)]
            self._answer(200, {"kind": "storage#objects", "items": listed})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        # multipart/related: what the object is called, and the object.
        border = self.headers["Content-Type"].partition("boundary=")[2].strip("'\"").encode()
        _, about, content, _ = body.split(b"--" + border)
        name = json.loads(about.split(b"\n\n" if b"\r\n\r\n" not in about else b"\r\n\r\n", 1)[1])["name"]
        head = b"\r\n\r\n" if b"\r\n\r\n" in content else b"\n\n"
        assert parse_qs(urlsplit(self.path).query)["uploadType"] == ["multipart"]
        text = content.split(head, 1)[1]
        self.objects[name] = text[:-2] if text.endswith(b"\r\n") else text[:-1]
        self._answer(200, self._about(name))

    def _about(self, name: str) -> dict[str, Any]:
        content = self.objects[name]
        digest = b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()
        return {"kind": "storage#object", "id": f"lake/{name}/1", "name": name, "bucket": "lake", "generation": "1",
                "metageneration": "1", "size": str(len(content)), "md5Hash": digest}  # fmt: skip

    def _answer(self, status: int, body: dict[str, Any]) -> None:
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def service() -> Iterator[str]:
    handler = type("Service", (_Service,), {"objects": {}})
    with serving(handler) as url:
        yield f"{url}/"


@pytest.mark.spark
@pytest.mark.skipif(shutil.which("gcloud") is None, reason="there is no gcloud here")
def test_gcloud_does_what_is_asked(service: str, tmp_path: Path, jar: Payload) -> None:
    environ = {
        "PATH": os.environ["PATH"], "HOME": str(tmp_path), "CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE": service,
        "CLOUDSDK_AUTH_DISABLE_CREDENTIALS": "true", "CLOUDSDK_CORE_DISABLE_USAGE_REPORTING": "true",
        "CLOUDSDK_STORAGE_CHECK_HASHES": "never",
    }  # fmt: skip
    store = open_store("gs://lake/lineage", StoreOptions(), environ)
    assert [action(store, jar) for _ in range(2)] == ["upload", "keep"]
    assert [(one.name, one.size) for one in store.stored()] == [("agent.jar", jar.size)]
