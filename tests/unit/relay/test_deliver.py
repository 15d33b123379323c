"""Delivery over real HTTP: in order, until accepted, remembered, with dead letters for what is refused."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from sparklineage.journal import RunFolder
from sparklineage.model.backend import Backend
from sparklineage.model.secret import Secret
from sparklineage.relay import Delivery, HttpSink
from sparklineage.relay.deliver import Courier, Waits, deliver_all, pause
from sparklineage.relay.sinks import Verdict
from tests.support.journal import add, application, event, folder
from tests.support.receiver import Receiver

CANARY = "canary-7f3a9c51d2"


@pytest.fixture
def made(tmp_path: Path) -> RunFolder:
    found = folder(tmp_path)
    add(
        found.events, application("START", 1), event("START", 2, "q"), event("COMPLETE", 3, "q"), application("FAIL", 4)
    )
    return found


_OPEN: list[HttpSink] = []


@pytest.fixture(autouse=True)
def _close_sinks() -> Iterator[None]:
    yield
    while _OPEN:
        _OPEN.pop().close()


def sink_to(receiver: Receiver, **fields: Any) -> HttpSink:
    made = HttpSink(Backend(**{"url": receiver.url, "timeout": 30.0, **fields}))
    _OPEN.append(made)
    return made


def soon(seconds: float = 60) -> float:
    return time.monotonic() + seconds


def kinds(receiver: Receiver) -> list[str]:
    return [item["eventType"] for item in receiver.events]


def test_events_arrive_once_in_order_over_one_connection(made: RunFolder) -> None:
    with Receiver() as receiver:
        sink = sink_to(receiver, api_key=Secret(CANARY), headers={"X-Team": "data"})
        assert deliver_all(Delivery(made, sink), until=soon(), give_up_after=3)
        sink.close()
    assert kinds(receiver) == ["START", "START", "COMPLETE", "FAIL"]
    assert (receiver.connections, set(receiver.paths)) == (1, {"/api/v1/lineage"})
    assert receiver.seen_headers[0]["Authorization"] == f"Bearer {CANARY}"
    assert receiver.seen_headers[0]["X-Team"] == "data"
    stored = json.loads(made.delivery(sink.key).read_text())
    assert (stored["delivered"], stored["refused"], stored["offset"]) == (4, 0, made.events.stat().st_size)
    everything = "".join(path.read_text() for path in made.path.rglob("*") if path.is_file())
    assert CANARY not in everything


def test_a_second_delivery_sends_only_what_is_new(made: RunFolder) -> None:
    with Receiver() as receiver:
        deliver_all(Delivery(made, sink_to(receiver)), until=soon(), give_up_after=3)
        add(made.events, event("START", 9, "r"))
        deliver_all(Delivery(made, sink_to(receiver)), until=soon(), give_up_after=3)
    assert kinds(receiver) == ["START", "START", "COMPLETE", "FAIL", "START"]


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503])
def test_a_passing_fault_is_tried_again_in_order(made: RunFolder, status: int) -> None:
    with Receiver(answer=lambda number, _: status if number in (2, 3) else 201) as receiver:
        assert deliver_all(Delivery(made, sink_to(receiver)), until=soon(), give_up_after=9)
    assert kinds(receiver) == ["START", "START", "COMPLETE", "FAIL"]
    assert receiver.posts == 6


@pytest.mark.parametrize("status", [400, 404, 422])
def test_a_refused_event_goes_to_the_dead_letters_and_the_rest_goes_on(made: RunFolder, status: int) -> None:
    with Receiver(answer=lambda number, _: status if number == 2 else 201) as receiver:
        delivery = Delivery(made, sink_to(receiver))
        assert deliver_all(delivery, until=soon(), give_up_after=3)
    assert kinds(receiver) == ["START", "COMPLETE", "FAIL"]
    (letter,) = [json.loads(line) for line in made.refused(delivery.sink.key).read_text().splitlines()]
    assert (letter["status"], letter["body"]) == (status, '{"message": "no, thank you"}')
    assert letter["event"]["eventType"] == "START"
    assert (delivery.delivered, delivery.refused) == (3, 1)


@pytest.mark.parametrize("status", [401, 403, 407])
def test_whoever_may_not_send_keeps_the_events_until_he_may(made: RunFolder, status: int) -> None:
    with Receiver(answer=lambda number, _: status if number in (2, 3) else 201) as receiver:
        delivery = Delivery(made, sink_to(receiver))
        assert deliver_all(delivery, until=soon(), give_up_after=9)
    assert kinds(receiver) == ["START", "START", "COMPLETE", "FAIL"]
    assert (delivery.delivered, delivery.refused) == (4, 0)
    assert not made.refused(delivery.sink.key).exists()


@pytest.mark.parametrize(
    ("status", "key", "says"),
    [
        (401, None, "the backend asks for a key: HTTP 401 Unauthorized"),
        (401, "canary-3f-key", "the backend refuses the key: HTTP 401 Unauthorized"),
        (403, "canary-3f-key", "the backend refuses the key: HTTP 403 Forbidden"),
        (407, "canary-3f-key", "the proxy asks for a login: HTTP 407 Proxy Authentication Required"),
    ],
)
def test_who_may_not_send_is_told_why(made: RunFolder, status: int, key: str | None, says: str) -> None:
    with Receiver(answer=lambda *_: status) as receiver:
        sink = HttpSink(Backend(url=receiver.url, api_key=Secret(key) if key else None))
        delivery = Delivery(made, sink)
        assert not deliver_all(delivery, until=soon(), give_up_after=1)
        sink.close()
    assert (delivery.last_error, delivery.delivered, delivery.refused) == (says, 0, 0)


def test_start_over_sends_everything_again(made: RunFolder) -> None:
    with Receiver(answer=lambda number, _: 404 if number <= 4 else 201) as receiver:
        delivery = Delivery(made, sink_to(receiver))
        deliver_all(delivery, until=soon(), give_up_after=3)
        delivery.start_over()
        assert deliver_all(delivery, until=soon(), give_up_after=3)
    assert kinds(receiver) == ["START", "START", "COMPLETE", "FAIL"]
    assert not made.refused(delivery.sink.key).exists()


def test_marquez_has_accepted_only_what_it_answers_with_201(made: RunFolder) -> None:
    with Receiver(answer=lambda number, _: 200 if number <= 2 else 201) as receiver:
        assert deliver_all(Delivery(made, sink_to(receiver)), until=soon(), give_up_after=9)
    assert receiver.posts == 6
    assert kinds(receiver)[2:] == ["START", "START", "COMPLETE", "FAIL"]


def test_any_2xx_is_acceptance_where_the_receiver_is_not_marquez(made: RunFolder) -> None:
    with Receiver(answer=lambda *_: 200, marquez=False) as receiver:
        assert deliver_all(Delivery(made, sink_to(receiver)), until=soon(), give_up_after=1)
    assert receiver.posts == 4


def test_a_redirect_is_no_acceptance(made: RunFolder) -> None:
    with Receiver(answer=lambda *_: 302, headers={"Location": "/login"}) as receiver:
        delivery = Delivery(made, sink_to(receiver))
        assert not deliver_all(delivery, until=soon(), give_up_after=2)
    assert delivery.delivered == 0
    assert "a redirect to /login" in (delivery.last_error or "")


def test_a_silent_backend_times_out_and_loses_nothing(made: RunFolder) -> None:
    with Receiver(silent=True) as receiver:
        delivery = Delivery(made, sink_to(receiver, timeout=0.2))
        assert not deliver_all(delivery, until=soon(), give_up_after=2)
        assert delivery.last_error == "no answer within 0.2 s"
        receiver.silent = False
        assert deliver_all(delivery, until=soon(), give_up_after=2)
    assert kinds(receiver) == ["START", "START", "COMPLETE", "FAIL"]


def test_a_backend_that_is_down_and_comes_back_gets_everything(made: RunFolder) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    receiver = Receiver(port=port)
    courier = Courier(Delivery(made, sink_to(receiver)))
    courier.start()
    until = soon()
    while courier.delivery.last_error is None and time.monotonic() < until:
        time.sleep(0.02)
    assert courier.delivery.last_error == "connection refused"
    with receiver:
        until = soon()
        while len(receiver.events) < 4 and time.monotonic() < until:
            time.sleep(0.02)
    courier.leave()
    courier.join(60)
    assert kinds(receiver) == ["START", "START", "COMPLETE", "FAIL"]


def test_a_kept_connection_that_the_backend_closed_is_opened_anew_at_once(made: RunFolder) -> None:
    receiver = Receiver(headers={"Connection": "close"})
    with receiver:
        deliver_all(Delivery(made, sink_to(receiver)), until=soon(), give_up_after=1)
    assert (len(receiver.events), receiver.connections) == (4, 4)
    with Receiver() as first:
        sink = sink_to(first)
        assert sink.send(b"{}").verdict is Verdict.ACCEPTED
        port = first.port
    assert sink.send(b"{}").verdict is Verdict.RETRY
    with Receiver(port=port):
        assert sink.send(b"{}").verdict is Verdict.ACCEPTED
    sink.close()


def test_leaving_waits_for_the_event_under_way_and_begins_no_other(made: RunFolder) -> None:
    left = threading.Event()

    def answer(*_: Any) -> int:
        left.wait(60)
        return 201

    with Receiver(answer=answer) as receiver:
        courier = Courier(Delivery(made, sink_to(receiver)))
        courier.start()
        until = soon()
        while receiver.posts == 0 and time.monotonic() < until:
            time.sleep(0.02)
        courier.leave()
        assert courier.is_alive()
        left.set()
        courier.join(60)
    assert len(receiver.events) == courier.delivery.delivered == 1


def test_no_header_shows_where_the_backend_quotes_the_request(made: RunFolder) -> None:
    refusal = json.dumps({"headers": {"X-Tenant-Key": CANARY, "X-Plain": 'quo"ted-1'}}).encode()
    with Receiver(answer=lambda *_: 422, refusal=refusal) as receiver:
        sink = sink_to(receiver, headers={"X-Tenant-Key": CANARY, "X-Plain": 'quo"ted-1'})
        assert deliver_all(Delivery(made, sink), until=soon(), give_up_after=1)
    letters = made.refused(sink.key).read_text()
    assert letters.count("********") == 8
    assert CANARY not in letters
    assert "ted-1" not in letters


@pytest.mark.parametrize("value", [f"{CANARY}\n", f"{CANARY}\u20ac"])
def test_what_cannot_be_sent_is_told_without_its_value(made: RunFolder, value: str) -> None:
    with Receiver() as receiver:
        delivery = Delivery(made, sink_to(receiver, headers={"X-Tenant-Key": value}))
        assert not deliver_all(delivery, until=soon(), give_up_after=1)
    assert "one of its headers holds a character that HTTP forbids" in (delivery.last_error or "")
    stored = made.delivery(delivery.sink.key).read_text()
    assert CANARY not in stored
    assert "20ac" not in stored


def test_no_attempt_is_begun_after_the_deadline(made: RunFolder) -> None:
    with Receiver() as receiver:
        assert not deliver_all(Delivery(made, sink_to(receiver)), until=time.monotonic(), give_up_after=3)
        assert receiver.posts == 0


def test_retry_after_is_respected(made: RunFolder) -> None:
    with Receiver(answer=lambda number, _: 429 if number == 1 else 201, headers={"Retry-After": "1"}) as receiver:
        began = time.monotonic()
        deliver_all(Delivery(made, sink_to(receiver)), until=soon(), give_up_after=3)
    assert time.monotonic() - began >= 1.0


def test_stopping_ends_a_wait_at_once(made: RunFolder) -> None:
    stop = threading.Event()
    with Receiver(answer=lambda *_: 503, headers={"Retry-After": "50"}) as receiver:
        threading.Timer(0.3, stop.set).start()
        assert not deliver_all(Delivery(made, sink_to(receiver)), until=soon(60), give_up_after=99, stop=stop)


def test_waits_grow_to_half_a_minute_and_differ_by_chance() -> None:
    assert [pause(failures, None, lambda: 1.0) for failures in (1, 2, 3, 9, 99)] == [0.25, 0.5, 1.0, 30.0, 30.0]
    assert pause(3, None, lambda: 0.0) == 0.5
    assert pause(3, 7.0) == 7.0


def test_waits_can_be_chosen_but_never_make_a_loop_without_a_pause() -> None:
    waits = Waits(first=1.0, longest=5.0)
    assert [pause(failures, None, lambda: 1.0, waits) for failures in (1, 2, 3, 4)] == [1.0, 2.0, 4.0, 5.0]
    assert [pause(failures, None, lambda: 1.0, Waits(first=0.0, longest=0.0)) for failures in (1, 9)] == [0.01, 0.01]


def test_a_delivery_waits_as_it_was_told(made: RunFolder) -> None:
    with Receiver(answer=lambda number, _: 503 if number <= 10 else 201) as receiver:
        delivery = Delivery(made, sink_to(receiver), Waits(first=0.02, longest=0.05))
        assert deliver_all(delivery, until=soon(20), give_up_after=99)
    assert kinds(receiver) == ["START", "START", "COMPLETE", "FAIL"]


def test_query_parameters_are_sent_as_the_agent_sends_them(made: RunFolder) -> None:
    """The spelling was seen on the wire: agent 1.53, `transport.urlParams` with these values."""
    params = {"code": "a b/c+d=é&x", "url.param.t": "2"}
    with Receiver() as receiver:
        sink = sink_to(receiver, url=f"{receiver.url}?y=1", params=params)
        assert deliver_all(Delivery(made, sink), until=soon(), give_up_after=1)
    assert set(receiver.paths) == {"/api/v1/lineage?y=1&code=a%20b%2Fc%2Bd%3D%C3%A9%26x&t=2"}
    assert len(receiver.events) == 4


def test_no_query_parameter_shows(made: RunFolder) -> None:
    """Neither where the backend quotes the request, as it was sent or as it was meant, nor in what people see."""
    spelt = [CANARY, "two words+41", "two%20words%2B41", "in-the-url-77"]
    with Receiver(answer=lambda *_: 422, refusal=json.dumps(spelt).encode()) as receiver:
        url = f"{receiver.url}?sig=in-the-url-77"
        sink = sink_to(receiver, url=url, params={"code": CANARY, "tenant": "two words+41"})
        assert deliver_all(Delivery(made, sink), until=soon(), give_up_after=1)
    everything = "".join(path.read_text() for path in made.path.rglob("*") if path.is_file())
    everything += f"{sink.backend!r} {sink.shown}"
    assert not [text for text in spelt if text in everything]
    assert sink.backend.secrets == (CANARY, "in-the-url-77")


def test_the_question_whether_it_is_marquez_carries_the_parameters() -> None:
    """A gateway answers nothing without its key."""
    asked: list[str] = []

    class Gateway(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            body = b'{"namespaces": []}'
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(201)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    odd = json.dumps({"inputs": [{"namespace": "a b", "name": "x"}]}).encode()
    with HTTPServer(("127.0.0.1", 0), Gateway) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        sink = HttpSink(Backend(url=f"http://127.0.0.1:{server.server_port}", params={"code": CANARY}))
        assert sink.send(odd).verdict is Verdict.ACCEPTED
        sink.close()
        server.shutdown()
    assert asked == [f"/api/v1/namespaces?limit=1&code={CANARY}"]


def test_compressed_bodies_are_what_the_events_are(made: RunFolder) -> None:
    with Receiver() as receiver:
        sink = sink_to(receiver, compression="gzip", headers={"content-encoding": "identity"})
        assert deliver_all(Delivery(made, sink), until=soon(), give_up_after=1)
    assert kinds(receiver) == ["START", "START", "COMPLETE", "FAIL"]
    assert {item["Content-Encoding"] for item in receiver.seen_headers} == {"gzip"}
    assert "content-encoding" not in receiver.seen_headers[0]
    length = int(receiver.seen_headers[0]["Content-Length"])
    assert length < len(made.events.read_bytes().splitlines()[0])


@pytest.mark.parametrize(
    ("url", "endpoint", "target"),
    [
        ("http://h:5000", "api/v1/lineage", "http://h:5000/api/v1/lineage"),
        ("http://h:5000/", "/api/v1/lineage", "http://h:5000/api/v1/lineage"),
        ("https://gw/prefix", "api/v1/lineage", "https://gw/prefix/api/v1/lineage"),
        ("https://gw/api/v1/lineage", "api/v1/lineage", "https://gw/api/v1/lineage"),
        ("https://gw/in?code=abc", "x", "https://gw/in/x?code=abc"),
    ],
)
def test_url_and_endpoint_make_the_address(url: str, endpoint: str, target: str) -> None:
    assert Backend(url=url, endpoint=endpoint).target == target


def test_what_people_see_of_a_url_holds_no_secret() -> None:
    shown = Backend(url=f"https://bob:{CANARY}@gw/x?api_key={CANARY}").shown
    assert shown == "https://gw/x"
