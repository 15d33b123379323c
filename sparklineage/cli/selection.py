"""The journal that the user means, and short names for the runs in it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sparklineage.journal import default_root

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence

SHORTEST = 8
"""Characters of a run id that are always shown."""


def add_journal_option(parser: argparse.ArgumentParser) -> None:
    """`--journal DIR`."""
    parser.add_argument(
        "--journal",
        metavar="DIR",
        help="the journal's folder (default: SPARKLINEAGE_JOURNAL, else ~/.local/state/sparklineage/journal)",
    )


def journal_root(chosen: str | None, environ: Mapping[str, str]) -> Path:
    """The journal that `--journal`, the environment or the configuration file names; ConfigError for a wrong file."""
    if chosen:
        return Path(chosen).expanduser().absolute()
    if environ.get("SPARKLINEAGE_JOURNAL"):
        return default_root(environ)
    # Only where it must: whoever looks at a graph has no use for the backend's settings.
    from sparklineage.config import load_settings  # noqa: PLC0415

    return load_settings(environ=environ, flags={}, directory=Path.cwd()).journal.value


def short_ids(run_ids: Sequence[str]) -> dict[str, str]:
    """The shortest beginning of each id, of at least eight characters, that no other id has."""
    ordered = sorted(run_ids)
    shorts = {}
    for place, run_id in enumerate(ordered):
        others = ordered[max(place - 1, 0) : place] + ordered[place + 1 : place + 2]
        shared = max((_shared(run_id, other) for other in others), default=0)
        short = run_id[: max(SHORTEST, shared + 1)]
        shorts[run_id] = short + run_id[len(short)] if short.endswith("-") and len(short) < len(run_id) else short
    return shorts


def _shared(one: str, other: str) -> int:
    return next(
        (place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )


def empty_journal(root: Path) -> str:
    """The sentence for a journal without runs."""
    return f"{root} holds no run yet; `sparklineage submit APP` records one."
