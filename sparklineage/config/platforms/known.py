"""Finding what is known of a release."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sparklineage.config.platforms.certain import certain
from sparklineage.config.platforms.label import Label, label
from sparklineage.config.platforms.release import Found, Hint, Release
from sparklineage.errors import ConfigError, suggestion

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sparklineage.config.platforms.place import Platform

_OTHERWISE = "agent.scala says otherwise"
_SHOWN = 80


class Platforms:
    """Everything that is known, by the name of the platform."""

    def __init__(self, platforms: Iterable[Platform]) -> None:
        self._platforms = tuple(platforms)
        self._by_name = {name: place for place in self._platforms for name in (place.name, *place.also)}

    @property
    def names(self) -> tuple[str, ...]:
        """The platforms, each once; others such as `pyspark` are found as `spark`."""
        return tuple(place.name for place in self._platforms)

    def title(self, platform: str) -> str:
        """The vendor's name for it. Raises ConfigError for a platform nobody knows."""
        return self._platform(platform).title

    def of(self, platform: str) -> tuple[Release, ...]:
        """Every release in its order, oldest first. Raises ConfigError for a platform nobody knows."""
        return tuple(release for _, release in self._platform(platform).releases)

    def find(self, platform: str, release: str) -> Found:
        """What a release brings; with a warning, the nearest one of its line, else the newest older one.

        Raises ConfigError for a platform nobody knows, for what cannot be one of its releases, and for a release that
        no known agent works with.
        """
        place = self._platform(platform)
        name, asked = release.strip(), label(place.name, release)
        if asked is None:
            raise ConfigError(_unreadable(place, release))
        exact, warning = place.exact(asked), None
        found = exact[0] if exact else _nearest(place, asked, name)
        if found.agent_min is None:
            raise ConfigError(_unsupported(place, asked, found, name, known=bool(exact)))
        if not exact:
            warning = f"{place.title} has no release {name} that is known here; {_taken(found)}."
        elif len(exact) > 1:
            warning = f"{place.title} {name} is there for several Scalas; {_taken(found)}."
        return Found(asked=name, release=found, warning=warning)

    def hint(self, platform: str | None, release: str | None) -> Hint:
        """What is certain about a release; nothing at all where neither it nor its line is known."""
        place = self._by_name.get(platform or "")
        asked = label(place.name, release) if place and release else None
        return certain(place, asked) if place and asked else Hint()

    def _platform(self, name: str) -> Platform:
        if name not in self._by_name:
            near = suggestion(name[:_SHOWN], self._by_name) or f" Known are {', '.join(self.names)}."
            raise ConfigError(f"{_short(name)} is no platform.{near}")
        return self._by_name[name]


def _nearest(place: Platform, asked: Label, name: str) -> Release:
    """Of its line the newest one before it, else the first one; without a line the newest one before it."""
    line, family = place.line(asked), place.family(asked)
    older = [known for known, _ in line or family if known.numbers < asked.order]
    if not older and not line:
        raise ConfigError(
            f"{place.title} {name} is older than every release that is known here; take "
            f"{place.first_supported(asked)} or later."
        )
    taken = older[-1].numbers if older else line[0][0].numbers
    candidates = [release for known, release in family if known.numbers == taken]
    return next((release for release in candidates if release.scala == asked.scala), candidates[0])


def _taken(release: Release) -> str:
    return f"{release.release} is taken, with Spark {release.spark} and Scala {release.scala} ({_OTHERWISE})"


def _unreadable(place: Platform, release: str) -> str:
    names = [known.release for _, known in place.releases]
    near = suggestion(release.strip()[:_SHOWN], names)
    return f"{_short(release)} is no release of {place.title}; it is written such as {names[-1]}.{near}"


def _unsupported(place: Platform, asked: Label, found: Release, name: str, *, known: bool) -> str:
    who = "runs" if known else f"is not known here, and {found.release}, which is nearest, runs"
    return (
        f"{place.title} {name} {who} Spark {found.spark}, which no known agent works with; take "
        f"{place.first_supported(asked)} or later."
    )


def _short(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…")
