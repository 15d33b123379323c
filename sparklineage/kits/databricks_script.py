"""The init script of a Databricks cluster: the parts of every kit, and their settings there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sparklineage.errors import ConfigError
from sparklineage.kits.databricks_relay import RELAY
from sparklineage.kits.driver_conf import FILE, driver_conf
from sparklineage.kits.interface import sha256_of
from sparklineage.kits.relay_config import json_lines
from sparklineage.kits.script import PYTHONS, script
from sparklineage.targets.databricks_conf import APP_NAME, written
from sparklineage.targets.databricks_place import SCRIPT
from sparklineage.witness import STORED_NAME

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sparklineage.kits.databricks_relay import Relay
    from sparklineage.kits.interface import Jar
    from sparklineage.model.conf_set import ConfSet
    from sparklineage.targets.databricks_place import Place
    from sparklineage.targets.interface import Order

PARTS = ("say", "limits", "place", "fetch", "jars", "spool", "relay", "check", "databricks")
_CLASS_PATH = ("/databricks/jars", "/mnt/driver-daemon/jars")
"""Agent source, open-lineage-init-script.sh, has the second; public recipes the first, or both."""
_PYTHON = "/databricks/python3/bin/python3"
"""The cluster's own."""
_SEEN = (
    "DATABRICKS_RUNTIME_VERSION", "DB_CLUSTER_ID", "DB_CLUSTER_NAME", "DB_IS_JOB_CLUSTER", "DB_INSTANCE_TYPE",
    "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy",
)  # fmt: skip
"""Variables that the relay gets besides its secrets: where it runs, and the way to its backend."""
_LARGEST = 65_536
"""Bytes of a script; documented once, for global scripts, and not revoked."""


def init_script(
    order: Order, place: Place, conf: ConfSet, jars: Sequence[Jar], relay: Relay | None, *, strict: bool
) -> str:
    """The script that puts `conf` and `jars` on a driver. Raises ConfigError for one that is too large.

    Of the JARs the agent is the first; behind it comes the witness where a relay runs, else what the transport needs.
    """
    agent, *others = jars
    witnesses, companions = (others, []) if relay is not None else ([], others)
    properties = {entry.key: written(entry) for entry in conf.entries}
    lines = driver_conf(properties, agent=f"{order.agent} for Scala {order.scala}").splitlines()
    settings: dict[str, Any] = {
        "AGENT": agent.name,
        "AGENT_FROM": f"{place.folder}/{agent.name}",
        "AGENT_SHA256": agent.sha256,
        "WITNESS": STORED_NAME,
        "WITNESS_FROM": "".join(f"{place.folder}/{jar.name}" for jar in witnesses),
        "WITNESS_SHA256": "".join(jar.sha256 for jar in witnesses),
        "COMPANIONS": [f"{place.folder}/{jar.name}" for jar in companions],
        "COMPANIONS_SHA256": [jar.sha256 for jar in companions],
        # No properties without their JARs, so nothing has to stand in for these.
        "ABSENT_BASE64": (),
        "ABSENT_SHA256": "",
        "WITNESS_BASE64": (),
        "SPARK_JARS": _CLASS_PATH,
        "JARS_BY": "copy",
        "CONF_FILE": FILE,
        # The end of the block comes behind the application's name.
        "CONF_LINES": lines[:-1],
        "APP_NAME": APP_NAME,
        "PYTHONS": (_PYTHON, *PYTHONS),
        "RELAY_BY": "loop",
        "STRICT": "yes" if strict else "",
        **_of_relay(relay, place),
    }
    text = script(PARTS, settings, about=_about(order))
    if len(text.encode()) > _LARGEST:
        raise ConfigError(
            f"{SCRIPT} would be larger than {_LARGEST // 1024} KB, which Databricks may refuse; give fewer properties."
        )
    return text


def _of_relay(relay: Relay | None, place: Place) -> dict[str, Any]:
    if relay is None:
        return {"RELAY_FROM": "", "RELAY_SHA256": "", "RELAY_CONFIG": (), "RELAY_SECRETS": (), "RELAY_ENV": ()}
    secrets = list(relay.variables)
    return {
        "RELAY_FROM": f"{place.folder}/{RELAY}",
        "RELAY_SHA256": sha256_of(relay.data),
        "RELAY_CONFIG": json_lines(relay.config),
        "RELAY_SECRETS": secrets,
        "RELAY_ENV": [*secrets, *_SEEN],
        "SPOOL": relay.config["spool"],
    }


def _about(order: Order) -> list[str]:
    return [
        "Puts lineage on the driver of a Databricks cluster, as an init script. Made by sparklineage.",
        "Nothing that goes wrong here keeps the cluster from starting, unless the kit was made with --strict.",
        f"Agent {order.agent} for Scala {order.scala}: {order.why_agent}.",
    ]
