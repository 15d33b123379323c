"""Where the runs of steps are sent, and below which run, where there is no journal that a relay could read."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakKeyDictionary

from sparklineage.journal import kept
from sparklineage.model import event as ol
from sparklineage.model.ids import is_run_id
from sparklineage.model.naming import normalize_job_name
from sparklineage.model.parent_variables import parent_from
from sparklineage.sdk.agent import Listeners, application_run
from sparklineage.sdk.sending.emit import emitter, is_configured, switched_off

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sparklineage.sdk.sending.emit import Emitter

_T = TypeVar("_T")
_TRIES = 5
"""Steps that ask an agent for its run which does not tell it; it has none until its first event."""
_PARENT = ("parentRunId", "parentJobNamespace", "parentJobName")
_ROOT = ("rootParentRunId", "rootParentJobNamespace", "rootParentJobName")


@dataclass(frozen=True, kw_only=True)
class Who:
    """Whose steps they are."""

    namespace: str
    job: str
    """The application's job, normalized."""
    parent: Mapping[str, Any] | None = None
    """The `parent` facet of the steps: the application's own run where that is known, else what started it."""
    above: str = "nothing: no variable and no property names a parent run"
    """Where the parent is from, for people."""
    is_known: bool = True
    """False where there is an agent that has not told its run yet."""


@dataclass(frozen=True, kw_only=True)
class Direct:
    """Where events go without a journal."""

    who: Who
    emitter: Emitter
    place: str
    """What configures the client, such as a variable's name."""
    address: str | None = None
    """Where it sends to, without anything secret; None where only the client knows."""


_of_sessions: WeakKeyDictionary[Any, Direct] = WeakKeyDictionary()
_tries: WeakKeyDictionary[Any, int] = WeakKeyDictionary()
_silent: WeakKeyDictionary[Any, bool] = WeakKeyDictionary()
"""Sessions whose properties name no backend; asking them costs a way to the JVM or the server."""
BACKEND_VARIABLE = "SPARKLINEAGE_BACKEND"
_THEIRS = "OPENLINEAGE_URL"
_WEAKER = ("MARQUEZ_URL", "SPARKLINEAGE__TRANSPORT__URL", "SPARKLINEAGE__TRANSPORT")
_ABOUT = ("SPARKLINEAGE_", "OPENLINEAGE_", "MARQUEZ_URL")
_by_variables: dict[tuple[tuple[str, str], ...], tuple[dict[str, Any], str] | None] = {}
"""What the variables of the toolkit make of the client, by all that could change it."""
_application: Direct | None = None
"""Of the application that is open, where that goes the same way."""


def direct(session: Any, context: Any, environ: Mapping[str, str]) -> Direct | None:
    """The way of this session's steps; None where neither the client nor the agent knows a backend, or a test looks on.

    Never raises.
    """
    if kept.beside() is not None:
        return None
    if _application is not None:
        return _application
    try:
        if switched_off(environ) is not None:
            return None
        return _of(_of_sessions, session) or _asked(session, context, environ)
    except Exception:  # noqa: BLE001 - the job goes on without it
        return None


def _asked(session: Any, context: Any, environ: Mapping[str, str]) -> Direct | None:
    """What variables and properties say, kept once they say all: asking costs a way to the JVM or the server."""
    ours = _by_our_variables(environ)
    place = ours[1] if ours is not None else is_configured(environ)
    if place is None and _of(_silent, session):
        return None
    conf = _Conf(session, context)
    config = ours[0] if ours is not None else None
    if place is None and conf.text("transport.type") == "http" and conf.text("transport.url"):
        place, config = "spark.openlineage.transport.url", _transport(conf)
    if place is None:
        _keep(_silent, session, True)
        return None
    found = Direct(
        who=who(conf, context, environ),
        emitter=emitter(environ, config),
        place=place,
        address=address(config, environ) if config or place == _THEIRS else None,
    )
    tries = _of(_tries, session) or 0
    if found.who.is_known or tries >= _TRIES:
        _keep(_of_sessions, session, found)
    else:
        _keep(_tries, session, tries + 1)
    return found


def open_application(found: Direct | None) -> None:
    """From now on steps go this way, as those of an application; None when it has ended."""
    global _application  # noqa: PLW0603 - a process has one
    _application = found


def address(config: Mapping[str, Any] | None, environ: Mapping[str, str]) -> str | None:
    """Where a client that is told this sends to, or by `OPENLINEAGE_URL`; without anything secret."""
    from sparklineage.model.backend import Backend  # noqa: PLC0415

    url = (config or {}).get("transport", {}).get("url") or environ.get(_THEIRS)
    return Backend(url).shown if url else None


