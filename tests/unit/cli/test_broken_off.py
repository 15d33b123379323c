"""A download of `jar fetch` that breaks off, from a real server that cuts."""

from __future__ import annotations

import hashlib
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from sparklineage.cli.main import main
from tests.support.repository import good, serve, status

CONTENT = b"agent" * 50_000
AT = "/maven2/io/openlineage/openlineage-spark_2.12/1.45.0/openlineage-spark_2.12-1.45.0.jar"
FETCH = ["jar", "fetch", "--version", "1.45.0", "--scala", "2.12", "--repository"]


class Cutting:
    """Sends no more than the first part of what is asked for, until it is mended."""

    def __init__(self) -> None:
        self.mended = False
        self.asked: list[str | None] = []

    def __call__(self, request: BaseHTTPRequestHandler) -> None:
        wanted = request.headers.get("Range")
        self.asked.append(wanted)
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0
        request.send_response(206 if start else 200)
        if start:
            request.send_header("Content-Range", f"bytes {start}-{len(CONTENT) - 1}/{len(CONTENT)}")
        request.send_header("ETag", '"one"')
        request.send_header("Content-Length", str(len(CONTENT) - start))
        request.end_headers()
        rest = CONTENT[start:]
        request.wfile.write(rest if self.mended else rest[:1000])
        request.wfile.flush()
        request.close_connection = True


@pytest.fixture
def environ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.chdir(tmp_path)
    return {"HOME": str(tmp_path), "PATH": ""}


def test_it_says_that_the_next_one_goes_on_where_it_stopped(
    environ: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    cutting = Cutting()
    with serve() as server:
        server.replies[AT] = [cutting]
        server.replies[f"{AT}.sha512"] = [good(hashlib.sha512(CONTENT).hexdigest().encode())]
        assert main([*FETCH, server.url], environ) == 84
        out, err = capsys.readouterr()
        assert out == ""
        assert f"broke off after {len(cutting.asked) * 1000} of 250000 bytes" in err
        assert err.endswith(" Or run it again: it goes on where it stopped.\n")
        stopped, cutting.mended = len(cutting.asked), True
        assert main([*FETCH, server.url], environ) == 0
        assert cutting.asked[stopped:] == [f"bytes={stopped * 1000}-"]
        assert Path(capsys.readouterr().out.strip()).read_bytes() == CONTENT


def test_what_another_try_does_not_help_stays_what_it_is(
    environ: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    cutting = Cutting()
    with serve() as server:
        server.replies[AT] = [cutting]
        assert main([*FETCH, server.url], environ) == 84
        capsys.readouterr()
        server.replies[AT] = [status(403)]
        assert main([*FETCH, server.url], environ) == 73
        assert "it goes on where it stopped" not in capsys.readouterr().err
