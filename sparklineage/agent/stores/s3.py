"""A bucket of S3, or of a store that speaks as S3 does."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlencode

from sparklineage.agent.stores.etag import same_by_etag
from sparklineage.agent.stores.interface import Payload, State, Stored, StoreOptions
from sparklineage.agent.stores.s3_errors import status_of, translated
from sparklineage.config.secrets.remote import quiet
from sparklineage.errors import MissingExtraError, NoSuchPlaceError, RegionError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sparklineage.agent.artifact import Progress

T = TypeVar("T")
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._\-]{1,253}[A-Za-z0-9]")
_DIGEST = "sparklineage-sha512"
"""Metadata of each object: the digest, by which an equal one is known with a single HEAD."""
_LONGEST_KEY = 1024
_TAGS = 10


@dataclass(frozen=True, kw_only=True)
class Bucket:
    """Objects below a prefix. Credentials, proxies and endpoints are found by boto3's own rules."""

    scheme: str
    bucket: str
    prefix: str
    """Without slashes around it; empty for the bucket itself."""
    options: StoreOptions
    region: str | None = None
    """Of the environment; the bucket's own is followed in any case."""
    _made: list[Any] = field(default_factory=list, repr=False, compare=False)

    def address(self, name: str) -> str:
        return f"{self.scheme}://{self.bucket}/{self.key(name)}"

    def key(self, name: str) -> str:
        return f"{self.prefix}/{name}" if self.prefix else name

    def state(self, payload: Payload) -> State:
        """One HEAD for an object that is there, a second one of the bucket where there is none."""
        with quiet():
            try:
                found = self._client().head_object(Bucket=self.bucket, Key=self.key(payload.name))
            except Exception as error:  # noqa: BLE001 - whatever boto3 raises becomes a sentence
                if status_of(error) != 404:
                    raise self._problem(error, payload.name, "s3:GetObject and s3:ListBucket") from None
                self._need_bucket()
                return "missing"
        if found.get("ContentLength") != payload.size:
            return "other"
        if digest := found.get("Metadata", {}).get(_DIGEST):
            return "equal" if digest == payload.sha512 else "other"
        # Put there by somebody else.
        same = payload.path is not None and same_by_etag(payload.path, str(found.get("ETag", "")))
        return "equal" if same else "other"

    def put(self, payload: Payload, progress: Progress | None) -> None:
        """One request, or parts at once, which are all given up where one fails: an object is whole or not there."""
        extra: dict[str, Any] = {"Metadata": {_DIGEST: payload.sha512}}
        if self.options.encryption:
            extra["ServerSideEncryption"] = self.options.encryption
        if self.options.kms_key:
            extra["SSEKMSKeyId"] = self.options.kms_key
        if self.options.tags:
            extra["Tagging"] = urlencode(self.options.tags)
        self._ask(
            lambda client: client.upload_file(
                str(payload.path), self.bucket, self.key(payload.name), ExtraArgs=extra,
                Callback=_Counted(progress, payload.size) if progress else None,
            ),
            payload.name,
            "s3:PutObject" + (", s3:PutObjectTagging" if self.options.tags else ""),
        )  # fmt: skip

    def stored(self) -> Sequence[Stored]:
        prefix = f"{self.prefix}/" if self.prefix else ""

        def ask(client: Any) -> list[Stored]:
            pages = client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix, Delimiter="/")
            keys = [(found["Key"], found["Size"]) for page in pages for found in page.get("Contents", ())]
            return [
                Stored(
                    name=key.removeprefix(prefix),
                    size=size,
                    sha512=client.head_object(Bucket=self.bucket, Key=key)["Metadata"].get(_DIGEST),
                )
                for key, size in keys
                if key.endswith(".jar")
            ]

        return self._ask(ask, "", "s3:ListBucket and s3:GetObject")

    def _ask(self, question: Callable[[Any], T], name: str, action: str) -> T:
        with quiet():
            try:
                return question(self._client())
            except Exception as error:  # noqa: BLE001 - whatever boto3 raises becomes a sentence
                raise self._problem(error, name, action) from None

    def _client(self) -> Any:
        """Made once; where a region is asked for, the bucket's is compared with it."""
        if not self._made:
            try:
                import boto3
                from botocore.config import Config
            except ImportError:
                raise MissingExtraError(
                    f"{self.address('')}: S3 needs boto3; run `pip install 'sparklineage-toolkit[aws]'`."
                ) from None
            config = Config(connect_timeout=10, read_timeout=60, retries={"mode": "standard", "total_max_attempts": 4})
            session = boto3.Session(region_name=self.options.region or self.region)
            self._made.append(session.client("s3", config=config, endpoint_url=self.options.endpoint_url))
            if self.options.region:
                self._need_region(self.options.region)
        return self._made[0]

    def _need_bucket(self) -> None:
        try:
            self._made[0].head_bucket(Bucket=self.bucket)
        except Exception as error:  # noqa: BLE001 - 403 only says that it may not be listed
            if status_of(error) == 404:
                raise NoSuchPlaceError(
                    f"{self.address('')}: there is no bucket {self.bucket}; make it first."
                ) from None

    def _need_region(self, wanted: str) -> None:
        """The header is there even in a refusal."""
        try:
            answer = self._made[0].head_bucket(Bucket=self.bucket)
        except Exception as error:  # noqa: BLE001
            answer = getattr(error, "response", None) or {}
        found = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("x-amz-bucket-region", wanted)
        if found != wanted:
            raise RegionError(
                f"{self.address('')}: the bucket lies in {found}, and --region is {wanted}; name a bucket there, or "
                "leave --region out."
            )

    def _problem(self, error: Exception, name: str, action: str) -> Exception:
        return translated(error, what=self.address(name), bucket=self.bucket, action=action)


def store(target: str, options: StoreOptions, environ: Mapping[str, str]) -> Bucket:
    """The bucket and prefix of `s3://bucket/prefix`. Raises UsageError."""
    scheme, bucket, prefix = parts(target)
    if len(options.tags) > _TAGS:
        raise UsageError(f"--tag: an object of S3 takes {_TAGS} tags, and here are {len(options.tags)}.")
    return Bucket(scheme=scheme, bucket=bucket, prefix=prefix, options=options, region=environ.get("AWS_REGION"))


def parts(target: str) -> tuple[str, str, str]:
    """Scheme, bucket and prefix of `s3://bucket/prefix`, without slashes at its end. Raises UsageError."""
    scheme, _, rest = target.partition("://")
    bucket, _, prefix = rest.partition("/")
    if not _BUCKET.fullmatch(bucket):
        raise UsageError(f"{target}: {bucket!r} is no name of a bucket; write s3://bucket/prefix.")
    prefix = prefix.rstrip("/")
    if len(prefix.encode()) > _LONGEST_KEY - 200 or "//" in f"/{prefix}":
        raise UsageError(f"{target}: no prefix for objects; write a short one without empty parts.")
    return scheme, bucket, prefix


class _Counted:
    """Adds up what the threads of an upload tell."""

    def __init__(self, progress: Progress, size: int | None) -> None:
        self._progress, self._size, self._done = progress, size, 0
        self._lock = threading.Lock()

    def __call__(self, amount: int) -> None:
        with self._lock:
            self._done += amount
            self._progress(self._done, self._size)
