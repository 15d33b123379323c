"""Something between a client and a service: it writes down every request, and cuts the line when it is told to."""

from __future__ import annotations

import http.client
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler

from tests.support.serving import serving

Cut = Callable[[str, str], bool]
"""Whether the connection is closed without an answer, by method and path."""


@dataclass
class Between:
    url: str
    requests: list[tuple[str, str]] = field(default_factory=list)
    """Method and path with query, as they came."""
    cut: Cut = lambda _method, _path: False


@contextmanager
def between(target: str) -> Iterator[Between]:
    """Hands everything on to `target` (host:port) and its answer back."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def hand_on(self) -> None:
            owner.requests.append((self.command, self.path))
            if owner.cut(self.command, self.path):
                self.close_connection = True
                self.rfile.read(min(int(self.headers.get("Content-Length") or 0), 1000))
                self.connection.close()
                return
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            with closing(http.client.HTTPConnection(target, timeout=30)) as client:
                client.request(self.command, self.path, body, dict(self.headers.items()))
                answer = client.getresponse()
                content = answer.read()
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in {"transfer-encoding", "connection", "content-length"}:
                    self.send_header(name, value)
            length = answer.getheader("Content-Length") if self.command == "HEAD" else str(len(content))
            self.send_header("Content-Length", length or "0")
            with suppress(OSError):  # A client that has gone.
                self.end_headers()
                self.wfile.write(content)

        do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = hand_on  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with serving(Handler) as url:
        owner = Between(url)
        yield owner
