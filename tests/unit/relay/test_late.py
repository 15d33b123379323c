"""A backend whose secrets lie with a service: when they are fetched, what is told, and what never shows."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from sparklineage.errors import ConfigError, MissingExtraError
from sparklineage.model.backend import Backend, Deferred, Place
from sparklineage.model.secret import Secret, SecretReference
from sparklineage.relay import Delivery, Follower, HttpSink
from sparklineage.relay.deliver import Waits, deliver_all
from sparklineage.relay.handover import Handover
from sparklineage.relay.retire import Keep
from sparklineage.relay.sinks import Verdict
from sparklineage.relay.sinks.late import LateBackend, LateSink, no_service
from tests.support.journal import add, application, event, folder, outcome
from tests.support.receiver import Receiver

CANARY = "canary-5b2e-late"
REFERENCE = SecretReference(kind="aws-ssm", name="/ol")
Fetch = Callable[[SecretReference, str], Secret]


def deferred(place: Place = "key", name: str = "") -> Deferred:
    return Deferred(place=place, name=name, reference=REFERENCE, source="f.yml:3:1: transport.auth.apiKey")


def late(url: str, fetch: Fetch, *parts: Deferred, learnt: list[str] | None = None) -> LateBackend:
    backend = Backend(url=url, timeout=30.0, deferred=parts or (deferred(),))
    return LateBackend(backend, fetch, (learnt if learnt is not None else []).extend)


def canary(reference: SecretReference, source: str) -> Secret:
    assert (reference, source) == (REFERENCE, "f.yml:3:1: transport.auth.apiKey")
    return Secret(f"{CANARY}\n")


def test_the_key_a_header_and_a_parameter_are_filled_in() -> None:
    backend = Backend(
        url="http://h",
        headers={"X-A": "a"},
        deferred=(deferred(), deferred("header", "X-B"), deferred("parameter", "p")),
    )
    assert (backend.secrets, backend.api_key) == ((), None)
    found = backend.with_secrets(canary)
    assert found.api_key == Secret(CANARY)
    assert (found.headers, found.params, found.deferred) == ({"X-A": "a", "X-B": CANARY}, {"p": CANARY}, ())
    assert found.secrets == (CANARY,)
    assert found.key == backend.key
    assert found.shown == backend.shown
    assert CANARY not in f"{found!r} {found}"


@pytest.mark.parametrize(("value", "problem"), [(" \n", "is blank"), ("a\nb", "control character"), ("€", "Latin-1")])
def test_what_no_header_can_carry_is_one_sentence(value: str, problem: str) -> None:
    with pytest.raises(ConfigError, match=rf"^f\.yml:3:1: transport\.auth\.apiKey .*{problem}"):
        Backend(url="http://h", deferred=(deferred(),)).with_secrets(lambda *_: Secret(value))


def test_a_parameter_carries_any_text() -> None:
    backend = Backend(url="http://h", deferred=(deferred("parameter", "p"),)).with_secrets(lambda *_: Secret("a\n€"))
    assert backend.target.endswith("?p=a%0A%E2%82%AC")


def test_it_is_fetched_once_before_the_first_event_and_learnt(tmp_path: Path) -> None:
    made = folder(tmp_path)
    add(made.events, application("START", 1), application("COMPLETE", 2))
    asked, learnt = [], list[str]()

    def fetch(reference: SecretReference, source: str) -> Secret:
        asked.append(reference)
        return canary(reference, source)

    with Receiver() as receiver:
        backend = late(receiver.url, fetch, learnt=learnt)
        sinks = LateSink(backend), LateSink(backend)
        assert asked == []
        assert deliver_all(Delivery(made, sinks[0]), until=time.monotonic() + 60, give_up_after=1)
        assert sinks[1].send(b"{}").status == 201
        for sink in sinks:
            sink.close()
    assert (asked, learnt) == ([REFERENCE], [CANARY])
    assert {item["Authorization"] for item in receiver.seen_headers} == {f"Bearer {CANARY}"}


def test_as_long_as_it_cannot_be_had_the_reason_is_told_and_nothing_is_lost(tmp_path: Path) -> None:
    made = folder(tmp_path)
    add(made.events, application("START", 1))
    failures = [ConfigError("f.yml:3:1: no such parameter."), MissingExtraError("boto3 lacks."), KeyError(CANARY)]
    told: list[str | None] = []

    def fetch(reference: SecretReference, source: str) -> Secret:
        told.append(json.loads(made.delivery(sink.key).read_text())["lastError"])
        if len(told) <= len(failures):
            raise failures[len(told) - 1]
        return canary(reference, source)

    with Receiver() as receiver:
        sink = LateSink(late(receiver.url, fetch))
        delivery = Delivery(made, sink, Waits(first=0.01, longest=0.01))
        assert deliver_all(delivery, until=time.monotonic() + 60, give_up_after=9)
        sink.close()
    reason = f"the secrets of {receiver.url} cannot be fetched (KeyError)"
    assert told == [None, "f.yml:3:1: no such parameter.", "boto3 lacks.", reason]
    assert delivery.last_error is None
    assert len(receiver.events) == 1


def test_what_was_learnt_is_masked_from_then_on(tmp_path: Path) -> None:
    made = folder(tmp_path)
    follower = Follower(made)
    follower.hide([CANARY])
    facets = {"sql": {"query": f"SELECT '{CANARY}'"}}
    add(made.agent, application("START", 1), event("START", 2, "01900000-0000-7000-8000-0000000000a1", facets=facets))
    outcome(made)
    follower.finish()
    assert "SELECT '********'" in made.events.read_text()
    assert CANARY not in made.events.read_text()


def test_a_relay_that_travels_alone_says_that_it_cannot_ask() -> None:
    reason = late("http://127.0.0.1:9", no_service).complete()
    assert reason is not None
    assert reason.startswith("f.yml:3:1: transport.auth.apiKey refers to a secret of a service")


def test_a_handover_reads_back_what_it_wrote() -> None:
    reference = SecretReference(kind="aws-secretsmanager", name="ol", field="api key")
    backend = Backend(
        url="https://h/x?a=b",
        endpoint="e",
        api_key=Secret("k-é"),
        headers={"X-A": "1"},
        params={"code": "2"},
        compression="gzip",
        timeout=3.5,
        marquez=True,
        proxy="http://p:1",
        ca_file="/ca.pem",
        deferred=(Deferred(place="header", name="X-B", reference=reference, source="f.yml:1:1: x"),),
        fetched=(Secret("k-é"),),
    )
    told = Handover(
        backend=backend, secrets=("a\nb",), waits=Waits(first=1.0, longest=2.0), keep=Keep(size=5, age=None)
    )
    line = told.line()
    assert "\n" not in line
    assert Handover.read(line) == told
    plain = Handover(backend=Backend(url="http://h"))
    assert Handover.read(plain.line()) == plain


def test_a_late_sink_names_the_same_receiver() -> None:
    backend = late("http://h:5000", canary)
    complete = HttpSink(Backend(url="http://h:5000"))
    assert (LateSink(backend).key, LateSink(backend).shown) == (complete.key, complete.shown)


def test_a_node_asks_for_its_secret_at_a_measured_pace() -> None:
    asked = []

    def fetch(*_: object) -> Secret:
        asked.append(1)
        raise ConfigError("no.")

    backend = LateBackend(Backend(url="http://h", deferred=(deferred(),)), fetch, lambda _: None, pause=2.0)
    assert {backend.complete() for _ in range(50)} == {"no."}
    assert len(asked) == 1
    time.sleep(2.0)
    backend.complete()
    assert len(asked) == 2


def test_a_key_that_is_exchanged_makes_no_dead_letters(tmp_path: Path) -> None:
    keys = ["old-key-1", "old-key-1", f"new-{CANARY}"]
    taken = ["old-key-1"]
    made = folder(tmp_path)
    add(made.events, *(application("RUNNING", number) for number in range(4)))
    learnt: list[str] = []

    with Receiver() as receiver:
        receiver.answer = lambda *_: 201 if receiver.seen_headers[-1]["Authorization"] == f"Bearer {taken[0]}" else 401
        backend = Backend(url=receiver.url, timeout=30.0, deferred=(deferred(),))
        fetch: Fetch = lambda *_: Secret(keys.pop(0) if len(keys) > 1 else keys[0])  # noqa: E731
        held = LateBackend(backend, fetch, learnt.extend, renews=True)
        sink = LateSink(held)
        delivery = Delivery(made, sink, Waits(first=0.01, longest=0.01))
        first = delivery.send_next()
        assert first is not None
        assert first.status == 201
        taken[0] = f"new-{CANARY}"
        said = delivery.send_next()
        assert said is not None
        assert (said.verdict, said.text) == (Verdict.RETRY, "the backend refuses the key: HTTP 401 Unauthorized")
        assert deliver_all(delivery, until=time.monotonic() + 60, give_up_after=9)
        sink.close()
    assert (delivery.delivered, delivery.refused) == (4, 0)
    assert learnt == ["old-key-1", f"new-{CANARY}"]


@pytest.mark.parametrize("renews", [True, False])
def test_a_key_that_is_forbidden_after_it_was_taken_is_waited_for(tmp_path: Path, renews: bool) -> None:
    made = folder(tmp_path)
    add(made.events, *(application("RUNNING", number) for number in range(3)))
    with Receiver(answer=lambda number, _: 403 if number == 2 else 201) as receiver:
        backend = Backend(url=receiver.url, timeout=30.0, deferred=(deferred(),))
        sink = LateSink(LateBackend(backend, canary, lambda _: None, renews=renews, pause=60))
        delivery = Delivery(made, sink, Waits(first=0.01, longest=0.01))
        assert deliver_all(delivery, until=time.monotonic() + 60, give_up_after=9)
        sink.close()
    assert (delivery.delivered, delivery.refused) == (3, 0)


def test_a_key_that_was_never_taken_is_waited_for(tmp_path: Path) -> None:
    made = folder(tmp_path)
    add(made.events, application("START", 1))
    with Receiver(answer=lambda number, _: 403 if number < 4 else 201) as receiver:
        backend = Backend(url=receiver.url, timeout=30.0, deferred=(deferred(),))
        sink = LateSink(LateBackend(backend, canary, lambda _: None, renews=True, pause=60))
        delivery = Delivery(made, sink, Waits(first=0.01, longest=0.01))
        assert deliver_all(delivery, until=time.monotonic() + 60, give_up_after=9)
        sink.close()
    assert (delivery.delivered, delivery.refused) == (1, 0)
