"""A real HTTP server on loopback that receives OpenLineage events and misbehaves on request."""

from __future__ import annotations

import contextlib
import gzip
import json
import socket
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

Event = dict[str, Any]


@dataclass
class Receiver:
    """Keeps every event that it answered with 2xx in `events`, in the order of their arrival."""

    delay: float = 0.0
    """Seconds before each answer."""
    answer: Callable[[int, Event], int] = lambda _number, _event: 201
    """The status for the n-th POST (from 1)."""
    refusal: bytes = b'{"message": "no, thank you"}'
    """The body of every answer from 400 on."""
    silent: bool = False
    """Read the request and never answer."""
    headers: dict[str, str] = field(default_factory=dict)
    marquez: bool = True
    """Whether GET /api/v1/namespaces answers as Marquez does."""
    context: ssl.SSLContext | None = None
    """Makes it speak TLS, as `localhost`."""
    gets: int = 0
    """The status of every GET but that of the namespaces; 404 where it is 0."""
    port: int = 0
    events: list[Event] = field(default_factory=list)
    posts: int = 0
    connections: int = 0
    seen_headers: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    _server: ThreadingHTTPServer | None = None
    _sockets: list[socket.socket] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}" if self.context else f"http://127.0.0.1:{self.port}"

    def start(self) -> Receiver:
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                super().setup()
                owner.connections += 1
                owner._sockets.append(self.connection)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                event = json.loads(body)
                owner.posts += 1
                owner.paths.append(self.path)
                owner.seen_headers.append(dict(self.headers.items()))
                if owner.silent:
                    owner._stop.wait(60)
                    self.close_connection = True
                    return
                if owner.delay:
                    time.sleep(owner.delay)
                status = owner.answer(owner.posts, event)
                if 200 <= status < 300:
                    owner.events.append(event)
                self._reply(status, b"" if status < 400 else owner.refusal)

            def do_GET(self) -> None:
                if owner.marquez and self.path.startswith("/api/v1/namespaces"):
                    self._reply(200, b'{"namespaces": []}')
                else:
                    self._reply(owner.gets or 404, b"")

            def _reply(self, status: int, body: bytes) -> None:
                self.send_response(status)
                for name, value in owner.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                with contextlib.suppress(OSError):
                    self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._stop.clear()

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: object) -> None:
                pass  # a sender that goes away is what some tests are about

        self._server = Server(("127.0.0.1", self.port), Handler)
        self.port = self._server.server_address[1]
        if self.context:
            self._server.socket = self.context.wrap_socket(self._server.socket, server_side=True)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def stop(self) -> None:
        self._stop.set()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None
        for connection in self._sockets:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._sockets.clear()

    def __enter__(self) -> Receiver:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def multiset(self) -> Counter[tuple[str, str, tuple[str, ...], tuple[str, ...]]]:
        """(job, event type, inputs, outputs) of everything accepted, with counts."""
        return Counter(map(shape, self.events))


def shape(event: Event) -> tuple[str, str, tuple[str, ...], tuple[str, ...]]:
    """What an event says, without its ids and times."""
    sides = [
        tuple(sorted(f"{i['namespace']} {i['name']}" for i in event.get(side) or ())) for side in ("inputs", "outputs")
    ]
    return event["job"]["name"], event["eventType"], sides[0], sides[1]
