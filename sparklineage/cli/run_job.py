"""Run the prepared job: journal, relay, spark-submit, outcome, delivery, summary."""

from __future__ import annotations

import os
import sys
import traceback
from typing import TYPE_CHECKING

from sparklineage.cli.relay_process import RelayProcess, settle_here
from sparklineage.cli.summary import summary
from sparklineage.errors import SparklineageError
from sparklineage.journal import RunLock, create_folder, write_json
from sparklineage.submit.launch import launch
from sparklineage.submit.outcome import judge

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sparklineage.cli.lineage import Lineage
    from sparklineage.config import Settings
    from sparklineage.journal import RunFolder
    from sparklineage.submit.launch import Ending


def run_job(argv: Sequence[str], lineage: Lineage, settings: Settings, environ: Mapping[str, str]) -> int:
    """The job's own exit status, 128+n for a signal. Trouble with the lineage is told and changes nothing else."""
    guard = _Guard(environ)
    folder = create_folder(settings.journal.value, lineage.run_id)
    with RunLock(folder) as lock:
        write_json(folder.run, lineage.record)
        relay = guard.do("the relay could not be started", lambda: _relay(folder, settings, environ, lock.fd))
        ending = launch(list(argv), environ=_job_environ(environ), pass_fds=(lock.fd,))
        outcome = judge(ending, secrets=lineage.secrets, language=lineage.language)
        guard.do("the outcome could not be recorded", lambda: write_json(folder.outcome, outcome.record()))
        guard.do("the journal could not be settled", lambda: _settle(folder, relay))
        if relay is not None:
            guard.do("the backend could not be waited for", lambda: relay.drain(settings.drain_timeout.value))
            relay.leave()
        guard.do("the summary could not be made", lambda: _tell(folder, ending, lineage))
        return outcome.exit_status


class _Guard:
    """Does one thing of ours; whatever goes wrong is one line on stderr and never the job's business."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._debug = bool(environ.get("SPARKLINEAGE_DEBUG"))

    def do(self, what: str, action: Callable[[], RelayProcess | bool | None]) -> RelayProcess | None:
        try:
            found = action()
        except (SparklineageError, OSError) as error:
            _say(f"warning: {what}: {error}")
        except Exception as error:  # noqa: BLE001 - a bug of ours must not change the job's exit status
            _say(f"warning: {what} ({type(error).__name__}: {error}); please report this.")
            if self._debug:
                traceback.print_exc()
        else:
            return found if isinstance(found, RelayProcess) else None
        return None


def _relay(folder: RunFolder, settings: Settings, environ: Mapping[str, str], lock_fd: int) -> RelayProcess | None:
    backend = settings.backend.value
    return None if backend is None else RelayProcess(folder, backend, environ=environ, lock_fd=lock_fd)


def _settle(folder: RunFolder, relay: RelayProcess | None) -> None:
    if relay is None or not relay.ended():
        if relay is not None:
            _say(f"warning: the relay stopped early, see {folder.path / 'relay.log'}.")
        settle_here(folder)


def _tell(folder: RunFolder, ending: Ending, lineage: Lineage) -> None:
    seconds = (ending.ended_ms - ending.started_ms) / 1000
    lines = summary(folder, seconds=seconds, notes=lineage.notes, journal_flag=lineage.journal_flag)
    text = "".join(f"sparklineage: {line}\n" if line else "\n" for line in lines)
    # One write, so that a job's late output does not fall between the lines.
    data = text.encode(sys.stderr.encoding or "utf-8", "replace")
    sys.stderr.flush()
    view = memoryview(data)
    while view:
        view = view[os.write(sys.stderr.fileno(), view) :]


def _job_environ(environ: Mapping[str, str]) -> dict[str, str]:
    return dict(environ)


def _say(text: str) -> None:
    print(f"sparklineage: {text}", file=sys.stderr, flush=True)
