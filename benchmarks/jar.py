"""JARs: a fetch that finds everything in the cache, and an upload beside boto3's own."""

from __future__ import annotations

import logging
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import boto3
from moto.server import ThreadedMotoServer

from benchmarks.measure import interleaved, printed, ratio, wall
from benchmarks.report import Report, ms, times
from sparklineage.agent.stores import StoreOptions, open_store, payload
from sparklineage.agent.upload import carry_out, plan

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.setting import Setting

_ROUNDS = 7
_FETCH_MS, _RATIO = 200, 1.5
_BUCKET = "jars"


def run(setting: Setting) -> Report:
    """Bounds: a warm fetch ≤ 200 ms; an upload ≤ 1.5 x upload_file; an equal object is one HEAD."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # a line for each request
    rounds = setting.rounds or _ROUNDS
    report = Report("jar: fetch, upload", ("case", "n", "median", "fastest", "ratio", "bound", ""))
    jar = Path(printed([*setting.command, "jar", "fetch"], environ=setting.environ, folder=setting.folder).strip())
    fetch = interleaved(
        {"jar fetch, warm": lambda: wall([*setting.command, "jar", "fetch"], environ=setting.environ,
                                         folder=setting.folder)}, rounds,
    )["jar fetch, warm"]  # fmt: skip
    sentence = f"a warm jar fetch takes {ms(median(fetch))}; ≤ {_FETCH_MS} ms."
    verdict = report.within(_FETCH_MS, typical=median(fetch) * 1000, best=min(fetch) * 1000, sentence=sentence)
    report.row("jar fetch, warm", str(rounds), ms(median(fetch)), ms(min(fetch)), "", f"≤ {_FETCH_MS} ms", verdict)

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        _uploads(report, jar, f"http://{host}:{port}", rounds)
    finally:
        server.stop()
    return report


def _uploads(report: Report, jar: Path, url: str, rounds: int) -> None:
    client, heads = _client(url)
    client.create_bucket(Bucket=_BUCKET)

    def bare() -> float:
        return _timed(lambda: client.upload_file(str(jar), _BUCKET, f"bare/{time.monotonic_ns()}.jar"))

    def ours(prefix: str) -> float:
        """All that the command does with the file, its digest included, on a client that is there already."""
        store = open_store(f"s3://{_BUCKET}/{prefix}", StoreOptions(endpoint_url=url), {})
        store._made.append(client)  # type: ignore[attr-defined]  # noqa: SLF001 - both with the same connections

        def work() -> None:
            carry_out(store, plan(store, [payload(jar)]))

        return _timed(work)

    found = interleaved({"boto3 upload_file": bare, "upload": lambda: ours(f"o{time.monotonic_ns()}")}, rounds + 1)
    base, mine = found["boto3 upload_file"][1:], found["upload"][1:]  # the first makes the connections
    factor = ratio(mine, base)
    report.row("boto3 upload_file", str(rounds), ms(median(base)), ms(min(base)), times(1.0), "", "")
    verdict = report.require(factor <= _RATIO, f"an upload takes {times(factor)} of boto3's; ≤ {_RATIO} x.")
    report.row("upload of the agent", str(rounds), ms(median(mine)), ms(min(mine)), times(factor), f"≤ {_RATIO} x",
               verdict)  # fmt: skip
    ours("same")
    heads.clear()
    equal = ours("same")
    verdict = report.require(heads == ["HeadObject"], f"an equal object takes {', '.join(heads)}; one HEAD.")
    report.row("an equal object", "1", ms(equal), "", "", "one HEAD", verdict)
    report.notes.append(f"{jar.stat().st_size / 1e6:.1f} MB to a moto server on this machine")


def _client(url: str) -> tuple[Any, list[str]]:
    """A client, and the names of the requests that it sends."""
    client: Any = boto3.client(
        "s3", region_name="us-east-1", endpoint_url=url, aws_access_key_id="testing", aws_secret_access_key="testing",  # noqa: S106
    )  # fmt: skip
    sent: list[str] = []
    client.meta.events.register("before-send.s3", lambda event_name, **_: sent.append(event_name.rpartition(".")[2]))
    return client, sent


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
