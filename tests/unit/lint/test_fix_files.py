"""Files that are mended: whole or not at all, with everything about them that is not the mistake."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from sparklineage.lint.fix import FixReport, fix_paths
from sparklineage.lint.fix.replace import replace_file

DEAD = b"# caf\xc3\xa9\r\nspark.openlineage.debugFacet=enabled\r\n"
ALIVE = b"# caf\xc3\xa9\r\nspark.openlineage.facets.debug.disabled=false\r\n"


def _file(folder: Path, data: bytes = DEAD, name: str = "spark-defaults.conf") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def _problems(report: FixReport) -> list[str]:
    return report.report.unreadable


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_bytes_around_a_fix_stay(mark: bytes, tmp_path: Path) -> None:
    """Byte order mark, line ends, characters."""
    path = _file(tmp_path, mark + DEAD)
    report = fix_paths([path])
    assert path.read_bytes() == mark + ALIVE
    (mended,) = report.mended
    assert mended.codes == ("SL001",)
    assert mended.file == str(path)
    assert list(mended.diff[2:]) == [
        "@@ -1,2 +1,2 @@",
        " # café",
        "-spark.openlineage.debugFacet=enabled",
        "+spark.openlineage.facets.debug.disabled=false",
    ]
    assert _names(tmp_path) == ["spark-defaults.conf"]
    assert fix_paths([path]).mended == []


def test_without_writing(tmp_path: Path) -> None:
    """The same report, and the file as it was."""
    path = _file(tmp_path)
    before = path.stat()
    report = fix_paths([tmp_path], write=False)
    assert len(report.mended) == report.report.checked == 1
    assert path.read_bytes() == DEAD
    assert path.stat().st_mtime_ns == before.st_mtime_ns


def test_mode_and_links_stay(tmp_path: Path) -> None:
    """A link is written through, to a file that others may not read."""
    (tmp_path / "there").mkdir()
    target = _file(tmp_path / "there")
    target.chmod(0o640)
    link = tmp_path / "spark-defaults.conf"
    link.symlink_to(Path("there", target.name))
    fix_paths([link], backup=True)
    assert link.is_symlink()
    assert target.read_bytes() == ALIVE
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    kept = target.with_name("spark-defaults.conf.orig")
    assert kept.read_bytes() == DEAD
    assert stat.S_IMODE(kept.stat().st_mode) == 0o640


@pytest.mark.parametrize("name", ["run.orig", "run.orig.1"])
def test_what_is_kept_stays(name: str, tmp_path: Path) -> None:
    """In a folder it is not visited, and named it is read but not changed, whatever its first line makes of it."""
    data = b"#!/bin/sh\nspark-submit --conf spark.openlineage.debugFacet=enabled x.py\n"
    kept = _file(tmp_path, data, name)
    report = fix_paths([tmp_path], backup=True)
    assert (report.report.checked, report.report.left_out, report.mended) == (0, 0, [])
    link = tmp_path / "run.sh"
    link.symlink_to(kept)
    for path in (kept, link):
        report = fix_paths([path])
        assert [finding.code for finding in report.report.findings] == ["SL001"]
        assert _problems(report) == [f"{path}:1:1: this is a copy that --backup kept, so it stays as it is."]
    assert kept.read_bytes() == data
    assert _names(tmp_path) == [name, "run.sh"]


def test_backups_are_never_overwritten(tmp_path: Path) -> None:
    """Each further one gets a number."""
    path = tmp_path / "spark-defaults.conf"
    for _ in range(3):
        path.write_bytes(DEAD)
        fix_paths([path], backup=True)
    names = [
        "spark-defaults.conf",
        "spark-defaults.conf.orig",
        "spark-defaults.conf.orig.1",
        "spark-defaults.conf.orig.2",
    ]
    assert _names(tmp_path) == names
    clean = fix_paths([path], backup=True)
    assert clean.mended == []
    assert _names(tmp_path) == names


def test_one_file_that_cannot_be_written_does_not_stop_the_others(tmp_path: Path) -> None:
    """Its findings are told as they are."""
    locked, gone, dangling = _file(tmp_path, name="a.conf"), tmp_path / "b.conf", tmp_path / "c.conf"
    locked.chmod(0o444)
    dangling.symlink_to("nowhere")
    latin = _file(tmp_path, DEAD.replace(b"\xc3\xa9", b"\xe9"), "d.conf")
    last = _file(tmp_path, name="e.conf")
    report = fix_paths([locked, gone, dangling, latin, last])
    assert _problems(report) == [
        f"{gone}: cannot be read: No such file or directory.",
        f"{dangling}: cannot be read: No such file or directory.",
        f"{locked}: cannot be written: it is read-only.",
        f"{latin}:1:6: this is no UTF-8, so nothing in the file is changed.",
    ]
    assert locked.read_bytes() == DEAD
    assert b"\xe9" in latin.read_bytes()
    assert last.read_bytes() == ALIVE
    assert [(Path(finding.place.file).name, finding.code) for finding in report.report.findings] == [
        ("a.conf", "SL001"),
        ("d.conf", "SL001"),
    ]


def test_a_file_of_another_encoding_without_mistakes_is_fine(tmp_path: Path) -> None:
    """There is nothing to write."""
    path = _file(tmp_path, b"# caf\xe9\nspark.jars a.jar\n")
    assert _problems(fix_paths([path])) == []


def test_a_file_that_changes_meanwhile_is_left(tmp_path: Path) -> None:
    """What somebody else has just written is not lost."""
    path = _file(tmp_path, ALIVE)
    with pytest.raises(OSError, match="it has changed meanwhile"):
        replace_file(path, DEAD, ALIVE, backup=True)
    assert _names(tmp_path) == ["spark-defaults.conf"]
    assert path.read_bytes() == ALIVE


def test_what_is_no_file_is_left(tmp_path: Path) -> None:
    """A pipe cannot be replaced by a file."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="it is no regular file"):
        replace_file(tmp_path / "pipe", b"", b"")


def test_nothing_is_left_where_writing_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk, for one."""

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    path = _file(tmp_path)
    monkeypatch.setattr(os, "fsync", full)
    assert _problems(fix_paths([path], backup=True)) == [f"{path}: cannot be written: No space left on device."]
    assert _names(tmp_path) == ["spark-defaults.conf"]
    assert path.read_bytes() == DEAD
