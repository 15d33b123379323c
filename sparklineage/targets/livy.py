"""Batches of Apache Livy: the body of `POST /batches`.

Source: apache/incubator-livy: docs/rest-api.md, Session.prepareConf, spark-blacklist.conf.template.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sparklineage.config.documents import Mapping, at, plain
from sparklineage.model.lists import comma_list, joined
from sparklineage.targets.about import about, lost, needed_variables
from sparklineage.targets.conf_map import conf_in, refuse, refuse_duplicates, texts_in
from sparklineage.targets.interface import Artefact, Mode, Rendered
from sparklineage.targets.limits import in_one_word
from sparklineage.targets.opened import opened
from sparklineage.targets.rewriting import read_json, rewritten_json
from sparklineage.targets.two_transports import side_by_side
from sparklineage.targets.uploads import uploads

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sparklineage.model.conf_set import ConfSet
    from sparklineage.targets.interface import Existing, Order

NAME = "livy"
MODES: tuple[Mode, ...] = ("direct",)
LISTENS = True
_JARS = "spark.jars"
_REFUSED = (
    "spark.master", "spark.submit.deployMode", "spark.yarn.jar", "spark.yarn.jars", "spark.yarn.archive",
    "spark.submit.proxyUser.allowCustomClasspathInClusterMode",
)  # fmt: skip
"""What Livy refuses in a conf: by itself, or by the list of properties that comes with it."""


def render(order: Order, into: Existing | None = None) -> Rendered:
    """The batch as JSON. Of a batch of the user's own the lists grow, and everything else stays."""
    ours = opened(order, order.with_jars)
    left_out = [key for key in _REFUSED if key in ours]
    ours = ours.without(*left_out)
    node = _batch(into) if into is not None else None
    name = into.name if into is not None else "batch.json"
    ours, theirs = side_by_side(ours, conf_in(at(node, "conf"), name, "conf"))
    whole = ours.merged_with(theirs.without(_JARS))
    jars = _jars(ours, theirs, texts_in(at(node, "jars"), name, "jars"))
    batch = _merged(order, plain(node) if node is not None else {}, whole.beyond(theirs), jars)
    text = rewritten_json(into, batch) if into is not None else json.dumps(batch, indent=2) + "\n"
    upload = uploads(order, "the user that Livy starts the batch as reads them")
    notes = [*about(order), *upload, *_variables(ours), *_notes(batch, left_out), *lost(whole)]
    about_it = "POST it to /batches of Livy"
    return Rendered(artefacts=(Artefact(name=name, text=text, about=about_it),), notes=tuple(notes))


def _batch(into: Existing) -> Mapping:
    node = read_json(into)
    if not isinstance(node, Mapping):
        refuse(node, into.name, 'is no batch of Livy; write an object such as {"file": "hdfs:///job.py"}.')
    refuse_duplicates(node, into.name)
    return node


def _jars(ours: ConfSet, theirs: ConfSet, given: list[str]) -> list[str]:
    """Theirs, and those of ours that they do not have: Livy joins the list with `spark.jars` of the conf itself."""
    have = comma_list(theirs[_JARS].written) if _JARS in theirs else ()
    added = comma_list(ours[_JARS].written) if _JARS in ours else ()
    for jar in added:
        in_one_word(f"the JAR {jar!r}", jar, "Livy takes URIs alone, so write %20 or move it")
    return [*given, *(jar for jar in joined(added) if jar not in (*given, *have))]


def _merged(order: Order, batch: Any, added: ConfSet, jars: list[str]) -> dict[str, Any]:
    wanted = dict(batch)
    if order.application is not None and not wanted.get("file"):
        wanted["file"] = order.application.uri
        if order.application.main_class:
            wanted["className"] = order.application.main_class
        if order.application.arguments:
            wanted["args"] = list(order.application.arguments)
    if not wanted.get("name") and not batch:
        wanted["name"] = order.name
    if jars:
        wanted["jars"] = jars
    properties = {key: text for key, text in added.as_dict().items() if key != _JARS}
    if properties:
        wanted["conf"] = {**(wanted.get("conf") or {}), **properties}
    return wanted


def _variables(ours: ConfSet) -> Iterator[str]:
    if any(entry.secret for entry in ours.entries):
        yield from needed_variables(ours)
        yield (
            "A batch cannot set variables: the driver has those of Livy's server where that runs it itself, and in "
            "cluster mode those of its node alone."
        )


def _notes(batch: dict[str, Any], left_out: list[str]) -> Iterator[str]:
    if not batch.get("file"):
        yield "Livy wants a file; give --application URI, or add it."
    if "name" in batch:
        yield "Livy refuses a second batch of the same name while one runs."
    if left_out:
        yield f"Left out, because Livy does not take them in a batch: {', '.join(left_out)}."
    if theirs := [key for key in _REFUSED if key in (batch.get("conf") or {})]:
        yield f"Livy refuses the batch for {', '.join(theirs)}, unless its server allows them; its own master counts."
    if any(jar.startswith("/") for jar in batch.get("jars") or ()):
        yield (
            "Livy looks for a path without a scheme in its default file system, such as HDFS: put the JARs there, or "
            "write local:/path for one on its server."
        )
    yield "Livy gives the batch's properties to everybody who may see it."
