"""Paths for the JVM, which garbles letters beyond ASCII where its locale is not UTF-8."""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

_LINK = "j-"


def private_folder(base: Path | None = None, *, create: bool = True) -> Path | None:
    """A folder with an ASCII path that only this user can write to, made if need be; None where there can be none.

    Without `create`, the one that would be made. Below `base`, else the folder for temporary files, else `/tmp`.
    """
    for parent in [base] if base else [Path(tempfile.gettempdir()), Path("/tmp")]:  # noqa: S108 - checked below
        folder = parent / f"sparklineage-{os.getuid()}"
        if not str(folder).isascii():
            continue
        if not create and not folder.exists():
            return folder
        with suppress(OSError):
            with suppress(FileExistsError):
                folder.mkdir(mode=0o700)
            # Somebody else may have been first, with a folder or link of his own.
            state = folder.lstat()
            if stat.S_ISDIR(state.st_mode) and state.st_uid == os.getuid() and not state.st_mode & 0o022:
                return folder
    return None


def ascii_path(folder: Path, warnings: list[str], *, create: bool = True, base: Path | None = None) -> Path | None:
    """`folder`, or a link to it if its path has letters beyond ASCII; None where there can be no link either.

    Why there is none is added to `warnings`: the listeners have to be left out then, they would write somewhere
    else. `folder` is absolute and need not exist yet. Without `create`, the link's path is given and nothing
    written. `base` is where the links go, by default the folder for temporary files.
    """
    if str(folder).isascii():
        return folder
    where = private_folder(base, create=create)
    if where is not None:
        target = os.fsencode(folder)
        # Two journals may know the same run id.
        link = where / f"{_LINK}{_ascii(folder.name)}-{hashlib.sha256(target).hexdigest()[:8]}"
        if not create or _linked(link, folder):
            return link
    warnings.append(
        f"{folder}: Java may misread this path (a letter beyond ASCII is in it), and no link to it could be made; "
        "only this job's start and end are recorded. Choose another --journal."
    )
    return None


def remove_link(path: Path | None) -> None:
    """Remove what `ascii_path` made; a folder that it gave back as it was stays."""
    if path is not None and path.name.startswith(_LINK) and path.parent.name == f"sparklineage-{os.getuid()}":
        with suppress(OSError):
            if path.is_symlink():
                path.unlink()


def _ascii(name: str) -> str:
    return "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in name)


def _linked(link: Path, folder: Path) -> bool:
    with suppress(OSError):
        with suppress(FileExistsError):
            link.symlink_to(folder, target_is_directory=True)
        return link.readlink() == folder
    return False
