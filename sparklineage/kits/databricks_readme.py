"""The README of a kit for Databricks."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sparklineage.targets.databricks_place import Place


@dataclass(frozen=True, kw_only=True)
class About:
    """What a README tells of."""

    place: Place
    uploads: Sequence[str]
    """The files that have to be there."""
    variables: Mapping[str, str]
    """Those that a cluster needs for the relay."""
    secrets: Sequence[str]
    """`scope/key` of each secret."""
    standard: bool
    """Whether the clusters are in the standard access mode."""
    relay: bool
    """Whether one runs on the driver; else the agent sends."""
    notes: Sequence[str]


def readme(about: About) -> str:
    """How the kit is used, in Markdown."""
    parts = [_HEAD, _secrets(about), _upload(about), _ALLOWLIST if about.standard else "", _CLUSTER]
    parts += [_RELAY if about.relay else _DIRECT, _modes(about), _REMOVE]
    listed = "".join(f"- {' '.join(note.split())}\n" for note in about.notes)
    return "\n".join(part for part in parts if part) + (f"\n## About this kit\n\n{listed}" if listed else "")


def _secrets(about: About) -> str:
    if not about.secrets:
        return ""
    commands = []
    for name in about.secrets:
        scope, _, key = name.partition("/")
        commands += [f"databricks secrets create-scope {scope}", f"databricks secrets put-secret {scope} {key}"]
    lines = "\n".join(dict.fromkeys(commands))
    return (
        f"## The secret\n\n```sh\n{lines}\n```\n\nThe owner of the cluster needs READ on the scope. Whoever can attach "
        "to the cluster can read it, as every\nvariable of a cluster.\n"
    )


def _upload(about: About) -> str:
    listed = "\n".join(f"- `{name}`" for name in about.uploads)
    if about.place.in_volume:
        to = shlex.quote(f"dbfs:{about.place.folder}")
        copies = "\n".join(f"databricks fs cp --overwrite {shlex.quote(name)} {to}/" for name in about.uploads)
    else:
        copies = "\n".join(
            f"databricks workspace import --overwrite --format RAW --file {shlex.quote(name)} "
            f"{shlex.quote(f'{about.place.folder}/{name}')}"
            for name in about.uploads
        )
    return (
        f"## Upload\n\n`sparklineage bootstrap databricks … --upload` puts these into\n`{about.place.folder}`, "
        f"and so do the commands below:\n\n{listed}\n\n```sh\n{copies}\n```\n\nAll of one kit belong together: "
        "the script takes no file with another digest.\n"
    )


def _modes(about: About) -> str:
    return _MODES.replace("@UNSEEN@", _UNSEEN if about.variables else "")


_HEAD = """\
# Lineage for clusters of Databricks

Made by `sparklineage bootstrap databricks`. An init script brings the OpenLineage agent to the driver, so that every
notebook and job on the cluster is traced and none of them has to change.
"""
_ALLOWLIST = """\
## The allowlist

In the standard access mode the script has to be on the metastore's allowlist, for which somebody with MANAGE ALLOWLIST
runs `sparklineage bootstrap databricks … --upload`: it reads the list, shows what would change, and asks. By hand:

```sh
databricks artifact-allowlists get INIT_SCRIPT -o json > present.json
sparklineage bootstrap databricks … --allowlist present.json
databricks artifact-allowlists update INIT_SCRIPT --json @allowlist.json
```

An update replaces the whole list. Without `--allowlist` the file allowlist.json holds our entry alone, and an update
with it would take all others away.
"""
_CLUSTER = """\
## The cluster

`cluster.json` holds what a cluster needs, for the Clusters API, the `new_cluster` of a job and bundles; machines and
their number are yours. `policy.json` is the definition of a policy that fixes the same for all clusters under it:

```sh
databricks cluster-policies create --name lineage --definition "$(cat policy.json)"
```
"""
_RELAY = """\
## What runs there

The agent writes events into a journal on the driver's disk, `/var/lib/sparklineage/spool`; a relay, a process with few
rights of its own, delivers them and tries again for as long as the backend is away. What is not delivered when the
cluster ends is lost with its disk.

On the driver (`%sh` in a notebook) `/var/log/sparklineage/bootstrap.log` tells what the script did, and the relay how
far it is:

```sh
/databricks/python3/bin/python3 /opt/sparklineage/relay.pyz status --config /etc/sparklineage/relay.json
```

With a log destination (`cluster_log_conf`) the script's output is also in `<destination>/<cluster id>/init_scripts`.
Whatever fails, the cluster starts: without lineage if need be, for the driver's configuration
`/databricks/driver/conf/00-sparklineage.conf` is written last, and only if everything else is in its place.

A cluster whose Spark configuration sets `spark.extraListeners` replaces those of the script: name these there too, and
Databricks' own, or leave the property out.
"""
_DIRECT = """\
## What runs there

The agent sends its events itself. On the driver (`%sh` in a notebook) `/var/log/sparklineage/bootstrap.log` tells what
the script did; with a log destination (`cluster_log_conf`) its output is also in
`<destination>/<cluster id>/init_scripts`. Whatever fails, the cluster starts: without lineage if need be, for the
driver's configuration `/databricks/driver/conf/00-sparklineage.conf` is written last, and only if the JARs are in their
place.

A cluster whose Spark configuration sets `spark.extraListeners` replaces those of the script: name these there too, and
Databricks' own, or leave the property out.
"""
_MODES = """\
## Access modes

- Dedicated (`SINGLE_USER`): nothing more is to be done.
- Standard (`USER_ISOLATION`): the script has to lie in a volume, and be on the metastore's allowlist. The JARs that it
  reads need no entry.
@UNSEEN@- No isolation (`NONE`): such a cluster reads no volume; put the kit into a folder of the workspace
  (`--workspace`).
- Serverless: there is no init script and no listener. Run the job on a job cluster, or send events of your own with
  OpenLineage's Python client.

Volumes need runtime 13.3 or later, a folder of the workspace 11.3. Nothing is read from DBFS.
"""
_UNSEEN = """\
- Standard, from runtime 19 on: no variable of a cluster reaches its init scripts, so the relay would have no key. Write
  `delivery.mode: direct` for such clusters.
"""
_REMOVE = """\
## Uninstall

Take the entry out of `init_scripts` and the variables out of the cluster, and restart it: the next driver is a new
machine, and nothing is left.
"""
