"""A repository with Maven's layout on a real loopback server, which can misbehave."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler

from sparklineage.agent.artifact import Artifact
from tests.support.serving import serving

CONTENT = b"the agent" * 30_000

Behaviour = Callable[[BaseHTTPRequestHandler], None]


def good(content: bytes = CONTENT) -> Behaviour:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        request.wfile.write(content)

    return answer


def status(code: int, **headers: str) -> Behaviour:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(code)
        for name, value in headers.items():
            request.send_header(name, value)
        request.send_header("Content-Length", "0")
        request.end_headers()

    return answer


def truncated(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.send_header("Content-Length", str(len(CONTENT)))
    request.end_headers()
    request.wfile.write(CONTENT[:1000])
    request.wfile.flush()
    request.close_connection = True


@dataclass
class Server:
    url: str
    stopping: threading.Event
    replies: dict[str, list[Behaviour]] = field(default_factory=lambda: defaultdict(list))
    """By path; each reply serves one request, the last one all that follow. No reply: 404."""
    requests: list[tuple[str, str | None]] = field(default_factory=list)
    """Path and Authorization of every request."""

    def offer(self, artifact: Artifact, *behaviours: Behaviour, suffix: str = "") -> None:
        self.replies[f"/maven2/{artifact.path}{suffix}"] = list(behaviours)

    def asked(self, end: str) -> int:
        return sum(path.endswith(end) for path, _ in self.requests)

    def hanging(self, request: BaseHTTPRequestHandler) -> None:
        self.stopping.wait(30)
        request.close_connection = True


@contextmanager
def serve() -> Iterator[Server]:
    """A repository that answers while the block runs."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            server.requests.append((self.path, self.headers.get("Authorization")))
            replies = server.replies.get(self.path, [])
            behaviour = (replies.pop(0) if len(replies) > 1 else replies[0]) if replies else status(404)
            behaviour(self)

        def do_HEAD(self) -> None:
            """What Ivy asks before it downloads; not counted."""
            status(200 if self.path in server.replies else 404)(self)

        def log_message(self, *args: object) -> None:
            pass

    with serving(Handler) as url:
        server = Server(url=f"{url}/maven2", stopping=threading.Event())
        try:
            yield server
        finally:
            server.stopping.set()
