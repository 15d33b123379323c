"""An OpenLineage HTTP receiver: one POST an event over a connection that is kept."""

from __future__ import annotations

import gzip
import http.client
import json
import math
import re
import socket
import ssl
import time
from base64 import b64encode
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

from sparklineage.model.masking import mask, spellings
from sparklineage.relay.sinks.connection import PlainConnection, SecureConnection
from sparklineage.relay.sinks.interface import Answer, Verdict
from sparklineage.relay.sinks.respell import respelt
from sparklineage.version import VERSION

if TYPE_CHECKING:
    from sparklineage.model.backend import Backend
    from sparklineage.relay.sinks.hierarchy import Hierarchy

_RETRIED = frozenset({408, 425, 429})
DENIED = frozenset({401, 403, 407})
"""Answers to who asks, and not to the event: they end when a key is given, exchanged or allowed."""
# Marquez answers 500 to JSON that it cannot read, such as a text above 20 MB, and says 400 in the body.
_MEANT_AS_REFUSAL = re.compile(rb'\s*\{\s*"code"\s*:\s*4\d\d\b')
_OURS = frozenset({"content-type", "content-encoding"})
"""Headers that the body decides about."""
_MOST_BODY = 4096
_LONGEST_WAIT = 60.0


# The second is one of its own before Python 3.10.
TIMEOUTS = (TimeoutError, socket.timeout)


class CaFileError(OSError):
    """The file with the CA cannot be used; its text says which and why."""


def trust(ca_file: str | None) -> ssl.SSLContext:
    """What a server's certificate is looked at by: this machine's own, and those of a file. Raises CaFileError."""
    context = ssl.create_default_context()
    if ca_file:
        try:
            context.load_verify_locations(cafile=ca_file)
        except OSError as error:
            why = "holds no certificate in PEM" if isinstance(error, ssl.SSLError) else error.strerror
            raise CaFileError(f"the CA file {ca_file} cannot be used: {why}") from None
    return context


