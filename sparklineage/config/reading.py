"""Turn the mapping of a file into values, and tell every problem in it at once, each with its line and column."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

from sparklineage.config.catalogue import PREFIX
from sparklineage.config.definition import RAW, bare, dead_end, definition, spark_property
from sparklineage.config.documents import Mapping, Scalar, Sequence, plain
from sparklineage.config.keys import PLATFORM_KEYS, PLATFORMS
from sparklineage.config.layers import Found
from sparklineage.config.values import WANTED, WrongValueError, named, parse
from sparklineage.errors import ConfigError, suggestion
from sparklineage.model.lists import comma_list
from sparklineage.model.masking import mask, mask_property
from sparklineage.model.secret import Secret, SecretReference, misspelt

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sparklineage.config.documents import Entry, Node
    from sparklineage.config.keys import Key
    from sparklineage.config.values import Value

SECTIONS = ("profiles", "platforms")
_PLATFORM = {key.name: key for key in PLATFORM_KEYS}
_QUOTED = ("text", "regex", "version", "path", "class", "uuid")
"""Kinds of which YAML may make a number, which is taken as it is written."""
_NOT_BLANK = ("text", "regex", "path")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
"""What steers a terminal or begins a new line."""
_MOST, _MOST_TOLD = 1_000, 50
"""Problems of one file: nobody wrote a file with a thousand of them."""
_LONGEST_TOLD = 80


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
        if len(self.problems) == _MOST:
            self.raise_problems()

    def near(self, name: str, known: Iterable[str]) -> str:
        """` Did you mean X?` or nothing: looking takes its time, and nobody reads the fiftieth of many problems."""
        return suggestion(name, islice(known, _MOST)) if len(self.problems) < _MOST_TOLD else ""

    def section(self, node: Mapping, *, besides: tuple[str, ...] = (), platform: bool = False) -> dict[str, Found]:
        """The values of a section; `besides` names what else may stand in it and is read elsewhere."""
        found: dict[str, Found] = {}
        for entry, name in self._once(node):
            if name in besides:
                continue
            if platform and name in _PLATFORM:
                if isinstance(entry.value, Scalar) and entry.value.value is None:
                    continue
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
                hint = self.near(name, PLATFORMS) or f" Known are {', '.join(PLATFORMS)}."
                self.problem(entry.key, f"{told(name)} is no known platform.{hint}")
            elif isinstance(entry.value, Mapping):
                yield name, entry.value
            elif not (isinstance(entry.value, Scalar) and entry.value.value is None):
                self.problem(
                    entry.value, f"{what}.{told(name)} is {named(plain(entry.value))}, but settings are needed."
                )

    def raise_problems(self) -> None:
        """Raises ConfigError with a sentence a line, if there is any problem."""
        if self.problems:
            sentences = [sentence for _, sentence in sorted(self.problems)]
            if len(sentences) > _MOST_TOLD:
                left = str(len(sentences) - _MOST_TOLD) if len(sentences) < _MOST else "many"
                sentences[_MOST_TOLD:] = [f"{self.file}: {left} more {'problem' if left == '1' else 'problems'}."]
            raise ConfigError("\n".join(sentences))

    def _once(self, node: Mapping, parent: str = "") -> Iterator[tuple[Entry, str]]:
        """Each entry with its name; a name that is given again is a problem. `parent` is the mapping's own name."""
        first: dict[str, Entry] = {}
        for entry in node.entries:
            name = entry.key.text
            if name in first:
                again = told(f"{parent}.{name}" if parent else name)
                self.problem(entry.key, f"{again} is given again (first in line {first[name].key.start.line}).")
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
            for entry, below in self._once(value, name):
                self._entry(f"{name}.{below}", entry.key, entry.value, found)
        elif isinstance(value, Sequence) and name.endswith(".transports") and self.known.has_below(name):
            self._transports(name, value, found)
        elif key is not None:
            self._value(key.name, key, at, value, found)
        elif self.known.has_below(name) and not self.foreign and not dead_end(PREFIX + bare(name)):
            example = self.known.example(bare(name))
            such = f", such as {example}" if example else ""
            self.problem(at, f"{told(bare(name))} is {named(plain(value))}, but keys below it are needed{such}.")
        else:
            self._unknown(name, at)

    def _descends(self, name: str, key: Key | None) -> bool:
        # `properties: {bootstrap: {servers: x}}` is the property bootstrap.servers.
        if key is not None and (key.open_ended or key.name == name):
            return key.open_ended
        # A mapping below `facets` is a facet's own, whatever dots its name has: `spark.logicalPlan`.
        return self.known.has_below(name, dotted=True) or self.known.dead_below(name)

    def _transports(self, name: str, value: Sequence, found: dict[str, Found]) -> None:
        """A list of transports: each has a name, or its number stands for one."""
        for number, item in enumerate(value.items, 1):
            if not isinstance(item, Mapping):
                self.problem(item, f"{name} holds {named(plain(item))}, but each transport is a mapping with a `type`.")
                continue
            given = item.get("name")
            label = given.text if isinstance(given, Scalar) and given.text else str(number)
            for entry, below in self._once(item, f"{name}.{label}"):
                if below != "name":
                    self._entry(f"{name}.{label}.{below}", entry.key, entry.value, found)

    def _value(self, name: str, key: Key, at: Scalar, node: Node, found: dict[str, Found]) -> None:
        source = self.place(at)
        written = plain(node)
        if isinstance(node, Mapping):
            list(self._once(node, name))
        if isinstance(node, Scalar) and key.kind in _QUOTED and (key.open_ended or not isinstance(written, bool)):
            written = node.text
        if isinstance(node, Sequence):
            written = [item.text if isinstance(item, Scalar) else plain(item) for item in node.items]
        try:
            value = read_value(written, key)
        except WrongValueError as error:
            self.problem(at, f"{told(key.name)} is {described(written, key)}, but {error} is needed.{error.hint}")
            return
        except ConfigError as error:
            self.problem(at, str(error))
            return
        if key.stands_for and (same := self.known.find(key.stands_for)):
            key, name = same, same.name
        if name in found:
            again = f"{told(key.name)} is given again, as {told(at.text)}"
            self.problem(at, f"{again} (first at {found[name].source}).")
            return
        found[name] = Found(key=key, value=value, source=source)

    def _unknown(self, name: str, at: Scalar) -> None:
        if not self.foreign:
            refusal = self.known.refusal(name, near=len(self.problems) < _MOST_TOLD)
            self.problem(at, f"{told(spark_property(name) if name.startswith(RAW) else name)} {refusal}")


