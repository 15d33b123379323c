"""The options about the place that JARs go to or lie in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sparklineage.errors import UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from sparklineage.agent.stores.interface import StoreOptions

_TAG = re.compile(r"[\w +\-=.:/@]*")
TARGETS = (
    "s3://bucket/prefix, gs://bucket/prefix (by gcloud), hdfs://host/folder (by hdfs dfs), "
    "/Volumes/catalog/schema/volume, /Workspace/folder, or a mounted folder"
)


def add_store(parser: argparse.ArgumentParser) -> None:
    """What every command takes that asks a place."""
    add = parser.add_argument
    add("--region", metavar="R", help="the region in which the bucket has to lie (default: wherever it is)")
    add("--endpoint-url", metavar="URL", help="of an S3-compatible store (default: AWS_ENDPOINT_URL)")


def add_writing(parser: argparse.ArgumentParser) -> None:
    """What those take that write to it."""
    add = parser.add_argument
    add("--sse", choices=["AES256", "aws:kms", "aws:kms:dsse"], help="S3: encrypt so (default: as the bucket says)")
    add("--kms-key", metavar="ID", help="S3: encrypt with this key of KMS: its id, ARN or alias")
    add("--tag", action="append", metavar="KEY=VALUE", help="S3: give the objects this tag; repeatable")


def store_options(args: argparse.Namespace) -> StoreOptions:
    """The options as the stores take them. Raises UsageError."""
    from sparklineage.agent.stores.interface import StoreOptions  # noqa: PLC0415

    key, encryption = getattr(args, "kms_key", None), getattr(args, "sse", None)
    if key and encryption == "AES256":
        raise UsageError("--kms-key goes with --sse aws:kms, not with AES256.")
    return StoreOptions(
        encryption=encryption or ("aws:kms" if key else None),
        kms_key=key,
        tags=dict(_tags(getattr(args, "tag", None) or ())),
        region=args.region,
        endpoint_url=args.endpoint_url,
    )


def _tags(texts: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Lengths and characters: Amazon S3 User Guide, object tagging."""
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or not key or len(key) > 128 or len(value) > 256:
            raise UsageError(f"--tag is {text!r}; write KEY=VALUE, with at most 128 and 256 characters.")
        if not _TAG.fullmatch(key + value):
            raise UsageError(f"--tag is {text!r}; a tag has letters, digits, blanks and + - = . _ : / @ only.")
        yield key, value
