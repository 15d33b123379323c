"""install.sh among things of others: whatever goes wrong, and whoever removes it, all that is not ours stays."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from sparklineage.journal import create_folder
from tests.real.node.plain import KEY, USER, PlainNode, plain_node, write_kit
from tests.real.node.tree import Ended, missing
from tests.support.journal import APP as RUN
from tests.support.journal import add, application, witnessed
from tests.support.receiver import Receiver

pytestmark = [pytest.mark.service, pytest.mark.skipif(bool(missing()), reason=missing())]

SPEC = """\
namespace: prod
transport: {type: http, url: "http://127.0.0.1:9", auth: {type: api_key, apiKey: "env:LINEAGE_KEY"}}
agent: {version: 1.53.0}
platforms: {spark-defaults: {release: "3.5"}}
"""
HOME = "/opt/spark"
CONF = "/etc/spark/conf/spark-defaults.conf"
ENVIRON = {"LINEAGE_KEY": KEY}
Kit = Callable[..., Path]
Machine = Callable[..., AbstractContextManager[PlainNode]]


@pytest.fixture(scope="module")
def kit(tmp_path_factory: pytest.TempPathFactory) -> Kit:
    """Makes a kit; the same words and texts once."""
    made: dict[tuple[str, ...], Path] = {}

    def make(*words: str, more: str = "", key: str = "env:LINEAGE_KEY") -> Path:
        known = (*words, more, key)
        if known not in made:
            text = SPEC.replace("env:LINEAGE_KEY", key) + more
            made[known] = write_kit(tmp_path_factory.mktemp("machine") / "made", "machine", text, *words)
        return made[known]

    return make


@pytest.fixture
def node(tmp_path: Path, kit: Kit) -> Iterator[PlainNode]:
    """A machine with a Spark for all, and the kit for it."""
    with plain_node(tmp_path / "node", kit("--spark-home", HOME), spark="3.5", home=HOME) as found:
        yield found


def install(node: PlainNode, *words: str) -> Ended:
    return node.script("install.sh", *words, environ=ENVIRON)


def state(node: PlainNode) -> tuple[object, ...]:
    """What there is of a kit, and of the Spark's own conf."""
    return node.left(), node.jars(), node.conf, node.relays()


def last(ended: Ended) -> str:
    return ended.stderr.splitlines()[-1]


def put(node: PlainNode, kit: Path, folder: str) -> str:
    """The path of install.sh of another kit, whose files lie in a folder of the node then."""
    node.tree.shell('mkdir -p "$1" && cp -r /root/kit/*.pyz /root/kit/*.jar "$1"', folder)
    node.tree.write(f"{folder}/install.sh", (kit / "install.sh").read_text())
    return f"{folder}/install.sh"


# A user's own folders ------------------------------------------------------------------------------------------------

THEIR_FILES = """
mkdir -p /home/ana/lib /home/ana/conf /home/ana/log
echo x >/home/ana/lib/postgresql-42.jar
echo y >/home/ana/conf/mine
cp -r /root/kit /home/ana/kit
chown -hR ana:ana /home/ana
chown -R ana:ana /etc/spark/conf
chmod 700 /home/ana
"""


@pytest.mark.parametrize(
    ("prefix", "home"),
    [("/home/ana", "/home/ana/spark"), ("/home/ana/spark", "/home/ana/spark"), ("/home/ana", "/home/ana/sw/spark")],
)
@pytest.mark.parametrize("key", [KEY, None], ids=["well", "failing"])
def test_a_prefix_holds_other_things_too(tmp_path: Path, kit: Kit, prefix: str, home: str, key: str | None) -> None:
    made = kit("--prefix", prefix, "--spark-home", home)
    with plain_node(tmp_path / "node", made, spark="3.5", home=home) as node:
        node.tree.shell(f'rm "$1/conf"; mkdir "$1/conf"; echo s >"$1/conf/hive-site.xml"{THEIR_FILES}', home)
        before = node.tree.entries("/home/ana")
        command, environ = ["bash", "/home/ana/kit/install.sh"], {"LINEAGE_KEY": key} if key else {}
        ended = node.tree.run(command, user=USER, environ=environ)
        assert ended.status == (0 if key else 1), ended.stderr
        if key:
            now = node.tree.entries("/home/ana")
            changed = {path for path, entry in before.items() if now[path] != entry and entry.kind != "d"}
            assert changed == set()
            own = {path for path in now if path not in before and not path.startswith(f"{prefix}/sparklineage")}
            assert {path.partition(f"{home}/")[2].partition("/")[0] for path in own} == {"conf", "jars"}
            assert len(node.relays()) == 1
            assert node.tree.run([*command, "--uninstall"], user=USER).status == 0
        assert node.tree.entries("/home/ana") == before
        assert node.relays() == []


