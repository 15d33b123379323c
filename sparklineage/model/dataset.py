"""A dataset as OpenLineage names it: a namespace and a name."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Union
from urllib.parse import quote

from sparklineage.model import uri_credentials
from sparklineage.model.dataset_uri import NAMED, split_uri, uri_of_path
from sparklineage.model.facet import Facet, NoFacet, NoPart, standard
from sparklineage.model.facet_join import joined_facets
from sparklineage.model.lenient import Placeholder, lenient
from sparklineage.model.trimming import trimmed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_ADDRESS = re.compile(r"(?i)://|^(?:jdbc:[a-z][\w+.\-]*|arn|file|dbfs):")
# What ends a name in a URI, or parts it.
_MARKS = re.compile(r"[%/?#;@=\s]")

# A URI of a dataset, where it may as well be a name; one such as `orders:eu` may.
_DATASET = re.compile(r"(?i)[a-z][a-z0-9+.\-_]*://|(?:jdbc|arn|file|dbfs|bigquery|sqlite|duckdb):")

_CONTROL = r"[\x00-\x1f\x7f-\x9f]"
_ENDS_BADLY = re.compile(rf"\A{_CONTROL}|{_CONTROL}\Z")

_PLACES = {"dataset": "facets", "input": "input_facets", "output": "output_facets"}


@dataclass(frozen=True, order=True)
class Dataset:
    """One input or output. Equality looks at the namespace and the name alone."""

    namespace: str
    name: str
    facets: Mapping[str, Any] = field(default_factory=dict, compare=False, hash=False)
    input_facets: Mapping[str, Any] = field(default_factory=dict, compare=False, hash=False)
    """Of the reading, such as `dataQualityMetrics`; they count where it is an input."""
    output_facets: Mapping[str, Any] = field(default_factory=dict, compare=False, hash=False)
    """Of the writing, such as `outputStatistics`; they count where it is an output."""

    @staticmethod
    @lenient(lambda error: NoDataset("", "", error=error))
    def of(value: DatasetLike) -> Dataset:
        """A dataset from a `Dataset`, a (namespace, name) pair, an absolute URI or a path of this machine.

        A URI gives the name that the agent gives to the same data, so that what is declared and what
        the agent sees are one dataset (`sparklineage.model.dataset_uri` has the rules):

            s3a://bucket/key                    s3://bucket          key
            hdfs://nn:8020/data/x               hdfs://nn:8020       /data/x
            file:///data/x                      file                 /data/x
            jdbc:postgresql://h/db#schema.t     postgres://h:5432    db.schema.t
            sqlite:///data/w.db#t               sqlite:/data/w.db    t
            s3://bucket/landing/2026-11-21      s3://bucket          landing
            Path("/data/my out")                file                 /data/my out

        Nothing in a `file:` URI is percent-encoded, for the agent and Hadoop take it literally: not what
        `Path.as_uri` writes. A relative path is one of the working directory.
        Folders at the end of a path that stand for a date, a month or key=value are left off, as the agent does, and
        named in the facet `subset`; a pair keeps its name as it is.
        Two URIs are no pair but two datasets, and so none. Where the second is meant as a name, say it with
        `datasets.named` or `Dataset`.
        User names, passwords and tokens in it are cut off, as are the queries of HTTP and JDBC.

        Never raises, unless a step is open that is strict. What is none is one warning, with nothing secret in it, and
        a `NoDataset`, which is left out wherever it is declared.
        """
        return dataset_of(value)

    def with_facets(self, *facets: Facet) -> Dataset:
        """This dataset with more facets, as `sparklineage.facets` makes them; one of the same name gives way.

        Never raises, unless a step is open that is strict. A facet of a run or a job, and what is no facet, is one
        warning and left out.
        """
        return _with(self, map(_facet_or_none, facets))

    def joined(self, other: Dataset) -> Dataset:
        """This dataset with the facets of the other, told of the same; of one name its facet counts."""
        return replace(
            self,
            facets=joined_facets(self.facets, other.facets),
            input_facets=joined_facets(self.input_facets, other.input_facets),
            output_facets=joined_facets(self.output_facets, other.output_facets),
        )

    @staticmethod
    def without_credentials(uri: str) -> str:
        """The URI without user name, password, token and signature, wherever in it they stand."""
        return uri_credentials.without_credentials(uri)

    @property
    def uri(self) -> str:
        """Namespace and name in one text, as people write it, and as `of` reads it where a URI can say them.

        It cannot for some pairs: the folder of a day, which `of` leaves off, a file without a root, names of others
        below a namespace such as `mongodb://host/db`. Then it is for people alone; give `of` the pair.
        """
        spellings = list(_spellings(self.namespace, self.name))
        return next(filter(self._is_meant_by, spellings), spellings[0])

    def _is_meant_by(self, uri: str) -> bool:
        try:
            return _of_uri(uri) == self
        except ValueError:
            return False


@dataclass(frozen=True, order=True)
class NoDataset(Dataset, Placeholder):
    """In place of a dataset that could not be made."""

    error: Exception = field(default_factory=lambda: ValueError("it is no dataset"), compare=False)

    def with_facets(self, *_facets: Facet) -> NoDataset:
        """Still none."""
        return self

    def joined(self, other: Dataset) -> Dataset:
        """Nothing to join."""
        return other


def dataset_of(value: DatasetLike) -> Dataset:
    """As `Dataset.of`, for what relies on the error. Raises ValueError, with nothing secret in its text."""
    found = _dataset(value)
    for what, text in (("namespace", found.namespace), ("name", found.name)):
        # A blank may be a part of a file's name. These are of the text that it was read from, as a rule.
        if _ENDS_BADLY.search(text):
            raise ValueError(f"the {what} of a dataset begins or ends in a line break or a control character")
    return found


def _dataset(value: DatasetLike) -> Dataset:
    if isinstance(value, Placeholder):
        raise value.error
    if isinstance(value, Dataset):
        return _of_dataset(value)
    if isinstance(value, str):
        return _of_uri(value)
    if isinstance(value, os.PathLike):
        return _of_uri(uri_of_path(value))
    if isinstance(value, (tuple, list)) and len(value) == 2 and all(isinstance(part, str) for part in value):
        namespace, name = value
        if _are_two(namespace, name):
            raise ValueError(
                "these are two datasets; give them one by one, or datasets.named(namespace, name) where they are one"
            )
        if namespace.strip() and name.strip():
            return Dataset(_safe(namespace), _safe_name(namespace, name))
    # Only the type: the value may hold a password.
    raise ValueError(
        "a dataset is a (namespace, name) pair, a path or an absolute URI such as s3://bucket/key, "
        f"which this {type(value).__name__} is not"
    )


def described(dataset: Dataset, *facets: Facet) -> Dataset:
    """As `Dataset.with_facets`, for what relies on the error.

    Raises ValueError for a facet of a run or a job, TypeError for what is no facet.
    """
    return _with(dataset, map(_facet_of_dataset, facets))


def _of_dataset(dataset: Dataset) -> Dataset:
    for what, text in (("namespace", dataset.namespace), ("name", dataset.name)):
        if not isinstance(text, str):
            raise ValueError(f"the {what} of a dataset is a text, and this is a {type(text).__name__}")
        if not text.strip():
            raise ValueError(f"the {what} of a dataset is blank")
    return replace(dataset, namespace=_safe(dataset.namespace), name=_safe_name(dataset.namespace, dataset.name))


def _facet_of_dataset(facet: Facet) -> Facet:
    if isinstance(facet, Placeholder):
        raise facet.error
    if not isinstance(getattr(facet, "place", None), str):
        raise TypeError(f"a {type(facet).__name__} is no facet; sparklineage.facets makes them")
    if facet.place not in _PLACES:
        raise ValueError(f"{facet.name} is a facet of a {facet.place}, and no dataset has it")
    return Facet(facet.name, facet.place, dict(facet.value))


_facet_or_none = lenient(NoFacet.of, "Dataset.with_facets")(_facet_of_dataset)


def _with(dataset: Dataset, facets: Iterable[Facet]) -> Dataset:
    found = {place: dict(getattr(dataset, name)) for place, name in _PLACES.items()}
    for facet in facets:
        if isinstance(facet, NoFacet):
            # Without a name it is no facet of the dataset, and whoever takes the dataset is told.
            found["dataset"].setdefault("", NoPart(facet.error))
        else:
            found[facet.place][facet.name] = facet.value
    return replace(dataset, facets=found["dataset"], input_facets=found["input"], output_facets=found["output"])


def _of_uri(uri: str) -> Dataset:
    namespace, name = split_uri(uri)
    kept = trimmed(name) if uri_credentials.scheme_of(uri) in uri_credentials.FILE_SYSTEMS else name
    found = Dataset(namespace, kept)
    if kept == name:
        return found
    condition = {"type": "location", "locations": [name]}
    schema = "1-0-0/BaseSubsetDatasetFacet"
    return described(
        found,
        standard("subset", "input", f"{schema}#InputSubsetInputDatasetFacet", inputCondition=condition),
        standard("subset", "output", f"{schema}#OutputSubsetOutputDatasetFacet", outputCondition=condition),
    )


def _safe(text: str) -> str:
    """A namespace or a name that somebody gave, without credentials where it is an address."""
    return uri_credentials.without_credentials(text) if _ADDRESS.search(text) else text


def _safe_name(namespace: str, name: str) -> str:
    """What HTTP serves is named without its query, where keys stand, a file without one that it is signed by.

    So is anything else with an address, from its first secret parameter on.
    """
    if namespace.lower().startswith(("http://", "https://")):
        name = re.split(r"[?#]", name, maxsplit=1)[0] or "/"
    scheme = namespace.partition(":")[0].lower()
    if scheme in uri_credentials.FILE_SYSTEMS or scheme == "arn":
        name = uri_credentials.without_query(name, scheme) or "/"
    elif _ADDRESS.search(namespace):
        name = uri_credentials.without_parameters(name) or "/"
    return _safe(name)


def _spellings(namespace: str, name: str) -> Iterator[str]:
    """How both may be written in one text, the usual way first."""
    scheme = namespace.partition(":")[0]
    encoded = _MARKS.sub(_encoded, name)
    usual = encoded if scheme in NAMED else name
    if "://" in namespace:
        yield f"{namespace.rstrip('/')}{'' if usual.startswith('/') else '/'}{usual}"
    elif usual.startswith("/") or scheme in ("arn", namespace):
        yield f"{namespace}:{usual}"
    else:
        yield f"{namespace}#{usual}"
    yield f"{namespace}{':' if scheme == namespace else ''}#{encoded}"
    if scheme == "sqlserver":
        host, _, instance = namespace.partition("://")[2].partition("/")
        name_of_host, colon, port = host.partition(":")
        yield f"{scheme}://{name_of_host}\\{instance}{colon}{port}#{encoded}"


def _encoded(mark: re.Match[str]) -> str:
    return quote(mark.group(), safe="")


DatasetLike = Union[Dataset, "tuple[str, str]", str, "os.PathLike[str]"]
"""What `Dataset.of` takes."""
DatasetsLike = Union[DatasetLike, "Iterable[DatasetLike]"]
"""What is taken where there may be several: one alone, too."""


def is_one_dataset(datasets: Any) -> bool:
    """Whether this is meant as one dataset, where a list of them would do as well.

    Of a tuple of two texts it is where the first is a URI, as a namespace is, and the second is none.
    """
    if isinstance(datasets, tuple) and len(datasets) == 2 and all(isinstance(part, str) for part in datasets):
        return bool(uri_credentials.scheme_of(datasets[0])) and not _are_two(*datasets)
    return isinstance(datasets, (str, bytes, bytearray, Dataset, os.PathLike))


def _are_two(first: str, second: str) -> bool:
    return bool(uri_credentials.scheme_of(first)) and _DATASET.match(second) is not None
