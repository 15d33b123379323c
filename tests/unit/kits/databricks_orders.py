"""Kits for Databricks from a configuration as a user writes it, with a small agent of the tests' own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from sparklineage.assemble.driver_relay import relayed
from sparklineage.assemble.order import order_for
from sparklineage.config.loading import load_spec
from sparklineage.kits.databricks import Options, kit
from sparklineage.kits.interface import Jar, Kit

FOLDER = "/Volumes/main/ops/lineage"
URL = "https://lineage.example.com"
KEY = {"type": "http", "url": URL, "auth": {"type": "api_key", "apiKey": "databricks:lineage/key"}}
VARIABLE = "SPARKLINEAGE_LINEAGE_KEY_SECRET"
AGENT = "openlineage-spark_2.12-1.53.0.jar"


def made(
    folder: Path,
    *,
    options: Options | None = None,
    section: dict[str, str] | None = None,
    jar: str = AGENT,
    companions: tuple[str, ...] = (),
    **settings: Any,
) -> Kit:
    """`section` is more of the platform's own; the rest are keys of the file. What is None is left out."""
    own = {"release": "16.4.x-scala2.12", "artifacts": FOLDER, **(section or {})}
    own = {key: value for key, value in own.items() if value}
    document = {"namespace": "prod", "transport": KEY, **settings, "platforms": {"databricks": own}}
    path = folder / "sparklineage.yml"
    path.write_text(yaml.safe_dump({key: value for key, value in document.items() if value is not None}))
    spec = load_spec(environ={}, flags={}, directory=folder, config=path, platform="databricks")
    order = order_for(spec, "databricks", install=None, home=folder, kit=relayed(spec))
    for name in (jar, *companions):
        (folder / name).write_bytes(name.encode())
    return kit(spec, order, Jar.of(folder / jar), [Jar.of(folder / name) for name in companions], options)
