"""What is to be known of the agent in this driver: its application's run, and where it sends."""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sparklineage.model.ids import is_run_id

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

AGENT = "io.openlineage.spark.agent.OpenLineageSparkListener"
WITNESS = "io.sparklineage.Witness"


@dataclass(frozen=True, kw_only=True)
class Listeners:
    """Those that Spark's listener bus really has."""

    classes: tuple[str, ...]
    agent: Any = None
    """The agent's object in the JVM."""
    sources: Mapping[str, str] | None = None
    """Where the classes of agent and witness come from: a JAR's path."""

    @classmethod
    def of(cls, context: Any) -> Listeners:
        """Asks the JVM. Raises what py4j raises where it cannot be asked."""
        found = context._jsc.sc().listenerBus().listeners()  # noqa: SLF001 - there is no public way
        classes, agent, sources = [], None, {}
        for number in range(found.size()):
            listener = found.get(number)
            kind = listener.getClass()
            name = str(kind.getName())
            classes.append(name)
            if name in (AGENT, WITNESS):
                sources[name] = _source(kind)
            if name == AGENT:
                agent = listener
        return cls(classes=tuple(classes), agent=agent, sources=sources)


def field_of(holder: Any, name: str) -> Any:
    """The value of a private field of an object in the JVM. Raises what py4j raises where it has none."""
    field = holder.getClass().getDeclaredField(name)
    field.setAccessible(True)
    return field.get(holder)


def is_idle(agent: Any) -> bool:
    """Whether it has seen no event yet that it makes its run for, nor told a start: as one that was added later, or
    one that can make nothing to send with. False where that cannot be seen.
    """
    try:
        return field_of(agent, "contextFactory") is None
    except Exception:  # noqa: BLE001 - another version of the agent keeps it elsewhere
        return False


def emitter_of(agent: Any) -> Any:
    """The agent's `EventEmitter`, which knows its run and its job; None where it has none yet (1.53: private fields).

    The agent makes it when its first event comes, which is soon after the context's start.
    """
    try:
        factory = field_of(agent, "contextFactory")
        if factory is None:
            return None
        known = factory.getClass().getField("openLineageEventEmitter")
        return known.get(factory)
    except Exception:  # noqa: BLE001 - another version of the agent keeps it elsewhere
        return None


def application_run(agent: Any) -> tuple[str, str, str] | None:
    """Run id, namespace and job of the application's run as the agent reports it; None where it does not say."""
    emitter = emitter_of(agent)
    try:
        found = (
            str(emitter.getApplicationRunId().toString()),
            str(emitter.getJobNamespace()),
            str(emitter.getApplicationJobName()),
        )
    except Exception:  # noqa: BLE001 - none yet, or an older agent
        return None
    return found if is_run_id(found[0]) else None


def _source(kind: Any) -> str:
    try:
        return str(kind.getProtectionDomain().getCodeSource().getLocation().getPath())
    except Exception:  # noqa: BLE001 - a class loader need not tell
        return ""


def caught_up(context: Any, within: float) -> bool:
    """Wait until the listeners have seen what the session has done so far, at most so many seconds. Never raises."""

    def act() -> None:
        context._jsc.sc().listenerBus().waitUntilEmpty(max(1, int(within * 1000)))  # noqa: SLF001 - no public way

    return within > 0 and aside(act, within + 0.1)


def aside(act: Callable[[], None], within: float) -> bool:
    """Do it in a thread of its own; whether it was done within so many seconds, and without an exception.

    A signal's handler may have come in the middle of another question to the JVM, which only this thread waits for.
    """
    done: list[bool] = []

    def run() -> None:
        with suppress(Exception):  # a stopped context, or no JVM any more
            act()
            done.append(True)

    thread = threading.Thread(target=run, name="sparklineage-jvm", daemon=True)
    try:
        thread.start()
    except RuntimeError:  # the interpreter is on its way out, or there are no more threads
        run()
    else:
        thread.join(max(0.0, within))
    return bool(done)
