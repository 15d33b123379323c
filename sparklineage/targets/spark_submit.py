"""Options of spark-submit, for a shell and as a JSON list."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sparklineage.targets.about import about, handed_on, lost, needed_variables
from sparklineage.targets.arguments import in_a_command, options_conf, read_arguments, split, with_options
from sparklineage.targets.command_text import is_script, merged_command
from sparklineage.targets.interface import Artefact, Mode, Rendered
from sparklineage.targets.opened import opened
from sparklineage.targets.properties import beyond, laid_under
from sparklineage.targets.shell import script

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sparklineage.model.conf_set import ConfSet
    from sparklineage.targets.interface import Existing, Order

NAME = "spark-submit"
MODES: tuple[Mode, ...] = ("outbox", "direct")
LISTENS = True


def render(order: Order, into: Existing | None = None) -> Rendered:
    """The command for a shell, and its arguments as a JSON list.

    `into` is such a list of the user's, `["--master", "yarn", "job.py"]`, which comes back with ours in it, or a script
    of a shell with one such command.
    """
    ours = opened(order, order.with_jars)
    if into is not None and is_script(into):
        text, whole, more = merged_command(ours, into)
        by_variables = needed_variables(whole)
        artefact = Artefact(name=into.name, text=text, about="yours, with the lineage in its command", executable=True)
        notes = (*about(order), *by_variables, *_notes(order, whole), *more, *lost(whole))
        return Rendered(artefacts=(artefact,), notes=notes)
    options, rest = split(read_arguments(into)) if into is not None else ([], [])
    user = options_conf(options, into.name if into is not None else "")
    whole = laid_under(ours, user)
    job = order.application
    if job is not None and not rest:
        options += ["--class", job.main_class] if job.main_class else []
        rest = [job.uri, *job.arguments]
    argv = [*with_options(options, beyond(whole, user)), *rest]
    for word in argv:
        in_a_command(word)
    told, more = list(about(order)), [*_notes(order, whole), *lost(whole)]
    as_list = Artefact(
        name=into.name if into is not None else "spark-submit.json",
        text=json.dumps(argv, indent=2, ensure_ascii=False) + "\n",
        about="the arguments as a JSON list, each as it is",
    )
    in_shell = Artefact(
        name="spark-submit.sh",
        text=script("spark-submit", argv, whole, [*told, *handed_on(whole), *more], open_end=not rest),
        about="the command, for bash" + ("" if rest else "; the application and its arguments follow it"),
        executable=True,
    )
    artefacts = (as_list, in_shell) if into is not None else (in_shell, as_list)
    return Rendered(artefacts=artefacts, notes=(*told, *needed_variables(whole), *more))


def _notes(order: Order, whole: ConfSet) -> Iterator[str]:
    yield "An option takes the place of a list in spark-defaults.conf; `sparklineage conf spark-defaults` joins them."
    if "spark.submit.deployMode" in whole and whole["spark.submit.deployMode"].written == "cluster":
        yield "In cluster mode the driver runs on another machine, with an environment and a journal of its own."
    if order.mode == "outbox":
        yield "`sparklineage relay drain --all` delivers what applications have left in the journal."
