"""How long a submit waits for its agent."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from sparklineage.cli import jars
from sparklineage.cli.jars import agent_jar
from sparklineage.cli.main import main
from sparklineage.config import load_settings
from sparklineage.errors import AgentJarError
from sparklineage.submit.options import parse
from sparklineage.submit.spark import SparkInstall
from sparklineage.submit.user_conf import UserConf
from tests.support.repository import serve

PATH = "/maven2/io/openlineage/openlineage-spark_2.13/1.53.0/openlineage-spark_2.13-1.53.0.jar"


def test_a_place_that_hangs_costs_the_job_its_patience_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The next job is told at once how to fetch it, and whoever does as told is not held up by the memory."""
    assert jars.PATIENCE == 30
    monkeypatch.setattr(jars, "PATIENCE", 0.4)
    install = SparkInstall(home=tmp_path, spark_submit=tmp_path, version="4.2.0", scala="2.13")
    with serve() as server:
        server.replies[PATH] = [server.hanging]
        environ = {"HOME": str(tmp_path), "PATH": "", "SPARKLINEAGE_CACHE": str(tmp_path / "cache")}
        command = parse(["--repository", server.url, "job.py"])
        settings = load_settings(environ=environ, flags={"--repository": server.url}, directory=tmp_path)
        for most, asked in ((3, 1), (0.2, 1)):
            begin = time.monotonic()
            with pytest.raises(AgentJarError, match=r"sent too little in 0\.4 s") as caught:
                agent_jar(command, install, UserConf(), settings, environ)
            assert time.monotonic() - begin < most
            assert server.asked(".jar") == asked
            again = f"sparklineage jar fetch --version 1.53.0 --scala 2.13 --repository {server.url}"
            assert str(caught.value).endswith(f" To fetch it now, for as long as it takes: {again}")
        server.replies.clear()
        assert main(again.split()[1:], environ) == 73
        assert server.asked(".jar") == 2
        assert "404" in capsys.readouterr().err
        with pytest.raises(AgentJarError, match="404"):
            agent_jar(command, install, UserConf(), settings, environ)
