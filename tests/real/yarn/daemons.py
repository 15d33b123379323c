"""A real ResourceManager and a real NodeManager on loopback, in folders of their own."""

from __future__ import annotations

import contextlib
import ctypes
import getpass
import json
import os
import signal
import socket
import subprocess
import time
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from types import TracebackType
from typing import Any
from xml.sax.saxutils import escape

from sparklineage.agent.ivy import find_java

JARS = Path(__file__).parents[3] / ".cache" / "yarn-3.5.0" / "lib"
"""Where `make test` has put the daemons' JARs."""
SECONDS = 120
_PACKAGE = "org.apache.hadoop.yarn.server"
_DAEMONS = {
    "resourcemanager": f"{_PACKAGE}.resourcemanager.ResourceManager",
    "nodemanager": f"{_PACKAGE}.nodemanager.NodeManager",
}
_LOG = """\
log4j.rootLogger=WARN,stderr
log4j.appender.stderr=org.apache.log4j.ConsoleAppender
log4j.appender.stderr.target=System.err
log4j.appender.stderr.layout=org.apache.log4j.PatternLayout
log4j.appender.stderr.layout.ConversionPattern=%d{ISO8601} %p %c{1}: %m%n
"""
_PR_SET_PDEATHSIG = 1


@dataclass
class Yarn:
    """A context: YARN runs inside of it, and nothing of it afterwards."""

    folder: Path
    memory: int = 4096
    """Megabytes that containers may ask for together."""
    _processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    _web: int = 0

    @property
    def conf(self) -> Path:
        """The HADOOP_CONF_DIR of clients."""
        return self.folder / "conf"

    def applications(self) -> list[dict[str, Any]]:
        """What the ResourceManager says of every application that it knows."""
        found = (self._ask("apps").get("apps") or {}).get("app") or []
        return [dict(one) for one in found]

    def application(self, name: str) -> dict[str, Any]:
        """The newest of that name; empty where it is not known yet."""
        found = [one for one in self.applications() if one["name"] == name]
        return max(found, key=lambda one: int(one["startedTime"]), default={})

    def kill(self, application: str) -> None:
        """What `yarn application -kill` does."""
        self._ask(f"apps/{application}/state?user.name={getpass.getuser()}", json.dumps({"state": "KILLED"}))

    def logs(self, application: str) -> str:
        """What the containers of an application wrote."""
        folder = self.folder / "logs" / application
        return "".join(
            f"--- {path.relative_to(folder)}\n{path.read_text(errors='replace')}\n"
            for path in sorted(folder.glob("*/std*"))
        )

    def start(self) -> Yarn:
        self._write_conf()
        for name, main in _DAEMONS.items():
            options = ("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
            with (self.folder / f"{name}.log").open("wb") as log:
                process = subprocess.Popen(
                    [find_java(os.environ) or "java", *options, "--add-opens=java.base/java.lang=ALL-UNNAMED",
                     "-cp", f"{self.conf}:{JARS}/*", main],
                    cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                    preexec_fn=die_with_parent,  # noqa: PLW1509 - one system call, before there is any thread
                )  # fmt: skip
            self._processes.append(process)
        self._wait_for_node()
        return self

    def stop(self) -> None:
        """End everything at once: nothing of it is needed any more, and no container outlives the daemons."""
        for process in self._processes:
            process.kill()
            process.wait()
        while containers := self._containers():
            for pid in containers:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.05)

    def __enter__(self) -> Yarn:
        try:
            return self.start()
        except BaseException:
            self.stop()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _containers(self) -> list[int]:
        """The processes that work in a folder of a container's."""
        found = []
        for link in Path("/proc").glob("[0-9]*/cwd"):
            with contextlib.suppress(OSError):
                if link.readlink().is_relative_to(self.folder / "local"):
                    found.append(int(link.parent.name))
        return found

    def _write_conf(self) -> None:
        self.conf.mkdir(parents=True)
        client, scheduler, tracker, admin, self._web, node, localizer, node_web, collector = free_ports(9)
        resources, nodes = "yarn.resourcemanager", "yarn.nodemanager"
        yarn = {
            f"{resources}.hostname": "127.0.0.1",
            f"{resources}.bind-host": "127.0.0.1",
            f"{resources}.address": f"127.0.0.1:{client}",
            f"{resources}.scheduler.address": f"127.0.0.1:{scheduler}",
            f"{resources}.resource-tracker.address": f"127.0.0.1:{tracker}",
            f"{resources}.admin.address": f"127.0.0.1:{admin}",
            f"{resources}.webapp.address": f"127.0.0.1:{self._web}",
            f"{resources}.scheduler.class": f"{_PACKAGE}.resourcemanager.scheduler.fifo.FifoScheduler",
            "yarn.scheduler.minimum-allocation-mb": "128",
            f"{nodes}.hostname": "127.0.0.1",
            f"{nodes}.bind-host": "127.0.0.1",
            f"{nodes}.address": f"127.0.0.1:{node}",
            f"{nodes}.localizer.address": f"127.0.0.1:{localizer}",
            f"{nodes}.webapp.address": f"127.0.0.1:{node_web}",
            f"{nodes}.collector-service.address": f"127.0.0.1:{collector}",
            f"{nodes}.resource.memory-mb": str(self.memory),
            f"{nodes}.resource.cpu-vcores": "16",
            f"{nodes}.vmem-check-enabled": "false",
            f"{nodes}.pmem-check-enabled": "false",
            f"{nodes}.local-dirs": str(self.folder / "local"),
            f"{nodes}.log-dirs": str(self.folder / "logs"),
            f"{nodes}.delete.debug-delay-sec": "3600",
            f"{nodes}.log.retain-seconds": "3600",
            f"{nodes}.disk-health-checker.max-disk-utilization-per-disk-percentage": "99",
            # Whoever waits for a container waits for heartbeats.
            f"{resources}.nodemanagers.heartbeat-interval-ms": "200",
        }
        core = {"fs.defaultFS": "file:///", "hadoop.tmp.dir": str(self.folder / "tmp")}
        (self.conf / "yarn-site.xml").write_text(_site(yarn))
        (self.conf / "core-site.xml").write_text(_site(core))
        (self.conf / "log4j.properties").write_text(_LOG)

    def _wait_for_node(self) -> None:
        until = time.monotonic() + SECONDS
        while True:
            for name, process in zip(_DAEMONS, self._processes, strict=True):
                if process.poll() is not None:
                    raise AssertionError((self.folder / f"{name}.log").read_text()[-8000:])
            with contextlib.suppress(OSError, ValueError):
                if self._ask("metrics")["clusterMetrics"]["activeNodes"] == 1:
                    return
            assert time.monotonic() < until, "no NodeManager has come up"
            time.sleep(0.1)

    def _ask(self, what: str, body: str | None = None) -> dict[str, Any]:
        """Without a body asks, with one tells."""
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        connection = HTTPConnection("127.0.0.1", self._web, timeout=10)
        try:
            connection.request("PUT" if body else "GET", f"/ws/v1/cluster/{what}", body, headers)
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        if answer.status not in (200, 202):
            raise OSError(f"{what}: {answer.status} {text[:500]!r}")
        found: dict[str, Any] = json.loads(text)
        return found


def free_ports(count: int) -> list[int]:
    """Ports of loopback that nobody listens on now."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [one.getsockname()[1] for one in sockets]


def _site(properties: dict[str, str]) -> str:
    items = "".join(
        f"<property><name>{escape(name)}</name><value>{escape(value)}</value></property>\n"
        for name, value in properties.items()
    )
    return f"<configuration>\n{items}</configuration>\n"


def die_with_parent() -> None:
    """For `preexec_fn`: what is started ends with the tests, also when they are killed."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
