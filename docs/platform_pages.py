"""The page about platforms: what each of their releases brings, and where that stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sparklineage.config.platforms import Release, VendorAgent, platforms

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def platforms_page(note: str) -> str:
    """A table for each platform."""
    known = platforms()
    lines = ["# Releases of platforms", "", note, ""]
    lines += [
        "Which Spark, Scala and Java a release brings, the smallest agent that works there, and whether the vendor",
        "puts an OpenLineage agent there. The name of the release, as the vendor writes it, is `release` below the",
        "platform in `sparklineage.yml`. For one that is not listed the nearest of its line is taken, else the newest",
        "older one, with a warning; `agent.scala` says otherwise. A `?` stands behind what no",
        "public page says outright.",
    ]
    for name in known.names:
        releases = known.of(name)
        lines += ["", f"## {known.title(name)}", "", f"`{name}`", "", *_table(releases)]
        lines += ["", *_agents(releases), *_sources(releases)]
    told = (release for name in known.names for release in known.of(name))
    reasons = {release.agent_min: release.agent_why for release in told if release.agent_min}
    lines += ["", "## Smallest agents", "", *(f"- {version}: {why}." for version, why in sorted(reasons.items()))]
    return "\n".join(lines) + "\n"


def _table(releases: Iterable[Release]) -> Iterator[str]:
    yield "| release | Spark | Scala | Java | Python | agent | vendor's agent | support until | |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for release in releases:
        cells = (
            f"`{release.release}`",
            _said(release, "spark", release.spark),
            _said(release, "scala", release.scala),
            _said(release, "java", str(release.java or "")),
            _said(release, "python", ", ".join(release.python)),
            f"≥ {release.agent_min}" if release.agent_min else "none",
            _present(release.vendor_agent),
            _said(release, "support_until", release.support_until or ""),
            release.note,
        )
        yield "| " + " | ".join(_cell(cell) for cell in cells) + " |"


def _said(release: Release, field: str, text: str) -> str:
    return f"{text} ?" if text and field in release.unverified else text


def _present(agent: VendorAgent | None) -> str:
    if agent is None:
        return ""
    since = f" since {agent.since}" if agent.since else ""
    return f"{agent.loads}{since}" + (f", {agent.version}" if agent.version else "")


def _agents(releases: Iterable[Release]) -> Iterator[str]:
    told: dict[tuple[str, str | None, str], list[str]] = {}
    for release in releases:
        if theirs := release.vendor_agent:
            sources = told.setdefault((theirs.what, theirs.where, theirs.keep_off), [])
            sources += [theirs.source] if theirs.source not in sources else []
    for (what, where, keep_off), sources in told.items():
        place = f" in `{where}`" if where else ""
        yield f"Vendor's agent: {what}{place}. {keep_off} Known from: {'; '.join(sources)}."
        yield ""


def _sources(releases: Iterable[Release]) -> Iterator[str]:
    yield "Known from:"
    yield ""
    yield from dict.fromkeys(f"- {source}" for release in releases for source in release.source)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
