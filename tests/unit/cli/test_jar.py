"""`sparklineage jar`, through the program's own entrance."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from sparklineage.cli.main import main
from sparklineage.cli.progress import Progress, Together
from tests.support.repository import CONTENT, Server, good, serve

JAR = "openlineage-spark_2.12-1.45.0.jar"
PATH = f"/maven2/io/openlineage/openlineage-spark_2.12/1.45.0/{JAR}"


@pytest.fixture
def server() -> Iterator[Server]:
    with serve() as running:
        yield running


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"HOME": str(tmp_path), "PATH": ""}


def offer(server: Server) -> None:
    """A version that is not listed, so that the repository's own digest decides and the content is free."""
    server.replies[PATH] = [good()]
    server.replies[f"{PATH}.sha512"] = [good(hashlib.sha512(CONTENT).hexdigest().encode())]


FETCH = ["jar", "fetch", "--version", "1.45.0", "--scala", "2.12"]


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
        (["--spark", "4.2.0", "--version", "1.37.0"], 72, "Agent 1.37.0 does not work with Spark 4.2.0"),
        (["--spark", "4.0.0", "--scala", "2.12"], 72, "No known agent works with Spark 4.0.0 (Scala 2.12)"),
        (["--version", "1.5x"], 2, "'1.5x' is no agent version"),
        (["--scala", "2.11"], 2, "--scala takes 2.12 or 2.13, not '2.11'"),
        (["--spark-home", "/nowhere"], 71, "--spark-home is /nowhere, where there is no bin/spark-submit"),
        (["--scala", "2.12", "--repository", "ftp://x"], 64, "'ftp://x' is no repository URL"),
        (
            ["--spark", "4.4.0", "--force", "--repository", "file:///nowhere"],
            73,
            "openlineage-spark_2.13:1.53.0",
        ),
    ],
)
def test_what_is_wrong_is_one_sentence(
    environ: dict[str, str], capsys: pytest.CaptureFixture[str], options: list[str], status: int, sentence: str
) -> None:
    assert main(["jar", "fetch", *options], environ) == status
    out, err = capsys.readouterr()
    assert out == ""
    assert sentence in err
    assert err.count("\n") == 1


def offer_both(server: Server) -> None:
    """Version 1.45.0, which is not pinned, for both Scalas."""
    for scala in ("2.12", "2.13"):
        name = f"openlineage-spark_{scala}"
        path = f"/maven2/io/openlineage/{name}/1.45.0/{name}-1.45.0.jar"
        server.replies[path] = [good(scala.encode() * 5000)]
        server.replies[f"{path}.sha512"] = [good(hashlib.sha512(scala.encode() * 5000).hexdigest().encode())]


BOTH = ["jar", "fetch", "--version", "1.45.0", "--scala", "2.12", "--scala", "2.13"]


