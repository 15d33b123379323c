"""relay.json: what a kit tells the relay of a node. There is no secret in it, only references to them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from sparklineage.errors import ConfigError
from sparklineage.model.backend import DEFAULT_ENDPOINT, Backend, Deferred, sendable
from sparklineage.model.event import GOVERNED
from sparklineage.model.masking import SECRET_HEADER
from sparklineage.model.secret import FORMS, Secret, SecretReference
from sparklineage.relay.deliver import Waits
from sparklineage.relay.node.objects import Object, kind
from sparklineage.relay.retire import Keep
from sparklineage.relay.surroundings import FIELDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sparklineage.model.backend import Place

FORMAT = 1
PLATFORMS = ("emr", "databricks", "dataproc", "machine", "kubernetes")
KEYS = ("format", "platform", "spool", "state", "log", "backend", "region", "retry", "keep", "governance", "namespace",
        "info", "cluster")  # fmt: skip
_LOG = ("file", "size", "files")
_BACKEND = ("url", "endpoint", "apiKey", "headers", "params", "compression", "timeout", "marquez", "proxy", "caFile")
_RETRY = ("first", "longest")
_KEEP = ("size", "age", "hard")
_CLUSTER = tuple(name for name in FIELDS if name not in ("platform", "attempt"))
_LARGEST = 1 << 20
_VARIABLE = "env:"
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


@dataclass(frozen=True)
class Log:
    """Where the relay says what it does."""

    file: Path
    size: int
    """Bytes from which on the file is put aside for a new one."""
    files: int
    """How many of those that were put aside stay."""


@dataclass(frozen=True)
class NodeConfig:
    """relay.json as the relay takes it."""

    platform: str
    spool: Path
    backend: Backend
    """What is secret in it is deferred."""
    state: Path | None = None
    log: Log | None = None
    region: str | None = None
    waits: Waits = field(default_factory=Waits)
    keep: Keep = field(default_factory=Keep)
    governance: Mapping[str, str | bool] = field(default_factory=dict)
    namespace: str | None = None
    info: Path | None = None
    """Where the platform's own files about the cluster lie."""
    cluster: Mapping[str, str] = field(default_factory=dict)
    """Fields of the facet `sparklineage_cluster` that the kit knew."""


def config_at(place: str, environ: Mapping[str, str]) -> NodeConfig:
    """What a file says, or with `env:NAME` the text of a variable, as a container has it. Raises ConfigError."""
    if not place.startswith(_VARIABLE):
        return read_config(Path(place))
    text = environ.get(place.removeprefix(_VARIABLE))
    if not text:
        raise ConfigError(f"--config: {place} is not set; give the variable the text of a relay.json.")
    return config_of(_parsed(text.encode("utf-8", "surrogateescape"), place), place)


def read_config(path: Path) -> NodeConfig:
    """The file's content. Raises ConfigError, one sentence that begins with the file and the key."""
    return config_of(_load(path), f"{path}")


def config_of(value: object, path: str) -> NodeConfig:
    """What a relay.json holds that is called `path`. Raises ConfigError as `read_config` does."""
    whole = Object(value, path, KEYS)
    version = whole.get("format")
    if version != FORMAT or isinstance(version, bool):
        found = "has no format" if version is None else f"has the format {kind(version)}"
        raise ConfigError(f"{path} {found}, and this relay reads {FORMAT}; install both from one kit.")
    platform = whole.choice("platform", PLATFORMS)
    spool, state, info = whole.path("spool"), whole.path("state"), whole.path("info")
    if platform is None or spool is None:
        lacking = "platform" if platform is None else "spool"
        raise ConfigError(f"{whole.place(lacking)} is missing; write a text.")
    retry, keep = whole.object("retry", _RETRY), whole.object("keep", _KEEP)
    waits = Waits()
    first, longest = retry.seconds("first") or waits.first, retry.seconds("longest") or waits.longest
    return NodeConfig(
        platform=platform,
        spool=Path(spool),
        state=Path(state) if state else None,
        log=_log(whole),
        backend=_backend(whole),
        region=whole.text("region"),
        waits=Waits(first=first, longest=max(first, longest)),
        keep=Keep(size=keep.count("size"), age=keep.seconds("age"), hard=keep.count("hard")),
        governance=_governance(whole.object("governance", GOVERNED)),
        namespace=whole.text("namespace"),
        info=Path(info) if info else None,
        cluster=_texts(whole.object("cluster", _CLUSTER)),
    )


def _load(path: Path) -> object:
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}; name the file with --config.") from None
    if len(data) > _LARGEST:
        raise ConfigError(f"{path} is larger than 1 MiB; it is no relay.json.")
    return _parsed(data, f"{path}")


