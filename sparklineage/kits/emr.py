"""The kit for EMR on EC2: a bootstrap action for every node, the configuration of the cluster, and what both need."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sparklineage.agent.stores.s3 import parts as s3_parts
from sparklineage.config.platforms.label import label
from sparklineage.errors import ConfigError
from sparklineage.kits.emr_readme import readme
from sparklineage.kits.interface import Kit, KitFile, sha256_of
from sparklineage.kits.jars import absent_settings, agent_name, witness_settings
from sparklineage.kits.relay_config import Node, json_lines, references, relay_config
from sparklineage.kits.script import PYTHONS, script
from sparklineage.kits.spool import spool_of
from sparklineage.kits.zipapp import content
from sparklineage.targets import target
from sparklineage.targets.about import about
from sparklineage.targets.emr_parts import KIT as SCRIPT
from sparklineage.targets.emr_steps import for_command_line, step
from sparklineage.targets.limits import longest, xml
from sparklineage.witness import STORED_NAME, jar_path

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sparklineage.config.spec import Spec
    from sparklineage.kits.interface import Jar
    from sparklineage.targets import Order

PARTS = ("say", "limits", "place", "fetch", "jars", "spool", "relay", "check", "emr")
SPARK_JARS = "/usr/lib/spark/jars"
"""Where EMR puts Spark, after the bootstrap actions; what is in the folder by then stays there."""
INFO = "/mnt/var/lib/info"
"""What EMR tells a node about itself and its cluster."""
RELAY = "relay.pyz"
KINDS = ("aws-ssm", "aws-secretsmanager", "file")
"""The secrets that a node gets with its role, or from a file that its image or another action brings."""
_LONGEST_PATH = 10_280
_LEAST_PYTHON = (3, 9)
_FIRST_EMR = 7
"""The first line of EMR that has it."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the user decides besides the configuration."""

    strict: bool = False
    """A node without lineage does not come up."""
    proxy: str | None = None
    """For the relay, on its way to the backend."""
    ca_file: str | None = None
    """Certificates that the relay trusts besides, in a file of the nodes."""


def kit(spec: Spec, order: Order, agent: Jar, options: Options | None = None) -> Kit:
    """The kit for an order that was made with `kit`, whose `artifacts` say where in S3 it goes.

    Raises ConfigError for what EMR would refuse, a backend or a secret that no node could reach, or a configuration
    without release or place.
    """
    options = options or Options()
    base = _base(order)
    rendered = {artefact.name: artefact.text for artefact in target("emr").render(order).artefacts}
    node = Node(
        platform="emr",
        kinds=KINDS,
        region=order.settings.get("region") or None,
        spool=spool_of(order),
        info=INFO,
        proxy=options.proxy,
        ca_file=options.ca_file,
    )
    config = relay_config(spec, node)
    relay = content()
    name = agent_name(agent.name, order.scala)
    settings: dict[str, Any] = {
        **absent_settings(),
        **witness_settings(),
        "AGENT": name,
        "AGENT_SHA256": agent.sha256,
        "AGENT_FROM": f"{base}/{name}",
        "RELAY_FROM": f"{base}/{RELAY}",
        "RELAY_SHA256": sha256_of(relay),
        "RELAY_CONFIG": json_lines(config),
        "RELAY_ENV": (),
        "PYTHONS": PYTHONS,
        "SPARK_JARS": (SPARK_JARS,),
        "SPOOL": node.spool,
        "STRICT": "yes" if options.strict else "",
    }
    bootstrap = script(PARTS, settings, about=_about(order))
    files = [
        KitFile(
            name=SCRIPT, text=bootstrap, upload=True, executable=True, about="the bootstrap action that every node runs"
        ),
        KitFile(
            name="configurations.json",
            text=rendered["configurations.json"],
            about="aws emr create-cluster --configurations file://configurations.json",
        ),
        KitFile(
            name="bootstrap-actions.json",
            text=_json([{"Name": "sparklineage", "Path": f"{base}/{SCRIPT}", "Args": []}]),
            about="aws emr create-cluster --bootstrap-actions file://bootstrap-actions.json",
        ),
        KitFile(name="cluster.json", text=rendered["cluster.json"], about="the input of RunJobFlow, as boto3 takes it"),
        KitFile(
            name="step.json",
            text=_json([_step(rendered)]),
            about="a step, for aws emr add-steps --steps file://step.json",
        ),
        KitFile(
            name="relay.json",
            text="\n".join(json_lines(config)) + "\n",
            about="what the relay is told; in bootstrap.sh already",
        ),
        KitFile(name=RELAY, data=relay, upload=True, about="the relay, which each node fetches"),
        KitFile(name=name, source=agent.path, upload=True, about="the agent, which each node fetches"),
        KitFile(name=STORED_NAME, source=jar_path(), about="the witness; in bootstrap.sh already"),
    ]
    page = readme(order, base, references(config), files)
    files.append(KitFile(name="README.md", text=page, about="how to use it, and how to remove it"))
    return Kit(files=tuple(files), notes=tuple(about(order)))


