"""The formats that `lint` reads. A further one is a module here and its name in this file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sparklineage.lint.readers import (
    airflow,
    command_line,
    databricks,
    databricks_bundle,
    dataproc,
    emr,
    emr_containers,
    emr_serverless,
    glue,
    openlineage_yml,
    python_source,
    requirements,
    spark_application,
    spark_defaults,
    terraform,
)
from sparklineage.lint.readers.interface import Reader, UnreadableError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["READERS", "Reader", "UnreadableError", "reader_for"]

_ALL: tuple[Reader, ...] = (
    spark_defaults,
    python_source,
    openlineage_yml,
    terraform,
    databricks,
    databricks_bundle,
    dataproc,
    spark_application,
    emr_containers,
    emr_serverless,
    emr,
    glue,
    airflow,
    requirements,
    command_line,
)
READERS: Mapping[str, Reader] = {reader.KIND: reader for reader in _ALL}


def reader_for(name: str, text: str) -> Reader | None:
    """The reader that claims a file, or None for a format that nobody knows."""
    return next((reader for reader in _ALL if reader.claims(name, text)), None)
