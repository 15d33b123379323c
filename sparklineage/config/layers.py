"""Values and where each was found, layer over layer: defaults < file < profile < platform < environment < flags."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from sparklineage.config.values import render
from sparklineage.model.lists import joined
from sparklineage.model.masking import MASK, SECRET_HEADER, SECRET_KEY, mask, mask_property
from sparklineage.model.secret import Secret, SecretReference

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sparklineage.config.keys import Key
    from sparklineage.config.values import Value

_TYPE = re.compile(r"(transport\.(?:transports\.[^.]+\.|transport\.)*(?:auth\.)?)type")
_OF_OTHERS = re.compile(r".*\.(?:headers|urlParams|properties|transformerProperties)\.", re.DOTALL)
"""What stands before a name that is not ours."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """A value in one layer."""

    key: Key
    value: Value | Secret | SecretReference = field(repr=False)
    """Left out of `repr`: also what is no secret by its name may hold one, such as the password in a URL."""
    source: str
    """`sparklineage.yml:12:3`, the name of a variable or an option, `default`."""

    @property
    def sensitive(self) -> bool:
        """Whether the value is a secret: of headers and the like only where the name says so."""
        if not self.key.secret or not self.key.open_ended:
            return self.key.secret
        own = _OF_OTHERS.sub("", self.key.name, count=1)
        return SECRET_HEADER.search(own.rpartition(".")[2]) is not None or SECRET_KEY.search(own) is not None

    @property
    def shown(self) -> str:
        """The value as people may see it."""
        if isinstance(self.value, SecretReference):
            return self.value.written
        if isinstance(self.value, Secret):
            return MASK if self.sensitive else mask_property(self.key.name, self.value.reveal())
        text = render(self.value, self.key.kind)
        # Of a key that we know, such as `tokenEndpoint`, we know whether it is a secret.
        return mask_property(self.key.spark or self.key.name, text) if self.key.open_ended else mask(text)


@dataclass(frozen=True, kw_only=True)
class Lost:
    """A value that a stronger layer put aside."""

    shown: str
    source: str
    why: str


@dataclass(frozen=True, kw_only=True)
class Resolved(Found):
    """The value that counts."""

    layer: str
    lost: tuple[Lost, ...] = ()
    joined: tuple[str, ...] = ()
    """The sources that a list was put together from, where there are several."""


@dataclass(frozen=True, kw_only=True)
class Layer:
    """All values of one layer."""

    name: str
    """`defaults`, `file`, `profile prod`, `platform emr`, `environment`, `flags`."""
    found: Mapping[str, Found] = field(default_factory=dict)
    """By the key's name."""


def lay(layers: Sequence[Layer]) -> dict[str, Resolved]:
    """The values that count, the weakest layer first in `layers`; each knows what it put aside.

    Spark's own comma lists are joined. A layer with another type of transport, or of its `auth`, puts the whole block
    below it aside, as the agent does when it merges.
    """
    result: dict[str, Resolved] = {}
    for layer in layers:
        _drop_other_types(result, layer)
        for name, found in layer.found.items():
            result[name] = _over(result.get(name), found, layer.name)
    return result


def _over(weaker: Resolved | None, found: Found, layer: str) -> Resolved:
    stronger = Resolved(key=found.key, value=found.value, source=found.source, layer=layer)
    if weaker is None:
        return stronger
    if found.source in (weaker.joined or (weaker.source,)):
        return weaker  # the same layer once more
    known = found.key.catalogue
    if (known and known.reader == "spark" and known.type == "comma list" and isinstance(found.value, tuple)
            and isinstance(weaker.value, tuple)):  # fmt: skip
        sources = (*(weaker.joined or (weaker.source,)), found.source)
        return replace(stronger, value=joined(weaker.value, found.value), lost=weaker.lost, joined=sources)
    aside = Lost(shown=weaker.shown, source=weaker.source, why=f"{found.source} is stronger")
    return replace(stronger, lost=(*weaker.lost, aside))


def _drop_other_types(result: dict[str, Resolved], layer: Layer) -> None:
    for name, new in layer.found.items():
        old, match = result.get(name), _TYPE.fullmatch(name)
        if match is None or old is None or new.value == old.value:
            continue
        aside: list[Lost] = []
        block = match[1]
        for below in [below for below in result if below.startswith(block) and below != name]:
            dropped = result.pop(below)
            aside += dropped.lost
            what = f"{below} = {dropped.shown}"
            why = f"it belongs to {block}type {old.value}, and {new.source} says {new.value}"
            aside.append(Lost(shown=what, source=dropped.source, why=why))
        result[name] = replace(old, lost=(*old.lost, *aside))