def _about(order: Order) -> list[str]:
    return [
        f"Puts lineage on a node of EMR on EC2, as a bootstrap action, for {order.settings['release']}.",
        "Made by sparklineage. Whatever goes wrong here, nodes and jobs start all the same, unless --strict is given.",
        f"Agent {order.agent} for Scala {order.scala}: {order.why_agent}.",
    ]


def _base(order: Order) -> str:
    """Where the kit goes, without a slash behind it."""
    if not order.settings.get("release"):
        raise ConfigError(
            "No release of EMR is named, and the agent has to fit its Scala; give --release, such as emr-7.10.0, or "
            "write platforms.emr.release."
        )
    _check_python(order)
    vendor = order.release.vendor_agent if order.release is not None else None
    if order.settings.get("vendorAgent", "replace") != "replace":
        raise ConfigError("platforms.emr.vendorAgent: the kit brings an agent of its own; write `replace`.")
    if vendor is not None and vendor.loads == "class path" and "spark.driver.extraClassPath" not in order.conf:
        raise ConfigError(
            f"{order.settings['release']} has {vendor.what} on its class path, and two agents fail every job; give "
            "spark.driver.extraClassPath and spark.executor.extraClassPath as EMR has them but without "
            f"{vendor.where}, or take its own agent: `sparklineage conf emr` with vendorAgent: reuse and "
            "delivery.mode: direct."
        )
    base = (order.settings.get("artifacts") or "").rstrip("/")
    if not base:
        raise ConfigError(
            "Nothing says where nodes fetch the kit; give --s3 s3://BUCKET/PREFIX, or write platforms.emr.artifacts."
        )
    bucket, _, _ = base.removeprefix("s3://").partition("/")
    if not base.startswith("s3://") or not bucket:
        raise ConfigError(
            f"The kit is to be at {base}, but nodes of EMR fetch it from S3; give --s3 s3://BUCKET/PREFIX."
        )
    # What --upload would refuse is refused without it too: whoever copies the files by hand finds out on the nodes.
    s3_parts(base)
    xml("--s3", base)
    longest("--s3", base, _LONGEST_PATH - 100, "take a shorter prefix")
    return base


def _check_python(order: Order) -> None:
    """Raises ConfigError where no Python of the release runs the relay; journals would only pile up there."""
    release = order.settings["release"]
    listed = order.release.python if order.release is not None else ()
    known = label("emr", release)
    if listed:
        fits = any(tuple(map(int, each.split("."))) >= _LEAST_PYTHON for each in listed)
    else:
        # The documentation lists the Pythons of 6.12 and later, and those before have none that is newer.
        fits = known is None or known.numbers[0] >= _FIRST_EMR
    if fits:
        return
    has = f"has Python {' and '.join(listed)} alone" if listed else "has no Python that is new enough"
    least = ".".join(map(str, _LEAST_PYTHON))
    raise ConfigError(
        f"{release} {has}, and the relay of the nodes takes {least} or later; take a release from emr-{_FIRST_EMR}.0.0 "
        "on, or `sparklineage conf emr` with delivery.mode: direct, where the agent itself sends."
    )


def _step(rendered: Mapping[str, str]) -> dict[str, Any]:
    """The user's application, else an example that every EMR has."""
    if found := rendered.get("step.json"):
        first: dict[str, Any] = json.loads(found)[-1]
        return first
    return for_command_line(step("sparklineage example", ["spark-example", "SparkPi", "10"]))


def _json(value: object) -> str:
    return json.dumps(value, indent=2) + "\n"
