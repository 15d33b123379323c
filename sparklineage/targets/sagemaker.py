"""Amazon SageMaker: PySparkProcessor, and the environment of Processing and Training jobs.

Its container appends `key value` to spark-defaults.conf as it is, without escapes, and starts spark-submit without any
option for properties (sagemaker-spark-container, config.py and cli.py): what its file would say otherwise is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sparklineage.config.properties import entries
from sparklineage.errors import ConfigError, suggestion
from sparklineage.model.conf_lists import CommaList
from sparklineage.model.lists import comma_list, joined
from sparklineage.targets.about import lost
from sparklineage.targets.classifications import DEFAULTS, UPPER, is_list, merged_properties, properties_of, written
from sparklineage.targets.interface import Artefact, Mode, Rendered
from sparklineage.targets.json_file import expected, json_text, read_json
from sparklineage.targets.limits import at_most, form, longest, one_line
from sparklineage.targets.opened import opened, refuse_references
from sparklineage.targets.sagemaker_python import python
from sparklineage.targets.uploads import uploads
from sparklineage.targets.vendor import about_agent, settled

if TYPE_CHECKING:
    from sparklineage.model.conf_set import ConfSet
    from sparklineage.targets.interface import Existing, Order

NAME = "sagemaker"
MODES: tuple[Mode, ...] = ("direct",)
LISTENS = True
ALLOWED = (
    "core-site", "hadoop-env", "hadoop-log4j", "hive-env", "hive-log4j", "hive-exec-log4j", "hive-site",
    "spark-defaults", "spark-env", "spark-log4j", "spark-hive-site", "spark-metrics", "yarn-env", "yarn-site", "export",
)  # fmt: skip
"""The classifications that PySparkProcessor takes (sagemaker.spark.processing)."""
_ENVIRONMENT, _VALUE = 100, 256
"""Entries, and characters of a value (API of SageMaker, CreateProcessingJob)."""
_SPARK_JARS = "spark.jars"
_KEYS = (
    "and SageMaker shows the environment and the configuration of a job in plain text; take a transport that signs in "
    "with the role of the job (s3, kinesis), or a backend that needs no key"
)
_SHAPES = "the configuration of PySparkProcessor.run, or an object with configuration, submit_jars and env"


def render(order: Order, into: Existing | None = None) -> Rendered:
    """`processor.json`, the same as Python, and the environment of jobs without Spark.

    `into` is a `configuration` of PySparkProcessor.run, or such a `processor.json`.
    """
    order = settled(order)
    whole = opened(order, order.with_jars)
    refuse_references(whole, _KEYS)
    for entry in whole.entries:
        _check_line(f"{entry.key[:100]} ({entry.source})", entry.key, entry.value.written)
    notes = [*about_agent(order), *_notes(order)]
    found = whole.get(_SPARK_JARS)
    jars = found.entries if isinstance(found, CommaList) else ()
    conf, environment = whole.without(_SPARK_JARS), _environment(whole)
    name = "processor.json"
    if into is None:
        listed: list[Any] = [written(DEFAULTS, conf.as_dict(), UPPER)]
        text = json_text({"configuration": listed, "submit_jars": list(jars), "env": environment})
        about_it = "the arguments of PySparkProcessor.run, and env of PySparkProcessor"
    else:
        name, about_it = into.name, "yours, with the lineage in it"
        value, listed, jars, more = _merged(conf, jars, environment, into)
        text = json_text(value, into)
        notes += more
    _check_jars(jars)
    snippet = python(listed, list(jars), environment, notes)
    artefacts = (
        Artefact(name=name, text=text, about=about_it),
        Artefact(name="processing.py", text=snippet, about="the same as Python, for versions 2 and 3 of sagemaker"),
        Artefact(
            name="environment.json",
            text=json_text(environment),
            about="of Processing and Training jobs whose code declares its lineage itself",
        ),
    )
    return Rendered(artefacts=artefacts, notes=tuple(notes))


def _merged(
    conf: ConfSet, jars: tuple[str, ...], environment: dict[str, str], into: Existing
) -> tuple[object, list[Any], tuple[str, ...], list[str]]:
    value = read_json(into)
    if isinstance(value, dict) and "Classification" not in value and ({"configuration", "submit_jars"} & set(value)):
        own = value.get("submit_jars") or []
        if not isinstance(own, list) or not all(isinstance(jar, str) for jar in own):
            raise ConfigError(f"{into.name}: submit_jars is no list of texts.")
        env = value.get("env") or {}
        if not isinstance(env, dict):
            raise ConfigError(f"{into.name}: env is no object.")
        listed, jars, notes = _configuration(conf, tuple(joined(own, jars)), value.get("configuration") or [], into)
        at_most("variables", {**environment, **env}, _ENVIRONMENT, "leave some out")
        env = {**env, **{name: text for name, text in environment.items() if name not in env}}
        return {**value, "configuration": listed, "submit_jars": list(jars), "env": env}, listed, jars, notes
    listed, jars, notes = _configuration(conf, jars, value, into)
    return listed, listed, jars, notes


def _configuration(
    conf: ConfSet, jars: tuple[str, ...], value: object, into: Existing
) -> tuple[list[Any], tuple[str, ...], list[str]]:
    given = [value] if isinstance(value, dict) and "Classification" in value else value
    if not isinstance(given, list) or not is_list(given, UPPER):
        raise expected(into, _SHAPES)
    for item in given:
        name = str(item["Classification"])
        if name not in ALLOWED:
            raise ConfigError(
                f"{into.name}: PySparkProcessor takes no classification {name!r}.{suggestion(name, ALLOWED)}"
            )
    theirs = properties_of(given, DEFAULTS, UPPER, into.name).get(_SPARK_JARS, "")
    listed, whole = merged_properties(conf, given, UPPER, into.name)
    notes = list(lost(whole))
    if theirs:
        notes.append(f"{_SPARK_JARS} of {into.name} would have no effect beside submit_jars, so it stands there too.")
    return listed, tuple(joined(comma_list(theirs), jars)), notes


def _check_line(what: str, key: str, value: str) -> None:
    """Raises ConfigError where `key value` on a line of its own is read as something else."""
    one_line(what, key + value)
    try:
        found = [(entry.key, entry.trimmed) for entry in entries(f"{key} {value}\n")]
    except ValueError as error:
        raise ConfigError(f"{what} cannot be written for SageMaker, which escapes nothing: {error}.") from None
    if found != [(key, value.strip())]:
        raise ConfigError(
            f"{what} would be read as something else, because SageMaker escapes nothing in spark-defaults.conf; leave "
            "out backslashes, and blanks, = and : in its name."
        )


def _check_jars(jars: tuple[str, ...]) -> None:
    for jar in jars:
        if "://" in jar and not jar.startswith(("s3://", "s3a://")):
            raise ConfigError(
                f"submit_jars takes files and s3:// addresses alone, not {jar[:200]}; put the JAR into S3."
            )


def _environment(conf: ConfSet) -> dict[str, str]:
    """What openlineage-python and sparklineage read in a job without Spark. Raises ConfigError for what is too long."""
    stem = "spark.openlineage."
    given = {key: value.written for key, value in conf.items()}
    found = {"OPENLINEAGE_NAMESPACE": given.get(f"{stem}namespace", "")}
    if given.get(f"{stem}transport.type") == "http":
        found["OPENLINEAGE_URL"] = given.get(f"{stem}transport.url", "")
        found["OPENLINEAGE_ENDPOINT"] = given.get(f"{stem}transport.endpoint", "").lstrip("/")
    for name, text in found.items():
        form(name, name, r"[a-zA-Z_][a-zA-Z0-9_]*", "letters, digits and _")
        longest(name, text, _VALUE, "SageMaker allows no more in a variable; shorten it")
    return {name: text for name, text in found.items() if text}


def _notes(order: Order) -> list[str]:
    notes = [*uploads(order, "the job's role has to read them")]
    notes.append("PySparkProcessor puts the configuration into S3 in plain text.")
    notes.append(
        "A job without NetworkConfig has the internet; in a VPC it needs a way to the backend, a security group."
    )
    notes.append("Training jobs run no Spark: their code declares its lineage itself, with environment.json.")
    notes.append("How a job ended is in the lineage only as far as the agent sees it: no relay corrects it there.")
    return notes
