"""`check`: one line, and a hint that leads to the reason."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sparklineage.model.backend import Backend, Deferred
from sparklineage.model.secret import Secret, SecretReference
from sparklineage.relay.node import check as module
from sparklineage.relay.node.check import Checked, check
from sparklineage.relay.node.main import main
from sparklineage.relay.node.secrets import fetcher
from tests.support.certificates import Authority, make_authority
from tests.support.proxy import Proxy
from tests.support.receiver import Receiver
from tests.unit.relay.node.nodes import Node

CANARY = "canary-18f2-check"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as found:
        yield found


def look(url: str, **fields: Any) -> Checked:
    return check(Backend(url=url, timeout=fields.pop("timeout", 2.0), **fields), fetcher({}, None))


def hint(url: str, **fields: Any) -> str:
    found = look(url, **fields)
    assert not found.good
    assert found.line.startswith(url)
    return found.hint or ""


@pytest.mark.parametrize("status", [200, 400, 404, 405])
def test_a_backend_that_answers_is_reached(receiver: Receiver, status: int) -> None:
    receiver.gets = status
    found = look(receiver.url)
    assert found.good
    assert found.line.startswith(f"{receiver.url}: reached, answers {status}")
    assert receiver.posts == 0


@pytest.mark.parametrize(
    ("status", "begins"),
    [(401, "key: the backend wants one"), (403, "key: the backend wants one"), (302, "address: it redirects"),
     (503, "proxy: what stands before the backend"), (500, "backend: it fails by itself")],
)  # fmt: skip
def test_an_answer_that_is_no_good(receiver: Receiver, status: int, begins: str) -> None:
    receiver.gets = status
    assert hint(receiver.url).startswith(begins)


def test_a_key_that_is_not_taken(receiver: Receiver) -> None:
    receiver.gets = 401
    assert hint(receiver.url, api_key=Secret(CANARY)).startswith("key: the backend does not take it")


def test_a_secret_that_cannot_be_had() -> None:
    reference = SecretReference(kind="env", name="OL_KEY")
    found = look("http://h", deferred=(Deferred(place="key", reference=reference, source="r.json: backend.apiKey"),))
    assert found.line == (
        "http://h: not asked, for want of a secret. r.json: backend.apiKey refers to the environment variable OL_KEY, "
        "which is not set."
    )
    assert (found.hint or "").startswith("key: let the role of this node read the secret")


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def test_nothing_listens() -> None:
    port = free_port()
    assert hint(f"http://127.0.0.1:{port}").startswith(f"port: nothing listens at 127.0.0.1:{port}")
    assert hint("http://h:1", proxy=f"http://127.0.0.1:{port}").startswith(
        f"proxy: nothing listens at 127.0.0.1:{port}"
    )


def test_a_name_that_nobody_knows() -> None:
    assert hint("http://nobody.invalid:1").startswith("DNS: no name server here knows nobody.invalid;")
    assert hint("http://h:1", proxy="http://nobody.invalid:1").startswith("proxy: no name server here knows")


def test_nothing_comes_back(receiver: Receiver) -> None:
    """As where a security group drops the packets: a full queue of connections answers nothing either."""
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        port = deaf.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", port))
        said = hint(f"http://127.0.0.1:{port}", timeout=0.5)
        assert said.startswith(f"security group: nothing comes back from 127.0.0.1:{port}")
        assert hint(receiver.url, proxy=f"http://127.0.0.1:{port}", timeout=0.5).startswith("proxy: 127.0.0.1:")
        for one in waiting:
            one.close()


def test_a_name_server_that_is_silent_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(*_: object) -> str:
        raise TimeoutError

    monkeypatch.setattr(module, "bounded", silent)
    assert hint("http://h:1").startswith("security group: nothing comes back from h:1")


def test_an_own_ca(authority: Authority, tmp_path: Path) -> None:
    with Receiver(context=authority.context) as receiver:
        assert look(receiver.url, ca_file=str(authority.certificate)).good
        assert hint(receiver.url).startswith("TLS: name the file with the CA of the backend")
        other = f"https://127.0.0.1:{receiver.port}"
        assert hint(other, ca_file=str(authority.certificate)).startswith("TLS: the certificate is for another name")
        assert hint(receiver.url, ca_file=str(tmp_path / "no")).startswith("TLS: correct `caFile`")
        assert hint(f"http://localhost:{receiver.port}").startswith(
            f"protocol: localhost:{receiver.port} speaks no HTTP"
        )


def test_http_where_https_is_meant(receiver: Receiver) -> None:
    said = hint(receiver.url.replace("http:", "https:"))
    assert said.startswith(f"TLS: 127.0.0.1:{receiver.port} speaks no TLS")


def test_a_proxy_that_wants_a_login(authority: Authority) -> None:
    with Receiver(context=authority.context) as receiver, Proxy(login="a:b") as proxy:
        said = hint(receiver.url, ca_file=str(authority.certificate), proxy=proxy.url)
        assert said.startswith(f"proxy: 127.0.0.1:{proxy.port} wants a login")
    with Receiver() as receiver, Proxy(login="a:b") as proxy:
        assert hint(receiver.url, proxy=proxy.url).startswith("proxy: it wants a login")


def test_the_command_prints_a_line_and_a_hint(
    tmp_path: Path, receiver: Receiver, capsys: pytest.CaptureFixture[str]
) -> None:
    node = Node(tmp_path, receiver.url, backend={"apiKey": "env:OL_KEY"})
    words = ["check", "--config", str(node.config)]
    assert main(words, {"OL_KEY": CANARY}) == 0
    assert capsys.readouterr() == (f"{receiver.url}: reached, answers 404 Not Found to an empty GET\n", "")
    receiver.gets = 403
    assert main(words, {"OL_KEY": CANARY}) == 1
    line, said = capsys.readouterr().out.splitlines()
    assert line == f"{receiver.url}: 403 Forbidden"
    assert said.startswith("hint: key: ")
    done = subprocess.run(node.command("check"), env=node.environ, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr, len(done.stdout.splitlines())) == (1, "", 2)
