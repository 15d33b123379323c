"""One facet: its name, where in an event it belongs, and what it says."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from sparklineage.model.facet_texts import hidden
from sparklineage.model.lenient import Placeholder
from sparklineage.version import PRODUCER

if TYPE_CHECKING:
    from collections.abc import Mapping

Place = Literal["dataset", "input", "output", "run", "job"]
SPEC = "https://openlineage.io/spec/facets"


@dataclass(frozen=True)
class Facet:
    """A facet that is ready for an event."""

    name: str
    """Its key, such as `schema`."""
    place: Place
    """`dataset` stands among the facets of any dataset, `input` and `output` only beside one of that side."""
    value: Mapping[str, Any] = field(hash=False)
    """With `_producer` and `_schemaURL`, and without credentials in any of its texts, whoever makes it."""

    def __post_init__(self) -> None:
        """Hides them."""
        if isinstance(self.value, dict):
            object.__setattr__(self, "value", hidden(self.name, self.value))


@dataclass(frozen=True)
class NoFacet(Facet, Placeholder):
    """In place of a facet that could not be made."""

    error: Exception = field(compare=False)

    @classmethod
    def of(cls, error: Exception) -> NoFacet:
        """The one that carries this error."""
        return cls("", "dataset", {}, error)


class NoPart(dict[str, Any], Placeholder):
    """In place of a part of a facet that could not be made, and of a facet among those of a dataset."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def __reduce__(self) -> tuple[Any, ...]:
        """Made anew: what a dict is pickled as would leave out the error."""
        return NoPart, (self.error,)


def standard(name: str, place: Place, schema: str, /, **fields: Any) -> Facet:
    """A facet of the OpenLineage standard; fields that are None are left out.

    `schema` is `1-2-0/SchemaDatasetFacet`, with `#Definition` behind it where the file describes several.
    """
    file, _, definition = schema.partition("#")
    url = f"{SPEC}/{file}.json#/$defs/{definition or file.rpartition('/')[2]}"
    said = {key: value for key, value in fields.items() if value is not None}
    return Facet(name, place, {"_producer": PRODUCER, "_schemaURL": url, **said})
