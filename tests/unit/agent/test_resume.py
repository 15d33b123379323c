"""A download that broke off goes on where it ended: a real server that cuts, and that knows ranges or does not."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from sparklineage.agent.artifact import Artifact
from sparklineage.agent.fetch import fetch
from sparklineage.agent.web import Repository
from sparklineage.errors import AgentJarError
from tests.support.repository import CONTENT, Behaviour, Server

PART = 100_000


class Cutting:
    """Breaks off after 100,000 bytes each time, and answers a range as long as the condition holds."""

    def __init__(self, content: bytes = CONTENT, *, etag: str = '"one"', ranges: bool = True, cuts: int = 99) -> None:
        self.content, self.etag, self.ranges, self.cuts = content, etag, ranges, cuts
        self.asked: list[str | None] = []

    def __call__(self, request: BaseHTTPRequestHandler) -> None:
        wanted = request.headers.get("Range")
        self.asked.append(wanted)
        start = 0
        if wanted and self.ranges and request.headers.get("If-Range") == self.etag:
            start = int(re.fullmatch(r"bytes=(\d+)-", wanted)[1])  # type: ignore[index]
        request.send_response(206 if start else 200)
        if start:
            request.send_header("Content-Range", f"bytes {start}-{len(self.content) - 1}/{len(self.content)}")
        request.send_header("ETag", self.etag)
        request.send_header("Content-Length", str(len(self.content) - start))
        request.end_headers()
        self.cuts -= 1
        rest = self.content[start:]
        request.wfile.write(rest[:PART] if self.cuts >= 0 else rest)
        request.wfile.flush()
        request.close_connection = True


def attempt(server: Server, artifact: Artifact, cache: Path, behaviour: Behaviour, attempts: int = 3) -> Path:
    server.offer(artifact, behaviour)
    source = Repository(url=server.url, sleep=lambda _: None, attempts=attempts)
    return fetch(artifact, cache=cache, sources=[source])


def test_each_attempt_asks_for_the_rest(server: Server, artifact: Artifact, tmp_path: Path) -> None:
    cutting = Cutting()
    assert attempt(server, artifact, tmp_path, cutting).read_bytes() == CONTENT
    assert cutting.asked == [None, "bytes=100000-", "bytes=200000-"]
    assert list(tmp_path.rglob(".begun*")) == []


def test_another_process_goes_on_where_the_first_gave_up(server: Server, artifact: Artifact, tmp_path: Path) -> None:
    cutting = Cutting()
    with pytest.raises(AgentJarError, match="broke off after 100000 of 270000 bytes"):
        attempt(server, artifact, tmp_path, cutting, attempts=1)
    assert attempt(server, artifact, tmp_path, cutting, attempts=2).read_bytes() == CONTENT
    assert cutting.asked == [None, "bytes=100000-", "bytes=200000-"]


def test_a_file_that_changed_meanwhile_is_fetched_whole(server: Server, artifact: Artifact, tmp_path: Path) -> None:
    old = Cutting(b"other" * 60_000)
    with pytest.raises(AgentJarError):
        attempt(server, artifact, tmp_path, old, attempts=1)
    new = Cutting(etag='"two"', cuts=0)
    assert attempt(server, artifact, tmp_path, new).read_bytes() == CONTENT
    assert new.asked == ["bytes=100000-"]


def test_a_rest_that_does_not_fit_is_caught_by_the_digest(server: Server, artifact: Artifact, tmp_path: Path) -> None:
    """A server that gives the same ETag to other bytes."""
    with pytest.raises(AgentJarError):
        attempt(server, artifact, tmp_path, Cutting(b"other" * 60_000), attempts=1)
    same = Cutting(cuts=0)
    assert attempt(server, artifact, tmp_path, same).read_bytes() == CONTENT
    assert same.asked == ["bytes=100000-", None]


@pytest.mark.parametrize("cutting", [Cutting(ranges=False, cuts=1), Cutting(etag='W/"weak"', cuts=1)])
def test_a_server_without_ranges_or_validators_is_asked_for_everything(
    server: Server, artifact: Artifact, tmp_path: Path, cutting: Cutting
) -> None:
    cutting.asked.clear()
    assert attempt(server, artifact, tmp_path, cutting).read_bytes() == CONTENT
    assert len(cutting.asked) == 2


def test_a_range_that_the_server_refuses_is_forgotten(server: Server, artifact: Artifact, tmp_path: Path) -> None:
    """As where the file has become shorter."""
    with pytest.raises(AgentJarError):
        attempt(server, artifact, tmp_path, Cutting(), attempts=1)
    short = replace(artifact, sha512=hashlib.sha512(b"short").hexdigest())

    def refusing(request: BaseHTTPRequestHandler) -> None:
        ranged = request.headers.get("Range")
        request.send_response(416 if ranged else 200)
        request.send_header("Content-Length", "0" if ranged else "5")
        request.end_headers()
        request.wfile.write(b"" if ranged else b"short")

    assert attempt(server, short, tmp_path, refusing).read_bytes() == b"short"
