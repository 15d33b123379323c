"""Amazon EMR on EKS: job runs, and the driver's pod template.

Keys come from a Secret of Kubernetes into the driver's environment: `spark.kubernetes.driver.secretKeyRef` needs no
file, and the pod template says the same for those who have one already.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from sparklineage.model.conf_entry import ConfEntry
from sparklineage.model.conf_set import ConfSet
from sparklineage.model.conf_value import Text
from sparklineage.targets.interface import Artefact, Mode, Rendered
from sparklineage.targets.job_runs import (
    OWN_LISTS,
    Driver,
    configurations,
    fitting,
    job_driver,
    merged,
    refuse_more,
    users,
)
from sparklineage.targets.json_file import json_text, read_json
from sparklineage.targets.kubernetes_pod import LIKE_JSON, secret_name
from sparklineage.targets.limits import form, longest, not_blank, one_line
from sparklineage.targets.opened import opened, references, without_plain
from sparklineage.targets.pieces import alone, pieces, together
from sparklineage.targets.two_transports import side_by_side
from sparklineage.targets.uploads import uploads
from sparklineage.targets.vendor import about_agent, settled

if TYPE_CHECKING:
    from sparklineage.targets.interface import Existing, Order

NAME = "emr-containers"
MODES: tuple[Mode, ...] = ("direct",)
LISTENS = True
_DRIVER = Driver(platform=NAME, field="sparkSubmitJobDriver", longest=256)
_ARGUMENT = 10_280
_VERSION = re.compile(r"emr-(?:spark-)?[0-9]+\.[0-9]+\.[0-9]+")


def render(order: Order, into: Existing | None = None) -> Rendered:
    """`job-run.json`, or `configuration-overrides.json` where there is no application, and the pod template for keys.

    `into` is the input of start-job-run, a `configurationOverrides`, or a list of configurations.
    """
    order = settled(order)
    conf = opened(order, order.with_jars)
    # With a transport of the user's own our keys are not for it.
    whole = conf if into is None else _with_users(conf, into)
    wanted = _variables(without_plain(whole))
    written = conf.as_dict()
    secret = secret_name(order, NAME)
    conf = _told(wanted, secret).merged_with(ConfSet(tuple(entry for entry in conf.entries if entry.key in written)))
    notes = [*about_agent(order), *_notes(order, wanted, secret)]
    if into is None:
        artefacts = [_fresh(order, conf)]
        notes += [OWN_LISTS] if order.application is None else []
        if order.settings.get("release") or order.application is None:
            notes.append("Give virtualClusterId and executionRoleArn with it: they are yours alone.")
        else:
            notes.append("Give virtualClusterId, releaseLabel and executionRoleArn with it: no --release says the "
                         "label, and the others are yours alone.")  # fmt: skip
    else:
        value, more = merged(order, conf, into, _DRIVER)
        artefacts = [Artefact(name=into.name, text=json_text(value, into), about="yours, with the lineage in it")]
        notes += more
    if wanted:
        about_it = "the same keys for a driver whose pod template is your own: put its env there"
        artefacts.append(Artefact(name="driver-pod-template.yaml", text=_template(wanted, secret), about=about_it))
    return Rendered(artefacts=tuple(artefacts), notes=tuple(notes))


def _fresh(order: Order, conf: ConfSet) -> Artefact:
    small, large = fitting(conf)
    overrides = {"applicationConfiguration": configurations(small)}
    if order.application is None:
        refuse_more(large)
        about_it = "aws emr-containers start-job-run --configuration-overrides file://…"
        return Artefact(name="configuration-overrides.json", text=json_text(overrides), about=about_it)
    for argument in order.application.arguments:
        one_line("an argument of the application", argument)
        not_blank("an argument of the application", argument)
        longest("an argument of the application", argument, _ARGUMENT, "put it into a file")
    run: dict[str, Any] = {"name": re.sub(r"[^.\-_/#A-Za-z0-9]+", "-", order.name)[:64] or "application"}
    if release := order.settings.get("release"):
        # The labels of EMR on EKS name the image too: emr-7.5.0-latest.
        label = f"{release}-latest" if _VERSION.fullmatch(release) else release
        form("platforms.emr-containers.release", label, r"[.\-_/A-Za-z0-9]{1,64}", "a label such as emr-7.5.0-latest")
        run["releaseLabel"] = label
    run["jobDriver"] = job_driver(order.application, large, _DRIVER)
    run["configurationOverrides"] = overrides
    about_it = "aws emr-containers start-job-run --cli-input-json file://…"
    return Artefact(name="job-run.json", text=json_text(run), about=about_it)


def _with_users(conf: ConfSet, into: Existing) -> ConfSet:
    ours, theirs = side_by_side(conf, users(read_json(into), into.name, _DRIVER))
    return ours.merged_with(theirs)


def _variables(conf: ConfSet) -> dict[str, tuple[str, str | None]]:
    """The variables that bring the keys to the agent: what is in each, and the entry of the Secret that it comes from.

    As on Kubernetes, `env:NAME` is the entry NAME. A secret from elsewhere, or inside of a longer text, is the entry
    that is called as the variable. Where a secret lies is said in its place, in pointed brackets.
    """
    if not references(conf):
        return {}
    found: dict[str, tuple[str, str | None]] = {}
    for name, parts in pieces(conf).items():
        text = together(parts, str, lambda reference: f"<{reference.written}>")
        reference = alone(parts)
        if reference is not None and reference.kind == "env":
            found[name] = reference.written, reference.name
        else:
            found[name] = text, None if all(isinstance(part, str) for part in parts) else name
    return found


def _told(wanted: dict[str, tuple[str, str | None]], secret: str) -> ConfSet:
    entries = []
    for name, (text, entry) in wanted.items():
        key = f"spark.kubernetes.driver.secretKeyRef.{name}" if entry else f"spark.kubernetes.driverEnv.{name}"
        value = Text(f"{secret}:{entry}" if entry else text)
        entries.append(ConfEntry(key=key, value=value, source="sparklineage", why="the driver's environment"))
    return ConfSet(tuple(entries))


def _notes(order: Order, wanted: dict[str, tuple[str, str | None]], secret: str) -> list[str]:
    notes = [*uploads(order, "the job's role has to read them")]
    for name, (text, entry) in wanted.items():
        if entry == name:
            notes.append(f"In the namespace of the jobs the Secret {secret} needs the key {name} with the text {text}.")
        elif entry:
            notes.append(f"In the namespace of the jobs the Secret {secret} needs the entry {entry}. {LIKE_JSON}")
    notes.append("The driver's pod needs a way to the backend: network policies and security groups for pods.")
    notes.append("How a job ended is in the lineage only as far as the agent sees it: no relay corrects it there.")
    return list(dict.fromkeys(notes))


def _template(wanted: dict[str, tuple[str, str | None]], secret: str) -> str:
    lines = [
        "apiVersion: v1",
        "kind: Pod",
        "spec:",
        "  containers:",
        "    - name: spark-kubernetes-driver",
        "      env:",
    ]
    for name, (text, entry) in wanted.items():
        lines.append(f"        - name: {name}")
        if entry:
            lines += ["          valueFrom:", "            secretKeyRef:"]
            lines += [f"              name: {secret}", f"              key: {entry}"]
        else:
            lines.append(f"          value: {_quoted(text)}")
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """As YAML, whose escapes are those of JSON but for characters that JSON writes as two halves."""
    return re.sub(r"[^ -~]", lambda found: f"\\U{ord(found[0]):08x}", json.dumps(text, ensure_ascii=False))
