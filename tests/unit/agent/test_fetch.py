"""What `fetch` does with repositories that behave, and with those that do not."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from sparklineage.agent.artifact import Artifact
from sparklineage.agent.fetch import default_cache, fetch
from sparklineage.agent.limit import ENOUGH, Limit, SlowError
from sparklineage.agent.source import LocalCopies, Nowhere, Source
from sparklineage.agent.web import Repository
from sparklineage.errors import AgentJarError, DigestError
from tests.support.repository import CONTENT, Behaviour, Server, good, status, truncated

DIGEST = hashlib.sha512(CONTENT).hexdigest()


@dataclasses.dataclass
class Try:
    """One `fetch` from one server, with the pauses that it took."""

    server: Server
    artifact: Artifact
    cache: Path
    timeout: float = 5.0
    limit: float | None = None
    spare: float = 0.0
    pauses: list[float] = dataclasses.field(default_factory=list)

    def __call__(self, progress: Callable[[int, int | None], None] | None = None) -> Path:
        source = Repository(url=self.server.url, timeout=self.timeout, sleep=self.pauses.append)
        return fetch(
            self.artifact,
            cache=self.cache,
            sources=[source],
            progress=progress,
            limit=self.limit,
            spare=self.spare,
        )


@pytest.fixture
def attempt(server: Server, artifact: Artifact, tmp_path: Path) -> Try:
    return Try(server, artifact, tmp_path / "cache")


def left_over(cache: Path) -> list[Path]:
    return [path for path in cache.rglob("*") if path.is_file() and path.name.endswith((".jar", ".part"))]


def test_a_file_is_fetched_once_and_then_comes_from_the_cache(attempt: Try) -> None:
    """The second time there is no request, and no reading of the whole file either."""
    attempt.server.offer(attempt.artifact, good())
    seen: list[tuple[int, int | None]] = []
    path = attempt(lambda done, total: seen.append((done, total)))
    assert path == attempt.cache / "jars/org/example/deep/agent_2.13/1.0.0/agent_2.13-1.0.0.jar"
    assert path.read_bytes() == CONTENT
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    before = len(attempt.server.requests)
    # Same size and time: the stamp is trusted, which shows that nothing was read.
    state = path.stat()
    path.write_bytes(b"x" * len(CONTENT))
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert attempt() == path
    assert len(attempt.server.requests) == before


@pytest.mark.parametrize(
    ("behaviours", "pauses", "requests"),
    [
        pytest.param([good(b"wrong"), good()], [], 2, id="wrong digest once"),
        pytest.param([status(500), good()], [0.5], 2, id="500 once"),
        pytest.param([status(503), status(429), good()], [0.5, 1.0], 3, id="503, then 429"),
        pytest.param([truncated, good()], [0.5], 2, id="broken off once"),
        pytest.param([truncated, good(b"wrong"), good()], [0.5], 3, id="broken off, then wrong"),
    ],
)
def test_trouble_that_passes_is_overcome(
    attempt: Try, behaviours: list[Behaviour], pauses: list[float], requests: int
) -> None:
    attempt.server.offer(attempt.artifact, *behaviours)
    assert attempt().read_bytes() == CONTENT
    assert attempt.pauses == pauses
    assert attempt.server.asked(".jar") == requests


@pytest.mark.parametrize(
    ("behaviour", "requests", "reason"),
    [
        pytest.param(status(404), 1, "{url} is not there (404)", id="404"),
        pytest.param(status(403), 1, "{url} wants a user name and password (403)", id="403"),
        pytest.param(status(400), 1, "{url} answered 400", id="400"),
        pytest.param(status(502), 3, "{url} answered 502 (3 times)", id="502"),
        pytest.param(truncated, 3, "{url} broke off after 1000 of 270000 bytes (3 times)", id="broken off"),
    ],
)
def test_trouble_that_stays_is_one_sentence(attempt: Try, behaviour: Behaviour, requests: int, reason: str) -> None:
    """Answers of the kind 4xx are not asked for again; nothing is left in the cache."""
    attempt.server.offer(attempt.artifact, behaviour)
    with pytest.raises(AgentJarError) as caught:
        attempt()
    url = f"{attempt.server.url}/{attempt.artifact.path}"
    assert str(caught.value) == (
        f"org.example.deep:agent_2.13:1.0.0 cannot be had: {reason.format(url=url)}. "
        "Name a repository that has it with --repository or SPARKLINEAGE_REPOSITORY."
    )
    assert attempt.server.asked(".jar") == requests
    assert left_over(attempt.cache) == []


def test_a_repository_that_hangs_costs_three_time_outs(attempt: Try) -> None:
    attempt.server.offer(attempt.artifact, attempt.server.hanging)
    attempt.timeout = 0.1
    with pytest.raises(AgentJarError, match=r"did not answer within 0\.1 s \(3 times\)"):
        attempt()
    assert attempt.pauses == [0.5, 1.0]


def test_a_repository_that_hangs_halfway_is_asked_again(attempt: Try) -> None:
    def stalls(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Length", str(len(CONTENT)))
        request.end_headers()
        request.wfile.write(CONTENT[:10])
        request.wfile.flush()
        attempt.server.hanging(request)

    attempt.server.offer(attempt.artifact, stalls, good())
    attempt.timeout = 0.2
    assert attempt().read_bytes() == CONTENT


def test_a_wrong_digest_twice_is_refused_and_nothing_is_kept(attempt: Try) -> None:
    attempt.server.offer(attempt.artifact, good(b"wrong"))
    with pytest.raises(DigestError) as caught:
        attempt()
    found = hashlib.sha512(b"wrong").hexdigest()
    assert str(caught.value).startswith(
        f"agent_2.13-1.0.0.jar from {attempt.server.url} has the wrong SHA-512, twice: "
        f"expected {DIGEST[:16]}…, found {found[:16]}…"
    )
    assert caught.value.exit_code == 74
    assert attempt.server.asked(".jar") == 2
    assert left_over(attempt.cache) == []


def test_a_published_digest_has_to_fit_too(attempt: Try) -> None:
    """The pinned digest fits, the repository's own does not: something is wrong there."""
    attempt.server.offer(attempt.artifact, good())
    attempt.server.offer(attempt.artifact, good(b"00" * 64), suffix=".sha512")
    with pytest.raises(DigestError):
        attempt()


