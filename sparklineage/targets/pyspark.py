"""Python that builds a SparkSession, where the JVM starts with it: `python job.py`, a notebook's first cell."""

from __future__ import annotations

import ast
import json
from typing import TYPE_CHECKING

from sparklineage.errors import ConfigError
from sparklineage.targets.about import about, refuse_literal_secrets, variables
from sparklineage.targets.interface import Artefact, Mode, Rendered

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sparklineage.targets.interface import Existing, Order

NAME = "pyspark"
MODES: tuple[Mode, ...] = ("outbox", "direct")
LISTENS = True
_BEGIN, _END = "# sparklineage: begin", "# sparklineage: end"


def render(order: Order, into: Existing | None = None) -> Rendered:
    """A function `with_lineage(builder)` to call before the session is there.

    With `into` it stands at the end of that file, and takes the place of the one that an earlier run put there.
    """
    refuse_literal_secrets(order)
    notes = [*about(order), "Call it before the first session: a session that runs takes no listener any more."]
    needed = variables(order)
    snippet = "\n".join(_snippet(order, notes, needed)) + "\n"
    text = snippet if into is None else _put(into, snippet)
    try:
        ast.parse(text)
    except (SyntaxError, ValueError) as error:
        name = into.name if into is not None else "the snippet"
        raise ConfigError(f"{name}: is no Python: {error}.") from None
    name = into.name if into is not None else "lineage.py"
    return Rendered(artefacts=(Artefact(name=name, text=text, about="import it and call it"),), notes=tuple(notes))


def _snippet(order: Order, notes: list[str], needed: dict[str, str]) -> Iterator[str]:
    yield _BEGIN
    yield from (f"# {note}" for note in notes)
    yield "def with_lineage(builder):"
    yield '    """A SparkSession.builder whose session reports its lineage; its own options stay, lists are joined."""'
    if needed:
        names = ", ".join(f'"{name}"' for name in needed)
        yield "    import os"
        yield ""
        yield f"    missing = [name for name in ({names},) if not os.environ.get(name)]"
        yield "    if missing:"
        yield '        raise RuntimeError(f"set {missing}: the JVM takes its keys from the environment")'
    yield '    given = dict(getattr(builder, "_options", {}))'
    yield "    for key, value in {"
    for key, value in order.with_jars.as_dict().items():
        yield f"        {_literal(key)}: {_literal(value)},"
    yield "    }.items():"
    yield '        if key in ("spark.extraListeners", "spark.jars") and given.get(key):'
    yield '            entries = [*given[key].split(","), *value.split(",")]'
    yield '            value = ",".join(dict.fromkeys(entry.strip() for entry in entries))'
    yield "        elif key in given:"
    yield "            continue"
    yield "        builder = builder.config(key, value)"
    yield "    return builder"
    yield _END


def _literal(text: str) -> str:
    # JSON's quotes are Python's, and say every character; only a lone half of a pair differs in nothing.
    return json.dumps(text)


def _put(into: Existing, snippet: str) -> str:
    before, begin, rest = into.text.partition(_BEGIN)
    if not begin:
        text = into.text if into.text.endswith("\n") or not into.text else into.text + "\n"
        return f"{text}\n\n{snippet}" if text else snippet
    _, end, after = rest.partition(_END + "\n")
    if not end:
        raise ConfigError(f"{into.name}: has `{_BEGIN}` without `{_END}`; remove the rest of the old snippet.")
    return before + snippet + after