def _parsed(data: bytes, path: str) -> object:
    try:
        return json.loads(data.decode("utf-8-sig"))
    except json.JSONDecodeError as error:
        raise ConfigError(f"{path}:{error.lineno}:{error.colno}: is not JSON: {error.msg}.") from None
    except RecursionError:
        raise ConfigError(f"{path} is nested too deeply; it is no relay.json.") from None
    except UnicodeError:
        raise ConfigError(f"{path} is not UTF-8 text; write it anew.") from None


def _log(whole: Object) -> Log | None:
    if whole.get("log") is None:
        return None
    found = whole.object("log", _LOG)
    file = found.path("file")
    if file is None:
        raise ConfigError(f"{found.place('file')} is missing; write an absolute path.")
    size, files = found.count("size", 4096), found.count("files", 1)
    return Log(file=Path(file), size=size or 10 << 20, files=3 if files is None else files)


def _backend(whole: Object) -> Backend:
    found = whole.object("backend", _BACKEND)
    url = found.needed("url").strip()
    _check_url(found, "url", url, ("http", "https"))
    proxy = found.text("proxy")
    if proxy is not None:
        _check_url(found, "proxy", proxy, ("http",))
    key = found.text("apiKey")
    deferred = [_deferred(key, "key", "", found.place("apiKey"))] if key else []
    parts: dict[str, dict[str, str]] = {"headers": {}, "params": {}}
    for part, place in _PARTS.items():
        named = found.object(part)
        for name, value in named.items():
            if place == "header" and not _HEADER.fullmatch(name):
                raise ConfigError(f"{found.place(part)} holds a name that no header can have; correct it.")
            if isinstance(value, dict):
                inner = named.object(name, ("secret",))
                deferred.append(_deferred(inner.needed("secret"), place, name, inner.place("secret")))
                continue
            text = named.needed(name)
            if SECRET_HEADER.search(name):
                raise ConfigError(
                    f"{named.place(name)} is secret by its name and everybody on the node may read this file; write "
                    f'{{"secret": REFERENCE}}, such as {FORMS["env"]}.'
                )
            parts[part][name] = sendable(Secret(text), named.place(name), place).reveal()
    return Backend(
        url=url,
        endpoint=found.text("endpoint") or DEFAULT_ENDPOINT,
        headers=parts["headers"],
        params=parts["params"],
        compression="gzip" if found.choice("compression", ("gzip",)) else None,
        timeout=found.seconds("timeout") or Backend(url=url).timeout,
        marquez=found.flag("marquez"),
        proxy=proxy,
        ca_file=found.path("caFile"),
        deferred=tuple(deferred),
    )


_PARTS: dict[str, Place] = {"headers": "header", "params": "parameter"}


def _check_url(found: Object, name: str, url: str, schemes: tuple[str, ...]) -> None:
    place = found.place(name)
    try:
        parts = urlsplit(url)
        scheme, host, _ = parts.scheme, parts.hostname, parts.port
    except ValueError:
        raise ConfigError(f"{place} is no URL; write {schemes[-1]}://host:port.") from None
    if scheme not in schemes or not host or re.search(r"[\x00-\x20\x7f]", url):
        raise ConfigError(f"{place} is no address of the form {' or '.join(schemes)}://host:port; correct it.")
    if parts.username is not None or parts.password is not None:
        other = "apiKey or headers" if name == "url" else "HTTPS_PROXY of the service's environment"
        raise ConfigError(
            f"{place} holds a login and everybody on the node may read this file; leave it out and use {other}."
        )


def _deferred(text: str, place: Place, name: str, source: str) -> Deferred:
    reference = SecretReference.read(text, source=source)
    if reference is None:
        forms = ", ".join(FORMS[form] for form in ("aws-ssm", "aws-secretsmanager", "env", "file"))
        raise ConfigError(f"{source} is no reference to a secret, and none may stand here itself; write {forms}.")
    if reference.kind == "databricks":
        raise ConfigError(
            f"{source} refers to a secret of Databricks, which no relay can ask for; put it into a variable of the "
            "cluster, NAME={{secrets/scope/key}}, and write env:NAME."
        )
    return Deferred(place=place, name=name, reference=reference, source=source)


def _governance(found: Object) -> dict[str, str | bool]:
    fields: dict[str, str | bool] = {}
    for name, value in found.items():
        if value is None:
            continue
        fields[name] = found.flag(name) if name == "pii" else found.needed(name)
    return fields


def _texts(found: Object) -> dict[str, str]:
    return {name: text for name, _ in found.items() if (text := found.text(name)) is not None}
