"""A machine of its own inside this one: own files, own processes, and the same network unless it is to have its own.

Its root is this machine's file system under a layer in memory. So everything of this machine is there to be used and
may be written to and removed, and nothing of this machine changes.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_SCRIPT = Path(__file__).with_name("tree.sh")
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_UNSHARE = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "--propagation", "private")
_PROBE = """
mount -t tmpfs probe /mnt && mkdir /mnt/upper /mnt/below /mnt/root &&
mount -t overlay -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/below probe /mnt/root
"""


@dataclass(frozen=True, kw_only=True)
class Ended:
    """What one command left behind."""

    status: int
    stdout: str
    stderr: str


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What lies at one path: kind (f, d, l …), mode ("755"), owner ("user:group"), a link's target, bytes."""

    kind: str
    mode: str
    owner: str
    target: str
    size: int


@dataclass(frozen=True)
class Tree:
    """Runs commands in the tree, as root unless another user is named."""

    holder: int
    """The process id of its first process, as seen from outside."""
    work: Path

    def argv(self, command: Sequence[str], user: str = "root") -> list[str]:
        inside = ["nsenter", f"--target={self.holder}", "--mount", "--pid", "--net"]
        return [*inside, "chroot", f"--userspec={user}:", str(self.work / "root"), *command]

    def start(
        self,
        command: Sequence[str],
        *,
        user: str = "root",
        cwd: str = "/",
        environ: Mapping[str, str] | None = None,
        stdin: int | None = subprocess.DEVNULL,
    ) -> subprocess.Popen[str]:
        home = "/root" if user == "root" else f"/home/{user}"
        inside = ["/bin/sh", "-c", 'cd "$0" && exec "$@"', cwd, *command]
        return subprocess.Popen(
            self.argv(inside, user),
            env={"PATH": _PATH, "HOME": home, "USER": user, "LANG": "C.UTF-8", **(environ or {})},
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,
        )

    def run(
        self,
        command: Sequence[str],
        *,
        user: str = "root",
        cwd: str = "/",
        environ: Mapping[str, str] | None = None,
        given: str | None = None,
        seconds: float = 120,
    ) -> Ended:
        """Run to the end; what it started in the background and left may keep running."""
        pipe = subprocess.DEVNULL if given is None else subprocess.PIPE
        with self.start(command, user=user, cwd=cwd, environ=environ, stdin=pipe) as process:
            try:
                stdout, stderr = process.communicate(given, timeout=seconds)
            except BaseException:
                process.kill()
                raise
        return Ended(status=process.returncode, stdout=stdout, stderr=stderr)

    def shell(self, script: str, *words: str, user: str = "root") -> str:
        """The output of a script that has to end well."""
        ended = self.run(["/bin/bash", "-euc", script, "shell", *words], user=user)
        assert ended.status == 0, ended
        return ended.stdout

    def write(self, path: str, text: str, *, mode: str = "644", owner: str = "root:root") -> None:
        """A file with its folders, which become the owner's too where they are new."""
        script = 'install -d -o "${3%:*}" -g "${3#*:}" "${1%/*}"; cat >"$1"; chmod "$2" "$1"; chown "$3" "$1"'
        ended = self.run(["/bin/bash", "-euc", script, "write", path, mode, owner], given=text)
        assert ended.status == 0, ended

    def read(self, path: str) -> str:
        return self.shell('cat "$1"', path)

    def exists(self, path: str) -> bool:
        return self.run(["test", "-e", path]).status == 0

    def entries(self, *folders: str) -> dict[str, Entry]:
        """All that lies under the folders, by path; a folder that is not there has nothing."""
        script = 'for one; do test -e "$one" && find "$one" -printf \'%p\\t%y\\t%m\\t%u:%g\\t%l\\t%s\\n\'; done; true'
        found = {}
        for line in self.shell(script, *folders).splitlines():
            path, kind, mode, owner, target, size = line.split("\t")
            found[path] = Entry(kind=kind, mode=mode, owner=owner, target=target, size=int(size))
        return found

    def processes(self) -> list[tuple[int, str, str]]:
        """(pid, user, command line) of what runs in the tree, its first process aside."""
        listed = self.shell("ps -eo pid=,user:32=,args= --no-headers").splitlines()
        rows = [line.split(maxsplit=2) for line in listed]
        return [(int(pid), user, args) for pid, user, args in rows if int(pid) != 1 and "ps -eo" not in args]

    def written_with(self, text: str) -> list[str]:
        """The files written in the tree, those in /run and /dev too, that hold the text."""
        layers = [str(self.work / name) for name in ("upper", "root/run", "root/dev/shm")]
        command = ["nsenter", f"--target={self.holder}", "--mount", "grep", "-rlaF", "--", text, *layers]
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
        assert ended.returncode in {0, 1}, ended.stderr
        return [line.removeprefix(f"{self.work}/") for line in ended.stdout.splitlines()]


@cache
def missing() -> str:
    """Why no tree can be made here; empty where it can."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "a node's tree takes Linux and root"
    if absent := [name for name in ("unshare", "nsenter", "mount") if shutil.which(name) is None]:
        return f"a node's tree takes {', '.join(absent)}"
    tried = subprocess.run([*_UNSHARE, "sh", "-c", _PROBE], capture_output=True, text=True, check=False)
    return "" if tried.returncode == 0 else f"no file systems can be mounted here: {tried.stderr.strip()}"


@contextmanager
def tree(folder: Path, needed: Sequence[Path], *, network: bool = True) -> Iterator[Tree]:
    """A fresh tree; `needed` are folders that it has to see wherever they are mounted.

    Without `network` it has an empty one of its own instead of this machine's.
    """
    folder.mkdir(parents=True)
    elsewhere = sorted({str(path) for path in needed if path.stat().st_dev != Path("/").stat().st_dev})
    own = [] if network else ["--net"]
    command = [*_UNSHARE, *own, "bash", str(_SCRIPT), str(folder), os.path.realpath(sys.executable), *elsewhere]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as unshared:
        holder = unshared.pid
        try:
            assert unshared.stdout is not None
            assert unshared.stderr is not None
            assert unshared.stdout.readline() == "ready\n", unshared.stderr.read()
            holder = int(Path(f"/proc/{unshared.pid}/task/{unshared.pid}/children").read_text())
            yield Tree(holder, folder)
        finally:
            with suppress(ProcessLookupError):
                os.kill(holder, signal.SIGKILL)  # which takes everything in the tree along
            unshared.wait(30)
