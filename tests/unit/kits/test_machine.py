"""The kit for a machine: its script is run here, for one user alone, on something that looks like a Spark."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from sparklineage.errors import ConfigError, SparklineageError
from sparklineage.kits.machine import Options
from tests.support.receiver import Receiver
from tests.unit.kits.emr_orders import checkers, read_back, settings_part, text_of
from tests.unit.kits.present_orders import KEY, made, with_key, written
from tests.unit.kits.test_script import TEXT

SECRET = "canary-7f3a'\"$(id)"
THEIRS = "spark.extraListeners com.example.Own\nspark.sql.shuffle.partitions 4\n"


class Machine:
    """A folder with a Spark, a kit, and what that installs."""

    def __init__(self, folder: Path, backend: str) -> None:
        self.folder, self.home, self.prefix = folder, folder / "spark", folder / "sparklineage"
        (self.home / "jars").mkdir(parents=True)
        (self.home / "conf").mkdir()
        for name in ("spark-core_2.12-3.5.9.jar", "scala-library-2.12.18.jar"):
            (self.home / "jars" / name).touch()
        self.conf = self.home / "conf" / "spark-defaults.conf"
        self.conf.write_text(THEIRS)
        options = Options(prefix=str(self.prefix), spark_home=str(self.home))
        found = made(folder, "spark-defaults", options=options, transport={**KEY, "url": backend})
        self.kit = written(found, folder / "kit")

    def run(
        self, *words: str, key: str | None = SECRET, environ: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        environ = {"PATH": os.environ["PATH"], "HOME": str(self.folder), **(environ or {})}
        environ |= {"LINEAGE_KEY": key} if key is not None else {}
        command = ["bash", str(self.kit / "install.sh"), *words]
        return subprocess.run(
            command, env=environ, cwd=self.folder, capture_output=True, text=True, timeout=120, check=False
        )

    def state(self) -> dict[str, tuple[int, str]]:
        """Mode and content or target of all that lies in the Spark and in the prefix, the relay's own aside."""
        found = {}
        for root in (self.home, self.prefix):
            for path in [root, *sorted(root.rglob("*"))] if root.exists() else []:
                name = str(path.relative_to(self.folder))
                if not name.startswith(("sparklineage/log/", "sparklineage/state/", "sparklineage/.lock")):
                    what = str(path.readlink()) if path.is_symlink() else ""
                    what = path.read_bytes().hex() if path.is_file() and not what else what
                    found[name] = (path.lstat().st_mode, what)
        return found

    def relays(self) -> list[int]:
        """The relay's processes, without the loop around it."""
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                words = (process / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if bytes(self.prefix / "relay.pyz") in words and b"relay-loop" not in b" ".join(words):
                found.append(int(process.name))
        return found


@pytest.fixture
def backend() -> Iterator[Receiver]:
    with Receiver() as found:
        yield found


@pytest.fixture
def machine(tmp_path: Path, backend: Receiver) -> Iterator[Machine]:
    found = Machine(tmp_path, backend.url)
    yield found
    ended = found.run("--uninstall")
    assert ended.returncode == 0, ended.stderr
    assert found.relays() == []


def test_everything_is_in_its_place_and_goes_again(machine: Machine) -> None:
    before = machine.state()
    ended = machine.run()
    assert (ended.returncode, ended.stdout) == (0, ""), ended.stderr
    assert re.search(r"backend: http://127.0.0.1:\d+: reached", ended.stderr)
    jars = {path.name: path.readlink() for path in (machine.home / "jars").iterdir() if path.is_symlink()}
    lib = machine.prefix / "lib"
    assert set(jars.values()) == set(lib.iterdir())
    assert sorted(name.partition("_")[0].partition("-0")[0] for name in jars) == [
        "openlineage-spark",
        "sparklineage-witness",
    ]
    conf = machine.conf.read_text()
    assert conf.startswith(THEIRS + "# >>> sparklineage")
    (listeners,) = re.findall(r"^spark.extraListeners (com.example.Own,.*)$", conf, re.MULTILINE)
    assert listeners.count(",") == 2
    assert "jars" not in conf.removeprefix(THEIRS)
    assert len(machine.relays()) == 1
    # Nobody but the relay finds the key.
    held = [path for path in machine.folder.rglob("*") if path.is_file() and SECRET.encode() in path.read_bytes()]
    assert held == [machine.prefix / "etc" / "keys" / "LINEAGE_KEY"]
    assert held[0].stat().st_mode & 0o777 == 0o400
    assert SECRET not in ended.stderr
    told = json.loads((machine.prefix / "etc" / "relay.json").read_text())
    assert told["backend"]["apiKey"] == f"file:{held[0]}"
    assert (machine.prefix / "spool").stat().st_mode & 0o7777 == 0o700
    assert machine.run("--uninstall").returncode == 0
    assert (machine.state(), machine.relays()) == (before, [])


def test_again_is_once_and_needs_no_key_any_more(machine: Machine) -> None:
    assert machine.run().returncode == 0
    before, relays = machine.state(), machine.relays()
    ended = machine.run(key=None)
    assert ended.returncode == 0, ended.stderr
    assert (machine.state(), machine.relays()) == (before, relays)
    # A new key takes a relay that knows it.
    assert machine.run(key="another").returncode == 0
    assert machine.relays() != relays and len(machine.relays()) == 1


def test_another_spark_takes_the_place_of_the_first(machine: Machine) -> None:
    assert machine.run().returncode == 0
    other = machine.folder / "other"
    shutil.copytree(machine.home, other, symlinks=True)
    for path in (other / "jars").iterdir():
        if path.is_symlink():
            path.unlink()
    ended = machine.run("--spark-home", "other")
    assert ended.returncode == 0, ended.stderr
    assert machine.conf.read_text() == THEIRS
    assert not [path for path in (machine.home / "jars").iterdir() if path.is_symlink()]
    assert len([path for path in (other / "jars").iterdir() if path.is_symlink()]) == 2
    assert machine.run("--uninstall").returncode == 0
    assert (other / "conf" / "spark-defaults.conf").read_text() == THEIRS


def _no_key(_machine: Machine) -> str:
    return "keys: LINEAGE_KEY is not set, and the backend wants it"


def _damaged(machine: Machine) -> str:
    (machine.kit / "relay.pyz").write_bytes(b"another")
    return r"files: .*relay\.pyz has SHA-256 \w{64}, and \w{64} is wanted"


def _half(machine: Machine) -> str:
    next(machine.kit.glob("openlineage*.jar")).unlink()
    return r"files: .*openlineage.*\.jar is missing; copy the whole folder"


def _other_scala(machine: Machine) -> str:
    (machine.home / "jars" / "scala-library-2.12.18.jar").rename(machine.home / "jars" / "scala-library-2.13.16.jar")
    return "Spark: .* has Scala 2.13.16, and the agent of this kit is for 2.12"


def _no_spark(machine: Machine) -> str:
    shutil.rmtree(machine.home / "jars")
    return r"Spark: .*/spark has no jars/spark-core_\*\.jar"


def _conf_is_a_folder(machine: Machine) -> str:
    machine.conf.unlink()
    machine.conf.mkdir()
    return "configuration: .*"


@pytest.mark.parametrize("trouble", [_no_key, _damaged, _half, _other_scala, _no_spark, _conf_is_a_folder])
def test_a_failure_is_told_and_leaves_nothing(machine: Machine, trouble: Any) -> None:
    cause = trouble(machine)
    before = machine.state()
    ended = machine.run(key=None if trouble is _no_key else SECRET)
    assert ended.returncode == 1, ended.stderr
    assert re.search(f"sparklineage: failed: {cause}", ended.stderr.splitlines()[-1]), ended.stderr
    assert (machine.state(), machine.relays()) == (before, [])
    if machine.conf.is_dir():
        machine.conf.rmdir()


def test_a_failure_later_on_leaves_what_was_there(machine: Machine) -> None:
    assert machine.run().returncode == 0
    before, relays = machine.state(), machine.relays()
    _damaged(machine)
    assert machine.run().returncode == 1
    assert (machine.state(), machine.relays()) == (before, relays)


@pytest.mark.parametrize("seconds", [0.2, 0.6, 1.0])
def test_who_stops_it_gets_the_machine_as_it_was(machine: Machine, seconds: float) -> None:
    before = machine.state()
    environ = {"PATH": os.environ["PATH"], "LINEAGE_KEY": SECRET}
    process = subprocess.Popen(
        ["bash", str(machine.kit / "install.sh")], env=environ, stderr=subprocess.PIPE, start_new_session=True
    )
    time.sleep(seconds)
    os.killpg(process.pid, signal.SIGINT)
    process.communicate(timeout=60)
    if process.returncode != 0:
        assert (machine.state(), machine.relays()) == (before, [])


@pytest.mark.parametrize("where", ["pid=$!", """printf '%s\\n' "$version\""""])
def test_a_loop_whose_script_was_killed_is_found_again(machine: Machine, where: str) -> None:
    trap = machine.folder / "trap.sh"
    killed = machine.folder / "killed"
    trap.write_text(
        f"WHERE={shlex.quote(where)}\nset -T\n"
        f"trap '[[ $BASH_COMMAND != \"$WHERE\" ]] || {{ : >{killed}; kill -9 $$ $BASHPID; }}' DEBUG\n"
    )
    assert machine.run(environ={"BASH_ENV": str(trap)}).returncode == -signal.SIGKILL
    assert killed.exists()
    ended = machine.run()
    assert ended.returncode == 0, ended.stderr
    loops = subprocess.run(["pgrep", "-f", f"^bash {machine.prefix}/relay-loop.sh"], capture_output=True, check=False)
    assert len(loops.stdout.split()) == 1


def test_options_that_are_none_are_told(machine: Machine) -> None:
    for words, says in ((["--frce"], "--frce is no option"), (["--spark-home"], "--spark-home takes a folder")):
        ended = machine.run(*words)
        assert (ended.returncode, says in ended.stderr) == (2, True)
    assert "--uninstall" in machine.run("--help").stdout


CONFIGURATIONS: list[dict[str, Any]] = [
    {},
    {"options": Options(prefix="/home/me/lineage", spark_home="/a b/it's", proxy="http://p:1", ca_file="/c'.pem")},
    {"transport": {**KEY, "headers": {"X-Team": "'\"$(touch here)`x`\\ é"}, "auth": None}},
    {"spark": {"spark.note": "a=b:c \\ #d\n'$(id)' é", "spark.list": "a,b"}, "delivery": {"journal": "/mnt/a b"}},
    {"transport": with_key("file:/root/it's a key")},
]


@pytest.mark.parametrize("settings", CONFIGURATIONS)
def test_the_checkers_of_shells_have_nothing_to_say(tmp_path: Path, settings: dict[str, Any]) -> None:
    path = tmp_path / "install.sh"
    path.write_text(text_of(made(tmp_path, "spark-defaults", **settings), "install.sh"), encoding="utf-8", newline="")
    for tool, status, said in checkers(path):
        assert (status, said) == (0, ""), tool


@settings(max_examples=40, deadline=None)
@given(text=TEXT)
def test_a_property_arrives_as_java_reads_it(text: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("kit")
    try:
        found = made(folder, "spark-defaults", spark={"spark.note": f"a{text}b"}, namespace=f"n{text}")
    except SparklineageError as error:
        assert "\n" not in str(error).strip()
        return
    seen = read_back(settings_part(text_of(found, "install.sh")), ("CONF_KEYS", "CONF_VALUES", "RELAY_CONFIG"), folder)
    value = dict(zip(seen["CONF_KEYS"], seen["CONF_VALUES"], strict=True))["spark.note"]
    named = {"t": "\t", "n": "\n", "r": "\r", "f": "\f"}
    units = re.sub(r"\\(?:u([0-9A-F]{4})|(.))",
                   lambda one: chr(int(one[1], 16)) if one[1] else named.get(one[2], one[2]), value)  # fmt: skip
    assert units.encode("utf-16-be", "surrogatepass").decode("utf-16-be") == f"a{text}b"
    assert json.loads("\n".join(seen["RELAY_CONFIG"]))["namespace"] in {f"n{text}", f"n{text}".strip()}
    assert {path.suffix for path in folder.iterdir()} == {".yml", ".jar", ".sh"}


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"options": Options(prefix="own")}, "--prefix is 'own'; write an absolute path"),
        ({"options": Options(prefix="/a b/c")}, "--prefix is '/a b/c'; write an absolute path"),
        ({"options": Options(prefix="/home/../etc")}, "write an absolute path"),
        ({"options": Options(spark_home="spark")}, "--spark-home is 'spark'; write the absolute path"),
        ({"transport": with_key("aws-ssm:/k")}, "which no node can follow; write file:/path"),
        ({"transport": with_key("env:PATH")}, "env:PATH: the script uses this name itself"),
        ({"transport": with_key("canary-8")}, "is a secret in plain text"),
        ({"delivery": {"mode": "direct"}}, "delivery.mode is direct, but a kit puts the relay on the nodes"),
        ({"spark": {"spark.hadoop.fs.s3a.secret.key": "env:S3_KEY"}}, "spark.hadoop.fs.s3a.secret.key"),
    ],
)  # fmt: skip
def test_what_no_kit_can_do_is_said_in_a_sentence(tmp_path: Path, settings: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError) as raised:
        made(tmp_path, "spark-defaults", **settings)
    assert says in str(raised.value)
    assert "canary" not in str(raised.value)


def test_the_machine_of_all_is_roots_and_the_page_says_how(tmp_path: Path) -> None:
    found = made(tmp_path, "spark-defaults")
    page = text_of(found, "README.md")
    assert "sudo --preserve-env=LINEAGE_KEY,SPARK_HOME,SPARK_CONF_DIR bash install.sh" in page
    assert "sudo bash install.sh --uninstall" in page
    for block in re.findall(r"```sh\n(.*?)```", page, re.DOTALL):
        assert subprocess.run(["bash", "-n"], input=block, text=True, check=False).returncode == 0
    if os.geteuid() == 0 and shutil.which("setpriv"):
        script = written(found, tmp_path / "kit") / "install.sh"
        command = ["setpriv", "--reuid", "65534", "--clear-groups", "bash", "-s"]
        with script.open() as given_:
            ended = subprocess.run(command, stdin=given_, capture_output=True, text=True, timeout=60, check=False)
        assert (ended.returncode, "this takes root" in ended.stderr) == (1, True), ended.stderr
