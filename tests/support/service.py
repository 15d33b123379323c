"""A real HTTP server on loopback that stands in for a vendor's service."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler

from tests.support.serving import serving

Answer = tuple[int, str, bytes]
"""Status, content type, body."""


@dataclass
class Service:
    """Answers each request with what `answer` makes of its path; None leaves the client waiting."""

    url: str
    paths: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)


@contextmanager
def service(answer: Callable[[str], Answer | None]) -> Iterator[Service]:
    stop = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            owner.paths.append(self.path)
            owner.headers.append(dict(self.headers.items()))
            answered = answer(self.path)
            if answered is None:
                stop.wait(60)
                self.close_connection = True
                return
            status, kind, body = answered
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_PUT = do_GET  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with serving(Handler) as url:
        owner = Service(url)
        try:
            yield owner
        finally:
            stop.set()