def test_without_a_pinned_digest_the_repository_has_to_publish_one(attempt: Try) -> None:
    attempt.artifact = dataclasses.replace(attempt.artifact, sha512=None)
    attempt.server.offer(attempt.artifact, good())
    with pytest.raises(AgentJarError, match=r"publishes no \.sha512 beside agent_2\.13-1\.0\.0\.jar"):
        attempt()
    attempt.server.offer(attempt.artifact, good(f"{DIGEST.upper()}  agent.jar\n".encode()), suffix=".sha512")
    path = attempt()
    assert path.read_bytes() == CONTENT
    requests = len(attempt.server.requests)
    assert attempt() == path
    assert len(attempt.server.requests) == requests


@pytest.mark.parametrize("damage", [CONTENT[:100], b"x" * len(CONTENT), b""])
def test_a_damaged_file_in_the_cache_is_fetched_anew(attempt: Try, damage: bytes) -> None:
    attempt.server.offer(attempt.artifact, good())
    path = attempt()
    path.write_bytes(damage)
    assert attempt() == path
    assert path.read_bytes() == CONTENT
    assert attempt.server.asked(".jar") == 2


def test_a_damaged_file_that_cannot_be_fetched_anew_is_not_kept(attempt: Try) -> None:
    attempt.server.offer(attempt.artifact, good(), status(404))
    path = attempt()
    path.write_bytes(b"damaged")
    with pytest.raises(AgentJarError):
        attempt()
    assert left_over(attempt.cache) == []


