"""What the two services of AWS share: a client that gives up soon, and a sentence for every error."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sparklineage.config import aws_credentials
from sparklineage.config.secrets.interface import UnreadableError, missing
from sparklineage.config.secrets.remote import bounded

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_UNREACHABLE = "but AWS cannot be reached; check the network, the region and AWS_ENDPOINT_URL."
_ABSENT = "which does not exist in the region {region}, or has no value; check its name and the region."
_KMS = "which cannot be decrypted; allow kms:Decrypt for its key, and check that the key is enabled."
_DENIED = "which may not be read; allow {action} for it (and kms:Decrypt where it has a key of its own)."
_LATER = "but AWS refuses for now; try again later."
_NAME = "which is no name that AWS accepts."

_BY_CLASS = {
    **{name: f"but {sentence}" for name, sentence in aws_credentials.BY_CLASS.items()},
    "NoRegionError": "but no AWS region is set; set AWS_REGION, or write the ARN.",
    "InvalidRegionError": "but the AWS region that is set has no valid name.",
    "SSLError": "but the certificate of AWS is not trusted here; check AWS_CA_BUNDLE and the proxy.",
    "HTTPClientError": _UNREACHABLE,
    "ConnectionError": _UNREACHABLE,
    "ParamValidationError": _NAME,
    # Of an endpoint that is no URL.
    "ValueError": "but boto3 does not accept the endpoint that is set; check AWS_ENDPOINT_URL.",
}
_BY_CODE = {
    **dict.fromkeys(("ResourceNotFoundException", "ParameterNotFound", "ParameterVersionNotFound"), _ABSENT),
    **dict.fromkeys(("AccessDeniedException", "AccessDenied", "UnauthorizedOperation"), _DENIED),
    **dict.fromkeys(("DecryptionFailure", "InvalidKeyId", "KMSAccessDeniedException"), _KMS),
    **dict.fromkeys(("ExpiredTokenException", "ExpiredToken", "RequestExpired"), f"but {aws_credentials.EXPIRED}"),
    **dict.fromkeys(
        ("UnrecognizedClientException", "InvalidClientTokenId", "InvalidSignatureException", "SignatureDoesNotMatch",
         "IncompleteSignature", "MissingAuthenticationToken", "AuthFailure"),
        f"but {aws_credentials.UNKNOWN}",
    ),
    **dict.fromkeys(("ThrottlingException", "Throttling", "TooManyRequestsException", "InternalServiceError",
                     "InternalServerError", "InternalFailure", "ServiceUnavailable"), _LATER),
    **dict.fromkeys(("ValidationException", "InvalidParameterException"), _NAME),
}  # fmt: skip


def ask(
    service: str,
    question: Callable[[Any], str],
    *,
    name: str,
    what: str,
    action: str,
    environ: Mapping[str, str],
    timeout: float,
) -> str:
    """What `question` makes of a client of `service`, within twice `timeout` seconds, one repetition included.

    Credentials, region and endpoint are found by boto3's own rules; an ARN says its region itself, and AWS_REGION,
    which boto3 does not read, counts. Raises UnreadableError about `what`, and MissingExtraError without boto3.
    """
    try:
        import boto3
        from botocore.config import Config
    except ImportError:
        raise missing(what, "boto3", "aws") from None

    region = region_of(name) or environ.get("AWS_REGION") or None
    config = Config(
        connect_timeout=timeout / 2,
        read_timeout=timeout / 2,
        retries={"total_max_attempts": 2, "mode": "standard"},
    )

    def work() -> str:
        nonlocal region
        client = boto3.Session(region_name=region).client(service, config=config)
        region = client.meta.region_name
        return question(client)

    try:
        return bounded(work, 2 * timeout)
    except UnreadableError:
        raise
    except TimeoutError:
        problem = f"but AWS has not answered within {2 * timeout:g} s; check the network, the region and the endpoint."
    except Exception as error:  # noqa: BLE001 - whatever a client raises, and its text may hold an answer
        problem = _problem(error).format(region=region, action=action)
    raise UnreadableError(f"{what}, {problem}")


def _problem(error: Exception) -> str:
    """The sentence for an exception of boto3. Nothing of its own text, which may quote the answer."""
    for ancestor in type(error).__mro__:
        if ancestor.__name__ in _BY_CLASS:
            return _BY_CLASS[ancestor.__name__]
    answer = getattr(error, "response", None)
    if not isinstance(answer, dict):
        return f"but boto3 fails with {type(error).__name__}."
    code, message = (str(answer.get("Error", {}).get(part, "")) for part in ("Code", "Message"))
    return by_code(code, message, answer.get("ResponseMetadata", {}).get("HTTPStatusCode", ""))


def by_code(code: str, message: str, status: object = "") -> str:
    """The sentence for an error that AWS answers with; {region} and {action} stand in it. Nothing of `message`."""
    if "kms" in message.lower():
        return _KMS
    if code == "InvalidRequestException" and "delet" in message:
        return "which is marked for deletion; restore it, or refer to another one."
    if code in _BY_CODE:
        return _BY_CODE[code]
    shown = code if re.fullmatch("[A-Za-z.]{1,64}", code) else "with an error"
    return f"but AWS answers {shown} (status {status})." if status else f"but AWS answers {shown}."


def region_of(name: str) -> str:
    """The region of an ARN: arn:partition:service:region:account:…"""
    parts = name.split(":")
    return parts[3] if parts[0] == "arn" and len(parts) > 5 else ""