def read_value(written: object, key: Key) -> Value | Secret | SecretReference:
    """The value of a key. Raises WrongValueError, or ConfigError for a reference to a secret that is incomplete."""
    if key.raw and isinstance(written, (bool, list)):
        # Spark knows what it wants; YAML has its own words for some of it.
        return "true" if written is True else "false" if written is False else ",".join(map(str, written))
    if key.open_ended and isinstance(written, bool):
        # As a client of Kafka would be told.
        written = "true" if written else "false"
    value = parse(written, key.kind, key.limits)
    if not key.secret:
        if key.kind in _QUOTED and not key.open_ended and _CONTROL.search(str(value)):
            raise WrongValueError(f"{WANTED[key.kind]} in one line, without control characters")
        if key.kind in _NOT_BLANK and not key.open_ended and not str(value).strip():
            # The agent leaves blank values out, so that its default would count.
            raise WrongValueError(f"{WANTED[key.kind]} that is not blank")
        if key.catalogue is not None and key.catalogue.type == "comma list" and isinstance(value, tuple):
            return tuple(part for entry in value for part in comma_list(entry))
        return value
    reference = SecretReference.read(str(value), source=key.name)
    if reference is None and (form := misspelt(str(value))):
        raise ConfigError(f"{key.name} looks like a reference to a secret, of a kind that is not known; write {form}.")
    return reference or Secret(str(value))


def described(written: object, key: Key) -> str:
    """What stands there, without showing what may be a secret."""
    if key.secret or not isinstance(written, (str, int, float)) or isinstance(written, bool):
        return named(written)
    if isinstance(written, str) and "@" in written and "://" not in written and key.kind == "url":
        # A password before a host, without the scheme by which it would be masked.
        return named(written)
    try:
        text = mask_property(key.name, str(written)) if key.open_ended else mask(str(written))
    except ValueError:
        return "a number of thousands of digits"
    text = text if len(text) <= _LONGEST_TOLD else f"{text[:_LONGEST_TOLD]}…"
    return repr(text) if isinstance(written, str) else f"the number {text}"


def told(name: str) -> str:
    """The name of a key in a sentence, on one line and no longer than people can read."""
    short = name if len(name) <= _LONGEST_TOLD else f"{name[:_LONGEST_TOLD]}…"
    return short if short and short.isprintable() and short == short.strip() else repr(short)
