"""The relay beside a job: how long `submit` waits for it, what it writes, and who else may deliver."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sparklineage.assemble.relay_process import RelayProcess, settle_here
from sparklineage.errors import JournalBusyError
from sparklineage.journal import DeliveryLock, RunFolder, RunLock
from sparklineage.model.backend import Backend
from sparklineage.model.secret import Secret
from sparklineage.relay import arrivals
from sparklineage.relay.deliver import Waits
from sparklineage.relay.handover import Handover
from tests.support.journal import add, application, event, folder, outcome
from tests.support.receiver import Receiver

CANARY = "canary-90b1-key"
Q = "01900000-0000-7000-8000-0000000000a1"
Start = Callable[..., RelayProcess]


@pytest.fixture
def made(tmp_path: Path) -> Iterator[RunFolder]:
    found = folder(tmp_path)
    yield found
    # The relay ends by itself once it is let go of.
    DeliveryLock(found, wait=15).close()


@pytest.fixture
def start(made: RunFolder) -> Iterator[Start]:
    started = []

    def start_to(receiver: Receiver, **fields: object) -> RelayProcess:
        told = {name: fields.pop(name) for name in ("secrets", "waits", "keep") if name in fields}
        backend = Backend(url=receiver.url, **{"timeout": 2.0, **fields})  # type: ignore[arg-type]
        with RunLock(made) as lock:
            relay = RelayProcess(
                made,
                Handover(backend=backend, **told),  # type: ignore[arg-type]
                environ={"PATH": os.environ["PATH"]},
                lock_fd=lock.fd,
            )
        started.append(relay)
        return relay

    yield start_to
    for relay in started:
        relay.leave()


def never() -> bool:
    return False


def finish(made: RunFolder, relay: RelayProcess, *texts: str) -> None:
    """What the job leaves behind; `texts` stand in the SQL of a query."""
    facets = {"sql": {"query": " ".join(texts)}}
    add(made.agent, application("START", 1), event("START", 2, Q, facets=facets), application("COMPLETE", 5))
    outcome(made)
    assert relay.ended()


def test_what_it_is_told_is_written_nowhere_and_sent_nowhere(made: RunFolder, start: Start) -> None:
    with Receiver() as receiver:
        relay = start(receiver, api_key=Secret(CANARY), headers={"X-Api-Key": "second-41"}, secrets=("third-4711",))
        finish(made, relay, "SELECT", CANARY, "second-41", "third-4711")
        relay.drain(10, never)
        assert len(receiver.events) == 4
    kept = [path for path in made.path.rglob("*") if path.is_file() and path != made.agent]
    everything = str(receiver.events) + "".join(path.read_text() for path in kept)
    assert "SELECT ******** ******** ********" in everything
    assert not [text for text in (CANARY, "second-41", "third-4711") if text in everything]


def test_a_silent_backend_is_left_with_a_reason(made: RunFolder, start: Start) -> None:
    with Receiver(silent=True) as receiver:
        relay = start(receiver, timeout=30.0)
        finish(made, relay)
        relay.drain(2.0, never)
        (arrival,) = arrivals(made)
        assert (arrival.waiting, arrival.error) == (4, "no answer yet")


def test_a_wait_that_the_backend_asked_for_is_not_cut(made: RunFolder, start: Start) -> None:
    """It is longer than the time after which a backend that takes nothing is left."""
    with Receiver(answer=lambda number, _: 429 if number == 1 else 201, headers={"Retry-After": "5.5"}) as receiver:
        relay = start(receiver)
        finish(made, relay)
        relay.drain(10, never)
        (arrival,) = arrivals(made)
        assert (arrival.waiting, arrival.delivered, arrival.retry_at) == (0, 4, None)


def test_a_wait_beyond_the_time_is_not_waited_for(made: RunFolder, start: Start) -> None:
    with Receiver(answer=lambda *_: 429, headers={"Retry-After": "30"}) as receiver:
        relay = start(receiver)
        finish(made, relay)
        began = time.monotonic()
        relay.drain(10, never)
        assert time.monotonic() - began < 6
        (arrival,) = arrivals(made)
        assert arrival.retry_at is not None
        assert arrival.error == "429 Too Many Requests"


def test_the_waits_are_those_of_the_configuration(made: RunFolder, start: Start) -> None:
    """By themselves ten refusals in a row take more than a minute."""
    with Receiver(answer=lambda number, _: 503 if number <= 10 else 201) as receiver:
        relay = start(receiver, waits=Waits(first=0.02, longest=0.1))
        finish(made, relay)
        relay.drain(10, never)
        (arrival,) = arrivals(made)
        assert (arrival.waiting, arrival.delivered) == (0, 4)


def test_while_it_lives_nobody_else_delivers(made: RunFolder, start: Start) -> None:
    with Receiver() as receiver:
        relay = start(receiver)
        with pytest.raises(JournalBusyError):
            DeliveryLock(made)
        finish(made, relay)
        relay.drain(10, never)
        relay.leave()
        DeliveryLock(made, wait=10).close()


def test_a_journal_without_a_relay_is_settled_without_secrets(made: RunFolder) -> None:
    add(made.agent, application("START", 1), event("START", 2, Q, facets={"sql": {"query": f"SELECT '{CANARY}'"}}))
    outcome(made)
    settle_here(made, [CANARY])
    assert "SELECT '********'" in made.events.read_text()
    assert CANARY not in made.events.read_text()
    assert made.settled.exists()


def test_a_journal_that_another_process_has_settled_is_left_to_it(made: RunFolder) -> None:
    add(made.agent, application("START", 1))
    outcome(made)
    with DeliveryLock(made):
        with pytest.raises(JournalBusyError):
            settle_here(made)
        assert not made.events.exists()
        made.settled.write_text("{}")
        settle_here(made)
        assert not made.events.exists()
