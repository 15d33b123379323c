"""Options of spark-submit, for a shell and as a JSON list."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING

from sparklineage.targets.about import about, lost, needed_variables, refuse_literal_secrets
from sparklineage.targets.arguments import lines, options_conf, read_arguments, split
from sparklineage.targets.interface import Artefact, Mode, Rendered

if TYPE_CHECKING:
    from sparklineage.targets.interface import Existing, Order

NAME = "spark-submit"
MODES: tuple[Mode, ...] = ("outbox", "direct")
LISTENS = True


def render(order: Order, into: Existing | None = None) -> Rendered:
    """The command for a shell, and its arguments as a JSON list.

    `into` is such a list of the user's, `["--master", "yarn", "job.py"]`, which comes back with ours in it.
    """
    refuse_literal_secrets(order)
    notes = [*about(order), *needed_variables(order)]
    options, rest = split(read_arguments(into)) if into is not None else ([], [])
    user = options_conf(options, into.name if into is not None else "")
    whole = order.with_jars.merged_with(user)
    notes += lost(whole) if into is not None else ()
    if order.application is not None and not rest:
        options += ["--class", order.application.main_class] if order.application.main_class else []
        rest = [order.application.uri, *order.application.arguments]
    argv = [*options, *whole.beyond(user).as_args(), *rest]
    command = " \\\n  ".join(["spark-submit", *(" ".join(map(shlex.quote, group)) for group in lines(argv))])
    script = "".join(f"# {note}\n" for note in notes) + command + "\n"
    as_list = Artefact(
        name=into.name if into is not None else "spark-submit.json",
        text=json.dumps(argv, indent=2, ensure_ascii=False) + "\n",
        about="the arguments as a JSON list, each as it is",
    )
    in_shell = Artefact(name="spark-submit.sh", text=script, about="the command, quoted for a shell")
    return Rendered(artefacts=(as_list, in_shell) if into is not None else (in_shell, as_list), notes=tuple(notes))
