"""YAML 1.1 as PyYAML resolves it, from its events: deep or repeated structure cannot exhaust anything."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from sparklineage.config.documents.nodes import BOM, DEEPEST, MOST, Entry, Mapping, Node, Places, Scalar, Sequence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sparklineage.config.documents.nodes import DocumentError

_TAG = "tag:yaml.org,2002:"
_TEXTS = frozenset(f"{_TAG}{name}" for name in ("str", "timestamp", "binary", "value", "merge"))
_COLLECTIONS = frozenset(("!", *(f"{_TAG}{name}" for name in ("map", "seq", "set", "omap", "pairs"))))
_FORBIDDEN = re.compile("[^\t\n\r -~\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_PROPERTIES = re.compile(r"(?:[&!]\S*\s+)+")


def parse_yaml(text: str, *, local_tags: bool = False) -> list[Node]:
    """Every document of a text; none for an empty one. Merge keys (`<<`) are put in. Raises DocumentError.

    With `local_tags` what has a tag of somebody's own is read as CloudFormation does: `!Ref x` as `{Ref: x}`.
    """
    import yaml

    skipped = 1 if text.startswith(BOM) else 0
    builder = _Builder(text, skipped, local_tags=local_tags)
    try:
        for event in yaml.parse(text[skipped:], Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
            builder.take(event)
    except UnicodeEncodeError as error:
        raise builder.places.error(error.start + skipped, "this character is half of one.") from None
    except yaml.YAMLError as error:
        raise _broken(error, text, builder) from None
    return builder.documents


def _broken(error: Any, text: str, builder: _Builder) -> DocumentError:
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        match = _FORBIDDEN.search(text)
        return builder.places.error(match.start() if match else 0, "this is no YAML: it holds a control character.")
    offset = min(mark.index + builder.skipped, len(text))
    problem = error.problem or "broken"
    if text[offset : offset + 1] == "\t" or "tab" in problem.split() or "'\\t'" in problem:
        return builder.places.error(offset, "this is no YAML: a tab stands where only spaces may; indent with spaces.")
    return builder.places.error(offset, f"this is no YAML: {problem}.")


class _Built(NamedTuple):
    node: Node
    size: int
    """Nodes in it, with those that aliases repeat."""
    height: int


@dataclass
class _Frame:
    """A collection whose end has not come."""

    event: Any
    items: list[Node] = field(default_factory=list)
    size: int = 1
    height: int = 1


class _Builder:
    def __init__(self, text: str, skipped: int, *, local_tags: bool) -> None:
        from yaml.constructor import SafeConstructor
        from yaml.resolver import Resolver

        self.text, self.skipped, self.places = text, skipped, Places(text)
        self.local_tags = local_tags
        self.documents: list[Node] = []
        self._resolver: Any = Resolver()
        self._constructor: Any = SafeConstructor()
        self._stack: list[_Frame] = []
        self._anchors: dict[str, _Built | None] = {}
        self._count = 0
        self._last = 0
        """Where the last event that is no end of a block ended."""

    def take(self, event: Any) -> None:
        import yaml

        if isinstance(event, yaml.ScalarEvent):
            self._count += 1
            self._add(event, self._tagged(event, _Built(self._scalar(event), 1, 0)), event.anchor)
        elif isinstance(event, yaml.CollectionStartEvent):
            if event.tag is not None and event.tag not in _COLLECTIONS and not self._is_local(event):
                raise self._error(event, "this tag means nothing here.")
            if len(self._stack) >= DEEPEST:
                raise self._error(event, f"this YAML is nested too deeply, more than {DEEPEST} levels.")
            if event.anchor is not None:
                self._anchors[event.anchor] = None
            self._count += 1
            self._stack.append(_Frame(event))
            self._last = self._offset(event.end_mark)
        elif isinstance(event, yaml.CollectionEndEvent):
            frame = self._stack.pop()
            built = _Built(self._collection(frame, event), frame.size, frame.height)
            self._add(event, self._tagged(frame.event, built), frame.event.anchor)
        elif isinstance(event, yaml.AliasEvent):
            name = str(event.anchor)
            anchored = self._anchors.get(name)
            if anchored is None:
                problem = "refers to itself" if name in self._anchors else "refers to an anchor not defined"
                raise self._error(event, f"this alias {problem}.")
            self._count += anchored.size
            self._add(event, anchored, None)
        elif isinstance(event, yaml.DocumentStartEvent):
            self._anchors = {}

    def _add(self, event: Any, built: _Built, anchor: str | None) -> None:
        if self._count > MOST:
            raise self._error(event, f"this YAML has more than {MOST} values, those counted again that it repeats.")
        if len(self._stack) + built.height > DEEPEST:
            raise self._error(event, f"this YAML is nested too deeply, more than {DEEPEST} levels.")
        if event.end_mark.index > event.start_mark.index:
            self._last = self._offset(event.end_mark)
        if anchor is not None:
            self._anchors[anchor] = built
        if not self._stack:
            self.documents.append(built.node)
            return
        frame = self._stack[-1]
        frame.items.append(built.node)
        frame.size += built.size
        frame.height = max(frame.height, built.height + 1)

    def _scalar(self, event: Any) -> Scalar:
        import yaml

        tag, text, style = event.tag, event.value, event.style or ""
        if self._is_local(event):
            tag = f"{_TAG}str"
        if tag is None or tag == "!":
            tag = self._resolver.resolve(yaml.ScalarNode, text, event.implicit)
        value: Any = text
        if tag not in _TEXTS:
            construct = getattr(self._constructor, f"construct_yaml_{tag[len(_TAG) :]}", None)
            if not tag.startswith(_TAG) or tag[len(_TAG) :] not in {"null", "bool", "int", "float"} or not construct:
                raise self._error(event, "this tag means nothing here.")
            try:
                value = construct(yaml.ScalarNode(tag, text))
            except (ValueError, LookupError, OverflowError):
                raise self._error(event, f"this is no {tag[len(_TAG) :]}.") from None
        start, end = self._offset(event.start_mark), self._offset(event.end_mark)
        if event.anchor is not None and (match := _PROPERTIES.match(self.text, start)):
            start = min(match.end(), end)
        if style in {"|", ">"}:
            end = start + len(self.text[start:end].rstrip())
        mark = self.places.mark
        shown = "" if value is None else text
        return Scalar(value=value, text=shown, start=mark(start), end=mark(end), style=style)

    def _is_local(self, event: Any) -> bool:
        return self.local_tags and event.tag is not None and len(event.tag) > 1 and event.tag[0] == "!"

    def _tagged(self, event: Any, built: _Built) -> _Built:
        """What was built, under its tag where that is somebody's own."""
        if not self._is_local(event):
            return built
        start = self.places.mark(self._offset(event.start_mark))
        key = Scalar(value=event.tag[1:], text=event.tag[1:], start=start, end=start, style="")
        entries = (Entry(key=key, value=built.node),)
        wrapped = Mapping(entries=entries, start=start, end=max(start, built.node.end), flow=True)
        return _Built(wrapped, built.size + 1, built.height + 1)

    def _collection(self, frame: _Frame, event: Any) -> Mapping | Sequence:
        import yaml

        flow = bool(frame.event.flow_style)
        start = self._offset(frame.event.start_mark)
        # The end of a block lies behind the blank lines and comments that follow it.
        end = self.places.mark(max(start, self._offset(event.end_mark) if flow else self._last))
        if isinstance(frame.event, yaml.SequenceStartEvent):
            return Sequence(items=tuple(frame.items), start=self.places.mark(start), end=end, flow=flow)
        own: list[Entry] = []
        merged: list[Node] = []
        for key, value in zip(frame.items[::2], frame.items[1::2], strict=True):
            if not isinstance(key, Scalar):
                raise self.places.error(key.start.offset, "a list or mapping cannot be a key here.")
            if key.text == "<<" and not key.style:
                merged.append(value)
            else:
                own.append(Entry(key=key, value=value))
        entries = [*self._merged(merged, own), *own] if merged else own
        return Mapping(entries=tuple(entries), start=self.places.mark(start), end=end, flow=flow)

    def _merged(self, values: list[Node], own: list[Entry]) -> Iterator[Entry]:
        """The entries of `<<` that the mapping itself does not have; an earlier mapping wins over a later one."""
        taken = {entry.key.value for entry in own}
        for value in values:
            for mapping in value.items if isinstance(value, Sequence) else (value,):
                if not isinstance(mapping, Mapping):
                    raise self.places.error(value.start.offset, "only mappings can be merged with <<.")
                fresh = [entry for entry in mapping.entries if entry.key.value not in taken]
                taken.update(entry.key.value for entry in fresh)
                yield from fresh

    def _offset(self, mark: Any) -> int:
        return int(mark.index) + self.skipped

    def _error(self, event: Any, sentence: str) -> DocumentError:
        return self.places.error(self._offset(event.start_mark), sentence)
