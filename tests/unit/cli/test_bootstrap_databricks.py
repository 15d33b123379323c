"""`bootstrap databricks`: files in a folder, uploads and the allowlist by the real SDK to a workspace on loopback."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.apply.workspace import ALLOWLIST, Workspace, workspace
from tests.unit.cli.desk import Desk

FOLDER = "/Volumes/main/ops/lineage"
AGENT = "openlineage-spark_2.12-1.53.0.jar"
OURS = {"artifact": f"{FOLDER}/init.sh", "match_type": "PREFIX_MATCH"}
THEIRS = {"artifact": "/Volumes/main/other/", "match_type": "PREFIX_MATCH"}
CONFIG = """\
namespace: prod
transport: {type: http, url: "https://lineage.example.com", auth: {type: api_key, apiKey: "databricks:a/key"}}
agent: {jar: AGENT}
platforms:
  databricks: {release: 16.4.x-scala2.12, accessMode: MODE}
"""
KIT = ("bootstrap", "databricks", "--out", "kit", "--volume", FOLDER)


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Desk:
    found = Desk(tmp_path, capsys, monkeypatch)
    configured(found)
    return found


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    for name in [name for name in os.environ if name.startswith(("DATABRICKS_", "ARM_", "AZURE_", "GOOGLE_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with workspace() as found:
        found.allowlist |= {"artifact_matchers": [THEIRS], "metastore_id": "m", "created_by": "somebody"}
        monkeypatch.setenv("DATABRICKS_HOST", found.url)
        monkeypatch.setenv("DATABRICKS_TOKEN", "dapi-0123456789")
        yield found


def configured(desk: Desk, mode: str = "USER_ISOLATION") -> None:
    """With an agent's JAR that is small."""
    jar = desk.work / AGENT
    with zipfile.ZipFile(jar, "w") as archive:
        archive.writestr("io/openlineage/spark/agent/OpenLineageSparkListener.class", b"a class")
    desk.write(CONFIG.replace("AGENT", str(jar)).replace("MODE", mode))


def test_the_folder_has_the_kit_and_nothing_is_sent(desk: Desk, there: Workspace) -> None:
    status, out, err = desk.run(*KIT)
    assert status == 0, err
    names = {path.name for path in (desk.work / "kit").iterdir()}
    assert {"init.sh", AGENT, "relay.pyz", "cluster.json", "policy.json", "allowlist.json", "README.md"} <= names
    assert {line.split()[0] for line in out.splitlines()} == {f"kit/{name}" for name in names}
    assert os.access(desk.work / "kit" / "init.sh", os.X_OK)
    assert "Nothing was uploaded: --upload puts init.sh" in err and f"into {FOLDER}." in err
    assert there.requests == []


def test_an_upload_ends_with_the_script_and_the_list_that_has_all_that_it_had(desk: Desk, there: Workspace) -> None:
    status, out, err = desk.run(*KIT, "--upload", "--yes")
    assert status == 0, err
    files = [path for path in there.stored if not path.endswith(".sha512")]
    assert files[-1] == f"{FOLDER}/init.sh"
    assert {path.rpartition("/")[2] for path in files} >= {AGENT, "relay.pyz", "init.sh"}
    for path in files:
        assert there.stored[path] == (desk.work / "kit" / path.rpartition("/")[2]).read_bytes()
    assert there.sent == [(ALLOWLIST, {"artifact_matchers": [THEIRS, OURS]})]
    assert json.loads((desk.work / "kit" / "allowlist.json").read_text()) == {"artifact_matchers": [THEIRS, OURS]}
    assert "uploaded" in out
    assert f'+      "artifact": "{FOLDER}/init.sh"' in err
    assert there.requests[-1][:2] == ("PUT", ALLOWLIST), "the script is there before it is allowed"


def test_a_list_that_has_the_script_is_left_alone(desk: Desk, there: Workspace) -> None:
    there.allowlist["artifact_matchers"] = [{**OURS, "artifact": "/Volumes/main/"}]
    status, _, err = desk.run(*KIT, "--upload", "--yes")
    assert (status, there.sent) == (0, []), err
    assert "the allowlist has the script already." in err


def test_the_dedicated_mode_asks_for_no_list(desk: Desk, there: Workspace) -> None:
    configured(desk, "SINGLE_USER")
    desk.good(*KIT, "--upload")
    assert there.sent == [] and ALLOWLIST not in {path for _, path, _ in there.requests}
    assert f"{FOLDER}/init.sh" in there.stored


def test_a_list_that_changed_meanwhile_is_not_overwritten(desk: Desk, there: Workspace) -> None:
    put = there.answer

    def changing(method: str, path: str, query: dict[str, str], body: object) -> object:
        if path.endswith("/init.sh") and method == "PUT":
            there.allowlist["artifact_matchers"] = [THEIRS, {**THEIRS, "artifact": "/Volumes/main/newer/"}]
        return put(method, path, query, body)

    there.answer = changing  # type: ignore[method-assign]
    status, _, err = desk.run(*KIT, "--upload", "--yes")
    assert status != 0 and there.sent == []
    assert "was changed by somebody meanwhile, so nothing was sent; try again." in err


def test_who_may_not_see_the_list_learns_it_before_anything_is_sent(desk: Desk, there: Workspace) -> None:
    there.refusals[ALLOWLIST] = [(403, "PERMISSION_DENIED", "no")]
    _, _, err = desk.run(*KIT, "--upload", "--yes")
    assert "MANAGE ALLOWLIST on the metastore is needed" in err
    assert there.stored == {} and not (desk.work / "kit").exists()


def test_without_a_terminal_the_list_is_changed_only_with_yes(desk: Desk, there: Workspace) -> None:
    assert "here is no terminal; give --yes" in desk.refused(2, *KIT, "--upload")
    assert there.requests == []


def test_a_file_has_the_present_list(desk: Desk) -> None:
    desk.write(json.dumps({"artifact_matchers": [THEIRS]}), "present.json")
    desk.good(*KIT, "--allowlist", "present.json")
    assert json.loads((desk.work / "kit" / "allowlist.json").read_text()) == {"artifact_matchers": [THEIRS, OURS]}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--volume", "s3://a/b"), "--volume is 's3://a/b'; write a path that begins with /Volumes/."),
        (("--yes",), "bootstrap databricks: --yes needs --upload."),
        (("--replace",), "bootstrap databricks: --replace needs --upload."),
        (("--allowlist", "no.json"), "--allowlist: no.json cannot be read: No such file or directory."),
        (("--upload", "--yes", "--allowlist", "x"), "--upload reads the allowlist itself; leave --allowlist out."),
    ],
)
def test_what_does_not_fit_together_is_refused(desk: Desk, words: tuple[str, ...], sentence: str) -> None:
    assert sentence in desk.refused(2, *KIT, *words)


@pytest.mark.parametrize("text", ["", "{", "null", "[]", '{"matchers": []}'])
def test_what_is_no_list_is_refused(desk: Desk, text: str) -> None:
    desk.write(text, "present.json")
    status, _, err = desk.run(*KIT, "--allowlist", "present.json")
    assert status != 0 and "--allowlist" in err
