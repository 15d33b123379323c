"""Amazon EMR on EC2: configurations, steps and whole clusters.

The properties go into the classification `spark-defaults`, where they count for every step and notebook. EMR's own
`spark.driver.extraClassPath` holds EMRFS and is never touched: the JARs go into `spark.jars`. In the outbox they come
with the kit (`sparklineage bootstrap emr`), which puts them into Spark's own folder on every node, and the relay.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sparklineage.targets import emr_notes, emr_steps
from sparklineage.targets.classifications import DEFAULTS, UPPER, written
from sparklineage.targets.emr_into import merged
from sparklineage.targets.emr_parts import Parts, parts
from sparklineage.targets.interface import Artefact, Mode, Rendered
from sparklineage.targets.json_file import json_text
from sparklineage.targets.limits import xml
from sparklineage.targets.node_script import NAME as SCRIPT
from sparklineage.targets.opened import opened
from sparklineage.targets.vendor import settled

if TYPE_CHECKING:
    from sparklineage.targets.interface import Application, Existing, Order

NAME = "emr"
MODES: tuple[Mode, ...] = ("direct", "outbox")
LISTENS = True


def render(order: Order, into: Existing | None = None) -> Rendered:
    """`configurations.json`, the input of run-job-flow, and steps where there is an application.

    `into` is a list of configurations or of steps, or the input of run-job-flow or add-job-flow-steps.
    """
    order = settled(order)
    ours = opened(order, order.conf if order.mode == "outbox" else order.with_jars)
    notes: list[str]
    if into is None:
        found = parts(order, ours, ours)
        artefacts, notes = _fresh(found)
        notes.append(emr_notes.OWN_LISTS)
    else:
        value, found, notes = merged(order, ours, into)
        text = json_text(value, into)
        artefacts = [Artefact(name=into.name, text=text, about="yours, with the lineage in it")]
    if found.script is not None:
        about_it = f"run by each node when it starts: upload it to {found.place}"
        artefacts.append(Artefact(name=SCRIPT, text=found.script, about=about_it, executable=True))
    return Rendered(artefacts=tuple(artefacts), notes=(*found.notes, *notes))


def _fresh(found: Parts) -> tuple[list[Artefact], list[str]]:
    configurations = [written(DEFAULTS, found.conf.as_dict(), UPPER)]
    if found.environment:
        configurations.append(written("spark-env", found.environment, UPPER))
    artefacts = [_json("configurations.json", configurations, "aws emr create-cluster --configurations file://…")]
    notes = []
    if cluster := _cluster(found, configurations):
        artefacts.append(_json("cluster.json", cluster, "the input of run-job-flow, as boto3 takes it"))
        notes.append(emr_notes.CLUSTER)
    else:
        notes.append(emr_notes.NO_CLUSTER)
    if found.order.application is not None:
        steps, more = _steps(found, found.order.application)
        artefacts.append(_json("steps.json", {"Steps": steps}, "the input of add-job-flow-steps, without JobFlowId"))
        listed = [emr_steps.for_command_line(step) for step in steps]
        artefacts.append(_json("step.json", listed, "aws emr add-steps --cluster-id … --steps file://step.json"))
        notes += more
    return artefacts, notes


def _cluster(found: Parts, configurations: list[Any]) -> dict[str, Any]:
    """The input of run-job-flow; empty where no release is known, without which EMR makes none."""
    order = found.order
    known = order.release.release if order.release is not None else ""
    label = order.settings.get("release") or known
    if not label:
        return {}
    # EMR knows no label such as emr-7.5, which a person may write for emr-7.5.0.
    label = known if known == f"{label}.0" else label
    xml("job.name", order.name)
    xml("platforms.emr.release", label)
    steps = []
    if order.application is not None:
        steps.append(emr_steps.step(order.name, emr_steps.submitting(order.application, None, keys=False)))
    primary = {"Name": "primary", "InstanceRole": "MASTER", "InstanceType": "m5.xlarge", "InstanceCount": 1}
    return {
        "Name": order.name[:256],
        "ReleaseLabel": label,
        "Applications": [{"Name": "Spark"}],
        "Instances": {"InstanceGroups": [primary], "KeepJobFlowAliveWhenNoSteps": not steps},
        "JobFlowRole": "EMR_EC2_DefaultRole",
        "ServiceRole": "EMR_DefaultRole",
        **({"BootstrapActions": [found.action]} if found.action is not None else {}),
        "Configurations": configurations,
        **({"Steps": steps} if steps else {}),
    }


def _steps(found: Parts, application: Application) -> tuple[list[dict[str, Any]], list[str]]:
    """Steps for a cluster that is up already: one with the kit, or, in direct mode, one that knows nothing of us."""
    if found.order.mode == "outbox":
        return [emr_steps.step(found.order.name, emr_steps.submitting(application, None, keys=False))], [
            emr_notes.WITH_KIT
        ]
    notes = [emr_notes.STEPS]
    args = emr_steps.submitting(application, found.conf, keys=found.keys)
    if not emr_steps.fits(args):
        notes = [emr_notes.TOO_LONG]
        args = emr_steps.submitting(application, None, keys=False)
    steps = [emr_steps.step(found.order.name, args)]
    if found.script is not None:
        steps.insert(0, emr_steps.preparing(found.place))
        notes.append(emr_notes.PREPARED)
    return steps, notes


def _json(name: str, value: object, about_it: str) -> Artefact:
    return Artefact(name=name, text=json_text(value), about=about_it)
