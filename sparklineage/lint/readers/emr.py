"""JSON of EMR: configurations, steps, and whole clusters as `create-cluster` and CloudFormation have them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sparklineage.config.documents import parse_json
from sparklineage.lint.readers.emr_cluster import sheets
from sparklineage.lint.readers.nodes import Source, parsed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sparklineage.lint.settings import Sheet

KIND = "emr"
TITLE = "EMR configurations, steps and clusters as JSON"
_FIELDS = re.compile(r'"(?:[Cc]lassification|HadoopJarStep|BootstrapActions)"\s*:')
_STEP = re.compile(r'"Type"\s*:\s*"(?i:spark|custom_jar)"')
_ARGS = re.compile(r'"Args"\s*:\s*\[')


def claims(name: str, text: str) -> bool:
    """By its ending and fields that only EMR has."""
    return name.endswith(".json") and bool(_FIELDS.search(text) or (_STEP.search(text) and _ARGS.search(text)))


def read(text: str, file: str) -> Sequence[Sheet]:
    """One sheet for each step that starts Spark, with what its cluster sets; else one for each list or cluster."""
    root = parsed(parse_json, text, file)
    return list(sheets(Source(file=file), root)) if root is not None else []
