"""Sending events with openlineage-python's own client, from a thread that no job ever waits for.

The way of steps where there is no journal: Spark Connect, serverless, an agent that sends by itself.

The exit of the process waits for that thread. What is declared after it has, in functions that the program registered
with `atexit` before, is sent at once: CPython calls none that is registered while it calls them, and up from 3.12 some
versions start no thread then either.
"""

from __future__ import annotations

import atexit
import logging
import os
import threading
import time
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from sparklineage.model.event import datasets, job, job_facets, run_facets, run_id
from sparklineage.model.hiding import Hider
from sparklineage.model.masking import mask, secrets_of
from sparklineage.sdk.interrupted import keep_interrupted
from sparklineage.sdk.sending.exiting import is_exit
from sparklineage.sdk.sending.forked import at_end_of_child, whole
from sparklineage.sdk.sending.limit import TimeOver, is_main, within

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sparklineage.model.event import Event

LOG = logging.getLogger("sparklineage")
INSTALL = "pip install 'sparklineage-toolkit[emit]'"
FLUSH = 5.0
"""Seconds for which the exit of the process waits for what is not sent yet."""
_SWITCHES = ("OPENLINEAGE_DISABLED", "SPARKLINEAGE__DISABLED")
_WRONG = (ValueError, TypeError, LookupError, RuntimeError)
"""How the client says that its configuration cannot be used; what else goes wrong may pass."""
_SHORTEST = 0.05
"""Seconds for the client to close itself where no time is left; to some of them 0 means for ever."""
_MOST = 1_000
"""Events that wait at most; then the oldest make room."""


def switched_off(environ: Mapping[str, str]) -> str | None:
    """The variable that turns all lineage off; None where none does."""
    return next((name for name in _SWITCHES if environ.get(name, "").strip().lower() == "true"), None)


def is_configured(environ: Mapping[str, str]) -> str | None:
    """Where the client would find its transport, as its own documentation lists it; None where it has none."""
    if switched_off(environ) is not None:
        return None
    if environ.get("OPENLINEAGE_URL"):
        return "OPENLINEAGE_URL"
    for name in environ:
        if name == "OPENLINEAGE__TRANSPORT" or name.startswith("OPENLINEAGE__TRANSPORT__TRANSPORTS__"):
            return name
        if name.startswith("OPENLINEAGE__TRANSPORT__TYPE") and (
            environ[name] != "http" or "OPENLINEAGE__TRANSPORT__URL" in environ
        ):
            # Without a place it only accompanies the agent's key, and the place is among Spark's properties.
            return name
    # At each step of a job without lineage: nothing here may take more than microseconds.
    chosen, home = environ.get("OPENLINEAGE_CONFIG"), environ.get("HOME")
    for path in (chosen, "openlineage.yml", f"{home}/.openlineage/openlineage.yml" if home else None):
        if path and os.path.isfile(path):  # noqa: PTH113 - three times as quick
            return path
    return None


def is_installed() -> bool:
    """Whether there is an openlineage-python to send with."""
    from importlib.util import find_spec  # noqa: PLC0415

    try:
        return find_spec("openlineage.client") is not None
    except (ImportError, ValueError):
        return False


