"""The metastore's allowlist of init scripts, with ours on it.

An update replaces the whole list, so what is on it already has to be in what is sent. The JARs need no entry: files
that an allowed script reads are allowed with it. Source: Databricks documentation, allowlist libraries and init scripts
on compute with standard access mode, and referencing files in init scripts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sparklineage.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

KIND = "INIT_SCRIPT"
_MATCH = "PREFIX_MATCH"
_KNOWN = frozenset(("artifact_matchers", "created_at", "created_by", "metastore_id"))
"""What the API answers (databricks-sdk, catalog.ArtifactAllowlistInfo); it leaves out what is empty."""


def merged(present: object, script: str, *, where: str) -> dict[str, Any]:
    """The body of an update: all that is on the present list, in its order, and our script, once.

    `present` is what the API answers; `where` names it. Raises ConfigError for anything else, for to send less than
    there is would take it from the list.
    """
    matchers = present.get("artifact_matchers", []) if isinstance(present, dict) and set(present) <= _KNOWN else None
    if not isinstance(matchers, list) or not all(isinstance(one, dict) and one.get("artifact") for one in matchers):
        raise ConfigError(
            f"{where}: is no allowlist as the API has it; take what `databricks artifact-allowlists get {KIND}` prints."
        )
    ours = () if any(allows(one, script) for one in matchers) else ({"artifact": script, "match_type": _MATCH},)
    return {"artifact_matchers": [*matchers, *ours]}


def allows(matcher: Mapping[str, Any], script: str) -> bool:
    """Whether an entry allows a script: each is the beginning of a path."""
    return script.startswith(str(matcher["artifact"]).removeprefix("dbfs:"))
