"""The status with which a driver really exits, written when no Python runs in it any more.

Of `raise SystemExit(3)` at the top of a program no Python code hears. But glibc's `on_exit` calls a C function with the
status as the process's last act, and its own `fputc(status, stream)` is such a function as it stands.
Other C libraries have no `on_exit`; there nothing is written.
"""

from __future__ import annotations

import fcntl
import os
import signal
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sparklineage.journal.folder import RunFolder

# Written at once: its block on the disk has room for the byte that follows.
_HEAD = b"The driver's exit status is the byte after this line.\n"
_FAR = 512
"""A program that closes all its files and opens others does not get so far, and no byte of ours into one of them."""
_UNBUFFERED = 2
"""glibc's _IONBF."""
_ENDED = {128 + number: number.name for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)}

_fd: int | None = None
"""Where `fputc` writes; open until the process is gone, because nothing can be taken back from `on_exit`."""


def record(folder: RunFolder, mode: int = 0o600) -> bool:
    """From now on this process's exit status is written into the run's folder; False where that is not possible.

    Nothing is written by os._exit, a signal, or a forked child. Never raises.
    """
    global _fd  # noqa: PLW0603 - a process exits once
    try:
        file = os.open(folder.exit_status, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC, mode)
        try:
            os.fchmod(file, mode)
            os.write(file, _HEAD)
            if _fd is None:
                _fd = _listen()
            os.dup2(file, _fd, inheritable=False)
        finally:
            os.close(file)
    except (OSError, ImportError, AttributeError):  # no ctypes, another C library
        forget(folder)
        return False
    return True


def forget(folder: RunFolder) -> None:
    """The end is known, or nobody's business: write nothing. Never raises."""
    _silence()
    with suppress(OSError):
        folder.exit_status.unlink()


def read(folder: RunFolder) -> tuple[int, int] | None:
    """The status (0 to 255) and when it was written (ms); None while the driver lives, or where it wrote none."""
    found, written = _content(folder)
    # A child that C code has forked may have exited before; the driver comes last.
    return (found[-1], written) if found.startswith(_HEAD) and len(found) > len(_HEAD) else None


def is_awaited(folder: RunFolder) -> bool:
    """Whether the driver has said that it would leave its status, and has not yet."""
    return _content(folder)[0] == _HEAD


def _content(folder: RunFolder) -> tuple[bytes, int]:
    """The beginning of the file, and when it was written (ms); nothing where there is none that may be trusted."""
    try:
        with folder.access.open(folder.exit_status) as file:
            return file.read(len(_HEAD) + 64), int(os.fstat(file.fileno()).st_mtime * 1000)
    except OSError:
        return b"", 0


def meaning(status: int) -> tuple[str, str | None]:
    """The state of an application that exits so, and the message for its error."""
    if status == 0:
        return "COMPLETE", None
    if status in _ENDED:
        return "ABORT", f"The application was ended by {_ENDED[status]}."
    killed = " (SIGKILL, often the out-of-memory killer)" if status == 128 + signal.SIGKILL else ""
    return "FAIL", f"The application exited with status {status}{killed}."


def _listen() -> int:
    """Have `fputc` called at the exit; the file that it writes to. Raises what the platform lacks."""
    import ctypes  # noqa: PLC0415 - not every Python has it

    libc = ctypes.CDLL(None)
    on_exit, fdopen = libc.on_exit, libc.fdopen
    on_exit.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
    fdopen.argtypes, fdopen.restype = [ctypes.c_int, ctypes.c_char_p], ctypes.c_void_p
    libc.setvbuf.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t]
    null = os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)
    try:
        fd = fcntl.fcntl(null, fcntl.F_DUPFD_CLOEXEC, _FAR)
    finally:
        os.close(null)
    stream = fdopen(fd, b"w")
    if not stream or libc.setvbuf(stream, None, _UNBUFFERED, 0):
        raise OSError("no stream")
    os.register_at_fork(after_in_child=_silence)
    if on_exit(ctypes.cast(libc.fputc, ctypes.c_void_p), stream):
        raise OSError("no room for another exit function")
    return fd


def _silence() -> None:
    """Let whatever `fputc` writes go nowhere."""
    if _fd is None:
        return
    with suppress(OSError):
        null = os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)
        try:
            os.dup2(null, _fd, inheritable=False)
        finally:
            os.close(null)