class Emitter:
    """A queue with one thread behind it. No method raises, and until the process ends only `flush` takes any time."""

    def __init__(
        self, environ: Mapping[str, str], *, connect: Callable[[], Any] | None = None, most: int = _MOST
    ) -> None:
        """`connect` makes the client, in the thread; without one it is OpenLineageClient as it is configured."""
        self._connect = connect or _client
        self._environ = environ
        self._hider = Hider(secrets_of(environ))
        self._most = most
        self._warned: set[str] = set()
        self._limit = FLUSH
        """Seconds for which the exit may wait."""
        self._until = 0.0
        """The end of that time, once it is known, as a value of `time.monotonic()`."""
        self.trouble: str | None = None
        """Why the last event could not be sent; None once one was."""
        self.is_hopeless = False
        """Whether none ever can, because there is no client, or none as it is configured."""
        self.sent = self.dropped = 0
        self._begin()

    def _begin(self) -> None:
        self._pid = os.getpid()
        self._waited = 0.0
        """Seconds of those that were waited already."""
        self._waiting: deque[Event | None] = deque()
        self._moved = threading.Condition()
        self._busy = self._closed = False
        self._thread: threading.Thread | None = None
        at_end_of_child(self.close)

    @property
    def is_of_this_process(self) -> bool:
        """Whether what waits here was left by this process, and not by one that it is forked from."""
        return self._pid == os.getpid()

    def _in_this_process(self) -> None:
        """A forked child has no thread of its parent's, and what waits there is the parent's."""
        if not self.is_of_this_process:
            self._begin()

    def prepare(self, seconds: float) -> None:
        """Have the client made, for so many seconds at most, so that `trouble` tells whether it can be."""
        self.put(None)
        until = time.monotonic() + seconds
        with self._moved:
            while (self._waiting or self._busy) and (left := until - time.monotonic()) > 0:
                self._moved.wait(left)

    def put(self, event: Event | None) -> None:
        """Leave one event to be sent; without one the client is made alone."""
        self._in_this_process()
        if is_exit() and (self._closed or (self._thread is None and is_main())):
            if event is not None and not (self.is_hopeless or self._send_at_once(event)):
                self.dropped += 1
            return
        with self._moved:
            if self._closed:
                self.dropped += event is not None
                return
            if len(self._waiting) >= self._most:
                self._waiting.popleft()
                self.dropped += 1
                self._warn("full", f"more than {self._most} events of lineage wait to be sent; the oldest are dropped")
            self._waiting.append(event)
            self._moved.notify_all()
            if self._thread is None:
                self._start()

    def allow(self, seconds: float) -> None:
        """From now on so many seconds may be waited in all: by `flush`, and by `close` at the exit of the process."""
        self._limit, self._waited = seconds, 0.0

    def flush(self, timeout: float | None = None) -> bool:
        """Wait until everything is sent, at most so many seconds, or those that are left; whether it is."""
        self._in_this_process()
        began = time.monotonic()
        until = began + (max(0.0, self._limit - self._waited) if timeout is None else timeout)
        with self._moved:
            while not self._closed and (self._waiting or self._busy) and (left := until - time.monotonic()) > 0:
                self._moved.wait(left)
            self._waited += time.monotonic() - began
            return not (self._waiting or self._busy)

    def close(self, timeout: float | None = None) -> None:
        """Flush, and take nothing more; what the client itself keeps for later is sent within the same time."""
        limit = max(0.0, self._limit - self._waited) if timeout is None else timeout
        self._until = time.monotonic() + limit
        done = self.flush(limit)
        with self._moved:
            self._closed = True
            left = len(self._waiting) + self._busy
            self._waiting.clear()
            self._moved.notify_all()
        if not done:
            self._waited = self._limit
            limit = self._limit if timeout is None else timeout
            self._warn("left", f"{left} events of lineage could not be sent within {limit:g} seconds and are lost")
        elif self._thread is not None and self._thread.is_alive():
            self._thread.join(max(0.0, self._until - time.monotonic()))

    def _start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="sparklineage-emit", daemon=True)
        try:
            self._thread.start()
        except RuntimeError as error:  # the interpreter is on its way out, or there are no more threads
            self._closed = True
            self.dropped += len(self._waiting)
            self._waiting.clear()
            self._warn("thread", f"lineage cannot be sent: {error}")

    def _run(self) -> None:
        client: Any = None
        while True:
            with self._moved:
                self._busy = False
                self._moved.notify_all()
                while not self._waiting and not self._closed:
                    self._moved.wait()
                if not self._waiting:
                    break
                event = self._waiting.popleft()
                self._busy = True
            try:
                if client is None:
                    client = self._connect()
                if event is None:
                    continue
                client.emit(_attrs(self._hider.event(event)))
                self.sent += 1
                self.trouble = None
            except Exception as error:  # noqa: BLE001 - the job goes on
                self.dropped += event is not None
                self._failed(error, client)
                if self.is_hopeless:
                    return

        with suppress(Exception):  # older clients have no `close`
            client.close(max(_SHORTEST, self._until - time.monotonic()))

    def _send_at_once(self, event: Event) -> bool:
        """From this thread, within what is left of the time that the exit may wait; whether it is sent."""
        left, began, client = self._limit - self._waited, time.monotonic(), None
        try:
            if left <= 0:
                raise TimeOver
            with within(left):
                client = self._connect()
                client.emit(_attrs(self._hider.event(event)))
                # One that sends from a thread of its own has no later moment either.
                with suppress(Exception):
                    client.close(max(_SHORTEST, began + left - time.monotonic()))
        except TimeOver:
            self._warn("left", f"lineage of the exit could not be sent within {self._limit:g} seconds and is lost")
            return False
        except Exception as error:  # noqa: BLE001 - the exit goes on
            self._failed(error, client)
            return False
        finally:
            self._waited += time.monotonic() - began
        self.sent, self.trouble = self.sent + 1, None
        return True

    def _failed(self, error: Exception, client: Any) -> None:
        self.trouble = mask(f"{type(error).__name__}: {error}", secrets_of(self._environ))[:500]
        if isinstance(error, ImportError) or (client is None and isinstance(error, _WRONG)):
            self._give_up()
        else:
            self._warn("send", f"an event of lineage could not be sent: {self.trouble}")

    def _give_up(self) -> None:
        why = f"without openlineage-python; {INSTALL}"
        if is_installed():
            why = f"because openlineage-python cannot work as it is configured: {self.trouble}"
        self.trouble, self.is_hopeless = f"lineage cannot be sent {why}", True
        self._warn("package", self.trouble)
        with self._moved:
            self._closed, self._busy = True, False
            self.dropped += sum(event is not None for event in self._waiting)
            self._waiting.clear()
            self._moved.notify_all()

    def _warn(self, cause: str, text: str) -> None:
        if cause not in self._warned:
            self._warned.add(cause)
            LOG.warning("%s", text)


