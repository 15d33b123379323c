"""JSON of EMR on EKS: what `start-job-run` of `emr-containers` takes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sparklineage.config.documents import parse_json
from sparklineage.lint.readers.emr_job_run import sheets
from sparklineage.lint.readers.nodes import Source, parsed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sparklineage.lint.settings import Sheet

KIND = "emr-containers"
TITLE = "EMR on EKS jobs as JSON"
_FIELDS = re.compile(r'"(?:sparkSubmitJobDriver|virtualClusterId)"\s*:')


def claims(name: str, text: str) -> bool:
    """By its ending and fields that only EMR on EKS has."""
    return name.endswith(".json") and bool(_FIELDS.search(text))


def read(text: str, file: str) -> Sequence[Sheet]:
    """One sheet for each job."""
    root = parsed(parse_json, text, file)
    return list(sheets(Source(file=file), root, "emr-containers")) if root is not None else []
