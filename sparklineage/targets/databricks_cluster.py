"""One Databricks cluster, as the Clusters API, jobs and bundles all describe it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sparklineage.errors import ConfigError
from sparklineage.model.conf_merge import TRANSPORT
from sparklineage.model.conf_set import ConfSet
from sparklineage.targets.about import lost
from sparklineage.targets.databricks_conf import LISTENERS, merged_conf, written
from sparklineage.targets.databricks_place import (
    STANDARD,
    UNSEEN,
    check_cluster,
    needs_libraries_mode,
    runtime,
    unseen,
)

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    from sparklineage.targets.databricks_place import Place
    from sparklineage.targets.interface import Order

Json = dict[str, object]
TYPE = f"{TRANSPORT}type"
_LIBRARIES = "DEPENDENCY_MODE_CLUSTER_LIBRARIES"
_SCRIPTS = ("volumes", "workspace", "dbfs", "s3", "abfss", "gcs", "file")


@dataclass(frozen=True, kw_only=True)
class Kit:
    """What goes into every cluster of an order."""

    order: Order
    place: Place
    conf: ConfSet
    variables: Mapping[str, str] = field(default_factory=dict)
    """Those of a cluster's environment, by which the relay gets its secrets."""
    beneath: ConfSet = field(default_factory=ConfSet)
    """What the init script gives the driver: a cluster that has one of these itself replaces it, and gets ours too."""
    notes: list[str] = field(default_factory=list)
    """Collects what has to be said."""
    modes: set[str] = field(default_factory=set)
    """Collects the access modes of the clusters that were written."""

    @property
    def asked_mode(self) -> str | None:
        """The access mode that the configuration names."""
        return self.order.settings.get("accessMode") or None

    @property
    def mode(self) -> str:
        """That of a new cluster. In the dedicated one nobody has to allow a script."""
        return self.asked_mode or "SINGLE_USER"

    @property
    def standard(self) -> bool:
        """Whether one of the clusters is in the standard access mode."""
        return bool(self.modes & STANDARD)

    def conf_for(self, theirs: Container[str]) -> ConfSet:
        """What is written into a cluster that has properties of these names."""
        if len(self.beneath) and TYPE in theirs:
            self.say(f"The outbox is off where {TYPE} is set already, so that the agent sends its events itself: take "
                     f"all of {TRANSPORT}* out.")  # fmt: skip
        elif LISTENERS in self.beneath and LISTENERS in theirs:
            self.say(f"{LISTENERS} is set already and replaces that of the script, so that ours stand there too: Spark "
                     "ends the driver where their classes are missing.")  # fmt: skip
        replaced = ConfSet(tuple(entry for entry in self.beneath.entries if entry.key in theirs))
        return replaced.merged_with(self.conf)

    def say(self, sentence: str) -> None:
        if sentence not in self.notes:
            self.notes.append(sentence)


def cluster(kit: Kit) -> Json:
    """A new one. Machines and their number are left to the user."""
    version = runtime(kit.order)
    asked = version or kit.order.settings.get("release")
    check_cluster(kit.order, kit.place, version=asked, mode=kit.mode, where="platforms.databricks")
    _check_variables(kit, version=asked, mode=kit.mode, where="platforms.databricks")
    kit.modes.add(kit.mode)
    found: Json = {"spark_version": version} if version else {}
    found["data_security_mode"] = kit.mode
    if needs_libraries_mode(asked, kit.mode):
        found["dependency_mode"] = _LIBRARIES
    if len(kit.conf):
        found["spark_conf"] = {entry.key: written(entry) for entry in kit.conf.entries}
    if kit.variables:
        found["spark_env_vars"] = dict(kit.variables)
    if kit.order.jars:
        found["init_scripts"] = [kit.place.init_script]
    return found


