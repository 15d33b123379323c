"""One job under backends that misbehave: with submit, and with the agent's own http transport."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.measure import ratio, wall
from benchmarks.report import Report, spread, times
from benchmarks.setting import JOBS
from sparklineage.journal import create_folder
from sparklineage.model.ids import new_run_id
from tests.support.receiver import Receiver

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from benchmarks.setting import Setting
    from sparklineage.journal import RunFolder

_ROUNDS = 3
_BOUND = 1.05
_BOUND_TEXT = f"≤ {_BOUND} x"
_TRANSPORT = "spark.openlineage.transport"
_OWN = ["--drain-timeout", "0", "--job-name", "orders"]
_NONE = "no backend"

Shapes = Counter[tuple[str, str, tuple[str, ...], tuple[str, ...]]]


@dataclass(frozen=True, kw_only=True)
class Backend:
    """One way to misbehave, and back."""

    spoil: Callable[[Receiver], object]
    also_http: bool = False
    """Whether the agent's own transport is measured with it too."""

    @staticmethod
    def mend(receiver: Receiver) -> None:
        """Answer at once from now on, at the same address."""
        slow, receiver.delay = receiver.delay > 0, 0.0
        if slow:
            # What it is about to answer it answers. Cut off, it would have an event that its sender has to send again.
            return
        receiver.stop()
        receiver.silent, receiver.answer = False, lambda _number, _event: 201
        receiver.start()


def _fail(receiver: Receiver) -> None:
    receiver.answer = lambda _number, _event: 500


BACKENDS: Mapping[str, Backend] = {
    "answers at once": Backend(spoil=lambda _: None, also_http=True),
    "answers after 2 s": Backend(spoil=lambda receiver: setattr(receiver, "delay", 2.0), also_http=True),
    "never answers": Backend(spoil=lambda receiver: setattr(receiver, "silent", True), also_http=True),
    "refuses the connection": Backend(spoil=lambda receiver: receiver.stop()),
    "returns 500": Backend(spoil=_fail),
}


def run(setting: Setting) -> Report:
    """Bounds: wall time ≤ 1.05 x no backend; the same events delivered in every case once the backend is back."""
    rounds = setting.rounds or _ROUNDS
    bench = _Bench(setting)
    bench.warm_up()
    for number in range(rounds):
        names = [_NONE, *BACKENDS]
        for name in names if number % 2 == 0 else names[::-1]:
            bench.submit(name)
    bench.agents_own()
    return bench.report()


class _Bench:
    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.environ = setting.environ
        self.journal = setting.folder / "journal"
        self.job = [str(JOBS / "orders.py"), str(setting.folder / "data")]
        self.seconds: dict[str, list[float]] = {name: [] for name in (_NONE, *BACKENDS)}
        self.delivered: dict[str, list[Shapes]] = {name: [] for name in BACKENDS}
        self.before: dict[str, list[int]] = {name: [] for name in BACKENDS}
        self.alone = 0.0, 0
        """Seconds and events of the agent under plain spark-submit, with the file transport."""
        self.http: dict[str, tuple[float, int]] = {}
        self.made = 0

    def warm_up(self) -> None:
        """Once without a clock: files into the page cache, the agent's JAR checked."""
        self._wall([*self.setting.command, "submit", *self._own(), *self.job])

    def submit(self, name: str) -> None:
        """The job once; afterwards the backend is made well and what waits is delivered."""
        argv = [*self.setting.command, "submit", *self._own()]
        if name == _NONE:
            self.seconds[name].append(self._wall([*argv, *self.job]))
            return
        with Receiver() as receiver:
            BACKENDS[name].spoil(receiver)
            self.seconds[name].append(self._wall([*argv, "--backend", receiver.url, *self.job]))
            self.before[name].append(len(receiver.events))
            Backend.mend(receiver)
            drain = ["relay", "drain", "--backend", receiver.url, "--journal", str(self.journal)]
            self._wall([*self.setting.command, *drain])
            self.delivered[name].append(receiver.multiset())

    def agents_own(self) -> None:
        """The agent's http transport under plain spark-submit: once each, because some of these take minutes."""
        folder, argv = self._planned([])
        seconds = self._wall(argv)
        self.made = folder.agent.read_bytes().count(b"\n")
        self.alone = seconds, self.made
        for name, backend in BACKENDS.items():
            if not backend.also_http:
                continue
            with Receiver() as receiver:
                backend.spoil(receiver)
                transport = ["--conf", f"{_TRANSPORT}.type=http", "--conf", f"{_TRANSPORT}.url={receiver.url}"]
                seconds = self._wall(self._planned(transport)[1])
                self.http[name] = seconds, len(receiver.events)

    def _own(self) -> list[str]:
        return [*_OWN, "--journal", str(self.journal)]

    def _planned(self, conf: list[str]) -> tuple[RunFolder, list[str]]:
        """What submit would start, with `conf` as the user's, and the journal's folder that the agent writes to."""
        folder = create_folder(self.journal, new_run_id())
        argv = [*self._own(), "--run-id", folder.run_id, *conf, *self.job]
        return folder, self.setting.planned(argv, self.environ)

    def _wall(self, argv: list[str]) -> float:
        return wall(argv, environ=self.environ, folder=self.setting.folder)

    def report(self) -> Report:
        report = Report(
            "backends: wall time of one job, against submit without a backend",
            ("case", "n", "median", "spread", "ratio", "fastest", "bound", "arrived by its end", "after drain", ""),
        )
        base = self.seconds[_NONE]
        expected = self.delivered["answers at once"][0]
        for name, values in self.seconds.items():
            cells = f"submit: {name}", str(len(values)), f"{median(values):.1f} s", f"{spread(values):.0%}"
            if name == _NONE:
                report.row(*cells, times(1), times(1), "baseline", "", "", "")
                continue
            paired = ratio(values, base)
            sentence = f"{name}: {times(paired)} the job without a backend; {_BOUND_TEXT}."
            fastest = min(values) / min(base)
            noise = 1 + max(spread(values), spread(base))
            verdicts = {report.within(_BOUND, typical=paired, best=fastest, noise=noise, sentence=sentence)}
            verdicts |= {_same(report, name, found, expected) for found in self.delivered[name]}
            arrived = f"{median(self.before[name]):.0f} of {expected.total()}"
            after = f"{min(found.total() for found in self.delivered[name])} of {expected.total()}"
            verdict = next(word for word in ("MISSED", "noisy", "met") if word in verdicts)
            report.row(*cells, times(paired), times(fastest), _BOUND_TEXT, arrived, after, verdict)
        own = {"spark-submit: agent, file transport": self.alone}
        own |= {f"spark-submit: agent, http, {name}": found for name, found in self.http.items()}
        for name, (seconds, arrived_alone) in own.items():
            against = times(seconds / median(base))
            report.row(name, "1", f"{seconds:.1f} s", "", against, "", "", f"{arrived_alone} of {self.made}", "", "")
        report.notes += [
            "after drain: the same multiset of (job, event type, inputs, outputs) in every case and round",
            "submit sends more events than the agent makes: it closes the runs that the agent leaves open",
        ]
        return report


def _same(report: Report, name: str, found: Shapes, expected: Shapes) -> str:
    lost, more = expected - found, found - expected
    sentence = f"{name}: {lost.total()} events are missing after the drain and {more.total()} are too many"
    example = next(iter([*lost, *more]), None)
    return report.require(found == expected, f"{sentence}, such as {example}." if example else f"{sentence}.")
