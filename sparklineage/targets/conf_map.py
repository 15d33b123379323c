"""Properties of Spark as a mapping inside of a user's document, JSON or YAML."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from sparklineage.config.conf_values import typed_theirs
from sparklineage.config.documents import Mapping, Scalar, Sequence
from sparklineage.errors import ConfigError
from sparklineage.model.conf_entry import ConfEntry
from sparklineage.model.conf_set import ConfSet
from sparklineage.model.lists import comma_list, joined

if TYPE_CHECKING:
    from sparklineage.config.documents import Node

JARS = "spark.jars"


def conf_in(node: Node | None, name: str, what: str, prefix: str = "") -> ConfSet:
    """The properties of a mapping, each with its line; none where there is none. `name` is the file's, `what` that of
    the mapping. With a prefix only the names that begin with it count, without it.

    Raises ConfigError with the place where it is no mapping of names and single values, or holds a name twice.
    """
    if is_empty(node):
        return ConfSet()
    if not isinstance(node, Mapping):
        refuse(node, name, f"{what} is no mapping of properties of Spark and their values.")
    refuse_duplicates(node, name)
    entries = []
    for key, _, value in node.items():
        if not isinstance(value, Scalar):
            refuse(value, name, f"{key} in {what} has no single value; properties of Spark are texts.")
        if not key.startswith(prefix):
            continue
        key = key.removeprefix(prefix)  # noqa: PLW2901
        source = f"{name}:{value.start.line}"
        entries.append(ConfEntry(key=key, value=typed_theirs(key, value.text), source=source))
    return ConfSet(tuple(entries))


def jars_beside(ours: ConfSet, theirs: ConfSet, given: list[str]) -> tuple[ConfSet, list[str]]:
    """Our properties, and the list of JARs that stands beside a conf and takes the place of its `spark.jars`.

    Our JARs go where those of the user are that count: never into both, since one of them would be lost.
    """
    added = comma_list(ours[JARS].written) if JARS in ours else ()
    if JARS in theirs and not given:
        return ours, []
    return ours.without(JARS), list(joined(given, added))


def texts_in(node: Node | None, name: str, what: str) -> list[str]:
    """The entries of a list of texts; none where there is none. Raises ConfigError with the place for anything else."""
    if is_empty(node):
        return []
    if not isinstance(node, Sequence) or not all(isinstance(item, Scalar) for item in node.items):
        refuse(node, name, f"{what} is no list of texts.")
    return [item.text for item in node.items if isinstance(item, Scalar)]


def mapping_in(node: Node | None, name: str, what: str) -> Mapping | None:
    """The mapping, or None where nothing is. Raises ConfigError with the place for anything else."""
    if is_empty(node):
        return None
    if not isinstance(node, Mapping):
        refuse(node, name, f"{what} is no mapping.")
    return node


def grown(known: Any, path: tuple[str, ...], added: dict[str, Any]) -> dict[str, Any]:
    """The document with entries added to the mapping at a path, which is made where there is none."""
    if not path:
        return {**(known or {}), **added}
    below = (known or {}).get(path[0])
    return {**(known or {}), path[0]: grown(below, path[1:], added)} if added else known


def refuse_no_texts(node: Node | None, name: str, what: str) -> None:
    """Raises ConfigError for a value of a mapping that is a number or the like, where a platform takes texts alone."""
    for key, _, value in node.items() if isinstance(node, Mapping) else ():
        if isinstance(value, Scalar) and not isinstance(value.value, str):
            refuse(value, name, f"{key} in {what} is no text, which is refused there; write it in quotes.")


def refuse_duplicates(node: Node | None, name: str) -> None:
    """Raises ConfigError for a name that stands twice in a mapping, here or further below."""
    if isinstance(node, Sequence):
        for item in node.items:
            refuse_duplicates(item, name)
    elif isinstance(node, Mapping):
        for entry in node.duplicates():
            refuse(entry.key, name, f"{entry.key.text} stands there for the second time; remove one.")
        for entry in node.entries:
            refuse_duplicates(entry.value, name)


def refuse(node: Node | None, name: str, sentence: str) -> NoReturn:
    """Raises ConfigError that names the place of a node."""
    place = f":{node.start.line}:{node.start.column}" if node is not None else ""
    raise ConfigError(f"{name}{place}: {sentence}")


def is_empty(node: Node | None) -> bool:
    """Whether nothing is there, or `null`."""
    return node is None or (isinstance(node, Scalar) and node.value is None)
