"""Job names as the agent writes them, so that an event of ours lands on the agent's own job."""

from __future__ import annotations

import re
import unicodedata

# The agent's NameNormalizer (io.openlineage.spark.agent.lifecycle / util, 1.53.0): trim non-word ends,
# strip accents, break CamelCase, acronyms and digit-upper borders, lower-case, everything else to `_`.
# Java's \w is ASCII, so a letter with an accent at either end is trimmed too.
_ENDS = re.compile(r"^\W+|\W+$", re.ASCII)
_CAMEL = re.compile(r"([a-z\d])([A-Z])")
_ACRONYM = re.compile(r"([A-Z]+)([A-Z][a-z])")
_OTHER = re.compile(r"[^a-z0-9]+")


def normalize_job_name(name: str) -> str:
    """`My App 2` → `my_app_2`: the agent's name for the application run's job."""
    plain = unicodedata.normalize("NFKD", _ENDS.sub("", name))
    plain = "".join(char for char in plain if not unicodedata.combining(char))
    plain = _CAMEL.sub(r"\1_\2", _ACRONYM.sub(r"\1_\2", plain))
    return _OTHER.sub("_", plain.lower())
