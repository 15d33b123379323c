"""Which agent runs on which Spark."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from sparklineage.agent.artifact import Artifact
from sparklineage.agent.names import GROUP, before_suffix
from sparklineage.errors import AgentJarError, UnsupportedSparkError, UsageError, suggestion
from sparklineage.model.versions import numbers

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_VERSION = re.compile(r"\d+\.\d+\.\d+(?:[.\-][0-9A-Za-z.\-]+)?")
_SHA512 = re.compile(r"[0-9a-f]{128}")
_SCALAS = ("2.12", "2.13")


@dataclass(frozen=True, kw_only=True)
class Release:
    """One published agent."""

    version: str
    artifacts: Mapping[str, Artifact]
    """By Scala, `2.12` or `2.13`."""
    spark: Mapping[str, tuple[str, ...]]
    """The Spark versions (`4.2`) that it runs on, oldest first, by Scala."""


@dataclass(frozen=True, kw_only=True)
class Releases:
    """Every agent that the toolkit knows, newest first."""

    default: str
    known: tuple[Release, ...]

    def get(self, version: str) -> Release | None:
        return next((release for release in self.known if release.version == version), None)

    def nearest(self, version: str) -> Release:
        """The listed release that tells what `version` runs on: itself, else the nearest older one."""
        wanted = numbers(version)
        return next((release for release in self.known if numbers(release.version) <= wanted), self.known[-1])


def parse_releases(text: str) -> Releases:
    """The releases in the text of `releases.json`. Raises AgentJarError for an entry without a digest."""
    data = json.loads(text)
    known = tuple(_release(entry) for entry in data["releases"])
    return Releases(default=data["default"], known=known)


def _release(entry: Mapping[str, Any]) -> Release:
    version = entry["version"]
    artifacts = {}
    for scala, file in entry["scala"].items():
        if not _SHA512.fullmatch(file.get("sha512") or ""):
            raise AgentJarError(f"releases.json: agent {version} for Scala {scala} has no SHA-512; add its digest.")
        artifacts[scala] = _artifact(version, scala, sha512=file["sha512"], size=file["size"])
    spark = {scala: tuple(file["spark"]) for scala, file in entry["scala"].items()}
    return Release(version=version, artifacts=artifacts, spark=spark)


def _artifact(version: str, scala: str, *, sha512: str | None = None, size: int | None = None) -> Artifact:
    name = "openlineage-spark" if before_suffix(version) else f"openlineage-spark_{scala}"
    return Artifact(group=GROUP, name=name, version=version, sha512=sha512, size=size)


@cache
def releases() -> Releases:
    """The releases that this version of the toolkit knows."""
    return parse_releases(resources.files("sparklineage.agent").joinpath("releases.json").read_text("utf-8"))


def choose(spark_version: str, scala: str, wanted: str | None = None, *, force: bool = False) -> Artifact:
    """The agent's JAR for a Spark: the newest that is known, or the version `wanted`.

    `spark_version` may carry a vendor's suffix (`3.5.6-amzn-2`), `scala` a patch (`2.13.18`). With `force`, a
    Spark that nothing is known to support gets the nearest. Raises UnsupportedSparkError, and UsageError for a
    `wanted` that is no version. The artifact of a version that is not listed has no pinned digest.
    """
    version = checked_version(wanted) if wanted else releases().default
    reason = misfit(version, scala, spark_version)
    if reason and not force:
        raise UnsupportedSparkError(f"{reason} --force uses the nearest all the same.")
    binary = _binary_scala(scala)
    if binary not in _SCALAS:
        binary = "2.13" if numbers(spark_version) >= (4,) else "2.12"
    return unchecked(binary, version)


def unchecked(scala: str, wanted: str | None = None) -> Artifact:
    """The agent's JAR for `2.12` or `2.13`, the newest or the version `wanted`, whatever Spark it is for."""
    version = checked_version(wanted) if wanted else releases().default
    release = releases().get(version)
    return release.artifacts[scala] if release else _artifact(version, scala)


def checked_version(text: str) -> str:
    """`text` if it can be an agent's version. Raises UsageError."""
    if _VERSION.fullmatch(text):
        return text
    versions = [release.version for release in releases().known]
    raise UsageError(
        f"{text!r} is no agent version; write it whole, such as {versions[0]}.{suggestion(text, versions)}"
    )


def misfit(version: str | None, scala: str | None, spark_version: str, spark_scala: str | None = None) -> str | None:
    """Why agent `version` for `scala` cannot run on this Spark, as a sentence; None if nothing is against it.

    `spark_scala` is Spark's own Scala where it may differ from the JAR's; a version or Scala of None is not
    known and speaks against nothing.
    """
    ours = _binary_scala(scala) if scala else None
    theirs = _binary_scala(spark_scala) if spark_scala else ours
    if ours and theirs and ours != theirs:
        return f"This agent is built for Scala {ours}, and this Spark ({spark_version}) runs Scala {theirs}."
    minor = ".".join(map(str, numbers(spark_version)[:2]))
    what = f"Spark {spark_version}" + (f" (Scala {theirs})" if theirs else "")
    if not any(minor in _minors(release, theirs) for release in releases().known):
        return f"No known agent works with {what}; supported: {supported()}."
    if version is None or minor in _minors(releases().nearest(version), theirs):
        return _too_old_for_scala(version, theirs)
    oldest = [release.version for release in releases().known if minor in _minors(release, theirs)][-1]
    return f"Agent {version} does not work with {what}; it needs {oldest} or later."


def _too_old_for_scala(version: str | None, scala: str | None) -> str | None:
    if version and scala == "2.13" and before_suffix(version):
        return f"Agent {version} does not work with Scala 2.13; it needs 1.9.0 or later."
    return None


def _minors(release: Release, scala: str | None) -> set[str]:
    return {minor for built, minors in release.spark.items() if scala in {built, None} for minor in minors}


def supported() -> str:
    """What the newest agent runs on: `Spark 3.2 to 3.5 (Scala 2.12, 2.13), 4.0 to 4.3 (Scala 2.13)`."""
    scalas: dict[str, list[str]] = {}
    for scala, minors in releases().known[0].spark.items():
        for minor in minors:
            scalas.setdefault(minor, []).append(scala)
    groups: dict[tuple[str, ...], list[str]] = {}
    for minor, built in scalas.items():
        groups.setdefault(tuple(built), []).append(minor)
    return "Spark " + ", ".join(f"{span(minors)} (Scala {', '.join(built)})" for built, minors in groups.items())


def span(minors: Iterable[str]) -> str:
    """`3.2 to 3.5, 4.0 to 4.3` for a list of Spark versions, oldest first: one span for each major version."""
    majors: dict[str, list[str]] = {}
    for minor in minors:
        majors.setdefault(minor.partition(".")[0], []).append(minor)
    return ", ".join(group[0] if len(group) == 1 else f"{group[0]} to {group[-1]}" for group in majors.values())


def _binary_scala(scala: str) -> str:
    return ".".join(scala.strip().split(".")[:2])
