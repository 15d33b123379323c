"""Where files come from: URLs, Maven's settings, redirects, copies on this machine."""

from __future__ import annotations

import hashlib
import logging
from base64 import b64encode
from pathlib import Path

import pytest

from sparklineage.agent.artifact import Artifact
from sparklineage.agent.fetch import fetch
from sparklineage.agent.ivy import Ivy
from sparklineage.agent.maven import maven_settings, mirrors_public
from sparklineage.agent.repository import sources
from sparklineage.agent.source import LocalCopies, Nowhere
from sparklineage.agent.web import Repository, repository
from sparklineage.errors import AgentJarError, ConfigError
from tests.support.repository import CONTENT, Server, good, serve, status

CANARY = "kanarienvogel-7"
LOGIN = "Basic " + b64encode(f"robot:{CANARY}".encode()).decode()


def settings(home: Path, url: str, *, password: str = CANARY, mirror_of: str = "*", extra: str = "") -> None:
    folder = home / ".m2"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "settings.xml").write_text(
        f"""<?xml version="1.0"?>
<settings xmlns="urn:maven:settings:1.2.0">
  {extra}
  <servers><server><id>other</id><username>x</username><password>y</password></server>
    <server><id>corp</id><username>robot</username><password>{password}</password></server></servers>
  <mirrors><mirror><id>snapshots</id><mirrorOf>snapshots</mirrorOf><url>http://127.0.0.1:1/no</url></mirror>
    <mirror><id>corp</id><mirrorOf>{mirror_of}</mirrorOf><url>{url}</url></mirror></mirrors>
</settings>"""
    )


def test_a_mirror_in_mavens_settings_is_used_with_its_password(
    server: Server, artifact: Artifact, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """And the password is nowhere but in the header."""
    caplog.set_level(logging.DEBUG)
    server.offer(artifact, good())
    settings(tmp_path, server.url, password="${env.CORP_PASSWORD}")
    found = sources(home=tmp_path, environ={"CORP_PASSWORD": CANARY})
    fetch(artifact, cache=tmp_path / "cache", sources=found)
    assert {login for _, login in server.requests} == {LOGIN}
    server.offer(artifact, status(403))
    with pytest.raises(AgentJarError) as caught:
        fetch(artifact, cache=tmp_path / "other", sources=found)
    assert f"{server.url}/{artifact.path} refused the user name or password (403)" in str(caught.value)
    written = b"".join(path.read_bytes() for path in (tmp_path / "cache").rglob("*") if path.is_file())
    seen = f"{found!r}{found}{caught.value!r}{caught.value.__context__!r}{caplog.text}{written.decode()}"
    assert CANARY not in seen
    assert LOGIN.split()[1] not in seen


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("{COQLCE6DU6GtcS5P=}", "is encrypted; use --repository instead"),
        ("${env.NOT_SET}", "names a variable that is not set"),
    ],
)
def test_a_password_that_cannot_be_used_is_explained(
    server: Server, artifact: Artifact, tmp_path: Path, password: str, reason: str
) -> None:
    server.offer(artifact, status(401))
    settings(tmp_path, server.url, password=password)
    with pytest.raises(AgentJarError) as caught:
        fetch(artifact, cache=tmp_path / "cache", sources=sources(home=tmp_path, environ={}))
    where = tmp_path / ".m2" / "settings.xml"
    assert f"wants a user name and password (401), and the one in {where} {reason}" in str(caught.value)
    assert password not in str(caught.value)
    assert {login for _, login in server.requests} == {None}


@pytest.mark.parametrize("code", [301, 302, 307])
def test_a_redirect_to_another_host_does_not_get_the_password(
    server: Server, artifact: Artifact, tmp_path: Path, code: int
) -> None:
    with serve() as elsewhere:
        elsewhere.offer(artifact, good())
        server.offer(artifact, status(code, Location=f"{elsewhere.url}/{artifact.path}"))
        source = repository(server.url.replace("http://", f"http://robot:{CANARY}@"))
        fetch(artifact, cache=tmp_path / "cache", sources=[source])
        assert server.requests[0] == (f"/maven2/{artifact.path}", LOGIN)
        assert elsewhere.requests == [(f"/maven2/{artifact.path}", None)]


