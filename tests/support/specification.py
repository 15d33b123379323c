"""The JSON Schemas of the OpenLineage specification, which is not part of this repository, and of our own facets.

`SPARKLINEAGE_OPENLINEAGE_SPEC` names the folder `spec` of a checkout of OpenLineage. Without it each schema is asked
for at the address that `_schemaURL` gives.
"""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
from referencing import Registry, Resource
from referencing.exceptions import NoSuchResource

FOLDER = "SPARKLINEAGE_OPENLINEAGE_SPEC"
CORE = "https://openlineage.io/spec/2-0-2/OpenLineage.json"
_PLACES = {
    "DatasetFacet": "dataset", "InputDatasetFacet": "input", "OutputDatasetFacet": "output", "RunFacet": "run",
    "JobFacet": "job",
}  # fmt: skip
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:(?:[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+")
_PATIENCE = 5.0
"""Seconds for one schema."""

_FORMATS = jsonschema.FormatChecker(formats=["uuid"])
_FORMATS.checks("uri")(lambda value: not isinstance(value, str) or _URI.fullmatch(value) is not None)
_FORMATS.checks("date-time", raises=ValueError)(
    lambda value: not isinstance(value, str) or datetime.fromisoformat(value.replace("Z", "+00:00")).tzinfo is not None
)


class UnreachableError(Exception):
    """The specification is nowhere to be had."""


class Specification:
    """Says of facets and events where they are not as the schemas have them."""

    def __init__(self, folder: Path | None) -> None:
        """Raises `UnreachableError` where there is no folder, and nobody answers at the specification's own address."""
        own = [json.loads(found.read_text("utf-8")) for found in files("sparklineage.model").iterdir()
               if found.name.endswith(".json")]  # fmt: skip
        brought = [json.loads(found.read_text("utf-8")) for found in sorted(folder.rglob("*.json"))] if folder else []
        known = {str(schema["$id"]): schema for schema in (*own, *brought) if "$id" in schema}

        @cache
        def retrieve(uri: str) -> Resource[Any]:
            if uri not in known and folder is not None:
                raise NoSuchResource(uri)
            return Resource.from_contents(known[uri] if uri in known else _asked_for(uri))

        self._registry: Registry[Any] = Registry(retrieve=retrieve)  # type: ignore[call-arg]
        retrieve(CORE)

    def problems(self, value: Mapping[str, Any], url: str) -> list[str]:
        """Each with the path to it."""
        validator = jsonschema.Draft202012Validator({"$ref": url}, registry=self._registry, format_checker=_FORMATS)
        return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)]

    def of_facet(self, name: str, place: str, value: Mapping[str, Any]) -> list[str]:
        """Of a facet with its key; one with somebody else's schema is only asked for what all facets have."""
        url = str(value.get("_schemaURL"))
        if not url.startswith(("https://openlineage.io/", "https://our-solution.io/")):
            return self.problems(value, f"{CORE}#/$defs/BaseFacet")
        found = self.problems(value, url)
        document = self._registry.get_or_retrieve(url.partition("#")[0]).value.contents
        keys = document.get("properties", {}) if "#" in url else {}
        # A key with a prefix is its owner's own, whatever schema it has.
        if keys and name not in keys and "_" not in name:
            found.append(f"{name} is called {', '.join(keys)}")
        allowed = {_PLACES[base] for base in self._bases(url) if base in _PLACES}
        if allowed and place not in allowed:
            found.append(f"{name} is a facet of {', '.join(allowed)}, and no {place}'s")
        return [f"{name}: {problem}" for problem in found]

    def of_event(self, event: Mapping[str, Any]) -> list[str]:
        """Of an event and of every facet in it."""
        found = self.problems(event, str(event["schemaURL"])) + misplaced(event)
        for name, place, value in facets_of(event):
            found += self.of_facet(name, place, value)
        return found

    def _bases(self, url: str) -> list[str]:
        schema = self._registry.resolver().lookup(url).contents
        return [str(part["$ref"]).rpartition("/")[2] for part in schema.get("allOf", ()) if "$ref" in part]


def facets_of(event: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Name, place and value of every facet."""
    groups = [("run", event["run"].get("facets")), ("job", event["job"].get("facets"))]
    for side, place in (("inputs", "input"), ("outputs", "output")):
        for item in event.get(side, ()):
            groups += [("dataset", item.get("facets")), (place, item.get(f"{place}Facets"))]
    for place, group in groups:
        for name, value in (group or {}).items():
            yield name, place, value


def misplaced(event: Mapping[str, Any]) -> list[str]:
    """What the specification forbids in words that its schemas do not know: see the proposal of the `lineage` facet."""
    listed = {
        (item["namespace"], item["name"]) for side in ("inputs", "outputs") for item in event.get(side, ())
    }  # fmt: skip
    found = [
        "lineage: of a dataset, in an event of a run"
        for name, place, _ in facets_of(event)
        if (name, place) == ("lineage", "dataset")
    ]
    for entry in event["job"].get("facets", {}).get("lineage", {}).get("entries", ()):
        said = [
            entry,
            *entry.get("inputs", ()),
            *(one for of in entry.get("fields", {}).values() for one in of["inputs"]),
        ]
        found += [
            f"lineage: {one['name']} is no dataset of the event"
            for one in said
            if (one["namespace"], one["name"]) not in listed
        ]
    return found


def _asked_for(uri: str) -> Any:
    try:
        with urllib.request.urlopen(uri, timeout=_PATIENCE) as answer:  # noqa: S310 - an https address of a facet of ours
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise NoSuchResource(uri) from error
    except OSError as error:
        raise UnreachableError(
            f"the OpenLineage specification is not here: {FOLDER} names no folder, and nobody answers at {uri}"
        ) from error
