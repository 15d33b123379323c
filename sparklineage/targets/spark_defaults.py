"""spark-defaults.conf, and every other file in the syntax of `java.util.Properties`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sparklineage.targets.about import about, comments, lost, needed_variables
from sparklineage.targets.interface import Artefact, Mode, Rendered
from sparklineage.targets.opened import opened
from sparklineage.targets.properties import merged_properties

if TYPE_CHECKING:
    from sparklineage.targets.interface import Existing, Order

NAME = "spark-defaults"
MODES: tuple[Mode, ...] = ("outbox", "direct")
LISTENS = True
_APPLICATION = "spark.openlineage.appName"


def render(order: Order, into: Existing | None = None) -> Rendered:
    """The file: with `into` the user's own lines, and ours behind them."""
    ours = opened(order, order.with_jars)
    text, whole = merged_properties(ours, into) if into is not None else ("", ours)
    notes = [*about(order), *needed_variables(whole)]
    if _APPLICATION in whole:
        name = whole[_APPLICATION].written
        notes.append(f"Every application that reads this file is the job {name}; leave `job` out for more than one.")
    if order.mode == "outbox":
        notes.append("`sparklineage relay drain --all` delivers what applications have left in the journal.")
    notes += lost(whole)
    if into is None:
        text = "".join(f"{line}\n" for line in comments(notes)) + ours.as_properties()
    name = into.name if into is not None else "spark-defaults.conf"
    about_it = "put it into the conf folder of Spark, or name it with --properties-file"
    return Rendered(artefacts=(Artefact(name=name, text=text, about=about_it),), notes=tuple(notes))