def _by_our_variables(environ: Mapping[str, str]) -> tuple[dict[str, Any], str] | None:
    """What the client is to be told, and the variable that says so, where `submit` would take its backend from one
    that the client does not know. They are as strong as there: `MARQUEZ_URL` is weaker than `OPENLINEAGE_URL`.
    """
    ours = (BACKEND_VARIABLE,) if environ.get(_THEIRS) else (BACKEND_VARIABLE, *_WEAKER)
    if not any(environ.get(name) for name in ours):
        return None
    told = tuple(sorted((name, text) for name, text in environ.items() if name.startswith(_ABOUT)))
    if told not in _by_variables:
        from sparklineage.sdk.backend import client_of  # noqa: PLC0415

        _by_variables.clear()
        _by_variables[told] = client_of(environ)
    return _by_variables[told]


class _Conf:
    """The properties of a session: a classic one's, or what the server of Spark Connect says."""

    def __init__(self, session: Any, context: Any) -> None:
        self._conf = context.getConf() if context is not None else None
        self._session = session

    def text(self, key: str, prefix: str = "spark.openlineage.") -> str | None:
        try:
            if self._conf is not None:
                found = self._conf.get(prefix + key)
            else:
                found = self._session.conf.get(prefix + key, None)
            return found if found and isinstance(found, str) else None  # a mock of a session says whatever
        except Exception:  # noqa: BLE001 - a server that does not answer, or no session at all
            return None


def who(conf: _Conf, context: Any, environ: Mapping[str, str]) -> Who:
    """The application of a session, and its run, as far as anything knows it."""
    parent, _ = parent_from(environ)
    namespace = (
        environ.get("SPARKLINEAGE_NAMESPACE")
        or environ.get("OPENLINEAGE_NAMESPACE")
        or conf.text("namespace")
        or (parent.namespace if parent else None)
        or "default"
    )
    name = conf.text("appName") or conf.text("spark.app.name", "") or script_name()
    job = normalize_job_name(name) or "spark_application"
    agent = _agent(context)
    run = application_run(agent) if agent is not None else None
    made = Who(namespace=namespace, job=job, is_known=agent is None or run is not None)
    if run is not None:
        facet = ol.parent_facet(run[0], run[1], run[2], parent.facet()["root"] if parent else None)
        return Who(namespace=run[1], job=run[2], parent=facet, above="the run of the application, asked of the agent")
    if (run_id := conf.text("applicationRunId")) and is_run_id(run_id):
        facet = ol.parent_facet(run_id, namespace, job, parent.facet()["root"] if parent else None)
        return replace(made, parent=facet, above="spark.openlineage.applicationRunId")
    if parent is not None:
        facet = ol.facet("1-2-0/ParentRunFacet", **parent.facet())
        return replace(made, parent=facet, above="the environment (OPENLINEAGE_PARENT_ID or OPENLINEAGE_CONTEXT)")
    told = [conf.text(key) for key in _PARENT]
    if told[0] and is_run_id(told[0]) and told[1] and told[2]:
        root = [conf.text(key) for key in _ROOT]
        over = None
        if root[0] and is_run_id(root[0]) and root[1] and root[2]:
            over = {"run": {"runId": root[0]}, "job": {"namespace": root[1], "name": root[2]}}
        return replace(
            made,
            parent=ol.parent_facet(told[0], told[1], told[2], over),
            above="spark.openlineage.parentRunId",
        )
    return made


def script_name() -> str:
    """The name of the program: its file without the ending."""
    main = sys.modules.get("__main__")
    # Python has forgotten the file by the time that functions of atexit are called, but not who loaded it.
    file = getattr(main, "__file__", None) or getattr(getattr(main, "__loader__", None), "path", None)
    return Path(file).stem if file else "python"


def _agent(context: Any) -> Any:
    try:
        return Listeners.of(context).agent if context is not None else None
    except Exception:  # noqa: BLE001 - no JVM, or a stopped one
        return None


def _transport(conf: _Conf) -> dict[str, Any]:
    """The agent's own http transport, as the client for Python writes it."""
    found: dict[str, Any] = {"type": "http", "url": conf.text("transport.url")}
    if endpoint := conf.text("transport.endpoint"):
        found["endpoint"] = endpoint.lstrip("/")
    if key := conf.text("transport.auth.apiKey"):
        found["auth"] = {"type": "api_key", "apiKey": key}
    return {"transport": found}


def _of(cache: WeakKeyDictionary[Any, _T], session: Any) -> _T | None:
    try:
        return cache.get(session)
    except TypeError:  # cannot be referred to weakly, as None
        return None


def _keep(cache: WeakKeyDictionary[Any, _T], session: Any, found: _T) -> None:
    try:
        cache[session] = found
    except TypeError:
        return
