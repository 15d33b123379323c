"""`sparklineage.application`: a whole driver that nobody started through `submit`."""

from __future__ import annotations

import os
import signal
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sparklineage.journal.folder import APPLICATION_VARIABLE, FORMAT, RunFolder
from sparklineage.model import event as ol
from sparklineage.model.clock import now_ms, to_iso
from sparklineage.model.ids import new_run_id
from sparklineage.model.masking import mask, secrets_of
from sparklineage.model.naming import normalize_job_name
from sparklineage.model.parent_variables import parent_from
from sparklineage.sdk.agent import AGENT, Listeners
from sparklineage.sdk.direct import Who, direct, open_application, script_name
from sparklineage.sdk.emit import FLUSH
from sparklineage.sdk.ending import Ending
from sparklineage.sdk.record import LOG, error_of
from sparklineage.sdk.session import JOURNAL_VARIABLE, Driver, active, context_of, in_worker

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from sparklineage.assemble.beside import Beside
    from sparklineage.sdk.direct import Direct

_ASKED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_open: list[Application] = []
"""The one of this process, while it is open."""


def application(
    spark: Any = None,
    *,
    name: str | None = None,
    backend: str | None = None,
    config: str | os.PathLike[str] | None = None,
    profile: str | None = None,
    flush: float = FLUSH,
    strict: bool = False,
) -> Application:
    """This driver as one run with a true end, for programs that `sparklineage submit` does not start.

        with sparklineage.application(name="nightly"):
            spark = sparklineage.configure(SparkSession.builder).getOrCreate()
            ...

    Called without `with`, it lasts until the process ends: `app = sparklineage.application(spark)`. It ends as
    COMPLETE, as FAIL where the block or the program raises or exits with a status, and as ABORT where a signal or
    Ctrl-C ends it.

    With a session that `sparklineage.configure` made it uses the journal of that; opened before, `configure` uses its.
    A relay in a process of its own delivers to `backend`, an address, or to what the configuration says (`config`,
    `profile`: as `sparklineage.load` takes them). Where an agent in the session sends by itself, that tells the run's
    start and end. The parent run comes from the environment (`OPENLINEAGE_PARENT_ID`, as Airflow sets it).

    At the end it waits `flush` seconds at most for what is not delivered yet. Never raises because of lineage: trouble
    is one warning of the logger `sparklineage`; with `strict` it is raised here.
    """
    return Application(
        spark,
        name=name,
        backend=backend,
        config=Path(config) if config is not None else None,
        profile=profile,
        flush=flush,
        strict=strict,
        environ=os.environ,
    )


