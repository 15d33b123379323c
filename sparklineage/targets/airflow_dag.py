"""A DAG whose task starts Spark with a conf."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from sparklineage.model.conf_set import ConfSet
from sparklineage.targets.about import comments

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sparklineage.model.conf_entry import ConfEntry
    from sparklineage.targets.interface import Order

# Jinja takes these for its own, reads every line end as \n, and leaves out one at the end.
_JINJA = re.compile(r"\{(?=[{%#])|\r|\n\Z")
_WRITTEN = {"{": "{{ '{' }}", "\r": "{{ '\\r' }}", "\n": "{{ '\\n' }}"}
_MACROS = "macros.OpenLineageProviderPlugin"
_PARENT = {
    "spark.openlineage.parentJobNamespace": "lineage_job_namespace()",
    "spark.openlineage.parentJobName": "lineage_job_name(task_instance)",
    "spark.openlineage.parentRunId": "lineage_run_id(task_instance)",
    "spark.openlineage.rootParentJobNamespace": "lineage_root_job_namespace(task_instance)",
    "spark.openlineage.rootParentJobName": "lineage_root_job_name(task_instance)",
    "spark.openlineage.rootParentRunId": "lineage_root_run_id(task_instance)",
}
"""Macros of apache-airflow-providers-openlineage 2.20.3."""


def templated(text: str) -> str:
    """The text in a field that Airflow renders as a template, `conf` among them."""
    return _JINJA.sub(lambda match: _WRITTEN[match[0]], text)


def templated_conf(conf: ConfSet) -> ConfSet:
    """The properties with every plain value so that Airflow's rendering leaves it as it was."""
    return ConfSet(tuple(_templated(entry) for entry in conf.entries))


def dag_text(order: Order, conf: Mapping[str, str], notes: Sequence[str]) -> str:
    """Python of a DAG with one SparkSubmitOperator. `conf` is templated."""
    return "\n".join(_lines(order, conf, notes)) + "\n"


def _templated(entry: ConfEntry) -> ConfEntry:
    if entry.secret or (text := templated(entry.value.written)) == entry.value.written:
        return entry
    return replace(entry, value=type(entry.value).read(text))


def _lines(order: Order, conf: Mapping[str, str], notes: Sequence[str]) -> Iterator[str]:
    application = order.application
    yield from comments(notes)
    yield "import datetime"
    yield ""
    yield "from airflow import DAG"
    yield "from airflow.providers.apache.spark.operators.spark_submit import SparkSubmitOperator"
    yield ""
    yield from _dict("SPARK_CONF", conf)
    yield ""
    yield "# Only for operators and provider versions that do not hand the parent on: one key that begins with"
    yield "# spark.openlineage.parent switches the provider's own hand-over off, so give all six or none."
    yield from _dict("PARENT", {key: f"{{{{ {_MACROS}.{macro} }}}}" for key, macro in _PARENT.items()})
    yield ""
    yield 'with DAG("spark_with_lineage", schedule=None, start_date=datetime.datetime(2024, 1, 1)):'
    yield "    SparkSubmitOperator("
    yield '        task_id="spark",'
    yield f"        name={_literal(templated(order.name))},"
    if application is None:
        yield '        application="job.py",  # yours'
    else:
        yield f"        application={_literal(templated(application.uri))},"
    if application is not None and application.main_class:
        yield f"        java_class={_literal(application.main_class)},"
    if application is not None and application.arguments:
        yield f"        application_args=[{', '.join(_literal(templated(text)) for text in application.arguments)}],"
    yield "        conf=SPARK_CONF,"
    yield "        # The provider adds the six keys of the parent; the conf names the transport itself."
    yield "        openlineage_inject_parent_job_info=True,"
    yield "        openlineage_inject_transport_info=False,"
    yield "    )"


def _dict(name: str, texts: Mapping[str, str]) -> Iterator[str]:
    yield f"{name} = {{"
    yield from (f"    {_literal(key)}: {_literal(text)}," for key, text in texts.items())
    yield "}"


def _literal(text: str) -> str:
    # JSON's quotes are Python's, but Python reads no pair of its escapes as one character.
    return json.dumps(text, ensure_ascii=False) if text.isprintable() else repr(text)
