"""A node of EMR on EC2 before and after Spark is there, and the services that it reaches."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sparklineage.model.conf_properties import properties_text
from tests.real.node.network import METADATA, loopback, reaching
from tests.real.node.tree import Ended, Tree, missing, tree
from tests.real.submission import REPOSITORY, spark_home

CLUSTER, STEP, INSTANCE = "j-2AXXXXXXGAPLF", "s-07767992IY7VC5NVV854", "i-0b1234567890abcde"
SPARK_JARS = "/usr/lib/spark/jars"
PLACES = ("/opt/sparklineage", SPARK_JARS, "/etc/sparklineage", "/etc/systemd/system", "/var/lib/sparklineage",
          "/var/log/sparklineage")  # fmt: skip
"""Where a kit may leave something, aside from the accounts of /etc."""

_MOVING = ("/var/log/sparklineage/", "/var/lib/sparklineage/relay", "/opt/sparklineage/.lock")

_SCRIPT = "/mnt/var/lib/bootstrap-actions/1/bootstrap.sh"
_STEPS = f"/mnt/var/lib/hadoop/steps/{STEP}"
_NODE = """
for path in "$@"; do
  while [[ "$path" != / ]]; do path="${path%/*}" && path="${path:-/}"; chmod o+x "$path"; done
done
rm -rf /opt/sparklineage /usr/lib/spark /etc/spark /etc/sparklineage /var/lib/sparklineage /var/log/sparklineage
id hadoop >/dev/null 2>&1 || useradd --create-home hadoop
echo 'hadoop ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/hadoop
install -d -o hadoop -g hadoop /mnt /mnt/var/lib/hadoop/steps /mnt/var/lib/bootstrap-actions/1 /mnt/tmp
"""
_AWS = """#!/bin/sh
# Leads to the services of the test. Who asks is the instance's role, which is not told either where it is.
export AWS_ENDPOINT_URL={endpoint}
{python_home}exec {interpreter} {aws} "$@"
"""
_SUBMIT = """#!/bin/bash
export SPARK_HOME=/usr/lib/spark SPARK_CONF_DIR=/etc/spark/conf PYSPARK_PYTHON=/usr/bin/python3
# The second compiler of the JVM never pays off in a job of seconds.
export JDK_JAVA_OPTIONS="-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
exec /usr/lib/spark/bin/spark-submit "$@"
"""
_QUIET = """\
rootLogger.level = info
rootLogger.appenderRef.stderr.ref = console
appender.console.type = Console
appender.console.name = console
appender.console.target = SYSTEM_ERR
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{yy/MM/dd HH:mm:ss} %p %c{1}: %m%n%ex
"""


@cache
def aws() -> Path | None:
    """The file of the AWS command line itself, not what pyenv puts before it."""
    found = shutil.which("aws")
    if found and "pyenv" in Path(found).read_bytes()[:1000].decode("utf-8", "replace"):
        found = subprocess.run(["pyenv", "which", "aws"], capture_output=True, text=True, check=False).stdout.strip()
    return Path(found).resolve() if found else None


@cache
def python() -> Path:
    """Python 3.9, which EMR 7 has, where this machine has one; else the one of the tests."""
    kept = sorted(Path.home().glob(".pyenv/versions/3.9*/bin/python3.9"))
    found = shutil.which("python3.9", path="/usr/bin:/usr/local/bin") or (kept[0] if kept else sys.executable)
    return Path(found).resolve()


def lacking() -> str:
    """Why no node can be made here; empty where it can."""
    if reason := missing():
        return reason
    if shutil.which("sudo") is None:
        return "a node of EMR takes sudo, on Debian and Ubuntu: apt-get install sudo"
    return "" if aws() else "a node of EMR takes the command line of AWS, on Debian and Ubuntu: apt-get install awscli"


@dataclass(frozen=True)
class EmrNode:
    tree: Tree

    def bootstrap(self, script: Path, *words: str, environ: Mapping[str, str] | None = None) -> Ended:
        """Run a bootstrap action as EMR does: downloaded, as `hadoop`, before Spark is there."""
        self.tree.write(_SCRIPT, script.read_text(), mode="755", owner="hadoop:hadoop")
        return self.tree.run([_SCRIPT, *words], user="hadoop", cwd=str(Path(_SCRIPT).parent), environ=environ)

    def log(self) -> str:
        """What the script has written down."""
        return self.tree.read("/var/log/sparklineage/bootstrap.log")

    def state(self) -> dict[str, tuple[str, str, str, str]]:
        """Kind, mode, owner and content of all that kits leave on a node, by path; logs and the relay's own aside."""
        found = {path: each for path, each in self.tree.entries(*PLACES).items() if not path.startswith(_MOVING)}
        listed = [path for path, each in found.items() if each.kind == "f"]
        sums = self.tree.shell('(($# == 0)) || sha256sum -- "$@"', *listed).splitlines()
        digests = {path: digest for digest, path in (line.split(maxsplit=1) for line in sums)}
        return {
            path: (each.kind, each.mode, each.owner, digests.get(path, each.target)) for path, each in found.items()
        }

    def jars(self) -> list[str]:
        """The names of the JARs that Spark will load, each of which any user can read and Java can open."""
        script = 'for one in "$1"/*.jar; do test -e "$one" || continue; unzip -tq "$one" >&2; echo "${one##*/}"; done'
        check = script if shutil.which("unzip") else script.replace("unzip -tq", "head -c4")
        ended = self.tree.run(["/bin/bash", "-euc", check, "jars", SPARK_JARS], user="hadoop")
        assert ended.status == 0, ended
        return sorted(ended.stdout.splitlines())

    def relays(self) -> list[tuple[str, str]]:
        """User and command line of every relay that runs."""
        return [
            (user, args)
            for _pid, user, args in self.tree.processes()
            if "relay.pyz watch" in args and "relay-loop" not in args
        ]

    def limit_disk(self, left: int) -> None:
        """Leave this many bytes for whatever will be written."""
        work = str(self.tree.work)
        script = 'used=$(df --output=used -B1 "$1" | tail -n 1); mount -o "remount,size=$((used + $2))" "$1"'
        inside = [
            "nsenter",
            f"--target={self.tree.holder}",
            "--mount",
            "bash",
            "-euc",
            script,
            "limit",
            work,
            str(left),
        ]
        subprocess.run(inside, check=True)

    def install_spark(self, home: Path, configurations: Sequence[Mapping[str, Any]]) -> None:
        """What EMR does after the bootstrap actions: Spark beside what lies there, and its configurations."""
        self.tree.shell('mkdir -p /usr/lib/spark && cp -rsf "$1/." /usr/lib/spark', str(home))
        self.tree.write("/usr/bin/spark-submit", _SUBMIT, mode="755")
        self.tree.write("/etc/spark/conf/log4j2.properties", _QUIET)
        for each in configurations:
            if each["Classification"] == "spark-defaults":
                self.tree.write("/etc/spark/conf/spark-defaults.conf", properties_text(each["Properties"]))
            elif each["Classification"] == "spark-env":
                (exported,) = each["Configurations"]
                lines = [f"export {name}={value}\n" for name, value in exported["Properties"].items()]
                self.tree.write("/etc/spark/conf/spark-env.sh", "".join(lines))
            else:
                raise AssertionError(f"no place known for {each['Classification']}")

    def step(self, job: str, *words: str, seconds: float = 180) -> Ended:
        """Run a job as a step: nothing but spark-submit, the job and its own arguments."""
        self.tree.write(f"{_STEPS}/job.py", job, owner="hadoop:hadoop")
        command = ["spark-submit", "job.py", *words]
        return self.tree.run(command, user="hadoop", cwd=_STEPS, seconds=seconds)