def test_several_are_fetched_and_locked_and_had_again_from_the_lock(
    server: Server, environ: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A machine with the lock gets the same bytes, and refuses others."""
    offer_both(server)
    lock = tmp_path / "sparklineage.lock"
    assert main([*BOTH, "--repository", server.url, "--lock", str(lock)], environ) == 0
    names = [Path(line).name for line in capsys.readouterr().out.splitlines()]
    assert names == ["openlineage-spark_2.12-1.45.0.jar", "openlineage-spark_2.13-1.45.0.jar"]
    assert json.loads(lock.read_text()) == {
        "version": 1,
        "artifacts": [
            {
                "coordinates": f"io.openlineage:openlineage-spark_{scala}:1.45.0",
                "sha512": hashlib.sha512(scala.encode() * 5000).hexdigest(),
                "size": 20000,
            }
            for scala in ("2.12", "2.13")
        ],
    }
    elsewhere = environ | {"SPARKLINEAGE_CACHE": str(tmp_path / "other")}
    assert main(["jar", "fetch", "--locked", str(lock), "--repository", server.url], elsewhere) == 0
    assert [Path(line).name for line in capsys.readouterr().out.splitlines()] == names
    changed = good(b"changed")
    server.replies[PATH] = [changed]
    server.replies[f"{PATH}.sha512"] = [good(hashlib.sha512(b"changed").hexdigest().encode())]
    third = environ | {"SPARKLINEAGE_CACHE": str(tmp_path / "third")}
    assert main(["jar", "fetch", "--locked", str(lock), "--repository", server.url], third) == 74
    assert "has the wrong SHA-512, twice" in capsys.readouterr().err


def test_a_lock_that_differs_at_the_end_is_told_with_all_that_it_takes(
    server: Server, environ: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The repository publishes the digest of what it has: it is not the only one to ask."""
    offer_both(server)
    lock = tmp_path / "sparklineage.lock"
    assert main([*BOTH, "--repository", server.url, "--lock", str(lock)], environ) == 0
    right = hashlib.sha512(b"2.12" * 5000).hexdigest()
    wrong = right[:40] + ("0" if right[40] != "0" else "1") + right[41:]
    lock.write_text(lock.read_text().replace(right, wrong))
    elsewhere = environ | {"SPARKLINEAGE_CACHE": str(tmp_path / "other")}
    capsys.readouterr()
    assert main(["jar", "fetch", "--locked", str(lock), "--repository", server.url], elsewhere) == 74
    err = capsys.readouterr().err
    assert f"expected {wrong[:44]}…, found {right[:44]}…" in err
    assert "and whoever wrote the expected one down" in err
    assert f"The lock file is {lock}." in err


def test_verify_asks_the_lock_the_toolkit_or_the_repository(
    server: Server, environ: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    offer_both(server)
    lock = tmp_path / "sparklineage.lock"
    assert main([*BOTH, "--repository", server.url, "--lock", str(lock)], environ) == 0
    paths = capsys.readouterr().out.split()
    assert main(["jar", "verify", *paths, "--locked", str(lock)], environ) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"{path}: io.openlineage:openlineage-spark_{scala}:1.45.0, as {lock} has it"
        for path, scala in zip(paths, ("2.12", "2.13"), strict=True)
    ]
    assert main(["jar", "verify", *paths, "--repository", server.url], environ) == 0
    assert capsys.readouterr().out.count(f"as {server.url} has it") == 2
    pinned = tmp_path / "openlineage-spark_2.13-1.53.0.jar"
    pinned.write_bytes(b"none of it")
    Path(paths[1]).write_bytes(b"changed")
    assert main(["jar", "verify", str(pinned), *paths, "--repository", server.url], environ) == 74
    out, err = capsys.readouterr()
    assert out.count("\n") == 1
    sentence = "not the bytes of io.openlineage:openlineage-spark_2.13:1.53.0: its SHA-512 begins with "
    assert f"{pinned}: {sentence}{hashlib.sha512(b'none of it').hexdigest()[:16]}, and the toolkit has 18a9" in err
    assert f"{paths[1]}: not the bytes of" in err
    assert main(["jar", "verify", str(tmp_path / "gone.jar")], environ) == 73
    assert main(["jar", "verify", paths[0], "--repository", f"file://{tmp_path}"], environ) == 73
    assert "no repository publishes one" in capsys.readouterr().err


def test_list_tells_what_is_intact(server: Server, environ: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["jar", "list"], environ) == 0
    assert capsys.readouterr().out == ""
    offer_both(server)
    assert main([*BOTH, "--repository", server.url], environ) == 0
    paths = capsys.readouterr().out.split()
    Path(paths[1]).write_bytes(b"changed")
    assert main(["jar", "list", "--format", "json"], environ) == 74
    assert json.loads(capsys.readouterr().out) == [
        {"coordinates": f"io.openlineage:openlineage-spark_{scala}:1.45.0", "size": "0.0 MB", "state": state, "path": p}
        for scala, state, p in zip(("2.12", "2.13"), ("intact", "damaged"), paths, strict=True)
    ]


def test_what_the_configured_transport_needs_comes_along(
    server: Server, environ: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    offer_both(server)
    gcs = "/maven2/io/openlineage/transports-gcs/1.45.0/transports-gcs-1.45.0.jar"
    server.replies[gcs] = [good(b"gcs")]
    server.replies[f"{gcs}.sha512"] = [good(hashlib.sha512(b"gcs").hexdigest().encode())]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sparklineage.yml").write_text("transport: {type: gcs, projectId: p, bucketName: b}\n")
    assert main([*FETCH, "--repository", server.url], environ) == 0
    assert [Path(line).name for line in capsys.readouterr().out.split()] == [JAR, "transports-gcs-1.45.0.jar"]
    assert main([*FETCH, "--with", "transports-gsc", "--repository", server.url], environ) == 2
    assert "Did you mean transports-gcs?" in capsys.readouterr().err


def test_a_release_of_a_platform_says_spark_and_scala(
    server: Server, environ: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    offer_both(server)
    options = ["--version", "1.45.0", "--repository", server.url, "--platform", "emr"]
    for release, scala in (("emr-7.5.0", "2.12"), ("emr-spark-8.0.0", "2.13")):
        assert main(["jar", "fetch", *options, "--release", release], environ) == 0
        assert Path(capsys.readouterr().out.strip()).name == f"openlineage-spark_{scala}-1.45.0.jar"
    assert main(["jar", "fetch", *options], environ) == 2
    assert "--platform and --release go together" in capsys.readouterr().err


def test_list_known_tells_what_runs_on_what(environ: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["jar", "list", "--known"], environ) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["version", "scala", "spark", "size"]
    assert "1.53.0 (default)  2.13   3.2 to 3.5, 4.0 to 4.3  43.0 MB" in lines


def test_inspect_tells_what_a_jar_is(
    environ: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "agent.jar"
    with zipfile.ZipFile(path, "w") as jar:
        jar.writestr("io/openlineage/spark/agent/OpenLineageSparkListener.class", b"()Lscala/collection/Seq;")
        jar.writestr("io/openlineage/spark/agent/version.properties", "version=1.45.0")
    assert main(["jar", "inspect", str(path)], environ) == 0
    assert capsys.readouterr().out.splitlines() == [
        str(path),
        "  kind        agent",
        "  version     1.45.0",
        "  Scala       2.12",
        "  Spark       3.2 to 3.5",
        "  build       not known for this version",
        "  note        it registers no transport, as JARs do that lost META-INF/services: it may send nothing.",
    ]
    gone = str(tmp_path / "none.jar")
    assert main(["jar", "inspect", str(path), gone, "--format", "json"], environ) == 73
    first, second = json.loads(capsys.readouterr().out)
    assert (first["version"], first["scala"], first["spark"][-1]) == ("1.45.0", "2.12", "3.5")
    assert (second["kind"], second["trouble"]) == ("unreadable", "there is no such file.")


def test_processes_that_fetch_at_once_share_one_download(
    server: Server, environ: dict[str, str], tmp_path: Path
) -> None:
    offer(server)
    command = [sys.executable, "-m", "sparklineage", *FETCH, "--repository", server.url]
    running = [
        subprocess.Popen(command, env=environ, cwd=tmp_path, stdout=subprocess.PIPE, text=True) for _ in range(4)
    ]
    found = {process.communicate(timeout=60)[0] for process in running}
    assert [process.returncode for process in running] == [0] * 4
    assert len(found) == 1
    assert Path(found.pop().strip()).read_bytes() == CONTENT
    assert server.asked(".jar") == 1


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


def test_several_share_one_bar() -> None:
    terminal, pipe = Terminal(), io.StringIO()
    for stream in (terminal, pipe):
        with Together(stream) as together:
            first, second = together.of("a.jar", 1_000_000), together.of("b.jar", 3_000_000)
            first(1_000_000, None)
            second(1_000_000, 3_000_000)
    assert terminal.getvalue().split("\r")[-1] == f"2 JARs [{'#' * 15}{' ' * 15}] 2.0 of 4.0 MB\n"
    assert pipe.getvalue() == "sparklineage: fetching a.jar (1.0 MB)\nsparklineage: fetching b.jar (3.0 MB)\n"


def test_nothing_fetched_is_nothing_said() -> None:
    for stream in (Terminal(), io.StringIO()):
        with Progress("a.jar", stream):
            pass
        assert stream.getvalue() == ""
