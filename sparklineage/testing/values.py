"""Sets of datasets and of columns that compare with the short texts that people write in tests."""

from __future__ import annotations

import os
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from sparklineage.model.dataset import Dataset, dataset_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_T = TypeVar("_T")


class Column(NamedTuple):
    """One column of a dataset."""

    dataset: Dataset
    name: str

    def __str__(self) -> str:
        return f"{self.dataset.uri}.{self.name}"


class Named(AbstractSet[Any], Generic[_T]):
    """A set whose members may be named in several ways; equal to a set in which each is named exactly once."""

    def __init__(self, members: Iterable[_T] = ()) -> None:
        self._members = frozenset(members)

    def __iter__(self) -> Iterator[_T]:
        return iter(sorted(self._members, key=self.text))

    def __len__(self) -> int:
        return len(self._members)

    def __contains__(self, item: object) -> bool:
        return bool(self.named(item))

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Named):
            return self._members == other._members
        if not isinstance(other, (AbstractSet, list, tuple)):
            return NotImplemented
        found = [self.named(item) for item in other]
        return all(len(members) == 1 for members in found) and len(found) == len(self) == len({m for (m,) in found})

    def __hash__(self) -> int:
        return hash(self._members)

    def __le__(self, other: AbstractSet[Any]) -> bool:
        return isinstance(other, AbstractSet) and len(self & other) == len(self)

    def __ge__(self, other: AbstractSet[Any]) -> bool:
        return isinstance(other, AbstractSet) and all(item in self for item in other)

    def __and__(self, other: AbstractSet[Any]) -> Any:
        return type(self)({member for item in other for member in self.named(item)})

    __rand__ = __and__

    def __sub__(self, other: AbstractSet[Any]) -> Any:
        return type(self)(self._members - (self & other)._members)

    def __rsub__(self, other: AbstractSet[Any]) -> set[Any]:
        """Of the other set's names those that stand for nothing here."""
        return {item for item in other if item not in self}

    def __or__(self, other: AbstractSet[Any]) -> Any:
        """A set of ours with one of ours, else a plain set: names that stand for nothing here stay as they are."""
        if isinstance(other, Named):
            return type(self)(self._members | other._members)
        return self._members | self.__rsub__(other)

    __ror__ = __or__

    def __xor__(self, other: AbstractSet[Any]) -> Any:
        if isinstance(other, Named):
            return type(self)(self._members ^ other._members)
        return (self - other)._members | self.__rsub__(other)

    __rxor__ = __xor__

    def isdisjoint(self, other: Iterable[Any]) -> Any:
        """True, or what both have: as good as False, and a failed assertion shows it."""
        both = type(self)(member for item in other for member in self.named(item))
        return Overlap(both) if both else True

    def __repr__(self) -> str:
        return "{" + ", ".join(map(self.text, self)) + "}"

    def named(self, item: object) -> set[_T]:
        """The members that are meant by this."""
        if isinstance(item, os.PathLike):
            item = dataset_of(item)
        if isinstance(item, str):
            whole = {member for member in self._members if item in self.names(member)}
            return whole or {member for member in self._members if self.ends(member, item)}
        return {member for member in self._members if member == item}

    @staticmethod
    def text(member: Any) -> str:
        """The member as people write it in full."""
        raise NotImplementedError

    @staticmethod
    def names(member: Any) -> set[str]:
        """All its full names."""
        raise NotImplementedError

    @staticmethod
    def ends(member: Any, text: str) -> bool:
        """Whether the text is the last part of its name, or the last parts."""
        raise NotImplementedError


class Overlap(int):
    """The False of sets that should have nothing in common: what they have."""

    def __new__(cls, both: Named[Any]) -> Overlap:
        made = super().__new__(cls, False)
        made.both = both
        return made

    both: Named[Any]

    def __repr__(self) -> str:
        return f"False, both have {self.both!r}"


class Datasets(Named[Dataset]):
    """Datasets by `Dataset`, (namespace, name), URI, name, last parts of the name (`bronze/flights`), or path.

    assert lineage.inputs == {"flights.csv", "s3://bucket/rates"}
    assert tmp_path / "out" in lineage.outputs
    """

    @staticmethod
    def text(member: Dataset) -> str:
        return member.uri

    @staticmethod
    def names(member: Dataset) -> set[str]:
        return {member.uri, member.name}

    @staticmethod
    def ends(member: Dataset, text: str) -> bool:
        if "://" in text:
            try:
                return dataset_of(text) == member
            except ValueError:
                return False
        return bool(text) and member.name.endswith((f"/{text}", f".{text}"))

    def named(self, item: object) -> set[Dataset]:
        if isinstance(item, tuple) and len(item) == 2:
            item = Dataset(*item)
        return super().named(item)


class Columns(Named[Column]):
    """Columns as `dataset.column`, the dataset named in any way that `Datasets` knows; or as (dataset, column)."""

    @staticmethod
    def text(member: Column) -> str:
        return str(member)

    @staticmethod
    def names(member: Column) -> set[str]:
        return {f"{name}.{member.name}" for name in Datasets.names(member.dataset)}

    @staticmethod
    def ends(member: Column, text: str) -> bool:
        dataset, dot, name = text.rpartition(".")
        return bool(dot) and name == member.name and Datasets.ends(member.dataset, dataset)
