"""The machine in the machine: what is done there is done there alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.real.node.network import METADATA, loopback, reaching
from tests.real.node.tree import missing, tree
from tests.support.receiver import Receiver

pytestmark = [pytest.mark.service, pytest.mark.skipif(bool(missing()), reason=missing())]


def test_nothing_done_there_reaches_this_machine(tmp_path: Path) -> None:
    passwd = Path("/etc/passwd").read_bytes()
    with tree(tmp_path / "tree", [tmp_path]) as machine:
        machine.shell("useradd --create-home guest; rm /usr/bin/env; mkdir /opt/guest; echo hi >/run/guest")
        assert "guest" in machine.read("/etc/passwd")
        assert not machine.exists("/usr/bin/env")
        assert machine.run(["id", "-un"], user="guest").stdout == "guest\n"
        assert machine.entries("/opt/guest")["/opt/guest"].owner == "root:root"
        assert [place for place in machine.written_with("hi\n") if place.endswith("run/guest")]
    assert Path("/etc/passwd").read_bytes() == passwd
    assert Path("/usr/bin/env").exists()
    assert not any(Path(left).exists() for left in ("/opt/guest", "/run/guest", "/home/guest"))


def test_its_processes_end_with_it(tmp_path: Path) -> None:
    with tree(tmp_path / "tree", [tmp_path]) as machine:
        machine.shell("setsid sleep 98765 >/dev/null 2>&1 &")
        assert [args for _pid, _user, args in machine.processes()] == ["sleep 98765"]
    left = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]
    assert b"sleep\x0098765\x00" not in left


def test_a_network_of_its_own_reaches_what_is_let_in_alone(tmp_path: Path) -> None:
    get = ["python3", "-c", "import sys, urllib.request as u; print(u.urlopen(sys.argv[1], timeout=5).status)"]
    with Receiver() as receiver, tree(tmp_path / "tree", [tmp_path], network=False) as machine:
        loopback(machine)
        page = "/api/v1/namespaces"
        with reaching(machine, receiver.port), reaching(machine, 80, host=METADATA, to=receiver.port):
            assert machine.run([*get, f"{receiver.url}{page}"]).stdout == "200\n"
            assert machine.run([*get, f"http://{METADATA}{page}"]).stdout == "200\n"
            assert "unreachable" in machine.run([*get, "http://192.0.2.1/"]).stderr
        assert "refused" in machine.run([*get, receiver.url]).stderr
