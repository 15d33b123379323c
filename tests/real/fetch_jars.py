"""Fetch the JARs that servers of the tests run on: `python -m tests.real.fetch_jars IVY.XML DIR`.

The Ivy inside Spark's own JARs does it, so that no Maven is needed; it knows the public repository, or the user's
`ivysettings.xml`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from sparklineage.agent.ivy import find_java, proxy_options, reason
from tests.real.submission import spark_home

SECONDS = 1200
_TRIES = 3
"""Ivy keeps what it has got, so that the next try only fetches the rest."""


def fetch(module: Path, target: Path) -> None:
    """All JARs that the module depends on into `target`/lib, which appears once it is complete.

    Each of several configurations has a folder of its own there.
    """
    lib = target / "lib"
    if lib.is_dir():
        return
    target.mkdir(parents=True, exist_ok=True)
    settings = Path.home() / ".ivy2" / "ivysettings.xml"
    (ivy,) = (spark_home("4.2") / "jars").glob("ivy-*.jar")
    folder = "[conf]/" if module.read_text("utf-8").count("<conf ") > 1 else ""
    with tempfile.TemporaryDirectory(prefix=".ivy-", dir=target) as work:
        command = [
            *(find_java(os.environ) or "java", *proxy_options(os.environ), "-cp", str(ivy), "org.apache.ivy.Main"),
            *(("-settings", str(settings)) if settings.is_file() else ()),
            *("-warn", "-cache", f"{work}/cache", "-ivy", str(module)),
            *("-retrieve", f"{work}/lib/{folder}[artifact]-[revision](-[classifier]).[ext]"),
        ]
        for attempt in range(_TRIES):
            ended = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
            if ended.returncode == 0:
                break
            print(f"Ivy: {reason(ended.stdout + ended.stderr)}", file=sys.stderr)
            if attempt + 1 == _TRIES:
                raise SystemExit(1)
        Path(work, "lib").replace(lib)


if __name__ == "__main__":
    fetch(*(Path(word).absolute() for word in sys.argv[1:]))
