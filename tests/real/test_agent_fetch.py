"""The Ivy inside a real Spark, the public repository, and the JARs that were really published."""

from __future__ import annotations

import hashlib
import os
import sys
import time
from pathlib import Path

import pytest

from sparklineage.agent.artifact import Artifact
from sparklineage.agent.fetch import fetch
from sparklineage.agent.inspect import inspect
from sparklineage.agent.ivy import Ivy, find_java
from sparklineage.agent.releases import choose, unchecked
from sparklineage.agent.repository import sources
from sparklineage.errors import AgentJarError
from sparklineage.submit.spark import find_spark
from tests.support.repository import CONTENT, good, serve

pytestmark = pytest.mark.spark


@pytest.fixture(scope="module")
def spark_home() -> Path:
    return find_spark(os.environ, home=None, python=Path(sys.executable)).home


@pytest.fixture
def artifact() -> Artifact:
    digest = hashlib.sha512(CONTENT).hexdigest()
    return Artifact(group="org.example.deep", name="agent_2.13", version="1.0.0", sha512=digest)


@pytest.mark.parametrize("scala", ["2.12", "2.13"])
def test_the_agent_comes_through_the_ivy_of_spark(spark_home: Path, tmp_path: Path, scala: str) -> None:
    """With an empty home folder, so that neither Maven nor Ivy has a copy; the pinned digest fits."""
    found = sources(home=tmp_path / "home", environ=dict(os.environ), spark_home=spark_home)
    assert isinstance(found[-1], Ivy)
    artifact = choose("3.5.9", scala)
    seen: list[tuple[int, int | None]] = []
    begin = time.monotonic()
    path = fetch(artifact, cache=tmp_path, sources=found, progress=lambda *step: seen.append(step))
    print(f"{artifact.coordinates}: {time.monotonic() - begin:.1f} s, {len(seen)} steps")
    jar = inspect(path)
    assert (jar.version, jar.scala) == (artifact.version, scala)
    assert jar.digest_state() == "as published"
    begin = time.monotonic()
    assert fetch(artifact, cache=tmp_path, sources=[]) == path
    assert time.monotonic() - begin < 0.05
    assert not list((tmp_path / "jars").rglob(".part-*"))


def test_a_version_that_is_not_pinned_is_checked_against_the_published_digest(spark_home: Path, tmp_path: Path) -> None:
    """1.32.0 is listed; without its pin the digest comes from the repository, and is the same."""
    pinned = unchecked("2.13", "1.32.0")
    artifact = Artifact(group=pinned.group, name=pinned.name, version=pinned.version, sha512=None)
    found = sources(home=tmp_path / "home", environ=dict(os.environ), spark_home=spark_home)
    path = fetch(artifact, cache=tmp_path, sources=found)
    assert fetch(pinned, cache=tmp_path, sources=[]) == path


def test_a_version_that_does_not_exist_is_one_sentence(spark_home: Path, tmp_path: Path) -> None:
    found = sources(home=tmp_path / "home", environ=dict(os.environ), spark_home=spark_home)
    with pytest.raises(AgentJarError) as caught:
        fetch(unchecked("2.13", "1.99.0"), cache=tmp_path, sources=found)
    assert "Ivy: io.openlineage#openlineage-spark_2.13;1.99.0: not found." in str(caught.value)


def test_the_users_ivy_settings_decide_where_it_comes_from(
    spark_home: Path, tmp_path: Path, artifact: Artifact
) -> None:
    java = find_java(os.environ)
    assert java is not None
    pom = artifact.path.with_suffix(".pom")
    with serve() as server:
        server.offer(artifact, good())
        server.replies[f"/maven2/{pom}"] = [
            good(
                f"<project><modelVersion>4.0.0</modelVersion><groupId>{artifact.group}</groupId>"
                f"<artifactId>{artifact.name}</artifactId><version>{artifact.version}</version></project>".encode()
            )
        ]
        settings = tmp_path / "ivysettings.xml"
        settings.write_text(
            '<ivysettings><settings defaultResolver="corp"/><resolvers>'
            f'<ibiblio name="corp" m2compatible="true" root="{server.url}/"/></resolvers></ivysettings>'
        )
        found = sources(home=tmp_path / "home", environ=dict(os.environ), spark_home=spark_home, ivy_settings=settings)
        assert fetch(artifact, cache=tmp_path / "cache", sources=found).read_bytes() == CONTENT
        assert server.asked(".jar") == 1


def test_a_copy_in_mavens_local_repository_needs_no_network(tmp_path: Path) -> None:
    artifact = choose("4.2.0", "2.13")
    home = Path.home()
    if not (home / ".m2" / "repository" / artifact.path).is_file():
        pytest.skip(f"Maven has no {artifact.file_name} here")
    begin = time.monotonic()
    path = fetch(artifact, cache=tmp_path, sources=sources(home=home, environ={})[:1])
    print(f"{artifact.coordinates}: {time.monotonic() - begin:.2f} s")
    assert inspect(path).digest_state() == "as published"
