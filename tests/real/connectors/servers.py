"""Real servers on loopback that tables and topics are kept in: PostgreSQL, Kafka and a Hive metastore."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

from sparklineage.agent.ivy import find_java
from tests.real.submission import spark_home
from tests.real.yarn.daemons import die_with_parent, free_ports

JARS = Path(__file__).parents[3] / ".cache" / "connectors-1" / "lib"
"""Where `make test` has put the broker and the connectors."""
SECONDS = 120
_JAVA = ("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")


@contextlib.contextmanager
def servers(folder: Path) -> Iterator[dict[str, str]]:
    """The addresses of `kafka`, `metastore` and, on a machine that has its programs, `postgresql`."""
    with contextlib.ExitStack() as stack:
        waiting = [stack.enter_context(start(folder)) for start in (_metastore, _kafka)]
        if programs := _postgresql_programs():
            waiting.append(stack.enter_context(_postgresql(folder, programs)))
        yield dict(wait() for wait in waiting)


_Wait = Callable[[], tuple[str, str]]
"""Waits until a server answers, and says what it is and where."""


@contextlib.contextmanager
def _postgresql(folder: Path, programs: Path) -> Iterator[_Wait]:
    """A cluster with the database `shop`, and in that the schema `sales`."""
    (port,) = free_ports(1)
    address = ("-h", "127.0.0.1", "-p", str(port), "-U", "postgres")
    uid = _user_for_postgresql()
    # Not in `folder`: whoever it runs as does not get into root's.
    with tempfile.TemporaryDirectory(prefix="postgresql-") as home:
        os.chown(home, uid, -1)
        initdb: list[str | Path] = [programs / "initdb", "-D", "data", "--no-sync", "--locale=C", "-A", "trust"]
        subprocess.run([*initdb, "-U", "postgres"], cwd=home, check=True, capture_output=True, user=uid)
        settings = ("listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off")
        options = [word for setting in settings for word in ("-c", setting)]

        def wait() -> tuple[str, str]:
            _until(lambda: not subprocess.call([programs / "pg_isready", "-q", *address]), process, log)
            for database, statement in (("postgres", "CREATE DATABASE shop"), ("shop", "CREATE SCHEMA sales")):
                subprocess.run([programs / "psql", *address, "-d", database, "-qc", statement], check=True)
            return "postgresql", f"127.0.0.1:{port}"

        log = folder / "postgresql.log"
        server: list[str | Path] = [programs / "postgres", "-D", "data", "-p", str(port), *options]
        with _running(server, log, cwd=home, uid=uid) as process:
            try:
                yield wait
            finally:
                process.send_signal(signal.SIGQUIT)
                process.wait(60)


@contextlib.contextmanager
def _kafka(folder: Path) -> Iterator[_Wait]:
    """One broker that is its own controller, and makes a topic when it is written to."""
    port, controller = free_ports(2)
    conf = folder / "server.properties"
    conf.write_text(f"""\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs={folder}/kafka
offsets.topic.replication.factor=1
""")
    java = [_java(), *_JAVA, "-cp", f"{JARS}/broker/*"]
    storage: list[str | Path] = [*java, "kafka.tools.StorageTool", "format", "-t", "sparklineageAAAAAAAAAA", "-c", conf]
    subprocess.run(storage, check=True, capture_output=True)
    log = folder / "kafka.log"
    with _running([*java, "kafka.Kafka", conf], log) as process:
        yield lambda: _answering("kafka", port, process, log)


@contextlib.contextmanager
def _metastore(folder: Path) -> Iterator[_Wait]:
    """The metastore that Spark's own JARs bring along, on a database in its memory."""
    (port,) = free_ports(1)
    conf = folder / "metastore"
    conf.mkdir()
    settings = {
        "javax.jdo.option.ConnectionURL": "jdbc:derby:memory:metastore;create=true",
        "datanucleus.schema.autoCreateAll": "true",
        "hive.metastore.schema.verification": "false",
        "hive.metastore.warehouse.dir": f"file:{folder}/warehouse",
        # Spark has no library for it.
        "hive.async.log.enabled": "false",
    }
    items = "".join(
        f"<property><name>{key}</name><value>{escape(value)}</value></property>\n" for key, value in settings.items()
    )
    (conf / "hive-site.xml").write_text(f"<configuration>\n{items}</configuration>\n")
    command = [_java(), *_JAVA, "-cp", f"{conf}:{spark_home('4.0')}/jars/*"]
    log = folder / "metastore.log"
    main = ["org.apache.hadoop.hive.metastore.HiveMetaStore", "-p", str(port)]
    with _running([*command, *main], log, cwd=conf) as process:
        yield lambda: _answering("metastore", port, process, log)


@contextlib.contextmanager
def _running(
    command: Sequence[str | Path], log: Path, *, cwd: str | Path | None = None, uid: int | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """The process of a server, which ends with the context or with the tests."""
    with log.open("wb") as file:
        process = subprocess.Popen(
            command, cwd=cwd, stdin=subprocess.DEVNULL, stdout=file, stderr=file, start_new_session=True, user=uid,
            preexec_fn=die_with_parent,  # noqa: PLW1509 - one system call, before there is any thread
        )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _answering(name: str, port: int, process: subprocess.Popen[bytes], log: Path) -> tuple[str, str]:
    def connects() -> bool:
        try:
            socket.create_connection(("127.0.0.1", port), 5).close()
        except OSError:
            return False
        return True

    _until(connects, process, log)
    return name, f"127.0.0.1:{port}"


def _until(ready: Callable[[], bool], process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + SECONDS
    while not ready():
        assert process.poll() is None, log.read_text()[-8000:]
        assert time.monotonic() < until, log.read_text()[-8000:]
        time.sleep(0.1)


def _postgresql_programs() -> Path | None:
    """Where they are; Debian puts none but the client's on the PATH."""
    if found := shutil.which("postgres"):
        return Path(found).resolve().parent
    return next((path.parent for path in sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))), None)


def _user_for_postgresql() -> int:
    """It refuses to be run by root."""
    return os.getuid() or pwd.getpwnam("nobody").pw_uid


def _java() -> str:
    return find_java(os.environ) or "java"
