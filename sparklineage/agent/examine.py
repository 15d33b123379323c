"""Everything that a JAR tells about itself: read whole, every checksum in it checked."""

from __future__ import annotations

import zipfile
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sparklineage.agent.inspect import AbsentAgentError, AgentJar, inspect
from sparklineage.agent.names import LISTENER, agent_name
from sparklineage.agent.transports import TransportInside, transports_in
from sparklineage.errors import AgentJarError

if TYPE_CHECKING:
    from pathlib import Path

_LISTENER = f"{LISTENER.replace('.', '/')}.class"
_WITNESS = "io/sparklineage/Witness.class"
_KAFKA = "org/apache/kafka/clients/producer/KafkaProducer.class"
_JAVA_OF_MAJOR = 44
_CLIENT = "io/openlineage/client/OpenLineageClient.class"
_MAGIC = b"\xca\xfe\xba\xbe"


@dataclass(frozen=True, kw_only=True)
class Examined:
    """What one JAR is."""

    path: Path
    kind: str
    """`agent`, `absent agent` (a stand-in for a missing one), `relocated agent`, `witness`, `transport`,
    `kafka-clients`, `client` (OpenLineage's Java client without the listener), `other`, `damaged` or `unreadable`."""
    trouble: str | None = None
    """Why it is damaged or cannot be read, a sentence."""
    agent: AgentJar | None = None
    build: str | None = None
    """Whether an agent is the published file, in words."""
    java: int | None = None
    """The oldest Java that loads all of its classes, such as 8."""
    transports: tuple[TransportInside, ...] = ()
    notes: tuple[str, ...] = field(default=())
    """What will not work, a sentence each."""
    misnamed: str | None = None
    """Why the name of an agent misleads, a sentence: what reads the name alone puts it where it ends every job."""

    @property
    def usable(self) -> bool:
        """Whether it is an intact JAR that lineage needs."""
        return self.kind in {"agent", "witness", "transport", "kafka-clients"}


def examine(path: Path) -> Examined:
    """Takes about two seconds for an agent; never raises for a file, whatever is in it."""
    try:
        with zipfile.ZipFile(path) as jar:
            java = _java(jar)
            names = frozenset(jar.namelist())
            inside = transports_in(jar, names)
    except FileNotFoundError:
        return Examined(path=path, kind="unreadable", trouble="there is no such file.")
    except (zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, EOFError, NotImplementedError, ValueError,
            RuntimeError):  # fmt: skip
        return Examined(path=path, kind="damaged", trouble="damaged or cut short, it is no readable JAR.")
    except OSError as error:
        return Examined(path=path, kind="unreadable", trouble=f"cannot be read ({error.strerror or error}).")
    if _LISTENER in names:
        return _agent(path, java, inside)
    relocated = sorted(name for name in names if name.endswith(f"/{_LISTENER}"))
    if relocated:
        prefix = relocated[0].removesuffix(_LISTENER).rstrip("/").replace("/", ".")
        note = f"its listener is {prefix}.{LISTENER}: spark.extraListeners has to name that class."
        return Examined(path=path, kind="relocated agent", build=f"relocated below {prefix}", java=java,
                        transports=inside, notes=(note,))  # fmt: skip
    kind = "other"
    if _WITNESS in names:
        kind = "witness"
    elif _CLIENT in names:
        kind = "client"
    elif inside:
        kind = "transport"
    elif _KAFKA in names:
        kind = "kafka-clients"
    return Examined(path=path, kind=kind, java=java, transports=inside)


def _agent(path: Path, java: int | None, inside: tuple[TransportInside, ...]) -> Examined:
    try:
        agent = inspect(path)
    except AbsentAgentError:
        note = "it stands in for an agent that is missing on a node: Spark passes it over, and there is no lineage."
        return Examined(path=path, kind="absent agent", java=java, transports=inside, notes=(note,))
    except AgentJarError as error:
        return Examined(path=path, kind="damaged", trouble=str(error).removeprefix(f"{path}: "))
    notes = [f"{one.name}: {one.trouble}" for one in inside if one.trouble and one.name != "kafka"]
    if not inside:
        notes.append("it registers no transport, as JARs do that lost META-INF/services: it may send nothing.")
    build = f"of a vendor ({path.name.partition('-')[0]})" if _is_vendors(path) else agent.digest_state()
    misnamed = _misnamed(agent)
    notes += [misnamed] if misnamed else []
    return Examined(path=path, kind="agent", agent=agent, build=build, java=java, transports=inside,
                    notes=tuple(notes), misnamed=misnamed)  # fmt: skip


def _misnamed(agent: AgentJar) -> str | None:
    named = agent_name(agent.path.name)
    if named is None or None in (named.scala, agent.scala) or named.scala == agent.scala:
        return None
    return f"its name says Scala {named.scala}, but its classes are for Scala {agent.scala}; rename it."


def _is_vendors(path: Path) -> bool:
    """AWS names its build `datazone-openlineage-spark`; its classes are in the same package as the public ones."""
    return "openlineage-spark" in path.name and not path.name.startswith("openlineage-spark")


def _java(jar: zipfile.ZipFile) -> int | None:
    """The oldest Java for all classes; reads every entry to its end, which checks its CRC. Raises BadZipFile."""
    highest = 0
    for entry in jar.infolist():
        with jar.open(entry) as file:
            head = file.read(8)
            while file.read(1 << 20):
                pass
        if _is_loaded(entry.filename) and head[:4] == _MAGIC and len(head) == 8:
            highest = max(highest, int.from_bytes(head[6:8], "big"))
    return highest - _JAVA_OF_MAJOR if highest > _JAVA_OF_MAJOR else None


def _is_loaded(name: str) -> bool:
    """Whether every Java may load this class: not those below META-INF/versions, which are for newer ones."""
    return name.endswith(".class") and not name.startswith("META-INF/") and name != "module-info.class"
