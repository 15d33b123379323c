"""Databricks Asset Bundles: `databricks.yml`, and the files with resources that it includes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sparklineage.config.documents import parse_yaml
from sparklineage.lint.readers.databricks_tree import sheets
from sparklineage.lint.readers.nodes import Source, parsed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sparklineage.lint.settings import Sheet

KIND = "databricks-bundle"
TITLE = "Databricks bundles"
_NAME = re.compile(r"databricks\.ya?ml")
_PARTS = re.compile(r"^(?:resources|targets|environments|variables)[ \t]*:", re.MULTILINE)
_FIELDS = re.compile(
    r"^[ \t-]*(?:new_cluster|job_clusters|spark_conf|spark_env_vars|init_scripts|configuration)[ \t]*:", re.MULTILINE
)
_VARIABLES = re.compile(r"\$\{[^{}\n]*\}")


def claims(name: str, text: str) -> bool:
    """By its name, or as YAML with resources and clusters in it."""
    return bool(
        _NAME.fullmatch(name) or (name.endswith((".yml", ".yaml")) and _PARTS.search(text) and _FIELDS.search(text))
    )


def read(text: str, file: str) -> Sequence[Sheet]:
    """One sheet for each cluster and pipeline in it; what a target changes is a sheet of its own, which is partial."""
    source = Source(file=file, variables=_VARIABLES)
    return [sheet for root in parsed(parse_yaml, text, file) for sheet in sheets(source, root)]
