"""Lists of texts, and tags."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sparklineage.config.values.interface import WANTED, WrongValueError, written

if TYPE_CHECKING:
    from sparklineage.config.values.interface import Limits, Value

_UNWRITABLE = frozenset(";[]\n\r\0")


def read_list(found: object, limits: Limits) -> Value:  # noqa: ARG001
    """A list, or a text `a,b` or `[a;b]`; blanks around entries and empty ones dropped."""
    parts: object = found
    if isinstance(found, str):
        text = found.strip()
        parts = text[1:-1].split(";") if text.startswith("[") and text.endswith("]") else text.split(",")
    if not isinstance(parts, (list, tuple)) or any(isinstance(part, (list, tuple, dict, bool)) for part in parts):
        raise WrongValueError(WANTED["list"])
    entries = tuple(entry for part in parts if part is not None and (entry := written(part, "list").strip()))
    if any(_UNWRITABLE.intersection(entry) for entry in entries):
        raise WrongValueError("a list whose entries hold no ; [ ] and no line end, which the agent could not read")
    return entries


def write_list(value: Value) -> str:
    """With commas; an entry with a comma can stand only in the form that needs none."""
    entries = value if isinstance(value, tuple) else ()
    return f"[{';'.join(entries)}]" if any("," in entry for entry in entries) else ",".join(entries)


def read_tags(found: object, limits: Limits) -> Value:  # noqa: ARG001
    """A mapping from key to value, or a list or text of `key:value[:source]`; one text a tag."""
    if isinstance(found, dict):
        return tuple(
            _tag(number, written(name, "tags"), value) for number, (name, value) in enumerate(found.items(), 1)
        )
    parts: object = found.split(";") if isinstance(found, str) else found
    if not isinstance(parts, (list, tuple)) or not all(isinstance(part, str) for part in parts):
        raise WrongValueError(WANTED["tags"])
    tags = tuple(tag for part in parts if (tag := written(part, "tags").strip()))
    for number, tag in enumerate(tags, 1):
        if tag.count(":") > 2 or not tag.split(":", 1)[0].strip() or set(";\n\r\0") & set(tag):
            raise WrongValueError(f"tags such as key:value or key:value:source (number {number} is none)")
    return tags


def write_tags(value: Value) -> str:
    """As the agent reads them."""
    return ";".join(value) if isinstance(value, tuple) else ""


def _tag(number: int, name: str, value: object) -> str:
    if value is None or isinstance(value, (dict, list, tuple)):
        raise WrongValueError(f"{WANTED['tags']} of single values")
    text = ("true" if value else "false") if isinstance(value, bool) else written(value, "tags")
    if set(":;\n\r\0") & set(name + text) or not name.strip():
        raise WrongValueError(
            f"tags without : ; and line ends, which the agent could not read (number {number} has one)"
        )
    return f"{name.strip()}:{text.strip()}"