def test_a_file_without_its_stamp_is_read_and_used(attempt: Try) -> None:
    path = attempt.cache / "jars" / attempt.artifact.path
    path.parent.mkdir(parents=True)
    path.write_bytes(CONTENT)
    assert attempt() == path
    assert attempt.server.requests == []


def test_many_at_once_fetch_one_file_once(attempt: Try) -> None:
    attempt.server.offer(attempt.artifact, good())
    found: list[bytes] = []
    threads = [threading.Thread(target=lambda: found.append(attempt().read_bytes())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [CONTENT] * 8
    assert attempt.server.asked(".jar") == 1


def test_what_a_killed_download_left_is_cleared_away(attempt: Try) -> None:
    attempt.server.offer(attempt.artifact, good())
    stale = attempt.cache / "jars" / attempt.artifact.path.parent / ".part-abc"
    stale.mkdir(parents=True)
    (stale / "agent.part").write_bytes(b"half")
    attempt()
    assert not stale.exists()


def test_places_are_asked_in_turn_and_all_named_where_none_helps(
    server: Server, artifact: Artifact, tmp_path: Path
) -> None:
    local = LocalCopies(maven=tmp_path / "m2")
    places: list[Source] = [local, Nowhere(place="Ivy", why="there is no Java"), Repository(url=server.url)]
    with pytest.raises(AgentJarError, match=r"no intact copy on this machine; there is no Java; http://.*\(404\)\. "):
        fetch(artifact, cache=tmp_path / "cache", sources=places)
    server.offer(artifact, good())
    assert fetch(artifact, cache=tmp_path / "cache", sources=places).read_bytes() == CONTENT


def test_a_cache_that_cannot_be_written_is_one_sentence(attempt: Try) -> None:
    attempt.cache.write_text("a file where the folder should be")
    attempt.server.offer(attempt.artifact, good())
    with pytest.raises(AgentJarError, match=r"cache: the cache cannot be written .*SPARKLINEAGE_CACHE\.$"):
        attempt()


def trickling(server: Server, *, header: bool) -> Behaviour:
    """One byte each 50 ms, of the answer's head or of its body."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        head = f"HTTP/1.0 200 OK\r\nContent-Length: {len(CONTENT)}\r\n".encode()
        rest = head if header else CONTENT
        if not header:
            request.wfile.write(head + b"\r\n")
        for place in range(len(rest)):
            if server.stopping.wait(0.05):
                return
            try:
                request.wfile.write(rest[place : place + 1])
                request.wfile.flush()
            except OSError:
                return

    return answer


@pytest.mark.parametrize("how", ["never answers", "a slow head", "a slow body", "always 503"])
def test_a_limit_ends_what_no_time_out_ends(attempt: Try, how: str) -> None:
    behaviour = {
        "never answers": attempt.server.hanging,
        "a slow head": trickling(attempt.server, header=True),
        "a slow body": trickling(attempt.server, header=False),
        "always 503": status(503),
    }[how]
    attempt.server.offer(attempt.artifact, behaviour)
    attempt.limit = 0.4
    seen: list[int] = []
    begin = time.monotonic()
    if how == "always 503":
        source = Repository(url=attempt.server.url, pause=1)
        with pytest.raises(SlowError, match=r"sent too little in 0\.4 s"):
            fetch(attempt.artifact, cache=attempt.cache, sources=[source], limit=0.4)
    else:
        with pytest.raises(SlowError, match=r"agent_2\.13-1\.0\.0\.jar sent too little in 0\.4 s\. Name a repository"):
            attempt(lambda done, _: seen.append(done))
    assert time.monotonic() - begin < 2
    assert left_over(attempt.cache) == []
    # Nothing goes on behind the job's back.
    before = len(seen)
    time.sleep(0.2)
    assert len(seen) == before


def test_a_slow_line_that_gets_on_is_waited_for(attempt: Try) -> None:
    """Three megabytes, one each 0.3 s: longer than the limit, and never long without a megabyte."""
    content = b"x" * 3 * ENOUGH

    def slow(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        for start in range(0, len(content), ENOUGH):
            time.sleep(0.3)
            request.wfile.write(content[start : start + ENOUGH])

    attempt.artifact = dataclasses.replace(attempt.artifact, sha512=hashlib.sha512(content).hexdigest())
    attempt.server.offer(attempt.artifact, slow)
    attempt.limit = 0.7
    assert attempt().read_bytes() == content


def test_the_time_that_a_limit_gives() -> None:
    """Ten seconds for a megabyte, never more than thirty ahead."""
    now = [0.0]
    limit = Limit(30, lambda: now[0])
    for second in range(10, 400, 10):
        now[0] = second
        limit.received(ENOUGH)
        assert limit.left() == 30
    now[0] += 25
    limit.received(ENOUGH - 1)
    assert limit.left() == 5
    limit.received(1)
    assert limit.left() == 15
    now[0] += 15
    with pytest.raises(SlowError, match="sent too little in 30 s"):
        limit.received(ENOUGH)


def test_a_place_that_wasted_time_is_not_asked_again_for_a_while(attempt: Try) -> None:
    attempt.server.offer(attempt.artifact, attempt.server.hanging, good())
    attempt.limit, attempt.spare = 0.3, 300
    with pytest.raises(SlowError):
        attempt()
    begin = time.monotonic()
    with pytest.raises(SlowError, match=r"sent too little in 0\.3 s [01] s ago, and is asked again in 5 min\. Name"):
        attempt()
    assert time.monotonic() - begin < 0.2
    assert attempt.server.asked(".jar") == 1
    (stamp,) = attempt.cache.rglob("*.failed")
    # Other places are asked all the same.
    other = Nowhere(place="Ivy", why="there is no Java")
    with pytest.raises(AgentJarError, match="there is no Java"):
        fetch(attempt.artifact, cache=attempt.cache, sources=[other], spare=300)
    old = time.time() - 301
    os.utime(stamp, (old, old))
    assert attempt().read_bytes() == CONTENT
    assert list(attempt.cache.rglob("*.failed")) == []


def test_whoever_spares_no_place_asks_it_and_clears_the_memory(attempt: Try) -> None:
    attempt.server.offer(attempt.artifact, attempt.server.hanging, status(404), good())
    attempt.limit, attempt.spare = 0.3, 300
    with pytest.raises(SlowError):
        attempt()
    attempt.limit, attempt.spare = None, 0
    with pytest.raises(AgentJarError, match="404"):
        attempt()
    attempt.spare = 300
    assert attempt().read_bytes() == CONTENT


def test_a_failure_that_cost_no_time_is_not_remembered(attempt: Try) -> None:
    attempt.server.offer(attempt.artifact, status(404), good())
    attempt.limit, attempt.spare = 5.0, 300
    with pytest.raises(AgentJarError, match="404") as caught:
        attempt()
    assert not isinstance(caught.value, SlowError)
    assert attempt().read_bytes() == CONTENT


def test_waiting_for_another_process_has_the_same_limit(attempt: Try) -> None:
    attempt.server.offer(attempt.artifact, attempt.server.hanging)

    def wait() -> None:
        with pytest.raises(AgentJarError):
            attempt()

    first = threading.Thread(target=wait)
    first.start()
    while not attempt.server.requests:
        time.sleep(0.01)
    attempt.limit = 0.3
    begin = time.monotonic()
    with pytest.raises(SlowError, match=r"another process has been fetching agent_2\.13-1\.0\.0\.jar for over 0\.3 s"):
        attempt()
    assert time.monotonic() - begin < 2
    attempt.server.stopping.set()
    first.join()


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"SPARKLINEAGE_CACHE": "/a", "XDG_CACHE_HOME": "/b"}, "/a"),
        ({"SPARKLINEAGE_CACHE": "", "XDG_CACHE_HOME": "/b"}, "/b/sparklineage"),
        ({}, "/home/u/.cache/sparklineage"),
    ],
)
def test_where_the_cache_is(environ: dict[str, str], expected: str) -> None:
    assert default_cache(environ, Path("/home/u")) == Path(expected)
