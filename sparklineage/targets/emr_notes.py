"""What is to be known about lineage on EMR on EC2, a sentence each."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from sparklineage.targets.node_script import FILE, actions
from sparklineage.targets.uploads import uploads
from sparklineage.targets.vendor import about_agent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sparklineage.model.conf_set import ConfSet
    from sparklineage.targets.interface import Order

CLUSTER = (
    "cluster.json has one m5.xlarge and the default roles: set Instances, the roles, a subnet and LogUri yourself."
)
NO_CLUSTER = "There is no cluster.json, because no release is named: --release, or platforms.emr.release."
STEPS = (
    "These steps are for a cluster that knows nothing of lineage; on one made with configurations.json a step needs no "
    "option more."
)
OWN_LISTS = (
    "What a step says itself (--jars, --conf spark.extraListeners=…) takes the place of the cluster's list: a step "
    "that has either needs ours in it too, as --into puts it into the steps of a file."
)
TOO_LONG = (
    "The properties do not fit into a step, which may have 10,240 characters: step.json has none of them. Put "
    "configurations.json onto the cluster (aws emr modify-instance-groups reconfigures one that runs)."
)
PREPARED = (
    "The first step prepares the primary node, so these steps are for deploy mode client; for drivers in cluster mode "
    "the script has to run on every node, as a bootstrap action."
)
WITH_KIT = "These steps are for a cluster that was made with the kit; on such a one a step needs no option more."
_LOST = ("spark.openlineage.timeout.", "spark.openlineage.debug.")


def notes(order: Order, conf: ConfSet, script: str | None) -> Iterator[str]:
    """Agent and delivery, what is left to do, and what will not be seen. `script` is where that of the nodes goes."""
    yield from about_agent(order)
    if order.mode == "outbox":
        yield from _kit(order)
    else:
        yield from uploads(order, "the EC2 role of the cluster reads them")
    if script is not None:
        yield f"Upload the script to {script}; it runs as a bootstrap action and never fails a node."
    if needed := actions(conf):
        yield f"The keys are fetched into {FILE} when a node starts; allow {' and '.join(needed)} for its EC2 role."
        dropped = [entry.key for entry in conf.entries if entry.key.startswith(_LOST)]
        if dropped:
            yield f"{', '.join(dropped)} will have no effect: the agent drops them beside a file of its own."
    if order.mode == "direct":
        yield "The drivers' nodes need a way to the backend: the security groups, and its name in the VPC's DNS."
        yield "The ids of cluster and step are not in the lineage: only the relay adds them."
    if any("\\" in entry.value.written for entry in conf.entries if not entry.secret):
        yield "A value holds a backslash; EMR does not say whether it escapes it in spark-defaults.conf: look there."
    if "spark.driver.extraClassPath" in order.conf:
        yield "spark.driver.extraClassPath takes the place of EMR's own: S3 works only where its entries are in it."


def _kit(order: Order) -> Iterator[str]:
    base = (order.settings.get("artifacts") or "").rstrip("/") or "s3://BUCKET/PREFIX"
    words = ["sparklineage", "bootstrap", "emr", "--s3", base, "--out", "DIR", "--upload"]
    if release := order.settings.get("release"):
        words[3:3] = ["--release", release]
    yield (
        "The listeners are not on a cluster by themselves, and without them none of its applications starts: every "
        f"node needs the kit, which brings the JARs and the relay: `{shlex.join(words)}`, with the same configuration. "
        "delivery.mode: direct needs none of that."
    )
