"""A JSON file of the user's, read with its places and written the way it was."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from sparklineage.config.documents import DocumentError, Mapping, Sequence, parse_json, plain
from sparklineage.errors import ConfigError
from sparklineage.targets.rewriting import rewritten_json, same

if TYPE_CHECKING:
    from sparklineage.config.documents import Node
    from sparklineage.targets.interface import Existing

_INDENT = re.compile(r"\n([ \t]+)\S")


def read_json(existing: Existing) -> object:
    """Dicts, lists and values. Raises ConfigError for what is no JSON, and for a key that stands twice: one of its
    values would be lost.
    """
    try:
        node = parse_json(existing.text)
    except DocumentError as error:
        raise ConfigError(f"{existing.name}:{error.line}:{error.column}: {error.sentence}") from None
    if node is None:
        raise ConfigError(f"{existing.name}: there is nothing in it; leave --into out for a new file.")
    no_duplicates(node, existing.name)
    return plain(node)


def json_text(value: object, existing: Existing | None = None) -> str:
    """The value as JSON. In the text of the file that it comes from changes only what differs; where something is taken
    away, the whole is written anew, with the file's indentation.
    """
    if existing is not None and (text := _rewritten(value, existing)) is not None:
        return text
    found = _INDENT.search(existing.text) if existing is not None else None
    indent: str | int | None = found[1] if found else 2
    if existing is not None and "\n" not in existing.text.strip():
        indent = None
    # Half of a character has no bytes, and a file without others than ASCII stays so.
    escaped = existing is not None and existing.text.isascii()
    text = json.dumps(value, indent=indent, ensure_ascii=escaped)
    if not escaped and re.search(r"[\ud800-\udfff]", text):
        text = json.dumps(value, indent=indent)
    return text + ("\n" if existing is None or existing.text.endswith("\n") else "")


def _rewritten(value: object, existing: Existing) -> str | None:
    if value == read_json(existing):
        return existing.text
    text = rewritten_json(existing, value)
    try:
        node = parse_json(text)
    except DocumentError:
        return None
    return text if node is not None and same(plain(node), value) else None


def expected(existing: Existing, what: str) -> ConfigError:
    """To raise: the file holds something else than a target can merge into."""
    return ConfigError(f"{existing.name}: this is none of the documents that lineage can be merged into: {what}.")


def no_duplicates(node: Node, name: str) -> None:
    """Raises ConfigError with the place of a key that stands in one object, or mapping, for the second time."""
    if isinstance(node, Sequence):
        for item in node.items:
            no_duplicates(item, name)
    elif isinstance(node, Mapping):
        for entry in node.duplicates():
            mark = entry.key.start
            raise ConfigError(
                f"{name}:{mark.line}:{mark.column}: {entry.key.text} stands there for the second time; remove one."
            )
        for entry in node.entries:
            no_duplicates(entry.value, name)
