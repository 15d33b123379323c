"""The driver of a Databricks cluster: its folders and variables, and a real Spark started as the platform would.

Databricks' own parts are played: a volume is a folder, the platform fills in the secret, and its listener, which nobody
else has, is one that says a line.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.real.node.tree import Ended, Tree, missing, tree
from tests.real.submission import REPOSITORY, spark_home
from tests.support.hocon import driver_properties

FOLDER = "/Volumes/main/ops/lineage"
CONF = "/databricks/driver/conf/00-sparklineage.conf"
CLASS_PATH = ("/databricks/jars", "/mnt/driver-daemon/jars")
PLACES = ("/opt/sparklineage", *CLASS_PATH, "/databricks/driver", "/etc/sparklineage", "/var/lib/sparklineage",
          "/var/log/sparklineage")  # fmt: skip
"""Where a kit may leave something, aside from the accounts of /etc."""
KEY = "canary-7f3a'\"$(id)"
"""What the platform puts in the place of the secret."""
VARIABLE = "SPARKLINEAGE_LINEAGE_API_KEY_SECRET"
CLUSTER = "1122-013112-abcdef"
ENVIRON = {
    "DB_CLUSTER_ID": CLUSTER, "DB_CLUSTER_NAME": "job-77-run-4242-main_cluster", "DB_IS_JOB_CLUSTER": "TRUE",
    "DB_IS_DRIVER": "TRUE", "DB_INSTANCE_TYPE": "m5d.large", "DATABRICKS_RUNTIME_VERSION": "16.4",
}  # fmt: skip
OWN = "com.databricks.backend.daemon.driver.DBCEventLoggingListener"
BEGAN = "Databricks' own listener began"

_SPEC = """\
namespace: prod
transport:
  type: http
  url: {url}
  auth: {{type: api_key, apiKey: "databricks:lineage/api-key"}}
{rest}
"""
RUNTIME = "platforms: {databricks: {release: 16.4.x-scala2.12}}"
_OWN = f"""\
package com.databricks.backend.daemon.driver;

public final class DBCEventLoggingListener extends org.apache.spark.scheduler.SparkListener {{
  @Override
  public void onApplicationStart(org.apache.spark.scheduler.SparkListenerApplicationStart event) {{
    System.out.println("{BEGAN}");
  }}
}}
"""
_DRIVER = """
for path in "$@"; do
  while [[ "$path" != / ]]; do path="${path%/*}" && path="${path:-/}"; chmod o+x "$path"; done
