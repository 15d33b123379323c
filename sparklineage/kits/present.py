"""What the scripts have in common that put lineage on a Spark which is on the node already."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sparklineage.errors import ConfigError
from sparklineage.kits.interface import Jar, KitFile, sha256_of
from sparklineage.kits.jars import agent_name
from sparklineage.kits.relay_config import json_lines
from sparklineage.kits.script import PYTHONS
from sparklineage.kits.zipapp import NAME, content
from sparklineage.model.conf_lists import CommaList
from sparklineage.model.conf_properties import escaped
from sparklineage.witness import STORED_NAME, jar_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sparklineage.model.conf_set import ConfSet
    from sparklineage.targets import Order


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the user decides besides the configuration."""

    proxy: str | None = None
    """For the relay, on its way to the backend."""
    ca_file: str | None = None
    """Certificates that the relay trusts besides, in a file of the nodes."""
    strict: bool = False
    """A node without lineage does not come up."""


@dataclass(frozen=True, kw_only=True)
class Pieces:
    """The files of a kit that lie beside its script, and their settings in it."""

    agent: Jar
    witness: Jar = field(default_factory=lambda: Jar.of(jar_path(), STORED_NAME))
    relay: bytes = field(default_factory=content)

    def files(self, about: str, *, upload: bool = False) -> Iterator[KitFile]:
        """The relay and both JARs; `about` says who takes them."""
        yield KitFile(name=NAME, data=self.relay, upload=upload, about=f"the relay, {about}")
        for what, jar in (("agent", self.agent), ("witness", self.witness)):
            yield KitFile(name=jar.name, source=jar.path, upload=upload, about=f"the {what}, {about}")


def pieces(agent: Jar, scala: str) -> Pieces:
    """With the agent under the name by which nodes know one."""
    return Pieces(agent=Jar(name=agent_name(agent.name, scala), sha256=agent.sha256, path=agent.path))


def settings_of(order: Order, found: Pieces, conf: ConfSet, config: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of such a script, for the properties and the relay's configuration.

    Raises ConfigError for a property that is a secret: the file of the properties is for every eye.
    """
    for entry in conf.entries:
        if entry.secret:
            raise ConfigError(
                f"{entry.source}: {entry.key} is a secret, and spark-defaults.conf is for every eye; leave it out here."
            )
    properties = escaped({entry.key: entry.value.written for entry in conf.entries})
    lists = escaped({entry.key: "" for entry in conf.entries if isinstance(entry.value, CommaList)})
    return {
        "AGENT": found.agent.name,
        "AGENT_SHA256": found.agent.sha256,
        "WITNESS": found.witness.name,
        "WITNESS_SHA256": found.witness.sha256,
        # No properties without their JARs, so nothing has to stand in for these.
        "ABSENT_BASE64": (),
        "ABSENT_SHA256": "",
        "WITNESS_BASE64": (),
        "CONF_KEYS": tuple(properties),
        "CONF_LISTS": tuple(lists),
        "CONF_VALUES": tuple(properties.values()),
        "PYTHONS": PYTHONS,
        "RELAY_CONFIG": json_lines(config),
        "RELAY_ENV": (),
        "RELAY_SHA256": sha256_of(found.relay),
        "SCALA": order.scala,
        "SPOOL": config["spool"],
    }
