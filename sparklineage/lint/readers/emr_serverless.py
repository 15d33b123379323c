"""JSON of EMR Serverless: what `start-job-run` and `create-application` take."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sparklineage.config.documents import parse_json
from sparklineage.lint.readers.emr_job_run import sheets
from sparklineage.lint.readers.nodes import Source, parsed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sparklineage.lint.settings import Sheet

KIND = "emr-serverless"
TITLE = "EMR Serverless jobs and applications as JSON"
_FIELDS = re.compile(
    r'"(?:sparkSubmit|sparkSubmitParameters|runtimeConfiguration|applicationConfiguration|configurationOverrides)"\s*:'
)


def claims(name: str, text: str) -> bool:
    """By its ending and fields that only EMR Serverless has."""
    return name.endswith(".json") and bool(_FIELDS.search(text))


def read(text: str, file: str) -> Sequence[Sheet]:
    """One sheet for each job and application."""
    root = parsed(parse_json, text, file)
    return list(sheets(Source(file=file), root, "emr-serverless")) if root is not None else []
