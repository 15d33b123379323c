"""The kit for Databricks: an init script for the driver, what a cluster is told about it, and what both need."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sparklineage.errors import ConfigError
from sparklineage.kits.allowlist import KIND, merged
from sparklineage.kits.databricks_readme import About, readme
from sparklineage.kits.databricks_relay import RELAY, Relay, relay_of
from sparklineage.kits.databricks_script import init_script
from sparklineage.kits.interface import Jar, Kit, KitFile
from sparklineage.kits.jars import agent_name
from sparklineage.kits.relay_config import json_lines
from sparklineage.model.conf_set import ConfSet
from sparklineage.model.conf_value import SecretValue
from sparklineage.model.secret import SecretReference
from sparklineage.targets.about import about
from sparklineage.targets.databricks_cluster import Kit as Fields
from sparklineage.targets.databricks_cluster import cluster
from sparklineage.targets.databricks_conf import APP_NAME, cluster_conf
from sparklineage.targets.databricks_place import SCRIPT, place_of
from sparklineage.targets.databricks_policy import policy
from sparklineage.targets.vendor import settled
from sparklineage.witness import STORED_NAME, jar_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sparklineage.config.spec import Spec
    from sparklineage.targets.interface import Order


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the user decides besides the configuration."""

    strict: bool = False
    """A cluster without lineage does not start."""
    proxy: str | None = None
    """For the relay, on its way to the backend."""
    ca_file: str | None = None
    """Certificates that the relay trusts besides, in a file of the driver."""
    allowlist: object = None
    """The metastore's allowlist, as the API gives it; None where nobody has asked for it."""


def kit(spec: Spec, order: Order, agent: Jar, companions: Sequence[Jar] = (), options: Options | None = None) -> Kit:
    """The kit for an order, whose `artifacts` say where on Databricks it goes.

    In the outbox a relay runs on the driver; direct, the agent sends, for which its transport may need `companions`.
    Raises ConfigError for what Databricks would refuse, and for a backend or a secret that no driver could reach.
    """
    options = options or Options()
    order = settled(order)
    _refuse_serverless(order)
    if not order.settings.get("artifacts"):
        raise ConfigError(
            "Nothing says where the driver fetches the kit; give --volume /Volumes/CATALOG/SCHEMA/VOLUME or "
            "--workspace /Shared/FOLDER, or write platforms.databricks.artifacts."
        )
    place, named = place_of(order), cluster_conf(order)
    # The script names each application after its cluster.
    conf = named.without(APP_NAME)
    relay = relay_of(spec, order, proxy=options.proxy, ca_file=options.ca_file) if order.mode == "outbox" else None
    agent = replace(agent, name=agent_name(agent.name, order.scala))
    jars = [agent, *([Jar.of(jar_path(), STORED_NAME)] if relay is not None else companions)]
    order = replace(order, jars=tuple(f"{place.folder}/{jar.name}" for jar in jars))
    # The platform puts secrets into the cluster's own properties, and not into files of ours.
    hidden = ConfSet(tuple(entry for entry in conf.entries if entry.secret))
    fields = Fields(order=order, place=place, conf=hidden, variables=relay.variables if relay is not None else {})
    described = cluster(fields)
    text = init_script(order, place, conf.without(*hidden), jars, relay, strict=options.strict)
    init = KitFile(name=SCRIPT, text=text, upload=True, executable=True, about="the init script of a cluster")
    notes = tuple(_notes(order, named, fields, options))
    uploads = [*(_file(jar) for jar in jars), *([_relay_file(relay)] if relay is not None else []), init]
    files = [
        *uploads[::-1],
        KitFile(name="cluster.json", text=_json(described), about="fields for the JSON of every cluster"),
        KitFile(name="policy.json", text=_json(policy(fields)), about="definition of a policy that fixes all of it"),
        KitFile(
            name="allowlist.json",
            text=_json(
                merged({} if options.allowlist is None else options.allowlist, place.script, where="--allowlist")
            ),
            about=f"the metastore's allowlist of the type {KIND}; for the standard access mode alone",
        ),
    ]
    if relay is not None:
        text = "\n".join([*json_lines(relay.config), ""])
        files.append(KitFile(name="relay.json", text=text, about=f"what the relay is told; in {SCRIPT} already"))
    told = About(
        place=place,
        uploads=[file.name for file in uploads],
        variables=fields.variables,
        secrets=_secrets(relay, hidden),
        standard=fields.standard,
        relay=relay is not None,
        notes=notes,
    )
    files.append(KitFile(name="README.md", text=readme(told), about="how to use it, and how to remove it"))
    return Kit(files=tuple(files), notes=notes)


def _file(jar: Jar) -> KitFile:
    return KitFile(name=jar.name, source=jar.path, upload=True, about="a JAR, which the driver takes from there")


def _relay_file(relay: Relay) -> KitFile:
    return KitFile(name=RELAY, data=relay.data, upload=True, about="the relay, which the driver takes from there")


def _secrets(relay: Relay | None, hidden: ConfSet) -> list[str]:
    found = tuple(relay.names) if relay is not None else ()
    values = [entry.value for entry in hidden.entries]
    others = [
        value.secret.name
        for value in values
        if isinstance(value, SecretValue) and isinstance(value.secret, SecretReference)
    ]
    return list(dict.fromkeys((*found, *others)))


def _refuse_serverless(order: Order) -> None:
    if order.settings.get("accessMode") == "SERVERLESS":
        raise ConfigError(
            "platforms.databricks.accessMode is SERVERLESS, where no init script runs and no listener can be. Run the "
            "job on a job cluster (accessMode: SINGLE_USER), or send events of your own with OpenLineage's Python "
            "client; `sparklineage conf databricks` writes a text with what is left."
        )


def _notes(order: Order, named: ConfSet, fields: Fields, options: Options) -> Iterator[str]:
    yield from about(order)
    if fields.asked_mode is None:
        yield "The access mode is dedicated (SINGLE_USER), where no allowlist is needed; accessMode says otherwise."
    if fields.standard and options.allowlist is None:
        yield ("allowlist.json holds our entry alone, and an update with it replaces the whole list: give --allowlist "
               "FILE with the present one, or --upload, which reads it.")  # fmt: skip
    if fields.variables:
        listed = " and ".join(fields.variables)
        yield f"{listed}: the cluster's owner needs READ on the secret scope, and who can attach to it can read it."
    if APP_NAME in named:
        yield "job.name is left out: each application has the name of its cluster."
    if order.mode == "outbox":
        yield "What the relay has not delivered when a cluster ends is lost with the driver's disk."


def _json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
