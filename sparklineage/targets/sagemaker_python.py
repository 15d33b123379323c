"""PySparkProcessor with lineage, as Python."""

from __future__ import annotations

from pprint import pformat
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

_CODE = '''
try:  # version 3 of sagemaker
    from sagemaker.core.spark.processing import PySparkProcessor
except ImportError:  # version 2
    from sagemaker.spark.processing import PySparkProcessor


def processor(**options):
    """A PySparkProcessor whose containers have the environment; your own variables stay."""
    return PySparkProcessor(**{**options, "env": {**ENVIRONMENT, **(options.get("env") or {})}})


def with_lineage(**run):
    """The arguments of PySparkProcessor.run with the lineage in them; your own properties stay, lists are joined."""
    given = run.get("configuration") or []
    given = [given] if isinstance(given, dict) else list(given)
    properties = dict(CONFIGURATION[0]["Properties"])
    own = {}
    for item in given:
        if item["Classification"] == "spark-defaults":
            own.update(item["Properties"])
    if own.get("spark.openlineage.transport.type", "").strip():
        # A transport of yours is one with all that belongs to it.
        properties = {k: v for k, v in properties.items() if not k.startswith("spark.openlineage.transport.")}
    for key, value in own.items():
        ours = properties.get(key, "")
        if key == "spark.extraListeners":
            both = [*value.split(","), *ours.split(",")]
            value = ",".join(dict.fromkeys(name.strip() for name in both if name.strip()))
        elif key == "spark.redaction.regex" and ours and ours not in value:
            value = ours if not value or f"|{ours}".endswith(f"|{value}") else f"{ours}|{value}"
        properties[key] = value
    others = [item for item in [*CONFIGURATION[1:], *given] if item["Classification"] != "spark-defaults"]
    defaults = {"Classification": "spark-defaults", "Properties": properties}
    jars = [*(run.get("submit_jars") or []), *SUBMIT_JARS]
    return {**run, "configuration": [defaults, *others], "submit_jars": list(dict.fromkeys(jars))}
'''


def python(configuration: list[Any], jars: list[str], environment: dict[str, str], notes: Iterable[str]) -> str:
    """A module with `processor` and `with_lineage`: `processor(…).run(**with_lineage(submit_app="job.py"))`."""
    # The properties first, wherever they stood.
    ordered = sorted(configuration, key=lambda item: item["Classification"] != "spark-defaults")
    lines = [f"# {' '.join(note.split())}" for note in notes]
    lines += ['# processor(...).run(**with_lineage(submit_app="job.py"))', ""]
    for name, value in (("CONFIGURATION", ordered), ("SUBMIT_JARS", jars), ("ENVIRONMENT", environment)):
        lines.append(f"{name} = {pformat(value, width=110, sort_dicts=False)}")
    return "\n".join(lines) + "\n" + _CODE
