"""Python that builds a SparkSession, where the JVM starts with it: `python job.py`, a notebook's first cell."""

from __future__ import annotations

import ast
import re
import textwrap
from typing import TYPE_CHECKING

from sparklineage.errors import ConfigError
from sparklineage.model.conf_lists import CommaList
from sparklineage.model.conf_pattern import Pattern
from sparklineage.targets.about import about, comments, handed_on
from sparklineage.targets.interface import Artefact, Mode, Rendered
from sparklineage.targets.opened import opened
from sparklineage.targets.python_builder import with_wrapped
from sparklineage.targets.python_text import environment, literal, placed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sparklineage.model.conf_set import ConfSet
    from sparklineage.targets.interface import Existing, Order

NAME = "pyspark"
MODES: tuple[Mode, ...] = ("outbox", "direct")
LISTENS = True
_BEGIN, _END = "# sparklineage: begin", "# sparklineage: end"
_TRANSPORT = "spark.openlineage.transport."
_WIDTH = 100


def render(order: Order, into: Existing | None = None) -> Rendered:
    """A function `with_lineage(builder)` to call before the session is there.

    With `into` it stands behind the imports of that file, or takes the place of the one that an earlier run put there.
    """
    conf = opened(order, order.with_jars)
    notes = [*about(order), *handed_on(conf), *_notes(order)]
    about_it = "import it, and wrap the builder: with_lineage(SparkSession.builder).getOrCreate()"
    snippet = "\n".join(_snippet(conf, notes)) + "\n"
    name = into.name if into is not None else "lineage.py"
    text = snippet if into is None else _put(into, snippet)
    if into is not None:
        text, wrapped = with_wrapped(text, _parsed(text, name))
        notes += [*wrapped]
    if into is not None:
        about_it = "yours, with the lineage in it"
    return Rendered(artefacts=(Artefact(name=name, text=text, about=about_it),), notes=tuple(notes))


def _notes(order: Order) -> Iterator[str]:
    yield "Wrap the builder before the first session, with_lineage(SparkSession.builder): later no listener is taken."
    yield (
        "Options of a builder take the place of lists in spark-defaults.conf; `sparklineage.configure(builder)` joins "
        "those too."
    )
    if order.mode == "outbox":
        yield "`sparklineage relay drain --all` delivers what applications have left in the journal."


def _snippet(conf: ConfSet, notes: Sequence[str]) -> Iterator[str]:
    properties = conf.as_dict()
    variables = [f"    {line}" if line else "" for line in environment(conf)]
    yield _BEGIN
    for note in comments(notes):
        yield from textwrap.wrap(note, _WIDTH, subsequent_indent="#   ", break_long_words=False, break_on_hyphens=False)
    yield "def with_lineage(builder):"
    yield '    """A SparkSession.builder whose session reports its lineage.'
    yield ""
    yield "    The options that it has stay, and lists are joined. Under spark-submit the JVM runs already, and the"
    yield "    builder comes back as it is: a listener that is not on its class path would end the job."
    yield '    """'
    yield from ("    import json",) if variables else ()
    yield "    import os"
    yield "    import warnings"
    yield ""
    yield '    if "PYSPARK_GATEWAY_PORT" in os.environ:'
    yield '        why = "no lineage: spark-submit has started the JVM already; use `sparklineage submit`"'
    yield "        warnings.warn(why, stacklevel=2)"
    yield "        return builder"
    yield "    ours = {"
    yield from (f"        {literal(key)}: {literal(value)}," for key, value in properties.items())
    yield "    }"
    yield '    theirs = dict(getattr(builder, "_options", {}))'
    if any(key.startswith(_TRANSPORT) for key in properties):
        yield f"    transport = {literal(_TRANSPORT)}"
        yield '    if theirs.get(transport + "type"):'
        yield "        # A transport of its own stands for itself."
        yield "        ours = {key: ours[key] for key in ours if not key.startswith(transport)}"
        if variables:
            yield "    else:"
            yield from (f"    {line}" if line else "" for line in variables)
    else:
        yield from variables
    yield from _joining(conf)
    yield "    return builder"
    yield ""
    yield ""
    yield _END


def _joining(conf: ConfSet) -> Iterator[str]:
    lists = [entry.key for entry in conf.entries if isinstance(entry.value, CommaList)]
    patterns = [entry.key for entry in conf.entries if isinstance(entry.value, Pattern)]
    if lists:
        yield "    lists = ["
        yield from (f"        {literal(key)}," for key in lists)
        yield "    ]"
    yield "    for key, value in ours.items():"
    yield "        own = theirs.get(key)"
    yield "        if not own:"
    yield "            builder = builder.config(key, value)"
    if lists:
        yield "        elif key in lists:"
        yield '            added = value.split(",")'
        yield '            kept = [entry for entry in own.split(",") if entry.strip() not in added]'
        yield '            builder = builder.config(key, ",".join([*kept, *added]))'
    for key in patterns:
        yield f"        elif key == {literal(key)} and value not in own:"
        yield '            builder = builder.config(key, f"{value}|{own}")'


def _put(into: Existing, snippet: str) -> str:
    ours = snippet.replace("\n", into.newline)
    begin = _line(_BEGIN).search(into.text)
    if begin is None:
        return placed(into.text, ours, _parsed(into.text, into.name), into.newline)
    end = _line(_END).search(into.text, begin.end())
    if end is None:
        raise ConfigError(f"{into.name}: has `{_BEGIN}` without `{_END}`; remove the rest of the old snippet.")
    return into.text[: begin.start()] + ours + into.text[end.end() :]


def _line(text: str) -> re.Pattern[str]:
    """The whole line, its end included."""
    return re.compile(rf"(?<![^\r\n]){text}[ \t]*(?:\r\n|\r|\n|\Z)")


def _parsed(text: str, name: str) -> ast.Module:
    try:
        return ast.parse(text)
    except SyntaxError as error:
        raise ConfigError(f"{name}:{error.lineno or 1}:{error.offset or 1}: is no Python: {error.msg}.") from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise ConfigError(f"{name}: is no Python: {error}.") from None
