"""Spark job SDK and listener configuration toolkit for OpenLineage."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from sparklineage.version import VERSION

if TYPE_CHECKING:
    from sparklineage.model.dataset import Dataset
    from sparklineage.sdk.step import step

__all__ = ["Dataset", "__version__", "step"]

__version__ = VERSION

# Loaded at first use, so that `import sparklineage` costs a job next to nothing.
_LAZY = {"Dataset": "sparklineage.model.dataset", "step": "sparklineage.sdk.step"}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_LAZY[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
