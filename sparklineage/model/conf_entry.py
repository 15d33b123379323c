"""One property of a conf set: its value, where that came from, and what lost against it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from sparklineage.model.conf_value import SecretValue
from sparklineage.model.masking import mask

if TYPE_CHECKING:
    from sparklineage.model.conf_value import ConfValue


class Lost(NamedTuple):
    """A value that does not count."""

    value: str
    """As people may see it."""
    source: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class ConfEntry:
    """One property."""

    key: str
    value: ConfValue
    source: str
    """The place that set it, such as `sparklineage.yml:12:3`, `--namespace`, `OPENLINEAGE_URL` or `default`."""
    why: str = ""
    """What it is good for."""
    firm: bool = False
    """Whether it wins over the user's own value too, as what a flag says does."""
    plain: bool = False
    """Whether the key is known to hold no secret, whatever its name sounds like: `auth.tokenEndpoint`."""
    lost: tuple[Lost, ...] = ()
    joined: tuple[str, ...] = ()
    """The sources of what is joined in the value, in its order; empty where it has one source."""

    @property
    def shown(self) -> str:
        """The value as people may see it."""
        return mask(self.value.written) if self.plain and not self.secret else self.value.shown(self.key)

    @property
    def secret(self) -> bool:
        return isinstance(self.value, SecretValue)

    def over(self, weaker: ConfEntry, reason: str) -> ConfEntry:
        """This entry with `weaker` and all that lost against it on record."""
        beaten = () if weaker.value == self.value else (Lost(weaker.shown, weaker.source, reason),)
        lost = dict.fromkeys((*self.lost, *beaten, *weaker.lost))
        return replace(self, lost=tuple(lost), why=self.why or weaker.why)
