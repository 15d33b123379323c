"""Settings from the nodes of a YAML or JSON document."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from sparklineage.config.documents import DocumentError, Mapping, Node, Scalar, Sequence
from sparklineage.lint.finding import Place
from sparklineage.lint.readers.interface import UnreadableError
from sparklineage.lint.settings import UNKNOWN, Origin, Setting, Span
from sparklineage.model.agent_jar import recognise

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Iterable, Iterator

_Parsed = TypeVar("_Parsed")


def parsed(parse: Callable[[str], _Parsed], text: str, file: str) -> _Parsed:
    """What `parse_yaml` or `parse_json` makes of a text. Raises UnreadableError where they raise DocumentError."""
    try:
        return parse(text)
    except DocumentError as error:
        raise UnreadableError(Place(file, error.line, error.column), error.sentence) from None


@dataclass(frozen=True, kw_only=True)
class Source:
    """The document that settings are taken from."""

    file: str
    variables: re.Pattern[str] | None = None
    """What stands in its values for a text that only a run would tell."""
    within: Scalar | None = None
    """The text that holds the document, if it is one inside another: all its places are the place of that text."""

    def place(self, node: Node) -> Place:
        """Where a node begins."""
        mark = (self.within or node).start
        return Place(self.file, mark.line, mark.column)

    def value(self, scalar: Scalar) -> str:
        """The text of a scalar, with UNKNOWN for each variable."""
        return self.variables.sub(UNKNOWN, scalar.text) if self.variables else scalar.text

    def setting(
        self, key: Scalar, value: Scalar, *, name: str | None = None, spelled: str = "", origin: Origin = "properties"
    ) -> Setting:
        """The setting that a key and its value make; `name` is the property where the key is something else."""
        # An alias stands before its key, and rewriting it there would change other settings too.
        rewritable = value.start.offset >= key.end.offset
        return Setting(
            key=self.value(key) if name is None else name,
            value=self.value(value),
            text=value.text,
            place=self.place(key),
            origin=origin,
            spelled=spelled,
            key_span=self.span(key),
            value_span=self.span(value) if rewritable else None,
        )

    def settings(self, node: Node | None, *, origin: Origin = "properties") -> Iterator[Setting]:
        """A setting for each key of a mapping that has a single value."""
        for entry in node.entries if isinstance(node, Mapping) else ():
            if isinstance(entry.value, Scalar) and UNKNOWN not in self.value(entry.key):
                yield self.setting(entry.key, entry.value, origin=origin)

    def joined(self, scalars: Iterable[Scalar], *, name: str, spelled: str) -> Iterator[Setting]:
        """One setting for a list, at the agent's entry or else the first one; none for an empty list."""
        entries = [scalar for scalar in scalars if scalar.text.strip()]
        if entries:
            shown = next((entry for entry in entries if recognise(entry.text.strip())), entries[0])
            yield Setting(
                key=name,
                value=",".join(self.value(entry).strip() for entry in entries),
                text=",".join(entry.text for entry in entries),
                place=self.place(shown),
                origin="properties",
                spelled=spelled,
                value_span=self.span(shown) if len(entries) == 1 else None,
            )

    def is_partial(self, node: Node | None) -> bool:
        """Whether a mapping has settings that are not known: keys, or the whole of it, are variables."""
        if isinstance(node, Mapping):
            return any(UNKNOWN in self.value(entry.key) for entry in node.entries)
        return isinstance(node, Scalar) and UNKNOWN in self.value(node)

    def span(self, scalar: Scalar) -> Span | None:
        """Where it can be written anew: not in blocks of lines."""
        if self.within or scalar.style in {"|", ">"} or "\n" in scalar.text:
            return None
        return (scalar.start.offset, scalar.end.offset)


def items(node: Node | None) -> tuple[Node, ...]:
    """The items of a list; a single mapping is a list of itself, as in blocks that Terraform renders."""
    if isinstance(node, Sequence):
        return node.items
    return (node,) if isinstance(node, Mapping) else ()


def entries(node: Node | None) -> Iterator[tuple[str, Scalar, Node]]:
    """Name, key and value of each entry of a mapping."""
    return node.items() if isinstance(node, Mapping) else iter(())


def scalars(node: Node | None) -> Iterator[Scalar]:
    """The single values of a list."""
    return (item for item in node.items if isinstance(item, Scalar)) if isinstance(node, Sequence) else iter(())


def text_of(node: Node | None) -> str | None:
    """The text of a single value; None for anything else."""
    return node.text if isinstance(node, Scalar) else None


def known(source: Source, node: Node | None) -> str | None:
    """The text of a single value without blanks; None where it is empty or has variables."""
    text = source.value(node).strip() if isinstance(node, Scalar) else ""
    return text if text and UNKNOWN not in text else None
