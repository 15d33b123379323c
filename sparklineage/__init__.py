"""Spark job SDK and listener configuration toolkit for OpenLineage."""

from __future__ import annotations

from importlib import import_module

from sparklineage.version import VERSION

TYPE_CHECKING = False  # type checkers take this for typing's own, which costs 3 ms to import
if TYPE_CHECKING:
    from sparklineage.model.dataset import Dataset
    from sparklineage.sdk.step import step

__all__ = ["Dataset", "__version__", "step"]

__version__ = VERSION

# Loaded at first use, so that `import sparklineage` costs a job next to nothing.
_LAZY = {"Dataset": "sparklineage.model.dataset", "step": "sparklineage.sdk.step"}


def __getattr__(name: str) -> object:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(_LAZY[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
