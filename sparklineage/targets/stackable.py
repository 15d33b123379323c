"""The SparkApplication of Stackable's operator, whose `openLineage` block brings an agent of the image's.

Source: stackabletech/spark-k8s-operator, usage-guide/openlineage (July 2026) and CRD spark.stackable.tech/v1alpha1: the
block's values are defaults, which those of sparkConf replace, and to listeners and JARs the operator adds its own.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from sparklineage.config.documents import Scalar, Sequence, at, plain
from sparklineage.errors import ConfigError
from sparklineage.model.conf_entry import ConfEntry
from sparklineage.model.conf_lists import CommaList
from sparklineage.model.conf_merge import AGENT, TRANSPORT
from sparklineage.model.conf_set import ConfSet
from sparklineage.model.conf_value import Text
from sparklineage.model.lists import comma_list
from sparklineage.targets.conf_map import JARS, conf_in, grown, mapping_in, refuse_no_texts
from sparklineage.targets.kubeflow import spark_version
from sparklineage.targets.kubernetes_names import check_name, object_name
from sparklineage.targets.kubernetes_pod import pod
from sparklineage.targets.two_transports import side_by_side
from sparklineage.targets.vendor import LISTENER

if TYPE_CHECKING:
    from sparklineage.config.documents import Node
    from sparklineage.targets.interface import Order

API = "spark.stackable.tech/"
_LISTENERS = "spark.extraListeners"
_NAMES = ("namespace", "appName")


def application(order: Order, conf: ConfSet) -> dict[str, Any]:
    """A whole SparkApplication. Raises ConfigError for what it cannot be told."""
    job = order.application
    spec: dict[str, Any] = {
        "sparkImage": {"productVersion": spark_version(order)},
        "mode": "cluster",
        "mainApplicationFile": job.uri if job is not None else "local:///stackable/spark/jobs/job.py",
    }
    if job is not None and job.main_class:
        spec["mainClass"] = job.main_class
    if job is not None and job.arguments:
        spec["args"] = list(job.arguments)
    found = block(conf)
    if found is not None:
        spec["openLineage"] = found
    spec["sparkConf"] = (_beside(order, conf, set(found)) if found is not None else conf).as_dict()
    if env := list(pod(order, conf, conf).env):
        spec["env"] = env
    spec["executor"] = {"replicas": 1}
    return {
        "apiVersion": f"{API}v1alpha1",
        "kind": "SparkApplication",
        "metadata": {"name": object_name(order.name)},
        "spec": spec,
    }


def merged(order: Order, conf: ConfSet, document: Node, known: Any, file: str) -> tuple[Any, ConfSet]:
    """A SparkApplication of the user's with the lineage in it, and all of its properties. `known` is its plain value.

    Raises ConfigError with the place for what is none.
    """
    if order.mode == "outbox":
        raise ConfigError(f"{file}: is of Stackable's operator, for which delivery.mode has to be direct.")
    check_name(document, file)
    spec = mapping_in(at(document, "spec"), file, "spec")
    theirs = conf_in(at(spec, "sparkConf"), file, "sparkConf")
    refuse_no_texts(at(spec, "sparkConf"), file, "sparkConf")
    ours_said, found = block(conf), mapping_in(at(spec, "openLineage"), file, "openLineage")
    added = ours_said if found is None and f"{TRANSPORT}type" not in theirs else None
    same = found is not None and ours_said is not None and _address(plain(found)) == _address(ours_said)
    url = conf[f"{TRANSPORT}url"].written if same else "openLineage.host"
    mine, given = side_by_side(conf, ConfSet((*theirs.entries, *_defaults(found, theirs, url, file))))
    names = {name for name, _, _ in found.items()} if found is not None else set(added or ())
    # What sparkConf says counts more than the block.
    names -= {name for name in _NAMES if AGENT + name in theirs}
    ours = _beside(order, mine, names) if names else mine
    whole = ours.merged_with(given)
    beyond = whole.beyond(given)
    wanted = grown(known, ("spec", "sparkConf"), dict(beyond.as_dict()))
    if added is not None:
        wanted = grown(wanted, ("spec",), {"openLineage": added})
    # A key needs the transport's type beside it, which a block says.
    needed = pod(order, mine if added is not None or same else beyond, conf)
    env = [variable for variable in needed.env if variable["name"] not in _variables(spec)]
    if env:
        wanted = grown(wanted, ("spec",), {"env": [*((known.get("spec") or {}).get("env") or []), *env]})
    return wanted, whole


def block(conf: ConfSet) -> dict[str, Any] | None:
    """The `openLineage` block; None for a transport that it cannot say."""
    kind, url = conf.get(f"{TRANSPORT}type"), conf.get(f"{TRANSPORT}url")
    if kind is None or url is None or kind.written != "http":
        return None
    parts = urlsplit(url.written)
    try:
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return None
    if not parts.hostname or port is None or parts.path.strip("/") or ":" in parts.hostname:
        return None
    found: dict[str, Any] = {"host": parts.hostname, "port": port}
    if parts.scheme == "https":
        found["tls"] = {"verification": {"server": {"caCert": {"webPki": {}}}}}
    for name in _NAMES:
        if (value := conf.get(AGENT + name)) is not None:
            found[name] = value.written
    return found


def _address(block: Any) -> tuple[object, object]:
    return block.get("host"), block.get("port")


def _beside(order: Order, conf: ConfSet, said: set[str]) -> ConfSet:
    """The properties beside a block, without what it says, and without our agent: the image brings one."""
    left_out = {AGENT + name for name in said if name in _NAMES} | {f"{TRANSPORT}type", f"{TRANSPORT}url"}
    ours = {_LISTENERS: (LISTENER,), JARS: order.jars}
    entries = []
    for entry in conf.entries:
        if entry.key in left_out:
            continue
        if entry.key not in ours:
            entries.append(entry)
        elif others := tuple(name for name in comma_list(entry.value.written) if name not in ours[entry.key]):
            entries.append(replace(entry, value=CommaList(others)))
    return ConfSet(tuple(entries))


def _defaults(found: Node | None, theirs: ConfSet, url: str, file: str) -> list[ConfEntry]:
    """What the user's own block stands for, where sparkConf does not say it."""
    if found is None:
        return []
    texts = {f"{TRANSPORT}type": "http", f"{TRANSPORT}url": url}
    for name in _NAMES:
        if isinstance(node := at(found, name), Scalar):
            texts[AGENT + name] = node.text
    source = f"{file}:{found.start.line}"
    return [ConfEntry(key=key, value=Text(text), source=source) for key, text in texts.items() if key not in theirs]


def _variables(spec: Node | None) -> set[str]:
    env = at(spec, "env")
    names = {at(item, "name") for item in env.items} if isinstance(env, Sequence) else set()
    return {name.text for name in names if isinstance(name, Scalar)}