def test_a_folder_of_our_name_with_something_else_in_it_is_not_ours(tmp_path: Path, kit: Kit) -> None:
    made = kit("--prefix", "/home/ana", "--spark-home", "/home/ana/spark")
    with plain_node(tmp_path / "node", made, spark="3.5", home="/home/ana/spark") as node:
        node.tree.shell(f"mkdir -p /home/ana/sparklineage/lib; echo x >/home/ana/sparklineage/lib/a.jar{THEIR_FILES}")
        before = node.tree.entries("/home/ana")
        for words in ([], ["--uninstall"]):
            ended = node.tree.run(["bash", "/home/ana/kit/install.sh", *words], user=USER, environ=ENVIRON)
            assert (ended.status, ended.stderr.count("\n")) == (1, 1)
            assert "/home/ana/sparklineage/lib is not of this kit, which needs /home/ana/sparklineage" in ended.stderr
            assert node.tree.entries("/home/ana") == before


# A Spark that has it already -----------------------------------------------------------------------------------------

OTHER = "/opt/spark4"


TROUBLES = {
    "Scala": (
        "touch jars/scala-library-2.13.16.jar",
        "Spark: .* has Scala 2.13.16, and the agent of this kit is for 2.12",
    ),
    "jars": ("mount -t tmpfs -o ro x jars", "Spark: .*"),
    "read-only": (
        "mount -t tmpfs x jars; touch jars/spark-core_2.12-3.5.1.jar; mount -o remount,ro jars",
        "Spark: /opt/spark4/jars cannot be written into",
    ),
    "conf": ("mkdir conf; mount -t tmpfs -o ro x conf", "configuration: /opt/spark4/conf cannot be written into"),
    "Python": ("rm -f /usr/bin/python3* /usr/local/bin/python3*", "relay: there is no Python 3.9 or later"),
    "kit": ("rm /root/kit/relay.pyz", "files: /root/kit/relay.pyz is missing"),
    "agent": (
        "touch jars/openlineage-spark_2.12-1.20.0.jar",
        "Spark: .*/openlineage-spark_2.12-1.20.0.jar is an agent already, and Spark would take either; remove it",
    ),
    # Found out late, when links are there.
    "witness": ("for one in /root/kit/sparklineage-*; do mkdir jars/${one##*/}; done", "witness: .*"),
}


@pytest.mark.parametrize("name", TROUBLES)
def test_what_fails_on_another_spark_leaves_the_first_one_as_it_is(node: PlainNode, name: str) -> None:
    trouble, cause = TROUBLES[name]
    assert install(node).status == 0
    node.tree.shell(f"mkdir -p {OTHER}/jars; cd {OTHER}; touch jars/spark-core_2.12-3.5.1.jar; {trouble}")
    before, theirs = state(node), node.tree.entries(OTHER)
    ended = install(node, "--spark-home", OTHER)
    assert (ended.status, bool(re.search(f"failed: {cause}", last(ended)))) == (1, True), ended.stderr
    assert (state(node), node.tree.entries(OTHER)) == (before, theirs)


