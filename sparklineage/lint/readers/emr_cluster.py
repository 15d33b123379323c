"""Clusters of EMR and their steps, however a document spells their fields."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sparklineage.config.documents import Mapping, Node, Scalar, Sequence
from sparklineage.lint.readers import arguments
from sparklineage.lint.readers.command_line import option_settings
from sparklineage.lint.readers.emr_configurations import add, is_configuration, spark_of
from sparklineage.lint.readers.fields import field, squashed
from sparklineage.lint.readers.found import Found
from sparklineage.lint.readers.nodes import Source, entries, items, known, scalars, text_of
from sparklineage.lint.settings import JARS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sparklineage.lint.settings import Setting, Sheet

_CONFIGURATIONS = ("configurations", "configurationsjson")
_STEPS = ("steps", "step")
_SCRIPTS = ("bootstrapactions", "bootstrapaction")
_PARTS = frozenset((*_CONFIGURATIONS, *_STEPS, *_SCRIPTS))
_RUNNER = "command-runner.jar"
_SUBMITS = frozenset(("spark-submit", "spark-sql", "spark-shell", "pyspark"))


def sheets(source: Source, node: Node, release: str | None = None, *, partial: bool = False) -> Iterator[Sheet]:
    """A sheet for each step that starts Spark, with what its cluster sets, and for each cluster or list without one."""
    if isinstance(node, Sequence):
        if any(is_configuration(item) for item in node.items):
            found = Found(platform="emr", release=release, spark=spark_of(release), partial=partial)
            add(found, source, node)
            if found:
                yield found.sheet(source.place(node))
            return
        for item in node.items:
            yield from sheets(source, item, release, partial=partial)
    elif isinstance(node, Mapping):
        release = known(source, field(node, "releaselabel")) or release
        if _is_step(node):
            step = _step(source, node, Found(platform="emr", release=release, spark=spark_of(release)))
            if step is not None:
                yield step
            return
        if field(node, "submitjars") is not None:
            yield from _processor(source, node)
            return
        is_cluster = not is_configuration(node) and any(
            squashed(name) in _PARTS and isinstance(value, Sequence) for name, _, value in entries(node)
        )
        if is_cluster:
            yield from cluster(source, node, release, partial=partial)
        for name, _, value in entries(node):
            if not is_cluster or squashed(name) not in _PARTS:
                # An instance group adds to what its cluster sets.
                yield from sheets(source, value, release, partial=partial or is_cluster)


def _processor(source: Source, node: Mapping) -> Iterator[Sheet]:
    """The arguments of a PySparkProcessor of SageMaker, whose JARs stand beside its configuration."""
    found = Found(platform=None)
    add(found, source, field(node, "configuration"))
    found.settings += source.joined(scalars(field(node, "submitjars")), name=JARS, spelled="submit_jars")
    if found:
        yield found.sheet(source.place(node))


def cluster(source: Source, node: Node, release: str | None = None, *, partial: bool = False) -> Iterator[Sheet]:
    """The sheets of one cluster, or of a group of its instances."""
    release = known(source, field(node, "releaselabel")) or release
    base = Found(platform="emr", release=release, spark=spark_of(release), partial=partial)
    for name in _CONFIGURATIONS:
        add(base, source, field(node, name))
    base.scripts += _scripts(source, field(node, *_SCRIPTS))
    steps = [step for item in items(field(node, *_STEPS)) if (step := _step(source, item, base.copy()))]
    yield from steps
    if base and not steps:
        yield base.sheet(source.place(node))


def _is_step(node: Node) -> bool:
    if field(node, "hadoopjarstep") is not None:
        return True
    kind = (text_of(field(node, "type")) or "").lower()
    return isinstance(field(node, "args"), Sequence) and kind in {"spark", "custom_jar"}


def _step(source: Source, node: Node, found: Found) -> Sheet | None:
    """A step with its arguments; None for one that does not start Spark."""
    jars = items(field(node, "hadoopjarstep"))
    jar = jars[0] if jars else node
    args = field(jar, "args")
    given = arguments.words(source, args.items) if isinstance(args, Sequence) else []
    texts = [word.text for word in given]
    if not jars and (text_of(field(node, "type")) or "").lower() == "spark":
        # The command line interface of AWS puts these in front.
        texts += [_RUNNER, "spark-submit"]
    else:
        texts += [text for name in ("jar", "mainclass") if (text := text_of(field(jar, name)))]
        begin = next((at for at, word in enumerate(given) if word.value.rpartition("/")[2] in _SUBMITS), None)
        if begin is None:
            return None
        given = given[begin + 1 :]
    for _, key, value in entries(field(jar, "properties")):
        texts += [key.text, text_of(value) or ""]
    settings, partial = option_settings(given, source.file)
    found.settings += settings
    found.partial = found.partial or partial
    found.arguments = sum(map(len, texts))
    return found.sheet(source.place(node))


def _scripts(source: Source, node: Node | None) -> Iterator[Setting]:
    for action in items(node):
        script = field(action, "scriptbootstrapaction")
        for name, key, value in entries(action if script is None else script):
            if squashed(name) == "path" and isinstance(value, Scalar):
                yield source.setting(key, value, name="bootstrap_action.path" if script is None else _API_PATH)


_API_PATH = "ScriptBootstrapAction.Path"
