"""What is declared of a function or a data source, and how the journal learns of it."""

from __future__ import annotations

import itertools
import os
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, WeakSet

from sparklineage.journal.folder import FORMAT, RunFolder
from sparklineage.journal.write import append_line
from sparklineage.model.clock import now_ms
from sparklineage.model.masking import mask, secrets_of
from sparklineage.sdk.session import Driver
from sparklineage.sdk.steps.datasets import dataset_record
from sparklineage.sdk.steps.nesting import innermost, started_in
from sparklineage.sdk.steps.record import LOG, StepRecord, open_record

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping
    from pathlib import Path

    from sparklineage.model.dataset import Dataset

_MOST = 200
"""Characters of a function's name."""
_MOST_OF_LABEL = 190
"""With a number behind it that tells equal ones apart."""

_SERVER = "SPARK_LOCAL_REMOTE"
"""PySpark sets it while a server of Spark Connect is in this process."""

_unwritable: set[Path] = set()
_published: dict[tuple[Path, str, str], tuple[object, Declaration]] = {}
"""By journal, kind and name: what was published first, and on behalf of what. No labels, for each has one meaning."""
_labels: dict[tuple[Path, str, str], _Labels] = {}
"""By journal, kind and what they begin with."""
_named: dict[str, WeakSet[Declaration]] = {}
"""The functions that are declared, by their names."""
_mixed: set[tuple[Path, str]] = set()
"""The names of which it was said that what they stand for is not told apart."""


class _Labels:
    """Labels that begin alike: datasets have one, also when the functions that declared them are gone."""

    def __init__(self, label: str) -> None:
        self._label, self._numbers = label, itertools.count(1)
        self._of: dict[Hashable, str] = {}

    def of(self, datasets: Hashable) -> str:
        """That of these datasets."""
        if datasets not in self._of:
            number = next(self._numbers)
            self._of.setdefault(datasets, self._label if number == 1 else f"{self._label}-{number}")
        return self._of[datasets]

    def move(self, label: str, before: Hashable, now: Hashable) -> None:
        """What has this label declares more by now; what declares as little as it did gets another."""
        self._of.pop(before, None)
        self._of.setdefault(now, label)


class Declaration:
    """What is declared of a function or a data source."""

    def __init__(
        self, kind: str, name: str, inputs: Mapping[Dataset, Dataset], outputs: Mapping[Dataset, Dataset]
    ) -> None:
        self.kind, self.name = kind, name[:_MOST]
        self.inputs, self.outputs = dict(inputs), dict(outputs)
        self._made = now_ms()
        self._told: set[tuple[Path, str, int]] = set()
        self._labelled: dict[tuple[Path, str], tuple[str, Hashable]] = {}
        """Its labels by journal and what they begin with, and the datasets that it had by then."""
        self._told_to: WeakKeyDictionary[StepRecord, int] = WeakKeyDictionary()
        self._own: dict[Path | str | None, set[str | None]] = {}
        """By application how its own steps have ended: None, or the type of an error."""
        if kind == "function":
            _named.setdefault(self.name, WeakSet()).add(self)

    @property
    def size(self) -> int:
        """How many datasets; it may grow."""
        return len(self.inputs) + len(self.outputs)

    def publish(
        self,
        driver: Driver,
        name: str | None = None,
        root: object = None,
        *,
        beside: str | None = None,
        of: str | None = None,
    ) -> None:
        """Write it into the journal, by the name that plans show; once, and again when it has grown. Never raises.

        `root` is what Spark calls under that name, where it is another function that calls this one. `beside` is the
        name that plans show, too, where `name` is a label that tells it from others of that name. `of` is the first
        name of what may have several, where that is not this function's own. Where no witness looks for it in plans it
        is as if it was sent now.
        """
        if driver.folder is None or not is_looked_for(driver):
            self.sent(driver)
            return
        shown = (name or self.name)[:_MOST]
        key = driver.folder, shown, self.size
        if key in self._told:
            return
        self._told.add(key)
        behalf: object = self if root is None else root
        if not self._is_label(driver.folder, shown):
            first, other = _published.setdefault((driver.folder, self.kind, shown), (behalf, self))
            if first is not behalf and other.differs(self):
                _warn_of_the_mixed(driver.folder, shown, "either")
        if beside is not None:
            _, by_name = _published.get((driver.folder, self.kind, beside), (self, self))
            if by_name.differs(self):
                _warn_of_the_mixed(driver.folder, beside, "the later one")
        record = {
            "type": "function",
            "format": FORMAT,
            "time": now_ms(),
            "kind": self.kind,
            "name": shown,
            # Where another one of its name is used, that tells nothing of this one.
            "of": shown if beside == self.name else of or self.name,
            **({"beside": beside} if beside is not None else {}),
            "declared": self._made,
            "inputs": [dataset_record(item) for item in self.inputs.values()],
            "outputs": [dataset_record(item) for item in self.outputs.values()],
        }
        try:
            append_line(RunFolder(driver.folder).steps, record)
        except Exception as error:  # noqa: BLE001 - the job goes on
            if driver.folder not in _unwritable:
                _unwritable.add(driver.folder)
                LOG.warning("%s: its lineage is not complete: %s", shown, mask(str(error), secrets_of(os.environ)))

    def differs(self, other: Declaration) -> bool:
        """Whether the other one declares anything else."""
        return (self.inputs, self.outputs) != (other.inputs, other.outputs)

    def is_alike(self, folder: Path, shown: str, root: object) -> bool:
        """Whether the name that plans show of `root`, which is this function or calls it, is another one's, too."""
        found = _published.get((folder, self.kind, shown))
        if found is not None and found[0] is not root and found[1].differs(self):
            return True
        if not isinstance(root, Declaration) or root.name != shown:
            return False
        return any(root.differs(item) for item in list(_named.get(shown, ())))

    def label(self, folder: Path, place: str) -> str:
        """A name of its own, for what plans show without one or by that of others: `<lambda>@job#12`."""
        # No colon: what stands before one may look like the name of a secret, and what follows is masked.
        label = f"{self.name}@{place}".encode("ascii", "replace").decode()[:_MOST_OF_LABEL]
        known = _labels.setdefault((folder, self.kind, label), _Labels(label))
        # Texts alone: what is kept for good shall hold neither functions nor facets.
        datasets = tuple(
            frozenset((item.namespace, item.name) for item in side) for side in (self.inputs, self.outputs)
        )
        if (own := self._labelled.get((folder, label))) is None:
            wanted = known.of(datasets)
        else:
            wanted, before = own
            if before != datasets:
                known.move(wanted, before, datasets)
        self._labelled[folder, label] = wanted, datasets
        return wanted

    def _is_label(self, folder: Path, shown: str) -> bool:
        return any(key[0] == folder and wanted == shown for key, (wanted, _) in self._labelled.items())

    def called(self) -> StepRecord | None:
        """Declare a call on the step that is open; without one on a step of its own, which the caller has to end.

        Raises RecursionError where the call is too deep in a recursion for that.
        """
        # A helper may be called for each row: nothing here asks the JVM twice, or for what is known.
        record = innermost()
        driver = Driver.of(None, os.environ) if record is None else None
        shown = driver.step() if driver is not None else None
        record = record or started_in(shown)
        if record is not None:
            self._tell(record)
        if driver is None or record is not None or driver.is_inert:
            return None
        own = _OwnStep(driver, self.name, self._own.setdefault(_application(driver), set()), shown)
        try:
            own.start(self.inputs.values(), self.outputs.values())
        except RecursionError:
            own.end(None)
            raise
        return own

    def sent(self, driver: Driver) -> None:
        """Declare that it is on its way to the executors: on the step that is open, or on one of its own."""
        record = open_record(driver)
        if record is not None:
            self._tell(record)
            return
        # In a journal each action is there, as each call is. With Spark Connect every look at a plan sends it.
        once = driver.folder is None or driver.is_remote
        if not once or _application(driver) not in self._own:
            own = _OwnStep(driver, self.name, self._own.setdefault(_application(driver), set()), driver.step())
            own.start(self.inputs.values(), self.outputs.values())
            own.end(None)

    def needs_no_run(self, driver: Driver) -> None:
        """Where no step is open, another run tells what it declares."""
        self._own.setdefault(_application(driver), set()).add(None)

    def _tell(self, record: StepRecord) -> None:
        is_known = self._told_to.get(record) == self.size
        record.declare(() if is_known else self.inputs.values(), () if is_known else self.outputs.values())
        self._told_to[record] = self.size