def test_a_redirect_on_the_same_host_keeps_the_password(server: Server, artifact: Artifact, tmp_path: Path) -> None:
    server.offer(artifact, status(302, Location="/elsewhere/agent.jar"))
    server.replies["/elsewhere/agent.jar"] = [good()]
    fetch(
        artifact,
        cache=tmp_path / "cache",
        sources=[repository(server.url.replace("http://", f"http://robot:{CANARY}@"))],
    )
    assert ("/elsewhere/agent.jar", LOGIN) in server.requests


def test_a_host_that_refuses_is_one_sentence(artifact: Artifact, tmp_path: Path) -> None:
    source = repository(f"http://robot:{CANARY}@127.0.0.1:1/maven2")
    with pytest.raises(AgentJarError, match=r"cannot be reached .*refused") as caught:
        fetch(artifact, cache=tmp_path / "cache", sources=[source])
    assert CANARY not in str(caught.value)


def test_a_folder_is_a_repository(artifact: Artifact, tmp_path: Path) -> None:
    path = tmp_path / "my repo" / artifact.path
    path.parent.mkdir(parents=True)
    path.write_bytes(CONTENT)
    source = repository((tmp_path / "my repo").as_uri())
    assert fetch(artifact, cache=tmp_path / "cache", sources=[source]).read_bytes() == CONTENT
    assert path.read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("repo.example/maven2", "'repo.example/maven2' is no repository URL; it starts with https://, http:// or file://."),
        ("htps://repo.example", "'htps://repo.example' is no repository URL; it starts with https://, http:// or file://."),
        ("https:///maven2", "'https:///maven2' is no repository URL: it names no host."),
        ("https://h:x/", "'https://h:x/' is no repository URL: its host or port cannot be read."),
        ("https://[::1/", "'https://[::1/' is no repository URL: its host or port cannot be read."),
        ("https://h/a b", "'https://h/a b' is no repository URL: it has a blank in it; write %20."),
        ("https://h/?x=1", "'https://h/?x=1' is no repository URL: end it before the '?' or '#'."),
        ("file://srv/maven", "'file://srv/maven' is no folder; write an absolute path, such as file:///srv/maven."),
        ("", "'' is no repository URL; it starts with https://, http:// or file://."),
    ],
)  # fmt: skip
def test_a_wrong_url_is_one_sentence(url: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        repository(url)
    assert str(caught.value) == sentence


def test_a_wrong_url_does_not_show_its_password() -> None:
    with pytest.raises(ConfigError) as caught:
        repository(f"https://robot:{CANARY}@h:x/")
    assert CANARY not in str(caught.value)


def test_a_token_in_the_place_of_the_user_name_is_sent_and_hidden() -> None:
    source = repository(f"https://{CANARY}@h:8443/m/")
    assert (source.url, source.username) == ("https://h:8443/m/", CANARY)
    assert source.password is not None
    assert CANARY not in repr(source)


@pytest.mark.parametrize(
    ("mirror_of", "stands_in"),
    [
        ("*", True),
        ("central", True),
        ("external:*", True),
        ("corp, central", True),
        ("*,!corp", True),
        ("*,!central", False),
        ("snapshots", False),
        ("external:http:*", False),
        ("", False),
    ],
)
def test_which_mirrors_stand_in_for_the_public_repository(mirror_of: str, stands_in: bool) -> None:
    assert mirrors_public(mirror_of) is stands_in


def test_the_settings_of_the_installed_maven_come_second(tmp_path: Path) -> None:
    settings(tmp_path / "home", "https://user/", extra="<localRepository>${user.home}/repo</localRepository>")
    (tmp_path / "maven" / "conf").mkdir(parents=True)
    (tmp_path / "home" / ".m2" / "settings.xml").rename(tmp_path / "maven" / "conf" / "settings.xml")
    environ = {"MAVEN_HOME": str(tmp_path / "maven")}
    found = maven_settings(tmp_path / "home", environ)
    assert found.local == tmp_path / "home" / "repo"
    assert found.mirror is not None
    assert found.mirror.url == "https://user/"
    settings(tmp_path / "home", "https://first/")
    found = maven_settings(tmp_path / "home", environ)
    assert found.mirror is not None
    assert found.mirror.url == "https://first/"


def test_settings_that_are_no_xml_are_one_sentence(tmp_path: Path) -> None:
    (tmp_path / ".m2").mkdir()
    (tmp_path / ".m2" / "settings.xml").write_text("<settings><mirrors></settings>")
    with pytest.raises(ConfigError, match=r"settings\.xml: not XML \(mismatched tag"):
        maven_settings(tmp_path, {})


def test_no_settings_are_no_trouble(tmp_path: Path) -> None:
    found = maven_settings(tmp_path, {"MAVEN_HOME": str(tmp_path / "none")})
    assert found.mirror is None
    assert found.local == tmp_path / ".m2" / "repository"


def place(path: Path, content: bytes = CONTENT) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    "where",
    [
        ".m2/repository/org/example/deep/agent_2.13/1.0.0/agent_2.13-1.0.0.jar",
        ".ivy2/cache/org.example.deep/agent_2.13/jars/agent_2.13-1.0.0.jar",
        ".ivy2.5.2/cache/org.example.deep/agent_2.13/bundles/agent_2.13-1.0.0.jar",
        ".ivy2/jars/org.example.deep_agent_2.13-1.0.0.jar",
    ],
)
def test_a_copy_on_this_machine_is_used_if_its_digest_fits(artifact: Artifact, tmp_path: Path, where: str) -> None:
    path = place(tmp_path / where, b"damaged")
    (local, *_) = sources(home=tmp_path, environ={})
    with pytest.raises(AgentJarError, match="no intact copy on this machine"):
        fetch(artifact, cache=tmp_path / "cache", sources=[local])
    assert path.read_bytes() == b"damaged"
    place(path)
    assert fetch(artifact, cache=tmp_path / "cache", sources=[local]).read_bytes() == CONTENT


