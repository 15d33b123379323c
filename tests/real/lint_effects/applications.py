"""Runs one application after the other in one JVM, each under its own properties and with a backend of its own.

argv: a JSON file with a list of plans. Prints nothing; writes beside it, as `done.json`, what became of each.
A plan has `name`, `properties` (as spark-submit hands them on, in system properties), `yaml` (an openlineage.yml in the
working directory), `code` (the application) and `delay` (seconds that the backend takes) and `own_jvm`
(whether it is to find the JVM as if it were the first). Every http address in them is
replaced by the backend's.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
import shutil
import sys
import time
import traceback
from pathlib import Path
from typing import Any

from pyspark import SparkContext
from pyspark.sql import SparkSession

from tests.support.receiver import Receiver

LOG = Path("log.txt")
YAML = Path("openlineage.yml")
GETTERS = {
    "timeout": "getTimeoutConfig", "debug": "getDebugConfig", "circuitBreaker": "getCircuitBreaker",
    "transport": "getTransportConfig",
}  # fmt: skip


def forget_the_last(jvm: Any) -> None:
    """An application has its own JVM as a rule: the agent closes its threads for good when the first one ends, and
    before 1.36.0 it also keeps the first one's configuration.
    """
    for owner, name in (
        ("io.openlineage.client.OpenLineageClientUtils", "EXECUTOR"),
        ("io.openlineage.spark.agent.OpenLineageSparkListener", "contextFactory"),
    ):
        for found in jvm.java.lang.Class.forName(owner).getDeclaredFields():
            if found.getName() == name and jvm.java.lang.reflect.Modifier.isStatic(found.getModifiers()):
                found.setAccessible(True)
                if found.getType().getSimpleName() == "AtomicReference":
                    found.get(None).set(None)
                else:
                    found.set(None, None)


def run(plan: dict[str, Any], jvm: Any) -> dict[str, Any]:
    """What one application did, what its backend got and what the JVM logged meanwhile."""
    logged = LOG.stat().st_size
    printed = io.StringIO()
    error = None
    system = jvm.java.lang.System
    if plan["own_jvm"]:
        forget_the_last(jvm)
    with Receiver(delay=plan["delay"]) as backend:
        text = re.sub(r"https?://[\w.-]+(?::\d+)?", backend.url, json.dumps(plan))
        plan = json.loads(text)
        before = {key: system.setProperty(key, value) for key, value in plan["properties"].items()}
        if plan["yaml"] is not None:
            YAML.write_text(plan["yaml"])
        begin = time.monotonic()
        try:
            with contextlib.redirect_stdout(printed):
                exec(compile(plan["code"], "job.py", "exec"), {"__name__": "__main__"})  # noqa: S102
        except BaseException as failed:  # noqa: BLE001
            error = "".join(traceback.format_exception(failed))
        finally:
            if (session := SparkSession.getActiveSession()) is not None:
                session.stop()
            elif SparkContext._active_spark_context is not None:
                SparkContext._active_spark_context.stop()
            for key, value in before.items():
                system.clearProperty(key) if value is None else system.setProperty(key, value)
            YAML.unlink(missing_ok=True)
        seconds = time.monotonic() - begin
    written = {str(path): path.read_text() for path in Path().glob("*.ndjson")}
    for path in written:
        Path(path).unlink()
    history = "".join(path.read_text() for path in Path("history").rglob("*") if path.is_file())
    shutil.rmtree("history", ignore_errors=True)
    Path("history").mkdir()
    shutil.rmtree("written", ignore_errors=True)
    with LOG.open("rb") as log:
        log.seek(logged)
        lines = log.read().decode()
    return {
        "error": error, "seconds": seconds, "printed": printed.getvalue(), "log": lines, "history": history,
        "events": backend.events, "paths": backend.paths, "headers": backend.seen_headers, "files": written,
    }  # fmt: skip


def read(plan: dict[str, Any], jvm: Any) -> dict[str, Any]:
    """What the agent's own classes make of the properties and the file, without a Spark."""
    conf = jvm.org.apache.spark.SparkConf(False)
    for key, value in plan["properties"].items():
        conf.set(key, value)
    if plan["yaml"] is not None:
        YAML.write_text(plan["yaml"])
    try:
        config = jvm.io.openlineage.spark.agent.ArgumentParser.parse(conf)
        return {name: str(getattr(config, getter)()) for name, getter in GETTERS.items()}
    except Exception as failed:  # noqa: BLE001
        return {"error": str(failed)}
    finally:
        YAML.unlink(missing_ok=True)


def main(plans: Path) -> None:
    """Start the JVM and go through the plans."""
    Path("history").mkdir()
    LOG.touch()
    SparkContext._ensure_initialized()
    jvm = SparkContext._jvm
    done = {plan["name"]: (read if plan["only_read"] else run)(plan, jvm) for plan in json.loads(plans.read_text())}
    plans.with_name("done.json").write_text(json.dumps(done))


main(Path(sys.argv[1]))
