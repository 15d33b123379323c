"""Spark on Kubernetes: SparkApplications of Kubeflow's and Stackable's operators, and plain spark-submit."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sparklineage.config.documents import DocumentError, at, parse_yaml, plain
from sparklineage.errors import ConfigError
from sparklineage.model.lists import comma_list
from sparklineage.targets import kubeflow, stackable
from sparklineage.targets.about import about, comments, lost
from sparklineage.targets.conf_map import JARS, is_empty, refuse, refuse_duplicates
from sparklineage.targets.interface import Artefact, Existing, Mode, Rendered
from sparklineage.targets.kubernetes_pod import secrets
from sparklineage.targets.kubernetes_submit import TEMPLATE, submit
from sparklineage.targets.limits import longest
from sparklineage.targets.opened import opened
from sparklineage.targets.rewriting import rewritten_yaml
from sparklineage.targets.yaml_text import yaml_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sparklineage.config.documents import Node
    from sparklineage.model.conf_set import ConfSet
    from sparklineage.targets.interface import Order

NAME = "kubernetes"
MODES: tuple[Mode, ...] = ("direct", "outbox")
LISTENS = True
_DOCUMENT = re.compile(r"^(?=---(?:\s|$))", re.MULTILINE)
_KINDS = ("SparkApplication", "ScheduledSparkApplication")
_LARGEST = 1_000_000
"""Characters: a ConfigMap holds 1 MiB, into which Spark writes the properties."""
_CONNECTORS = {"s3a://": "hadoop-aws", "abfss://": "hadoop-azure", "gs://": "gcs-connector"}
"""Schemes, and what Spark reads them by: it is in spark-hadoop-cloud, which the images leave out."""
_NOWHERE = re.compile(r"[\x00\ud800-\udfff]")
"""What neither a command line nor YAML can carry."""


def render(order: Order, into: Existing | None = None) -> Rendered:
    """SparkApplications and the command of spark-submit.

    `into` is a file with SparkApplications, which grow; other objects in it stay as they are.
    """
    conf = opened(order, order.with_jars)
    _check(order, conf)
    notes = [*about(order), *_notes(order, conf, whole=into is None)]
    if into is not None:
        text, more = _merged(order, conf, into)
        # Keys of ours do not go to a backend of theirs.
        more = [*(secrets(order, conf) if "secretKeyRef" in text else ()), *more]
        about_it = "the whole of it, with the lineage in it"
        return Rendered(artefacts=(Artefact(name=into.name, text=text, about=about_it),), notes=(*notes, *more))
    notes += secrets(order, conf)
    head = "".join(f"{line}\n" for line in comments(notes))
    command, template = submit(order, conf, notes)
    artefacts = [
        Artefact(
            name="spark-application.yaml",
            text=head + yaml_text(kubeflow.application(order, conf)),
            about="for Kubeflow's Spark operator: kubectl apply",
        )
    ]
    if order.mode == "direct":
        artefacts.append(
            Artefact(
                name="stackable-application.yaml",
                text=head + yaml_text(stackable.application(order, conf)),
                about="for Stackable's operator: kubectl apply",
            )
        )
    artefacts.append(
        Artefact(name="spark-submit.sh", text=command, about="the same without an operator", executable=True)
    )
    if template is not None:
        artefacts.append(Artefact(name=TEMPLATE, text=template, about="the driver's pod, beside spark-submit.sh"))
    return Rendered(artefacts=tuple(artefacts), notes=tuple(notes))


def _check(order: Order, conf: ConfSet) -> None:
    """Raises ConfigError for what does not get into a cluster."""
    for jar in order.jars:
        if jar.startswith(("/", "file:")):
            raise ConfigError(
                f"platforms.kubernetes.artifacts: {jar} is a path of the machine that submits; write local:///path for "
                "one in the image, or s3a://, gs:// or https://."
            )
    texts = [*conf.as_dict().items(), ("the name", order.name)]
    if order.application is not None:
        texts += [("the application", order.application.uri)]
        texts += [("an argument", text) for text in order.application.arguments]
    for key, text in texts:
        if found := _NOWHERE.search(key + text):
            raise ConfigError(
                f"{key} holds the character U+{ord(found[0]):04X}, which does not get there; leave it out."
            )
    longest("the configuration", "".join(text for _, text in texts), _LARGEST, "make it shorter")


def _merged(order: Order, conf: ConfSet, into: Existing) -> tuple[str, list[str]]:
    """The text with every SparkApplication grown, and what there is to say."""
    documents = _documents(into)
    chunks = [chunk for chunk in _DOCUMENT.split(into.text) if chunk]
    notes: list[str] = []
    written = []
    found = False
    for chunk in chunks:
        inside = [documents.pop(0) for _ in parse_yaml(chunk)]
        if len(inside) != 1 or plain_text(inside[0], "kind") not in _KINDS:
            written.append(chunk)
            continue
        found = True
        refuse_duplicates(inside[0], into.name)
        wanted, whole = _one(order, conf, inside[0], into.name)
        written.append(rewritten_yaml(Existing(name=into.name, text=chunk), wanted))
        notes += lost(whole)
    if not found:
        raise ConfigError(f"{into.name}: has no SparkApplication; without --into you get a whole one.")
    return "".join(written), notes


def _documents(into: Existing) -> list[Node]:
    try:
        documents = parse_yaml(into.text)
        parts = sum(len(parse_yaml(chunk)) for chunk in _DOCUMENT.split(into.text) if chunk)
    except DocumentError as error:
        hint = " A template has to be rendered first." if "{{" in into.text else ""
        raise ConfigError(f"{into.name}:{error}{hint}") from None
    if parts != len(documents):
        raise ConfigError(f"{into.name}: its documents cannot be told apart; put `---` in a line before each.")
    return documents


def _one(order: Order, conf: ConfSet, document: Node, file: str) -> tuple[Any, ConfSet]:
    known: Any = plain(document)
    api = plain_text(document, "apiVersion")
    if is_empty(at(document, "spec")):
        refuse(document, file, "has no spec.")
    if api.startswith(kubeflow.API):
        return kubeflow.merged(order, conf, document, known, file)
    if not api.startswith(stackable.API):
        refuse(
            document, file,
            f"is a SparkApplication of {api or 'no apiVersion'}; {kubeflow.API}v1beta2 and {stackable.API}v1alpha1 are "
            "known.",
        )  # fmt: skip
    return stackable.merged(order, conf, document, known, file)


def plain_text(document: Node, name: str) -> str:
    """A text of a document's own, empty where there is none."""
    node = at(document, name)
    return str(plain(node)) if node is not None else ""


