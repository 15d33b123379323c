"""Spark job SDK and listener configuration toolkit for OpenLineage."""

from sparklineage.version import VERSION as __version__

__all__ = ["__version__"]
