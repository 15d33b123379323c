"""Whether this is an executor's Python. Imported there by modules of the job's, so it imports nothing itself."""

from __future__ import annotations

import sys


def in_worker() -> bool:
    """Whether this is a Python worker of Spark's, where a module of the job's may be imported once more."""
    if "pyspark.worker" in sys.modules or "pyspark.worker_util" in sys.modules:
        return True
    # Without the daemon, as on Windows, the worker is the program itself.
    program = getattr(sys.modules.get("__main__"), "__spec__", None)
    return program is not None and program.name.startswith("pyspark.")
