"""The kit for Google Dataproc: an initialization action for every node, and what a cluster is told about it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from sparklineage.errors import ConfigError
from sparklineage.kits.dataproc_readme import readme
from sparklineage.kits.interface import Kit, KitFile
from sparklineage.kits.keys import in_files
from sparklineage.kits.present import Options, pieces, settings_of
from sparklineage.kits.relay_config import Node, json_lines, references, relay_config
from sparklineage.kits.script import PYTHONS, script
from sparklineage.kits.spool import spool_of
from sparklineage.kits.zipapp import NAME as RELAY
from sparklineage.targets.about import about
from sparklineage.targets.dataproc_agent import SWITCH, choice
from sparklineage.targets.opened import opened
from sparklineage.targets.vendor import LISTENER

if TYPE_CHECKING:
    from sparklineage.config.spec import Spec
    from sparklineage.kits.interface import Jar
    from sparklineage.targets import Order

SCRIPT = "init-action.sh"
PARTS = (
    "say", "limits", "place", "fetch", "jars", "spool", "relay", "check", "conf", "present", "dataproc",
)  # fmt: skip
SPARK_JARS = "/usr/lib/spark/jars"
CONF_FILE = "/etc/spark/conf/spark-defaults.conf"
KEYS = "/run/sparklineage/keys"
"""In memory: whenever the relay starts, the keys are fetched anew."""
_PYTHON = "/opt/conda/default/bin/python3"
"""The cluster's own, behind those of its system."""


def kit(spec: Spec, order: Order, agent: Jar, options: Options | None = None) -> Kit:
    """The kit for an order that was made with `kit`, whose `artifacts` say where in Cloud Storage it goes.

    Raises ConfigError for a configuration without release or place, for one that wants Dataproc's own agent, and for a
    backend or a secret that no node could reach.
    """
    options = options or Options()
    base = _base(order)
    node = Node(
        platform="dataproc", kinds=("env", "file"), spool=spool_of(order), proxy=options.proxy, ca_file=options.ca_file
    )
    asked = relay_config(spec, node)
    config, names = in_files(asked, KEYS)
    found = pieces(agent, order.scala)
    settings = {
        **settings_of(order, found, opened(order, order.conf), config),
        "AGENT_FROM": f"{base}/{found.agent.name}",
        "WITNESS_FROM": f"{base}/{found.witness.name}",
        "RELAY_FROM": f"{base}/{RELAY}",
        "CONF_FILE": CONF_FILE,
        "KEYS": KEYS,
        "KEY_NAMES": names,
        "LISTENER": LISTENER,
        "PYTHONS": (*PYTHONS, _PYTHON),
        "SPARK_JARS": (SPARK_JARS,),
        "STRICT": "yes" if options.strict else "",
    }
    head = KitFile(
        name=SCRIPT,
        text=script(PARTS, settings, about=_about(order)),
        upload=True,
        executable=True,
        about="the initialization action that every node runs",
    )
    rest = [
        *found.files("which every node fetches", upload=True),
        KitFile(name="cluster.json", text=_json({"config": _cluster(order, base)}),
                about="of a request that creates a cluster"),
        KitFile(name="relay.json", text="\n".join([*json_lines(config), ""]),
                about=f"what the relay is told; in {SCRIPT} already"),
    ]  # fmt: skip
    files = [one for one in references(asked) if one.startswith("file:")]
    page = readme(order, base, [head, *rest], names=names, key_files=files)
    last = KitFile(name="README.md", text=page, about="how to use it, and how to remove it")
    return Kit(files=(head, *rest, last), notes=tuple(about(order)))


def _base(order: Order) -> str:
    """Where the kit goes, without a slash behind it."""
    if not order.settings.get("release"):
        raise ConfigError(
            "No release of Dataproc is named, and the agent has to fit its Scala; give --release, such as 2.2, or "
            "write platforms.dataproc.release."
        )
    if choice(order) != "replace":
        raise ConfigError(
            f"platforms.dataproc.vendorAgent is {choice(order)}, but the kit brings an agent of its own; write "
            "`replace`, or take `sparklineage conf dataproc`."
        )
    base = (order.settings.get("artifacts") or "").rstrip("/")
    bucket, _, _ = base.removeprefix("gs://").partition("/")
    if not base.startswith("gs://") or not bucket or not base.isprintable():
        found = f"The kit is to be at {base}, but n" if base else "N"
        raise ConfigError(
            f"{found}odes of Dataproc fetch it from Cloud Storage; give --gs gs://BUCKET/PREFIX, or write "
            "platforms.dataproc.artifacts."
        )
    if sign := re.search(r"[*?\[\]#,]", base):
        raise ConfigError(f"{base} holds `{sign[0]}`, by which gcloud would find other files; take another prefix.")
    return base


def _cluster(order: Order, base: str) -> dict[str, Any]:
    return {
        "softwareConfig": {"imageVersion": order.settings["release"], "properties": {SWITCH: "false"}},
        "gceClusterConfig": {"serviceAccountScopes": ["https://www.googleapis.com/auth/cloud-platform"]},
        "initializationActions": [{"executableFile": f"{base}/{SCRIPT}", "executionTimeout": "600s"}],
    }


def _about(order: Order) -> list[str]:
    return [
        f"Puts lineage on a node of Dataproc, as an initialization action, for {order.settings['release']}.",
        "Made by sparklineage. Whatever goes wrong here, the cluster and its jobs start all the same, unless the kit",
        "was made with --strict.",
        f"Agent {order.agent} for Scala {order.scala}: {order.why_agent}.",
    ]


def _json(value: object) -> str:
    return json.dumps(value, indent=2) + "\n"
