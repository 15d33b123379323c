"""Orders for the targets of AWS, from a configuration file as a user writes it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from sparklineage.assemble.order import order_for
from sparklineage.config.loading import load_spec
from sparklineage.targets import Application, Existing, Order, Rendered, target

HTTP = {"type": "http", "url": "https://lineage.example.com"}
KEY = {**HTTP, "auth": {"type": "api_key", "apiKey": "aws-ssm:/lineage/key"}}
JOB = Application(uri="s3://b/job.py", arguments=("--day", "2026-01-31"))
LISTENER = "io.openlineage.spark.agent.OpenLineageSparkListener"


def order(
    folder: Path,
    platform: str,
    *,
    release: str | None = None,
    application: Application | None = JOB,
    literal: bool = False,
    section: dict[str, str] | None = None,
    **settings: Any,
) -> Order:
    """With a transport over HTTP unless another one is given; `section` is more of the platform's own."""
    own = {"artifacts": "s3://b/lineage", **({"release": release} if release else {}), **(section or {})}
    document = {"namespace": "prod", "transport": HTTP, **settings, "platforms": {platform: own}}
    path = folder / "sparklineage.yml"
    path.write_text(yaml.safe_dump(document, allow_unicode=True))
    spec = load_spec(environ={}, flags={}, directory=folder, config=path, platform=platform)
    return order_for(spec, platform, install=None, home=folder, application=application, allow_literal_secrets=literal)


def existing(value: object, name: str = "mine.json") -> Existing:
    return Existing(name=name, text=value if isinstance(value, str) else json.dumps(value, indent=4) + "\n")


def render(given: Order, platform: str, into: object = None) -> Rendered:
    return target(platform).render(given, existing(into) if into is not None else None)


def read(rendered: Rendered, name: str) -> Any:
    return json.loads(text_of(rendered, name))


def text_of(rendered: Rendered, name: str) -> str:
    return next(one.text for one in rendered.artefacts if one.name == name)


def names(rendered: Rendered) -> list[str]:
    return [one.name for one in rendered.artefacts]