_emitters: dict[tuple[int, str], Emitter] = {}


def emitter(environ: Mapping[str, str], config: Mapping[str, Any] | None = None) -> Emitter:
    """The one of this process; a forked child has its own. `config` is for a client that finds none itself."""
    key = (os.getpid(), repr(sorted((config or {}).items())))
    found = _emitters.get(key)
    if found is None:
        found = _emitters[key] = Emitter(environ, connect=lambda: _client(config))
    return found


def _client(config: Mapping[str, Any] | None = None) -> Any:
    before = set(os.environ)
    try:
        with whole():
            from openlineage.client import OpenLineageClient

            return OpenLineageClient(config=dict(config)) if config else OpenLineageClient()
    finally:
        # It writes OPENLINEAGE_URL and the key under other names too, for every process that the job starts.
        for name in set(os.environ) - before:
            if name.startswith("OPENLINEAGE__TRANSPORT__"):
                os.environ.pop(name, None)


def _attrs(event: Event) -> Any:
    """The client takes its own classes alone; its facets may be plain objects."""
    from openlineage.client import event_v2

    namespace, name = job(event)
    return event_v2.RunEvent(
        eventTime=event["eventTime"],
        producer=event["producer"],
        eventType=event_v2.RunState(event["eventType"]),
        run=event_v2.Run(run_id(event), facets=dict(run_facets(event))),
        job=event_v2.Job(namespace, name, facets=dict(job_facets(event))),
        inputs=[event_v2.InputDataset(**item) for item in datasets(event, "inputs")],
        outputs=[event_v2.OutputDataset(**item) for item in datasets(event, "outputs")],
    )


def _close() -> None:
    for found in list(_emitters.values()):
        if found.is_of_this_process:
            found.close()
    keep_interrupted()


# With the import, and not with the first event: what is registered first is called last.
atexit.register(_close)
