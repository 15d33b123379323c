"""The services that can be asked to do what a target has written down: one module each.

A further one is a module here and its name in `NAMES`. None of them asks a person anything or prints.
"""

from __future__ import annotations

from importlib import import_module
from typing import cast

from sparklineage.apply.interface import Applier, Found, Options, Plan, Result, Started, State
from sparklineage.apply.waiting import wait

__all__ = ["NAMES", "Applier", "Found", "Options", "Plan", "Result", "Started", "State", "applier", "wait"]

NAMES: dict[str, tuple[str, ...]] = {
    "emr": ("region", "endpoint_url", "cluster_id"),
    "emr-serverless": ("region", "endpoint_url", "application_id", "execution_role"),
    "emr-containers": ("region", "endpoint_url", "virtual_cluster_id", "execution_role"),
    "databricks": ("cluster_id",),
}
"""The targets whose platforms can be asked, with the fields of `Options` that each takes."""


def applier(name: str) -> Applier:
    """The module for a target of `NAMES`."""
    return cast("Applier", import_module(f"sparklineage.apply.{name.replace('-', '_')}"))
