"""Logins from the environment and from netrc files, and proxies; none of them is shown anywhere."""

from __future__ import annotations

from base64 import b64encode
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from sparklineage.agent.artifact import Artifact
from sparklineage.agent.fetch import fetch
from sparklineage.agent.repository import sources
from sparklineage.errors import AgentJarError, ConfigError
from tests.support.repository import CONTENT, Server, good, serve, status

CANARY = "kanarienvogel-8"
LOGIN = "Basic " + b64encode(f"robot:{CANARY}".encode()).decode()
VARIABLES = {"SPARKLINEAGE_REPOSITORY_USERNAME": "robot", "SPARKLINEAGE_REPOSITORY_PASSWORD": CANARY}


def test_the_two_variables_log_in_to_the_configured_repository(
    server: Server, artifact: Artifact, tmp_path: Path
) -> None:
    server.offer(artifact, good())
    found = sources(home=tmp_path, environ=VARIABLES, repository=server.url)
    fetch(artifact, cache=tmp_path / "cache", sources=found)
    assert {login for _, login in server.requests} == {LOGIN}
    assert CANARY not in f"{found!r}{found}"
    server.offer(artifact, status(401))
    with pytest.raises(AgentJarError) as caught:
        fetch(artifact, cache=tmp_path / "other", sources=found)
    assert "refused the user name or password (401)" in str(caught.value)
    assert CANARY not in f"{caught.value!r}"


def test_no_mirror_gets_what_belongs_to_the_configured_repository(
    server: Server, artifact: Artifact, tmp_path: Path
) -> None:
    server.offer(artifact, good())
    (tmp_path / ".m2").mkdir()
    mirror = f"<mirror><id>m</id><mirrorOf>*</mirrorOf><url>{server.url}</url></mirror>"
    (tmp_path / ".m2" / "settings.xml").write_text(f"<settings><mirrors>{mirror}</mirrors></settings>")
    fetch(artifact, cache=tmp_path / "cache", sources=sources(home=tmp_path, environ=VARIABLES))
    assert {login for _, login in server.requests} == {None}


@pytest.mark.parametrize("where", [".netrc", "elsewhere"])
def test_a_netrc_file_logs_in(server: Server, artifact: Artifact, tmp_path: Path, where: str) -> None:
    server.offer(artifact, good())
    file = tmp_path / where
    file.write_text(f"machine other.example login x password y\nmachine 127.0.0.1 login robot password {CANARY}\n")
    file.chmod(0o600)
    environ = {} if where == ".netrc" else {"NETRC": str(file)}
    fetch(artifact, cache=tmp_path / "cache", sources=sources(home=tmp_path, environ=environ, repository=server.url))
    assert {login for _, login in server.requests} == {LOGIN}


def test_a_broken_netrc_file_is_named_without_its_words(tmp_path: Path) -> None:
    (tmp_path / ".netrc").write_text(f"machine h login robot\n{CANARY}\n")
    with pytest.raises(ConfigError) as caught:
        sources(home=tmp_path, environ={}, repository="https://h/maven2")
    assert str(caught.value) == f"{tmp_path / '.netrc'}: not a netrc file; write `machine HOST login USER password …`."


def test_a_password_without_a_user_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match="PASSWORD is set and SPARKLINEAGE_REPOSITORY_USERNAME is not; set both"
    ) as it:
        sources(home=tmp_path, environ={"SPARKLINEAGE_REPOSITORY_PASSWORD": CANARY}, repository="https://h/")
    assert CANARY not in str(it.value)


def test_a_proxy_is_gone_through(artifact: Artifact, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The proxy gets the whole URL, and its own login."""
    logins: list[str | None] = []

    def answer(request: BaseHTTPRequestHandler) -> None:
        logins.append(request.headers.get("Proxy-Authorization"))
        good()(request)

    for name in ("no_proxy", "NO_PROXY", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with serve() as proxy:
        url = f"http://repository.example/maven2/{artifact.path}"
        proxy.replies[url] = [answer]
        host = proxy.url.removesuffix("/maven2").removeprefix("http://")
        monkeypatch.setenv("http_proxy", f"http://robot:{CANARY}@{host}")
        found = sources(home=tmp_path, environ={}, repository="http://repository.example/maven2")
        assert fetch(artifact, cache=tmp_path / "cache", sources=found).read_bytes() == CONTENT
    assert logins == [LOGIN]
