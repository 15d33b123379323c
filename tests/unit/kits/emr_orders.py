"""Kits for EMR from a configuration as a user writes it, with a small agent of the tests' own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from sparklineage.assemble.order import order_for
from sparklineage.config.loading import load_spec
from sparklineage.kits.emr import Options, kit
from sparklineage.kits.interface import Jar, Kit
from sparklineage.targets import Application

URL = "https://lineage.example.com"
KEY = {"type": "http", "url": URL, "auth": {"type": "api_key", "apiKey": "aws-ssm:/lineage/key"}}
AGENT = "openlineage-spark_2.12-1.53.0.jar"


def checkers(path: Path) -> Iterator[tuple[str, int, str]]:
    """What bash, shellcheck and shfmt have to say about a script; the latter two lie beside the interpreter."""
    beside = Path(sys.executable)
    for command in (
        ["bash", "-n", str(path)],
        [str(beside.with_name("shellcheck")), str(path)],
        [str(beside.with_name("shfmt")), "-d", "-i", "2", "-ci", str(path)],
    ):
        ended = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        yield command[0], ended.returncode, ended.stdout + ended.stderr


def made(
    folder: Path,
    *,
    options: Options | None = None,
    application: Application | None = None,
    section: dict[str, str] | None = None,
    jar: str = AGENT,
    environ: dict[str, str] | None = None,
    **settings: Any,
) -> Kit:
    """`section` is more of the platform's own; the rest are keys of the file. What is None is left out."""
    own = {"release": "emr-7.10.0", "artifacts": "s3://bucket/lineage", **(section or {})}
    document = {"namespace": "prod", "transport": KEY, **settings, "platforms": {"emr": own}}
    path = folder / "sparklineage.yml"
    path.write_text(yaml.safe_dump({key: value for key, value in document.items() if value is not None}))
    spec = load_spec(environ=environ or {}, flags={}, directory=folder, config=path, platform="emr")
    order = order_for(spec, "emr", install=None, home=folder, application=application, kit=True)
    agent = folder / jar
    agent.write_bytes(b"an agent")
    return kit(spec, order, Jar.of(agent), options)


def text_of(found: Kit, name: str) -> str:
    text = found.file(name).text
    assert text is not None
    return text


def settings_part(script: str) -> str:
    """The lines of a script that give values to its settings."""
    head, _, _ = script.partition("\n# What the script says")
    return head + "\n"


def read_back(settings: str, names: Sequence[str], folder: Path) -> dict[str, list[str]]:
    """The values that a real bash has then, each in the bytes that it has."""
    shown = "".join(f'printf "%s\\0" {name} "${{#{name}[@]}}" ${{{name}[@]+"${{{name}[@]}}"}}\n' for name in names)
    script = folder / "settings.sh"
    script.write_text(f"{settings}\n{shown}", encoding="utf-8", newline="")
    ended = subprocess.run(["bash", str(script)], cwd=folder, capture_output=True, timeout=60, check=False)
    assert (ended.returncode, ended.stderr) == (0, b""), ended.stderr
    words = iter([word.decode("utf-8") for word in ended.stdout.split(b"\0")[:-1]])
    return {name: [next(words) for _ in range(int(next(words)))] for name in words}