class HttpSink:
    """Posts to a `Backend`. Only 2xx counts as accepted, and from Marquez only 201.

    No request is waited for beyond `until`, a value of `time.monotonic()`, though each for a second at least.
    """

    def __init__(self, backend: Backend, *, until: float = math.inf) -> None:
        self.backend = backend
        self.key = backend.key
        self.shown = backend.shown
        self._until = until
        self._patience = backend.timeout
        self._target = urlsplit(backend.target)
        self._connection: http.client.HTTPConnection | None = None
        self._proxied_plainly = False
        self._proxy_headers: dict[str, str] = {}
        self._is_marquez = True if backend.marquez else None
        # An answer that quotes the request may quote any of its headers and parameters.
        parts = [*backend.secrets, *backend.headers.values(), *backend.params.values()]
        self._secrets = spellings(dict.fromkeys([*parts, *(quote(text, safe="") for text in parts)]))
        self._headers = {
            **{key: value for key, value in backend.headers.items() if key.lower() not in _OURS},
            "Content-Type": "application/json",
            "User-Agent": f"sparklineage/{VERSION}",
            **_authorization(backend, self._target.username, self._target.password),
        }
        self._query = self._target.query
        self._path = (self._target.path or "/") + (f"?{self._query}" if self._query else "")

    def send(self, event: bytes, hierarchy: Hierarchy | None = None) -> Answer:
        """Post one event; to Marquez, or where it is refused with 400, with its datasets' namespaces respelt."""
        if hierarchy is not None and self._to_marquez():
            event = hierarchy.placed(event)
        other = respelt(event)
        if other is not None and self._to_marquez():
            return self._attempt(other)
        answer = self._attempt(event)
        if answer.status != 400 or other is None:
            return answer
        again = self._attempt(other)
        return answer if again.verdict is Verdict.REFUSED else again

    def _attempt(self, event: bytes) -> Answer:
        """Post once. A kept connection that the receiver has meanwhile closed is opened anew at once."""
        kept = self._connection is not None
        try:
            return self._post(event)
        except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError) as error:
            self.close()
            if not kept:
                return self._trouble(error)
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.close()
            return self._trouble(error)
        try:
            return self._post(event)
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.close()
            return self._trouble(error)

    @property
    def way(self) -> tuple[str, int, bool]:
        """Host and port that it connects to, and whether they are a proxy's."""
        proxy = self._proxy()
        via = urlsplit(proxy if "://" in proxy else f"http://{proxy}") if proxy else self._target
        return via.hostname or "", via.port or (443 if via.scheme == "https" and not proxy else 80), bool(proxy)

    def ask(self) -> tuple[int, str]:
        """Status and reason that an empty GET of the backend's address is answered with; no event is sent.

        Raises OSError, http.client.HTTPException or ValueError where there is no answer; `explain` tells it.
        """
        try:
            status, reason, _, _ = self._request("GET", self._path, None)
        finally:
            self.close()
        return status, mask(reason, self._secrets)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _post(self, event: bytes) -> Answer:
        status, reason, headers, body = self._request("POST", self._path, event)
        text = mask(f"{status} {reason}".strip(), self._secrets)
        if status == 201 or (200 <= status < 300 and not self._to_marquez()):
            return Answer(verdict=Verdict.ACCEPTED, status=status)
        shown = mask(body.decode("utf-8", "replace"), self._secrets)[:_MOST_BODY]
        if status in DENIED:
            text = f"{self._denial(status)}: HTTP {text}"
        elif (400 <= status < 500 and status not in _RETRIED) or (status == 500 and _MEANT_AS_REFUSAL.match(body)):
            return Answer(verdict=Verdict.REFUSED, text=text, status=status, body=shown)
        elif 200 <= status < 300:
            text += ", where Marquez says 201 to an event it has stored"
        elif 300 <= status < 400:
            text += f", a redirect to {mask(headers.get('Location') or 'nowhere', self._secrets)}: use that address"
        return Answer(verdict=Verdict.RETRY, text=text, status=status, body=shown, wait=_retry_after(headers))

    def _request(self, method: str, path: str, body: bytes | None) -> tuple[int, str, http.client.HTTPMessage, bytes]:
        self._patience = min(self.backend.timeout, max(self._until - time.monotonic(), 1.0))
        if self._connection is None:
            self._connection = self._connect()
        elif self._connection.sock is not None:
            self._connection.sock.settimeout(self._patience)
        proxied = path
        if self._proxied_plainly:
            proxied = f"{self._target.scheme}://{self._target.netloc.rpartition('@')[2]}{path}"
        headers = self._headers | self._proxy_headers
        if body is not None and self.backend.compression == "gzip":
            body, headers["Content-Encoding"] = gzip.compress(body, 6), "gzip"
        self._connection.request(method, proxied, body=body, headers=headers)
        response = self._connection.getresponse()
        # A little more than is kept, so that no secret is cut in two and then not known.
        answer = response.read(_MOST_BODY + 1024)
        if not response.isclosed() and len(response.read(1 << 20)) == 1 << 20:
            self.close()  # an endless answer is not read to its end
        if response.will_close:
            self.close()
        return response.status, response.reason, response.headers, answer

    def _connect(self) -> http.client.HTTPConnection:
        target, timeout = self._target, self._patience
        secure = target.scheme == "https"
        host, port = target.hostname or "", target.port or (443 if secure else 80)
        self._proxied_plainly, self._proxy_headers = False, {}
        proxy = self._proxy()
        context = trust(self.backend.ca_file) if secure else None
        if not proxy:
            if context:
                return SecureConnection(host, port, timeout=timeout, context=context)
            return PlainConnection(host, port, timeout=timeout)
        via = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
        headers = {}
        if via.username:
            pair = f"{unquote(via.username)}:{unquote(via.password or '')}"
            headers["Proxy-Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
        if context:
            tunnel = SecureConnection(via.hostname or "", via.port or 80, timeout=timeout, context=context)
            tunnel.set_tunnel(host, port, headers)
            return tunnel
        self._proxied_plainly, self._proxy_headers = True, headers
        return PlainConnection(via.hostname or "", via.port or 80, timeout=timeout)

    def _proxy(self) -> str | None:
        host = self._target.hostname or ""
        return self.backend.proxy or (None if proxy_bypass(host) else getproxies().get(self._target.scheme))

    def _to_marquez(self) -> bool:
        """Whether the receiver is Marquez; asked only where it matters, and once it has answered not again."""
        if self._is_marquez is not None:
            return self._is_marquez
        path = self._target.path.removesuffix("/lineage") + "/namespaces?limit=1"
        path += f"&{self._query}" if self._query else ""
        for _ in range(2):  # the first time over a kept connection, which may be closed
            try:
                status, _, _, body = self._request("GET", path, None)
            except TIMEOUTS:
                self.close()
                break
            except (OSError, http.client.HTTPException, ValueError):
                self.close()
                continue
            if status < 500:
                self._is_marquez = status == 200 and _lists_namespaces(body)
            break
        return bool(self._is_marquez)

    def _denial(self, status: int) -> str:
        if status == 407:
            named = any(name.lower() == "proxy-authorization" for name in (*self._headers, *self._proxy_headers))
            return "the proxy refuses the login" if named else "the proxy asks for a login"
        named = bool(self.backend.secrets) or any(name.lower() == "authorization" for name in self._headers)
        return "the backend refuses the key" if named else "the backend asks for a key"

    def _trouble(self, error: Exception) -> Answer:
        return Answer(verdict=Verdict.RETRY, text=self.explain(error))

    def explain(self, error: Exception) -> str:
        """Why there was no answer, without a secret."""
        if isinstance(error, TIMEOUTS):
            text = f"no answer within {round(self._patience, 1):g} s"
        elif isinstance(error, ssl.SSLCertVerificationError):
            text = f"its certificate is not trusted ({error.verify_message}); name a private CA's file in SSL_CERT_FILE"
        elif isinstance(error, ConnectionRefusedError):
            text = "connection refused"
        elif isinstance(error, (http.client.InvalidURL, ValueError)) and not isinstance(error, OSError):
            # The error quotes the header or the address, in a spelling of its own.
            text = "the request cannot be sent: its address or one of its headers holds a character that HTTP forbids"
        else:
            text = str(error) or type(error).__name__
        return mask(text, self._secrets)


def _authorization(backend: Backend, user: str | None, password: str | None) -> dict[str, str]:
    if backend.api_key:
        return {"Authorization": f"Bearer {backend.api_key.reveal()}"}
    if user:
        pair = f"{unquote(user)}:{unquote(password or '')}"
        return {"Authorization": f"Basic {b64encode(pair.encode()).decode()}"}
    return {}


def _lists_namespaces(body: bytes) -> bool:
    try:
        found = json.loads(body)
    except ValueError:
        return False
    return isinstance(found, dict) and "namespaces" in found


def _retry_after(headers: http.client.HTTPMessage) -> float | None:
    value = headers.get("Retry-After")
    if not value:
        return None
    try:
        wait = float(value)
    except ValueError:
        try:
            wait = parsedate_to_datetime(value).timestamp() - time.time()
        except (TypeError, ValueError):
            return None
    return min(max(wait, 0.0), _LONGEST_WAIT)
