"""What lint's golden cases say, handed to a real Spark with the genuine agent."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from sparklineage.agent.fetch import default_cache, fetch
from sparklineage.agent.releases import unchecked
from sparklineage.agent.repository import sources
from sparklineage.lint import READERS
from sparklineage.lint.readers import reader_for
from tests.real.submission import REPOSITORY, SECONDS, SPARKS, Scene, spark_home
from tests.support.receiver import Event, Receiver

CASES = REPOSITORY / "tests" / "golden" / "lint"
LISTENER = "io.openlineage.spark.agent.OpenLineageSparkListener"
JOB = """\
from pyspark.sql import SparkSession

spark = SparkSession.builder.getOrCreate()
spark.range(3).write.mode("overwrite").parquet("written")
print("green")
spark.stop()
"""
_LOG4J = """\
rootLogger.level = warn
rootLogger.appenderRef.file.ref = file
logger.agent.name = io.openlineage
logger.agent.level = info
appender.file.type = File
appender.file.name = file
appender.file.fileName = log.txt
appender.file.layout.type = PatternLayout
appender.file.layout.pattern = %p %c{1}: %m%n%ex
"""
_IVY = """\
<ivysettings>
  <settings defaultResolver="here"/>
  <caches defaultCacheDir="{cache}"/>
  <resolvers>
    <filesystem name="here" m2compatible="true">
      <artifact pattern="{jars}/[organisation]/[module]/[revision]/[artifact]-[revision].[ext]"/>
    </filesystem>
  </resolvers>
</ivysettings>
"""
_JAVA = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One application: see applications.py."""

    name: str
    properties: dict[str, str] = field(default_factory=dict)
    yaml: str | None = None
    code: str = JOB
    delay: float = 0.0
    own_jvm: bool = True
    only_read: bool = False


@dataclass(frozen=True, kw_only=True)
class Done:
    """What became of it."""

    error: str | None
    seconds: float
    printed: str
    log: str
    history: str
    events: list[Event]
    paths: list[str]
    headers: list[dict[str, str]]
    files: dict[str, str]

    @property
    def green(self) -> bool:
        """Whether the job did its work and ended well."""
        return self.error is None and "green" in self.printed

    @property
    def console(self) -> list[Event]:
        """The events that the console transport printed to the log."""
        starts = [line.partition(" ConsoleTransport: ")[2] for line in self.log.splitlines()]
        return [json.loads(line) for line in starts if line.startswith("{")]


@cache
def agent_jar(scala: str, version: str | None = None) -> Path:
    """A published agent, the newest known or a version, in the toolkit's own cache."""
    places = sources(home=Path.home(), environ=os.environ, spark_home=spark_home("4.2"))
    return fetch(unchecked(scala, version), cache=default_cache(os.environ, Path.home()), sources=places)


def golden(case: str) -> tuple[str, str]:
    """The name and the text of the file of a golden case."""
    besides = {"options.txt", "expected.txt", "source.txt"}
    (file,) = (path for path in (CASES / case).iterdir() if path.name not in besides and path.stem != "fixed")
    return file.name, file.read_text(encoding="utf-8")


def settings(case: str) -> dict[str, str]:
    """The properties of a golden case's first application as lint reads them; of two for one key the last counts."""
    name, text = golden(case)
    reader = reader_for(name, text) or READERS["spark-defaults"]
    first, *_ = reader.read(text, name)
    return {setting.key: setting.value for setting in first.settings}


def plan(
    case: str,
    *,
    name: str | None = None,
    base: Mapping[str, str] | None = None,
    listener: bool = True,
    only: Iterable[str] | None = None,
    code: str = JOB,
) -> Plan:
    """The application of a golden case: its file, or the properties in it (or those named by `only`) on top of a base.

    Behind a golden job.py comes `code`, so that there is something to send events about.
    """
    file, text = golden(case)
    name = name or case
    properties = {"spark.extraListeners": LISTENER} if listener else {}
    properties |= base or {}
    if file == "openlineage.yml":
        return Plan(name=name, properties=properties, yaml=text)
    if file == "job.py":
        return Plan(name=name, properties=properties, code=f"{text}\n{code}")
    chosen = {key: value for key, value in settings(case).items() if only is None or key in only}
    return Plan(name=name, properties=properties | chosen, code=code)


