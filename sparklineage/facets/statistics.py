"""How much was read and written."""

from __future__ import annotations

from sparklineage.facets.check import count
from sparklineage.model.facet import Facet, standard


def output_statistics(*, rows: int | None = None, size: int | None = None, files: int | None = None) -> Facet:
    """`outputStatistics` of a dataset that was written: `rows`, `size` in bytes, `files`."""
    return standard(
        "outputStatistics", "output", "1-0-2/OutputStatisticsOutputDatasetFacet", **_counted(rows, size, files)
    )


def input_statistics(*, rows: int | None = None, size: int | None = None, files: int | None = None) -> Facet:
    """`inputStatistics` of a dataset that was read: `rows`, `size` in bytes, `files`."""
    return standard("inputStatistics", "input", "1-0-0/InputStatisticsInputDatasetFacet", **_counted(rows, size, files))


def _counted(rows: int | None, size: int | None, files: int | None) -> dict[str, int | None]:
    found = {"rowCount": count("rows", rows), "size": count("size", size), "fileCount": count("files", files)}
    if not any(value is not None for value in found.values()):
        raise ValueError("statistics without any number; give rows, size or files")
    return found
