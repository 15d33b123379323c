"""The server of Spark Connect: listeners belong to it, so its clients need nothing and can set nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sparklineage.targets.about import about, comments, handed_on, lost, needed_variables
from sparklineage.targets.interface import Artefact, Mode, Rendered
from sparklineage.targets.opened import opened
from sparklineage.targets.properties import merged_properties
from sparklineage.targets.shell import script

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sparklineage.targets.interface import Existing, Order

NAME = "spark-connect"
MODES: tuple[Mode, ...] = ("outbox", "direct")
LISTENS = True
_COMMAND = '"${SPARK_HOME:?the folder of Spark}"/sbin/start-connect-server.sh'


def render(order: Order, into: Existing | None = None) -> Rendered:
    """The server's spark-defaults.conf, into which `into` is merged, and the command that starts it with the same."""
    ours = opened(order, order.with_jars)
    text, whole = merged_properties(ours, into) if into is not None else ("", ours)
    notes = [*about(order), *needed_variables(whole), *_notes(order), *lost(whole)]
    in_script = [*about(order), *handed_on(whole), *_notes(order), *lost(whole)]
    if into is None:
        text = "".join(f"{line}\n" for line in comments(notes)) + ours.as_properties()
    defaults = Artefact(
        name=into.name if into is not None else "spark-defaults.conf",
        text=text,
        about="of the server, in its conf folder",
    )
    # What the user's file has is read by the server itself.
    start = Artefact(
        name="start-connect-server.sh",
        text=script(_COMMAND, whole.as_args() if into is None else [], whole, in_script, open_end=True),
        about="starts the server with the same as options" if into is None else "starts the server on its conf folder",
        executable=True,
    )
    return Rendered(artefacts=(defaults, start), notes=tuple(notes))


def _notes(order: Order) -> Iterator[str]:
    yield "Set this where the server starts; a session with `--remote` or SPARK_REMOTE takes no listener."
    yield "All sessions of a server are one application to the agent, whose end is that of the server."
    if order.scala == "2.12":
        yield "Spark 3 has no server of Connect on board: add --packages org.apache.spark:spark-connect_2.12:VERSION."
