"""The values of Spark properties: one class a syntax, each read from the text that it writes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from sparklineage.errors import ConfigError
from sparklineage.model.masking import MASK, mask_property
from sparklineage.model.secret import Secret, SecretReference


class ConfValue(ABC):
    """What stands behind one property."""

    joins: ClassVar[bool] = False
    """Whether two of them can be joined. Of those that cannot, one wins."""

    @property
    @abstractmethod
    def written(self) -> str:
        """The text for Spark, which `read` reads back as this value. Never a secret: `reveal` gives that."""

    @classmethod
    @abstractmethod
    def read(cls, text: str) -> ConfValue:
        """The value that Spark, or the agent, would take `text` for. Raises ConfigError for what is none."""

    @property
    def blank(self) -> bool:
        """Whether there is nothing in it."""
        return not self.written.strip()

    def shown(self, key: str) -> str:
        """The text that people may see, where the value stands behind `key`."""
        return mask_property(key, self.written)

    def reveal(self) -> str:
        """The text for Spark, a secret included."""
        return self.written

    def behind(self, theirs: ConfValue) -> ConfValue:
        """Both joined, theirs first. For a value that does not join, theirs alone."""
        return theirs

    def gives_way(self, theirs: ConfValue) -> str:  # noqa: ARG002
        """What of this is not in both joined; empty where all of it is."""
        return ""


@dataclass(frozen=True, slots=True)
class Text(ConfValue):
    """A single value, exactly as it is."""

    text: str

    @property
    def written(self) -> str:
        return self.text

    @classmethod
    def read(cls, text: str) -> Text:
        return cls(text)


@dataclass(frozen=True, slots=True)
class SecretValue(ConfValue):
    """A secret, or where it lies. What is written shows no more than the place."""

    secret: Secret | SecretReference

    @property
    def written(self) -> str:
        return self.secret.written if isinstance(self.secret, SecretReference) else MASK

    @classmethod
    def read(cls, text: str) -> SecretValue:
        return cls(SecretReference.read(text) or Secret(text))

    @property
    def blank(self) -> bool:
        return isinstance(self.secret, Secret) and not self.secret.reveal().strip()

    def shown(self, key: str) -> str:  # noqa: ARG002
        return self.written

    def reveal(self) -> str:
        """The secret itself. Raises ConfigError for a reference, which has to be resolved first."""
        if isinstance(self.secret, SecretReference):
            raise ConfigError(f"{self.secret.written} has not been fetched yet, so its value cannot be handed on.")
        return self.secret.reveal()


@dataclass(frozen=True, slots=True)
class Unseen(SecretValue):
    """A text that goes where the secrets go, because it may be one: nothing in its name says so."""

    @classmethod
    def of(cls, value: SecretValue | Text) -> Unseen:
        return cls(value.secret if isinstance(value, SecretValue) else Secret(value.text))

    def shown(self, key: str) -> str:
        return mask_property(key, self.reveal()) if isinstance(self.secret, Secret) else self.written
