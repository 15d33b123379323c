"""Running Ivy: what it is told, and what is made of its failures. A shell script stands in for `java`."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from sparklineage.agent.artifact import Artifact
from sparklineage.agent.fetch import fetch
from sparklineage.agent.ivy import Ivy, find_java, proxy_options, reason
from sparklineage.errors import AgentJarError
from tests.support.repository import CONTENT


def ivy(folder: Path, script: str, *, stall: float = 20.0) -> Ivy:
    java = folder / "java"
    java.write_text(f"#!/bin/bash\n{script}\n")
    java.chmod(0o755)
    (folder / "jars").mkdir()
    (folder / "jars" / "ivy-2.5.3.jar").touch()
    return Ivy(spark_home=folder, java=str(java), environ={"PATH": "/usr/bin:/bin"}, stall=stall)


def test_what_ivy_retrieves_is_checked_and_kept(artifact: Artifact, tmp_path: Path) -> None:
    """The script writes where the retrieve pattern says, and its arguments beside it."""
    (tmp_path / "content").write_bytes(CONTENT)
    source = ivy(
        tmp_path,
        f"""printf '%s\\n' "$@" > {tmp_path}/argv
while [ $# -gt 1 ]; do [ "$1" = -ivy ] && cp "$2" {tmp_path}/module; shift; done
mkdir -p "${{1%/*}}" && cp {tmp_path}/content "${{1%/*}}/agent_2.13-1.0.0.jar" """,
    )
    path = fetch(artifact, cache=tmp_path / "cache", sources=[source])
    assert path.read_bytes() == CONTENT
    argv = (tmp_path / "argv").read_text().splitlines()
    assert argv[:3] == ["-cp", str(tmp_path / "jars" / "ivy-2.5.3.jar"), "org.apache.ivy.Main"]
    module = (tmp_path / "module").read_text()
    assert 'org="org.example.deep" name="agent_2.13" rev="1.0.0" transitive="false"' in module
    assert "sha512" not in module
    assert [item.name for item in path.parent.iterdir() if item.is_dir()] == []


def test_a_failure_of_ivy_is_its_own_error_line(artifact: Artifact, tmp_path: Path) -> None:
    source = ivy(tmp_path, "echo ':: problems summary ::'; echo ':::: ERRORS'; echo '  Server is down'; exit 1")
    with pytest.raises(AgentJarError, match=r"Ivy: Server is down\. Name a repository"):
        fetch(artifact, cache=tmp_path / "cache", sources=[source])


def test_ivy_without_progress_is_stopped(artifact: Artifact, tmp_path: Path) -> None:
    source = ivy(tmp_path, "exec sleep 60", stall=0.3)
    begin = time.monotonic()
    with pytest.raises(AgentJarError, match=r"Ivy received nothing for 0\.3 s"):
        fetch(artifact, cache=tmp_path / "cache", sources=[source])
    assert time.monotonic() - begin < 10


def test_ivy_keeps_to_the_limit_of_the_whole_fetch(artifact: Artifact, tmp_path: Path) -> None:
    source = ivy(tmp_path, "exec sleep 60")
    begin = time.monotonic()
    with pytest.raises(AgentJarError, match=r"Ivy sent too little in 0\.3 s"):
        fetch(artifact, cache=tmp_path / "cache", sources=[source], limit=0.3)
    assert time.monotonic() - begin < 5


def test_no_java_to_start_and_no_ivy_are_one_sentence(artifact: Artifact, tmp_path: Path) -> None:
    source = ivy(tmp_path, "")
    (tmp_path / "java").unlink()
    with pytest.raises(AgentJarError, match=r"java cannot be started \(No such file or directory\)"):
        fetch(artifact, cache=tmp_path / "cache", sources=[source])
    (tmp_path / "jars" / "ivy-2.5.3.jar").unlink()
    with pytest.raises(AgentJarError, match="there is no Ivy in "):
        fetch(artifact, cache=tmp_path / "cache", sources=[source])


NOT_FOUND = """:: problems summary ::
:::: WARNINGS
\t\tmodule not found: org#name;1.0
\t\t::::::::::::::::::::::::::::::::::::::::::::::
\t\t::          UNRESOLVED DEPENDENCIES         ::
\t\t::::::::::::::::::::::::::::::::::::::::::::::
\t\t:: org#name;1.0: not found
\t\t::::::::::::::::::::::::::::::::::::::::::::::
"""
REFUSED = """
:::: ERRORS
\tServer access error at url https://u:geheim@h/x.pom (java.net.ConnectException: Connection refused)

:: USE VERBOSE OR DEBUG MESSAGE LEVEL FOR MORE DETAILS
"""


@pytest.mark.parametrize(
    ("log", "expected"),
    [
        (NOT_FOUND, "org#name;1.0: not found"),
        (
            NOT_FOUND + REFUSED,
            "Server access error at url https://********@h/x.pom (java.net.ConnectException: Connection refused)",
        ),
        ("\t[FAILED     ] org#name;1.0!name.jar: invalid sha1 (5ms)", "org#name;1.0!name.jar: invalid sha1 (5ms)"),
        ("Error: Could not find or load main class x", "Error: Could not find or load main class x"),
        ("one\nlast words\n\n", "last words"),
        ("", "failed without a word"),
    ],
)
def test_why_ivy_failed(log: str, expected: str) -> None:
    assert reason(log) == expected


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, []),
        ({"HTTPS_PROXY": "http://proxy:3128"}, ["-Dhttps.proxyHost=proxy", "-Dhttps.proxyPort=3128"]),
        ({"http_proxy": "proxy"}, ["-Dhttp.proxyHost=proxy", "-Dhttp.proxyPort=80"]),
        ({"HTTPS_PROXY": "http://u:geheim@proxy:3128/"}, ["-Dhttps.proxyHost=proxy", "-Dhttps.proxyPort=3128"]),
        (
            {"https_proxy": "http://p:1", "NO_PROXY": "localhost, .corp, *.x"},
            [
                "-Dhttps.proxyHost=p",
                "-Dhttps.proxyPort=1",
                "-Dhttp.nonProxyHosts=localhost|*.localhost|corp|*.corp|*.x",
            ],
        ),
        ({"NO_PROXY": "localhost"}, []),
        ({"HTTPS_PROXY": "http://p:nonsense"}, []),
    ],
)
def test_proxies_are_told_to_java_without_passwords(environ: dict[str, str], expected: list[str]) -> None:
    assert proxy_options(environ) == expected


def test_java_home_comes_before_path(tmp_path: Path) -> None:
    for folder in ("home/bin", "path"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "java").write_text("")
        (tmp_path / folder / "java").chmod(0o755)
    path = str(tmp_path / "path")
    assert find_java({"JAVA_HOME": str(tmp_path / "home"), "PATH": path}) == str(tmp_path / "home/bin/java")
    assert find_java({"JAVA_HOME": str(tmp_path / "gone"), "PATH": path}) == str(tmp_path / "path/java")
    assert find_java({"PATH": ""}) is None
