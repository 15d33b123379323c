"""`sparklineage.application`: a whole driver that nobody started through `submit`."""

from __future__ import annotations

import os
import re
import threading
from typing import TYPE_CHECKING, Any

from sparklineage.errors import ConfigError
from sparklineage.model.masking import mask, secrets_of
from sparklineage.sdk import ended, forgiving
from sparklineage.sdk.functions.worker import in_worker
from sparklineage.sdk.programs.chosen import Wanted, Way, wanted
from sparklineage.sdk.programs.ending import End, Ending
from sparklineage.sdk.programs.way import choose
from sparklineage.sdk.steps.record import LOG
from sparklineage.sdk.warning import text_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from types import TracebackType

_FLAG = re.compile(r"--(backend|config|profile)\b")
"""What messages that people of the command line see, too, call an argument."""
_open: list[Application] = []
"""The one of this process, while it is open."""


@forgiving
def application(
    spark: Any = None,
    *,
    name: str | None = None,
    backend: str | None = None,
    config: str | os.PathLike[str] | None = None,
    profile: str | None = None,
    flush: float | None = None,
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
    `profile`: as `sparklineage.load` takes them), its variables such as `SPARKLINEAGE_BACKEND` included. Where an agent
    in the session sends by itself, that tells the run's start and end. The parent run comes from the environment
    (`OPENLINEAGE_PARENT_ID`, as Airflow sets it).

    At the end it waits `flush` seconds at most for what is not delivered yet; where they are not given as many as the
    configuration says (`delivery.drainTimeout`, `SPARKLINEAGE_DRAIN_TIMEOUT`), else 5. Never raises because of lineage:
    trouble is one warning of the logger `sparklineage`; with `strict` it is raised here.
    """
    return Application(
        spark,
        name=name,
        backend=backend,
        config=config,
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
        config: str | os.PathLike[str] | None = None,
        profile: str | None = None,
        flush: float | None = None,
        strict: bool = False,
        environ: Mapping[str, str],
    ) -> None:
        self._way = Way(name="off", why="it has not begun")
        self._environ = environ
        self._pid = os.getpid()
        self._lock = threading.RLock()
        self._ended = False
        self._before: dict[str, str | None] = {}
        """The variables that it has set, as they were."""
        self._ending = Ending(self._end)
        try:
            asked = wanted(
                spark, environ, name=name, backend=backend, config=config, profile=profile, flush=flush, strict=strict
            )
            self._begin(asked)
        except Exception as error:
            self._restore()
            why = _FLAG.sub(r"\1=", text_of(error)) or type(error).__name__
            if strict and isinstance(error, ConfigError):
                raise ConfigError(why) from error
            if strict:
                raise
            self._way = Way(name="off", why=self._clean(why))
            LOG.warning("the application has no lineage of its own: %s", self.why)

    @property
    def way(self) -> str:
        """How its lineage goes: `journal`, `submit` (which has started it), `agent`, `client`, or `off`."""
        return self._way.name

    @property
    def why(self) -> str:
        """Why that way, for people."""
        return self._way.why

    @property
    def run_id(self) -> str | None:
        """Of its run, where that is known."""
        return self._way.run_id

    @property
    def folder(self) -> Path | None:
        """Its folder in the journal, where it has one."""
        return self._way.folder

    @property
    def is_open(self) -> bool:
        """Whether it has begun and not ended."""
        return self in _open

    def end(self, error: BaseException | None = None) -> None:
        """End it now, failed with `error`. Never raises; a second call does nothing."""
        self._end(End(error=error))

    def __enter__(self) -> Application:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end(End(error=error))

    def __repr__(self) -> str:
        return f"<sparklineage application {self.run_id or ''} {self.way}: {self.why}>"

    def _begin(self, asked: Wanted) -> None:
        if in_worker():
            self._way = Way(name="off", why="this is a Python worker of an executor")
            return
        if _open and _open[-1]._pid == os.getpid():  # noqa: SLF001 - one of our own
            self._way = Way(name="off", why="an application is open in this process already")
            LOG.warning("%s; this one does nothing", self.why)
            return
        self._way = choose(asked)
        for variable, value in self._way.variables.items():
            self._before[variable] = os.environ.get(variable)
            os.environ[variable] = value
        if self._way.ends_here:
            _open.append(self)
            ended.begun()
            self._ending.install()

    def _end(self, end: End) -> None:
        if os.getpid() != self._pid:  # a forked child leaves the end to its parent
            return
        # A signal's handler may come in the middle of an end.
        if not self._lock.acquire(timeout=self._way.flush):
            return
        try:
            if self._ended:
                return
            self._ended = True
            self._ending.remove()
            if self in _open:
                _open.remove(self)
                try:
                    self._way.end(end)
                finally:
                    ended.ended(self.run_id)
        except Exception as trouble:  # noqa: BLE001 - the job goes on
            LOG.warning("the application's end could not be recorded: %s", self._clean(str(trouble)))
        finally:
            self._restore()
            self._lock.release()

    def _restore(self) -> None:
        for variable, value in self._before.items():
            if value is None:
                os.environ.pop(variable, None)
            else:
                os.environ[variable] = value
        self._before.clear()

    def _clean(self, text: str) -> str:
        return mask(text, secrets_of(self._environ))
