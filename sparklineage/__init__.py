"""Spark job SDK and listener configuration toolkit for OpenLineage."""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False  # type checkers take this for typing's own, which costs 3 ms to import
if TYPE_CHECKING:
    from sparklineage import datasets, facets, testing
    from sparklineage.assemble.library import configure, load, render
    from sparklineage.assemble.library import finished_for as finished
    from sparklineage.config.spec import Spec
    from sparklineage.model.conf_set import ConfSet
    from sparklineage.model.dataset import Dataset
    from sparklineage.sdk.check import check
    from sparklineage.sdk.functions.hidden import reads, writes
    from sparklineage.sdk.programs.application import application
    from sparklineage.sdk.steps.step import current_step, step
    from sparklineage.sdk.steps.tag import tag
    from sparklineage.sdk.streams.streaming import foreach_batch

    __version__: str

__all__ = [
    "ConfSet",
    "Dataset",
    "Spec",
    "__version__",
    "application",
    "check",
    "configure",
    "current_step",
    "datasets",
    "facets",
    "finished",
    "foreach_batch",
    "load",
    "reads",
    "render",
    "step",
    "tag",
    "testing",
    "writes",
]

# Loaded at first use, so that `import sparklineage` costs a job next to nothing.
_LAZY = {
    "__version__": "sparklineage.version.VERSION",
    "ConfSet": "sparklineage.model.conf_set.ConfSet",
    "Dataset": "sparklineage.model.dataset.Dataset",
    "Spec": "sparklineage.config.spec.Spec",
    "application": "sparklineage.sdk.programs.application.application",
    "check": "sparklineage.sdk.check.check",
    "configure": "sparklineage.assemble.library.configure",
    "current_step": "sparklineage.sdk.steps.step.current_step",
    "finished": "sparklineage.assemble.library.finished_for",
    "foreach_batch": "sparklineage.sdk.streams.streaming.foreach_batch",
    "load": "sparklineage.assemble.library.load",
    "reads": "sparklineage.sdk.functions.hidden.reads",
    "render": "sparklineage.assemble.library.render",
    "step": "sparklineage.sdk.steps.step.step",
    "tag": "sparklineage.sdk.steps.tag.tag",
    "writes": "sparklineage.sdk.functions.hidden.writes",
}
_MODULES = frozenset({"datasets", "facets", "testing"})


def __getattr__(name: str) -> object:
    if name in _MODULES:
        return import_module(f"{__name__}.{name}")  # which sets the attribute
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, _, attribute = _LAZY[name].rpartition(".")
    value: object = getattr(import_module(module), attribute)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
