"""What Marquez refuses in ways of its own, and what still gets through to it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sparklineage.model.backend import Backend
from sparklineage.relay import Delivery, Follower, HttpSink
from sparklineage.relay.sinks import Verdict
from tests.support.journal import add, event, folder
from tests.support.receiver import Receiver

NAMESPACE = re.compile(r"^[a-zA-Z:;=/0-9_\-.@+]+$")


def picky(_number: int, found: dict[str, Any]) -> int:
    """As Marquez answers: 400 where a dataset's namespace has any other character."""
    sides = [*found["inputs"], *found["outputs"]]
    return 201 if all(NAMESPACE.match(item["namespace"]) for item in sides) else 400


def event_of(inputs: list[tuple[str, str]], **facets: Any) -> dict[str, Any]:
    made = event("COMPLETE", 3, outputs=("/o",))
    made["inputs"] = [{"namespace": namespace, "name": name} for namespace, name in inputs]
    made["outputs"][0]["facets"] = facets
    return made


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver(answer=picky) as running:
        yield running


def sent(receiver: Receiver, tmp_path: Path, made: dict[str, Any]) -> tuple[Verdict, Delivery]:
    found = folder(tmp_path)
    add(found.events, made)
    sink = HttpSink(Backend(url=receiver.url, timeout=5.0))
    try:
        delivery = Delivery(found, sink)
        answer = delivery.send_next()
    finally:
        sink.close()
    assert answer is not None
    return answer.verdict, delivery


def test_a_namespace_that_marquez_does_not_take_costs_no_event(receiver: Receiver, tmp_path: Path) -> None:
    lineage = {"fields": {"k": {"inputFields": [{"namespace": "sqlite:/my döcs/w.db", "name": "t u", "field": "k"}]}}}
    made = event_of([("sqlite:/my döcs/w.db", "t u"), ("s3://b", "k")], columnLineage=lineage)
    verdict, delivery = sent(receiver, tmp_path, made)
    assert (verdict, delivery.delivered, delivery.refused) == (Verdict.ACCEPTED, 1, 0)
    (got,) = receiver.events
    assert [(item["namespace"], item["name"]) for item in got["inputs"]] == [
        ("sqlite:/my_d_cs/w.db", "t u"),
        ("s3://b", "k"),
    ]
    field = got["outputs"][0]["facets"]["columnLineage"]["fields"]["k"]["inputFields"][0]
    assert field == {"namespace": "sqlite:/my_d_cs/w.db", "name": "t u", "field": "k"}
    assert {**got, "inputs": [], "outputs": []} == {**made, "inputs": [], "outputs": []}


def test_marquez_never_sees_a_namespace_it_would_stumble_over_later(tmp_path: Path) -> None:
    table = {"identifiers": [{"namespace": "file:/my dir/warehouse", "name": "d.t", "type": "TABLE"}]}
    with Receiver() as receiver:
        verdict, _ = sent(receiver, tmp_path, event_of([], symlinks=table))
    assert (verdict, receiver.posts) == (Verdict.ACCEPTED, 1)
    (identifier,) = receiver.events[0]["outputs"][0]["facets"]["symlinks"]["identifiers"]
    assert identifier == {"namespace": "file:/my_dir/warehouse", "name": "d.t", "type": "TABLE"}


def test_behind_a_gateway_that_only_takes_events_the_refused_event_is_respelt(tmp_path: Path) -> None:
    with Receiver(answer=picky, marquez=False) as receiver:
        verdict, delivery = sent(receiver, tmp_path, event_of([("my database", "t")]))
    assert (verdict, delivery.delivered, receiver.posts) == (Verdict.ACCEPTED, 1, 2)
    assert receiver.events[0]["inputs"] == [{"namespace": "my_database", "name": "t"}]


def test_a_receiver_that_takes_every_namespace_gets_it_as_it_is(tmp_path: Path) -> None:
    made = event_of([("my database", "t")])
    with Receiver(marquez=False) as receiver:
        sent(receiver, tmp_path, made)
    assert (receiver.events, receiver.posts) == ([made], 1)


def test_an_event_refused_for_another_reason_is_kept_as_it_was(tmp_path: Path) -> None:
    made = event_of([("my database", "t")])
    with Receiver(answer=lambda *_: 400, marquez=False) as receiver:
        verdict, delivery = sent(receiver, tmp_path, made)
    assert (verdict, receiver.posts) == (Verdict.REFUSED, 2)
    letter = json.loads(delivery.folder.refused(delivery.sink.key).read_text())
    assert letter["event"] == made


@pytest.mark.parametrize(
    ("refusal", "verdict"),
    [
        (b'{"code":400,"message":"String value length (20054016) exceeds the maximum allowed"}', Verdict.REFUSED),
        (b'{"code":400,"message":"' + b"x" * 9000 + b'"}', Verdict.REFUSED),
        (b'{"code":500,"message":"There was an error processing your request."}', Verdict.RETRY),
        (b"<html><body>HTTP ERROR 500</body></html>", Verdict.RETRY),
        (b"", Verdict.RETRY),
    ],
)
def test_a_500_that_says_400_in_its_body_is_a_refusal(tmp_path: Path, refusal: bytes, verdict: Verdict) -> None:
    with Receiver(answer=lambda *_: 500, refusal=refusal) as receiver:
        assert sent(receiver, tmp_path, event_of([]))[0] is verdict


def test_a_nul_which_no_database_of_marquez_can_hold_is_replaced(tmp_path: Path) -> None:
    made = folder(tmp_path)
    texts = ["a\0b", "\0\0", "\\\0", "\\u0000", "\\\\u0000", "sep=\\\0\\\\\0"]
    add(made.agent, event("START", 3, facets={"x": {"v": texts, "\0key": 1}}))
    Follower(made).poll()
    (line,) = made.events.read_text("utf-8").splitlines()
    assert json.loads(line)["run"]["facets"]["x"] == {
        "v": ["a\ufffdb", "\ufffd\ufffd", "\\\ufffd", "\\u0000", "\\\\u0000", "sep=\\\ufffd\\\\\ufffd"],
        "\ufffdkey": 1,
    }
