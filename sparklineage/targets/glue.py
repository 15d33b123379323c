"""AWS Glue: the arguments of a job.

Arguments are a map, so that there is one `--conf` alone, and all further properties stand in its value:
`a=1 --conf b=2` (OpenLineage, Quickstart with AWS Glue; AWS writes the same for DataZone). It is split at blanks, and
nobody documents quotes. A job's own code comes too late for listeners.
"""

from __future__ import annotations

import re
from copy import deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sparklineage.errors import ConfigError
from sparklineage.model.conf_lists import CommaList
from sparklineage.model.conf_set import ConfSet
from sparklineage.model.conf_value import Text
from sparklineage.model.lists import comma_list, joined
from sparklineage.targets.about import lost
from sparklineage.targets.classifications import conf_of
from sparklineage.targets.interface import Artefact, Mode, Rendered
from sparklineage.targets.json_file import expected, json_text, read_json
from sparklineage.targets.limits import form, in_one_word, xml
from sparklineage.targets.opened import opened, refuse_references
from sparklineage.targets.same_release import same_release
from sparklineage.targets.two_transports import side_by_side
from sparklineage.targets.uploads import uploads
from sparklineage.targets.vendor import about_agent, settled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sparklineage.targets.interface import Application, Existing, Order

NAME = "glue"
MODES: tuple[Mode, ...] = ("direct",)
LISTENS = True
_CONF, _JARS, _FIRST = "--conf", "--extra-jars", "--user-jars-first"
_BETWEEN = re.compile(r"\s+--conf\s+")
_SPARK_JARS = "spark.jars"
_NAME = "spark.openlineage.appName"
_BEFORE = f"{_FIRST} true puts the JAR of {_JARS} before it."
_KEYS = (
    "and Glue shows the arguments of a job to everybody who may read the job; take a transport that signs in with the "
    "role of the job (s3, kinesis), or a backend that needs no key"
)
_SHAPES = "the arguments of a job, or the input of create-job, update-job or start-job-run"


def render(order: Order, into: Existing | None = None) -> Rendered:
    """`arguments.json`, and `job.json` where there is a script to run.

    `into` is the map of a job's arguments, or the input of create-job, update-job or start-job-run.
    """
    order = settled(order, first=_FIRST)
    whole = opened(order, order.with_jars)
    refuse_references(whole, _KEYS)
    jars = whole.get(_SPARK_JARS)
    conf = _in_words(whole.without(_SPARK_JARS))
    for entry in conf.entries:
        what = f"{entry.key[:100]} ({entry.source})"
        in_one_word(what, entry.key, "leave it out")
        in_one_word(what, entry.value.written, "Glue knows no quotes; write it without")
        xml(what, entry.key + entry.value.written)
    extra = jars.entries if isinstance(jars, CommaList) else ()
    for jar in extra:
        in_one_word("the address of a JAR", jar, "put it elsewhere")
    notes = [*about_agent(order, first=_BEFORE), *_renamed(whole, conf), *_notes(order, conf)]
    first = _needs_first(order)
    if first and order.release is None:
        notes.append(f"Nothing tells the release, and Glue 5 brings an agent of its own: {_BEFORE}")
    if into is None:
        artefacts = _fresh(order, conf, extra, first=first)
    else:
        value, more = _merged(order, conf, extra, into)
        artefacts = [Artefact(name=into.name, text=json_text(value, into), about="yours, with the lineage in it")]
        notes += more
    return Rendered(artefacts=tuple(artefacts), notes=tuple(notes))


def _in_words(conf: ConfSet) -> ConfSet:
    """The name of the application without blanks, which the agent would make the same name of (NameNormalizer)."""
    return ConfSet(
        tuple(
            replace(entry, value=Text(re.sub(r"\s+", "_", entry.value.written.strip())))
            if entry.key == _NAME and not entry.value.blank
            else entry
            for entry in conf.entries
        )
    )


def _renamed(asked: ConfSet, conf: ConfSet) -> Iterator[str]:
    before, after = asked.entry(_NAME), conf.entry(_NAME)
    if before is not None and after is not None and before.value.written != after.value.written:
        yield (f"The application is called {after.value.written} here ({before.source}): Glue knows no quotes, and the "
               "agent makes the same of a name with blanks.")  # fmt: skip


def _needs_first(order: Order) -> bool:
    """Whether there is, or may be, an agent of Glue's that ours has to come before."""
    replaces = (order.settings.get("vendorAgent") or "replace") == "replace"
    return replaces and (order.release is None or order.release.vendor_agent is not None)


def conf_argument(pairs: list[tuple[str, str]]) -> str:
    """The value of the one `--conf`."""
    return " --conf ".join(f"{key}={value}" for key, value in pairs)


def conf_pairs(text: str, where: str) -> list[tuple[str, str]]:
    """The properties in such a value. Raises ConfigError where one of them is none."""
    pairs = []
    for part in _BETWEEN.split(text.strip()):
        key, equals, value = part.partition("=")
        if not equals:
            raise ConfigError(f"{where}: {part[:60]!r} of --conf is no property; write --conf key=value.")
        pairs.append((key.strip(), value))
    return pairs