def merged_cluster(kit: Kit, theirs: Json, where: str, *, partial: bool = False) -> Json:
    """A cluster of the user's with ours in it; `where` names it in sentences.

    One that is `partial` changes another cluster: only where it sets a property of ours, it gets ours too.
    """
    version, mode = _text(theirs, "spark_version"), _text(theirs, "data_security_mode") or kit.asked_mode
    check_cluster(kit.order, kit.place, version=version, mode=mode, where=where)
    kit.modes.add(mode or "")
    if kit.asked_mode and mode != kit.asked_mode and mode:
        kit.say(f"{where}: data_security_mode stays {mode}, not {kit.asked_mode} (platforms.databricks.accessMode).")
    spark_conf = _mapping(theirs, "spark_conf", where)
    conf = kit.conf_for(spark_conf)
    if partial:
        conf = conf.without(*(key for key in conf if key not in spark_conf))
    else:
        _check_variables(kit, version=version, mode=mode, where=where)
    done, whole = merged_conf(conf, spark_conf, f"{where}: spark_conf")
    for sentence in lost(whole):
        kit.say(sentence)
    found = dict(theirs)
    if done != spark_conf:
        found["spark_conf"] = done
    if partial:
        return found
    _warn(kit, theirs, where)
    if kit.asked_mode and "data_security_mode" not in theirs:
        found["data_security_mode"] = kit.asked_mode
    if needs_libraries_mode(version, mode):
        if theirs.get("dependency_mode") == "DEPENDENCY_MODE_ENVIRONMENTS":
            raise ConfigError(
                f"{where}: dependency_mode is DEPENDENCY_MODE_ENVIRONMENTS, under which no init script runs; write "
                f"{_LIBRARIES}."
            )
        found.setdefault("dependency_mode", _LIBRARIES)
    if kit.variables:
        found["spark_env_vars"] = _with_variables(kit, _mapping(theirs, "spark_env_vars", where), where)
    if kit.order.jars:
        found["init_scripts"] = with_script(kit, theirs.get("init_scripts"), where)
    return found


def _check_variables(kit: Kit, *, version: str | None, mode: str | None, where: str) -> None:
    """Raises ConfigError where the variables that the relay needs would not reach it."""
    if kit.variables and unseen(version, mode):
        raise ConfigError(
            f"{where}: {UNSEEN.format(runtime=version)}; write delivery.mode: direct, by which the agent gets it from "
            "the cluster's properties, or accessMode: SINGLE_USER."
        )


def with_script(kit: Kit, theirs: object, where: str) -> list[object]:
    """Their init scripts and ours behind them, once."""
    if theirs is not None and not isinstance(theirs, list):
        raise ConfigError(f"{where}: init_scripts is no list; write a list of scripts, or leave it out.")
    scripts = list(theirs or ())
    return scripts if any(_is_ours(kit, script) for script in scripts) else [*scripts, kit.place.init_script]


def mapping(value: object, what: str) -> Json:
    """A JSON object. Raises ConfigError for anything else."""
    if not isinstance(value, dict):
        raise ConfigError(f"{what} is no mapping of names to values.")
    return value


def _with_variables(kit: Kit, theirs: Json, where: str) -> Json:
    for name, text in kit.variables.items():
        if theirs.get(name, text) != text:
            kit.say(f"{where}: spark_env_vars.{name} stays as it is; the relay needs {text} there.")
    return {**theirs, **{name: text for name, text in kit.variables.items() if name not in theirs}}


def _mapping(theirs: Json, name: str, where: str) -> Json:
    value = theirs.get(name)
    return {} if value is None else mapping(value, f"{where}: {name}")


def _text(theirs: Json, name: str) -> str | None:
    value = theirs.get(name)
    return value if isinstance(value, str) and value else None


def _is_ours(kit: Kit, script: object) -> bool:
    blocks = [script.get(kind) for kind in _SCRIPTS] if isinstance(script, dict) else []
    return any(isinstance(block, dict) and kit.place.is_script(str(block.get("destination"))) for block in blocks)


def _warn(kit: Kit, theirs: Json, where: str) -> None:
    """What of the user's own works against it."""
    variables = theirs.get("spark_env_vars")
    if isinstance(variables, dict) and (names := [name for name in variables if str(name).startswith("OPENLINEAGE_")]):
        kit.say(
            f"{where}: the agent reads {' and '.join(names)} too, and drops spark.openlineage.timeout and .debug then."
        )
    conf = theirs.get("spark_conf")
    packages = conf.get("spark.jars.packages") if isinstance(conf, dict) else None
    if isinstance(packages, str) and "openlineage-spark" in packages:
        kit.say(f"{where}: spark.jars.packages brings an agent too, too late to listen; take it out.")
