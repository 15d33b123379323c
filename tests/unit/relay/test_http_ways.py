"""The ways of an event to its receiver: TLS with an own CA, a proxy that tunnels, a proxy that forwards."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from sparklineage.model.backend import Backend
from sparklineage.relay import HttpSink
from sparklineage.relay.sinks import Answer, Verdict
from tests.support.certificates import Authority, make_authority
from tests.support.journal import application
from tests.support.proxy import Proxy
from tests.support.receiver import Receiver

PASSWORD = "canary-77ab-proxy"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def secure(authority: Authority) -> Iterator[Receiver]:
    with Receiver(context=authority.context) as receiver:
        yield receiver


def send(backend: Backend, times: int = 1) -> Answer:
    sink = HttpSink(backend)
    try:
        for _ in range(times):
            answer = sink.send(json.dumps(application("START", 1)).encode())
        return answer
    finally:
        sink.close()


def test_an_own_ca_is_trusted_where_it_is_named(secure: Receiver, authority: Authority) -> None:
    answer = send(Backend(url=secure.url, ca_file=str(authority.certificate)), times=3)
    assert answer.verdict is Verdict.ACCEPTED
    assert (len(secure.events), secure.connections) == (3, 1)


def test_an_own_ca_is_trusted_through_the_environment(
    secure: Receiver, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.certificate))
    assert send(Backend(url=secure.url)).verdict is Verdict.ACCEPTED


def test_an_unknown_ca_is_told(secure: Receiver) -> None:
    answer = send(Backend(url=secure.url))
    assert answer.verdict is Verdict.RETRY
    assert answer.text.startswith("its certificate is not trusted")
    assert secure.events == []


@pytest.mark.parametrize(("text", "why"), [(None, "No such file or directory"), ("no PEM", "no certificate in PEM")])
def test_a_ca_file_that_cannot_be_used_is_told(tmp_path: Path, secure: Receiver, text: str | None, why: str) -> None:
    path = tmp_path / "ca.pem"
    if text:
        path.write_text(text)
    answer = send(Backend(url=secure.url, ca_file=str(path)))
    assert answer.verdict is Verdict.RETRY
    assert answer.text.startswith(f"the CA file {path} cannot be used")
    assert why in answer.text


@pytest.mark.parametrize("login", ["", f"someone:{PASSWORD}"])
@pytest.mark.parametrize("compression", ["gzip", None])
def test_a_proxy_tunnels_what_is_secure(
    secure: Receiver, authority: Authority, login: str, compression: str | None
) -> None:
    with Proxy(login=login) as proxy:
        way = proxy.url.replace("://", f"://{login}@") if login else proxy.url
        backend = Backend(
            url=secure.url, ca_file=str(authority.certificate), proxy=way, compression="gzip" if compression else None
        )
        assert send(backend, times=2).verdict is Verdict.ACCEPTED
    assert proxy.asked == [("CONNECT", f"localhost:{secure.port}")]
    assert [dict.fromkeys(found).keys() & {"Proxy-Authorization"} for found in secure.seen_headers] == [set(), set()]
    assert [found.get("Content-Encoding") for found in secure.seen_headers] == [compression] * 2
    assert (PASSWORD in backend.secrets) is bool(login)


def test_a_proxy_forwards_what_is_plain() -> None:
    with Receiver() as receiver, Proxy(login=f"someone:{PASSWORD}") as proxy:
        way = proxy.url.replace("://", f"://someone:{PASSWORD}@")
        assert send(Backend(url=receiver.url, proxy=way), times=2).verdict is Verdict.ACCEPTED
    assert proxy.asked == [("POST", f"{receiver.url}/api/v1/lineage")] * 2
    assert "Proxy-Authorization" not in receiver.seen_headers[0]


def test_a_proxy_that_refuses_is_told_without_its_password(secure: Receiver, authority: Authority) -> None:
    with Proxy(login="a:b") as proxy:
        way = proxy.url.replace("://", f"://someone:{PASSWORD}@")
        answer = send(Backend(url=secure.url, ca_file=str(authority.certificate), proxy=way))
    assert answer.verdict is Verdict.RETRY
    assert "407" in answer.text
    assert PASSWORD not in answer.text


def test_the_environment_names_a_proxy_and_what_goes_past_it(
    secure: Receiver, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = Backend(url=secure.url, ca_file=str(authority.certificate))
    with Proxy() as proxy, Proxy() as other:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        assert send(backend).verdict is Verdict.ACCEPTED
        assert len(proxy.asked) == 1
        monkeypatch.setenv("NO_PROXY", "localhost")
        assert send(backend).verdict is Verdict.ACCEPTED
        assert len(proxy.asked) == 1
        assert send(Backend(url=secure.url, ca_file=backend.ca_file, proxy=other.url)).verdict is Verdict.ACCEPTED
        assert len(other.asked) == 1


def test_asking_sends_no_event() -> None:
    with Receiver(gets=405, marquez=False) as receiver:
        assert HttpSink(Backend(url=receiver.url)).ask() == (405, "Method Not Allowed")
        assert (receiver.posts, receiver.events) == (0, [])
