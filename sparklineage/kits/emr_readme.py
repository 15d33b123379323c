"""README.md of the kit for EMR: three commands, what a node has then, and how to remove it."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from sparklineage.kits.script import LAYOUT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sparklineage.kits.interface import KitFile
    from sparklineage.targets import Order

_ACTIONS = {
    "aws-ssm": "ssm:GetParameter",
    "aws-secretsmanager": "secretsmanager:GetSecretValue",
}

_PAGE = """\
# Lineage for a cluster of EMR on EC2

For {release}: agent {agent} for Scala {scala}. Every application of the cluster is traced, whoever
starts it and how: a step, `spark-submit`, Livy, a notebook, in client and in cluster mode. No job is
changed.

| file | what it is |
|---|---|
{files}

## Use it

1. Put what the nodes fetch into S3 (`sparklineage bootstrap emr … --upload` has done this already):

   ```sh
{copies}
   ```

2. Start a cluster, with the instances, the subnet and the roles that you use:

   ```sh
{create}
   ```

   Or from Python: `boto3.client("emr").run_job_flow(**json.load(open("cluster.json")))`.

3. Run something; its lineage is at the backend a few seconds later:

   ```sh
   aws emr add-steps --cluster-id j-XXXXXXXXXXXXX --steps file://step.json
   ```

## What it needs

- The EC2 role of the cluster may `s3:GetObject` on `{base}/*`.
{needs}
- The nodes have a way to the backend. Each tries it once at boot, and writes the answer and a hint
  into its log.
- Python 3.9 or later on the nodes, which EMR 7 has. Without it nothing delivers the journals.

## What is on a node then

- `{BASE}`: the agent, the witness and the relay; `/usr/lib/spark/jars` has links to the JARs.
- `{ETC}/relay.json`: what the relay is told. No secret is in it.
- `{spool}`: the journals of the applications whose drivers ran here.
- `{LOGS}/bootstrap.log` and `relay.log`: what was done, and what is wrong. EMR keeps
  the output of the bootstrap action in the cluster's log folder too.
- `{SERVICE}.service`: the relay, as the user `{ACCOUNT}`.

```sh
sudo -u {ACCOUNT} python3 {BASE}/relay.pyz status --config {ETC}/relay.json
```

Whatever goes wrong (S3, a key, the disk, Python), the node comes up and its jobs run; only lineage is
missing. Where that is worse than no cluster, give the bootstrap action the argument `--strict`:
`"Args": ["--strict"]`.

The journals end with their node. One that is stopped gives the relay half a minute for the rest; let a
cluster that ends by itself wait a little where that matters.

## Change it

Nodes that are added later run the script that is in S3 by then. So write a new kit with another prefix,
and start new clusters with that; `{base}` stays for those that run.
The script may run again on a node, of the same or of another version: what it finds of itself it
replaces.

## Remove it

For new clusters leave out `--bootstrap-actions` and `--configurations`. On one that runs, take the
properties away first (`aws emr modify-instance-groups` with a `spark-defaults` without them): a listener
that is named and not there stops every application. Then, on every node:

```sh
sudo systemctl disable --now {SERVICE}
sudo rm -f /usr/lib/spark/jars/openlineage-spark_*.jar /usr/lib/spark/jars/sparklineage-*.jar
sudo rm -f /etc/systemd/system/{SERVICE}.service
sudo rm -rf {BASE} {ETC} {LOGS} {var}
sudo userdel {ACCOUNT}
```
"""


def create_cluster(order: Order) -> list[str]:
    """The command that starts a cluster with the kit, in its folder."""
    return [
        "aws", "emr", "create-cluster",
        "--name", order.name,
        "--release-label", order.settings["release"],
        "--applications", "Name=Spark",
        "--instance-type", "m5.xlarge",
        "--instance-count", "3",
        "--use-default-roles",
        "--bootstrap-actions", "file://bootstrap-actions.json",
        "--configurations", "file://configurations.json",
    ]  # fmt: skip


def readme(order: Order, base: str, references: Sequence[str], files: Sequence[KitFile]) -> str:
    """The page. `references` are those that the relay follows."""
    names = [file.name for file in files if file.upload]
    spool = order.conf["spark.sparklineage.spool"].written
    places = LAYOUT["STATE"].rpartition("/")[0], spool
    return _PAGE.format(
        **LAYOUT,
        release=order.settings["release"],
        agent=order.agent,
        scala=order.scala,
        files="\n".join(f"| `{file.name}` | {file.about} |" for file in files),
        copies="\n".join(f"   {shlex.join(['aws', 's3', 'cp', name, f'{base}/{name}'])}" for name in names),
        create="\n".join(_lines(create_cluster(order))),
        base=base,
        needs="\n".join(map(_need, references)) or "- The backend takes events without a key.",
        spool=spool,
        var=shlex.join(places if not spool.startswith(f"{places[0]}/") else places[:1]),
    )


def _need(reference: str) -> str:
    action = _ACTIONS.get(reference.partition(":")[0])
    if action is None:
        return f"- `{reference}` is on every node, where the user `{LAYOUT['ACCOUNT']}` may read it."
    return (
        f"- It may `{action}` on `{reference.partition(':')[2].partition('#')[0]}`, and `kms:Decrypt` where that has a "
        "key of\n  yours. The relay asks for it and keeps it in memory alone."
    )


def _lines(words: Sequence[str]) -> Iterator[str]:
    """A command as one types it, an option a line."""
    lines = [[*words[:3]]]
    for word in words[3:]:
        if word.startswith("--"):
            lines.append([])
        lines[-1].append(word)
    texts = [shlex.join(line) for line in lines]
    yield f"   {texts[0]} \\"
    yield from (f"     {text} \\" for text in texts[1:-1])
    yield f"     {texts[-1]}"