def test_an_unpinned_copy_has_to_fit_the_checksum_that_maven_left(artifact: Artifact, tmp_path: Path) -> None:
    unpinned = Artifact(group=artifact.group, name=artifact.name, version=artifact.version, sha512=None)
    local = LocalCopies(maven=tmp_path)
    path = place(tmp_path / artifact.path)
    for checksum in (None, "0" * 40):
        if checksum:
            path.with_name(f"{path.name}.sha1").write_text(checksum)
        with pytest.raises(AgentJarError):
            fetch(unpinned, cache=tmp_path / "cache", sources=[local])
    path.with_name(f"{path.name}.sha1").write_text(hashlib.sha1(CONTENT).hexdigest())  # noqa: S324
    assert fetch(unpinned, cache=tmp_path / "cache", sources=[local]).read_bytes() == CONTENT


def test_the_order_of_places(tmp_path: Path) -> None:
    """A configured repository stands alone; a mirror is not gone around, unless the user's Ivy settings say where."""
    java = place(tmp_path / "jdk" / "bin" / "java")
    environ = {"JAVA_HOME": str(tmp_path / "jdk"), "PATH": ""}

    def kinds(**options: str | Path | None) -> list[type]:
        return [type(source) for source in sources(home=tmp_path, environ=environ, **options)]  # type: ignore[arg-type]

    assert kinds(spark_home=tmp_path) == [LocalCopies, Ivy]
    assert kinds() == [LocalCopies, Nowhere]
    assert kinds(repository="https://h/", spark_home=tmp_path) == [Repository]
    settings(tmp_path, "https://mirror/")
    assert kinds(spark_home=tmp_path) == [LocalCopies, Repository]
    assert kinds(spark_home=tmp_path, ivy_settings=tmp_path / "ivysettings.xml") == [LocalCopies, Repository, Ivy]
    place(tmp_path / ".ivy2" / "ivysettings.xml")
    (*_, ivy) = sources(home=tmp_path, environ=environ, spark_home=tmp_path)
    assert isinstance(ivy, Ivy)
    assert (ivy.java, ivy.settings) == (str(java), tmp_path / ".ivy2" / "ivysettings.xml")
    java.unlink()
    (*_, last) = sources(home=tmp_path, environ=environ, spark_home=tmp_path)
    assert isinstance(last, Nowhere)
    assert "no Java" in last.why
