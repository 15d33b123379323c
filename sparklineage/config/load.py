"""Lay the layers over one another: defaults < file < environment < flags."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from sparklineage.config.files import read_file
from sparklineage.config.keys import KEYS
from sparklineage.config.settings import DEFAULT_DRAIN_TIMEOUT, DEFAULT_NAMESPACE, Settings, Value
from sparklineage.errors import ConfigError, suggestion
from sparklineage.journal import default_root
from sparklineage.model.backend import DEFAULT_ENDPOINT, Backend
from sparklineage.model.masking import mask
from sparklineage.model.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

T = TypeVar("T")
_FILE_NAMES = ("sparklineage.yml", "sparklineage.yaml")
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_TRUE, _FALSE = frozenset({"true", "1", "yes", "on"}), frozenset({"false", "0", "no", "off", ""})


def load_settings(
    *, environ: Mapping[str, str], flags: Mapping[str, str | None], directory: Path, config: Path | None = None
) -> Settings:
    """The settings in force. `flags` maps a flag such as `--namespace` to its value or None.

    The file is `config` (`--config`), else `SPARKLINEAGE_CONFIG`, else sparklineage.yml in `directory`, else a plain
    openlineage.yml named by `OPENLINEAGE_CONFIG`. Raises ConfigError for anything that is wrong in a layer.
    """
    path, foreign = _file(environ, directory, config)
    found = read_file(path, foreign=foreign) if path else {}
    layers = _Layers(found, str(path), environ, flags)
    journal = layers.text("delivery.journal")
    root = (
        Value(Path(journal.value).expanduser().absolute(), journal.source)
        if journal.value
        else Value(default_root(environ))
    )
    jar = layers.text("agent.jar")
    namespace = layers.text("namespace")
    return Settings(
        namespace=Value(namespace.value or DEFAULT_NAMESPACE, namespace.source),
        job=layers.text("job"),
        backend=_backend(layers),
        journal=root,
        drain_timeout=_seconds(layers),
        repository=layers.text("agent.repository"),
        agent_version=layers.text("agent.version"),
        agent_jar=Value(Path(jar.value).expanduser() if jar.value else None, jar.source),
        disabled=_disabled(layers),
    )


def is_switched_off(environ: Mapping[str, str]) -> bool:
    """Whether the environment switches lineage off, whatever else is configured, rightly or wrongly.

    Reads no file. Raises ConfigError where `OPENLINEAGE_DISABLED` is neither true nor false.
    """
    (variable,) = KEYS["disabled"].variables
    return _is_true(Value(environ.get(variable), variable))


class _Layers:
    """Finds a value in the strongest layer that has it."""

    def __init__(
        self, found: Mapping[str, Any], file: str, environ: Mapping[str, str], flags: Mapping[str, str | None]
    ) -> None:
        self.found, self.file, self.environ, self.flags = found, file, environ, flags

    def text(self, name: str) -> Value[str | None]:
        """The value of a key of the table, as text."""
        key = KEYS[name]
        if key.flag and (value := self.flags.get(key.flag)) is not None:
            return Value(value, key.flag)
        for variable in reversed(key.variables):
            if value := self.environ.get(variable):
                return Value(value, variable)
        if (found := self.found.get(name)) not in (None, ""):
            return Value(str(found), f"{self.file}: {name}")
        return Value(None)


def _file(environ: Mapping[str, str], directory: Path, config: Path | None) -> tuple[Path | None, bool]:
    if config is not None:
        return config, config.name.startswith("openlineage.")
    if named := environ.get("SPARKLINEAGE_CONFIG"):
        return Path(named).expanduser(), False
    for name in _FILE_NAMES:
        if (directory / name).is_file():
            return directory / name, False
    if (named := environ.get("OPENLINEAGE_CONFIG")) and Path(named).expanduser().is_file():
        return Path(named).expanduser(), True
    return None, False


def _backend(layers: _Layers) -> Value[Backend | None]:
    url = layers.text("transport.url")
    kind = layers.text("transport.type")
    from_file = url.source.startswith(f"{layers.file}: ")
    if kind.value is not None and kind.value.lower() != "http":
        if kind.value.lower() not in ("kafka", "file", "console", "composite", "transform"):
            hint = suggestion(kind.value, ("http",)) or " Write `http`."
            raise ConfigError(f"{kind.source} is {kind.value!r}, which the relay does not deliver to.{hint}")
        if from_file or url.value is None:
            raise ConfigError(
                f"{kind.source} is {kind.value!r}; the relay delivers to `http` only. "
                "Write `type: http` and a `url`, or leave the block out to keep lineage in the journal."
            )
    if url.value is None:
        if layers.found.get("transport.auth.apiKey") or layers.found.get("transport.endpoint"):
            raise ConfigError(f"{layers.file}: transport has no `url`; write the address of the backend.")
        return Value(None)
    _check_url(url)
    endpoint = layers.text("transport.endpoint")
    key = layers.text("transport.auth.apiKey")
    if key.value is None:
        key = layers.text("transport.auth.api_key")
    headers = {
        _header_name(str(name), layers.file): _resolved(
            str(value), f"{layers.file}: transport.headers.{name}", layers.environ
        )
        for name, value in (layers.found.get("transport.headers") or {}).items()
    }
    seconds = layers.found.get("transport.timeout")
    if (millis := layers.found.get("transport.timeoutInMillis")) is not None:
        seconds = millis / 1000
    if seconds is not None and not (math.isfinite(seconds) and seconds > 0):
        raise ConfigError(f"{layers.file}: transport.timeout is {seconds}; write a positive number.")
    return Value(
        Backend(
            url=url.value,
            endpoint=endpoint.value or DEFAULT_ENDPOINT,
            api_key=Secret(_resolved(key.value, key.source, layers.environ)) if key.value else None,
            headers=headers,
            timeout=float(seconds) if seconds is not None else 10.0,
            marquez=url.source == "MARQUEZ_URL",
        ),
        url.source,
    )


def _check_url(url: Value[str | None]) -> None:
    text = url.value or ""
    shown = mask(text)
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ConfigError(f"{url.source}: {shown!r} is no URL; write http://HOST:PORT or https://HOST.") from None
    if parts.scheme not in ("http", "https") or not host or any(char.isspace() for char in text):
        raise ConfigError(f"{url.source}: {shown!r} is no http or https URL; write http://HOST:PORT or https://HOST.")


def _header_name(name: str, file: str) -> str:
    if not _HEADER_NAME.fullmatch(name):
        raise ConfigError(f"{file}: transport.headers: {name!r} is no name of a header; write one such as X-Team.")
    return name


def _resolved(value: str, source: str, environ: Mapping[str, str]) -> str:
    """The value of a header, which may stand behind a reference, without the blanks and line ends around it.

    A file and a Kubernetes secret often end with a newline. Raises ConfigError, which never shows the value.
    """
    found = _referred(value.strip(), source, environ).strip()
    if not found:
        raise ConfigError(f"{source} is blank; give a value, or leave it out.")
    if _CONTROL.search(found):
        raise ConfigError(f"{source} holds a line end or another control character, which no header can carry.")
    try:
        found.encode("latin-1")
    except UnicodeEncodeError:
        raise ConfigError(f"{source} holds a character beyond Latin-1, which no header can carry.") from None
    return found


def _referred(value: str, source: str, environ: Mapping[str, str]) -> str:
    """The secret behind a reference `env:NAME` or `file:/path`; any other text is the value itself."""
    if value.startswith("env:"):
        name = value.removeprefix("env:")
        if not environ.get(name):
            raise ConfigError(f"{source} refers to the environment variable {name}, which is not set.")
        return environ[name]
    if value.startswith("file:"):
        path = Path(value.removeprefix("file:").removeprefix("//")).expanduser()
        try:
            return path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
            raise ConfigError(f"{source} refers to the file {path}, which cannot be read: {reason}.") from None
    return value


def _seconds(layers: _Layers) -> Value[float]:
    found = layers.text("delivery.drainTimeout")
    if found.value is None:
        return Value(DEFAULT_DRAIN_TIMEOUT)
    try:
        seconds = float(found.value)
    except ValueError:
        seconds = math.nan
    if not math.isfinite(seconds) or seconds < 0:
        raise ConfigError(f"{found.source} is {found.value!r}; write seconds, such as 10, or 0 to leave at once.")
    return Value(seconds, found.source)


def _disabled(layers: _Layers) -> Value[bool]:
    if layers.flags.get("--no-lineage") is not None:
        return Value(True, "--no-lineage")
    found = layers.text("disabled")
    return Value(_is_true(found), found.source)


def _is_true(found: Value[str | None]) -> bool:
    text = (found.value or "").strip().lower()
    if text not in _TRUE | _FALSE:
        raise ConfigError(f"{found.source} is {found.value!r}; write true or false.")
    return text in _TRUE
