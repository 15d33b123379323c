"""A machine that has a Spark already, and kits for it: somebody's own, and a node of Dataproc."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.real.node.emr import PLACES, python
from tests.real.node.tree import Ended, Tree, tree
from tests.real.submission import REPOSITORY, spark_home

KEY = "canary-7f3a'\"$(id)"
USER = "ana"

_NODE = """
home=$1
shift
for path in "$@"; do
  while [[ "$path" != / ]]; do path="${path%/*}" && path="${path:-/}"; chmod o+x "$path"; done
done
rm -rf /opt/sparklineage /etc/sparklineage /var/lib/sparklineage /var/log/sparklineage "$home"
id sparklineage >/dev/null 2>&1 && userdel sparklineage
useradd --create-home ana
mkdir -p "$home" /etc/spark/conf
cp -rsf "$(readlink -f "$SPARK")/." "$home"
rm -rf "$home/conf"
ln -s /etc/spark/conf "$home/conf"
"""
_GCLOUD = """#!/bin/bash
# Answers as the command line of Google does on a node: a bucket is a folder here.
case $1-$2 in
  storage-cp)
    from=${*: -2:1}
    exec cp "/cloud/${from#gs://}" "${*: -1}"
    ;;
  secrets-versions) [[ $* == *--secret=LINEAGE_KEY ]] && printf '%s' "$KEY" ;;
esac
"""
_SUBMIT = """\
rootLogger.level = error
rootLogger.appenderRef.stderr.ref = console
appender.console.type = Console
appender.console.name = console
appender.console.target = SYSTEM_ERR
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{yy/MM/dd HH:mm:ss} %p %c{1}: %m%n%ex
"""
_THEIRS = "spark.master local[1]\nspark.ui.enabled false\n"


@dataclass(frozen=True)
class PlainNode:
    """The machine, where its Spark lies, and the folder of a kit on it."""

    tree: Tree
    home: str
    kit: str

    @property
    def conf(self) -> str:
        return self.tree.read("/etc/spark/conf/spark-defaults.conf")

    def script(self, name: str, *words: str, environ: Mapping[str, str] | None = None) -> Ended:
        """Run a script of the kit as root."""
        return self.tree.run(["bash", f"{self.kit}/{name}", *words], environ=environ)

    def jars(self) -> list[str]:
        """The names of our JARs beside those of Spark."""
        found = self.tree.entries(f"{self.home}/jars")
        names = [path.rpartition("/")[2] for path, each in found.items() if "/opt/sparklineage/" in each.target]
        return sorted(names)

    def left(self) -> list[str]:
        """What of a kit lies on the machine, the logs aside."""
        found = self.tree.entries(
            *[place for place in PLACES if place not in ("/etc/systemd/system", "/usr/lib/spark/jars")]
        )
        return sorted(path for path in found if not path.startswith("/var/log"))

    def relays(self) -> list[tuple[str, str]]:
        """User and command line of every relay that runs."""
        rows = [(user, args) for _pid, user, args in self.tree.processes()]
        return [(user, args) for user, args in rows if "relay.pyz watch" in args and "relay-loop" not in args]

    def job(self, text: str, *, seconds: float = 180) -> Ended:
        """Run a job as some user does: nothing but spark-submit and the job."""
        self.tree.write(f"/home/{USER}/job.py", text, owner=f"{USER}:{USER}")
        environ = {
            "SPARK_HOME": self.home,
            "PYSPARK_PYTHON": "/usr/bin/python3",
            "JDK_JAVA_OPTIONS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
        }
        command = [f"{self.home}/bin/spark-submit", "job.py"]
        return self.tree.run(command, user=USER, cwd=f"/home/{USER}", environ=environ, seconds=seconds)


def write_kit(folder: Path, platform: str, text: str, *words: str) -> Path:
    """A kit as the command writes it, for a configuration."""
    folder.mkdir(parents=True)
    (folder / "sparklineage.yml").write_text(text)
    command = [sys.executable, "-m", "sparklineage", "bootstrap", platform, "--out", "kit", *words]
    environ = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    ended = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False, timeout=120)
    assert ended.returncode == 0, ended.stderr
    return folder / "kit"


@contextmanager
def plain_node(folder: Path, kit: Path, *, spark: str, home: str) -> Iterator[PlainNode]:
    """A machine with that Spark in `home`, and the files of the kit in /root/kit."""
    needed = [REPOSITORY, spark_home(spark), python(), Path(os.path.realpath(sys.executable)), kit]
    with tree(folder, [path if path.is_dir() else path.parent.parent for path in needed]) as machine:
        machine.shell(f"SPARK={spark_home(spark)}\n{_NODE}", home, *map(str, needed[:-1]))
        machine.shell('mkdir -p /root/kit && cp "$1"/* /root/kit', str(kit))
        machine.shell('rm -f /usr/local/bin/python3 && ln -sf "$1" /usr/bin/python3', str(python()))
        machine.write(
            "/usr/bin/gcloud", _GCLOUD.replace("$KEY", KEY.replace("$", "\\$").replace('"', '\\"')), mode="755"
        )
        machine.write("/etc/spark/conf/log4j2.properties", _SUBMIT)
        machine.write("/etc/spark/conf/spark-defaults.conf", _THEIRS)
        yield PlainNode(machine, home, "/root/kit")
