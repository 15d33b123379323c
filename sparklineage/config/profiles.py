"""A configuration file taken apart: what holds for all, the platforms' sections, the profiles and what they extend."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sparklineage.config.documents import Mapping as MappingNode
from sparklineage.config.documents import Scalar, Sequence, plain
from sparklineage.config.layers import Layer
from sparklineage.config.reading import SECTIONS, Reader, told
from sparklineage.config.values import named
from sparklineage.errors import ConfigError, suggestion

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sparklineage.config.documents import Node
    from sparklineage.config.layers import Found

_LONGEST_WAY = 8
DEFAULT = "default"
"""The profile that counts where none is chosen and it is there."""


@dataclass(frozen=True, kw_only=True)
class Section:
    """The file itself, or one profile of it."""

    found: Mapping[str, Found] = field(default_factory=dict)
    platforms: Mapping[str, Mapping[str, Found]] = field(default_factory=dict)
    extends: tuple[str, ...] = ()
    """The profiles that it lies over, the weakest first."""


@dataclass(frozen=True, kw_only=True)
class Sections:
    """A whole file."""

    base: Section = field(default_factory=Section)
    profiles: Mapping[str, Section] = field(default_factory=dict)

    def layers(self, profile: str | None, platform: str | None) -> Iterator[Layer]:
        """What the file says for a profile and a platform, the weakest first."""
        yield from self._section(self.base, "file", platform)
        for name in chain(self.profiles, profile) if profile is not None else ():
            yield from self._section(self.profiles[name], f"profile {name}", platform)

    def _section(self, section: Section, name: str, platform: str | None) -> Iterator[Layer]:
        yield Layer(name=name, found=section.found)
        if platform is not None and platform in section.platforms:
            yield Layer(name=f"{name}, platform {platform}", found=section.platforms[platform])


def sections(root: MappingNode, reader: Reader) -> Sections:
    """The sections of a file. Raises ConfigError with every problem in it, also in profiles that nobody chose."""
    profiles: dict[str, Section] = {}
    places: dict[str, tuple[Node, ...]] = {}
    base = _section(root, reader, besides=() if reader.foreign else ("profiles", "platforms"))
    node = None if reader.foreign else root.get("profiles")
    for name, body in reader.named_sections(node, "profiles") if node is not None else ():
        extends, places[name] = _extends(body, reader)
        part = _section(body, reader, besides=("extends", *SECTIONS))
        if (inner := body.get("profiles")) is not None:
            reader.problem(
                inner, f"profiles.{told(name)} holds profiles, which stand side by side at the top of the file."
            )
        profiles[name] = Section(found=part.found, platforms=part.platforms, extends=extends)
    for name, section in profiles.items():
        for other, at in zip(section.extends, places[name], strict=True):
            if other not in profiles:
                reader.problem(
                    at,
                    f"profiles.{told(name)} extends {told(other)}, which is no profile.{reader.near(other, profiles)}",
                )
    for circle in _circles(profiles):
        way = " → ".join(
            map(told, circle if len(circle) <= _LONGEST_WAY else (*circle[:_LONGEST_WAY], "…", circle[-1]))
        )
        reader.problem(places[circle[0]][0], f"profiles extend one another in a circle: {way}.")
    reader.raise_problems()
    return Sections(base=base, profiles=profiles)


def chain(profiles: Mapping[str, Section], name: str) -> list[str]:
    """A profile and all that it extends, each once, the weakest first."""
    found: dict[str, None] = {}
    stack = [(name, iter(profiles[name].extends))]
    while stack:
        top, others = stack[-1]
        deeper = next((other for other in others if other not in found), None)
        if deeper is None:
            found[top] = None
            stack.pop()
        else:
            stack.append((deeper, iter(profiles[deeper].extends)))
    return list(found)


def chosen(profiles: Mapping[str, Section], wanted: str | None, source: str, file: str | None) -> str | None:
    """The profile that counts. Raises ConfigError for one that is not there; `source` named it."""
    if wanted is None:
        return DEFAULT if DEFAULT in profiles else None
    if wanted in profiles:
        return wanted
    if file is None:
        raise ConfigError(f"{source} is {wanted!r}, but there is no configuration file with profiles.")
    known = suggestion(wanted, profiles) or (
        f" It has {told(', '.join(profiles))}." if profiles else " Write it below `profiles:`."
    )
    raise ConfigError(f"{source} is {wanted!r}, which is no profile of {file}.{known}")


def _section(node: MappingNode, reader: Reader, *, besides: tuple[str, ...]) -> Section:
    found = reader.section(node, besides=besides)
    platforms: dict[str, Mapping[str, Found]] = {}
    below = node.get("platforms") if "platforms" in besides else None
    for name, body in reader.named_sections(below, "platforms") if below is not None else ():
        platforms[name] = reader.section(body, platform=True)
    return Section(found=found, platforms=platforms)


def _extends(body: MappingNode, reader: Reader) -> tuple[tuple[str, ...], tuple[Node, ...]]:
    node = body.get("extends")
    items = node.items if isinstance(node, Sequence) else (node,) if node is not None else ()
    # YAML takes the name of a profile `on` or `2` for something else.
    names = [item for item in items if isinstance(item, Scalar) and item.value is not None]
    if len(names) != len(items) and node is not None:
        reader.problem(
            node, f"extends is {named(plain(node))}, but the name of a profile, or a list of names, is needed."
        )
        return (), ()
    return tuple(item.text for item in names), tuple(names)


def _circles(profiles: Mapping[str, Section]) -> Iterator[tuple[str, ...]]:
    """For every profile that leads back to one it came from: the way from there to there."""
    done: set[str] = set()
    for start in profiles:
        way: dict[str, Iterator[str]] = {start: iter(profiles[start].extends)} if start not in done else {}
        while way:
            top = next(reversed(way))
            other = next(way[top], None)
            if other is None:
                done.add(top)
                del way[top]
            elif other in way:
                names = list(way)
                yield (*names[names.index(other) :], other)
            elif other in profiles and other not in done:
                way[other] = iter(profiles[other].extends)
