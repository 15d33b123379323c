"""A node of YARN as a kit leaves it: our JARs beside Spark's own, static properties, a spool and its relay."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from sparklineage.agent.fetch import default_cache, fetch
from sparklineage.agent.releases import choose
from sparklineage.agent.repository import sources
from sparklineage.journal import RunFolder, run_folders
from sparklineage.witness import STORED_NAME, jar_path
from tests.real.submission import SPARKS, Scene, spark_home
from tests.unit.targets.aws_orders import order, read, render

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
    def home(self) -> Path:
        """The SPARK_HOME."""
        return self.folder / "spark"

    def runs(self) -> list[RunFolder]:
        return run_folders(self.spool)

    def install(self) -> None:
        """Links to a Spark and to our JARs, and the properties that a kit renders."""
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
        (self.home / "conf").mkdir()
        lines = [f"{key} {value}\n" for key, value in self.properties.items()]
        (self.home / "conf" / "spark-defaults.conf").write_text("".join(lines))
        (self.home / "conf" / "log4j2.properties").write_text("rootLogger.level = error\n")

    @cached_property
    def properties(self) -> dict[str, str]:
        """What EMR would put into spark-defaults, but for the JARs that lie beside Spark's, and what keeps it small."""
        rendered = render(
            order(
                self.folder,
                "emr",
                release="emr-7.5.0",
                application=None,
                transport={"type": "http", "url": self.backend},
                delivery={"mode": "outbox", "journal": str(self.spool)},
            ),
            "emr",
        )
        defaults = next(
            one["Properties"]
            for one in read(rendered, "configurations.json")
            if one["Classification"] == "spark-defaults"
        )
        own = {
            "spark.yarn.jars": f"local:{self.home}/jars/*",
            "spark.yarn.stagingDir": f"file://{self.folder}/staging",
            "spark.driver.extraJavaOptions": _JAVA,
            "spark.executor.extraJavaOptions": _JAVA,
            "spark.yarn.am.extraJavaOptions": _JAVA,
        }
        return {key: value for key, value in defaults.items() if key != "spark.jars"} | _SMALL | own

    def environ(self) -> dict[str, str]:
        """For spark-submit, as somebody on the node would have it."""
        clean = Scene(folder=self.folder, spark=self.spark).clean_environ()
        return clean | {
            "SPARK_HOME": str(self.home),
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
        """Start the relay; what it says goes to `relay.log`."""
        with (self.folder / "relay.log").open("wb") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "sparklineage", "relay", "watch",
                 "--journal", str(self.spool), "--backend", self.backend],
                cwd=self.folder, env=self.environ(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
