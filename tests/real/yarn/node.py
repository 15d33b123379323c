"""A node of YARN as a kit leaves it: our JARs beside Spark's own, static properties, a spool and its relay.

What EMR's kit writes is laid out by hand, in folders of the test's.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sparklineage.agent.fetch import default_cache, fetch
from sparklineage.agent.releases import choose
from sparklineage.agent.repository import sources
from sparklineage.assemble.order import order_for
from sparklineage.config.loading import load_spec
from sparklineage.journal import RunFolder, run_folders
from sparklineage.kits import emr
from sparklineage.kits.interface import Jar, Kit
from sparklineage.witness import STORED_NAME, jar_path
from tests.real.submission import SPARKS, Scene, spark_home

_CONFIG = """\
namespace: prod
transport: {{type: http, url: "{backend}"}}
delivery: {{journal: "{spool}"}}
platforms: {{emr: {{release: emr-7.5.0, artifacts: "s3://bucket/lineage"}}}}
"""
_SMALL = {
    "spark.master": "yarn",
    "spark.ui.enabled": "false",
    "spark.sql.shuffle.partitions": "1",
    "spark.executor.instances": "1",
    "spark.executor.memory": "512m",
    "spark.executor.memoryOverhead": "128m",
    "spark.driver.memory": "512m",
    "spark.driver.memoryOverhead": "128m",
    "spark.yarn.am.memory": "256m",
    "spark.yarn.am.memoryOverhead": "128m",
    "spark.yarn.maxAppAttempts": "1",
    "spark.yarn.report.interval": "200ms",
    "spark.yarn.scheduler.heartbeat.interval-ms": "500",
    "spark.yarn.scheduler.initial-allocation.interval": "100ms",
}
_JAVA = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"


@dataclass(frozen=True, kw_only=True)
class Node:
    """One Spark on a node, whose applications all write into one spool."""

    folder: Path
    spark: str
    hadoop_conf: Path
    backend: str

    @property
    def spool(self) -> Path:
        return self.folder / "spool"

    @property
    def state(self) -> Path:
        """Where the relay keeps what is its own."""
        return self.folder / "state"

    @property
    def home(self) -> Path:
        """The SPARK_HOME."""
        return self.folder / "spark"

    @property
    def said(self) -> str:
        """What the relay has told."""
        return "".join((self.folder / name).read_text() for name in ("relay.log", "relay.out"))

    def runs(self) -> list[RunFolder]:
        return run_folders(self.spool, self.state)

    def install(self) -> None:
        """Links to a Spark and to our JARs, and what the kit says besides."""
        kit = self._kit()
        real = spark_home(self.spark)
        (self.home / "jars").mkdir(parents=True)
        for path in real.iterdir():
            if path.name not in ("jars", "conf"):
                (self.home / path.name).symlink_to(path)
        for path in (real / "jars").iterdir():
            (self.home / "jars" / path.name).symlink_to(path)
        agent = choose(*SPARKS[self.spark])
        places = sources(home=Path.home(), environ=os.environ, spark_home=real)
        jar = fetch(agent, cache=default_cache(os.environ, Path.home()), sources=places)
        lib = self.folder / "lib"
        lib.mkdir()
        for name, path in ((agent.file_name, jar), (STORED_NAME, jar_path())):
            shutil.copyfile(path, lib / name)
            (self.home / "jars" / name).symlink_to(lib / name)
        self.spool.mkdir()
        self.spool.chmod(0o3773)
        self.state.mkdir()
        (self.home / "conf").mkdir()
        lines = [f"{key} {value}\n" for key, value in self._properties(kit).items()]
        (self.home / "conf" / "spark-defaults.conf").write_text("".join(lines))
        (self.folder / "relay.pyz").write_bytes(kit.file("relay.pyz").content())
        relay = json.loads(kit.file("relay.json").content())
        relay |= {
            "state": str(self.state),
            "log": {**relay["log"], "file": str(self.folder / "relay.log")},
            "info": None,
        }
        (self.folder / "relay.json").write_text(json.dumps(relay))

    def environ(self) -> dict[str, str]:
        """For spark-submit, as somebody on the node would have it."""
        clean = Scene(folder=self.folder, spark=self.spark).clean_environ()
        return clean | {
            "SPARK_HOME": str(self.home),
            "SPARK_SUBMIT_OPTS": _JAVA,
            "HADOOP_CONF_DIR": str(self.hadoop_conf),
            "PYSPARK_PYTHON": sys.executable,
            "SPARK_LOCAL_IP": "127.0.0.1",
        }

    def submit(self, folder: Path, *words: str) -> subprocess.Popen[bytes]:
        """Start spark-submit in a folder of its own; what it prints goes to `submit.log` there."""
        with (folder / "submit.log").open("wb") as log:
            return subprocess.Popen(
                [str(self.home / "bin" / "spark-submit"), *words],
                cwd=folder, env=self.environ(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip

    def relay(self) -> subprocess.Popen[bytes]:
        """Start the relay."""
        with (self.folder / "relay.out").open("wb") as log:
            return subprocess.Popen(
                [sys.executable, "relay.pyz", "watch", "--config", "relay.json"],
                cwd=self.folder, env=self.environ(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip

    def _kit(self) -> Kit:
        path = self.folder / "sparklineage.yml"
        path.write_text(_CONFIG.format(backend=self.backend, spool=self.spool))
        spec = load_spec(environ={}, flags={}, directory=self.folder, config=path, platform="emr")
        order = order_for(spec, "emr", install=None, home=self.folder, kit=True)
        return emr.kit(spec, order, Jar(name=f"openlineage-spark_{order.scala}-{order.agent}.jar", sha256="0" * 64))

    def _properties(self, kit: Kit) -> dict[str, Any]:
        """The kit's, and what keeps an application small."""
        configurations = json.loads(kit.file("configurations.json").content())
        (ours,) = [one["Properties"] for one in configurations if one["Classification"] == "spark-defaults"]
        own = {
            "spark.yarn.jars": f"local:{self.home}/jars/*",
            "spark.yarn.stagingDir": f"file://{self.folder}/staging",
            "spark.driver.extraJavaOptions": _JAVA,
            "spark.executor.extraJavaOptions": _JAVA,
            "spark.yarn.am.extraJavaOptions": _JAVA,
        }
        return {**ours, **_SMALL, **own}
