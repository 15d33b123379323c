"""Which runs leave the journal, which stay, and that nothing beside them is touched."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sparklineage.journal import DeliveryLock, RunFolder, RunLock, append_line
from sparklineage.model.clock import now_ms
from sparklineage.relay.dropped import Dropped, dropped, remember
from sparklineage.relay.removal import size_of, sweep
from sparklineage.relay.retire import Keep, Retired, retire
from tests.support.journal import folder

DAY = 86_400
SIZE = 10_000
BACKEND = "0123456789ab"
TINY = Keep(size=1)


def run_id(number: int) -> str:
    return f"01900000-0000-7000-8000-0000000000{number:02d}"


def run(root: Path, number: int, *, days: float = 10, backend: str | None = None, **settled: object) -> RunFolder:
    """A settled run of about SIZE bytes that ended so many days ago."""
    made = folder(root, run_id(number), backend=backend)
    ended = now_ms() - round(days * DAY * 1000)
    made.events.write_text("x" * (SIZE - 1) + "\n")
    made.outcome.write_text(json.dumps({"format": 1, "state": "COMPLETE", "endedAt": ended}))
    made.settled.write_text(json.dumps({"format": 1, "endedAt": ended, **settled}))
    os.utime(made.run, (ended / 1000 - 1, ended / 1000 - 1))
    return made


def cursor(made: RunFolder, offset: int = SIZE, *, key: str = BACKEND, **more: object) -> None:
    made.delivery(key).write_text(json.dumps({"format": 1, "offset": offset, "refused": 0, **more}))


def retired(root: Path, keep: Keep, current: str | None = None) -> list[Retired]:
    found = retire(root, keep, until=time.monotonic() + 20, current=current)
    return [item for item in found if isinstance(item, Retired)]


def left(root: Path) -> list[int]:
    return sorted(int(entry.name[-2:]) for entry in root.iterdir())


def test_what_is_too_old_leaves(tmp_path: Path) -> None:
    for number, days in enumerate((40, 31, 29, 1)):
        run(tmp_path, number, days=days)
    found = retired(tmp_path, Keep(age=30 * DAY))
    assert left(tmp_path) == [2, 3]
    assert [item.run_id for item in found] == [run_id(0), run_id(1)]
    assert str(found[0]).startswith(f"{run_id(0)}  removed from the journal: it is older than 30 d (")


def test_a_long_run_that_has_just_ended_is_not_old(tmp_path: Path) -> None:
    made = run(tmp_path, 1, days=1)
    os.utime(made.run, (0, 0))
    assert retired(tmp_path, Keep(age=30 * DAY)) == []
    assert left(tmp_path) == [1]


def test_the_oldest_leave_until_the_journal_is_small_enough(tmp_path: Path) -> None:
    for number in range(5):
        run(tmp_path, number, days=10 - number)
    found = retired(tmp_path, Keep(size=3 * SIZE + SIZE // 2))
    assert left(tmp_path) == [2, 3, 4]
    assert all(item.size >= SIZE for item in found)
    assert f"the journal was larger than {3 * SIZE + SIZE // 2} bytes" in str(found[0])
    assert retired(tmp_path, Keep(size=3 * SIZE + SIZE // 2)) == []


def test_without_limits_nothing_leaves(tmp_path: Path) -> None:
    run(tmp_path, 1, days=10_000)
    assert retired(tmp_path, Keep()) == []
    assert left(tmp_path) == [1]


def test_the_current_run_stays(tmp_path: Path) -> None:
    run(tmp_path, 1)
    run(tmp_path, 2)
    retired(tmp_path, TINY, current=run_id(1))
    assert left(tmp_path) == [1]


def test_only_what_every_backend_has_accepted_leaves(tmp_path: Path) -> None:
    cursor(run(tmp_path, 1, backend=BACKEND))
    run(tmp_path, 2, backend=BACKEND)  # its cursor was never written
    cursor(run(tmp_path, 3, backend=BACKEND), SIZE - 1)
    cursor(run(tmp_path, 4), SIZE - 1)  # sent with `relay drain --all`, in part
    two = run(tmp_path, 5, backend=BACKEND)
    cursor(two)
    cursor(two, 0, key="another")
    retired(tmp_path, TINY)
    assert left(tmp_path) == [2, 3, 4, 5]


def test_dead_letters_stay(tmp_path: Path) -> None:
    """They can be sent again once the reason is mended, such as a key that was no longer valid."""
    cursor(run(tmp_path, 1, backend=BACKEND), refused=1)
    made = run(tmp_path, 2, backend=BACKEND)
    cursor(made)
    made.refused(BACKEND).write_text("{}\n")
    assert retired(tmp_path, Keep(size=1, age=1)) == []


@pytest.mark.parametrize("name", ["run.json", "settled.json", f"delivery/{BACKEND}.json"])
@pytest.mark.parametrize("text", ["{", '{"format": 9}', "[]"])
def test_what_cannot_be_read_stays(tmp_path: Path, name: str, text: str) -> None:
    made = run(tmp_path, 1, backend=BACKEND)
    cursor(made)
    (made.path / name).write_text(text)
    assert retired(tmp_path, TINY) == []
    assert left(tmp_path) == [1]


def test_a_run_that_is_not_settled_stays(tmp_path: Path) -> None:
    run(tmp_path, 1).settled.unlink()
    assert retired(tmp_path, TINY) == []


@pytest.mark.parametrize("lock", [RunLock, DeliveryLock])
@pytest.mark.parametrize("is_told", [True, False])
def test_a_run_that_somebody_holds_stays(tmp_path: Path, lock: type[RunLock | DeliveryLock], is_told: bool) -> None:
    made = run(tmp_path, 1)
    if not is_told:
        made.outcome.unlink()
    with lock(made):
        assert retired(tmp_path, TINY) == []
    assert len(retired(tmp_path, TINY)) == 1


def test_a_lock_of_another_process_counts(tmp_path: Path) -> None:
    made = run(tmp_path, 1)
    with RunLock(made) as lock:
        heir = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, pass_fds=(lock.fd,))
    try:
        assert retired(tmp_path, TINY) == []
    finally:
        heir.communicate(b"\n")
    assert len(retired(tmp_path, TINY)) == 1


def test_no_link_is_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    treasure = run(outside, 7)
    journal = tmp_path / "journal"
    made = run(journal, 1)
    (journal / run_id(2)).symlink_to(treasure.path)
    (made.path / "link").symlink_to(treasure.path)
    (made.path / "file").symlink_to(treasure.events)
    (journal / f".leaving-{run_id(3)}").symlink_to(treasure.path)
    found = retired(journal, TINY)
    assert [item.run_id for item in found] == [run_id(1)]
    assert found[0].size < 2 * SIZE
    assert sorted(entry.name for entry in journal.iterdir()) == [f".leaving-{run_id(3)}", run_id(2)]
    assert treasure.events.stat().st_size == SIZE


def test_other_peoples_files_stay(tmp_path: Path) -> None:
    run(tmp_path, 1)
    for name in ("notes", ".leaving-notes"):
        (tmp_path / name).mkdir()
    (tmp_path / "file").write_text("x" * SIZE)
    retired(tmp_path, TINY)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == [".leaving-notes", "file", "notes"]


def test_what_a_killed_process_left_half_removed_goes(tmp_path: Path) -> None:
    run(tmp_path, 1).path.rename(tmp_path / f".leaving-{run_id(1)}")
    retired(tmp_path, Keep(age=DAY))
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_begun_after_the_time(tmp_path: Path) -> None:
    run(tmp_path, 1)
    assert list(retire(tmp_path, Keep(size=1, age=1), until=time.monotonic())) == []
    assert left(tmp_path) == [1]


@pytest.mark.skipif(os.getuid() == 0, reason="root may remove everything")
def test_what_may_not_be_removed_is_passed_over(tmp_path: Path) -> None:
    run(tmp_path, 1)
    tmp_path.chmod(0o500)
    try:
        assert retired(tmp_path, TINY) == []
    finally:
        tmp_path.chmod(0o700)
    assert left(tmp_path) == [1]


def test_the_size_is_that_of_all_files(tmp_path: Path) -> None:
    made = folder(tmp_path)
    before = size_of(made.path)
    (made.path / "delivery" / "x").write_text("x" * 77)
    (made.path / "link").symlink_to("y" * 5)
    assert size_of(made.path) == before + 77 + 5
    assert size_of(tmp_path / "nowhere") == 0


def test_two_at_once_remove_each_run_once(tmp_path: Path) -> None:
    for number in range(60):
        run(tmp_path, number)
    code = (
        "import sys, time; from pathlib import Path; from sparklineage.relay.retire import Keep, retire; "
        "print(len(list(retire(Path(sys.argv[1]), Keep(size=1), until=time.monotonic() + 20))))"
    )
    both = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE) for _ in range(2)]
    counts = [int(process.communicate()[0]) for process in both]
    assert (sum(counts), left(tmp_path)) == (60, [])


def undelivered(root: Path, number: int, events: int = 100) -> RunFolder:
    made = run(root, number, days=10 - number, events=events)
    cursor(made, 0, delivered=1)
    return made


def test_above_the_hard_limit_undelivered_runs_of_ended_applications_leave(tmp_path: Path) -> None:
    """The oldest first, what is delivered before them, what runs never; each is told and remembered."""
    for number in (1, 2, 3):
        undelivered(tmp_path, number)
    cursor(run(tmp_path, 4, days=1))
    alive = folder(tmp_path, run_id(0))
    alive.agent.write_text("x" * SIZE * 3)
    with RunLock(alive):
        os.utime(alive.lock, (1, 1))
        keep = Keep(size=5 * SIZE, hard=5 * SIZE)
        found = list(retire(tmp_path, keep, until=time.monotonic() + 20))
        assert sorted(path.name for path in tmp_path.iterdir()) == [run_id(0), run_id(3), "dropped.ndjson"]
    assert [type(item).__name__ for item in found] == ["Retired", "Dropped", "Dropped"]
    assert f"{run_id(1)}  DROPPED with 99 undelivered events (" in str(found[1])
    assert [item.run_id for item in dropped(tmp_path)] == [run_id(1), run_id(2)]
    assert list(retire(tmp_path, keep, until=time.monotonic() + 20)) == []


def test_a_run_that_somebody_delivers_is_dropped_only_where_it_is_let_go(tmp_path: Path) -> None:
    made = undelivered(tmp_path, 1)
    keep, locks = Keep(hard=1), [DeliveryLock(made)]

    def release(found: str) -> bool:
        assert found == run_id(1)
        locks.pop().close()
        return True

    assert list(retire(tmp_path, keep, until=time.monotonic() + 20)) == []
    assert len(list(retire(tmp_path, keep, until=time.monotonic() + 20, release=release))) == 1
    assert locks == []


def test_only_the_newest_of_what_was_dropped_is_remembered(tmp_path: Path) -> None:
    for number in range(6_000):
        remember(tmp_path, Dropped(run_id=f"{number:036}", events=1, size=2, time=number))
    found = dropped(tmp_path)
    assert 1000 <= len(found) < 6_000
    assert found[-1].time == 5_999
    assert (tmp_path / "dropped.ndjson").stat().st_size < 256 << 10


def test_what_a_watcher_has_yet_to_deliver_stays_though_no_cursor_tells(tmp_path: Path) -> None:
    """A run that was closed where no backend was to be told, in a journal all of which goes to one."""
    made = run(tmp_path, 1, days=20)
    keep = Keep(age=10 * DAY)
    assert list(retire(tmp_path, keep, until=time.monotonic() + 20, key=BACKEND)) == []
    cursor(made)
    assert len(list(retire(tmp_path, keep, until=time.monotonic() + 20, key=BACKEND))) == 1


def test_what_is_dropped_is_told_though_it_can_be_written_down_only_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = undelivered(tmp_path, 1)
    write = append_line

    def full(path: Path, record: dict[str, object]) -> None:
        if any(tmp_path.glob(f"*{run_id(1)}")):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        write(path, record)

    monkeypatch.setattr("sparklineage.relay.dropped.append_line", full)
    (found,) = retire(tmp_path, Keep(hard=1), until=time.monotonic() + 20)
    assert isinstance(found, Dropped)
    assert [item.run_id for item in dropped(tmp_path)] == [made.run_id]


def test_what_a_relay_knows_of_runs_stays_while_their_folder_is_away(tmp_path: Path) -> None:
    """Such as a file system that is not mounted yet."""
    root, state = tmp_path / "spool", tmp_path / "state"
    known = state / run_id(1)
    known.mkdir(parents=True)
    assert sweep(root, state, time.monotonic() + 20) == []
    assert known.exists()
    root.mkdir()
    sweep(root, state, time.monotonic() + 20)
    assert not known.exists()
