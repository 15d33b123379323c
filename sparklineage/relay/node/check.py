"""Whether the backend can be reached from this node, and where to look if it cannot."""

from __future__ import annotations

import errno
import http.client
import socket
import ssl
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sparklineage.config.secrets.remote import bounded
from sparklineage.errors import SparklineageError
from sparklineage.relay.sinks.http import TIMEOUTS, CaFileError, HttpSink

if TYPE_CHECKING:
    from collections.abc import Callable

    from sparklineage.model.backend import Backend
    from sparklineage.model.secret import Secret, SecretReference

_UNROUTED = (errno.ENETUNREACH, errno.EHOSTUNREACH)
# OpenSSL's X509_V_ERR_HOSTNAME_MISMATCH and X509_V_ERR_IP_ADDRESS_MISMATCH.
_OTHER_NAME = (62, 64)


@dataclass(frozen=True)
class Checked:
    """One line of what was found, and a hint where it is no good."""

    line: str
    hint: str | None = None

    @property
    def good(self) -> bool:
        return self.hint is None


def check(backend: Backend, fetch: Callable[[SecretReference, str], Secret]) -> Checked:
    """Ask the backend once, with its key: a connection and an empty GET of its address. No event is sent.

    Takes at most about three times the backend's time-out, and what its secrets take.
    """
    try:
        backend = backend.with_secrets(fetch)
    except SparklineageError as error:
        return Checked(
            f"{backend.shown}: not asked, for want of a secret. {error}",
            "key: let the role of this node read the secret, or correct the reference in relay.json",
        )
    sink = HttpSink(backend)
    answer: tuple[int, str] = (0, "")

    def ask() -> str:
        nonlocal answer
        answer = sink.ask()
        return ""

    try:
        # A name server that is silent knows no time-out of ours.
        bounded(ask, 3 * backend.timeout + 1)
    except (OSError, http.client.HTTPException, ValueError) as error:
        return Checked(f"{backend.shown}: {sink.explain(error)}", _hint(error, sink))
    status, reason = answer
    shown = f"{status} {reason}".strip()
    hint = _status_hint(status, backend)
    return Checked(f"{backend.shown}: " + (shown if hint else f"reached, answers {shown} to an empty GET"), hint)


def _hint(error: Exception, sink: HttpSink) -> str:
    host, port, proxied = sink.way
    place = f"{host}:{port}"
    found = _tls_hint(error, place)
    if found:
        return found
    direct, through = next((hints for which, *hints in _HINTS if which(error)), _OTHER)
    return (through if proxied else direct).format(host=host, place=place)


_HINTS: tuple[tuple[Callable[[Exception], bool], str, str], ...] = (
    (
        lambda error: str(error).startswith("Tunnel connection failed: 407"),
        "",
        "proxy: {place} wants a login; put it into HTTPS_PROXY of the service's environment",
    ),
    (
        lambda error: str(error).startswith("Tunnel connection failed"),
        "",
        "proxy: {place} does not let this through; allow the backend's host and port there",
    ),
    (
        lambda error: isinstance(error, socket.gaierror),
        "DNS: no name server here knows {host}; check its spelling, the VPC's DNS settings and private zones",
        "proxy: no name server here knows {host}; correct `proxy` in relay.json, or HTTPS_PROXY",
    ),
    (
        lambda error: isinstance(error, TIMEOUTS),
        (
            "security group: nothing comes back from {place}; let the node's outbound and the backend's inbound rules "
            "and the routes (NAT, peering) pass it, or name a proxy"
        ),
        "proxy: {place} does not answer; check its address and the security groups on the way to it",
    ),
    (
        lambda error: isinstance(error, ConnectionRefusedError),
        "port: nothing listens at {place}, or a firewall refuses; check the port and that the backend runs",
        "proxy: nothing listens at {place}; correct `proxy` in relay.json, or HTTPS_PROXY",
    ),
    (
        lambda error: isinstance(error, OSError) and error.errno in _UNROUTED,
        "route: there is no way to {place}; check the subnet's routes (NAT gateway, peering), or name a proxy",
        "route: there is no way to the proxy {place}; check the subnet's routes",
    ),
    (
        lambda error: isinstance(error, (http.client.HTTPException, ConnectionError)),
        "protocol: {place} speaks no HTTP here; check the port, and whether the address begins with https://",
        "proxy: {place} speaks no HTTP here; correct `proxy` in relay.json, or HTTPS_PROXY",
    ),
)
"""Which error, what it means on a direct way, and through a proxy."""
_OTHER = ["address: correct `backend` in relay.json"] * 2


def _tls_hint(error: Exception, place: str) -> str | None:
    if isinstance(error, CaFileError):
        return "TLS: correct `caFile` in relay.json; the file has to be PEM, and the relay's user has to read it"
    if isinstance(error, ssl.SSLCertVerificationError):
        if error.verify_code in _OTHER_NAME:
            return "TLS: the certificate is for another name; use that one in `url`"
        return (
            "TLS: name the file with the CA of the backend, or of the proxy that opens its traffic, in `caFile` of "
            "relay.json"
        )
    if isinstance(error, ssl.SSLError):
        return f"TLS: {place} speaks no TLS that is accepted here; check the port, and whether http:// is meant"
    return None


def _status_hint(status: int, backend: Backend) -> str | None:
    if status in (401, 403) and not replace(backend, proxy=None).secrets:
        return "key: the backend wants one; set `apiKey` or `headers` in relay.json to a reference"
    return _BY_STATUS.get(status) or _BY_HUNDRED.get(status // 100)


_DENIED = "key: the backend does not take it; correct what the reference in relay.json leads to"
_GATEWAY = "proxy: what stands before the backend (a proxy, a load balancer) does not reach it; check that it runs"
_BY_STATUS = {
    401: _DENIED,
    403: _DENIED,
    407: "proxy: it wants a login; put it into HTTP_PROXY of the service's environment",
    **dict.fromkeys((502, 503, 504), _GATEWAY),
}
_BY_HUNDRED = {
    3: "address: it redirects; write the address that it leads to as `url` in relay.json",
    5: "backend: it fails by itself; look into its log",
}
