"""No facet tells a credential, whichever of its texts it stands in."""

from __future__ import annotations

from typing import Any

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
_DEEPEST = 100
"""Levels of lists and mappings, more than the nested type of a column may have."""


def hidden(name: object, value: Any) -> Any:
    """The value of the facet of that name without credentials in its texts, as `text_without_credentials` cuts them.

    Texts that hold none stay as they are, and so does what has more levels than any facet, or itself inside.
    """
    return _hidden(value, _NAMES.get(name, ()) if isinstance(name, str) else (), ())


def _hidden(value: Any, kept: tuple[str, ...], around: tuple[int, ...]) -> Any:
    if isinstance(value, str):
        return text_without_credentials(value)
    if not isinstance(value, (dict, list, tuple)) or id(value) in around or len(around) > _DEEPEST:
        return value
    around = (*around, id(value))
    if not isinstance(value, dict):
        return [_hidden(item, kept, around) for item in value]
    return {
        text_without_credentials(key) if isinstance(key, str) else key: (
            item if key in kept else _hidden(item, kept, around)
        )
        for key, item in value.items()
    }
