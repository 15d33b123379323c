"""Places that Spark reads JARs from: buckets, HDFS, Databricks volumes and workspaces, mounted folders."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from sparklineage.agent.stores.interface import (
    Payload,
    State,
    Store,
    Stored,
    StoreOptions,
    awaited,
    payload,
    refuse_control,
)
from sparklineage.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Payload", "State", "Store", "StoreOptions", "Stored", "awaited", "open_store", "payload"]

_KINDS = {
    "s3://": "s3",
    "s3a://": "s3",
    "s3n://": "s3",
    "gs://": "google",
    "hdfs://": "hadoop",
    "dbfs:/Volumes/": "volume",
    "/Volumes/": "volume",
    "/Workspace/": "workspace",
    "/Shared/": "workspace",
    "/Users/": "workspace",
}
"""How an address begins, and the module of this package that knows such places; every other one is a folder."""


def open_store(target: str, options: StoreOptions, environ: Mapping[str, str]) -> Store:
    """The place that an address names, such as `s3://bucket/jars`; nobody is asked yet.

    `file:///Users/me` names a folder that looks like a place of Databricks. Raises UsageError for an address that is
    none, or that names a file.
    """
    refuse_control(target)
    if target.rstrip("/").endswith(".jar"):
        raise UsageError(f"{target}: name the folder, the JARs keep their names.")
    kind = next((kind for start, kind in _KINDS.items() if f"{target}/".startswith(start)), "folder")
    if kind == "folder" and ":/" in target and not target.startswith("file:"):
        known = (
            "s3://bucket/prefix, gs://bucket/prefix, hdfs://host/folder, /Volumes/catalog/schema/volume, "
            "/Workspace/folder or a path"
        )
        raise UsageError(f"{target}: no kind of place that JARs can be put to; write {known}.")
    module = import_module(f"sparklineage.agent.stores.{kind}")
    store: Store = module.store(target, options, environ)
    return store