@contextmanager
def emr_node(folder: Path, endpoint: str, *ports: int) -> Iterator[EmrNode]:
    """A node whose bootstrap actions are about to run.

    Its network reaches nothing but `endpoint`, which answers for all services of AWS and for the metadata of the
    instance, and these ports of loopback.
    """
    command = aws()
    assert command is not None
    needed = [
        REPOSITORY,
        spark_home("4.2"),
        spark_home("3.5"),
        python(),
        Path(os.path.realpath(sys.executable)),
        command,
    ]
    folders = [path if path.is_dir() else path.parent.parent for path in needed]
    with tree(folder, folders, network=False) as machine, ExitStack() as ways:
        loopback(machine)
        services = urlsplit(endpoint).port
        assert services is not None
        ways.enter_context(reaching(machine, 80, host=METADATA, to=services))
        for port in (services, *ports):
            ways.enter_context(reaching(machine, port))
        machine.shell(_NODE, *map(str, needed))
        interpreter, python_home = _apart(machine, command)
        text = _AWS.format(endpoint=endpoint, python_home=python_home, interpreter=interpreter, aws=command)
        machine.shell("rm -f /usr/bin/aws /usr/local/bin/aws")
        machine.write("/usr/bin/aws", text, mode="755")
        machine.shell('rm -f /usr/local/bin/python3 && ln -sf "$1" /usr/bin/python3', str(python()))
        info = {"isMaster": True, "isRunningNameNode": True, "isRunningDataNode": False, "instanceGroupId": "ig-1"}
        machine.write("/mnt/var/lib/info/instance.json", json.dumps(info, indent=2))
        flow = {"jobFlowId": CLUSTER, "masterPrivateDnsName": "localhost", "instanceGroups": []}
        machine.write("/mnt/var/lib/info/job-flow.json", json.dumps(flow, indent=2))
        yield EmrNode(machine)


def _apart(machine: Tree, command: Path) -> tuple[str, str]:
    """The interpreter of the AWS command line where no one else finds it: on a node it has one of its own."""
    first = command.read_bytes().splitlines()[0].decode("utf-8", "replace")
    if not first.startswith("#!"):
        return "", ""
    named = first.removeprefix("#!").split()[-1]
    interpreter = Path(named if named.startswith("/") else shutil.which(named) or named).resolve()
    if interpreter.parent.parent not in {Path("/usr"), Path("/usr/local")}:
        return str(interpreter) if "venv" not in named else named, ""
    own = "/usr/libexec/aws-cli/python"
    machine.shell('mkdir -p "${2%/*}" && cp "$1" "$2"', str(interpreter), own)
    return own, f"export PYTHONHOME={interpreter.parent.parent}\n"