done
rm -rf /databricks /mnt /Volumes /opt/sparklineage /etc/sparklineage /var/lib/sparklineage /var/log/sparklineage
mkdir -p /databricks/jars /databricks/driver/conf /databricks/init_scripts /databricks/python3/bin
mkdir -p /mnt/driver-daemon/jars /Volumes/main/ops
"""
_QUIET = """\
rootLogger.level = warn
rootLogger.appenderRef.stderr.ref = console
appender.console.type = Console
appender.console.name = console
appender.console.target = SYSTEM_ERR
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{yy/MM/dd HH:mm:ss} %p %c{1}: %m%n%ex
"""


def lacking() -> str:
    """Why no driver can be made here; empty where it can."""
    if reason := missing():
        return reason
    return "" if shutil.which("javac") else "Databricks' own listener is compiled: javac is missing"


def kit(folder: Path, url: str, *words: str, rest: str = RUNTIME) -> Path:
    """The folder of a kit for a backend, made by the command; `rest` is what the configuration says besides."""
    folder.mkdir(parents=True)
    (folder / "sparklineage.yml").write_text(_SPEC.format(url=url, rest=rest))
    command = [sys.executable, "-m", "sparklineage", "bootstrap", "databricks", "--out", "kit", "--volume", FOLDER]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("SPARKLINEAGE_J")}
    made = subprocess.run(
        [*command, *words], cwd=folder, env={**environ, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    return folder / "kit"


@dataclass(frozen=True)
class Driver:
    tree: Tree

    def mount(self, kit: Path, *, without: str = "") -> None:
        """The volume holds the files of a kit, but for one."""
        self.tree.shell('rm -rf "$1" && mkdir -p "$1" && ln -s "$2"/* "$1"', FOLDER, str(kit))
        if without:
            self.tree.shell('rm "$1"', f"{FOLDER}/{without}")

    def init(self, *words: str, environ: Mapping[str, str] | None = None) -> Ended:
        """Run the init script as Databricks does: as root, with the variables of the cluster."""
        command = ["/bin/bash", f"{FOLDER}/init.sh", *words]
        return self.tree.run(command, cwd="/databricks", environ={**self.environ, **(environ or {})})

    @property
    def environ(self) -> dict[str, str]:
        """The variables of the cluster, with the secret that the platform has filled in."""
        return {**ENVIRON, VARIABLE: KEY}

    @property
    def properties(self) -> dict[str, str] | None:
        """What the driver would be told by the file of the kit; None without one."""
        return driver_properties(self.tree.read(CONF)) if self.tree.exists(CONF) else None

    def jars(self, folder: str) -> list[str]:
        """The names of the JARs in a folder of the class path but Databricks' own."""
        return sorted(name for name in self.tree.shell('ls -A "$1"', folder).split() if name != "own.jar")

    def state(self) -> dict[str, tuple[str, str, str, str]]:
        """All that a kit may have left: kind, mode, owner, and of a file its digest."""
        script = 'for one; do if test -e "$one"; then find "$one" -type f -exec sha256sum {} +; fi; done'
        sums = {line[66:]: line[:64] for line in self.tree.shell(script, *PLACES).splitlines()}
        found = self.tree.entries(*PLACES)
        return {
            path: (entry.kind, entry.mode, entry.owner, sums.get(path, ""))
            for path, entry in found.items()
            if not path.startswith(("/var/log/sparklineage/", "/var/lib/sparklineage/relay", "/opt/sparklineage/.lock"))
        }

    def relays(self) -> list[tuple[int, str, str]]:
        return [row for row in self.tree.processes() if "relay.pyz watch" in row[2] and "relay-loop.sh" not in row[2]]

    def log(self) -> str:
        return self.tree.read("/var/log/sparklineage/bootstrap.log")

    def run(self, job: str, spark: str = "3.5", *, seconds: float = 240) -> Ended:
        """Start the driver with what its conf folder says and what lies on its class path, and run a job in it."""
        home = spark_home(spark)
        self.tree.write("/databricks/driver/job.py", job)
        self.tree.write("/databricks/driver/log4j2.properties", _QUIET)
        conf = {
            "spark.driver.extraClassPath": ":".join(f"{folder}/*" for folder in CLASS_PATH),
            "spark.driver.extraJavaOptions": "-Dlog4j2.configurationFile=/databricks/driver/log4j2.properties",
            "spark.ui.enabled": "false",
            "spark.sql.shuffle.partitions": "1",
            "spark.databricks.clusterUsageTags.clusterId": CLUSTER,
            "spark.databricks.workspaceUrl": "dbc-a1b2c3d4-e5f6.cloud.databricks.com",
            **(self.properties or {"spark.extraListeners": OWN}),
        }
        words = [word for key, value in conf.items() for word in ("--conf", f"{key}={value}")]
        environ = {
            **self.environ, "SPARK_HOME": str(home), "SPARK_CONF_DIR": "/databricks/driver",
            "PYSPARK_PYTHON": "/databricks/python3/bin/python3",
            "JDK_JAVA_OPTIONS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
        }  # fmt: skip
        command = [str(home / "bin" / "spark-submit"), "--master", "local[2]", *words, "/databricks/driver/job.py"]
        return self.tree.run(command, cwd="/databricks/driver", environ=environ, seconds=seconds)


@contextmanager
def driver(folder: Path, own: Path) -> Iterator[Driver]:
    """A driver whose init scripts are about to run, with nothing in its volume; `own` is a JAR of Databricks' own."""
    interpreter = Path(os.path.realpath(sys.executable))
    needed = [REPOSITORY, spark_home("4.2"), spark_home("3.5"), interpreter.parent.parent, folder.parent]
    with tree(folder, needed) as machine:
        machine.shell(_DRIVER, *map(str, [*needed[:3], interpreter]))
        machine.shell('ln -s "$1" /databricks/python3/bin/python3', str(interpreter))
        machine.shell('cp "$1" /databricks/jars/own.jar', str(own))
        yield Driver(machine)


@cache
def own_listener(folder: Path) -> Path:
    """A JAR with a listener in the name of Databricks' own."""
    source = folder / "own" / f"{OWN.replace('.', '/')}.java"
    source.parent.mkdir(parents=True)
    source.write_text(_OWN)
    jars = f"{spark_home('3.5')}/jars/*"
    subprocess.run(["javac", "--release", "8", "-nowarn", "-cp", jars, str(source)], check=True, capture_output=True)
    target = folder / "own.jar"
    with zipfile.ZipFile(target, "w") as archive:
        archive.write(source.with_suffix(".class"), f"{OWN.replace('.', '/')}.class")
    return target
