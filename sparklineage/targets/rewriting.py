"""A user's JSON or YAML with more in it: what does not change stays as it is, to the character."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from sparklineage.config.documents import DocumentError, Mapping, Scalar, Sequence, parse_json, parse_yaml, plain
from sparklineage.errors import ConfigError
from sparklineage.targets.yaml_text import escaped, quoted, yaml_scalar, yaml_text

if TYPE_CHECKING:
    from sparklineage.config.documents import Entry, Node
    from sparklineage.targets.interface import Existing

_STEP = re.compile(r"[\[{][ \t]*\r?\n([ \t]+)")
_BLANKS = re.compile(r"[ \t]*")


def read_json(existing: Existing) -> Node:
    """What a user's file says. Raises ConfigError with the place where it is no JSON."""
    try:
        node = parse_json(existing.text)
    except DocumentError as error:
        raise ConfigError(f"{existing.name}:{error}") from None
    if node is None:
        raise ConfigError(f"{existing.name}: is empty.")
    return node


def read_yaml(existing: Existing) -> Node:
    """What a user's file says. Raises ConfigError with the place where it is no single document of YAML."""
    try:
        nodes = parse_yaml(existing.text)
    except DocumentError as error:
        raise ConfigError(f"{existing.name}:{error}") from None
    if len(nodes) != 1:
        raise ConfigError(f"{existing.name}: has {len(nodes)} documents; one is needed.")
    return nodes[0]


def rewritten_json(existing: Existing, wanted: object) -> str:
    """The text of a file whose content becomes `wanted`: that of `read_json` with entries and items added behind the
    others, and values set. Nothing can be taken away.
    """
    return _Rewriting(existing.text).rewritten(read_json(existing), wanted)


def rewritten_yaml(existing: Existing, wanted: object) -> str:
    """The same for YAML, comments and order kept. Raises ConfigError where an alias stands in the way."""
    text = _Rewriting(existing.text).rewritten(read_yaml(existing), wanted)
    try:
        done = [plain(node) for node in parse_yaml(text)]
    except DocumentError:
        done = []
    if not same(done, [wanted]):
        raise ConfigError(
            f"{existing.name}: what has to change cannot change alone, for an alias (*name) means it too, or a text "
            "with blank lines (|+) ends there; write it out in the usual way."
        )
    return text


class _Rewriting:
    """Collects edits: a place of the original, and the text that takes it."""

    def __init__(self, text: str) -> None:
        self.text = text
        match = _STEP.search(text)
        self.step = match[1] if match else "  "
        self.edits: list[tuple[int, int, str]] = []

    def rewritten(self, root: Node, wanted: object) -> str:
        self._change(root, wanted)
        text, newline = self.text, "\r\n" if "\r\n" in self.text else "\n"
        # What an alias repeats is edited once. Of two edits at one place the first, of what lies deeper, stands first.
        edits = list(dict.fromkeys(self.edits))
        for at in sorted(range(len(edits)), key=lambda at: (edits[at][0], at), reverse=True):
            start, end, new = edits[at]
            text = text[:start] + new.replace("\n", newline) + text[end:]
        return text

    def _change(self, node: Node, wanted: object, key: Scalar | None = None) -> None:
        """`key`: that of the block that the node is the value of."""
        before = plain(node)
        if same(before, wanted):
            return
        if isinstance(node, Mapping) and isinstance(wanted, dict) and isinstance(before, dict) and before:
            own = _own(node)
            for entry in own.values():
                self._change(entry.value, wanted[entry.key.value], None if node.flow else entry.key)
            # What `<<` brings stands elsewhere; an entry of the mapping's own comes before it.
            brought = {key: value for key, value in before.items() if key not in own}
            added = {
                key: value
                for key, value in wanted.items()
                if key not in own and not (key in brought and same(brought[key], value))
            }
            if added:
                self._add_entries(node, added)
        elif isinstance(node, Sequence) and isinstance(wanted, list) and node.items:
            for item, value in zip(node.items, wanted, strict=False):
                self._change(item, value)
            if len(wanted) > len(node.items):
                self._add_items(node, wanted[len(node.items) :])
        else:
            self._replace(node, wanted, key)

    def _add_entries(self, node: Mapping, added: dict[object, object]) -> None:
        own = list(_own(node).values())
        if node.flow and own:
            self._behind(node, own[0].key, own[-1].value, [(f"{quoted(str(key))}: ", added[key]) for key in added])
        else:
            column = own[0].key.start.column if own else node.start.column
            self._insert_lines(node, yaml_text(added, column - 1))

    def _add_items(self, node: Sequence, added: list[object]) -> None:
        if node.flow:
            self._behind(node, node.items[0], node.items[-1], [("", value) for value in added])
        else:
            dash = self.text.rfind("-", 0, node.items[0].start.offset)
            self._insert_lines(node, yaml_text(added, dash - self.text.rfind("\n", 0, dash) - 1))

    def _behind(self, node: Node, first: Node, last: Node, added: list[tuple[str, object]]) -> None:
        """Further members of a collection in brackets, each in a line of its own where the first one has one."""
        line = self.text.rfind("\n", 0, first.start.offset) + 1
        for head, value in added:
            if line > node.start.offset:
                indent = self._indent(line)
                new = f",\n{indent}{head}{self._in_lines(value, indent)}"
            else:
                new = f", {head}{escaped(json.dumps(value, ensure_ascii=False))}"
            self.edits.append((last.end.offset, last.end.offset, new))

    def _replace(self, node: Node, wanted: object, key: Scalar | None) -> None:
        start, end = node.start.offset, node.end.offset
        if key is not None and isinstance(node, Scalar) and isinstance(wanted, (dict, list)) and wanted:
            # Below the line of its key, which goes without its `null`.
            self.edits.append((start, end, ""))
            self._insert_lines(node, yaml_text(wanted, key.start.column + 1))
            return
        new = escaped(json.dumps(wanted, ensure_ascii=False))
        if key is not None and isinstance(wanted, str):
            new = yaml_scalar(wanted)
        elif isinstance(wanted, (dict, list)) and "\n" in self.text and isinstance(node, (Mapping, Sequence)):
            new = self._in_lines(wanted, self._indent(self.text.rfind("\n", 0, start) + 1))
        self.edits.append((start, end, f" {new}" if start == end else new))

    def _insert_lines(self, node: Node, lines: str) -> None:
        """Lines of a block below the one where the node ends."""
        # A text in lines (`|`) ends with its line end, or with all that follow.
        end = self.text.find("\n", len(self.text[: node.end.offset].rstrip("\r\n")))
        at = len(self.text) if end < 0 else end - (self.text[end - 1 : end] == "\r")
        self.edits.append((at, at, "\n" + lines.rstrip("\n")))

    def _indent(self, line: int) -> str:
        """The blanks at the beginning of the line that starts there."""
        match = _BLANKS.match(self.text, line)
        return match[0] if match else ""

    def _in_lines(self, value: object, indent: str) -> str:
        return escaped(json.dumps(value, ensure_ascii=False, indent=self.step)).replace("\n", f"\n{indent}")


def same(one: object, other: object) -> bool:
    """Whether both say the same; `true`, `1` and `1.0` do not."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return repr(one) == repr(other)


def _own(node: Mapping) -> dict[object, Entry]:
    """The entries that stand in a mapping itself; of a key that is given twice the one that counts."""
    return {entry.key.value: entry for entry in node.entries if node.start <= entry.key.start <= node.end}