def test_what_was_put_on_a_spark_goes_when_another_one_has_it(node: PlainNode) -> None:
    before = state(node)
    assert install(node).status == 0
    node.tree.shell(f"mkdir -p {OTHER}/jars; touch {OTHER}/jars/spark-core_2.12-3.5.1.jar")
    theirs = node.tree.entries(OTHER)
    ended = install(node, "--spark-home", OTHER)
    assert ended.status == 0, ended.stderr
    assert (node.jars(), node.conf) == ([], before[2])
    assert "spark.extraListeners" in node.tree.read(f"{OTHER}/conf/spark-defaults.conf")
    assert install(node, "--uninstall").status == 0
    assert (state(node), node.tree.entries(OTHER)) == (before, theirs)


# Files that are not to be changed, or not ours alone -----------------------------------------------------------------


def test_a_conf_that_takes_no_changes_holds_nothing_up(node: PlainNode) -> None:
    node.tree.shell(f"mount -t tmpfs x {CONF.rpartition('/')[0]}; echo spark.ui.enabled false >{CONF}")
    node.tree.shell("mount -o remount,ro /etc/spark/conf")
    before = state(node)
    ended = install(node)
    assert (ended.status, "configuration: /etc/spark/conf cannot be written into" in last(ended)) == (1, True)
    assert state(node) == before
    assert install(node, "--uninstall").status == 0
    assert state(node) == before


def test_an_uninstall_whose_properties_cannot_go_keeps_only_what_they_need(node: PlainNode) -> None:
    """A listener that is named and not there would stop every application."""
    node.tree.shell(f"mount -t tmpfs x /etc/spark/conf; echo spark.ui.enabled false >{CONF}")
    before = state(node)
    assert install(node).status == 0
    conf, jars = node.conf, node.jars()
    node.tree.shell("mount -o remount,ro /etc/spark/conf")
    ended = install(node, "--uninstall")
    assert (ended.status, node.relays(), node.jars(), node.conf) == (1, [], jars, conf)
    assert f"{CONF} may still name the listeners, so their JARs stay" in last(ended)
    assert not node.tree.exists("/etc/sparklineage/keys")
    node.tree.shell("mount -o remount,rw /etc/spark/conf")
    assert install(node, "--uninstall").status == 0
    assert state(node) == before


@pytest.mark.parametrize("mark", [">>> sparklineage", "<<< sparklineage"])
def test_a_lost_mark_costs_nobody_his_properties(node: PlainNode, mark: str) -> None:
    assert install(node).status == 0
    node.tree.shell(f"sed -i '/{mark}/d' {CONF}; printf 'spark.mine yes\\n' >>{CONF}")
    before = state(node)
    ended = install(node)
    assert (ended.status, "is missing around what is ours; put it back" in last(ended)) == (1, True), ended.stderr
    assert state(node) == before
    ended = install(node, "--uninstall")
    assert (ended.status, node.conf, node.jars()) == (1, before[2], before[1])


def test_lines_that_end_as_on_windows_are_known(node: PlainNode) -> None:
    node.tree.write(CONF, "spark.extraListeners = a.B, \\\r\n  c.D\r\nspark.mine yes\r\n\r\n\r\n")
    theirs = node.conf
    assert install(node).status == 0
    assert "spark.extraListeners a.B,c.D,io.sparklineage.Witness,io.openlineage" in node.conf
    node.tree.shell(f"sed -i 's/\\r*$/\\r/' {CONF}")
    ended = install(node)
    assert (ended.status, node.conf.count(">>> sparklineage")) == (0, 1), ended.stderr
    assert install(node, "--uninstall").status == 0
    assert node.conf == theirs


@pytest.mark.parametrize("text", ["", "spark.mine yes\n\n\n", None])
def test_a_conf_comes_back_as_it_was(node: PlainNode, text: str | None) -> None:
    node.tree.shell(f"rm {CONF}")
    if text is not None:
        node.tree.write(CONF, text)
    before = node.tree.entries("/etc/spark/conf")
    assert node.script("install.sh").status == 1
    assert node.tree.entries("/etc/spark/conf") == before
    assert install(node).status == 0
    assert "spark.extraListeners" in node.conf
    assert install(node, "--uninstall").status == 0
    assert node.tree.entries("/etc/spark/conf") == before


