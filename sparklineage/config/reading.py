"""Turn the mapping of a file into values, and tell every problem in it at once, each with its line and column."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sparklineage.config.definition import definition
from sparklineage.config.documents import Mapping, Scalar, Sequence, plain
from sparklineage.config.keys import PLATFORM_KEYS, PLATFORMS
from sparklineage.config.layers import Found
from sparklineage.config.values import WrongValueError, named, parse
from sparklineage.errors import ConfigError, suggestion
from sparklineage.model.masking import mask_property
from sparklineage.model.secret import Secret, SecretReference, misspelt

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sparklineage.config.documents import Entry, Node
    from sparklineage.config.keys import Key
    from sparklineage.config.values import Value

SECTIONS = ("profiles", "platforms")
_PLATFORM = {key.name: key for key in PLATFORM_KEYS}
_QUOTED = ("text", "regex", "version", "path", "class", "uuid")
"""Kinds of which YAML may make a number, which is taken as it is written."""


class Reader:
    """Reads the sections of one file."""

    def __init__(self, file: str, *, foreign: bool = False) -> None:
        """`file` names it in places; with `foreign` (an openlineage.yml) keys that are not known are left alone."""
        self.file = file
        self.foreign = foreign
        self.problems: list[tuple[int, str]] = []
        self.known = definition()

    def place(self, node: Node) -> str:
        """`sparklineage.yml:12:3`."""
        return f"{self.file}:{node.start.line}:{node.start.column}"

    def problem(self, node: Node, sentence: str) -> None:
        self.problems.append((node.start.offset, f"{self.place(node)}: {sentence}"))

    def section(self, node: Mapping, *, besides: tuple[str, ...] = (), platform: bool = False) -> dict[str, Found]:
        """The values of a section; `besides` names what else may stand in it and is read elsewhere."""
        found: dict[str, Found] = {}
        for entry, name in self._once(node):
            if name in besides:
                continue
            if platform and name in _PLATFORM:
                self._value(f"platform.{name}", _PLATFORM[name], entry.key, entry.value, found)
            else:
                self._entry(name, entry.key, entry.value, found)
        return found

    def named_sections(self, node: Node, what: str) -> Iterator[tuple[str, Mapping]]:
        """Name and mapping of each profile or platform."""
        if isinstance(node, Scalar) and node.value is None:
            return
        if not isinstance(node, Mapping):
            self.problem(node, f"{what} is {named(plain(node))}, but a mapping from name to settings is needed.")
            return
        for entry, name in self._once(node):
            if what == "platforms" and name not in PLATFORMS:
                hint = suggestion(name, PLATFORMS) or f" Known are {', '.join(PLATFORMS)}."
                self.problem(entry.key, f"{name} is no known platform.{hint}")
            elif isinstance(entry.value, Mapping):
                yield name, entry.value
            elif not (isinstance(entry.value, Scalar) and entry.value.value is None):
                self.problem(entry.value, f"{what}.{name} is {named(plain(entry.value))}, but settings are needed.")

    def raise_problems(self) -> None:
        """Raises ConfigError with a sentence a line, if there is any problem."""
        if self.problems:
            raise ConfigError("\n".join(sentence for _, sentence in sorted(self.problems)))

    def _once(self, node: Mapping) -> Iterator[tuple[Entry, str]]:
        """Each entry with its name; a name that is given again is a problem."""
        first: dict[str, Entry] = {}
        for entry in node.entries:
            name = entry.key.text
            if name in first:
                self.problem(entry.key, f"{name} is given again (first in line {first[name].key.start.line}).")
            else:
                first[name] = entry
                yield entry, name

    def _entry(self, name: str, at: Scalar, value: Node, found: dict[str, Found]) -> None:
        """One key with whatever stands below it."""
        key = self.known.find(name)
        if isinstance(value, Scalar) and value.value is None:
            # A key without a value says nothing, but it must exist.
            if key is None and not self.known.has_below(name):
                self._unknown(name, at)
        elif isinstance(value, Mapping) and (key is None or key.kind != "tags") and self._descends(name, key):
            for entry, below in self._once(value):
                self._entry(f"{name}.{below}", entry.key, entry.value, found)
        elif isinstance(value, Sequence) and name.endswith("transport.transports"):
            self._transports(name, value, found)
        elif key is not None:
            self._value(key.name, key, at, value, found)
        elif self.known.has_below(name) and not self.foreign:
            self.problem(at, f"{name} is {named(plain(value))}, but keys below it are needed.")
        else:
            self._unknown(name, at)

    def _descends(self, name: str, key: Key | None) -> bool:
        # `properties: {bootstrap: {servers: x}}` is the property bootstrap.servers.
        return self.known.has_below(name) or (key is not None and key.open_ended)

    def _transports(self, name: str, value: Sequence, found: dict[str, Found]) -> None:
        """A list of transports: each has a name, or its number stands for one."""
        for number, item in enumerate(value.items, 1):
            if not isinstance(item, Mapping):
                self.problem(item, f"{name} holds {named(plain(item))}, but each transport is a mapping.")
                continue
            given = item.get("name")
            label = given.text if isinstance(given, Scalar) and given.text else str(number)
            for entry, below in self._once(item):
                if below != "name":
                    self._entry(f"{name}.{label}.{below}", entry.key, entry.value, found)

    def _value(self, name: str, key: Key, at: Scalar, node: Node, found: dict[str, Found]) -> None:
        source = self.place(at)
        written = plain(node)
        if isinstance(node, Scalar) and key.kind in _QUOTED and not isinstance(written, bool):
            written = node.text
        if isinstance(node, Sequence):
            written = [item.text if isinstance(item, Scalar) else plain(item) for item in node.items]
        try:
            value = read_value(written, key)
        except WrongValueError as error:
            self.problem(at, f"{key.name} is {described(written, key)}, but {error} is needed.")
            return
        except ConfigError as error:
            self.problem(at, str(error))
            return
        if name in found:
            self.problem(at, f"{key.name} is given again, by another name (first at {found[name].source}).")
            return
        found[name] = Found(key=key, value=value, source=source)

    def _unknown(self, name: str, at: Scalar) -> None:
        if not self.foreign:
            self.problem(at, f"{name} is no known key.{self.known.hint(name)}")


def read_value(written: object, key: Key) -> Value | Secret | SecretReference:
    """The value of a key. Raises WrongValueError, or ConfigError for a reference to a secret that is incomplete."""
    if key.raw and isinstance(written, (bool, list)):
        # Spark knows what it wants; YAML has its own words for some of it.
        return "true" if written is True else "false" if written is False else ",".join(map(str, written))
    value = parse(written, key.kind, key.limits)
    if not key.secret:
        return value
    reference = SecretReference.read(str(value), source=key.name)
    if reference is None and (form := misspelt(str(value))):
        raise ConfigError(f"{key.name} looks like a reference to a secret, of a kind that is not known; write {form}.")
    return reference or Secret(str(value))


def described(written: object, key: Key) -> str:
    """What stands there, without showing what may be a secret."""
    if key.secret or not isinstance(written, (str, int, float)) or isinstance(written, bool):
        return named(written)
    text = mask_property(key.name, str(written))
    return repr(text if len(text) <= 60 else f"{text[:60]}…") if isinstance(written, str) else f"the number {text}"
