"""`sparklineage agent`, through the program's own entrance."""

from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path

import pytest

from sparklineage.cli.main import main
from sparklineage.cli.progress import Progress
from tests.support.repository import CONTENT, Server, good

JAR = "openlineage-spark_2.12-1.45.0.jar"
PATH = f"/maven2/io/openlineage/openlineage-spark_2.12/1.45.0/{JAR}"


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"HOME": str(tmp_path), "PATH": ""}


def offer(server: Server) -> None:
    """A version that is not listed, so that the repository's own digest decides and the content is free."""
    server.replies[PATH] = [good()]
    server.replies[f"{PATH}.sha512"] = [good(hashlib.sha512(CONTENT).hexdigest().encode())]


FETCH = ["agent", "fetch", "--version", "1.45.0", "--scala", "2.12"]


def test_fetch_prints_the_path_alone_and_says_once_that_it_fetches(
    server: Server, environ: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    offer(server)
    assert main([*FETCH, "--repository", server.url], environ) == 0
    out, err = capsys.readouterr()
    path = Path(out.removesuffix("\n"))
    assert path.is_relative_to(tmp_path / ".cache" / "sparklineage")
    assert path.read_bytes() == CONTENT
    assert err == f"sparklineage: fetching {JAR} (0.3 MB)\n"
    assert main([*FETCH, "--repository", server.url], environ) == 0
    assert capsys.readouterr() == (out, "")


def test_the_repository_may_stand_in_the_environment_and_the_jar_go_elsewhere(
    server: Server, environ: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    offer(server)
    cache, out = tmp_path / "c", tmp_path / "out" / "jars"
    environ |= {"SPARKLINEAGE_REPOSITORY": server.url, "SPARKLINEAGE_CACHE": str(cache)}
    assert main([*FETCH, "--out", str(out)], environ) == 0
    assert capsys.readouterr().out == f"{out / JAR}\n"
    assert (out / JAR).read_bytes() == CONTENT
    assert [path.name for path in out.iterdir()] == [JAR]
    assert main([*FETCH, "--out", str(out / JAR)], environ) == 73
    assert f"--out {out / JAR}: cannot be written (File exists)" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "status", "sentence"),
    [
        (["--spark-version", "4.2.0", "--version", "1.37.0"], 72, "Agent 1.37.0 does not work with Spark 4.2.0"),
        (["--spark-version", "4.0.0", "--scala", "2.12"], 72, "No known agent works with Spark 4.0.0 (Scala 2.12)"),
        (["--version", "1.5x"], 2, "'1.5x' is no agent version"),
        (["--scala", "2.11"], 2, "--scala takes 2.12 or 2.13, not '2.11'"),
        (["--spark-home", "/nowhere"], 71, "--spark-home is /nowhere, where there is no bin/spark-submit"),
        (["--scala", "2.12", "--repository", "ftp://x"], 64, "'ftp://x' is no repository URL"),
        (
            ["--spark-version", "4.4.0", "--force", "--repository", "file:///nowhere"],
            73,
            "openlineage-spark_2.13:1.53.0",
        ),
    ],
)
def test_what_is_wrong_is_one_sentence(
    environ: dict[str, str], capsys: pytest.CaptureFixture[str], options: list[str], status: int, sentence: str
) -> None:
    assert main(["agent", "fetch", *options], environ) == status
    out, err = capsys.readouterr()
    assert out == ""
    assert sentence in err
    assert err.count("\n") == 1


def test_releases_lists_what_runs_on_what(environ: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["agent", "releases"], environ) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["version", "Scala", "Spark", "size"]
    assert "1.53.0 (default)  2.13   3.2 to 3.5, 4.0 to 4.3  43.0 MB" in lines


def test_inspect_tells_what_a_jar_is(
    environ: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "agent.jar"
    with zipfile.ZipFile(path, "w") as jar:
        jar.writestr("io/openlineage/spark/agent/OpenLineageSparkListener.class", b"()Lscala/collection/Seq;")
        jar.writestr("io/openlineage/spark/agent/version.properties", "version=1.45.0")
    assert main(["agent", "inspect", str(path)], environ) == 0
    assert capsys.readouterr().out.splitlines() == [
        "version  1.45.0",
        "Scala    2.12",
        "Spark    3.2 to 3.5",
        "digest   not known for this version",
    ]
    assert main(["agent", "inspect", str(tmp_path / "none.jar")], environ) == 73


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_gets_a_bar() -> None:
    terminal = Terminal()
    with Progress("a.jar", terminal) as progress:
        for done in (0, 500_000, 1_000_000):
            progress(done, 1_000_000)
    states = terminal.getvalue().split("\r")[1:]
    assert states[0] == f"a.jar [{' ' * 30}] 0.0 of 1.0 MB"
    assert states[1] == f"a.jar [{'#' * 15}{' ' * 15}] 0.5 of 1.0 MB"
    assert states[2] == f"a.jar [{'#' * 30}] 1.0 of 1.0 MB\n"


def test_a_bar_without_a_known_size_counts() -> None:
    terminal = Terminal()
    with Progress("a.jar", terminal) as progress:
        progress(2_500_000, None)
    assert terminal.getvalue() == "\ra.jar 2.5 MB\n"


def test_nothing_fetched_is_nothing_said() -> None:
    for stream in (Terminal(), io.StringIO()):
        with Progress("a.jar", stream):
            pass
        assert stream.getvalue() == ""
