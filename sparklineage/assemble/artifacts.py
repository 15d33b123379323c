"""Where the JARs of a platform lie: an address that it can read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sparklineage.errors import ConfigError

if TYPE_CHECKING:
    from sparklineage.config.spec import Spec

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*):")
_S3 = ("s3", "s3a")
_SCHEMES = {
    "dataproc": ("gs", "hdfs", "file"),
    "emr": (*_S3, "s3n", "hdfs", "file", "local"),
    "emr-containers": (*_S3, "file", "local"),
    "emr-serverless": (*_S3, "file", "local"),
    "glue": ("s3",),
    "sagemaker": _S3,
}
"""What the vendors' documentation of each names; the others take whatever their Spark reads, or check it themselves."""
_BUCKETS = frozenset(("glue", "sagemaker"))
"""Platforms with no disk of the user's."""


def artifacts_of(spec: Spec, name: str) -> str:
    """The folder without a slash at its end; empty where none is set. Raises ConfigError for one of another place."""
    text = (spec.text("platform.artifacts") or "").rstrip("/")
    allowed = _SCHEMES.get(name)
    if not text or allowed is None:
        return text
    found = _SCHEME.match(text)
    if found is None and (name in _BUCKETS or not text.startswith("/")):
        _refuse(spec, name, text, f"which is no address; write {_example(name)}")
    if found is not None and found[1].lower() not in allowed:
        _refuse(spec, name, text, f"which {name} does not read; write {_example(name)}")
    if found is not None and found[1].lower() in {*_S3, "s3n", "gs"} and not re.match(r"[a-z0-9]+://[^/]", text):
        _refuse(spec, name, text, f"which names no bucket; write {_example(name)}")
    return text


def _refuse(spec: Spec, name: str, text: str, why: str) -> None:
    source = spec.source("platform.artifacts") or "default"
    raise ConfigError(f"{source}: platforms.{name}.artifacts is {text[:200]!r}, {why}.")


def _example(name: str) -> str:
    return "gs://BUCKET/PREFIX" if name == "dataproc" else "s3://BUCKET/PREFIX"
