"""Kits for machines, Dataproc and Kubernetes from a configuration as a user writes it, with a small agent of ours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from sparklineage.assemble.order import order_for
from sparklineage.config.loading import load_spec
from sparklineage.kits import dataproc, kubernetes, machine
from sparklineage.kits.interface import Jar, Kit
from sparklineage.kits.present import Options

URL = "https://lineage.example.com"
KEY = {"type": "http", "url": URL, "auth": {"type": "api_key", "apiKey": "env:LINEAGE_KEY"}}
SECTIONS: dict[str, dict[str, str]] = {
    "spark-defaults": {"release": "3.5"},
    "dataproc": {"release": "2.2", "artifacts": "gs://bucket/lineage"},
    "kubernetes": {"release": "4.0.1", "relayImage": "registry.example.com/spark:1"},
}


def with_key(reference: str) -> dict[str, Any]:
    """A transport whose key is that."""
    return {**KEY, "auth": {"type": "api_key", "apiKey": reference}}


def made(
    folder: Path,
    platform: str,
    *,
    options: Options | None = None,
    section: dict[str, str | None] | None = None,
    base: str | None = None,
    **settings: Any,
) -> Kit:
    """`section` is more of the platform's own; the rest are keys of the file. What is None is left out."""
    own = {key: text for key, text in {**SECTIONS[platform], **(section or {})}.items() if text is not None}
    document = {"namespace": "prod", "transport": KEY, **settings, "platforms": {platform: own}}
    path = folder / "sparklineage.yml"
    path.write_text(yaml.safe_dump({key: value for key, value in document.items() if value is not None}))
    spec = load_spec(environ={}, flags={}, directory=folder, config=path, platform=platform)
    order = order_for(spec, platform, install=None, home=folder, kit=True)
    jar = folder / f"openlineage-spark_{order.scala}-1.53.0.jar"
    jar.write_bytes(b"an agent")
    agent = Jar.of(jar)
    if platform == "kubernetes":
        return kubernetes.kit(spec, order, agent, options, base=base)
    if platform == "dataproc":
        return dataproc.kit(spec, order, agent, options)
    assert options is None or isinstance(options, machine.Options)
    return machine.kit(spec, order, agent, options)


def written(found: Kit, folder: Path) -> Path:
    """The kit as files in a folder."""
    folder.mkdir(exist_ok=True)
    for file in found.files:
        (folder / file.name).write_bytes(file.content())
    return folder
