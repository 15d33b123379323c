"""What a dataset is: its source, version, state, storage, owners, tags and other names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sparklineage.facets.check import key, label, one_of, optional_text, pairs, text
from sparklineage.facets.check import uri as absolute_uri
from sparklineage.model.dataset import Dataset, dataset_of
from sparklineage.model.facet import Facet, standard

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sparklineage.model.dataset import DatasetLike

_STATES = ("ALTER", "CREATE", "DROP", "OVERWRITE", "RENAME", "TRUNCATE")


def data_source(name: str, uri: str | None = None) -> Facet:
    """`dataSource`: what holds the dataset. Credentials in the URI are cut off."""
    shown = None if uri is None else absolute_uri("uri", Dataset.without_credentials(text("uri", uri)))
    return standard("dataSource", "dataset", "1-0-1/DatasourceDatasetFacet", name=text("name", name), uri=shown)


def version(dataset_version: str | int) -> Facet:
    """`version`: of the dataset, such as Delta's version or Iceberg's snapshot id."""
    found = label("dataset_version", dataset_version)
    return standard("version", "dataset", "1-0-1/DatasetVersionDatasetFacet", datasetVersion=found)


def lifecycle_state(change: str, *, previous: DatasetLike | None = None) -> Facet:
    """`lifecycleStateChange`: ALTER, CREATE, DROP, OVERWRITE, RENAME (from `previous`) or TRUNCATE."""
    before = None
    if previous is not None:
        dataset = dataset_of(previous)
        before = {"namespace": dataset.namespace, "name": dataset.name}
    return standard(
        "lifecycleStateChange",
        "dataset",
        "1-0-1/LifecycleStateChangeDatasetFacet",
        lifecycleStateChange=one_of("change", change, _STATES),
        previousIdentifier=before,
    )


def ownership(*owners: str, type: str | None = None) -> Facet:  # noqa: A002 - the field's name
    """`ownership`: owners as the specification advises, such as `team:data` or `user:jdoe`; `type` is of all."""
    kind = {"type": text("type", type)} if type is not None else {}
    listed = [{"name": text("owner", owner), **kind} for owner in _some("owners", owners)]
    return standard("ownership", "dataset", "1-0-1/OwnershipDatasetFacet", owners=listed)


def tags(mapping: Mapping[str, str | bool], *, field: str | None = None, source: str = "USER") -> Facet:
    """`tags`: key and value, of the dataset or of one `field` of it; `source` says who has set them."""
    of = {"field": text("field", field)} if field is not None else {}
    listed = [
        {"key": key("tags", tag), "value": str(value).lower() if isinstance(value, bool) else _value(tag, value)}
        | {"source": text("source", source), **of}
        for tag, value in pairs("tags", mapping)
    ]
    return standard("tags", "dataset", "1-0-0/TagsDatasetFacet", tags=_some("tags", listed))


def documentation(description: str, *, content_type: str | None = None) -> Facet:
    """`documentation`: what the dataset is; `content_type` such as `text/markdown`."""
    return standard(
        "documentation",
        "dataset",
        "1-1-0/DocumentationDatasetFacet",
        description=text("description", description),
        contentType=optional_text("content_type", content_type),
    )


def symlinks(*others: DatasetLike, type: str = "TABLE") -> Facet:  # noqa: A002 - the field's name
    """`symlinks`: other names of the same data, such as the table of a catalog over files."""
    found = [dataset_of(other) for other in _some("others", others)]
    listed = [{"namespace": item.namespace, "name": item.name, "type": text("type", type)} for item in found]
    return standard("symlinks", "dataset", "1-0-1/SymlinksDatasetFacet", identifiers=listed)


def storage(storage_layer: str, file_format: str | None = None) -> Facet:
    """`storage`: the layer (`delta`, `iceberg`) and the format of its files (`parquet`, `orc`, …)."""
    layer = text("storage_layer", storage_layer)
    kind = optional_text("file_format", file_format)
    return standard("storage", "dataset", "1-0-1/StorageDatasetFacet", storageLayer=layer, fileFormat=kind)


def _value(tag: str, value: object) -> str:
    return text(f"tags.{tag}", value, "a text, True or False")


def _some(name: str, found: tuple[str, ...] | tuple[DatasetLike, ...] | list[dict[str, str]]) -> list:  # type: ignore[type-arg]
    if not found:
        raise ValueError(f"{name} is empty")
    return list(found)
