"""`openlineage.yml`, which the agent lays under its Spark properties."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

from sparklineage.config.documents import DocumentError, Mapping, Node, Scalar, Sequence, parse_yaml
from sparklineage.lint.finding import Place
from sparklineage.lint.readers.interface import UnreadableError
from sparklineage.lint.settings import AGENT_PREFIX, Setting, Sheet

if TYPE_CHECKING:
    import collections.abc
    from collections.abc import Iterator

    from sparklineage.lint.settings import Span

KIND = "openlineage-yml"
TITLE = "openlineage.yml"
_NAME = re.compile(r"openlineage[\w.-]*\.ya?ml")
_TRANSPORT = re.compile(r"^transport:[ \t]*(?:#.*)?\r?\n(?:[ \t]*(?:#.*)?\r?\n)*[ \t]+(?:type|url):", re.MULTILINE)

_MOST = 20_000
"""Values in a file: anchors can make a small file huge."""


def claims(name: str, text: str) -> bool:
    """By its name, or as YAML with a transport in it."""
    if name.startswith("sparklineage."):
        return False  # the toolkit's own file, which has keys of its own and is checked as it is loaded
    return bool(_NAME.fullmatch(name) or (name.endswith((".yml", ".yaml")) and _TRANSPORT.search(text)))


def read(text: str, file: str) -> collections.abc.Sequence[Sheet]:
    """One sheet: the file, its keys written as the Spark properties that stand for them."""
    try:
        documents = parse_yaml(text)
    except DocumentError as error:
        raise UnreadableError(Place(file, error.line, error.column), error.sentence) from None
    if not documents or (isinstance(documents[0], Scalar) and documents[0].value is None):
        return []
    # The agent reads no further than the first document.
    root = documents[0]
    if not isinstance(root, Mapping):
        raise UnreadableError(_place(root, file), "this holds no mapping; write keys such as `transport:`.")
    settings = [_setting(path, key, value, file) for path, key, value in islice(_leaves(root), _MOST + 1)]
    if len(settings) > _MOST:
        raise UnreadableError(Place(file), f"this YAML has more than {_MOST} values, those that it repeats included.")
    return [Sheet(place=Place(file), settings=tuple(settings))]


def _setting(path: str, key: Node, node: Scalar | Sequence, file: str) -> Setting:
    value = _text(node) if isinstance(node, Scalar) else f"[{';'.join(_text(item) for item in node.items)}]"
    # An alias stands before its key, and rewriting it there would change other settings too.
    here = node.start.offset >= key.end.offset
    return Setting(
        key=AGENT_PREFIX + path,
        value=value,
        text=value,
        place=_place(key, file),
        origin="yaml",
        spelled=path,
        key_span=_span(key),
        value_span=_span(node) if here else None,
    )


def _leaves(root: Mapping) -> Iterator[tuple[str, Node, Scalar | Sequence]]:
    """Path, key and value of everything that is no mapping, in the order of the file."""
    stack: list[tuple[str, Node, Node]] = [("", root, root)]
    while stack:
        path, key, node = stack.pop()
        if isinstance(node, Scalar):
            if node.value is not None:
                yield path, key, node
        elif isinstance(node, Mapping):
            stack.extend((f"{path}.{name}".lstrip("."), at, value) for name, at, value in reversed([*node.items()]))
        elif all(isinstance(item, Scalar) for item in node.items):
            yield path, key, node
        else:
            stack.extend((f"{path}.{number}", item, item) for number, item in reversed([*enumerate(node.items)]))


def _text(node: Node) -> str:
    if not isinstance(node, Scalar):
        return ""
    return str(node.value).lower() if isinstance(node.value, bool) else node.text


def _span(node: Node) -> Span | None:
    """Where a single value can be written anew: not in blocks of lines."""
    if not isinstance(node, Scalar) or node.style in {"|", ">"} or "\n" in node.text:
        return None
    return (node.start.offset, node.end.offset)


def _place(node: Node, file: str) -> Place:
    return Place(file, node.start.line, node.start.column)
