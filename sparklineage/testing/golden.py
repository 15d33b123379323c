"""Golden files: the lineage of a test as a small JSON document without ids, times and temporary folders."""

from __future__ import annotations

import difflib
import hashlib
import json
import os
import re
import tempfile
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sparklineage.model import event as ol
from sparklineage.testing.values import Datasets

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from sparklineage.testing.view import Run

_NAME = re.compile(r"[\w][\w.\- ]*")
_ID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")
_TIME = re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)?")
_APART = re.compile(r"[^A-Za-z0-9]+")


class GoldenError(AssertionError):
    """The lineage is not that of the file."""


@dataclass(frozen=True)
class Golden:
    """The golden files of one test module."""

    folder: Path
    update: bool
    places: Mapping[str, str]
    """What stands for a folder that is another one each time, by its path; the innermost first."""
    test: str = "this test"
    """The test that it is for, as pytest names it."""
    claims: Path | None = None
    """A folder of this test run, all its processes included, for what each test has written."""
    written: list[Path] = field(default_factory=list)
    _own: dict[Path, str] = field(default_factory=dict)
    """What this test has written or found to be right."""

    def check(self, name: str, runs: Iterable[Run], facets: tuple[str, ...]) -> None:
        """Raises GoldenError with a diff, ValueError for a name that is no file's."""
        __tracebackhide__ = True
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no name for a golden file: letters, digits, '_', '-', '.' and spaces")
        path = self.folder / f"{name}.json"
        text = json.dumps(self.document(runs, facets), indent=2, ensure_ascii=False) + "\n"
        known = path.read_text(encoding="utf-8") if path.is_file() else None
        if self.update:
            self._claim(path, text)
        if text == known:
            return
        if self.update:
            path.parent.mkdir(parents=True, exist_ok=True)
            _replace(path, text)
            self.written.append(path)
            return
        if known is None:
            raise GoldenError(f"{path}: there is no golden file yet; write it with pytest --lineage-update.\n{text}")
        diff = difflib.unified_diff(known.splitlines(), text.splitlines(), str(path), "this run", lineterm="")
        lines = "\n".join(diff)
        raise GoldenError(f"The lineage is not that of the golden file; if it should be, --lineage-update.\n{lines}")

    def _claim(self, path: Path, text: str) -> None:
        """Raises GoldenError where a file would be one lineage for one test, and another for another."""
        __tracebackhide__ = True
        other, theirs = self.test, self._own.setdefault(path, text)
        if self.claims is not None:
            claim = self.claims / f"{hashlib.sha256(str(path).encode()).hexdigest()}.json"
            mine = json.dumps([self.test, text])
            first, known = json.loads(_first(claim, mine))
            if first != self.test:
                other, theirs = first, known
            elif known != text:  # the test runs again
                _replace(claim, mine)
        if theirs != text:
            both = f"{other} and {self.test} have" if other != self.test else f"{self.test} has twice"
            raise GoldenError(f"{path}: {both} this golden file for different lineages; give each a name of its own.")

    def document(self, runs: Iterable[Run], facets: tuple[str, ...] = ()) -> list[dict[str, Any]]:
        """The runs that tell something, by name; without those of RDDs that only list what others read."""
        runs = [run for run in runs if run.kind != "RDD_JOB" or run.outputs or run.state != "COMPLETE" or run.steps]
        found = [self._run(run, facets) for run in runs if run.inputs or run.outputs or run.state != "COMPLETE"]
        told = [item for item in found if not (item["kind"] == "APPLICATION" and item["state"] == "RUNNING")]
        # Queries may run at the same time, and one may be told of twice.
        unique = {json.dumps(item, sort_keys=True): item for item in told}
        return [unique[key] for key in sorted(unique, key=lambda key: (unique[key]["job"], key))]

    def _run(self, run: Run, facets: tuple[str, ...]) -> dict[str, Any]:
        found: dict[str, Any] = {"job": self._job(run.name), "kind": run.kind, "state": run.state}
        if run.error:
            # Below it are stack traces, with lines and threads of their own.
            found["error"] = self._plain(run.error.strip().partition("\n")[0])
        for side, datasets in (("inputs", run.inputs), ("outputs", run.outputs)):
            found[side] = [self._dataset(run, side, text, facets) for text in map(Datasets.text, datasets)]
        columns = {
            self._plain(str(column)): sorted(
                self._plain(f"{Datasets.text(source.dataset)}.{source.name}") for source in run.columns(str(column))
            )
            for column in run.column_lineage()
        }
        if columns:
            found["columns"] = dict(sorted(columns.items()))
        more = {name: self._deep(value) for name, value in sorted(run.facets.items()) if name in facets}
        return {**found, "facets": more} if more else found

    def _dataset(self, run: Run, side: str, text: str, facets: tuple[str, ...]) -> Any:
        own = {"inputs": "inputFacets", "outputs": "outputFacets"}[side]
        found: dict[str, Any] = {}
        for event in run.events:
            for item in ol.datasets(event, side):
                if Datasets.text(run_dataset(item)) == text:
                    found |= {**(item.get("facets") or {}), **(item.get(own) or {})}
        more = {name: self._deep(value) for name, value in sorted(found.items()) if name in facets}
        return {"dataset": self._plain(text), "facets": more} if more else self._plain(text)

    def _deep(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: self._deep(item) for name, item in value.items() if name not in ("_producer", "_schemaURL")}
        if isinstance(value, list):
            return [self._deep(item) for item in value]
        return self._plain(value) if isinstance(value, str) else value

    def _job(self, name: str) -> str:
        """The agent ends the names of jobs with the last two parts of a path."""
        for place, instead in self.places.items():
            last = re.escape(_APART.sub("_", place.rpartition("/")[2]))
            name = re.sub(rf"\.{last}(?=_|$)", f".{instead}", name)
        return self._plain(name)

    def _plain(self, text: str) -> str:
        for place, name in self.places.items():
            text = text.replace(place, name)
            # In the names of jobs a path has lost its slashes.
            parts = [re.escape(part) for part in _APART.split(place) if part]
            text = re.sub("_?" + "[^A-Za-z0-9]".join(parts) + r"(?![A-Za-z0-9])", name, text)
        return _TIME.sub("<time>", _ID.sub("<id>", text))


def _first(path: Path, text: str) -> str:
    """What the first of all processes that asked has put into this file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=path.parent, encoding="utf-8") as file:
        file.write(text)
        file.flush()
        with suppress(FileExistsError):
            os.link(file.name, path)
    return path.read_text(encoding="utf-8")


def _replace(path: Path, text: str) -> None:
    """Write it whole: another process reads what was there before or what is there now, never a part."""
    place = path.resolve()  # a link stays one
    part = place.with_name(f".{place.name}.{os.getpid()}.{threading.get_ident()}.part")
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(place)
    finally:
        part.unlink(missing_ok=True)


def run_dataset(item: Mapping[str, Any]) -> Any:
    """The dataset of an event's input or output."""
    from sparklineage.model.dataset import Dataset  # noqa: PLC0415

    return Dataset(str(item.get("namespace")), str(item.get("name")))
