"""An OpenLineage HTTP receiver, as configuration describes it."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal
from urllib.parse import parse_qsl, quote, unquote, urlsplit, urlunsplit

from sparklineage.errors import ConfigError
from sparklineage.model.masking import SECRET_HEADER, SECRET_KEY, mask
from sparklineage.model.secret import Secret, SecretReference

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

DEFAULT_ENDPOINT = "api/v1/lineage"
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")

Place = Literal["key", "header", "parameter"]


@dataclass(frozen=True)
class Deferred:
    """A part of each request whose text lies with a service and is not fetched yet."""

    place: Place
    reference: SecretReference
    source: str
    """What refers to it, such as `sparklineage.yml:3:1: transport.auth.apiKey`."""
    name: str = ""
    """Of the header or parameter."""


@dataclass(frozen=True, repr=False)
class Backend:
    """Where events go."""

    url: str
    """http or https, with a path where a proxy wants one."""
    endpoint: str = DEFAULT_ENDPOINT
    api_key: Secret | None = None
    """Sent as `Authorization: Bearer`."""
    headers: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)
    """Query parameters of each request."""
    compression: Literal["gzip"] | None = None
    """Of the body of each request."""
    timeout: float = 10.0
    """Seconds, for connecting and for each wait on the answer."""
    marquez: bool = False
    """Known to be Marquez, which answers 201 to an event that it has stored and to nothing else."""
    proxy: str | None = None
    """http://[user:password@]host:port, for every request; None takes what HTTPS_PROXY, HTTP_PROXY and NO_PROXY say."""
    ca_file: str | None = None
    """Certificates in PEM that are trusted beside those of the machine."""
    deferred: tuple[Deferred, ...] = ()
    """What has to be fetched before anything can be sent; see `with_secrets`."""
    fetched: tuple[Secret, ...] = ()
    """What has been: secret, whatever its header is called."""

    def __repr__(self) -> str:
        return f"Backend({self.shown!r})"

    @property
    def target(self) -> str:
        """The URL that events are posted to, spelt as the agent's own http transport spells it (1.53, seen)."""
        parts = urlsplit(self.url)
        path = parts.path.rstrip("/")
        endpoint = self.endpoint.strip("/")
        if not path.endswith(f"/{endpoint}"):
            path = f"{path}/{endpoint}"
        # The agent drops this prefix, which such parameters had before there were transports.
        pairs = [(name.replace("url.param.", ""), value) for name, value in self.params.items()]
        query = [parts.query] if parts.query else []
        query += [f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in pairs]
        return urlunsplit((parts.scheme, parts.netloc, path, "&".join(query), ""))

    @property
    def shown(self) -> str:
        """The URL as people and files may see it: without credentials, parameters and a query that holds a secret."""
        parts = urlsplit(self.url)
        query = "" if SECRET_KEY.search(parts.query) or self._secret_query() else parts.query
        return mask(urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, query, "")))

    @property
    def secrets(self) -> tuple[str, ...]:
        """The key, the passwords of the URL and the proxy, the headers and parameters that are secret by their names.

        What other headers say, such as a team's name, may well stand in an event.
        """
        named = [
            value for part in (self.headers, self.params) for name, value in part.items() if SECRET_HEADER.search(name)
        ]
        passwords = [unquote(urlsplit(url).password or "") for url in (self.url, self.proxy or "")]
        found = [self.api_key.reveal() if self.api_key else "", *passwords, *named, *self._secret_query()]
        found += [secret.reveal() for secret in self.fetched]
        return tuple(dict.fromkeys(value for value in found if value))

    @property
    def key(self) -> str:
        """The same short text for the same receiver; names its files in the journal."""
        parts = urlsplit(self.target)
        place = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
        return hashlib.sha256(place.encode()).hexdigest()[:12]

    def with_secrets(self, fetch: Callable[[SecretReference, str], Secret]) -> Backend:
        """The backend with everything that is deferred, each as `fetch(reference, source)` gives it.

        Raises what `fetch` raises, and ConfigError for a text that cannot be sent.
        """
        texts = {
            (item.place, item.name): sendable(fetch(item.reference, item.source), item.source, item.place)
            for item in self.deferred
        }
        return replace(
            self,
            api_key=texts.get(("key", ""), self.api_key),
            headers={**self.headers, **_named(texts, "header")},
            params={**self.params, **_named(texts, "parameter")},
            deferred=(),
            fetched=(*self.fetched, *texts.values()),
        )

    def _secret_query(self) -> list[str]:
        return [value for name, value in parse_qsl(urlsplit(self.url).query) if SECRET_HEADER.search(name)]


def sendable(value: Secret, source: str, place: Place) -> Secret:
    """The key, header or parameter without blanks around it. Raises ConfigError, which never shows it."""
    text = value.reveal().strip()
    if not text:
        raise ConfigError(f"{source} is blank; give a value, or leave it out.")
    if place == "parameter":
        return Secret(text)  # which is quoted
    if _CONTROL.search(text):
        raise ConfigError(f"{source} holds a line end or another control character, which no header can carry.")
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        raise ConfigError(f"{source} holds a character beyond Latin-1, which no header can carry.") from None
    return Secret(text)


def _named(texts: Mapping[tuple[Place, str], Secret], place: Place) -> dict[str, str]:
    return {name: secret.reveal() for (where, name), secret in texts.items() if where == place}