def _fresh(order: Order, conf: ConfSet, jars: tuple[str, ...], *, first: bool) -> list[Artefact]:
    arguments = {_CONF: conf_argument(list(conf.as_dict().items()))}
    if jars:
        arguments |= {_JARS: ",".join(jars)} | ({_FIRST: "true"} if first else {})
    about_it = "the job's default arguments, or those of one run: aws glue start-job-run --arguments file://…"
    artefacts = [Artefact(name="arguments.json", text=json_text(arguments), about=about_it)]
    if order.application is not None:
        about_it = "aws glue create-job --cli-input-json file://…"
        job = _job(order, order.application, arguments)
        artefacts.append(Artefact(name="job.json", text=json_text(job), about=about_it))
    return artefacts


def _job(order: Order, application: Application, arguments: dict[str, str]) -> dict[str, Any]:
    xml("job.name", order.name)
    job: dict[str, Any] = {
        "Name": re.sub(r"[\r\n]+", " ", order.name)[:255],
        "Command": {"Name": "glueetl", "ScriptLocation": application.uri},
    }
    if release := order.settings.get("release"):
        form("platforms.glue.release", release, r"(\w+\.)+\w+|auto", "a version such as 5.0")
        job["GlueVersion"] = release
    own = _own(application)
    if application.main_class is not None:
        own = {"--job-language": "scala", "--class": application.main_class, **own}
    else:
        job["Command"]["PythonVersion"] = "3"
    job["DefaultArguments"] = {**own, **arguments}
    return job


def _own(application: Application) -> dict[str, str]:
    """The arguments of the script: Glue takes names with values alone."""
    found: dict[str, str] = {}
    words = list(application.arguments)
    while words:
        name = words.pop(0)
        key, equals, value = name.partition("=")
        if not key.startswith("--") or (not equals and not words) or key in found or key in (_CONF, _JARS, _FIRST):
            raise ConfigError(
                f"the argument {name[:100]!r} cannot be one of a Glue job, which takes each name once, with a value: "
                "--argument=--day --argument=2026-01-31."
            )
        found[key] = value if equals else words.pop(0)
    return found


def _merged(order: Order, conf: ConfSet, jars: tuple[str, ...], into: Existing) -> tuple[object, list[str]]:
    value = read_json(into)
    if not isinstance(value, dict):
        raise expected(into, _SHAPES)
    whole = deepcopy(value)
    inner = whole.get("JobUpdate", whole)
    if not isinstance(inner, dict):
        raise expected(into, _SHAPES)
    if "JobUpdate" in whole or "Command" in whole or "DefaultArguments" in whole:
        holder, name = inner, "DefaultArguments"
    elif "JobName" in whole or "Arguments" in whole:
        holder, name = inner, "Arguments"
    elif all(key.startswith("--") for key in whole):
        holder, name = {"all": whole}, "all"
    else:
        raise expected(into, _SHAPES)
    same_release(order, NAME, inner.get("GlueVersion"), into.name)
    arguments = holder.get(name) or {}
    if not isinstance(arguments, dict) or not all(isinstance(text, str) for text in arguments.values()):
        raise ConfigError(f"{into.name}: {name} is no object of texts.")
    holder[name], notes = _arguments(conf, jars, arguments, into.name, first=_needs_first(order))
    return (holder["all"] if name == "all" else whole), notes


def _arguments(
    conf: ConfSet, jars: tuple[str, ...], theirs: dict[str, str], where: str, *, first: bool
) -> tuple[dict[str, str], list[str]]:
    pairs = conf_pairs(theirs[_CONF], f"{where}: --conf") if theirs.get(_CONF, "").strip() else []
    conf, users = side_by_side(conf, conf_of(dict(pairs), f"{where}: --conf"))
    whole = conf.merged_with(users)
    added = whole.beyond(users).as_dict()
    # Of a property that is given twice the later one counts, as it did before.
    changed = [(key, added.get(key, value)) for key, value in pairs]
    changed += [(key, value) for key, value in added.items() if key not in dict(pairs)]
    merged = {**theirs, _CONF: conf_argument(changed)} if changed != pairs else dict(theirs)
    if jars:
        merged[_JARS] = ",".join(joined(comma_list(theirs.get(_JARS, "")), jars))
    if jars and first:
        if theirs.get(_FIRST, "true").strip().lower() != "true":
            raise ConfigError(f"{where}: {_FIRST} is {theirs[_FIRST]!r}; with true the agent comes before Glue's own.")
        merged.setdefault(_FIRST, "true")
    return merged, list(lost(whole))


def _notes(order: Order, conf: ConfSet) -> list[str]:
    notes = [*uploads(order, "the job's role has to read them")]
    if order.application is not None:
        notes.append("Give Role with job.json, and the workers that you want.")
    notes.append(
        "Set them as parameters of the job: a --conf that a single run gives takes the place of all that its job has."
    )
    notes.append("A backend inside of a VPC is reached through a connection of Glue alone, which the job has to name.")
    if any(set(entry.value.written) & set("'\"\\$`") for entry in conf.entries):
        notes.append(
            "A value holds a quote, a backslash or a dollar, of which Glue does not say what it makes: try it."
        )
    notes.append(
        "The agent tells of no failure that Spark does not know: a job that dies stays RUNNING in the lineage."
    )
    return notes
