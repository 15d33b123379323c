"""Orders for Databricks, and a workspace that records what it is sent."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, NamedTuple

from sparklineage.config.platforms import platforms
from sparklineage.targets import Application
from tests.support.orders import HTTP, order

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from sparklineage.targets import Order, Rendered

FOLDER = "/Volumes/main/ops/lineage"
JAR = "openlineage-spark_2.12-1.53.0.jar"
SCRIPT = {"volumes": {"destination": f"{FOLDER}/init.sh"}}
BOTH = (
    "com.databricks.backend.daemon.driver.DBCEventLoggingListener,io.openlineage.spark.agent.OpenLineageSparkListener"
)
KEY = {
    **HTTP,
    "spark.openlineage.transport.auth.type": "api_key",
    "spark.openlineage.transport.auth.apiKey": "databricks:lineage/key",
}
JOB = Application(uri="/Workspace/Shared/job.py", arguments=("--day", "{{job.start_time.iso_date}}", "it's $(x)"))


def cluster_order(
    properties: Mapping[str, str] = HTTP,
    *,
    release: str | None = "16.4.x-scala2.12",
    mode: str = "",
    artifacts: str = FOLDER,
    **changes: Any,
) -> Order:
    """An order for a release and an access mode."""
    known = platforms().find("databricks", release).release if release else None
    settings = {"artifacts": artifacts, "vendorAgent": "replace"}
    settings |= {"release": release} if release else {}
    settings |= {"accessMode": mode} if mode else {}
    given: dict[str, Any] = {
        "settings": settings,
        "release": known,
        "scala": known.scala if known else "2.12",
        "jars": (f"{artifacts}/openlineage-spark_{known.scala if known else '2.12'}-1.53.0.jar",),
    }
    return order(properties, **{**given, **changes})


def texts(rendered: Rendered) -> dict[str, str]:
    """The artefacts by name."""
    return {artefact.name: artefact.text for artefact in rendered.artefacts}


class Request(NamedTuple):
    method: str
    path: str
    body: Any


class Workspace:
    """A server on loopback that takes every request of the SDK and answers with an identifier."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def _take(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                if not self.path.startswith("/.well-known"):
                    owner.requests.append(Request(self.command, self.path, json.loads(body) if body else None))
                answer = json.dumps({"cluster_id": "c-1", "job_id": 1, "policy_id": "p-1"}).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            do_GET = do_POST = do_PUT = _take  # noqa: N815 - what http.server calls

            def log_message(self, *_: object) -> None:
                """Nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    def __enter__(self) -> Workspace:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def client(self) -> Any:
        """A client of it."""
        from databricks.sdk import WorkspaceClient  # noqa: PLC0415
        from databricks.sdk.config import Config  # noqa: PLC0415

        host = f"http://127.0.0.1:{self._server.server_address[1]}"
        return WorkspaceClient(config=Config(host=host, token="t", auth_type="pat", config_file="/dev/null"))
