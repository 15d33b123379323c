"""The application that is submitted: whether its file is there, what it is called, what it is written in."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from sparklineage.errors import ApplicationNotFoundError, suggestion

if TYPE_CHECKING:
    from sparklineage.submit.options import SubmitCommand
    from sparklineage.submit.user_conf import UserConf

_NO_FILE = frozenset(("spark-internal", "pyspark-shell", "spark-shell", "sparkr-shell"))
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")
_GLOB = re.compile(r"[*?\[{]")


def check_application(command: SubmitCommand, *, deploy_mode: str | None = None) -> None:
    """Raises ApplicationNotFoundError for a local application file that does not exist.

    A path on another file system, in a container image (`local:`) or with wild cards is Spark's to judge, and
    so is every path in cluster mode, where the file may be on the cluster's machines only.
    """
    path = _local_file(command.application)
    if path is None or (deploy_mode or command.deploy_mode) == "cluster" or path.exists():
        return
    # Spark reads a `#` as the start of a fragment.
    if path.name.count("#") and path.with_name(path.name.split("#")[0] or "#").exists():
        return
    try:
        beside = [entry.name for entry in path.parent.iterdir()]
    except OSError:
        raise ApplicationNotFoundError(
            f"{command.application}: no such application file, nor is there a folder {path.parent}."
        ) from None
    hint = suggestion(path.name, beside) or " Check the path."
    raise ApplicationNotFoundError(f"{command.application}: no such application file.{hint}")


def default_job_name(command: SubmitCommand, user_conf: UserConf) -> str:
    """What the job is called in the lineage.

    First of: `--job-name`, `spark.openlineage.appName`, the application's name (`--name` or `spark.app.name`),
    the class without its package, the file without its ending.
    """
    for name in (
        command.own.job_name,
        user_conf.value("spark.openlineage.appName"),
        user_conf.value("spark.app.name"),
    ):
        if name and name.strip():
            return name
    if main_class := command.value("--class"):
        return main_class.rstrip("$").rpartition(".")[2] or main_class
    path = urlsplit(command.application or "").path or command.application or ""
    return Path(unquote(path)).stem or "spark-application"


def language(command: SubmitCommand) -> str:
    """`PYTHON`, `R` or `JAVA`, as spark-submit tells them apart."""
    name = (command.application or "").split("#")[0].lower()
    if name.endswith(".py") or name == "pyspark-shell":
        return "PYTHON"
    return "R" if name.endswith(".r") or name == "sparkr-shell" else "JAVA"


def _local_file(application: str | None) -> Path | None:
    if not application or application in _NO_FILE or _GLOB.search(application):
        return None
    if not _SCHEME.match(application):
        return Path(application)
    parts = urlsplit(application)
    if parts.scheme.lower() != "file" or parts.netloc not in {"", "localhost"}:
        return None
    return Path(unquote(parts.path))
