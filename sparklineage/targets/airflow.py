"""Apache Airflow: the section of its OpenLineage provider, the same as variables, and a conf for its operators.

Source: apache-airflow-providers-openlineage 2.20.3 (provider.yaml, utils/spark.py), apache-spark 6.3.4; Airflow's
expand_env_var.
"""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Any

from sparklineage.config.documents import Mapping, plain
from sparklineage.errors import ConfigError
from sparklineage.model.conf_merge import PARENT
from sparklineage.targets.about import about, comments, lost, needed_variables
from sparklineage.targets.airflow_cfg import is_cfg, merged_cfg
from sparklineage.targets.airflow_client import client_transport
from sparklineage.targets.airflow_dag import dag_text, templated_conf
from sparklineage.targets.conf_map import conf_in, refuse
from sparklineage.targets.interface import Artefact, Mode, Rendered
from sparklineage.targets.limits import one_line
from sparklineage.targets.opened import opened
from sparklineage.targets.rewriting import read_json, rewritten_json
from sparklineage.targets.two_transports import side_by_side

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sparklineage.model.conf_set import ConfSet
    from sparklineage.targets.interface import Existing, Order

NAME = "airflow"
MODES: tuple[Mode, ...] = ("direct",)
LISTENS = True
_NAMESPACE = "spark.openlineage.namespace"
_OFF = "the conf names the transport itself, and a key that the provider hands on arrives as `Bearer Bearer KEY`"


def render(order: Order, into: Existing | None = None) -> Rendered:
    """airflow.cfg, airflow.env, spark_conf.json and a DAG; `into` is such a conf as JSON, or an airflow.cfg."""
    conf = opened(order, order.with_jars)
    section, trouble = _section(conf)
    ours = templated_conf(conf)
    cfg = into if into is not None and is_cfg(into) else None
    into = into if cfg is None else None
    node = _node(into) if into is not None else None
    ours, theirs = side_by_side(ours, conf_in(node, into.name if into is not None else "", "the conf"))
    whole = ours.merged_with(theirs)
    notes = [*about(order), *trouble, *_variables(conf), *_notes(whole), *lost(whole)]
    in_cfg, stays = merged_cfg(cfg, section) if cfg is not None else (_cfg(section, notes), [])
    notes += stays
    name = into.name if into is not None else "spark_conf.json"
    if into is not None and node is not None:
        known: Any = plain(node)
        text = rewritten_json(into, {**known, **whole.beyond(theirs).as_dict()})
    else:
        text = json.dumps(ours.as_dict(), indent=2) + "\n"
    as_json = Artefact(name=name, text=text, about="for conf= of SparkSubmitOperator, as JSON")
    dag = dag_text(order, ours.as_dict(), notes)
    others = (
        Artefact(
            name=cfg.name if cfg is not None else "airflow.cfg",
            text=in_cfg,
            about="the section of the provider" if cfg is None else "yours, with the section of the provider",
        ),
        Artefact(name="airflow.env", text=_env(section, notes), about="the same as variables, for a shell or systemd"),
    )
    in_dag = Artefact(name="lineage_dag.py", text=dag, about="a DAG that starts Spark so")
    artefacts = (*others, as_json, in_dag) if into is None else (as_json, *others, in_dag)
    return Rendered(artefacts=artefacts, notes=tuple(notes))


def _node(into: Existing) -> Mapping:
    node = read_json(into)
    if not isinstance(node, Mapping):
        refuse(node, into.name, 'is no object of properties; write one such as {"spark.executor.cores": "2"}.')
    return node


def _section(conf: ConfSet) -> tuple[dict[str, str], list[str]]:
    """Options of the section `openlineage`, and what of the configuration they cannot say."""
    found: dict[str, str] = {}
    trouble = []
    namespace = conf.get(_NAMESPACE)
    if namespace is not None:
        found["namespace"] = namespace.written
        one_line(_NAMESPACE, namespace.written)
        if "$" in namespace.written or namespace.written.startswith("~") or namespace.written.strip() != (
            namespace.written
        ):  # fmt: skip
            raise ConfigError(
                f"{_NAMESPACE} is {namespace.written!r}: Airflow expands $ and ~ in its options and cuts blanks off; "
                "write a namespace without them."
            )
    transport = client_transport(conf)
    if isinstance(transport, str):
        trouble.append(transport)
    else:
        # Airflow expands $ here too, and a quote would end the value in airflow.env.
        text = json.dumps(transport)
        found["transport"] = text.replace("$", "\\u0024").replace("'", "\\u0027")
    found["spark_inject_parent_job_info"] = "True"
    found["spark_inject_transport_info"] = "False"
    return found, trouble


def _cfg(section: dict[str, str], notes: list[str]) -> str:
    lines = [*comments(notes), "[openlineage]"]
    for option, text in section.items():
        if option == "spark_inject_transport_info":
            lines.append(f"# {_OFF}")
        lines.append(f"{option} = {text.replace('%', '%%')}")
    return "\n".join(lines) + "\n"


def _env(section: dict[str, str], notes: list[str]) -> str:
    lines = [f"AIRFLOW__OPENLINEAGE__{option.upper()}={shlex.quote(text)}" for option, text in section.items()]
    return "\n".join([*comments(notes), "# Quoted for a shell and systemd; `docker run --env-file` wants no quotes.",
                      *lines]) + "\n"  # fmt: skip


def _variables(conf: ConfSet) -> Iterator[str]:
    if any(entry.secret for entry in conf.entries):
        yield from needed_variables(conf)
        yield (
            "Airflow's own client reads the same variables on the scheduler and the workers, and a driver in client "
            "mode has those of its worker; in cluster mode give them where the driver runs, not in env_vars, which "
            "become properties that others can see."
        )


def _notes(whole: ConfSet) -> Iterator[str]:
    yield f"spark_inject_transport_info stays off: {_OFF}."
    yield "Operators hand the parent on where spark_inject_parent_job_info is on, from 2.0 of Airflow's provider."
    if any(key.startswith(PARENT[0]) for key in whole):
        yield "The conf has a key of the parent run itself, so the provider adds none: give all six or none."
    yield "jars= of SparkSubmitOperator takes the place of spark.jars in the conf: give the JARs in one of them alone."
    yield "A retry of a task is another parent run, because its id depends on the try."
