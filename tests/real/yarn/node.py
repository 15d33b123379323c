"""A node of YARN as the kit for machines leaves it: our JARs beside Spark's own, properties, a spool and its relay."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sparklineage.agent.fetch import default_cache, fetch
from sparklineage.agent.releases import choose
from sparklineage.agent.repository import sources
from sparklineage.assemble.order import order_for
from sparklineage.config.loading import load_spec
from sparklineage.journal import RunFolder, run_folders
from sparklineage.kits import machine
from sparklineage.kits.interface import Jar, Kit
from tests.real.submission import SPARKS, Scene, spark_home

_CONFIG = """\
namespace: prod
transport: {{type: http, url: "{backend}"}}
agent: {{version: {agent}}}
platforms: {{spark-defaults: {{release: "{release}"}}}}
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
    def kept(self) -> Path:
        """Where the kit lies."""
        return self.folder / "kept" / "sparklineage"

    @property
    def spool(self) -> Path:
        return self.kept / "spool"

    @property
    def state(self) -> Path:
        """Where the relay keeps what is its own."""
        return self.kept / "state"

    @property
    def home(self) -> Path:
        """The SPARK_HOME."""
        return self.folder / "spark"

    @property
    def said(self) -> str:
        """What the relay has told."""
        return "".join(path.read_text() for path in (self.kept / "log/relay.log", self.folder / "relay.out"))

    def runs(self) -> list[RunFolder]:
        return run_folders(self.spool, self.state)

    def install(self) -> None:
        """Links to a Spark with properties that keep an application small, and on it the kit by its own script."""
        real = spark_home(self.spark)
        (self.home / "jars").mkdir(parents=True)
        for path in real.iterdir():
            if path.name not in ("jars", "conf"):
                (self.home / path.name).symlink_to(path)
        for path in (real / "jars").iterdir():
            (self.home / "jars" / path.name).symlink_to(path)
        (self.home / "conf").mkdir()
        lines = [f"{key} {value}\n" for key, value in self._properties().items()]
        (self.home / "conf" / "spark-defaults.conf").write_text("".join(lines))
        for file in self._kit(real).files:
            (self.folder / "kit").mkdir(exist_ok=True)
            (self.folder / "kit" / file.name).write_bytes(file.content())
        ended = subprocess.run(
            ["bash", str(self.folder / "kit" / "install.sh")],
            env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert ended.returncode == 0, ended.stderr
        # The relay is the test's, which tells it when to end; and users share the spool of a whole machine.
        loop = int((self.kept / "state.pid").read_text())
        os.kill(loop, signal.SIGTERM)
        with suppress(OSError):
            # What has ended, and nobody has buried, has no words any more.
            while Path(f"/proc/{loop}/cmdline").read_bytes():
                time.sleep(0.05)
        self.spool.chmod(0o3773)

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
                [sys.executable, str(self.kept / "relay.pyz"), "watch", "--config", str(self.kept / "etc/relay.json")],
                cwd=self.folder, env=self.environ(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip

    def _kit(self, real: Path) -> Kit:
        agent = choose(*SPARKS[self.spark])
        places = sources(home=Path.home(), environ=os.environ, spark_home=real)
        jar = fetch(agent, cache=default_cache(os.environ, Path.home()), sources=places)
        path = self.folder / "sparklineage.yml"
        path.write_text(_CONFIG.format(backend=self.backend, agent=agent.version, release=SPARKS[self.spark][0]))
        spec = load_spec(environ={}, flags={}, directory=self.folder, config=path, platform="spark-defaults")
        order = order_for(spec, "spark-defaults", install=None, home=self.folder, kit=True)
        options = machine.Options(prefix=str(self.folder / "kept"), spark_home=str(self.home))
        return machine.kit(spec, order, Jar.of(jar, agent.file_name), options)

    def _properties(self) -> dict[str, str]:
        """What keeps an application small."""
        own = {
            "spark.yarn.jars": f"local:{self.home}/jars/*",
            "spark.yarn.stagingDir": f"file://{self.folder}/staging",
            "spark.driver.extraJavaOptions": _JAVA,
            "spark.executor.extraJavaOptions": _JAVA,
            "spark.yarn.am.extraJavaOptions": _JAVA,
        }
        return {**_SMALL, **own}
