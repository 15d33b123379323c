"""How the files of a run are opened: plainly where they are our own, with care where they are somebody else's.

Whoever may write into a folder may put links, pipes or devices into it, or exchange the folder for a link while it is
looked at. So the folder is opened first, and a file by its name in that open folder; what was opened is then looked at.
"""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from sparklineage.errors import JournalError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# Without O_NONBLOCK a pipe, or a lease on the file, would hold us as long as its owner likes.
_FILE = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_LINKS = frozenset({errno.ELOOP, errno.ENOTDIR, errno.EMLINK, errno.ENXIO})
_MIB = 1 << 20


class ForeignError(JournalError):
    """A folder of somebody else's that is not as an application leaves it, or that may not be read."""


@dataclass(frozen=True)
class Access:
    """One way to open the files of a run."""

    open: Callable[[Path], BinaryIO]
    """For reading. Raises FileNotFoundError where there is none."""
    longest: int
    """Bytes of a line, or of a small file, from which on it is no longer taken for one."""
    brackets: int
    """Objects and lists of one line; each takes some hundred bytes of memory."""


def open_own(path: Path) -> BinaryIO:
    """Whatever is there."""
    return path.open("rb", buffering=0)


def open_foreign(path: Path) -> BinaryIO:
    """A plain file of the folder's owner, and of this folder alone; no link is followed to it.

    Raises ForeignError for anything else and for what may not be read, FileNotFoundError where there is none.
    """
    return os.fdopen(descriptor(path), "rb", 0)


def check_folder(path: Path) -> None:
    """Raises ForeignError where the run's folder is a link, or may not be read."""
    try:
        os.close(os.open(path, _FOLDER))
    except OSError as error:
        raise _refusal(path, error) from None


def descriptor(path: Path, mode: int = os.O_RDONLY) -> int:
    """The open file of `open_foreign`; the caller closes it."""
    try:
        at = os.open(path.parent, _FOLDER)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise _refusal(path.parent, error) from None
    try:
        owner = os.fstat(at).st_uid
        fd = os.open(path.name, _FILE | mode, dir_fd=at)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise _refusal(path, error) from None
    finally:
        os.close(at)
    found = os.fstat(fd)
    if stat.S_ISREG(found.st_mode) and found.st_nlink <= 1 and found.st_uid == owner:
        return fd
    os.close(fd)
    if not stat.S_ISREG(found.st_mode):
        raise _no_plain_file(path)
    if found.st_uid != owner:
        raise ForeignError(f"{path}: belongs to another user than its folder, and is left alone.")
    raise ForeignError(f"{path}: has a second name elsewhere, and such files are left alone.")


def _refusal(path: Path, error: OSError) -> ForeignError:
    if error.errno in _LINKS:
        return _no_plain_file(path)
    if error.errno in (errno.EACCES, errno.EPERM):
        return ForeignError(
            f"{path}: this relay may not read it. The spool needs the setgid bit and the relay's group, so that every "
            "run's folder gets them; `chmod g+rwX` by its owner helps a run that is there."
        )
    return ForeignError(f"{path}: cannot be read: {error.strerror}.")


def _no_plain_file(path: Path) -> ForeignError:
    return ForeignError(f"{path}: is a link, or no plain file, and such are not followed.")


OWN = Access(open=open_own, longest=64 * _MIB, brackets=1 << 22)
FOREIGN = Access(open=open_foreign, longest=8 * _MIB, brackets=1 << 17)
