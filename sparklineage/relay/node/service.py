"""What the relay of a node does: watch its spool, or drain it once."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from sparklineage.errors import DeliveryError, JournalBusyError
from sparklineage.model.masking import secrets_of
from sparklineage.relay.node.place import cluster_of, region_of
from sparklineage.relay.node.report import report
from sparklineage.relay.node.secrets import fetcher
from sparklineage.relay.service import watch
from sparklineage.relay.sinks.http import CaFileError, HttpSink, trust
from sparklineage.relay.sinks.late import LateBackend, LateSink
from sparklineage.relay.surroundings import Surroundings
from sparklineage.relay.watch import Watcher
from sparklineage.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sparklineage.relay.node.config import NodeConfig
    from sparklineage.relay.node.log import Log
    from sparklineage.relay.service import Bell
    from sparklineage.relay.sinks import Sink

PAUSE = 10.0
"""Seconds between two questions for a secret that is not there yet."""
_LOOK = 1.0
_CLOSE = 5.0
"""Seconds that a drain whose time is over waits for the answers under way."""


class Node:
    """The relay of one node; `log` hears what it does."""

    def __init__(self, config: NodeConfig, environ: Mapping[str, str], log: Log) -> None:
        self.config = config
        self._log = log
        self._known = [*secrets_of(environ), *config.backend.secrets]
        log.hide(self._known)
        self._watcher: Watcher | None = None
        self._late = LateBackend(
            config.backend, fetcher(environ, region_of(config)), self._learn, pause=PAUSE, renews=True
        )
        self._surroundings = Surroundings(
            cluster=cluster_of(config, environ), governance=config.governance, namespace=config.namespace
        )

    def watch(self, bell: Bell, *, drain: float) -> None:
        """Deliver until the bell rings, and `drain` seconds more. Raises JournalBusyError where another relay does."""
        config = self.config
        self._log.say(f"relay {VERSION} begins: {config.spool} to {config.backend.shown}, platform {config.platform}")
        # Now, and not only with the first event that cannot be sent.
        if config.backend.ca_file:
            try:
                trust(config.backend.ca_file)
            except CaFileError as error:
                self._log.alert(f"{error}; it has to be where the relay runs")
        threading.Thread(target=self._fetch, name="secrets", daemon=True).start()
        self._run(bell, drain=drain)
        self._log.say("relay ends")

    def drain(self, bell: Bell, *, until: float) -> str:
        """Deliver what waits before `until`, a value of `time.monotonic()`; what has been done, in one sentence.

        Where the node's service runs, it delivers and this waits for it. Raises DeliveryError where something remains.
        """
        while True:
            with suppress(JournalBusyError):
                self._run(bell, drain=_CLOSE, once=True, until=until)
                break
            if not report(self.config)["waiting"] or time.monotonic() >= until or bell.rung(_LOOK):
                break
        found = report(self.config)
        shown, count = self.config.backend.shown, len(found["runs"])
        left = [run for run in found["runs"] if run["waiting"]]
        broken = [run["problem"] for run in found["runs"] if run["problem"]]
        if broken:
            raise DeliveryError(f"{_runs(len(broken))} cannot be delivered. {broken[0]}")
        if left:
            reason = next((run["error"] for run in left if run["error"]), None) or "the time was over"
            raise DeliveryError(
                f"{found['waiting']} events of {_runs(len(left))} still wait for {shown}: {reason}; they stay in "
                f"{self.config.spool} and are sent when the relay runs."
            )
        refused = f"; {found['refused']} were refused and lie with the dead letters" if found["refused"] else ""
        return f"Nothing waits for {shown} any more, of {_runs(count)}{refused}."

    def _run(self, bell: Bell, *, drain: float, once: bool = False, until: float | None = None) -> None:
        config = self.config
        if config.state is not None:
            with suppress(OSError):  # which the lock will tell
                config.state.mkdir(mode=0o700, parents=True, exist_ok=True)
        watch(config.spool, self._make, bell, drain=drain, once=once, until=until, state=config.state)

    def _make(self) -> Watcher:
        config = self.config
        self._watcher = Watcher(
            config.spool,
            self._sink,
            say=self._log.say,
            warn=self._log.alert,
            everything=True,
            # The drivers of a pod are in other containers.
            beside=config.platform == "kubernetes",
            secrets=self._known,
            waits=config.waits,
            keep=config.keep,
            state=config.state,
            surroundings=self._surroundings,
        )
        self._watcher.hide(self._known)  # what was learnt meanwhile
        return self._watcher

    def _sink(self, until: float) -> Sink:
        if self.config.backend.deferred:
            return LateSink(self._late, until=until)
        return HttpSink(self.config.backend, until=until)

    def _learn(self, secrets: Sequence[str]) -> None:
        self._known.extend(secrets)
        self._log.hide(secrets)
        if self._watcher is not None:
            self._watcher.hide(secrets)

    def _fetch(self) -> None:
        """Before the first event needs them, so that the log tells at boot what lacks."""
        told = None
        while (reason := self._late.complete()) is not None:
            if reason != told:
                self._log.alert(f"{reason} It is asked for again.")
                told = reason
            time.sleep(PAUSE)
        if self.config.backend.deferred:
            self._log.say(f"the secrets for {self.config.backend.shown} are there")


def _runs(count: int) -> str:
    return f"{count} run{'s' * (count != 1)}"