def _notes(order: Order, conf: ConfSet, *, whole: bool) -> Iterator[str]:
    """`whole`: the documents are ours from the first line to the last."""
    if whole and order.application is None:
        yield "The application is an example; give --application URI, or write yours."
    if denied := [key for key in kubeflow.DENIED if key in conf]:
        yield f"Not in sparkConf, where Kubeflow's operator refuses it: {', '.join(denied)}."
    if JARS in conf and any(jar.startswith("local:") for jar in comma_list(conf[JARS].written)):
        yield "A path with local: has to be in the image of the driver."
    uris = [*order.jars, *([order.application.uri] if order.application is not None else [])]
    for scheme, module in _CONNECTORS.items():
        if any(uri.startswith(scheme) for uri in uris):
            yield (
                f"The images of the Apache project have no {module}, which {scheme} needs: put it into the image, in "
                "the version of its Hadoop, or take local:// for files in the image, or https://."
            )
    if order.mode == "outbox":
        yield (
            "The relay is a sidecar container, which Kubernetes has since 1.29: it delivers when the driver has ended, "
            "within terminationGracePeriodSeconds. It has to run as the same user as the driver."
        )
    elif whole:
        yield "In Stackable's image the agent is the operator's own, of its version."
    yield "The cluster needs a way from the driver's pod to the backend (NetworkPolicy, egress)."