def _warn_of_the_mixed(folder: Path, name: str, which: str) -> None:
    if (folder, name) not in _mixed:
        _mixed.add((folder, name))
        LOG.warning("%s: declared twice, and a query that uses %s gets the datasets of both", name, which)


def is_looked_for(driver: Driver) -> bool:
    """Whether a witness looks for functions in the plans of this driver's queries.

    Under Spark Connect only that of a server in this process, as `local` starts one; and what is sent in a step is the
    step's there, of whose queries that witness does not know.
    """
    if driver.folder is None or not driver.is_remote:
        return driver.folder is not None
    return _SERVER in os.environ and open_record(driver) is None and RunFolder(driver.folder).witness.exists()


def _application(driver: Driver) -> Path | str | None:
    """What tells the applications of this process apart: the journal's folder, or the run that steps are sent below."""
    above = driver.direct.who.parent if driver.direct is not None else None
    return driver.folder or (str(above.get("run")) if above is not None else None)


class _OwnStep(StepRecord):
    """The step of a call outside of any step. Of equal calls a run of its own is made only for the first.

    In a journal each of them is there, for the queries inside; the relay makes one run of those without any. What is
    sent without a journal is sent once, and once for each kind of error.
    """

    def __init__(self, driver: Driver, name: str, ended: set[str | None], shown: str | None) -> None:
        """`shown` is what the thread's property is now."""
        super().__init__(driver, name, os.environ)
        self._ended, self._shown = ended, shown
        self._is_quiet = driver.folder is None and None in ended
        self._held: Mapping[str, Any] | None = None

    def shown_before(self) -> str | None:
        """Known already."""
        return self._shown

    def end(self, error: BaseException | None) -> None:
        """As of any step; at the bottom of a recursion it is over without a record."""
        self.is_open = False
        try:  # noqa: SIM105 - which takes calls of its own
            super().end(error)
        except RecursionError:
            pass

    def _append(self, record: Mapping[str, Any]) -> None:
        kind = record["type"]
        if kind == "stepStart":
            record = {**record, "function": True}
            if self._is_quiet:
                self._held = record
                return
        if kind == "stepEnd":
            error = record["error"]["type"] if record["error"] else None
            is_new = error not in self._ended
            self._ended.add(error)
            if self._held is not None and not is_new:
                return
        held, self._held = self._held, None
        if held is not None:
            super()._append(held)
        super()._append(record)
