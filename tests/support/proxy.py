"""A real HTTP proxy on loopback: it forwards plain requests, and tunnels others with CONNECT."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
from base64 import b64encode
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from urllib.parse import urlsplit


@dataclass
class Proxy:
    """Notes each request line's method and target in `asked`."""

    login: str = ""
    """`user:password` that has to be given."""
    asked: list[tuple[str, str]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    port: int = 0
    _server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Proxy:
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _may(self) -> bool:
                owner.asked.append((self.command, self.path))
                owner.headers.append(dict(self.headers.items()))
                wanted = f"Basic {b64encode(owner.login.encode()).decode()}"
                if owner.login and self.headers.get("Proxy-Authorization") != wanted:
                    self.send_response(407)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return False
                return True

            def do_CONNECT(self) -> None:
                self.close_connection = True
                if not self._may():
                    return
                host, _, port = self.path.rpartition(":")
                with socket.create_connection((host, int(port))) as other:
                    self.send_response(200)
                    self.end_headers()
                    sides = {self.connection: other, other: self.connection}
                    with contextlib.suppress(OSError):
                        while True:
                            for side in select.select(list(sides), [], [])[0]:
                                data = side.recv(65536)
                                if not data:
                                    return
                                sides[side].sendall(data)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                if not self._may():
                    return
                target = urlsplit(self.path)
                path = target.path + (f"?{target.query}" if target.query else "")
                kept = {name: value for name, value in self.headers.items() if not name.startswith("Proxy-")}
                connection = HTTPConnection(target.hostname or "", target.port or 80)
                connection.request(self.command, path, body=body, headers=kept)
                answer = connection.getresponse()
                data = answer.read()
                connection.close()
                self.send_response(answer.status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST  # noqa: N815

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
