"""A sentence and an exit code for whatever EMR, its kin and boto3 answer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from sparklineage.apply.shown import reason
from sparklineage.config import aws_credentials
from sparklineage.errors import (
    ApplyError,
    CredentialsError,
    ForbiddenError,
    NoSuchPlaceError,
    RegionError,
    SparklineageError,
    TransferError,
    UnknownOutcomeError,
    UsageError,
)

_REACH = "AWS cannot be reached, and nothing was sent; check the network, the region, the proxy and AWS_ENDPOINT_URL."
_BROKE = "the network broke off, and nothing was changed; try again."
_LATER = "AWS refuses for now, after several attempts, and nothing was changed; try again later."
_LOST = "the answer got lost on the way, so nobody knows whether it was done: look with `{look}` before you try again."

_BY_CLASS: dict[str, tuple[type[SparklineageError], str]] = {
    **{name: (CredentialsError, sentence) for name, sentence in aws_credentials.BY_CLASS.items()},
    "NoRegionError": (RegionError, "no AWS region is known; give --region, or set AWS_REGION."),
    "InvalidRegionError": (RegionError, "the AWS region that is set has no valid name; give --region."),
    "SSLError": (TransferError, "the certificate of AWS is not trusted here; check AWS_CA_BUNDLE and the proxy."),
    "EndpointConnectionError": (TransferError, _REACH),
    "ConnectTimeoutError": (TransferError, _REACH),
    "ProxyConnectionError": (TransferError, _REACH),
    # Of an endpoint that is no URL.
    "ValueError": (UsageError, "boto3 does not accept the endpoint; check --endpoint-url and AWS_ENDPOINT_URL."),
}
_BROKEN = frozenset(("HTTPClientError", "ConnectionError"))
THROTTLED = frozenset(
    ("ThrottlingException", "Throttling", "ThrottledException", "TooManyRequestsException", "RequestLimitExceeded",
     "RequestThrottled", "RequestThrottledException")
)  # fmt: skip
"""What a service answers with that has done nothing, because it was asked too often."""
_BY_CODE: dict[str, tuple[type[SparklineageError], str]] = {
    **dict.fromkeys(THROTTLED, (TransferError, _LATER)),
    **dict.fromkeys(
        ("ExpiredTokenException", "ExpiredToken", "RequestExpired", "TokenRefreshRequired"),
        (CredentialsError, aws_credentials.EXPIRED),
    ),
    **dict.fromkeys(
        ("UnrecognizedClientException", "InvalidClientTokenId", "InvalidSignatureException", "SignatureDoesNotMatch",
         "IncompleteSignature", "MissingAuthenticationToken", "AuthFailure"),
        (CredentialsError, aws_credentials.UNKNOWN),
    ),
    **dict.fromkeys(
        ("AccessDeniedException", "AccessDenied", "UnauthorizedOperation"),
        (ForbiddenError, "this may not be done; allow {action}."),
    ),
}  # fmt: skip
_UNCLEAR = frozenset(("InvalidRequestException", "ValidationException"))
"""What a question about something that is not there is answered with by some, and much else too."""
_NOT_THERE = re.compile(r"(?i)is not valid|not found|does not exist|doesn't exist|no such")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a question was about."""

    what: str
    """`the cluster j-1 in eu-west-1`."""
    action: str
    """The permissions that are needed."""
    absent: str
    """What to do where it is not there."""
    look: str | None = None
    """For a call that changes something: the command by which a person finds out whether it did."""
    secrets: tuple[str, ...] = ()
    """What no sentence may hold."""


def code_of(error: Exception) -> str:
    """What the service answered with; empty where it did not answer."""
    return str(_answer(error).get("Error", {}).get("Code", ""))


def translated(error: Exception, asked: Asked) -> SparklineageError:
    """The error to raise for an exception of boto3."""
    if isinstance(error, SparklineageError):
        return error
    for ancestor in type(error).__mro__:
        if ancestor.__name__ in _BY_CLASS:
            kind, sentence = _BY_CLASS[ancestor.__name__]
            return kind(f"{asked.what}: {sentence}")
        if ancestor.__name__ in _BROKEN:
            return _lost(asked)
    if not _answer(error):
        return ApplyError(f"{asked.what}: boto3 fails with {type(error).__name__}.")
    return _answered(error, asked)


def _answered(error: Exception, asked: Asked) -> SparklineageError:
    answer, code = _answer(error), code_of(error)
    message = reason(answer.get("Error", {}).get("Message", ""), asked.secrets)
    status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in _BY_CODE:
        kind, sentence = _BY_CODE[code]
        return kind(f"{asked.what}: {sentence.format(action=asked.action)}")
    absent = asked.look is None and code in _UNCLEAR and _NOT_THERE.search(message)
    if absent or code in {"ResourceNotFoundException", "NoSuchKey", "NoSuchBucket", "404"}:
        return NoSuchPlaceError(f"{asked.what}: it is not there; {asked.absent}.")
    if isinstance(status, int) and status >= 500:
        return _lost(asked)
    shown = code if re.fullmatch("[A-Za-z.]{1,64}", code) else "an error"
    return ApplyError(f"{asked.what}: AWS refuses it with {shown}: {message.rstrip('.') or 'no reason is given'}.")


def _lost(asked: Asked) -> SparklineageError:
    if asked.look is None:
        return TransferError(f"{asked.what}: {_BROKE}")
    return UnknownOutcomeError(f"{asked.what}: {_LOST.format(look=asked.look)}")


def _answer(error: Exception) -> dict[str, Any]:
    found = getattr(error, "response", None)
    return found if isinstance(found, dict) else {}
