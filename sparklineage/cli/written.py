"""Files that a command writes: whole or not at all."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from sparklineage.errors import UsageError


def write_new(path: Path, content: str | bytes, option: str, *, over: bool = False) -> None:
    """Write a file, a text as UTF-8. With `over` an existing one is replaced, else that is an error.

    `option` is what named the path. Raises UsageError; then nothing is changed.
    """
    data = content.encode() if isinstance(content, str) else content
    try:
        if not over:
            # Exclusive, so that a file which appears at the same moment is kept too.
            with path.open("xb") as file:
                file.write(data)
            return
        handle, part = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            mode = path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask()
            Path(part).chmod(mode)
            Path(part).replace(path)
        except BaseException:
            with suppress(OSError):
                Path(part).unlink()
            raise
    except FileExistsError:
        raise UsageError(f"{option}: {path} is there already and stays as it is; name another file.") from None
    except OSError as error:
        raise UsageError(f"{option}: {path} cannot be written: {error.strerror}.") from None


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
