"""A dataset as OpenLineage names it: a namespace and a name."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Union
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

_SCHEME = re.compile(r"^[A-Za-z][A-Za-z0-9+.\-]*:")
# The agent folds these into one name for one store (OpenLineage issues 2782 and 4661).
_FOLDED = {"s3a": "s3", "s3n": "s3", "abfs": "abfss", "wasb": "wasbs"}


@dataclass(frozen=True, order=True)
class Dataset:
    """One input or output. Equality looks at the namespace and the name alone."""

    namespace: str
    name: str
    facets: Mapping[str, Any] = field(default_factory=dict, compare=False, hash=False)

    @classmethod
    def of(cls, value: DatasetLike) -> Dataset:
        """A dataset from a `Dataset`, a (namespace, name) pair or an absolute URI.

        A URI splits where OpenLineage's naming does: `s3://bucket/key` → (`s3://bucket`, `key`),
        `file:///data/x` → (`file`, `/data/x`), `jdbc:postgresql://h:5432/db.s.t` →
        (`postgres://h:5432`, `db.s.t`), `sqlite:///w.db#obs` → (`sqlite`, `/w.db#obs`).
        User names and passwords in it are cut off. Raises ValueError for anything else.
        """
        if isinstance(value, Dataset):
            return value
        if isinstance(value, str):
            return _from_uri(value)
        if isinstance(value, (tuple, list)) and len(value) == 2 and all(isinstance(part, str) for part in value):
            namespace, name = value
            if namespace.strip() and name.strip():
                return cls(namespace, name)
        raise ValueError(
            f"a dataset is a (namespace, name) pair or an absolute URI such as s3://bucket/key, not {value!r}"
        )

    @property
    def uri(self) -> str:
        """Namespace and name in one text, as people write it."""
        if self.namespace in {"file", "dbfs"}:
            return f"{self.namespace}:{self.name}"
        return f"{self.namespace.rstrip('/')}/{self.name.lstrip('/')}"


DatasetLike = Union[Dataset, "tuple[str, str]", str]


def _from_uri(uri: str) -> Dataset:
    if not _SCHEME.match(uri):
        raise ValueError(
            f"{uri!r} is not an absolute URI; write the scheme, such as file:///data/x or s3://bucket/key"
        )
    text = uri.removeprefix("jdbc:")
    parts = urlsplit(text)
    scheme = _FOLDED.get(parts.scheme.lower(), parts.scheme.lower())
    host = parts.netloc.rpartition("@")[2]
    path = unquote(parts.path)
    if parts.fragment:
        path += f"#{parts.fragment}"
    if scheme == "abfss" or scheme == "wasbs":
        host = parts.netloc  # container@account is no credential
    if scheme == "postgresql":
        scheme = "postgres"
    if not path.strip("/"):
        if not host:
            raise ValueError(f"{uri!r} names no dataset: nothing follows the scheme")
        # The whole store, such as s3://bucket.
        return Dataset(f"{scheme}://{host}", "/")
    if scheme in {"file", "dbfs", "sqlite"} or not host:
        return Dataset(scheme, path.rstrip("/") or "/")
    return Dataset(f"{scheme}://{host}", path.strip("/"))
