"""`sparklineage schema`: the JSON Schema of sparklineage.yml."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sparklineage.cli.commands import COMMANDS

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

_ABOUT = """\
Print the JSON Schema of sparklineage.yml, by which editors complete and check the file. For YAML plug-ins put this
line first in sparklineage.yml: `# yaml-language-server: $schema=sparklineage.schema.json`."""


def add_parser(subparsers: Any) -> None:
    """Add `schema` to the commands of a parser."""
    parser = subparsers.add_parser("schema", help=COMMANDS["schema"], description=_ABOUT)
    parser.add_argument("--out", metavar="FILE", help="write it to this file instead of stdout")


def run(args: argparse.Namespace, environ: Mapping[str, str]) -> int:  # noqa: ARG001
    """Print or write the schema. Raises UsageError for a file that cannot be written."""
    from sparklineage.config.json_schema import json_schema  # noqa: PLC0415

    text = json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"
    if args.out is None:
        print(text, end="")
        return 0
    from sparklineage.cli.written import write_new  # noqa: PLC0415

    write_new(Path(args.out), text, "--out", over=True)
    print(f"{args.out} is written.")
    return 0
