"""Where the script and the JARs of a Databricks cluster lie, and which clusters can read them there.

Source: Databricks documentation, init scripts (where to store them, files that they read, variables), allowlist.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sparklineage.errors import ConfigError
from sparklineage.model.versions import numbers
from sparklineage.targets.limits import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sparklineage.targets.interface import Order

SCRIPT = "init.sh"
STANDARD = frozenset(("USER_ISOLATION", "DATA_SECURITY_MODE_STANDARD"))
UNSEEN = (
    "in the standard access mode of runtime {runtime} no variable of a cluster reaches its init scripts, so the relay "
    "would have no key"
)
_VOLUME = re.compile(r"/Volumes(/[^/]+){3,}")
_WORKSPACE = re.compile(r"/(?:Workspace/)?(?:Users|Shared|Repos)(?:/[^/]+)*|/Workspace(?:/[^/]+)+")
_SCALA = re.compile(r"-scala(2\.1\d)")
_INSTEAD = "write /Volumes/CATALOG/SCHEMA/VOLUME (runtime 13.3 or later) or /Workspace/Shared/FOLDER"


@dataclass(frozen=True, kw_only=True)
class Place:
    """A folder of a volume or of the workspace."""

    folder: str
    """As a node sees it."""
    in_volume: bool

    @property
    def script(self) -> str:
        return f"{self.folder}/{SCRIPT}"

    @property
    def init_script(self) -> dict[str, dict[str, str]]:
        """The entry of `init_scripts`."""
        return {"volumes" if self.in_volume else "workspace": {"destination": self.script}}

    def is_script(self, destination: str) -> bool:
        """Whether an entry of the user's means the same file, in whatever spelling."""
        return self.script in {destination, f"/Workspace{destination}"}


def place_of(order: Order) -> Place:
    """The folder of the order's artifacts. Raises ConfigError for what no init script can read."""
    written = order.settings.get("artifacts") or (posixpath.dirname(order.jars[0]) if order.jars else "")
    one_line("platforms.databricks.artifacts", written)
    path = written.rstrip("/")
    what = f"platforms.databricks.artifacts is {written[:200]!r}"
    if re.match(r"dbfs:/+Volumes/", path):
        raise ConfigError(f"{what}; for an init script a volume is written without dbfs:, as /Volumes/….")
    if path.startswith(("dbfs:", "/dbfs")):
        raise ConfigError(f"{what}, but Databricks loads no init script from DBFS; {_INSTEAD}.")
    if "://" in path:
        raise ConfigError(
            f"{what}, but an init script reads its files from a volume or the workspace alone; make an external volume "
            "of it and write /Volumes/CATALOG/SCHEMA/VOLUME."
        )
    if {".", ".."} & set(path.split("/")):
        raise ConfigError(f"{what}; write the path without `.` and `..`.")
    if _VOLUME.fullmatch(path):
        return Place(folder=path, in_volume=True)
    if _WORKSPACE.fullmatch(path):
        return Place(folder=path if path.startswith("/Workspace/") else f"/Workspace{path}", in_volume=False)
    raise ConfigError(f"{what}, which is no folder of a volume or of the workspace; {_INSTEAD}.")


def check_cluster(order: Order, place: Place, *, version: str | None, mode: str | None, where: str) -> None:
    """Raises ConfigError where a cluster of this `spark_version` and `data_security_mode` would not start with it, or
    where its Scala is not the agent's. `where` names the cluster in the sentence.
    """
    found = numbers(version or "")
    scala = _SCALA.search(version or "")
    theirs = scala[1] if scala else "2.13" if found[:1] >= (17,) else "2.12" if found and found[0] < 16 else None
    if theirs is not None and theirs != order.scala:
        instead = f"Write platforms.databricks.release: {version}."
        if (order.settings.get("release") or "").strip() == version and order.release is not None:
            instead = f"Known is {order.release.release}; write that as platforms.databricks.release."
        raise ConfigError(
            f"{where}: spark_version {version} is built for Scala {theirs}, and this agent is for {order.scala}: it "
            f"would end the driver. {instead}"
        )
    if place.in_volume and found and found[:2] < (13, 3) and not (len(found) == 1 and found == (13,)):
        raise ConfigError(
            f"{where}: runtime {version} loads no init script from a volume; take 13.3 or later, or put it into "
            "/Workspace/Shared/FOLDER."
        )
    if found and found[:2] < (11, 3) and len(found) > 1:
        raise ConfigError(f"{where}: scripts of runtime {version} read no files of the workspace; take 11.3 or later.")
    if mode in STANDARD and not place.in_volume:
        raise ConfigError(
            f"{where}: in the standard access mode ({mode}) no init script runs from the workspace; put it into a "
            "volume and write platforms.databricks.artifacts: /Volumes/CATALOG/SCHEMA/VOLUME."
        )
    if mode == "NONE" and place.in_volume:
        raise ConfigError(
            f"{where}: without isolation (data_security_mode NONE) a cluster reads no volume; take SINGLE_USER, or put "
            "the files into /Workspace/Shared/FOLDER."
        )


def runtime(order: Order) -> str | None:
    """The `spark_version` to write, `16.4.x-scala2.13`; None where nobody but the API knows how it is written."""
    asked = (order.settings.get("release") or "").strip()
    if _SCALA.search(asked):
        return asked
    known = order.release.release if order.release is not None else ""
    agrees = order.release is not None and order.release.scala == order.scala
    return known if asked and agrees and known.startswith(f"{asked.removesuffix('.x')}.") else None


def unseen(version: str | None, mode: str | None) -> bool:
    """Whether the variables of a cluster do not reach its init scripts (Databricks documentation, init scripts,
    environment variables: standard access mode from runtime 19 on).
    """
    return mode in STANDARD and numbers(version or "")[:1] >= (19,)


def needs_libraries_mode(version: str | None, mode: str | None) -> bool:
    """Whether the platform may leave init scripts out unless it is told to run them: `dependency_mode`."""
    return mode in STANDARD and numbers(version or "")[:1] >= (19,)


def about_place(order: Order, place: Place, *, standard: bool) -> Iterator[str]:
    """What is to be done before a cluster starts."""
    command = "Before a cluster starts: `sparklineage bootstrap databricks --out DIR --upload`"
    if order.mode == "outbox":
        yield (f"{command} puts {SCRIPT}, the relay, {_files(order)} into {place.folder}. The script names the "
               "listeners and all else that is not here, once its files are in place: with the configuration of that "
               "command, which has to be this one.")  # fmt: skip
    else:
        yield (f"{command} puts {SCRIPT} and {_files(order)} into {place.folder}. Spark ends the driver where the "
               "listener's class is missing; with the cluster.json of that kit it cannot happen, for there the script "
               "names the listeners.")  # fmt: skip
    if standard:
        yield (f"In the standard access mode {SCRIPT} needs an entry on the metastore's allowlist, by somebody with "
               "MANAGE ALLOWLIST, which the same command makes; the JARs that the script reads need none.")  # fmt: skip


def _files(order: Order) -> str:
    return " and ".join(posixpath.basename(jar) for jar in order.jars) or "no JAR"
