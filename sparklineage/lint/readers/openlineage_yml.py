"""`openlineage.yml`, which the agent lays under its Spark properties."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sparklineage.lint.finding import Place
from sparklineage.lint.readers.interface import UnreadableError
from sparklineage.lint.settings import AGENT_PREFIX, Setting, Sheet

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import yaml

KIND = "openlineage-yml"
TITLE = "openlineage.yml"
_NAME = re.compile(r"openlineage[\w.-]*\.ya?ml")
_TRANSPORT = re.compile(r"^transport:[ \t]*(?:#.*)?\r?\n(?:[ \t]*(?:#.*)?\r?\n)*[ \t]+(?:type|url):", re.MULTILINE)
_DEEPEST = 50
_MOST = 20_000
"""Values in a file: anchors can make a small file huge."""


def claims(name: str, text: str) -> bool:
    """By its name, or as YAML with a transport in it."""
    if name.startswith("sparklineage."):
        return False  # the toolkit's own file, which has keys of its own and is checked as it is loaded
    return bool(_NAME.fullmatch(name) or (name.endswith((".yml", ".yaml")) and _TRANSPORT.search(text)))


def read(text: str, file: str) -> Sequence[Sheet]:
    """One sheet: the file, its keys written as the Spark properties that stand for them."""
    import yaml

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        _refuse_depth(text, loader, file)
        root = yaml.compose(text, Loader=loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = Place(file, mark.line + 1, mark.column + 1) if mark else Place(file)
        raise UnreadableError(place, f"this is no YAML: {getattr(error, 'problem', None) or 'broken'}.") from None
    if root is None:
        return []
    if not isinstance(root, yaml.MappingNode):
        raise UnreadableError(_place(root, file), "this holds no mapping; write keys such as `transport:`.")
    settings = []
    for path, key, value in _leaves(root, file):
        setting = Setting(
            key=AGENT_PREFIX + path, value=value, text=value, place=_place(key, file), origin="yaml", spelled=path
        )
        settings.append(setting)
    return [Sheet(place=Place(file), settings=tuple(settings))]


def _refuse_depth(text: str, loader: Any, file: str) -> None:
    """Composing calls itself for each level, in C without any limit: the interpreter would crash."""
    import yaml

    depth = 0
    for event in yaml.parse(text, Loader=loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > _DEEPEST:
            raise UnreadableError(_place(event, file), "this YAML is nested too deeply.")


def _leaves(root: yaml.Node, file: str) -> Iterator[tuple[str, yaml.Node, str]]:
    """Path, the key's node and the value of everything that is no mapping, in the order of the file."""
    import yaml

    stack: list[tuple[str, yaml.Node, yaml.Node]] = [("", root, root)]
    seen = 0
    while stack:
        path, key, node = stack.pop()
        seen += 1
        if seen > _MOST or len(path) > 2_000:
            raise UnreadableError(Place(file), f"this YAML has more than {_MOST} values, or refers to itself.")
        if isinstance(node, yaml.ScalarNode):
            if not node.tag.endswith(":null"):
                yield path, key, _scalar(node)
        elif isinstance(node, yaml.MappingNode):
            below = [
                (f"{path}.{name.value}".lstrip("."), name, value)
                for name, value in node.value
                if isinstance(name, yaml.ScalarNode)
            ]
            stack.extend(reversed(below))
        elif all(isinstance(item, yaml.ScalarNode) for item in node.value):
            yield path, key, f"[{';'.join(map(_scalar, node.value))}]"
        else:
            stack.extend((f"{path}.{number}", item, item) for number, item in reversed([*enumerate(node.value)]))


def _scalar(node: yaml.Node) -> str:
    if node.tag.endswith(":bool"):
        return "true" if str(node.value).lower() in {"true", "yes", "on"} else "false"
    return str(node.value)


def _place(node: yaml.Node | yaml.Event, file: str) -> Place:
    mark = node.start_mark
    return Place(file, mark.line + 1, mark.column + 1) if mark else Place(file)
