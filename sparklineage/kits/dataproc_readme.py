"""README.md of the kit for Dataproc: the commands, what a node has then, and how to remove it."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from sparklineage.kits.script import LAYOUT
from sparklineage.targets.dataproc_agent import SWITCH

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sparklineage.kits.interface import KitFile
    from sparklineage.targets import Order

_PAGE = """\
# Lineage for a cluster of Dataproc

For images {release}: agent {agent} for Scala {scala}. Every application of the cluster is traced, whoever
starts it and how: a job of Dataproc, `spark-submit`, a notebook, in client and in cluster mode. No job is
changed.

| file | what it is |
|---|---|
{files}

## Use it

1. Put what the nodes fetch into Cloud Storage (`sparklineage bootstrap dataproc … --upload` has done this
   already):

   ```sh
{copies}
   ```

2. Start a cluster, with whatever else you give it:

   ```sh
{create}
   ```

`{switch}=false` keeps Dataproc's own agent off, which starts by itself
where the Data Lineage API is on. A node on which it is on says so in its log and gets no second agent.

## What it needs

- The service account of the nodes may read `{base}` (`roles/storage.objectViewer`).
{needs}
- The nodes have a way to the backend (firewall rule, Cloud NAT). Each tries it once, and writes the
  answer and a hint into its log.

## What is on a node then

- `{BASE}`: the agent, the witness and the relay; `/usr/lib/spark/jars` has links to the JARs.
- A block between two marks in `/etc/spark/conf/spark-defaults.conf`. What the file says itself stays,
  and counts more; listeners are joined. Properties of a job count more than either: one that names
  `spark.extraListeners` itself is not traced. A file in which one of the marks is lost is left as it is.
- `{ETC}/relay.json`: what the relay is told. No secret is in it.
- `{spool}`: the journals of the applications whose drivers ran here.
- `{LOGS}/bootstrap.log` and `relay.log`: what was done, and what is wrong. Dataproc
  keeps the output of the action in the cluster's staging bucket too.
- `{SERVICE}.service`: the relay, as the user `{ACCOUNT}`.

```sh
sudo -u {ACCOUNT} python3 {BASE}/relay.pyz status --config {ETC}/relay.json
```

Whatever goes wrong (the bucket, a key, the disk, Python), the node comes up and its jobs run; only lineage
is missing. Where that is worse than no cluster, make the kit with `--strict`.

The journals end with their node: a cluster that is deleted takes what was not delivered along.

## Change it

Nodes that are added later run the script that is in the bucket by then. So write a new kit with another
prefix, and start new clusters with that. The script may run again on a node, of the same or of another
version: what it finds of itself it replaces.

## Remove it

Leave out `--initialization-actions` for new clusters. On the nodes of one that runs, take the block out of
`/etc/spark/conf/spark-defaults.conf` first: a listener that is named and not there stops every
application. Then:

```sh
sudo systemctl disable --now {SERVICE}
sudo rm -f /usr/lib/spark/jars/openlineage-spark_*.jar /usr/lib/spark/jars/sparklineage-*.jar
sudo rm -rf /etc/systemd/system/{SERVICE}.service /etc/systemd/system/{SERVICE}.service.d
sudo rm -rf {BASE} {ETC} {LOGS} {var} /run/sparklineage
sudo userdel {ACCOUNT}
```
"""


def create_cluster(order: Order, base: str, script: str) -> list[str]:
    """The command that starts a cluster with the kit; its first word behind the verbs is the cluster's name."""
    region = order.settings.get("region") or "REGION"
    return [
        "gcloud", "dataproc", "clusters", "create", "CLUSTER",
        f"--region={region}",
        f"--image-version={order.settings['release']}",
        "--scopes=cloud-platform",
        f"--properties={SWITCH}=false",
        f"--initialization-actions={base}/{script}",
    ]  # fmt: skip


def readme(order: Order, base: str, files: Sequence[KitFile], *, names: Sequence[str], key_files: Sequence[str]) -> str:
    """The page. `names` are secrets of Secret Manager, `key_files` references to files of the nodes."""
    uploads = [file.name for file in files if file.upload]
    first, *rest = _create(order, base, uploads[0])
    spool = order.conf["spark.sparklineage.spool"].written
    places = LAYOUT["STATE"].rpartition("/")[0], spool
    return _PAGE.format(
        **LAYOUT,
        release=order.settings["release"],
        agent=order.agent,
        scala=order.scala,
        files="\n".join(f"| `{file.name}` | {file.about} |" for file in files),
        copies="\n".join(f"   {shlex.join(['gcloud', 'storage', 'cp', name, f'{base}/{name}'])}" for name in uploads),
        create=" \\\n".join([f"   {first}", *(f"     {text}" for text in rest)]),
        switch=SWITCH,
        base=base,
        needs="\n".join(_needs(names, key_files)),
        spool=spool,
        var=shlex.join(places if not spool.startswith(f"{places[0]}/") else places[:1]),
    )


def _create(order: Order, base: str, script: str) -> list[str]:
    words = create_cluster(order, base, script)
    return [shlex.join(words[:5]), *map(shlex.quote, words[5:])]


def _needs(names: Sequence[str], key_files: Sequence[str]) -> Iterator[str]:
    for name in names:
        yield (
            f"- It may read the secret `{name}` of Secret Manager (`roles/secretmanager.secretAccessor`). Each\n"
            "  start of the relay fetches it; it lies in memory, where the relay's user alone can read it."
        )
    for reference in key_files:
        yield f"- `{reference}` is on every node, where the user `{LAYOUT['ACCOUNT']}` may read it."
    if not names and not key_files:
        yield "- The backend takes events without a key."
