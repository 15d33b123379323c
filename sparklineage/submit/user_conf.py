"""The Spark configuration that the user's own command would have, and where each value of it was set."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from sparklineage.config.spark_options import PROPERTIES, VARIABLES
from sparklineage.errors import ConfigError
from sparklineage.submit.properties import load

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sparklineage.submit.options import SubmitCommand
    from sparklineage.submit.spark import SparkInstall


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One value and the place that set it, such as `--conf` or `spark-defaults.conf /opt/spark/conf/…`."""

    value: str
    source: str


@dataclass(frozen=True, kw_only=True)
class UserConf:
    """The effective properties before anything of ours is added."""

    settings: Mapping[str, Setting] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    """A sentence for every properties file that could not be read. Spark will say so too."""

    def value(self, key: str) -> str | None:
        """The value of a property, or None where nobody set it."""
        setting = self.settings.get(key)
        return setting.value if setting else None

    def source(self, key: str) -> str:
        """The place that set a property; empty where nobody did."""
        setting = self.settings.get(key)
        return setting.source if setting else ""

    def under(self, *prefixes: str) -> list[str]:
        """The keys that begin with one of `prefixes`."""
        return [key for key in self.settings if key.startswith(prefixes)]

    @property
    def deploy_mode(self) -> str:
        """`client` or `cluster`; spark-submit's own default is client."""
        return self.value("spark.submit.deployMode") or "client"


def effective(command: SubmitCommand, install: SparkInstall | None, environ: Mapping[str, str]) -> UserConf:
    """The properties of the user's command, by Spark's own precedence.

    Strongest first: a dedicated flag, `--conf` (the last of the same key), the last `--extra-properties-file`,
    `--properties-file`, `spark-defaults.conf` (only without `--properties-file`, or with
    `--load-spark-defaults`), an environment variable such as `MASTER`. A file that cannot be read is a problem
    to show, and counts as empty.
    """
    settings: dict[str, Setting] = {}
    problems: list[str] = []

    def lay_under(pairs: Mapping[str, str], source: str) -> None:
        for key, value in pairs.items():
            settings.setdefault(key, Setting(value=value, source=source))

    def lay_file_under(path: Path, source: str) -> None:
        try:
            lay_under(load(path), source)
        except ConfigError as error:
            problems.append(str(error))

    lay_under(*_driver_class_path(command))
    for flag, key in PROPERTIES.items():
        # An empty value counts: --jars '' empties a spark.jars set elsewhere.
        if (given := command.value(flag)) is not None:
            lay_under({key: given}, flag)
    lay_under({key: value for key, value in command.conf if key.startswith("spark.")}, "--conf")
    for extra in reversed(command.values("--extra-properties-file")):
        lay_file_under(Path(extra), f"--extra-properties-file {extra}")
    if chosen := command.value("--properties-file"):
        lay_file_under(Path(chosen), f"--properties-file {chosen}")
    if not chosen or command.has("--load-spark-defaults"):
        defaults = defaults_file(install, environ)
        if defaults is not None and defaults.is_file():
            lay_file_under(defaults, f"spark-defaults.conf {defaults}")
    for key, variable in VARIABLES.items():
        if value := environ.get(variable):
            lay_under({key: value}, variable)
    return UserConf(settings=settings, problems=tuple(problems))


def _driver_class_path(command: SubmitCommand) -> tuple[dict[str, str], str]:
    # Read by Spark's launcher and not by SparkSubmit: there the flag and --conf are equals, and the last one wins.
    key = "spark.driver.extraClassPath"
    for flag, value in reversed(command.spark_options):
        if flag == "--driver-class-path" and value is not None:
            return {key: value}, flag
        if flag == "--conf" and value is not None and value.startswith(f"{key}="):
            return {key: value.partition("=")[2]}, flag
    return {}, ""


def defaults_file(install: SparkInstall | None, environ: Mapping[str, str]) -> Path | None:
    """Where Spark looks for its spark-defaults.conf, which need not be there."""
    if folder := environ.get("SPARK_CONF_DIR"):
        return Path(folder) / "spark-defaults.conf"
    home = install.home if install else environ.get("SPARK_HOME")
    return Path(home) / "conf" / "spark-defaults.conf" if home else None