def run_plans(folder: Path, plans: list[Plan], *, spark: str = "4.2", agent: str | None = None) -> dict[str, Any]:
    """Start one JVM with a Spark and an agent on its class path and go through the plans."""
    scene = Scene(folder=folder, spark=spark)
    (folder / "log4j2.properties").write_text(_LOG4J)
    (folder / "plans.json").write_text(json.dumps([asdict(plan) for plan in plans]))
    conf = {
        "spark.master": "local[1]",
        "spark.ui.enabled": "false",
        "spark.sql.shuffle.partitions": "1",
        "spark.eventLog.enabled": "true",
        "spark.eventLog.compress": "false",
        "spark.eventLog.dir": (folder / "history").as_uri(),
    }
    (folder / "spark-defaults.conf").write_text("".join(f"{key} {value}\n" for key, value in conf.items()))
    java = f"-Dlog4j2.configurationFile={folder}/log4j2.properties -Duser.home={folder} {_JAVA}"
    submit = f"--driver-class-path {agent_jar(SPARKS[spark][1], agent)} --driver-memory 700m"
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("applications.py")), "plans.json"],
        cwd=folder,
        env=scene.clean_environ(
            SPARK_CONF_DIR=str(folder),
            PYSPARK_SUBMIT_ARGS=f"{submit} --driver-java-options '{java}' pyspark-shell",
            PYTHONPATH=os.pathsep.join([str(REPOSITORY), *_pyspark(spark)]),
            TEAM="lineage",
            STAGE="test",
        ),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-8000:]
    found = json.loads((folder / "done.json").read_text())
    return {plan.name: found[plan.name] if plan.only_read else Done(**found[plan.name]) for plan in plans}


def _pyspark(spark: str) -> list[str]:
    """Where the Python side of a Spark lies that is not the installed one."""
    home = spark_home(spark)
    return [] if spark == "4.2" else [str(home.parent), *map(str, home.glob("python/lib/py4j-*.zip"))]


@dataclass(frozen=True, kw_only=True)
class Shell:
    """A golden script that bash has really run, with what its last application got through to the backend."""

    status: int
    stdout: str
    stderr: str
    backend: Receiver
    elsewhere: Receiver
    """Stands at `http://marquez:5000`."""

    @property
    def green(self) -> bool:
        return self.status == 0 and "green" in self.stdout


def run_script(folder: Path, text: str, *, job: str = JOB, spark: str = "4.2", agent: bool = False) -> Shell:
    """Run a golden script beside a job.py, with the real spark-submit on PATH and a spark-defaults.conf that sends all
    events to a backend. Paths of JARs in the script become those of real ones. With `agent`, the listener and its JAR
    stand in spark-defaults.conf too.
    """
    home = spark_home(spark)
    scene = Scene(folder=folder, spark=spark)
    text = re.sub(r"\S*/openlineage-spark_(2\.1\d)-([\d.]+)\.jar", lambda jar: str(agent_jar(jar[1], jar[2])), text)
    text = re.sub(r"/opt/spark-[\w.-]+/bin/spark-submit", "spark-submit", text)
    for other in re.findall(r"/opt/(\S+\.jar)", text):
        with zipfile.ZipFile(folder / Path(other).name, "w") as jar:
            jar.writestr("META-INF/MANIFEST.MF", "Manifest-Version: 1.0\n")
    text = re.sub(r"/opt/\S+/(\S+\.jar)", lambda jar: str(folder / jar[1]), text)
    with Receiver() as backend, Receiver() as elsewhere:
        conf = {
            "spark.master": "local[1]",
            "spark.ui.enabled": "false",
            "spark.driver.memory": "700m",
            "spark.driver.extraJavaOptions": f"{_JAVA} -Duser.home={folder}",
            "spark.jars.ivySettings": str(folder / "ivysettings.xml"),
            "spark.openlineage.transport.type": "http",
            "spark.openlineage.transport.url": backend.url,
        }
        if agent:
            conf |= {"spark.extraListeners": LISTENER, "spark.jars": str(agent_jar(SPARKS[spark][1]))}
        (folder / "spark-defaults.conf").write_text("".join(f"{key} {value}\n" for key, value in conf.items()))
        jars = default_cache(os.environ, Path.home()) / "jars"
        (folder / "ivysettings.xml").write_text(_IVY.format(jars=jars, cache=folder / "ivy"))
        (folder / "job.py").write_text(job)
        (folder / "bin").mkdir()
        (folder / "bin" / "spark-submit").write_text(f'#!/bin/sh\nexec "{home}/bin/spark-submit" "$@"\n')
        (folder / "bin" / "spark-submit").chmod(0o755)
        environ = scene.clean_environ(SPARK_CONF_DIR=str(folder), PYSPARK_PYTHON=sys.executable)
        done = subprocess.run(
            ["bash", "-e"],
            input=text.replace("http://marquez:5000", elsewhere.url),
            cwd=folder,
            env=environ | {"PATH": f"{folder}/bin{os.pathsep}{environ['PATH']}"},
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    return Shell(status=done.returncode, stdout=done.stdout, stderr=done.stderr, backend=backend, elsewhere=elsewhere)
