"""The `governance` facet, of an application or of a dataset."""

from __future__ import annotations

from sparklineage.facets.check import flag, known_place, text
from sparklineage.model import event as ol
from sparklineage.model.facet import Facet, Place


def governance(
    *, pii: bool | None = None, classification: str | None = None, retention: str | None = None,
    encryption: str | None = None, place: Place = "dataset",
) -> Facet:  # fmt: skip
    """`governance`: how data is to be treated. `place` is `dataset`, or `run` for all that a run handles.

    `retention` is best an ISO 8601 duration such as P5Y. governance-1.0.json describes it.
    """
    found: dict[str, str | bool] = {} if pii is None else {"pii": flag("pii", pii)}
    texts = {"classification": classification, "retention": retention, "encryption": encryption}
    found |= {name: text(name, value) for name, value in texts.items() if value is not None}
    if not found:
        raise ValueError(f"governance without any of {', '.join(ol.GOVERNED)}")
    return Facet(ol.GOVERNANCE, known_place(place), ol.own_facet(ol.GOVERNANCE, **found))
