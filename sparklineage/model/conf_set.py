"""A finished set of Spark properties, each with its source: from here they go to spark-submit, a file or a builder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from sparklineage.errors import ConfigError
from sparklineage.model import conf_builder, conf_environment
from sparklineage.model.conf_entry import ConfEntry, Lost
from sparklineage.model.conf_merge import merged
from sparklineage.model.conf_properties import properties_text
from sparklineage.model.conf_value import ConfValue, SecretValue, Text
from sparklineage.model.masking import SECRET_KEY
from sparklineage.model.secret import Secret, SecretReference

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Typed = Callable[[str, str], ConfValue]

__all__ = ["ConfEntry", "ConfSet", "Lost"]

_Builder = TypeVar("_Builder")
_FLAGS = {
    "spark.archives": "--archives",
    "spark.files": "--files",
    "spark.jars": "--jars",
    "spark.jars.excludes": "--exclude-packages",
    "spark.jars.packages": "--packages",
    "spark.jars.repositories": "--repositories",
    "spark.submit.pyFiles": "--py-files",
}
"""spark-submit's own options for lists. An option beats `--conf`, so only another, later one can extend it."""


@dataclass(frozen=True, eq=False)
class ConfSet(Mapping[str, ConfValue]):
    """An immutable, ordered map from Spark property to value. Every operation gives a new one."""

    entries: tuple[ConfEntry, ...] = ()

    def __post_init__(self) -> None:
        if len(self._index) != len(self.entries):
            raise ValueError("a property is there twice")

    @classmethod
    def of(cls, properties: Mapping[str, str], *, source: str, typed: Typed | None = None) -> ConfSet:
        """Plain properties that come from one place. `typed` chooses the class of each; without it they are texts.

        Raises ConfigError where `typed` does.
        """
        choose = typed or (lambda _, text: Text(text))
        return cls(
            tuple(ConfEntry(key=key, value=choose(key, text), source=source) for key, text in properties.items())
        )

    @cached_property
    def _index(self) -> dict[str, ConfEntry]:
        return {entry.key: entry for entry in self.entries}

    def __getitem__(self, key: str) -> ConfValue:
        return self._index[key].value

    def __iter__(self) -> Iterator[str]:
        return iter(self._index)

    def __len__(self) -> int:
        return len(self.entries)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ConfSet) and self.entries == other.entries

    def __hash__(self) -> int:
        return hash(self.entries)

    def entry(self, key: str) -> ConfEntry | None:
        """The value with its source, and what lost against it; None where the property is not set."""
        return self._index.get(key)

    def without(self, *keys: str) -> ConfSet:
        """The same without these properties, whether they are set or not."""
        return ConfSet(tuple(entry for entry in self.entries if entry.key not in keys))

    def over(self, weaker: ConfSet) -> ConfSet:
        """This layer over a weaker one: what is in both is taken from here. Nothing is joined."""
        found = [
            self._index[one.key].over(one, "a stronger layer") if one.key in self else one for one in weaker.entries
        ]
        return ConfSet((*found, *(entry for entry in self.entries if entry.key not in weaker)))

    def merged_with(
        self,
        user_conf: ConfSet | Mapping[str, str],
        *,
        source: str = "your configuration",
        typed: Typed | None = None,
    ) -> ConfSet:
        """These properties laid under the user's own; merging twice changes nothing more.

        The user's scalars stay, unless an entry of ours is firm. Lists and patterns are joined. A transport belongs
        together: with a type of their own the whole of it is theirs; so does the parent run. Of a plain mapping each
        value is read as ours of the same key is, else as `typed` says, and `source` says where it comes from.
        """
        if isinstance(user_conf, ConfSet):
            users = user_conf
        else:
            users = ConfSet.of(user_conf, source=source, typed=_lenient(typed) if typed else None)
        return ConfSet(merged(self.entries, users.entries))

    def beyond(self, user_conf: ConfSet) -> ConfSet:
        """Of a set merged with the user's: the entries that have to be added to what the user has."""
        return ConfSet(
            tuple(
                entry
                for entry in self.entries
                if (theirs := user_conf.entry(entry.key)) is None
                or (theirs.source, theirs.joined) != (entry.source, entry.joined)
            )
        )

    def resolved(self, fetch: Callable[[SecretReference, str], Secret]) -> ConfSet:
        """With a secret in the place of each reference. `fetch` gets the reference and its source."""
        return ConfSet(
            tuple(
                replace(entry, value=SecretValue(fetch(entry.value.secret, entry.source)))
                if isinstance(entry.value, SecretValue) and isinstance(entry.value.secret, SecretReference)
                else entry
                for entry in self.entries
            )
        )

    def as_dict(self, *, reveal: bool = False) -> dict[str, str]:
        """Property and text, without the secrets and what `environment` carries with them; `reveal` gives all.

        Raises ConfigError where a secret to be revealed has not been fetched.
        """
        if reveal:
            return {entry.key: entry.value.reveal() for entry in self.entries}
        hidden = conf_environment.carried(self.entries)
        return {
            entry.key: entry.value.written for entry in self.entries if entry.key not in hidden and not entry.secret
        }

    def as_args(self) -> list[str]:
        """Options of spark-submit, without the secrets: `environment` carries those.

        Raises ConfigError for a property that no command line can carry.
        """
        args: list[str] = []
        for key, text in self.as_dict().items():
            if "=" in key or "\0" in key + text:
                raise ConfigError(f"{key[:100]!r} cannot stand on a command line; put it into spark-defaults.conf.")
            args += [_FLAGS[key], text] if key in _FLAGS else ["--conf", f"{key}={text}"]
        return args

    def as_properties(self) -> str:
        """The text of a spark-defaults.conf, without the secrets."""
        return properties_text(self.as_dict())

    def environment(self) -> dict[str, str]:
        """The variables by which the agent gets its secrets, revealed, and what else no property can say.

        Raises ConfigError for a secret that is none of the agent's, or that has not been fetched.
        """
        return conf_environment.variables(self.entries)

    @property
    def carried(self) -> frozenset[str]:
        """The properties that go by `environment` alone."""
        return conf_environment.carried(self.entries)

    def masked(self) -> list[tuple[str, str, str]]:
        """Property, value as people may see it, and source."""
        return [(entry.key, entry.shown, entry.source) for entry in self.entries]

    def apply(self, builder: _Builder, *, environ: Mapping[str, str] | None = None) -> _Builder:
        """The properties in a `SparkSession.builder`, joined with what it has; its own options stay.

        Secrets are left out: they would stand on the command line of the JVM, so `environment` has to be in the
        process's environment before. Raises SessionRunsError where it is too late for them.
        """
        conf_builder.refuse_if_running(builder, self, environ or {})
        given = ConfSet.of(conf_builder.options(builder), source="SparkSession.builder")
        for key, text in self.merged_with(given).beyond(given).as_dict().items():
            conf_builder.set_option(builder, key, text)
        return builder


def _lenient(typed: Typed) -> Typed:
    """Takes as it is what `typed` cannot read: in their own configuration people may write what they like."""

    def choose(key: str, text: str) -> ConfValue:
        try:
            return typed(key, text)
        except ConfigError:
            return SecretValue(Secret(text)) if SECRET_KEY.search(key) else Text(text)

    return choose
