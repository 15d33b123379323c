"""`file:/path`: a text file, such as a secret that Kubernetes or Docker mounts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sparklineage.config.secrets.interface import UnreadableError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sparklineage.model.secret import SecretReference

_LARGEST = 64 * 1024
"""Bytes. Secrets Manager has the same limit."""


def read(reference: SecretReference, *, environ: Mapping[str, str], timeout: float) -> str:  # noqa: ARG001
    """The file's text, without the byte order mark that editors on Windows put before it."""
    problem = None
    try:
        path = _path(reference.name, environ)
        # Opening a pipe would wait for its writer.
        if path.exists() and not path.is_file():
            problem = "it is no file" if not path.is_dir() else "it is a folder"
        else:
            with path.open("rb") as file:
                content = file.read(_LARGEST + 1)
            if len(content) <= _LARGEST:
                return content.decode("utf-8-sig")
            problem = "it is larger than 64 KiB"
    except OSError as error:
        problem = error.strerror or type(error).__name__
    except UnicodeError:
        problem = "it is not UTF-8 text"
    except RuntimeError:  # of expanduser
        problem = "the home folder of this user is not known"
    raise UnreadableError(f"the file {reference.name}, which cannot be read: {problem}.")


def _path(name: str, environ: Mapping[str, str]) -> Path:
    home = environ.get("HOME")
    if home and (name == "~" or name.startswith("~/")):
        return Path(home, name[2:])
    return Path(name).expanduser()
