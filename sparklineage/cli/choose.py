"""Find runs by what a person types."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sparklineage.errors import UnknownRunError, suggestion
from sparklineage.journal import run_folders

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sparklineage.journal import RunFolder


def choose_runs(root: Path, wanted: Sequence[str]) -> list[RunFolder]:
    """The folders of these run ids, unique beginnings of run ids, or `latest`. Raises UnknownRunError."""
    folders = run_folders(root)
    return [choose_run(folders, root, name) for name in wanted]


def choose_run(folders: Sequence[RunFolder], root: Path, name: str) -> RunFolder:
    """The one folder that `name` means."""
    if not folders:
        raise UnknownRunError(f"RUN {name!r}: the journal {root} is empty; `sparklineage submit` fills it.")
    if name == "latest":
        return folders[-1]
    found = [folder for folder in folders if folder.run_id.startswith(name.lower())]
    if len(found) == 1:
        return found[0]
    if found:
        ids = ", ".join(folder.run_id for folder in found[:5])
        raise UnknownRunError(f"RUN {name!r} is the beginning of {len(found)} runs; write more of one: {ids}.")
    hint = suggestion(name, [folder.run_id for folder in folders])
    raise UnknownRunError(f"RUN {name!r} is not in the journal {root}; `sparklineage runs` lists them.{hint}")