@pytest.mark.parametrize(
    ("line", "cause"),
    [
        ("spark.sparklineage.spool /x", "says spark.sparklineage.spool /x, where no relay of this kit looks"),
        ("spark.openlineage.disabled=true", "says spark.openlineage.disabled true, so nothing would be traced"),
    ],
)
def test_what_would_keep_everything_from_being_traced_is_a_failure(node: PlainNode, line: str, cause: str) -> None:
    node.tree.shell(f"echo '{line}' >>{CONF}")
    before = state(node)
    ended = install(node)
    assert (ended.status, cause in last(ended)) == (1, True), ended.stderr
    assert state(node) == before


def test_a_transport_of_the_file_s_own_is_told(node: PlainNode) -> None:
    node.tree.shell(f"echo spark.openlineage.transport.type console >>{CONF}")
    ended = install(node)
    assert (ended.status, f"its events go by the transport console that {CONF} says itself" in ended.stderr) == (
        0,
        True,
    )


# Who runs it ---------------------------------------------------------------------------------------------------------


def test_sudo_hands_on_what_the_page_tells_it_to(node: PlainNode) -> None:
    assert (node.tree.run(["sudo", "-V"])).status == 0
    page = node.tree.read("/root/kit/README.md")
    (command,) = [line for line in page.splitlines() if line.startswith("sudo --preserve-env=LINEAGE_KEY")]
    node.tree.shell("echo 'ana ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/ana; cp -r /root/kit /home/ana; mkdir /etc/own")
    node.tree.shell(
        "sed -i 's|^readonly SPARK_AT=.*|readonly SPARK_AT=|' /home/ana/kit/install.sh; chown -R ana /home/ana"
    )
    environ = {**ENVIRON, "SPARK_HOME": HOME, "SPARK_CONF_DIR": "/etc/own"}
    ended = node.tree.run(["bash", "-c", command], user=USER, cwd="/home/ana/kit", environ=environ)
    assert ended.status == 0, ended.stderr
    assert "the properties are in /etc/own/spark-defaults.conf" in ended.stderr
    assert "spark.extraListeners" in node.tree.read("/etc/own/spark-defaults.conf")
    # The option counts more, and what was put elsewhere goes.
    ended = install(node, "--spark-home", HOME, "--spark-conf-dir", "/etc/spark/conf")
    assert (ended.status, "spark.extraListeners" in node.conf) == (0, True), ended.stderr
    assert not node.tree.exists("/etc/own/spark-defaults.conf")


def test_an_account_that_was_there_stays_and_so_does_its_key(tmp_path: Path, kit: Kit) -> None:
    made = kit("--spark-home", HOME, key="file:/etc/lineage.key")
    with plain_node(tmp_path / "node", made, spark="3.5", home=HOME) as node:
        node.tree.write("/etc/lineage.key", KEY, mode="400")
        before = state(node)
        ended = node.script("install.sh")
        assert ended.status == 1
        assert "/etc/lineage.key cannot be read by sparklineage, as whom the relay runs; make that user first" in last(
            ended
        )
        assert (state(node), node.tree.run(["id", "sparklineage"]).status) == (before, 1)
        # As the page says.
        page = node.tree.read("/root/kit/README.md")
        lines = [line for line in page.splitlines() if "useradd" in line or "chown sparklineage" in line]
        node.tree.shell("\n".join(line.strip().replace("sudo ", "") for line in lines))
        node.tree.shell("mv /root/kit/relay.pyz /root")
        assert node.script("install.sh").status == 1
        assert node.tree.run(["id", "sparklineage"]).status == 0
        node.tree.shell("mv /root/relay.pyz /root/kit")
        ended = node.script("install.sh")
        assert (ended.status, len(node.relays())) == (0, 1), ended.stderr
        assert node.script("install.sh", "--uninstall").status == 0
        assert (state(node), node.tree.run(["id", "sparklineage"]).status) == (before, 0)
        assert node.tree.entries("/etc/lineage.key")["/etc/lineage.key"].owner.startswith("sparklineage:")


