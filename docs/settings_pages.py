"""The page about sparklineage.yml, from the definition that the loader and the JSON Schema have too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sparklineage.config.definition import definition
from sparklineage.config.keys import PLATFORM_KEYS, PLATFORMS
from sparklineage.config.values import WANTED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sparklineage.config.keys import Key

_ABOUT = """\
`sparklineage.yml` in the working folder, the table `[tool.sparklineage]` of a `pyproject.toml` there, or the file
named by `--config` or `SPARKLINEAGE_CONFIG`; else a plain `openlineage.yml` named by `OPENLINEAGE_CONFIG`, in which
unknown keys are left alone. `sparklineage init` writes a commented file to start from, `sparklineage explain` tells
what counts and why, and `sparklineage schema` prints the JSON Schema, which editors read from a first line

```yaml
# yaml-language-server: $schema=sparklineage.schema.json
```

Stronger layers win over weaker ones: defaults, the file, the chosen profile, the environment, options. Spark's own
comma lists (`spark.jars` and the like) are joined; another `transport.type` puts the whole block below it aside.
Every problem in a file is told at once, with line and column; an unknown key is an error with a suggestion.

Every key can be set by a variable: `SPARKLINEAGE__TRANSPORT__URL` is `transport.url`, `SPARKLINEAGE__DELIVERY__MODE`
`delivery.mode`; for the agent's keys `OPENLINEAGE__TRANSPORT__URL` does the same, as it does for the agent. The
variables in the table are shorter names, and win over both.

## Profiles and platforms

```yaml
namespace: dev.flights
profiles:
  default: {transport: {url: "http://localhost:5000"}}     # counts where no profile is chosen
  prod:
    extends: default                                       # or a list of profiles, the weakest first
    namespace: prod.flights
    platforms:
      emr: {release: emr-7.5.0, artifacts: "s3://bucket/lineage"}
```

`--profile` or `SPARKLINEAGE_PROFILE` chooses. What stands below `platforms` counts for that platform only, over the
section that it stands in."""


def settings_page(note: str) -> str:
    """Every key with its kind, default, and the variables and options that win over it."""
    known = definition().keys.values()
    lines = ["# Settings", "", note, "", _ABOUT, "", "## Kinds of values", "", "| kind | what it takes |", "|---|---|"]
    lines += [f"| {kind} | {text} |" for kind, text in WANTED.items()]
    lines += [
        "",
        "Every value whose kind says *secret* is written as a [reference](secrets.md): `env:NAME`, `file:/path`,",
        "`aws-secretsmanager:ID`, `aws-ssm:NAME` or `databricks:SCOPE/KEY`.",
        "",
        "## The toolkit's keys",
        "",
        *_table(key for key in known if key.catalogue is None or key.variables),
        "",
        "## The agent's keys",
        "",
        "They stand where the agent's own openlineage.yml has them. More about each: [keys](keys.md).",
        "",
        *_table(key for key in known if key.catalogue is not None and not key.variables),
        "",
        "Below `spark` stand properties of Spark, passed on as they are: `spark: {spark.sql.shuffle.partitions: 8}`.",
        "",
        "## Below a platform",
        "",
        f"Platforms are {', '.join(f'`{name}`' for name in PLATFORMS)}. Besides every key above, each takes:",
        "",
        *_table(PLATFORM_KEYS),
    ]
    return "\n".join(lines) + "\n"


def _table(keys: Iterable[Key]) -> Iterator[str]:
    yield "| key | kind | default | what it sets | variable | option |"
    yield "|---|---|---|---|---|---|"
    for key in keys:
        variables = ", ".join(f"`{name}`" for name in key.variables)
        cells = (
            f"`{key.name}`",
            _kind(key),
            f"`{key.default}`" if key.default else "",
            _doc(key),
            variables,
            f"`{key.flag}`" if key.flag else "",
        )
        yield "| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in cells) + " |"


def _kind(key: Key) -> str:
    if key.secret:
        return "secret"
    if key.limits.values:
        return ", ".join(f"`{value}`" for value in key.limits.values) + (", or a class" if key.limits.open else "")
    unit = key.limits.unit
    return f"{key.kind} (bare: {unit})" if unit and key.kind in ("duration", "size") else str(key.kind)


def _doc(key: Key) -> str:
    if key.catalogue is None:
        return key.doc
    read_by = key.catalogue.transports
    since = f"; since agent {key.catalogue.since}" if key.catalogue.since else ""
    return (f"{', '.join(read_by)}: " if read_by else "") + key.doc + since
