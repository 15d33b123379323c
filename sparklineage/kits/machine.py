"""The kit for a machine with a Spark of its own: a script that a person runs, and what lies beside it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from sparklineage.errors import ConfigError
from sparklineage.kits.interface import Kit, KitFile
from sparklineage.kits.keys import in_files
from sparklineage.kits.machine_readme import readme
from sparklineage.kits.present import Options as Common
from sparklineage.kits.present import pieces, settings_of
from sparklineage.kits.relay_config import Node, json_lines, references, relay_config
from sparklineage.kits.script import LAYOUT, script
from sparklineage.kits.spool import spool_of
from sparklineage.model.conf_set import ConfSet
from sparklineage.model.conf_value import Text
from sparklineage.targets.about import about

if TYPE_CHECKING:
    from sparklineage.config.spec import Spec
    from sparklineage.kits.interface import Jar
    from sparklineage.targets import Order

SCRIPT = "install.sh"
PARTS = (
    "say", "limits", "place", "fetch", "jars", "spool", "relay", "check", "conf", "keys", "present", "record",
    "machine",
)  # fmt: skip
FOLDER = "sparklineage"
"""What the folder of an installation is called below a prefix; it holds nothing else."""
_SPOOL = "spark.sparklineage.spool"


@dataclass(frozen=True, kw_only=True)
class Options(Common):
    """`strict` is what a person wants who runs a script; it is not asked for."""

    spark_home: str = ""
    """Where the Spark lies there; without it the script looks for one."""
    prefix: str = ""
    """Where everything goes, into a folder `sparklineage` of its own, for one user alone, who needs no root."""


def kit(spec: Spec, order: Order, agent: Jar, options: Options | None = None) -> Kit:
    """The kit for an order that was made with `kit`.

    Raises ConfigError for a backend or a secret that no machine could reach, and for paths that are none.
    """
    options = options or Options()
    places = _places(options.prefix)
    if options.prefix and spec.text("delivery.journal") is None:
        order = _with_spool(order, f"{places['BASE']}/spool")
    _refuse_relative("--spark-home", options.spark_home)
    node = Node(
        platform="machine",
        kinds=("file", "env"),
        spool=spool_of(order, places["BASE"] if options.prefix else None),
        state=places["STATE"],
        log=f"{places['LOGS']}/relay.log",
        proxy=options.proxy,
        ca_file=options.ca_file,
    )
    keys = f"{places['ETC']}/keys"
    asked = relay_config(spec, node)
    config, names = in_files(asked, keys)
    files = [one.removeprefix("file:") for one in references(asked) if one.startswith("file:")]
    found = pieces(agent, order.scala)
    settings = {
        **settings_of(order, found, order.conf, config),
        **places,
        "KEYS": keys,
        "KEY_FILES": files,
        "KEY_NAMES": names,
        "ONE_S_OWN": "yes" if options.prefix else "",
        "SPARK_AT": options.spark_home,
        # A person has asked for all of it, and reads what is said.
        "STRICT": "yes",
        "SPARK_JARS": (f"{places['BASE']}/spark/jars",),
    }
    said = tuple(about(order))
    head = KitFile(
        name=SCRIPT,
        text=script(PARTS, settings, about=_about(order)),
        executable=True,
        about="puts everything on a machine, and takes it away again",
    )
    rest = [
        *found.files(f"which {SCRIPT} installs"),
        KitFile(name="relay.json", text="\n".join([*json_lines(config), ""]),
                about=f"what the relay is told; in {SCRIPT} already"),
    ]  # fmt: skip
    page = readme(order, {**LAYOUT, **places, "SPOOL": node.spool}, [head, *rest], names=names, key_files=files)
    page_file = KitFile(name="README.md", text=page, about="how to use it, and how to remove it")
    return Kit(files=(head, *rest, page_file), notes=said)


def _places(prefix: str) -> dict[str, str]:
    """The settings of the script that are paths; those of all machines, or below a folder of one's own.

    Raises ConfigError for a folder that a shell or a unit of systemd might take for something else.
    """
    if not prefix:
        return {name: LAYOUT[name] for name in ("BASE", "ETC", "STATE", "LOGS")}
    base = prefix.rstrip("/")
    if not re.fullmatch(r"(/[\w.+-]+)+", base, re.ASCII) or ".." in PurePosixPath(base).parts:
        raise ConfigError(
            f"--prefix is {prefix[:200]!r}; write an absolute path of letters, digits and . _ + -, such as "
            "/home/me/lineage."
        )
    # What somebody has there besides is none of ours.
    base = base if PurePosixPath(base).name == FOLDER else f"{base}/{FOLDER}"
    return {
        "BASE": base,
        "ETC": f"{base}/etc",
        "STATE": f"{base}/state",
        "LOGS": f"{base}/log",
        "ACCOUNT": "",
        "RELAY_BY": "loop",
    }


def _with_spool(order: Order, spool: str) -> Order:
    entries = [
        replace(entry, value=Text(spool), source="--prefix") if entry.key == _SPOOL else entry
        for entry in order.conf.entries
    ]
    return replace(order, conf=ConfSet(tuple(entries)))


def _refuse_relative(flag: str, path: str) -> None:
    if path and not path.startswith("/"):
        raise ConfigError(f"{flag} is {path[:200]!r}; write the absolute path that it has on the machine.")


def _about(order: Order) -> list[str]:
    return [
        "Puts lineage on a machine with a Spark of its own: standalone, a node or an edge node of YARN. See --help.",
        "Made by sparklineage. Either all of it is there in the end or, where something fails, nothing new.",
        f"Agent {order.agent} for Scala {order.scala}: {order.why_agent}.",
    ]
