"""Copies into a folder: whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sparklineage.agent.stores import Payload, StoreOptions, open_store, payload
from sparklineage.agent.stores.folder import Folder
from sparklineage.agent.upload import carry_out, plan
from sparklineage.errors import NoSuchPlaceError, OccupiedError, StoreError, TransferError


@pytest.fixture
def jar(tmp_path: Path) -> Payload:
    path = tmp_path / "agent.jar"
    path.write_bytes(b"the agent" * 1000)
    return payload(path)


def upload(jar: Payload, target: str, *, replace: bool = False) -> list[str]:
    store = open_store(target, StoreOptions(), {})
    steps = plan(store, [jar], replace=replace)
    carry_out(store, steps)
    return [step.action for step in steps]


@pytest.mark.parametrize("form", ["{0}", "file://{0}", "{0}/"])
def test_a_folder_is_made_and_filled_and_left_alone(jar: Payload, tmp_path: Path, form: str) -> None:
    folder = tmp_path / "share"
    target = form.format(folder)
    assert upload(jar, target) == ["upload"]
    assert [path.name for path in folder.iterdir()] == ["agent.jar"]
    before = (folder / "agent.jar").stat().st_mtime_ns
    assert upload(jar, target) == ["keep"]
    assert (folder / "agent.jar").stat().st_mtime_ns == before
    (folder / "agent.jar").write_bytes(b"other")
    with pytest.raises(OccupiedError, match="Nothing was uploaded"):
        upload(jar, target)
    assert upload(jar, target, replace=True) == ["replace"]
    (stored,) = open_store(target, StoreOptions(), {}).stored()
    assert (stored.name, stored.sha512) == ("agent.jar", jar.sha512)


def test_what_is_not_mounted_is_not_made(jar: Payload, tmp_path: Path) -> None:
    with pytest.raises(NoSuchPlaceError, match=r"there is no folder .*mount or make it"):
        upload(jar, str(tmp_path / "mnt" / "share"))
    assert not (tmp_path / "mnt").exists()


def test_a_file_that_changes_meanwhile_is_not_left_there(jar: Payload, tmp_path: Path) -> None:
    assert jar.path is not None
    jar.path.write_bytes(b"changed")
    store = Folder(folder=tmp_path / "share")
    with pytest.raises(TransferError, match="it changed while it was copied; nothing was written"):
        store.put(jar, None)
    assert list((tmp_path / "share").iterdir()) == []


def test_a_place_that_is_no_folder_is_one_sentence(jar: Payload, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"cannot be read or written \(Not a directory\)"):
        upload(jar, str(tmp_path / "file"))
    with pytest.raises(NoSuchPlaceError, match="there is no such folder"):
        open_store(str(tmp_path / "none"), StoreOptions(), {}).stored()
    if os.geteuid():
        (tmp_path / "closed").mkdir(mode=0o500)
        with pytest.raises(StoreError, match="may not be read or written"):
            upload(jar, str(tmp_path / "closed"))
