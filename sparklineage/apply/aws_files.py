"""Whether the files that a cluster or job reads lie in S3: without its JARs it would fail, and cost money before."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sparklineage.apply.aws import about
from sparklineage.errors import NoSuchPlaceError, SparklineageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sparklineage.apply.aws import Service

_OBJECT = re.compile(r"s3[an]?://([^/]+)/(.+)")


def need(service: Service, uris: Iterable[str]) -> tuple[str, ...]:
    """Raises NoSuchPlaceError for those that S3 says are missing. What cannot be told is no error: whoever starts a job
    need not be allowed to read what it reads. Gives a warning about what was not asked for.
    """
    places = {uri: found.groups() for uri in dict.fromkeys(uris) if (found := _OBJECT.fullmatch(uri))}
    if not places:
        return ()
    if service.options.endpoint_url is not None:
        # It is that of the service, and need not be one of S3, whose answer would mean nothing.
        what = f"Whether {', '.join(places)} lie there was not checked, for --endpoint-url need not lead to S3"
        return (f"{what}; with AWS_ENDPOINT_URL in its place it is.",)
    refuse([uri for uri, place in places.items() if _missing(service, *place)])
    return ()


def refuse(missing: list[str]) -> None:
    """Raises NoSuchPlaceError where anything is missing."""
    if missing:
        raise NoSuchPlaceError(
            f"{', '.join(missing)}: not there yet, so nothing was sent; put it there first (`sparklineage jar upload` "
            "takes JARs, `--out DIR` writes the scripts)."
        )


def _missing(service: Service, bucket: str, key: str) -> bool:
    asked = about(f"s3://{bucket}/{key}", "s3:GetObject", "upload it")
    try:
        service.ask_other("s3", "HeadObject", {"Bucket": bucket, "Key": key}, asked)
    except NoSuchPlaceError:
        return True
    except SparklineageError:
        return False
    return False
