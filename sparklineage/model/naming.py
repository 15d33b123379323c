"""Job names: those of applications as the agent writes them, and those of steps, which are ours alone."""

from __future__ import annotations

import re
import unicodedata
from zlib import crc32

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


def step_job_name(application: str, step: str) -> str:
    """`<application>.<step>`: the job of a step that has a run of its own.

    Of ASCII names it makes what the agent would, so that all jobs look alike, but letters and digits of every script
    stay: `订单` and `客户` are two jobs. Where nothing is left of a name (`🚀`) a hash of it tells it apart.
    """
    plain = unicodedata.normalize("NFKC", step)
    kept = [place for place, is_kept in enumerate(_kept(plain)) if is_kept]
    plain = plain[kept[0] : kept[-1] + 1] if kept else ""
    plain = _CAMEL.sub(r"\1_\2", _ACRONYM.sub(r"\1_\2", plain))
    plain = unicodedata.normalize("NFC", plain.lower())
    name = re.sub("_{2,}", "_", "".join(char if is_kept else "_" for char, is_kept in zip(plain, _kept(plain))))
    if not name.strip("_"):
        name = f"step_{crc32(step.encode('utf-8', 'surrogatepass')):08x}"
    return f"{application}.{name}"


def _kept(text: str) -> list[bool]:
    """Which characters are letters, digits and underscores, or signs on one, such as the vowels of Devanagari."""
    found: list[bool] = []
    for char in text:
        is_sign = unicodedata.category(char)[0] == "M"
        found.append((bool(found) and found[-1]) if is_sign else char.isalnum() or char == "_")
    return found
