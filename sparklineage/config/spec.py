"""A configuration that has been read: every value that counts, where it came from, and what lost against it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from sparklineage.config.definition import definition
from sparklineage.config.keys import OWN, PLATFORM_KEYS
from sparklineage.config.layers import Resolved
from sparklineage.config.reading import told
from sparklineage.config.values import WrongValueError, parse, render
from sparklineage.errors import ConfigError
from sparklineage.model.secret import Secret, SecretReference

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sparklineage.model.conf_set import ConfSet

_OF_PLATFORMS = frozenset(f"platform.{key.name}" for key in PLATFORM_KEYS)


@dataclass(frozen=True, kw_only=True)
class Spec:
    """What `sparklineage.load` gives."""

    resolved: Mapping[str, Resolved]
    """By key of sparklineage.yml, such as `transport.url`."""
    file: Path | None = None
    """The configuration file, where there is one."""
    profile: str | None = None
    profiles: tuple[str, ...] = ()
    """All profiles of the file."""
    platform: str | None = None
    warnings: tuple[str, ...] = ()
    """A sentence for everything that works otherwise than somebody may think."""
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)

    def __getitem__(self, key: str) -> object:
        """The value of a key: a text, bool, int (milliseconds of a duration, bytes of a size), float, tuple of texts,
        a SecretReference or a Secret; None where nothing is set. Raises ConfigError for a key that does not exist.
        """
        name = _name(key)
        if name in self.resolved:
            return self.resolved[name].value
        if definition().find(key) is None and key not in _OF_PLATFORMS:
            raise ConfigError(f"{told(key)} {definition().refusal(key)}")
        return None

    def source(self, key: str) -> str | None:
        """Where the value of a key was set: `sparklineage.yml:3:1`, a variable, an option, `default`; or None."""
        item = self.resolved.get(_name(key))
        return item.source if item is not None else None

    def text(self, key: str) -> str | None:
        """The value of a key as one would write it; a literal secret is masked, also in `transport.url` and in what
        only Spark or a client knows.
        """
        item = self.resolved.get(_name(key))
        if item is None:
            return None
        if isinstance(item.value, (Secret, SecretReference)) or item.key.kind == "url" or item.key.open_ended:
            return item.shown
        return render(item.value, item.key.kind)

    def with_mode(self, mode: str, source: str) -> Spec:
        """The same with another `delivery.mode`, decided by `source`."""
        item = replace(self.resolved["delivery.mode"], value=mode, source=source, layer="options")
        return replace(self, resolved={**self.resolved, "delivery.mode": item})

    def with_scala(self, value: str, source: str) -> Spec:
        """The same with another `agent.scala`, `2.12` or `2.13`, said by `source`."""
        key = next(key for key in OWN if key.name == "agent.scala")
        item = Resolved(key=key, value=value, source=source, layer="options")
        return replace(self, resolved={**self.resolved, key.name: item})

    def with_platform(self, name: str, value: str, source: str) -> Spec:
        """The same with another value of a platform's own key, such as `platform.release`. Raises ConfigError."""
        key = next(key for key in PLATFORM_KEYS if name == f"platform.{key.name}")
        try:
            item = Resolved(key=key, value=parse(value, key.kind, key.limits), source=source, layer="options")
        except WrongValueError as error:
            raise ConfigError(f"{source} is {value!r}, but {error} is needed.") from None
        return replace(self, resolved={**self.resolved, name: item})

    def conf_set(self) -> ConfSet:
        """The Spark properties that the keys stand for, without listeners and JARs; `sparklineage.finished` adds
        those. Raises ConfigError for what the agent's syntax cannot say, and for an outbox that cannot be delivered.
        """
        from sparklineage.config.conf import conf_set  # noqa: PLC0415
        from sparklineage.config.settings import mode_of  # noqa: PLC0415

        return conf_set(self, mode_of(self).value)

    def below(self, prefix: str) -> dict[str, Resolved]:
        """The values of the keys that begin with `prefix`, by the rest of their names."""
        return {name.removeprefix(prefix): item for name, item in self.resolved.items() if name.startswith(prefix)}


def _name(key: str) -> str:
    """The name that a key's value is kept by, whatever it is called here."""
    known = definition().find(key)
    return (known.stands_for or known.name) if known is not None else key
