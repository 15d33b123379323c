"""What is sent in the place of the metastore's allowlist: nothing that was on it goes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparklineage.errors import ConfigError
from sparklineage.kits.allowlist import merged

SCRIPT = "/Volumes/main/lineage/jars/init.sh"
OURS = {"artifact": SCRIPT, "match_type": "PREFIX_MATCH"}
MATCHERS = st.lists(
    st.builds(lambda text: {"artifact": text, "match_type": "PREFIX_MATCH"}, st.text(min_size=1) | st.just(SCRIPT))
)


@given(MATCHERS)
def test_all_that_was_allowed_stays_in_its_order_and_ours_is_once(theirs: list[dict[str, Any]]) -> None:
    found = merged({"artifact_matchers": theirs, "metastore_id": "m"}, SCRIPT, where="f")
    matchers = found["artifact_matchers"]
    assert matchers[: len(theirs)] == theirs
    assert any(SCRIPT.startswith(one["artifact"]) for one in matchers)
    assert len(matchers) <= len(theirs) + 1
    assert merged(found, SCRIPT, where="f") == found


@pytest.mark.parametrize(
    ("artifact", "enough"),
    [
        (SCRIPT, True),
        ("/Volumes/main/lineage/", True),
        ("/Volumes/main/lin", True),
        ("dbfs:/Volumes/main/", True),
        ("/Volumes/main/lineage/jars/init.sh2", False),
        ("s3://lake/", False),
    ],
)
def test_an_entry_is_the_beginning_of_a_path(artifact: str, enough: bool) -> None:
    theirs = {"artifact": artifact, "match_type": "PREFIX_MATCH"}
    found = merged({"artifact_matchers": [theirs]}, SCRIPT, where="f")
    assert found == {"artifact_matchers": [theirs] if enough else [theirs, OURS]}


def test_what_the_sdk_reads_for_an_empty_list_is_one() -> None:
    # Of all modules that the fast tests import, this one takes the longest.
    from databricks.sdk.service.catalog import ArtifactAllowlistInfo  # noqa: PLC0415

    empty = ArtifactAllowlistInfo.from_dict({"artifact_matchers": [], "metastore_id": "m"}).as_dict()
    assert merged(empty, SCRIPT, where="f") == merged({}, SCRIPT, where="f") == {"artifact_matchers": [OURS]}


@pytest.mark.parametrize(
    "present",
    [
        None,
        [],
        {"matchers": []},
        {"artifact_matchers": None},
        {"artifact_matchers": ["a"]},
        {"artifact_matchers": [{}]},
    ],
)
def test_what_is_no_allowlist_is_not_taken_for_an_empty_one(present: object) -> None:
    with pytest.raises(ConfigError, match=r"^list.json: is no allowlist .* `databricks artifact-allowlists get INIT_"):
        merged(present, SCRIPT, where="list.json")
