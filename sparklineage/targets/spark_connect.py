"""The server of Spark Connect: listeners belong to it, so its clients need nothing and can set nothing."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from sparklineage.targets.about import about, lost, needed_variables, refuse_literal_secrets
from sparklineage.targets.arguments import lines
from sparklineage.targets.interface import Artefact, Mode, Rendered
from sparklineage.targets.properties import merged_properties

if TYPE_CHECKING:
    from sparklineage.targets.interface import Existing, Order

NAME = "spark-connect"
MODES: tuple[Mode, ...] = ("outbox", "direct")
LISTENS = True


def render(order: Order, into: Existing | None = None) -> Rendered:
    """The command that starts the server, and its spark-defaults.conf, into which `into` is merged."""
    refuse_literal_secrets(order)
    conf = order.with_jars
    notes = [
        *about(order),
        *needed_variables(order),
        "Set this where the server starts; a session with `--remote` or SPARK_REMOTE takes no listener.",
        "All sessions of a server are one application to the agent, whose end is that of the server.",
    ]
    args = " \\\n  ".join(" ".join(map(shlex.quote, group)) for group in lines(conf.as_args()))
    command = "".join(f"# {note}\n" for note in notes) + f'"$SPARK_HOME"/sbin/start-connect-server.sh \\\n  {args}\n'
    if into is not None:
        text, whole = merged_properties(conf, into)
        notes += lost(whole)
    else:
        text = "".join(f"# {note}\n" for note in notes) + conf.as_properties()
    defaults = Artefact(
        name=into.name if into is not None else "spark-defaults.conf",
        text=text,
        about="of the server, in its conf folder",
    )
    start = Artefact(name="start-connect-server.sh", text=command, about="the same as options", executable=True)
    return Rendered(artefacts=(defaults, start), notes=tuple(notes))
