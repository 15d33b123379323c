"""A sink whose backend still lacks secrets: they are fetched from their service before the first event is sent."""

from __future__ import annotations

import math
import threading
import time
from typing import TYPE_CHECKING

from sparklineage.errors import ConfigError, SparklineageError
from sparklineage.relay.sinks.http import DENIED, HttpSink
from sparklineage.relay.sinks.interface import Answer, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sparklineage.model.backend import Backend
    from sparklineage.model.secret import Secret, SecretReference
    from sparklineage.relay.sinks.hierarchy import Hierarchy

    Fetch = Callable[[SecretReference, str], Secret]
    """The secret behind a reference, and what refers to it; raises a SparklineageError of one sentence."""


class LateBackend:
    """A backend for all threads of a relay, completed by whoever needs it first.

    `learn` is told what is secret before anything is sent with it.
    """

    def __init__(
        self,
        backend: Backend,
        fetch: Fetch,
        learn: Callable[[Sequence[str]], None],
        *,
        pause: float = 0.0,
        renews: bool = False,
    ) -> None:
        """`pause` seconds lie between two fetches that fail or change nothing.

        With `renews`, for a relay that runs for weeks, secrets are fetched again where the backend does not take them.
        """
        self.backend = backend
        self.is_complete = threading.Event()
        self.renews = renews
        self._lacking = backend
        self._fetch = fetch
        self._learn = learn
        self._pause = pause
        self._reason: str | None = None
        self._asked = -math.inf
        self._fetching = threading.Lock()

    def complete(self) -> str | None:
        """Fetch what lacks, unless it is there; one sentence says why that could not be done, without a secret."""
        with self._fetching:
            if self.is_complete.is_set():
                return None
            if self._reason is None or self._is_due():
                self._reason = self._renew()
            return self._reason

    def renew(self, refused: Backend) -> bool:
        """Fetch anew because the backend did not take what `refused` holds; whether there is something else now."""
        with self._fetching:
            if self.backend is not refused:
                return True
            if self._is_due():
                self._renew()
            return self.backend is not refused

    def _is_due(self) -> bool:
        return time.monotonic() - self._asked >= self._pause

    def _renew(self) -> str | None:
        self._asked = time.monotonic()
        try:
            found = self._lacking.with_secrets(self._fetch)
        except SparklineageError as error:
            return str(error)
        except Exception as error:  # noqa: BLE001 - a vendor's client; its text may hold anything
            return f"the secrets of {self.backend.shown} cannot be fetched ({type(error).__name__})"
        if not self.is_complete.is_set() or found.secrets != self.backend.secrets:
            self._learn(found.secrets)
            self.backend = found
            self.is_complete.set()
        return None


class LateSink:
    """An `HttpSink` to a `LateBackend`: as long as a secret lacks, each event has to be sent again."""

    def __init__(self, late: LateBackend, *, until: float = math.inf) -> None:
        """`until` is that of `HttpSink`; a secret that is being fetched is waited for as long as its service takes."""
        self.key = late.backend.key
        self.shown = late.backend.shown
        self._late = late
        self._until = until
        self._sink: HttpSink | None = None

    def send(self, event: bytes, hierarchy: Hierarchy | None = None) -> Answer:
        """Fetch if need be, then post."""
        if self._sink is None:
            reason = self._late.complete()
            if reason is not None:
                return Answer(verdict=Verdict.RETRY, text=reason)
            self._sink = HttpSink(self._late.backend, until=self._until)
        answer = self._sink.send(event, hierarchy)
        if self._late.renews and answer.status in DENIED and self._late.renew(self._sink.backend):
            self._sink.close()
            self._sink = None  # the other secrets are tried with the next attempt
        return answer

    def close(self) -> None:
        if self._sink is not None:
            self._sink.close()


def no_service(_: SecretReference, source: str) -> Secret:
    """For a relay that travels alone, without the clients of the services."""
    raise ConfigError(
        f"{source} refers to a secret of a service, which is fetched only where sparklineage is installed; "
        "give it in an environment variable (env:NAME) or a file (file:/path)."
    )
