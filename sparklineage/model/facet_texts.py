"""No facet tells a credential, whichever of its texts it stands in."""

from __future__ import annotations

from typing import Any

from sparklineage.model.masking import MASK, names_a_secret
from sparklineage.model.uri_credentials import text_without_credentials

_DATASET = ("namespace", "name")
_NAMES = {
    "columnLineage": _DATASET,
    "lineage": _DATASET,
    "symlinks": _DATASET,
    "lifecycleStateChange": _DATASET,
    "subset": ("locations",),
}
"""What stays as it is: the names of datasets, which have lost their credentials where these were made. In one of them
`token=5` may be a folder, and it is to be the same name everywhere."""
_OURS = "sparklineage_"
"""Facets that hide the parameters of a secret's name themselves, where they still have their types."""
_DEEPEST = 100
"""Levels of lists and mappings, more than the nested type of a column may have."""


def hidden(name: object, value: Any) -> Any:
    """The value of the facet of that name without credentials in its texts, as `text_without_credentials` cuts them.

    In somebody's own facet, such as one of a configuration, the texts of a secret's key are hidden whole; in the
    specification's a key may be the name of a column. Texts that hold none stay as they are, and so does what has more
    levels than any facet, or itself inside.
    """
    if not isinstance(name, str):
        return _hidden(value, (), (), by_key=False)
    by_key = "_" in name and not name.startswith(_OURS)
    return _hidden(value, _NAMES.get(name, ()), (), by_key=by_key)


def _hidden(value: Any, kept: tuple[str, ...], around: tuple[int, ...], *, by_key: bool, secret: bool = False) -> Any:
    if isinstance(value, str):
        return MASK if secret and value else text_without_credentials(value)
    if not isinstance(value, (dict, list, tuple)) or id(value) in around or len(around) > _DEEPEST:
        return value
    around = (*around, id(value))
    if not isinstance(value, dict):
        return [_hidden(item, kept, around, by_key=by_key, secret=secret) for item in value]
    found = {}
    for key, item in value.items():
        is_text = isinstance(key, str)
        shown = text_without_credentials(key) if is_text else key
        secret = by_key and is_text and names_a_secret(key)
        found[shown] = item if key in kept else _hidden(item, kept, around, by_key=by_key, secret=secret)
    return found
