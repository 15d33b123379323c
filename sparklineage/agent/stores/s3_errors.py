"""A sentence and an exit code for whatever S3 and boto3 answer."""

from __future__ import annotations

import re
from typing import Any

from sparklineage.config import aws_credentials
from sparklineage.errors import (
    CredentialsError,
    ForbiddenError,
    NoSuchPlaceError,
    RegionError,
    SparklineageError,
    StoreError,
    TransferError,
    UsageError,
)

_UNREACHABLE = "the network broke off, or S3 cannot be reached; nothing was left half done. Try again, and check the "
_UNREACHABLE += "proxy, the endpoint and, in a VPC, the gateway endpoint of S3."
_DENIED = "this may not be done; allow {action} for it, and kms:GenerateDataKey and kms:Decrypt for a key of KMS."
_KMS = "the key of KMS cannot be used; check its name and that it is enabled, and allow kms:GenerateDataKey and "
_KMS += "kms:Decrypt for it."
_REGION = "the bucket {bucket} lies in another region{region}; leave --region out, or set AWS_REGION to it."
_LATER = "S3 refuses for now; nothing was left half done, try again later."
_BAD = "S3 does not accept the request; the session may have expired, or the region may be wrong."

_BY_CLASS: dict[str, tuple[type[SparklineageError], str]] = {
    **{name: (CredentialsError, sentence) for name, sentence in aws_credentials.BY_CLASS.items()},
    "NoRegionError": (RegionError, "no AWS region is set; set AWS_REGION."),
    "InvalidRegionError": (RegionError, "the AWS region that is set has no valid name."),
    "SSLError": (TransferError, "the certificate of S3 is not trusted here; check AWS_CA_BUNDLE and the proxy."),
    "HTTPClientError": (TransferError, _UNREACHABLE),
    "ConnectionError": (TransferError, _UNREACHABLE),
    "ParamValidationError": (UsageError, "S3 takes no such name, tag or key."),
    # Of an endpoint that is no URL.
    "ValueError": (UsageError, "boto3 does not accept the endpoint; check --endpoint-url and AWS_ENDPOINT_URL."),
}
_BY_CODE: dict[str, tuple[type[SparklineageError], str]] = {
    "NoSuchBucket": (NoSuchPlaceError, "there is no bucket {bucket}; make it first."),
    "NoSuchUpload": (TransferError, "somebody gave the upload up; nothing was left half done, try again."),
    **dict.fromkeys(("AccessDenied", "AllAccessDisabled", "AccountProblem", "403"), (ForbiddenError, _DENIED)),
    **dict.fromkeys(
        ("ExpiredToken", "RequestExpired", "TokenRefreshRequired"),
        (CredentialsError, aws_credentials.EXPIRED),
    ),
    **dict.fromkeys(
        ("InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "InvalidSecurity", "RequestTimeTooSkewed",
         "NotSignedUp", "401"),
        (CredentialsError, aws_credentials.UNKNOWN),
    ),
    **dict.fromkeys(
        ("PermanentRedirect", "TemporaryRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException",
         "301", "307"),
        (RegionError, _REGION),
    ),
    **dict.fromkeys(
        ("SlowDown", "ServiceUnavailable", "InternalError", "RequestTimeout", "Throttling", "ThrottlingException",
         "500", "503"),
        (TransferError, _LATER),
    ),
    **dict.fromkeys(
        ("BadDigest", "InvalidDigest", "XAmzContentSHA256Mismatch", "XAmzContentChecksumMismatch", "IncompleteBody"),
        (TransferError, "the bytes arrived changed; nothing was left half done, try again."),
    ),
    **dict.fromkeys(("InvalidTag", "InvalidTagError"), (UsageError, "S3 takes no such tag; check --tag.")),
    **dict.fromkeys(("InvalidBucketName", "KeyTooLongError"), (UsageError, "S3 takes no such name.")),
    "400": (CredentialsError, _BAD),
}  # fmt: skip


def status_of(error: Exception) -> int | None:
    """The HTTP status that S3 answered with; None where it did not answer."""
    found = _answer(error).get("ResponseMetadata", {}).get("HTTPStatusCode")
    return found if isinstance(found, int) else None


def translated(error: Exception, *, what: str, bucket: str, action: str) -> SparklineageError:
    """The error to raise for an exception of boto3, about `what`. Nothing of its own text, which may quote a request.

    `action` names the permissions that were needed.
    """
    if isinstance(error, SparklineageError):
        return error
    # What upload_file raises wraps the reason.
    inner = error.__cause__ or error.__context__
    if type(error).__name__ == "S3UploadFailedError" and isinstance(inner, Exception):
        error = inner
    for ancestor in type(error).__mro__:
        if ancestor.__name__ in _BY_CLASS:
            kind, sentence = _BY_CLASS[ancestor.__name__]
            return kind(f"{what}: {sentence}")
    if isinstance(error, OSError) and error.filename:
        return StoreError(f"{error.filename}: cannot be read ({error.strerror}).")
    answer = _answer(error)
    if not answer:
        return StoreError(f"{what}: boto3 fails with {type(error).__name__}; nothing was left half done.")
    code = str(answer.get("Error", {}).get("Code", ""))
    region = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("x-amz-bucket-region", "")
    region = f", {region}" if re.fullmatch(r"[a-z0-9\-]{5,40}", region) else ""
    if code.startswith("KMS.") or "kms" in str(answer.get("Error", {}).get("Message", "")).lower():
        return ForbiddenError(f"{what}: {_KMS}")
    kind, sentence = _BY_CODE.get(code) or _BY_CODE.get(str(status_of(error))) or (StoreError, "")
    if not sentence:
        shown = code if re.fullmatch("[A-Za-z.]{1,64}", code) else "an error"
        sentence = f"S3 answers with {shown} (status {status_of(error)}); nothing was left half done."
    return kind(f"{what}: {sentence.format(bucket=bucket, action=action, region=region)}")


def _answer(error: Exception) -> dict[str, Any]:
    found = getattr(error, "response", None)
    return found if isinstance(found, dict) else {}
