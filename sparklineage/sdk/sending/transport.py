"""Where the agent of a running session sends, and how its file is changed.

The agent lays Spark's properties over the first of `$OPENLINEAGE_CONFIG`, `./openlineage.yml` and
`~/.openlineage/openlineage.yml` that there is, or else over the variables `OPENLINEAGE__…`, all as the JVM sees them
(its own source, 1.53). So it is asked what came of it; only where it does not say, its places are looked at.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from sparklineage.errors import suggestion
from sparklineage.model.masking import mask, secrets_of
from sparklineage.sdk.agent import Listeners, emitter_of, field_of, is_idle

_BUILDER = "io.openlineage.client.transports.TransportBuilder"
_PREFIX = "spark.openlineage.transport."
_PLACES = {"http": ("url", "uri"), "file": ("location", "file"), "kafka": ("topicName", "topicName")}
"""By type, what says where to: the property, and the field of the transport's object."""


def transport_of(context: Any, conf: Any, agent: Any) -> tuple[str | None, str | None]:
    """Its type, and where it sends to, without anything secret; None for what is not known. Never raises."""
    kind, place = _asked(agent)
    if kind is not None:
        return kind, _shown(place)
    kind = conf.get(f"{_PREFIX}type")
    if kind is not None:
        name, _ = _PLACES.get(kind.lower(), ("", ""))
        return kind, _shown(conf.get(_PREFIX + name)) if name else None
    outside = _outside(context)
    return (f"configured by {outside}", None) if outside else (None, None)


def trouble_of(context: Any, conf: Any, agent: Any, *, from_start: bool) -> str | None:
    """Why the agent sends nothing, and what to do, in a sentence; None where nothing says so. Never raises.

    `from_start` where it was there when the context started. Then it has made what it sends with as soon as its queue
    is empty, or never will: it gives up without another word than in the driver's log.
    """
    if emitter_of(agent) is not None:
        return _unwritable(agent)
    kind = conf.get(f"{_PREFIX}type") or ""
    known = _known(context, agent)
    if kind and known and kind.lower() not in known:
        named, near = _shown(kind), suggestion(kind.lower(), known)
        return (
            f"The agent has no transport {named!r} on its class path, so it sends nothing.{near} Set {_PREFIX}type to "
            f"one of {', '.join(known)}, and make the session anew."
        )
    if not (from_start and is_idle(agent)):
        return None
    if kind.lower() == "http" and not conf.get(f"{_PREFIX}url"):
        return (
            f"The agent's transport http has no url, so it sends nothing; set {_PREFIX}url, and make the session anew."
        )
    made = f" {_shown(kind)}" if kind else ""
    by = f" (configured by {place})" if not kind and (place := _outside(context)) else ""
    return (
        f"The agent could not make its transport{made}{by}, so it sends nothing; the driver's log says why, in the "
        "first exception of OpenLineageSparkListener."
    )


def lead_to(context: Any, path: Path) -> bool:
    """Have an agent that writes into a file write into this one from now on; whether it does. Never raises."""
    try:
        transport = field_of(emitter_of(Listeners.of(context).agent).getClient(), "transport")
        if transport.getClass().getSimpleName() != "FileTransport":
            return False
        file = transport.getClass().getDeclaredField("file")
        file.setAccessible(True)
        file.set(transport, context._jvm.java.io.File(str(path)))  # noqa: SLF001 - there is no public way
        return str(field_of(transport, "file").toString()) == str(path)
    except Exception:  # noqa: BLE001 - another version of the agent
        return False


def _asked(agent: Any) -> tuple[str | None, str | None]:
    """What the agent's client has made of its configuration (1.53: fields that are not public)."""
    try:
        transport = field_of(emitter_of(agent).getClient(), "transport")
        name = str(transport.getClass().getSimpleName())
        kind = name.removesuffix("Transport").lower()
        if not kind or kind == name.lower():
            return None, None
        _, field = _PLACES.get(kind, ("", ""))
        return kind, str(field_of(transport, field).toString()) if field else None
    except Exception:  # noqa: BLE001 - no event yet, or another version of the agent
        return None, None


def _known(context: Any, agent: Any) -> list[str]:
    """The types of transports on the agent's class path; none where it does not say."""
    found = []
    try:
        loader = agent.getClass().getClassLoader()
        builders = context._jvm.java.util.ServiceLoader.load(loader.loadClass(_BUILDER), loader).iterator()  # noqa: SLF001
        while builders.hasNext():
            found.append(str(builders.next().getType()).lower())
    except Exception:  # noqa: BLE001 - another version of the agent
        return []
    return sorted(found)


def _unwritable(agent: Any) -> str | None:
    """For a file: it writes each event as it comes and makes the folders for it, and the first one has come."""
    try:
        transport = field_of(emitter_of(agent).getClient(), "transport")
        if transport.getClass().getSimpleName() != "FileTransport":
            return None
        file = field_of(transport, "file")
        folder = file.getParentFile()
        if folder is None:
            why = "which needs a folder before the name"
        elif file.isDirectory():
            why = "which is a folder"
        elif not folder.isDirectory():
            why = "whose folder is not there and cannot be made"
        elif not (file if file.exists() else folder).canWrite():
            why = "where the driver's user may not write"
        else:
            return None
        return (
            f"The agent cannot write its events to {_shown(str(file.toString()))}, {why}; set {_PREFIX}location to a "
            "file that can be written, by its whole path, and make the session anew."
        )
    except Exception:  # noqa: BLE001 - another version of the agent
        return None


def _outside(context: Any) -> str | None:
    """The file or the variable that configures it, for the JVM, which this process has mostly started."""
    environ, folder, home = os.environ.get, str(Path.cwd()), str(Path.home())
    try:
        system = context._jvm.System  # noqa: SLF001 - there is no public way
        folder, home = str(system.getProperty("user.dir")), str(system.getProperty("user.home"))
        environ = system.getenv
    except Exception:  # noqa: BLE001, S110 - a JVM that is not to be asked
        pass
    for path in (environ("OPENLINEAGE_CONFIG"), f"{folder}/openlineage.yml", f"{home}/.openlineage/openlineage.yml"):
        if path and Path(folder, path).is_file():
            return str(Path(folder, path))
    return next((name for name in ("OPENLINEAGE__TRANSPORT", "OPENLINEAGE__TRANSPORT__TYPE") if environ(name)), None)


def _shown(text: str | None) -> str | None:
    if not text:
        return None
    parts = urlsplit(text)
    if parts.scheme and parts.netloc:
        text = urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
    return mask(text, secrets_of(os.environ))
