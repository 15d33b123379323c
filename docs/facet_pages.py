"""The page about facets and datasets, from the functions' own signatures and docstrings."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

from sparklineage import datasets, facets
from sparklineage.facets.check import PLACES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

_WIDTH = 100
_ABOUT = f"""\
What [manual lineage](manual-lineage.md) is told of a dataset or a step. A `DatasetLike` is an absolute URI, a path, a
pair (namespace, name) or a `Dataset`; `DatasetsLike` is one of them or a list, a `Column` a pair of a dataset and the
name of a column, a `Location` a URI or a path, and a `Place` in an event one of
{", ".join(f"`{place}`" for place in PLACES)}. What stands behind a `*` is given by its name."""


def facets_page(note: str) -> str:
    """Every function of `sparklineage.facets` and of `sparklineage.datasets`."""
    lines = ["# Facets and datasets", "", note, "", _ABOUT]
    for module in (facets, datasets):
        lines += _module(module)
    return "\n".join(lines) + "\n"


def _module(module: ModuleType) -> Iterator[str]:
    called = module.__name__.rpartition(".")[2]
    functions = [name for name in module.__all__ if not inspect.isclass(getattr(module, name))]
    yield from ("", f"## {called}", "", inspect.getdoc(module) or "")
    yield from ("", "| function | what it makes |", "|---|---|")
    for name in functions:
        summary = " ".join(_doc(module, name).partition("\n\n")[0].split()).replace("|", "\\|")
        yield f"| [`{name}`](#{called}{name}) | {summary} |"
    for name in functions:
        yield from ("", f"### {called}.{name}", "", "```", *_signature(module, called, name), "```", "")
        yield _doc(module, name)


def _doc(module: ModuleType, name: str) -> str:
    return inspect.getdoc(getattr(module, name)) or ""


def _signature(module: ModuleType, called: str, name: str) -> Iterator[str]:
    """On one line, else with the arguments below each other."""
    signature = inspect.signature(getattr(module, name))
    arguments = [*_arguments(signature)]
    one = f"{called}.{name}({', '.join(arguments)}) -> {signature.return_annotation}"
    if len(one) <= _WIDTH:
        yield one
    else:
        yield f"{called}.{name}("
        yield from (f"    {argument}," for argument in arguments)
        yield f") -> {signature.return_annotation}"


def _arguments(signature: inspect.Signature) -> Iterator[str]:
    # Not str(signature), whose quotes around annotations differ between versions of Python.
    are_named = False
    for argument in signature.parameters.values():
        is_rest = argument.kind is inspect.Parameter.VAR_POSITIONAL
        if argument.kind is inspect.Parameter.KEYWORD_ONLY and not are_named:
            yield "*"
        are_named = are_named or is_rest or argument.kind is inspect.Parameter.KEYWORD_ONLY
        default = "" if argument.default is argument.empty else f" = {argument.default!r}"
        yield f"{'*' if is_rest else ''}{argument.name}: {argument.annotation}{default}"
