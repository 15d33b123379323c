"""Amazon EMR Serverless: job runs, and what an application gives to all of its jobs.

No process of ours runs beside a driver there, so the agent itself sends. Secrets of Secrets Manager are fetched by EMR
where a value is `EMR.secret@NAME` (AWS, EMR Serverless User Guide, Secrets Manager for data protection).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sparklineage.errors import ConfigError
from sparklineage.model.conf_set import ConfSet
from sparklineage.model.conf_value import Text
from sparklineage.targets.interface import Artefact, Mode, Rendered
from sparklineage.targets.job_runs import (
    OWN_LISTS,
    Driver,
    below,
    configurations,
    fitting,
    job_driver,
    merged,
    refuse_more,
)
from sparklineage.targets.json_file import json_text, read_json
from sparklineage.targets.limits import at_most
from sparklineage.targets.opened import opened, references
from sparklineage.targets.same_release import same_release
from sparklineage.targets.uploads import uploads
from sparklineage.targets.vendor import about_agent, settled

if TYPE_CHECKING:
    from sparklineage.targets.interface import Existing, Order

NAME = "emr-serverless"
MODES: tuple[Mode, ...] = ("direct",)
LISTENS = True
_DRIVER = Driver(platform=NAME, field="sparkSubmit", longest=4096)
_ARGUMENTS = 1024
_APPLICATION = ("runtimeConfiguration", "releaseLabel", "type", "applicationId")
_ABOUT = {
    "job-run.json": "Give applicationId and executionRoleArn with job-run.json: they are yours alone.",
    "application.json": "application.json is for every job of an application (create-application, or "
    "update-application while it is stopped), and goes there by your own hand: --apply starts a job run alone. "
    f"{OWN_LISTS}",
}
_RUN = ("jobDriver", "configurationOverrides", "executionRoleArn")


def render(order: Order, into: Existing | None = None) -> Rendered:
    """`job-run.json` where there is an application to start, and `application.json` for all of its jobs.

    `into` is the input of start-job-run, create-application or update-application, a `configurationOverrides`, or a
    list of configurations.
    """
    order = settled(order)
    conf = opened(order, order.with_jars)
    secrets = references(conf)
    conf = _annotated(conf)
    notes = [*about_agent(order)]
    if into is None:
        artefacts = _fresh(order, conf)
        notes += _ABOUT.values() if len(artefacts) > 1 else [_ABOUT[artefacts[0].name]]
    else:
        value, more = _merged(order, conf, into)
        artefacts = [Artefact(name=into.name, text=json_text(value, into), about="yours, with the lineage in it")]
        notes += more
    notes += uploads(order, "the job's role has to read them")
    if secrets:
        names = ", ".join(dict.fromkeys(one.name for one in secrets.values()))
        notes.append(
            f"EMR fetches {names} when a job starts: the secret needs a resource policy for the application and a KMS "
            "key of your own, and its text has to be the bare key."
        )
    notes.append(
        "Without networkConfiguration a job reaches services of its region alone: give the application subnets with a "
        "way to the backend, and a security group."
    )
    notes.append("How a job ended is in the lineage only as far as the agent sees it: no relay corrects it there.")
    return Rendered(artefacts=tuple(artefacts), notes=tuple(notes))


def _fresh(order: Order, conf: ConfSet) -> list[Artefact]:
    small, large = fitting(conf)
    listed = configurations(small)
    artefacts = []
    if order.application is not None:
        fix = "put them into a file"
        at_most("arguments", order.application.arguments, _ARGUMENTS, fix)
        run = {
            "name": " ".join(order.name.split())[:256] or "application",
            "jobDriver": job_driver(order.application, large, _DRIVER),
            "configurationOverrides": {"applicationConfiguration": listed},
        }
        about_it = "aws emr-serverless start-job-run --cli-input-json file://…"
        artefacts.append(Artefact(name="job-run.json", text=json_text(run), about=about_it))
    else:
        refuse_more(large)
    if not large:
        about_it = "aws emr-serverless update-application --cli-input-json file://…"
        text = json_text({"runtimeConfiguration": listed})
        artefacts.append(Artefact(name="application.json", text=text, about=about_it))
    return artefacts


def _merged(order: Order, conf: ConfSet, into: Existing) -> tuple[object, list[str]]:
    value = read_json(into)
    if isinstance(value, dict) and any(key in value for key in _APPLICATION) and not any(key in value for key in _RUN):
        same_release(order, NAME, value.get("releaseLabel"), into.name)
        found, notes = below(conf, value, "runtimeConfiguration", into.name)
        return found, [*notes, OWN_LISTS]
    return merged(order, conf, into, _DRIVER)


def _annotated(conf: ConfSet) -> ConfSet:
    """With what EMR replaces by a secret in the place of each reference."""
    found = references(conf)
    entries = []
    for entry in conf.entries:
        reference = found.get(entry.key)
        if reference is None:
            entries.append(entry)
            continue
        if reference.kind != "aws-secretsmanager" or reference.field:
            raise ConfigError(
                f"{entry.source}: {entry.key} is {reference.written}, and EMR Serverless fetches whole secrets of AWS "
                "Secrets Manager alone; write aws-secretsmanager:NAME, with the bare key as its text."
            )
        entries.append(replace(entry, value=Text(f"EMR.secret@{reference.name}")))
    return ConfSet(tuple(entries))
