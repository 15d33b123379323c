"""A path for the JVM where the journal's own has letters that the JVM's locale may not know."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sparklineage.cli import jars
from sparklineage.cli.jars import witness_jar
from sparklineage.cli.plain_paths import ascii_path, private_folder, remove_link

RUN = "0199a001-1111-7000-8000-000000000001"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "jürgen x" / RUN


def test_an_ascii_path_stays(tmp_path: Path) -> None:
    warnings: list[str] = []
    path = tmp_path / "a b" / RUN
    path.mkdir(parents=True)
    assert ascii_path(path, warnings, base=tmp_path) == path
    remove_link(path)
    assert path.is_dir()
    assert warnings == []


def test_what_is_written_through_the_link_is_in_the_folder(folder: Path, tmp_path: Path) -> None:
    """The folder may come later; nobody else may write beside the link; removing takes the link alone."""
    warnings: list[str] = []
    link = ascii_path(folder, warnings, base=tmp_path)
    assert link is not None
    assert str(link).isascii()
    assert link.parent.stat().st_mode & 0o777 == 0o700
    folder.mkdir(parents=True)
    (link / "agent.ndjson").write_text("{}")
    assert ascii_path(folder, warnings, base=tmp_path) == link
    remove_link(link)
    assert not link.is_symlink()
    assert (folder / "agent.ndjson").read_text() == "{}"
    remove_link(link)
    remove_link(None)
    assert warnings == []


def test_two_journals_with_the_same_run_have_two_links(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "ø" / RUN
    assert ascii_path(folder, [], base=tmp_path) != ascii_path(other, [], base=tmp_path)


def test_a_look_ahead_writes_nothing(folder: Path, tmp_path: Path) -> None:
    would_be = ascii_path(folder, [], create=False, base=tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert ascii_path(folder, [], base=tmp_path) == would_be


@pytest.mark.parametrize("trap", ["link", "writable", "file", "taken"])
def test_a_folder_that_is_not_ours_alone_is_not_used(folder: Path, tmp_path: Path, trap: str) -> None:
    private = tmp_path / f"sparklineage-{os.getuid()}"
    if trap == "link":
        (tmp_path / "elsewhere").mkdir(mode=0o700)
        private.symlink_to(tmp_path / "elsewhere")
    elif trap == "file":
        private.write_text("")
    else:
        link = ascii_path(folder, [], base=tmp_path)
        assert link is not None
        if trap == "writable":
            private.chmod(0o777)
        else:
            link.unlink()
            link.symlink_to("/etc")
    warnings: list[str] = []
    assert ascii_path(folder, warnings, base=tmp_path) is None
    (warning,) = warnings
    assert warning.startswith(f"{folder}: Java may misread this path (a letter beyond ASCII is in it), and no link")


def test_a_folder_for_temporary_files_beyond_ascii_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "ü"))
    found = private_folder(create=False)
    assert found is not None
    assert found.parent == Path("/tmp")  # noqa: S108 - not used here


def test_the_witness_is_copied_where_spark_would_misread_its_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = tmp_path / "ä b" / "witness.jar"
    original.parent.mkdir()
    original.write_bytes(b"jar")
    monkeypatch.setattr(jars, "jar_path", lambda: original)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    warnings: list[str] = []
    copy = witness_jar(warnings)
    assert copy is not None
    assert copy.read_bytes() == b"jar"
    assert copy.parent == tmp_path / f"sparklineage-{os.getuid()}"
    copy.parent.chmod(0o777)
    monkeypatch.setattr(jars, "private_folder", lambda: None)
    assert witness_jar(warnings) is None
    assert warnings == [f"{original}: Spark would misread this path; failed queries may be told as COMPLETE."]
