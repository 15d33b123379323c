"""Datasets and columns by the names that people write."""

from __future__ import annotations

from pathlib import Path

import pytest

from sparklineage.model.dataset import Dataset
from sparklineage.testing.diff import explain
from sparklineage.testing.values import Column, Columns, Datasets

SHIPS = Dataset("file", "/lake/bronze/ships")
TABLE = Dataset("postgres://db:5432", "harbour.public.ships")
BUCKET = Dataset("s3://bucket", "silver/ports")


@pytest.mark.parametrize(
    "name",
    ["bronze/ships", "/lake/bronze/ships", "file:/lake/bronze/ships", "file:///lake/bronze/ships", SHIPS,
     ("file", "/lake/bronze/ships"), Path("/lake/bronze/ships")],
)  # fmt: skip
def test_a_dataset_has_many_names(name: object) -> None:
    found = Datasets([SHIPS, TABLE, BUCKET])
    assert found.named(name) == {SHIPS}
    assert name in found
    assert Datasets([SHIPS]) == [name]


@pytest.mark.parametrize(
    "name", ["ronze/ships", "bronze", "", "lake/bronze/", "s3://other/silver/ports", "x://", 7, None]
)
def test_what_is_no_name_of_it_is_not_in_it(name: object) -> None:
    assert name not in Datasets([SHIPS, TABLE, BUCKET])
    assert Datasets([SHIPS]) != {name}


def test_each_name_stands_for_one_and_none_is_left() -> None:
    both = Datasets([SHIPS, TABLE])
    assert both == {"bronze/ships", "public.ships"}
    assert both == ["public.ships", "bronze/ships"]
    assert both != {"ships"}
    assert both != {"bronze/ships"}
    assert both != {"bronze/ships", "/lake/bronze/ships"}
    assert both != {"bronze/ships", "public.ships", "ports"}
    assert Datasets() == set()
    assert Datasets() != {"ships"}
    assert both != "ships"


def test_parts_and_rests() -> None:
    both = Datasets([SHIPS, BUCKET])
    assert both >= {"ports"}
    assert {"ports"} <= both
    assert both <= {"ports", "bronze/ships", "more"}
    assert not both <= {"ports"}
    assert both - {"ports"} == {"bronze/ships"}
    assert both & {"ports", "more"} == {"silver/ports"}
    assert repr(both) == "{file:/lake/bronze/ships, s3://bucket/silver/ports}"


def test_a_plain_set_may_stand_first() -> None:
    both = Datasets([SHIPS, BUCKET])
    assert {"ports", "more"} - both == {"more"}
    assert {"ports", "more"} & both == {"silver/ports"}
    assert {"ports"} | both == both | {"ports"} == {SHIPS, BUCKET}
    assert both | {"more"} == {SHIPS, BUCKET, "more"}
    assert {"ports", "more"} ^ both == both ^ {"ports", "more"} == {SHIPS, "more"}
    assert repr(Datasets([SHIPS]) | Datasets([BUCKET])) == repr(Datasets([SHIPS]) ^ Datasets([BUCKET])) == repr(both)
    assert {"ports"} < both
    assert not {"ports", "bronze/ships"} < both


def test_sets_without_anything_in_common() -> None:
    both = Datasets([SHIPS, BUCKET])
    assert both.isdisjoint({"more"}) is True
    assert both.isdisjoint([])
    assert not both.isdisjoint({"ports", "more"})
    assert repr(both.isdisjoint(["ports", "more"])) == "False, both have {s3://bucket/silver/ports}"


def test_columns_are_named_after_their_dataset() -> None:
    columns = Columns([Column(SHIPS, "length"), Column(TABLE, "width")])
    assert columns == {"bronze/ships.length", "public.ships.width"}
    assert "ships.length" in columns
    assert (SHIPS, "length") in columns
    assert "ships" not in columns
    assert "length" not in columns


@pytest.mark.parametrize(
    ("op", "left", "right", "expected"),
    [
        ("==", Datasets([SHIPS]), {"ship"}, ["  - ship (did you mean 'ships'?)", "  + file:/lake/bronze/ships"]),
        ("==", {"ports"}, Datasets([SHIPS]), ["  - ports", "  + file:/lake/bronze/ships"]),
        ("==", Datasets([SHIPS, TABLE]), {"ships"}, ["  ? ships may be", "      file:/lake/bronze/ships"]),
        ("in", "port", Datasets(), ["port is not among the datasets", "    there are none"]),
        ("not in", "ships", Datasets([SHIPS]), ["ships is among the datasets", "  as file:/lake/bronze/ships"]),
        (">=", Datasets([SHIPS]), {"ports"}, ["  - ports"]),
        ("<=", Datasets([SHIPS]), {"ports"}, ["  + file:/lake/bronze/ships"]),
        ("<=", {"ports"}, Datasets([SHIPS]), ["Datasets >= fails", "  - ports"]),
        ("<", Datasets([SHIPS]), {"ports"}, ["Datasets < fails", "  + file:/lake/bronze/ships"]),
        ("<", Datasets([SHIPS]), {"bronze/ships"}, ["    file:/lake/bronze/ships", "  they are equal"]),
        (">", Datasets([SHIPS]), {"ports"}, ["Datasets > fails", "  - ports"]),
        (">", {"ports"}, Datasets([SHIPS]), ["Datasets < fails", "  + file:/lake/bronze/ships"]),
    ],
)
def test_a_difference_is_explained(op: str, left: object, right: object, expected: list[str]) -> None:
    lines = explain(op, left, right)
    assert lines is not None
    assert [line for line in lines if line in expected] == expected


def test_other_assertions_are_left_to_pytest() -> None:
    assert explain("==", {1}, {2}) is None
    assert explain("in", 1, [2]) is None
    assert explain("==", Datasets(), 1) is None
