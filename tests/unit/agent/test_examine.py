"""What `examine` finds in JARs of every kind."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from sparklineage.agent.companions import NAMES, all_companions, companions
from sparklineage.agent.examine import examine
from sparklineage.config.catalogue import catalogue
from sparklineage.errors import UnsupportedSparkError
from sparklineage.witness import absent_jar_path, jar_path

LISTENER = "io/openlineage/spark/agent/OpenLineageSparkListener.class"
SERVICE = "META-INF/services/io.openlineage.client.transports.TransportBuilder"
TRANSPORTS = "io/openlineage/client/transports"


def java(major: int, rest: bytes = b"") -> bytes:
    return b"\xca\xfe\xba\xbe\x00\x00" + major.to_bytes(2, "big") + rest


def jar(path: Path, entries: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in entries.items():
            file.writestr(name, content)
    return path


AGENT = {
    LISTENER: java(52, b"()Lscala/collection/immutable/Seq;"),
    "io/openlineage/spark/agent/version.properties": b"version=1.53.0",
    SERVICE: b"# ours\nio.openlineage.client.transports.HttpTransportBuilder\n"
    b"io.openlineage.client.transports.KafkaTransportBuilder\nio.openlineage.client.transports.GcsTransportBuilder\n",
    f"{TRANSPORTS}/HttpTransportBuilder.class": java(52),
    f"{TRANSPORTS}/KafkaTransportBuilder.class": java(52),
    "META-INF/versions/17/a/B.class": java(61),
    "module-info.class": java(53),
}


def test_an_agent_with_its_transports_and_what_they_lack(tmp_path: Path) -> None:
    found = examine(jar(tmp_path / "a.jar", AGENT))
    assert (found.kind, found.java, found.usable) == ("agent", 8, True)
    assert found.agent is not None
    assert (found.agent.version, found.agent.scala) == ("1.53.0", "2.13")
    assert found.build == "not that of the published file: repackaged or changed"
    gone = "its class io.openlineage.client.transports.GcsTransportBuilder is not in the JAR."
    assert [(one.name, one.trouble) for one in found.transports] == [
        ("http", None),
        ("kafka", "needs kafka-clients beside it."),
        ("gcs", gone),
    ]
    assert found.notes == (f"gcs: {gone}",)


def test_an_agent_with_the_name_of_another_scala_is_told(tmp_path: Path) -> None:
    found = examine(jar(tmp_path / "openlineage-spark_2.12-1.53.0.jar", AGENT))
    assert found.misnamed == "its name says Scala 2.12, but its classes are for Scala 2.13; rename it."
    assert found.misnamed in found.notes
    assert examine(jar(tmp_path / "openlineage-spark_2.13-1.53.0.jar", AGENT)).misnamed is None


def test_the_highest_class_that_every_java_loads_decides(tmp_path: Path) -> None:
    assert examine(jar(tmp_path / "a.jar", {**AGENT, "x/Y.class": java(61)})).java == 17


def test_a_vendors_build_and_a_relocated_one_are_told(tmp_path: Path) -> None:
    vendors = examine(jar(tmp_path / "datazone-openlineage-spark-1.0.jar", AGENT))
    assert (vendors.kind, vendors.build) == ("agent", "of a vendor (datazone)")
    moved = examine(jar(tmp_path / "m.jar", {f"org/acme/shaded/{LISTENER}": java(52)}))
    assert (moved.kind, moved.build, moved.usable) == ("relocated agent", "relocated below org.acme.shaded", False)
    assert "org.acme.shaded.io.openlineage.spark.agent.OpenLineageSparkListener" in moved.notes[0]


def test_the_stand_in_for_a_missing_agent_is_none() -> None:
    found = examine(absent_jar_path())
    assert (found.kind, found.agent, found.java, found.usable) == ("absent agent", None, 8, False)
    assert found.notes[0].startswith("it stands in for an agent that is missing on a node")


def test_what_goes_along_is_recognised_too(tmp_path: Path) -> None:
    witness = examine(jar_path())
    assert (witness.kind, witness.java) == ("witness", 8)
    builder = "io.openlineage.client.transports.gcs.GcsTransportBuilder"
    gcs = {SERVICE: builder.encode(), f"{builder.replace('.', '/')}.class": java(52)}
    assert examine(jar(tmp_path / "g.jar", gcs)).kind == "transport"
    kafka = {"org/apache/kafka/clients/producer/KafkaProducer.class": java(52)}
    assert examine(jar(tmp_path / "k.jar", kafka)).kind == "kafka-clients"
    client = {**gcs, "io/openlineage/client/OpenLineageClient.class": java(52)}
    assert examine(jar(tmp_path / "c.jar", client)).kind == "client"
    assert not examine(jar(tmp_path / "o.jar", {"a/B.class": java(52)})).usable


def test_damage_anywhere_is_found(tmp_path: Path) -> None:
    """In an entry that has nothing to do with the listener, too."""
    whole = jar(tmp_path / "a.jar", {**AGENT, "zz/data.bin": bytes(range(256)) * 400})
    content = bytearray(whole.read_bytes())
    content[content.index(b"zz/data.bin") + 100] ^= 0xFF
    broken = {"f.jar": bytes(content), "c.jar": bytes(content[:-30]), "e.jar": b"", "p.jar": b"<html>"}
    for name, damaged in broken.items():
        (tmp_path / name).write_bytes(damaged)
        found = examine(tmp_path / name)
        assert (found.kind, found.trouble) == ("damaged", "damaged or cut short, it is no readable JAR.")
    assert examine(tmp_path / "none.jar").kind == "unreadable"
    assert examine(tmp_path).trouble == "cannot be read (Is a directory)."


def test_every_transport_of_the_catalogue_is_answered() -> None:
    """Those that the agent brings along need nothing; the others one JAR of a known name."""
    known = catalogue().find("spark.openlineage.transport.type")
    assert known is not None
    needs = {kind: [artifact.name for artifact in companions(kind)] for kind in known.values}
    assert {kind for kind, names in needs.items() if not names} == {"http", "console", "file", "composite", "transform"}
    assert {name for names in needs.values() for name in names} == set(NAMES)
    assert [artifact.file_name for artifact in all_companions(["composite", "http", "GCS", "gcs"], "1.45.0")] == [
        "transports-gcs-1.45.0.jar"
    ]
    with pytest.raises(UnsupportedSparkError, match=r"transports-datazone came with agent 1\.33\.0, and this one is"):
        companions("amazon_datazone_api", "1.32.0")