def test_an_account_that_was_made_goes_even_if_the_journals_keep_it_at_first(node: PlainNode) -> None:
    before = state(node)
    assert install(node).status == 0
    node.tree.shell("mkdir /var/lib/sparklineage/spool/run")
    assert install(node, "--uninstall").status == 0
    assert node.tree.run(["id", "sparklineage"]).status == 0
    node.tree.shell("rmdir /var/lib/sparklineage/spool/run")
    assert install(node, "--uninstall").status == 0
    assert (state(node), node.tree.run(["id", "sparklineage"]).status) == (before, 1)


def test_what_changes_account_is_asked_for_by_its_name(node: PlainNode) -> None:
    node.tree.shell("rm -f $(type -aP setpriv runuser)")
    before = state(node)
    ended = install(node)
    assert (ended.status, "there is neither setpriv nor runuser to run the relay as" in last(ended)) == (1, True)
    assert state(node) == before


# A later kit ---------------------------------------------------------------------------------------------------------


def test_keys_that_a_later_kit_does_not_name_go(node: PlainNode, kit: Kit) -> None:
    assert install(node).status == 0
    later = put(node, kit("--spark-home", HOME, key="env:OTHER_KEY"), "/root/later")
    assert node.tree.run(["bash", later], environ={"OTHER_KEY": "other"}).status == 0
    keys = node.tree.entries("/etc/sparklineage/keys")
    assert set(keys) == {"/etc/sparklineage/keys", "/etc/sparklineage/keys/OTHER_KEY"}


def test_a_later_kit_with_another_spool_names_the_first(node: PlainNode, kit: Kit) -> None:
    before = state(node)
    assert install(node).status == 0
    first = "/var/lib/sparklineage/spool"
    node.tree.shell(f"mkdir {first}/run")
    more = "delivery: {journal: /data/it/spool}\n"
    later = put(node, kit("--spark-home", HOME, more=more), "/root/later")
    ended = node.tree.run(["bash", later], environ=ENVIRON)
    assert (ended.status, f"the journals in {first} stay" in ended.stderr) == (0, True), ended.stderr
    # Each kit takes all of it away.
    ended = install(node, "--uninstall")
    assert (ended.status, f"the journals in {first} stay" in ended.stderr) == (0, True)
    assert not node.tree.exists("/data")
    node.tree.shell(f"rmdir {first}/run")
    assert install(node, "--uninstall").status == 0
    assert state(node) == before


def test_what_waits_in_the_spool_of_the_first_is_delivered_before(tmp_path: Path) -> None:
    with Receiver() as backend:
        text = SPEC.replace("http://127.0.0.1:9", backend.url)
        first = write_kit(tmp_path / "first", "machine", text, "--spark-home", HOME)
        more = "delivery: {journal: /data/it/spool}\n"
        later = write_kit(tmp_path / "later", "machine", text + more, "--spark-home", HOME)
        with plain_node(tmp_path / "node", first, spark="3.5", home=HOME) as node:
            assert install(node).status == 0
            # An application that ends while no relay runs.
            node.tree.shell("kill -9 -$(cat /var/lib/sparklineage/relay.pid)")
            made = create_folder(tmp_path / "journal", RUN)
            add(made.witness, witnessed("application", 0, runId=RUN, pid=1 << 22, applicationName="nightly"))
            add(made.agent, application("START", 0, RUN), application("COMPLETE", 9, RUN))
            for file in (made.witness, made.agent):
                path = f"/var/lib/sparklineage/spool/{RUN}/{file.name}"
                node.tree.write(path, file.read_text(), mode="660", owner="ana:sparklineage")
            node.tree.shell(f"chmod 2770 /var/lib/sparklineage/spool/{RUN}")
            assert backend.events == []
            ended = node.tree.run(["bash", put(node, later, "/root/later")], environ=ENVIRON)
            assert (ended.status, "the journals in /var/lib/sparklineage/spool stay" in ended.stderr) == (0, True)
            assert [one["run"]["runId"] for one in backend.events] == [RUN, RUN]
            assert json.loads(node.tree.read("/etc/sparklineage/relay.json"))["spool"] == "/data/it/spool"
