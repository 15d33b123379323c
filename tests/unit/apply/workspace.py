"""A Databricks workspace on loopback: it writes down what is sent, and has a few clusters, files and an allowlist."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from databricks.sdk.service.catalog import ArtifactAllowlistInfo
from databricks.sdk.service.compute import ClusterDetails, ClusterSpec
from databricks.sdk.service.jobs import JobSettings

from tests.support.serving import serving

ME = "someone@example.com"
ALLOWLIST = "/api/2.1/unity-catalog/artifact-allowlists/INIT_SCRIPT"
Refusal = tuple[int, str, str]
"""Status, code, message."""
ABSENT: Refusal = (404, "RESOURCE_DOES_NOT_EXIST", "it does not exist")


@dataclass
class Workspace:
    url: str
    clusters: dict[str, dict[str, Any]] = field(default_factory=dict)
    files: set[str] = field(default_factory=set)
    allowlist: dict[str, Any] = field(default_factory=dict)
    """Of init scripts, as the API gives it."""
    requests: list[tuple[str, str, Any]] = field(default_factory=list)
    """Method, path, body."""
    refusals: dict[str, list[Refusal | None]] = field(default_factory=dict)
    """By path: what comes before the real answer; None breaks the connection off."""

    @property
    def sent(self) -> list[tuple[str, Any]]:
        """What changes something, files aside."""
        return [
            (path, body)
            for method, path, body in self.requests
            if method == "POST" or (method == "PUT" and not path.startswith("/api/2.0/fs/"))
        ]

    @property
    def stored(self) -> dict[str, bytes]:
        """What was put into volumes, in that order."""
        start = "/api/2.0/fs/files"
        puts = [(unquote(path), body) for method, path, body in self.requests if method == "PUT"]
        return {path.removeprefix(start): body for path, body in puts if path.startswith(start)}

    def answer(self, method: str, path: str, query: dict[str, str], body: Any) -> Any:
        """A JSON object, or a refusal."""
        if path.startswith("/api/2.0/fs/") and (method == "PUT" or path.startswith("/api/2.0/fs/directories")):
            return {}
        if path == ALLOWLIST and method == "PUT":
            assert ArtifactAllowlistInfo.from_dict(body).as_dict() == body
            self.allowlist |= body
        if path == "/api/2.0/workspace/get-status":
            return self.of_file(query["path"])
        if path.startswith("/api/2.0/fs/files"):
            return self.of_file(unquote(path.removeprefix("/api/2.0/fs/files")))
        answers: dict[str, Callable[[], Any]] = {
            "/api/2.0/preview/scim/v2/Me": lambda: {"userName": ME},
            "/api/2.1/clusters/get": lambda: self.get(query["cluster_id"]),
            "/api/2.1/clusters/edit": lambda: self.edit(body),
            "/api/2.1/clusters/create": lambda: self.create(body),
            ALLOWLIST: lambda: self.allowlist,
            "/api/2.2/jobs/create": lambda: {"job_id": 7} if JobSettings.from_dict(body).tasks else ABSENT,
        }
        return answers[path]() if path in answers else ABSENT

    def of_file(self, path: str) -> Any:
        return {"path": path} if path in self.files else ABSENT

    def get(self, name: str) -> Any:
        return self.clusters.get(name) or (400, "INVALID_PARAMETER_VALUE", f"Cluster {name} does not exist")

    def edit(self, body: Any) -> Any:
        cluster = self.clusters[body["cluster_id"]]
        cluster["spec"] = {key: value for key, value in body.items() if key != "cluster_id"}
        cluster |= body
        if cluster["state"] == "RUNNING":
            cluster["state"] = "RESTARTING"
        return {}

    def create(self, body: Any) -> Any:
        assert ClusterSpec.from_dict(body).as_dict() == body
        self.clusters["new"] = {"cluster_id": "new", "state": "PENDING", **body}
        return {"cluster_id": "new"}


def details(**more: Any) -> dict[str, Any]:
    """A cluster, in the shape of the SDK's own class, with what somebody has set of it."""
    spec = {
        "cluster_name": "shared", "spark_version": "16.4.x-scala2.12", "node_type_id": "m5d.large", "num_workers": 2,
        "data_security_mode": "SINGLE_USER", "single_user_name": ME, "autotermination_minutes": 30,
        "spark_conf": {"spark.sql.shuffle.partitions": "8", "spark.my.password": "{{secrets/team/mine}}"},
        "spark_env_vars": {"PYSPARK_PYTHON": "/databricks/python3/bin/python3"},
        "custom_tags": {"team": "a"},
    }  # fmt: skip
    found = {"cluster_id": "0101-x", "state": "RUNNING", "spark_context_id": 1, "cluster_source": "UI", **spec, **more}
    known = ClusterDetails.from_dict(found).as_dict()
    assert set(known) == set(found), "the SDK knows all of it"
    return found | {"spec": {key: value for key, value in {**spec, **more}.items() if key in spec}}


@contextmanager
def workspace() -> Iterator[Workspace]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            url = urlsplit(self.path)
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            is_file = url.path.startswith("/api/2.0/fs/files")
            body = raw if is_file and self.command == "PUT" else json.loads(raw) if raw else None
            query = {name: values[0] for name, values in parse_qs(url.query).items()}
            if url.path.startswith("/api/"):
                owner.requests.append((self.command, url.path, body))
            waiting = owner.refusals.get(url.path)
            answered = waiting.pop(0) if waiting else owner.answer(self.command, url.path, query, body)
            if answered is None:
                self.close_connection = True
                return
            status = 200
            if isinstance(answered, tuple):
                status, code, message = answered
                answered = {"error_code": code, "message": message}
            text = b"" if self.command == "HEAD" else json.dumps(answered).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_POST = do_PUT = do_HEAD = do_GET  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with serving(Handler) as url:
        owner = Workspace(url)
        yield owner
