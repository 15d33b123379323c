"""From settings to Spark properties: each value as the agent, or Spark, reads it, with the place that it came from."""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import replace
from typing import TYPE_CHECKING, Literal
from urllib.parse import parse_qsl, unquote, urlsplit

from sparklineage.config.catalogue import PREFIX
from sparklineage.config.conf_values import is_no_secret, typed
from sparklineage.config.transports import blocks
from sparklineage.config.values import render
from sparklineage.config.values.measures import BYTES, MILLIS
from sparklineage.errors import ConfigError
from sparklineage.model.backend import DEFAULT_ENDPOINT
from sparklineage.model.conf_entry import ConfEntry, Lost
from sparklineage.model.conf_set import ConfSet
from sparklineage.model.conf_value import SecretValue, Text, Unseen
from sparklineage.model.masking import SECRET_HEADER, SECRET_KEY
from sparklineage.model.secret import Secret, SecretReference
from sparklineage.model.versions import numbers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sparklineage.config.layers import Resolved
    from sparklineage.config.spec import Spec
    from sparklineage.model.conf_value import ConfValue

Mode = Literal["outbox", "direct"]
_TRANSPORT = f"{PREFIX}transport."
_BREAKER = f"{PREFIX}circuitBreaker."
_LONGEST = "60"
"""Seconds for which a slow backend may hold the job up, where the agent itself sends."""
_SURELY = re.compile(r"(?i)(?:password|passwd|secret|token|key)$")
_OF_REQUESTS = re.compile(re.escape(_TRANSPORT) + r"(?:(?:transports\.[^.]+|transport)\.)*(?:headers|urlParams)\.")
_NO_SECRET = re.compile(r"(?i)true|false|[\d.]+\w?|[a-z_$][\w$]*(\.[a-z_$][\w$]*)+|(\w+://?)?/\S*")
"""Values of properties such as `fs.s3a.aws.credentials.provider`: a switch, a number, a class, a path."""


_INSIDE = re.compile(r"(?i)(?:^|\s)[\"']?-D[\w.\-]*(?:password|passwd|secret|api[._-]?key|token)=[\"']?[^\s\"'${]")
"""A system property of Java with a secret in plain text."""


def conf_set(spec: Spec, mode: Mode) -> ConfSet:
    """The properties that a configuration stands for, without listeners and JARs.

    In the outbox the agent gets no transport of the configuration: it writes to the journal. Raises ConfigError for
    a value that the agent's own syntax cannot say.
    """
    entries = {}
    for item in spec.resolved.values():
        name = item.key.spark
        if name is None or (mode == "outbox" and name.startswith(_TRANSPORT)):
            continue
        entries[name] = _entry(name, item)
    if mode == "direct":
        for entry in _addresses(spec):
            entries[entry.key] = entry
    limited = f"{_BREAKER}timeoutInSeconds" in entries
    if f"{_BREAKER}type" not in entries and (limited or (mode == "direct" and f"{_TRANSPORT}type" in entries)):
        for entry in _breaker(spec.text("agent.version"), limited=limited):
            entries.setdefault(entry.key, entry)
    return ConfSet(tuple(entries.values()))


def _breaker(version: str | None, *, limited: bool) -> Iterator[ConfEntry]:
    """What keeps the agent from holding Spark up.

    A queue of its own (since 1.28.0) lets the job go on: under a backend that took 2 s an answer a job of five writes
    took 16 to 21 s with it and 24 s with `timeout`, and only the queue sends the events of a second session in the
    same JVM (executed, agent 1.53.0). Whoever names a limit gets `timeout` (1.35.0), before that `javaRuntime`.
    """
    known = numbers(version) if version is not None else (1, 35)
    if known >= (1, 28) and not limited:
        yield ConfEntry(key=f"{_BREAKER}type", value=Text("asyncTaskQueue"), source="default", why="direct delivery")
    elif known >= (1, 13):
        kind = "timeout" if known >= (1, 35) else "javaRuntime"
        for name, text in (("type", kind), ("timeoutInSeconds", _LONGEST)):
            yield ConfEntry(key=_BREAKER + name, value=Text(text), source="default", why="direct delivery")


def _entry(name: str, item: Resolved) -> ConfEntry:
    found = item.value
    value: ConfValue
    if isinstance(found, SecretReference):
        value = SecretValue(found)
    elif isinstance(found, Secret):
        value = SecretValue(found) if item.sensitive else Text(found.reveal())
    else:
        text = _written(item)
        value = SecretValue.read(text) if item.key.raw and _is_secret(name, text) else typed(name, text)
    lost = tuple(Lost(other.shown, other.source, other.why) for other in item.lost)
    return ConfEntry(key=name, value=value, source=item.source, plain=is_no_secret(name), lost=lost, joined=item.joined)


def _is_secret(name: str, text: str) -> bool:
    """Whether a property of Spark's own holds a secret, or says where one lies."""
    if not SECRET_KEY.search(name) or not text.strip():
        return False
    return _SURELY.search(name) is not None or not _NO_SECRET.fullmatch(text.strip())


