"""spark-defaults.conf, and every other file in the syntax of `java.util.Properties`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sparklineage.targets.about import about, lost, needed_variables, refuse_literal_secrets
from sparklineage.targets.interface import Artefact, Mode, Rendered
from sparklineage.targets.properties import merged_properties

if TYPE_CHECKING:
    from sparklineage.targets.interface import Existing, Order

NAME = "spark-defaults"
MODES: tuple[Mode, ...] = ("outbox", "direct")
LISTENS = True


def render(order: Order, into: Existing | None = None) -> Rendered:
    """The file: with `into` the user's own lines, and ours behind them."""
    refuse_literal_secrets(order)
    conf = order.with_jars
    notes = [*about(order), *needed_variables(order)]
    if "spark.openlineage.appName" in conf:
        name = conf["spark.openlineage.appName"].written
        notes.append(f"Every application that reads this file is the job {name}; leave `job` out for more than one.")
    if into is not None:
        text, whole = merged_properties(conf, into)
        notes += lost(whole)
    else:
        head = "".join(f"# {note}\n" for note in notes)
        text = head + conf.as_properties()
    name = into.name if into is not None else "spark-defaults.conf"
    about_it = "put it into the conf folder of Spark, or name it with --properties-file"
    if order.mode == "outbox":
        notes.append("`sparklineage relay drain --all` delivers what applications have left in the journal.")
    return Rendered(artefacts=(Artefact(name=name, text=text, about=about_it),), notes=tuple(notes))
