"""README.md of the kit for a machine: how to install it, what is there then, and how to remove it."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sparklineage.kits.interface import KitFile
    from sparklineage.targets import Order

_PAGE = """\
# Lineage for a machine with a Spark of its own

Agent {agent} for Scala {scala}. Every application of that Spark is traced, whoever starts it: on a
standalone cluster, with a local master, and on YARN. No job is changed.

| file | what it is |
|---|---|
{files}

## Use it

Copy this folder to the machine, and run there:

```sh
{install}
```

It looks for the Spark at `--spark-home DIR`, else where the kit says, else at `SPARK_HOME`, else at
`spark-submit` on the `PATH`; and for its `spark-defaults.conf` in `--spark-conf-dir DIR`, else in
`SPARK_CONF_DIR`, else in `conf` of the Spark.{sudo} The file that it has
written it names. Where something fails, it ends with status 1, a line with the cause, and nothing new on
the machine; an earlier installation goes on as it was. Running it again changes nothing; a later kit
takes the place of an earlier one, and one for another Spark is taken off the first.

It refuses what would keep applications from being traced: another agent in `SPARK_HOME/jars`, and a
`spark-defaults.conf` that says `spark.openlineage.disabled` or another `spark.sparklineage.spool` itself.

On YARN it belongs on every machine on which drivers run: the edge nodes for the deploy mode client, and
all NodeManagers for cluster. Where `spark.yarn.jars` or `spark.yarn.archive` names other JARs than those
of `SPARK_HOME/jars`, put both JARs among these too; without them no driver in cluster mode starts.

## What it needs

{needs}
- A way from the machine to the backend. It is tried once, and a hint is given where there is none.
- Python 3.9 or later.

## What is on the machine then

- `{BASE}`: the agent, the witness and the relay, and nothing else; `SPARK_HOME/jars` has links
  to the JARs. `{var}/.made-by-sparklineage` records what was put where.
- A block between two marks in `SPARK_HOME/conf/spark-defaults.conf`, or in `SPARK_CONF_DIR`. Whatever the
  file says itself stays, and counts more; listeners are joined. Leave the marks where they are: without
  one of them nobody knows which lines are ours, and the script refuses the file.
- `{ETC}/relay.json`: what the relay is told. No secret is in it.
- `{SPOOL}`: the journals of the applications whose drivers ran here.
- `{LOGS}/bootstrap.log` and `relay.log`: what was done, and what is wrong.
{service}

```sh
{status}
```

Another Spark has neither the links nor the block. So after a new version of Spark was put in the place of
the old one, run the script again before the next application starts: a listener that is named and not
there stops it.

## Remove it

When no application runs any more:

```sh
{uninstall}
```

Journals that are still there stay, and with them the record and the relay's account, if the script has made
it. Once they are removed, the same command removes the rest. A kit with another `delivery.journal` delivers
what waits in the folder of the one before, and names that folder if something stays in it.
"""
_SERVICE = """\
- `{SERVICE}.service`: the relay, as the user `{ACCOUNT}`; without systemd a loop in the
  background, which a restart of the machine ends: run the script again then."""
_LOOP = """\
- A loop in the background that runs the relay. A restart of the machine ends it: run the script again
  then, or as a line of your crontab: `@reboot bash …/install.sh`."""

_ACCOUNT = """\
  So make that user before; the script never removes one that was there:

  ```sh
  sudo useradd --system --user-group --no-create-home --home-dir / --shell /usr/sbin/nologin {account}
  sudo chown {account} {path} && sudo chmod 0400 {path}
  ```"""


def readme(
    order: Order,
    places: Mapping[str, str],
    files: Sequence[KitFile],
    *,
    names: Sequence[str],
    key_files: Sequence[str],
) -> str:
    """The page. `names` are variables with keys, `key_files` the files that hold others."""
    shared = bool(places["ACCOUNT"])
    # What sudo leaves out by itself, and the script looks at.
    kept = ",".join([*names, "SPARK_HOME", "SPARK_CONF_DIR"])
    install = f"sudo --preserve-env={kept} bash install.sh" if shared else "bash install.sh"
    status = f"python3 {places['BASE']}/relay.pyz status --config {places['ETC']}/relay.json"
    return _PAGE.format(
        **places,
        var=places["STATE"].rpartition("/")[0],
        sudo=" The `PATH` is the one of sudo." if shared else "",
        agent=order.agent,
        scala=order.scala,
        files="\n".join(f"| `{file.name}` | {file.about} |" for file in files),
        install="\n".join([*(f"read -rs {name} && export {name}" for name in names), install]),
        needs="\n".join(_needs(places, names, key_files)),
        service=(_SERVICE if shared else _LOOP).format(**places),
        status=f"sudo -u {places['ACCOUNT']} {status}" if shared else status,
        uninstall="sudo bash install.sh --uninstall" if shared else "bash install.sh --uninstall",
    )


def _needs(places: Mapping[str, str], names: Sequence[str], key_files: Sequence[str]) -> Iterator[str]:
    for name in names:
        yield (
            f"- The key of the backend in the variable `{name}` when the script runs. It puts it into\n"
            f"  `{places['ETC']}/keys/{name}`, which the relay's user alone can read; later runs need it no more."
        )
    for path in key_files:
        yield f"- The key in `{path}`, which the relay's user alone can read."
        if account := places["ACCOUNT"]:
            yield _ACCOUNT.format(account=account, path=shlex.quote(path))
    if not names and not key_files:
        yield "- The backend takes events without a key."
