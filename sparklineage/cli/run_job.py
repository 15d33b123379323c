"""Run the prepared job: journal, relay, spark-submit, outcome, delivery, summary."""

from __future__ import annotations

import signal
import time
import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sparklineage.assemble.relay_process import RelayProcess, settle_here
from sparklineage.cli.plain_paths import remove_link
from sparklineage.cli.say import say, write
from sparklineage.cli.summary import summary
from sparklineage.errors import JournalError, SparklineageError
from sparklineage.journal import Reserve, RunLock, create_folder, write_json
from sparklineage.model.clock import now_ms, to_iso
from sparklineage.model.masking import mask
from sparklineage.relay.deliver import Waits
from sparklineage.relay.handover import Handover
from sparklineage.relay.retire import Keep, retire
from sparklineage.submit.launch import launch
from sparklineage.submit.outcome import judge

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path
    from types import FrameType

    from sparklineage.cli.lineage import Lineage
    from sparklineage.config import Settings
    from sparklineage.journal import RunFolder
    from sparklineage.submit.launch import Ending
    from sparklineage.submit.outcome import Outcome

_RETIRE = 1.0
"""Seconds that `submit` may take longer for runs that leave the journal; where a relay runs, it does that."""


@dataclass(frozen=True)
class OpenRun:
    """A journal folder that this process holds the lock of."""

    folder: RunFolder
    lock: RunLock
    outcome: Reserve


def open_run(lineage: Lineage, root: Path) -> OpenRun:
    """The folder with its run.json. Raises JournalError where it cannot be written or the run id was used before."""
    folder = create_folder(root, lineage.run_id)
    lock = RunLock(folder)
    try:
        if folder.run.exists() or folder.agent.exists():
            raise JournalError(
                f"{folder.path}: this run id was used before; leave the new run its own, or choose another --run-id."
            )
        write_json(folder.run, lineage.record)
        reserve = Reserve(folder.outcome)
    except OSError as error:
        lock.close()
        if isinstance(error, JournalError):
            raise
        raise JournalError(f"{folder.path}: the journal cannot be written ({error.strerror}).") from None
    return OpenRun(folder, lock, reserve)


def run_job(argv: Sequence[str], run: OpenRun, lineage: Lineage, settings: Settings, environ: Mapping[str, str]) -> int:
    """The job's own exit status, 128+n for a signal. Trouble with the lineage is told and changes nothing else."""
    guard = _Guard(environ)
    folder, lock = run.folder, run.lock
    with lock, _Hurry() as hurry:
        relay = guard.do("the relay could not be started", lambda: _relay(run, lineage, settings, environ))
        ending = launch(list(argv), environ=environ, pass_fds=(lock.fd,))
        outcome = judge(ending, secrets=lineage.secrets, language=lineage.language)
        guard.do("the outcome could not be recorded", lambda: run.outcome.write(outcome.record()))
        guard.do("the journal could not be settled", lambda: _settle(folder, relay, lineage.secrets))
        if relay is not None:
            drain_timeout = settings.drain_timeout.value
            guard.do("the backend could not be waited for", lambda: relay.drain(drain_timeout, hurry.asked))
            guard.do("the relay could not be left", relay.leave)
        guard.do("the summary could not be made", lambda: _tell(folder, ending, outcome, lineage, settings))
        if relay is None and not hurry.asked():
            guard.do("finished runs could not be removed", lambda: _retire(folder, settings))
        remove_link(lineage.link)
        return outcome.exit_status


class _Hurry:
    """Once the job has ended, a signal means that nobody wants to wait: deliver no longer, keep the job's status."""

    def __init__(self) -> None:
        self._asked = False
        self._before: dict[int, Any] = {}

    def asked(self) -> bool:
        return self._asked

    def __enter__(self) -> _Hurry:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            # What the caller ignores (nohup) stays ignored, here and in the job.
            if signal.getsignal(number) is not signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._ask)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        self._asked = True


class _Guard:
    """Does one thing of ours; whatever goes wrong is one line on stderr and never the job's business."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._debug = bool(environ.get("SPARKLINEAGE_DEBUG"))

    def do(self, what: str, action: Callable[[], RelayProcess | bool | None]) -> RelayProcess | None:
        try:
            found = action()
        except (SparklineageError, OSError) as error:
            say(f"warning: {what}: {error}")
        except Exception as error:  # noqa: BLE001 - a bug of ours must not change the job's exit status
            say(f"warning: {what} ({type(error).__name__}: {error}); please report this.")
            if self._debug:
                write(mask("".join(traceback.format_exception(error))))
        else:
            return found if isinstance(found, RelayProcess) else None
        return None


def _relay(run: OpenRun, lineage: Lineage, settings: Settings, environ: Mapping[str, str]) -> RelayProcess | None:
    backend = settings.backend.value
    if backend is None:
        return None
    told = Handover(
        backend=backend,
        secrets=lineage.secrets,
        waits=Waits(first=settings.retry.first, longest=settings.retry.longest),
        keep=Keep(size=settings.limits.size, age=settings.limits.age),
    )
    return RelayProcess(run.folder, told, environ=environ, lock_fd=run.lock.fd)


def _retire(folder: RunFolder, settings: Settings) -> None:
    """What the relay does once it is left, where there is none."""
    keep = Keep(size=settings.limits.size, age=settings.limits.age)
    for item in retire(folder.path.parent, keep, until=time.monotonic() + _RETIRE, current=folder.run_id):
        with (folder.path / "relay.log").open("a", encoding="utf-8") as log:
            log.write(f"{to_iso(now_ms())} {item}\n")


def _settle(folder: RunFolder, relay: RelayProcess | None, secrets: Sequence[str]) -> None:
    if relay is None or not relay.ended():
        if relay is not None:
            say(f"warning: the relay stopped early, see {folder.path / 'relay.log'}.")
        settle_here(folder, secrets)


def _tell(folder: RunFolder, ending: Ending, outcome: Outcome, lineage: Lineage, settings: Settings) -> None:
    backend = settings.backend.value
    text = summary(
        folder,
        seconds=(ending.ended_ms - ending.started_ms) / 1000,
        notes=lineage.notes,
        journal_flag=lineage.journal_flag,
        outcome=outcome.record(),
        backend=backend.shown if backend else None,
        sender=lineage.sender,
    )
    write(text)
