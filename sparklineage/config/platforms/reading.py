"""The data file of releases."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from datetime import date
from typing import TYPE_CHECKING, Any, get_args

from sparklineage.config.platforms.known import Platforms
from sparklineage.config.platforms.label import label
from sparklineage.config.platforms.place import Platform
from sparklineage.config.platforms.release import Confidence, Loads, Release, VendorAgent
from sparklineage.errors import ConfigError
from sparklineage.model.versions import numbers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sparklineage.config.platforms.label import Label

_AGENT = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+")
_SPARK = re.compile(r"[0-9]+\.[0-9]+(?:\.[0-9]+)?(?:-amzn-[0-9]+)?")
_NEEDED = frozenset(("release", "spark", "scala", "agent_min", "confidence", "source"))
_FIELDS = frozenset(known.name for known in fields(Release)) - {"platform", "agent_why"}


def parse_platforms(text: str) -> Platforms:
    """The platforms in a JSON text. Raises ConfigError for an entry that contradicts itself or the others."""
    data = json.loads(text)
    agents = {name: _vendor_agent(name, entry) for name, entry in data["vendor_agents"].items()}
    tables = {"sources": data["sources"], "agents": data["agents"], "vendor_agents": agents}
    used: set[tuple[str, str]] = set()
    platforms = [_platform(entry, tables, used) for entry in data["platforms"]]
    if idle := {(table, name) for table, names in tables.items() for name in names} - used:
        raise _wrong(" ".join(min(idle)), "is used by no release")
    names = [name for platform in platforms for name in (platform.name, *platform.also)]
    if twice := {name for name in names if names.count(name) > 1}:
        raise _wrong(min(twice), "is there twice")
    return Platforms(platforms)


def _vendor_agent(name: str, entry: Mapping[str, Any]) -> VendorAgent:
    known = {field.name for field in fields(VendorAgent)}
    if wrong := (set(entry) - known) | ({"what", "loads", "keep_off", "source"} - set(entry)):
        raise _wrong(f"vendor agent {name}", f"lacks {min(wrong)}, or should not have it")
    if entry["loads"] not in get_args(Loads):
        raise _wrong(f"vendor agent {name}", f"is loaded in an unknown way, {entry['loads']}")
    return VendorAgent(**entry)


def _platform(entry: Mapping[str, Any], tables: Mapping[str, Any], used: set[tuple[str, str]]) -> Platform:
    name, releases = entry["platform"], []
    seen: list[tuple[Label, str]] = []
    for one in entry["releases"]:
        known, release = _release(name, one, tables, used)
        if (known, release.scala) in seen:
            raise _wrong(f"{name} {release.release}", "is there twice")
        if seen and (known.family, known.numbers) < (seen[-1][0].family, seen[-1][0].numbers):
            raise _wrong(f"{name} {release.release}", "stands behind a later one")
        seen.append((known, release.scala))
        releases.append((known, release))
    families = {known.family for known, _ in releases}
    if families != {known.family for known, release in releases if release.agent_min}:
        raise _wrong(name, "has no release that an agent works with")
    return Platform(name=name, title=entry["title"], also=tuple(entry.get("also", ())), releases=tuple(releases))


def _release(
    platform: str, entry: Mapping[str, Any], tables: Mapping[str, Any], used: set[tuple[str, str]]
) -> tuple[Label, Release]:
    name = f"{platform} {entry.get('release') or 'without a name'}"
    if unknown := set(entry) - _FIELDS:
        raise _wrong(name, f"has the unknown field {min(unknown)}")
    if missing := _NEEDED - set(entry):
        raise _wrong(name, f"has no {min(missing)}")
    smallest, theirs = entry["agent_min"], entry.get("vendor_agent")
    for table, key in (
        *(("sources", source) for source in entry["source"]),
        *((("agents", smallest),) if smallest is not None else ()),
        *((("vendor_agents", theirs),) if theirs is not None else ()),
    ):
        if key not in tables[table]:
            raise _wrong(name, f"names {key}, which is not among the {table}")
        used.add((table, key))
    if not entry["source"]:
        raise _wrong(name, "has no source")
    known = label(platform, entry["release"])
    if known is None:
        raise _wrong(name, "is not written as the platform writes its releases")
    _check(name, entry, known)
    release = Release(
        **{
            **entry,
            "platform": platform,
            "python": tuple(entry.get("python", ())),
            "unverified": tuple(entry.get("unverified", ())),
            "source": tuple(tables["sources"][source] for source in entry["source"]),
            "agent_why": tables["agents"][smallest] if smallest is not None else "",
            "vendor_agent": tables["vendor_agents"][theirs] if theirs is not None else None,
        }
    )
    return known, release


def _check(name: str, entry: Mapping[str, Any], known: Label) -> None:
    spark, scala, java, smallest = entry["spark"], entry["scala"], entry.get("java"), entry["agent_min"]
    if not _SPARK.fullmatch(spark):
        raise _wrong(name, f"has Spark {spark}, which is no version")
    built = ("2.13",) if numbers(spark) >= (4,) else ("2.12", "2.13") if numbers(spark) >= (3,) else ("2.11", "2.12")
    if scala not in built:
        raise _wrong(name, f"has Scala {scala}, which Spark {spark} is not built for")
    if known.scala not in {None, scala}:
        raise _wrong(name, f"has Scala {scala}, and its name says {known.scala}")
    if java is not None and java not in ((17, 21, 25) if numbers(spark) >= (4,) else (8, 11, 17, 21)):
        raise _wrong(name, f"has Java {java}, which Spark {spark} does not run on")
    if smallest is not None and not _AGENT.fullmatch(smallest):
        raise _wrong(name, f"has agent {smallest}, which is no version")
    if smallest is not None and scala == "2.11":
        raise _wrong(name, "has an agent, and none is built for Scala 2.11")
    if entry["confidence"] not in get_args(Confidence):
        raise _wrong(name, f"has the unknown confidence {entry['confidence']}")
    if unsaid := {field for field in entry.get("unverified", ()) if entry.get(field) is None}:
        raise _wrong(name, f"has {min(unsaid)} unverified, which it does not say")
    try:
        date.fromisoformat(entry.get("support_until", "2026-01-01"))
    except (TypeError, ValueError):
        raise _wrong(name, f"has support until {entry['support_until']}, which is no day") from None


def _wrong(name: str, what: str) -> ConfigError:
    return ConfigError(f"releases.json: {name} {what}.")
