"""A node's start: what a bootstrap action takes beyond the download of what it fetches."""

from __future__ import annotations

import logging
import time
from itertools import count
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.measure import difference, interleaved
from benchmarks.report import Report
from tests.real.node.cloud import BUCKET, Cloud, Kit, cloud, kit
from tests.real.node.emr import EmrNode, emr_node, lacking
from tests.support.receiver import Receiver

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from benchmarks.setting import Setting

_ROUNDS = 5
_SECONDS = 3.0
_FETCH = """
mkdir /mnt/tmp/bare
for one; do aws s3 cp --only-show-errors "$one" /mnt/tmp/bare/ & done
wait
"""


def run(setting: Setting) -> Report:
    """Bound: ≤ 3 s on top of `aws s3 cp` of the same objects, both at once, on a fresh node each time."""
    report = Report("boot: bootstrap.sh of EMR on a node", ("case", "n", "median", "fastest", "beyond", "bound", ""))
    if reason := lacking():
        report.notes.append(f"not measured: {reason}")
        return report
    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # a line for each request
    rounds = setting.rounds or _ROUNDS
    with Receiver() as backend, cloud() as services:
        made = kit(setting.folder / "kit", services, backend.url)
        found = interleaved(dict(_cases(setting.folder, services, made, backend.port)), rounds)
    bare = found["aws s3 cp"]
    for name, values in found.items():
        beyond = bound = verdict = ""
        if values is not bare:
            more = difference(values, bare)
            beyond = f"{more:+.2f} s"
        if name == "bootstrap.sh":
            bound = f"≤ {_SECONDS:.0f} s"
            best = min(value - base for value, base in zip(values, bare, strict=True))
            sentence = f"{name} takes {more:.2f} s beyond its downloads; {bound}."
            noise = max(bare) - min(bare)
            verdict = report.within(_SECONDS, typical=more, best=best, sentence=sentence, noise=noise)
        report.row(name, str(len(values)), f"{median(values):.2f} s", f"{min(values):.2f} s", beyond, bound, verdict)
    size = sum(len(made.objects[key]) for key in _fetched(made)) / 1e6
    report.notes.append(f"{size:.0f} MB in {len(_fetched(made))} objects, from S3 as moto serves it on loopback")
    return report


def _fetched(made: Kit) -> list[str]:
    return [made.key(".jar"), made.key(".pyz")]


def _cases(folder: Path, services: Cloud, made: Kit, port: int) -> Iterator[tuple[str, Callable[[], float]]]:
    numbers = count()

    def fresh(work: Callable[[EmrNode], float]) -> Callable[[], float]:
        def case() -> float:
            with emr_node(folder / f"node{next(numbers)}", services.url, port) as node:
                return work(node)

        return case

    def bare(node: EmrNode) -> float:
        addresses = [f"s3://{BUCKET}/{key}" for key in _fetched(made)]
        began = time.perf_counter()
        node.tree.shell(_FETCH, *addresses, user="hadoop")
        return time.perf_counter() - began

    def boot(node: EmrNode) -> float:
        began = time.perf_counter()
        ended = node.bootstrap(made.script)
        took = time.perf_counter() - began
        if ended.status != 0 or "not everything is there" in ended.stderr:
            raise RuntimeError(f"the bootstrap action failed: {ended.stderr}")
        return took

    def again(node: EmrNode) -> float:
        boot(node)
        return boot(node)

    yield "aws s3 cp", fresh(bare)
    yield "bootstrap.sh", fresh(boot)
    yield "bootstrap.sh again", fresh(again)
