"""Which transports a JAR registers, and whether each has what it needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import zipfile
    from collections.abc import Collection

_SERVICES, _SERVICE = "META-INF/services/", "io.openlineage.client.transports.TransportBuilder"
_TYPES = {"amazondatazone": "amazon_datazone_api"}
_LONGEST = 100_000
_KAFKA = "org/apache/kafka/clients/producer/KafkaProducer.class"


@dataclass(frozen=True, kw_only=True)
class TransportInside:
    """One entry of the JAR's services."""

    name: str
    """The type as `transport.type` says it, such as `http`."""
    builder: str
    """The class that makes it."""
    trouble: str | None = None
    """What is missing for it."""


def transports_in(jar: zipfile.ZipFile, names: Collection[str]) -> tuple[TransportInside, ...]:
    """In the order of the services file; `names` are the JAR's entries.

    A relocated build's file names the service by its own package, so the end of the name decides.
    """
    files = sorted(name for name in names if name.startswith(_SERVICES) and name.endswith(_SERVICE))
    found = {}
    for file in files:
        with jar.open(file) as content:
            lines = content.read(_LONGEST).decode("utf-8", "replace").splitlines()
        for line in lines:
            builder = line.partition("#")[0].strip()
            if builder:
                found[builder] = _transport(builder, names)
    return tuple(found.values())


def _transport(builder: str, names: Collection[str]) -> TransportInside:
    short = builder.rpartition(".")[2].removesuffix("TransportBuilder").lower()
    trouble = None
    if f"{builder.replace('.', '/')}.class" not in names:
        trouble = f"its class {builder} is not in the JAR."
    elif short == "kafka" and _KAFKA not in names:
        trouble = "needs kafka-clients beside it."
    return TransportInside(name=_TYPES.get(short, short), builder=builder, trouble=trouble)
