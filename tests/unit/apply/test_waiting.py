"""Waiting, with a service that is what the test says."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sparklineage.apply import Started, State, wait
from sparklineage.errors import ForbiddenError, JobFailedError, TransferError


class Told:
    def __init__(self, states: list[State | Exception]) -> None:
        self.states: Iterator[State | Exception] = iter(states)
        self.seconds: list[float] = []
        self.texts: list[str] = []
        self.started = Started(what="the job 1", ids={}, look="there", state=self.state)

    def state(self) -> State:
        found = next(self.states)
        if isinstance(found, Exception):
            raise found
        return found

    def wait(self) -> State | None:
        return wait(self.started, sleep=self.seconds.append, tell=self.texts.append).state


RUNNING, DONE = State(text="RUNNING"), State(text="SUCCESS", done=True)


def test_every_state_is_told_once_and_the_questions_become_rarer() -> None:
    told = Told([State(text="PENDING"), *[RUNNING] * 10, DONE])
    assert told.wait() == DONE
    assert told.texts == ["PENDING", "RUNNING", "SUCCESS"]
    assert told.seconds == sorted(told.seconds)
    assert (told.seconds[0], told.seconds[-1]) == (2, 20)


def test_a_network_that_comes_back_is_waited_for() -> None:
    away: list[State | Exception] = [TransferError("away.")] * 14
    assert Told([RUNNING, *away, RUNNING, *away, DONE]).wait() == DONE


@pytest.mark.parametrize(
    ("states", "kind"),
    [([TransferError("It is away.")] * 15, TransferError), ([ForbiddenError("It is away.")], ForbiddenError)],
)
def test_one_that_does_not_come_back_or_refuses_ends_the_waiting_alone(
    states: list[State | Exception], kind: type[Exception]
) -> None:
    with pytest.raises(kind) as caught:
        Told(states).wait()
    assert str(caught.value) == "It is away. What has become of the job 1 is not known: see there."


@pytest.mark.parametrize(("reason", "told"), [("", ""), ("Out of memory.", ": Out of memory")])
def test_what_failed_says_why(reason: str, told: str) -> None:
    with pytest.raises(JobFailedError) as caught:
        Told([RUNNING, State(text="FAILED", done=True, failed=True, reason=reason)]).wait()
    assert str(caught.value) == f"the job 1 ended with FAILED{told}. See there."


def test_what_is_done_at_once_is_not_waited_for() -> None:
    done = Started(what="the job 1", ids={}, look="there")
    said: list[object] = []
    assert wait(done, sleep=said.append, tell=said.append).state is None
    assert said == []