class Application:
    """What `application` returns; open from the start."""

    def __init__(
        self,
        spark: Any,
        *,
        name: str | None = None,
        backend: str | None = None,
        config: Path | None = None,
        profile: str | None = None,
        flush: float = FLUSH,
        strict: bool = False,
        environ: Mapping[str, str],
    ) -> None:
        self.way = "off"
        """How its lineage goes: `journal`, `submit` (which has started it), `agent`, `client`, or `off`."""
        self.why = "it has not begun"
        self.run_id: str | None = None
        """Of its run, where that is known."""
        self.folder: Path | None = None
        """Its folder in the journal, where it has one."""
        self._spark, self._name = spark, name
        self._flush = max(0.0, float(flush))
        self._environ = environ
        self._pid = os.getpid()
        self._lock = threading.RLock()
        self._ended = False
        self._beside: Beside | None = None
        self._direct: Direct | None = None
        self._start_event: ol.Event | None = None
        self._set_variables: list[str] = []
        self._ending = Ending(self._process_ends)
        try:
            self._begin(backend, config, profile)
        except Exception as error:
            self._restore()
            if strict:
                raise
            self.way, self.why = "off", self._clean(str(error) or type(error).__name__)
            LOG.warning("the application has no lineage of its own: %s", self.why)

    @property
    def is_open(self) -> bool:
        """Whether it has begun and not ended."""
        return self in _open

    def end(self, error: BaseException | None = None) -> None:
        """End it now, failed with `error`. Never raises; a second call does nothing."""
        self._end(error, None)

    def __enter__(self) -> Application:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end(error, None)

    def __repr__(self) -> str:
        return f"<sparklineage application {self.run_id or ''} {self.way}: {self.why}>"

    # Beginning

    def _begin(self, backend: str | None, config: Path | None, profile: str | None) -> None:
        if in_worker():
            self.why = "this is a Python worker of an executor"
            return
        if _open and _open[-1]._pid == os.getpid():  # noqa: SLF001 - one of our own
            self.why = "an application is open in this process already"
            LOG.warning("%s; this one does nothing", self.why)
            return
        session = self._spark if self._spark is not None else active()
        context = context_of(session)
        folder = Driver.of(session, self._environ).folder
        if folder is not None and RunFolder(folder).run.exists():
            self.way, self.why = "submit", "the process that started this one tells its start and end"
            self.folder, self.run_id = folder, folder.name
            return
        if folder is None and _agent_sends(context):
            self._leave_to_agent(session, context)
            return
        from sparklineage.assemble.beside import Beside, settings_for  # noqa: PLC0415

        environ = self._environ
        settings = settings_for(environ, backend=backend, config=config, profile=profile)
        if settings.disabled.value:
            self.why = f"lineage is switched off ({settings.disabled.source})"
            return
        parent, warnings = parent_from(self._environ)
        for warning in warnings:
            LOG.warning("%s", self._clean(warning))
        job = (settings.namespace.value, self._job(settings.job.value, context))
        if folder is not None:
            self._beside = Beside.of(RunFolder(folder), settings, environ, job=job, parent=parent)
        else:
            way = direct(session, context, self._environ) if settings.backend.value is None else None
            if way is not None:
                self._send_start(way, job, parent.facet() if parent else None)
                return
            named = bool(self._name or settings.job.value)
            self._beside = Beside.new(settings, environ, job=job, parent=parent, named=named)
            self._set(JOURNAL_VARIABLE, str(self._beside.folder.path))
            self._set(APPLICATION_VARIABLE, str(self._beside.folder.path))
        self.way, self.why = "journal", self._beside.why
        self.folder, self.run_id = self._beside.folder.path, self._beside.folder.run_id
        self._opened()

    def _leave_to_agent(self, session: Any, context: Any) -> None:
        self._direct = direct(session, context, self._environ)
        self.way = "agent"
        self.why = "the agent in the session sends by itself; it tells the start, and COMPLETE whatever the end"
        self._opened()

    def _send_start(self, way: Direct, job: tuple[str, str], parent: Mapping[str, Any] | None) -> None:
        self.run_id = new_run_id()
        self._direct = way
        self._start_event = ol.make(
            "START",
            time=now_ms(),
            run=self.run_id,
            job=job,
            run_facets={"parent": ol.facet("1-2-0/ParentRunFacet", **parent)} if parent else {},
            job_facets={"jobType": ol.job_type_facet("APPLICATION")},
        )
        root = parent["root"] if parent else None
        facet = ol.parent_facet(self.run_id, *job, root)
        open_application(Who(namespace=job[0], job=job[1], parent=facet, above="this application"))
        way.emitter.put(self._start_event)
        self.way = "client"
        self.why = f"openlineage-python sends, configured by {way.place}"
        self._opened()

    def _opened(self) -> None:
        _open.append(self)
        self._ending.install()

    def _job(self, configured: str | None, context: Any) -> str:
        name = self._name or configured
        if not name and context is not None:
            with suppress(Exception):
                name = str(context.getConf().get("spark.openlineage.appName") or context.appName)
        return normalize_job_name(name or script_name()) or "spark_application"

    # Ending

    def _process_ends(self, error: BaseException | None, number: int | None) -> None:
        self._end(error, number)

    def _end(self, error: BaseException | None, number: int | None) -> None:
        if os.getpid() != self._pid:  # a forked child leaves the end to its parent
            return
        # A signal's handler may come in the middle of an end.
        if not self._lock.acquire(timeout=self._flush):
            return
        try:
            if self._ended:
                return
            self._ended = True
            self._ending.remove()
            if self in _open:
                _open.remove(self)
                self._close(self._outcome(error, number), number)
        except Exception as trouble:  # noqa: BLE001 - the job goes on
            LOG.warning("the application's end could not be recorded: %s", self._clean(str(trouble)))
        finally:
            self._restore()
            self._lock.release()

    def _close(self, outcome: Mapping[str, Any], number: int | None) -> None:
        until = time.monotonic() + self._flush
        if self._beside is not None:
            if number is not None:
                # The one that is told to end does not wait; the relay settles and delivers without it.
                self._beside.record_end(outcome)
                return
            self._wait_for_listeners(until)
            if not self._beside.end({**outcome, "endedAt": now_ms()}, max(0.1, until - time.monotonic())):
                LOG.warning("the lineage of this application is still being delivered; %s holds it", self.folder)
        elif self._direct is not None:
            if self._start_event is not None:
                open_application(None)
                self._direct.emitter.put(_ended(self._start_event, outcome))
            self._direct.emitter.flush(max(0.0, until - time.monotonic()))

    def _wait_for_listeners(self, until: float) -> None:
        """Until agent and witness have seen what the session has done so far; Spark tells them a little later."""
        context = context_of(self._spark if self._spark is not None else active())
        if context is None or self.folder is None or not RunFolder(self.folder).witness.exists():
            return
        # A stopped context has told everything.
        with suppress(Exception):
            left = max(1, int((until - time.monotonic()) * 1000))
            context._jsc.sc().listenerBus().waitUntilEmpty(left)  # noqa: SLF001 - there is no public way

    def _outcome(self, error: BaseException | None, number: int | None) -> dict[str, Any]:
        state, status, message, trace = "COMPLETE", 0, None, None
        if isinstance(error, KeyboardInterrupt):
            number = number or signal.SIGINT
        code = error.code if isinstance(error, SystemExit) else None
        if number is None and isinstance(code, int) and code - 128 in _ASKED:
            number = signal.Signals(code - 128)
        if number is not None:
            name = signal.Signals(number).name
            state, status, message = "ABORT", 128 + number, f"The application was ended by {name}."
        elif isinstance(error, SystemExit):
            if code is not None and code is not False and code != 0:
                state, status = "FAIL", code if isinstance(code, int) else 1
                said = "" if isinstance(code, int) else f": {code}"
                message = f"The application exited with status {status}{said}."
        elif error is not None and (told := error_of(error, self._environ)) is not None:
            state, status, trace = "FAIL", 1, told["stackTrace"]
            message = f"{told['type']}: {told['message']}".rstrip(": ")
        return {
            "format": FORMAT,
            "state": state,
            "exitStatus": status,
            "signal": signal.Signals(number).name if number is not None else None,
            "endedAt": now_ms(),
            "message": self._clean(message) if message else None,
            "stackTrace": trace,
            "programmingLanguage": "PYTHON",
        }

    # The rest

    def _set(self, variable: str, value: str) -> None:
        os.environ[variable] = value
        self._set_variables.append(variable)

    def _restore(self) -> None:
        for variable in self._set_variables:
            os.environ.pop(variable, None)
        self._set_variables.clear()

    def _clean(self, text: str) -> str:
        return mask(text, secrets_of(self._environ))


def _agent_sends(context: Any) -> bool:
    """Whether the session has an agent, whose events do not go into a journal. Never raises."""
    try:
        return context is not None and AGENT in Listeners.of(context).classes
    except Exception:  # noqa: BLE001 - no JVM that could be asked
        return False


def _ended(start: ol.Event, outcome: Mapping[str, Any]) -> ol.Event:
    event = {**start, "eventType": outcome["state"], "eventTime": to_iso(outcome["endedAt"])}
    if outcome["message"]:
        facet = ol.error_facet(outcome["message"], language="PYTHON", stack_trace=outcome["stackTrace"])
        event = ol.with_run_facet(event, "errorMessage", facet)
    return event
