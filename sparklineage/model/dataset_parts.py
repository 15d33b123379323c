"""The parts of a dataset's name as a caller gives them: each function checks one, or takes out of it what counts.

All of them raise ValueError in a sentence that names the part, says what to pass, and shows nothing of the value.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Union

from sparklineage.model.dataset import Dataset
from sparklineage.model.dataset_uri import uri_of_path
from sparklineage.model.jdbc_url import ported
from sparklineage.model.uri_credentials import scheme_of

Location = Union[str, "os.PathLike[str]"]
"""A folder by its URI, or by its path on this machine."""

_PORTS = range(1, 65_536)
# What to pass, for the messages.
_EXAMPLES = {
    "namespace": "acme://erp",
    "name": "orders",
    "bucket": "my-bucket",
    "key": "daily/orders.parquet",
    "container": "data",
    "account": "123456789012",
    "path": "/data/orders",
    "host": "db.example.com",
    "database": "shop",
    "schema": "public",
    "table": "orders",
    "service": "ORCLPDB1",
    "cluster": "my-cluster",
    "region": "eu-west-1",
    "organization": "myorg",
    "project": "my-project",
    "dataset": "shop",
    "bootstrap": "broker:9092",
    "endpoint": "kinesis.eu-west-1.amazonaws.com",
    "topic": "orders",
    "stream": "clicks",
    "collection": "orders",
    "keyspace": "shop",
    "index": "orders",
    "warehouse": "s3://bucket/warehouse",
    "location": "s3://bucket/orders",
    "workspace": "dbc-1234.cloud.databricks.com",
    "catalog": "main",
    "url": "https://api.example.com/v1/orders",
}


def location(what: str, value: Location) -> str:
    """The URI of a folder."""
    return uri_of_path(value) if isinstance(value, os.PathLike) else part(what, value)


def on_this_machine(path: Location) -> str:
    """The `file:` URI of a path of this machine, or of that URI itself."""
    uri = location("path", path)
    # A colon without a slash behind it may be one of a file's name.
    if re.match(r"(?i)(?!file:)(?:jdbc:)?[a-z][a-z0-9+.\-_]+:/", uri):
        raise ValueError("path is a URI of another place than this machine; give it to Dataset.of")
    if isinstance(path, str) and scheme_of(uri) == "file":
        return uri
    try:
        return uri_of_path(Path(os.fsdecode(path) if isinstance(path, os.PathLike) else uri).expanduser())
    except RuntimeError:
        raise ValueError("path begins with a ~ of nobody; write it from the root") from None


def absolute(path: str) -> str:
    """The path, from the root."""
    if not part("path", path).startswith("/"):
        raise ValueError("path is relative; write it from the root")
    return path


def first(what: str, hosts: str) -> str:
    """The first of a list of hosts, each of which may have Kafka's protocol or credentials in front."""
    bare = re.sub(r"(^|,)\s*\w+://", r"\1", part(what, hosts))
    return Dataset.without_credentials(f"hosts://{bare}")[len("hosts://") :].split(",")[0]


def host(host: str, port: int | None = None, *, what: str = "host") -> str:
    """A host without user, with the port where one is given and it has none."""
    found = bare(what, part(what, host).rpartition("@")[2])
    if found.count(":") > 1 and not found.startswith("["):
        found = f"[{found}]"  # IPv6
    own = re.search(r":([^\]:]+)$", found)
    if own and not (re.fullmatch(r"[0-9]{1,9}", own.group(1)) and int(own.group(1)) in _PORTS):
        raise ValueError(f"the port behind the colon of {what} is no number from 1 to 65535")
    if port is None:
        return found
    if isinstance(port, bool) or not isinstance(port, int):
        raise ValueError(f"port is a whole number, such as 5432, and this is a {type(port).__name__}")
    if port not in _PORTS:
        raise ValueError(f"port is a number from 1 to 65535, and this is {port}")
    return ported(found, str(port))


def bare(what: str, value: str, *, example: str = "") -> str:
    """A text that is a name alone."""
    shown = example or _EXAMPLES[what]
    found = part(what, value, example=shown)
    if any(mark in found for mark in "/\\@?#;, "):
        raise ValueError(f"{what} is a name alone, such as {shown!r}, without scheme, path, parameters or credentials")
    return found


def inner(what: str, value: str) -> str:
    """A name that others follow, which the parameters of a connection would swallow."""
    found = part(what, value)
    if re.search(r"[?;]|[&#][^&#]*=", found):
        raise ValueError(f"{what} is a name alone, such as {_EXAMPLES[what]!r}, without a connection's parameters")
    return found


def part(what: str, value: str, *, example: str = "") -> str:
    """A text that is not blank."""
    shown = example or _EXAMPLES[what]
    if not isinstance(value, str):
        raise ValueError(f"{what} is a text, such as {shown!r}, and this is a {type(value).__name__}")
    if not value.strip():
        raise ValueError(f"{what} is blank; write for example {shown!r}")
    return value.strip()