def headers_unseen(conf: ConfSet) -> ConfSet:
    """The same with every header and query parameter of a transport as a secret, whatever it is called: a tenant or a
    subscription is nobody's business either, and Spark would show it.
    """
    return ConfSet(
        tuple(
            replace(entry, value=Unseen.of(entry.value))
            if is_of_requests(entry.key) and type(entry.value) is Text
            else entry
            for entry in conf.entries
        )
    )


def is_of_requests(key: str) -> bool:
    """Whether a property is a header or a query parameter of a transport."""
    return _OF_REQUESTS.match(key) is not None


def refuse_secrets_inside(conf: ConfSet) -> None:
    """Raises ConfigError for a password inside of a longer value, such as options of Java: it would stand in argv."""
    for entry in conf.entries:
        if not entry.secret and _INSIDE.search(entry.value.written):
            raise ConfigError(
                f"{entry.source}: {entry.key} has a secret in its value, which others could see; put the property into "
                "a spark-defaults.conf that nobody else can read."
            )


def refuse_sparks_own_secrets(conf: ConfSet) -> None:
    """Raises ConfigError for a secret among the properties of Spark itself: nothing could hand it on unseen."""
    refuse_secrets_inside(conf)
    for entry in conf.entries:
        if entry.secret and not entry.key.startswith(PREFIX):
            raise ConfigError(
                f"{entry.source}: {entry.key} is a secret, which Spark takes from its own files alone; put it into a "
                "spark-defaults.conf that nobody else can read."
            )


def _written(item: Resolved) -> str:
    """The text of a value as the agent reads it. Raises ConfigError for what its unit or syntax cannot say."""
    value, key = item.value, item.key
    if isinstance(value, (Secret, SecretReference)):
        raise TypeError("a secret has no text of its own")
    kind = key.catalogue.type if key.catalogue is not None else None
    unit = key.limits.unit
    if key.kind == "duration" and isinstance(value, int):
        if kind == "duration":
            return f"PT{value // 1000}S" if value % 1000 == 0 else f"PT{value // 1000}.{value % 1000:03}S"
        return _whole(item, value, MILLIS[unit or "ms"], f"whole {unit}")
    if key.kind == "size" and isinstance(value, int):
        return _whole(item, value, BYTES[(unit or "B").lower()], f"whole {unit}")
    if isinstance(value, tuple):
        if kind == "[a;b] list":
            return f"[{';'.join(value)}]"
        return (";" if key.kind == "tags" or kind == "a;b list" else ",").join(value)
    if isinstance(value, str) and value.startswith("[") and value.endswith("]") and name_of_agent(key.spark):
        raise ConfigError(f"{item.source}: {key.name} is a text in brackets, which the agent would read as a list.")
    return render(value, key.kind)


def name_of_agent(spark: str | None) -> bool:
    """Whether the agent takes this property apart, and with it every text in brackets."""
    return spark is not None and spark.startswith(PREFIX)


def _whole(item: Resolved, value: int, unit: int, needed: str) -> str:
    if value % unit:
        raise ConfigError(f"{item.source}: {item.key.name} is {item.shown}, but {needed} are needed.")
    return str(value // unit)


def _addresses(spec: Spec) -> Iterator[ConfEntry]:
    """URL and endpoint of every http transport so that the agent posts where the relay would.

    It cuts the path off an address in Spark's configuration, loses its query, and refuses one with a path beside an
    endpoint inside of another transport (agent source: UrlParser, HttpTransport).
    """
    for block, keys in blocks(spec.resolved).items():
        url = keys.get("url")
        if url is None or str(keys["type"].value) != "http":
            continue
        parts = urlsplit(str(url.value))
        given = keys.get("endpoint")
        tail = str(given.value).strip("/") if given is not None else DEFAULT_ENDPOINT
        path = parts.path.rstrip("/")
        whole = path if path.endswith(f"/{tail}") else f"{path}/{tail}"
        stem = f"{PREFIX}{block}."
        user, _, place = parts.netloc.rpartition("@")
        yield ConfEntry(key=f"{stem}url", value=Text(f"{parts.scheme}://{place}"), source=url.source)
        if user:
            # Spark would show the password inside of the address.
            basic = b64encode(unquote(user if ":" in user else f"{user}:").encode()).decode()
            header = SecretValue(Secret(f"Basic {basic}"))
            yield ConfEntry(key=f"{stem}headers.Authorization", value=header, source=url.source)
        if path or given is not None:
            source = given.source if given is not None else url.source
            yield ConfEntry(key=f"{stem}endpoint", value=Text(whole), source=source)
        for name, text in parse_qsl(parts.query, keep_blank_values=True):
            value = SecretValue(Secret(text)) if SECRET_HEADER.search(name) else Text(text)
            yield ConfEntry(key=f"{stem}urlParams.{name}", value=value, source=url.source)
