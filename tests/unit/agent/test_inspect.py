"""Telling an agent JAR from its content. These JARs hold the few entries that matter, as the real ones do."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from sparklineage.agent.inspect import inspect
from sparklineage.errors import AgentJarError, UnsupportedSparkError
from sparklineage.witness import absent_jar_path

LISTENER = "io/openlineage/spark/agent/OpenLineageSparkListener.class"
SCALA_2_12 = b"\xca\xfe\xba\xbe stageIds ()Lscala/collection/Seq; (Lscala/collection/immutable/Seq;)V"
SCALA_2_13 = b"\xca\xfe\xba\xbe stageIds ()Lscala/collection/immutable/Seq; (Lscala/collection/Seq;)V"
MANIFEST = "META-INF/MANIFEST.MF"
PROPERTIES = "io/openlineage/spark/agent/version.properties"


def jar(path: Path, entries: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as file:
        for name, content in entries.items():
            file.writestr(name, content)
    return path


@pytest.mark.parametrize(
    ("name", "entries", "version", "scala", "newest_spark"),
    [
        (
            "agent.jar",
            {LISTENER: SCALA_2_13, PROPERTIES: b"#Tue Sep 01\nversion=1.53.0\n"},
            "1.53.0",
            "2.13",
            "4.3",
        ),
        (
            "agent.jar",
            {LISTENER: SCALA_2_12, MANIFEST: b"Manifest-Version: 1.0\r\nImplementation-Version: 1.37.0\r\n\r\n"},
            "1.37.0",
            "2.12",
            "3.5",
        ),
        ("openlineage-spark_2.13-1.40.0.jar", {LISTENER: b"no such call"}, "1.40.0", "2.13", "4.1"),
        # The name lies; the class is what Spark links.
        ("openlineage-spark_2.13-1.53.0.jar", {LISTENER: SCALA_2_12}, "1.53.0", "2.12", "3.5"),
        ("agent.jar", {LISTENER: b""}, None, None, None),
    ],
)
def test_version_and_scala(
    tmp_path: Path,
    name: str,
    entries: dict[str, bytes],
    version: str | None,
    scala: str | None,
    newest_spark: str | None,
) -> None:
    found = inspect(jar(tmp_path / name, entries))
    assert (found.version, found.scala) == (version, scala)
    assert (found.spark[-1] if found.spark else None) == newest_spark


def test_a_jar_that_does_not_fit_is_refused_by_name(tmp_path: Path) -> None:
    path = jar(tmp_path / "agent.jar", {LISTENER: SCALA_2_12, PROPERTIES: b"version=1.53.0"})
    found = inspect(path)
    found.require("3.5.9", "2.12.18")
    with pytest.raises(UnsupportedSparkError) as caught:
        found.require("4.2.0", "2.13")
    assert str(caught.value) == (
        f"{path}: This agent is built for Scala 2.12, and this Spark (4.2.0) runs Scala 2.13. "
        "Leave it out to get one that fits, or use --force."
    )


def test_what_is_no_agent_is_one_sentence(tmp_path: Path) -> None:
    other = jar(tmp_path / "other.jar", {"a/B.class": b""})
    whole = jar(tmp_path / "whole.jar", {LISTENER: SCALA_2_13 * 1000, PROPERTIES: b"version=1.53.0"})
    cut = tmp_path / "cut.jar"
    cut.write_bytes(whole.read_bytes()[:-40])
    flipped = bytearray(whole.read_bytes())
    flipped[5000] ^= 0xFF
    changed = tmp_path / "changed.jar"
    changed.write_bytes(flipped)
    (tmp_path / "empty.jar").touch()
    (tmp_path / "page.jar").write_text("<html>Sign in</html>")
    damaged = "damaged or cut short, it is no readable JAR; fetch it again."
    for name, sentence in {
        "other.jar": "not an agent JAR, it has no class io.openlineage.spark.agent.OpenLineageSparkListener.",
        "cut.jar": damaged,
        "changed.jar": damaged,
        "empty.jar": damaged,
        "page.jar": damaged,
        "gone.jar": "there is no such file; give the path of an agent JAR.",
        ".": "cannot be read (Is a directory).",
    }.items():
        with pytest.raises(AgentJarError) as caught:
            inspect(tmp_path / name)
        assert str(caught.value) == f"{tmp_path / name}: {sentence}"
    assert other.exists()


def test_a_repackaged_jar_is_told_from_the_published_one(tmp_path: Path) -> None:
    changed = jar(tmp_path / "a.jar", {LISTENER: SCALA_2_13, PROPERTIES: b"version=1.53.0"})
    assert inspect(changed).digest_state() == "not that of the published file: repackaged or changed"
    unlisted = jar(tmp_path / "b.jar", {LISTENER: SCALA_2_13, PROPERTIES: b"version=1.45.0"})
    assert inspect(unlisted).digest_state() == "not known for this version"


def test_the_stand_in_for_a_missing_agent_is_refused() -> None:
    with pytest.raises(AgentJarError) as caught:
        inspect(absent_jar_path())
    sentence = "stands in for a missing agent and is none; give the path of an agent JAR."
    assert str(caught.value) == f"{absent_jar_path()}: {sentence}"
