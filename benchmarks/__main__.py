"""`python -m benchmarks [NAME…]`: prints the tables; exit status 1 where a stated bound is missed."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from importlib import import_module
from pathlib import Path

from benchmarks.setting import Setting

NAMES = {
    "startup": "what the command and the imports take",
    "configuration": "lint of a thousand files, and explain",
    "jar": "fetch and upload of the agent",
    "targets": "what every platform is given",
    "step": "what a step costs a job",
    "relay": "how fast events are settled and delivered",
    "spool": "what a node's relay takes, and how fast it catches up",
    "boot": "what a bootstrap action adds to a node's start",
    "overhead": "submit on top of spark-submit",
    "backends": "a job under backends that misbehave",
}


def main() -> int:
    listed = "\n".join(f"  {name:<10} {text}" for name, text in NAMES.items())
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=f"What lineage costs, against baselines of the same run.\n\n{listed}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="which ones (default: all)")
    parser.add_argument("--rounds", type=int, metavar="N", help="repetitions, instead of each benchmark's own number")
    args = parser.parse_args()
    if unknown := [name for name in args.names if name not in NAMES]:
        parser.error(f"there is no benchmark {unknown[0]!r}; there are {', '.join(NAMES)}")
    if args.rounds is not None and args.rounds < 1:
        parser.error(f"--rounds takes a number from 1, not {args.rounds}")
    missed: list[str] = []
    print(f"{os.cpu_count()} processors, Python {sys.version.split()[0]}, load {os.getloadavg()[0]:.1f}\n", flush=True)
    for name in args.names or NAMES:
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix=f"bench-{name}-", ignore_cleanup_errors=True) as folder:
            report = import_module(f"benchmarks.{name}").run(Setting(folder=Path(folder), rounds=args.rounds))
        print(report.text())
        print(f"  {time.monotonic() - began:.0f} s\n", flush=True)
        missed += report.missed
    for sentence in missed:
        print(f"MISSED  {sentence}", flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
