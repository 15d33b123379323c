"""A commented sparklineage.yml to start from: what is set stands there, the rest as examples behind a `#`."""

from __future__ import annotations

import json
import re
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sparklineage.config.definition import definition

if TYPE_CHECKING:
    from collections.abc import Iterator

_WIDTH = 100
_PLAIN = re.compile(r"[A-Za-z_/][A-Za-z0-9_./-]*|env:[A-Za-z_]\w*|https?://[A-Za-z0-9_.:/-]+")
_WORDS = frozenset(("true", "false", "yes", "no", "on", "off", "null", "y", "n"))
_HEAD = """\
# Settings of sparklineage. A stronger layer wins: this file, the chosen profile, the environment, options.
# `sparklineage explain` tells what counts and why, `sparklineage explain KEY` what a key means,
# `sparklineage schema` prints the JSON Schema for editors. A line behind `#` is an example.
"""
_EXAMPLES = """\
# delivery:
{delivery.mode}
#   mode: auto
{delivery.drainTimeout}
#   drainTimeout: 10s
{delivery.limits.journalAge}
#   limits: {{journalAge: 90d}}

# agent:
{agent.version}
#   version: 1.53.0

# What the agent puts into its events.
# facets:
#   debug: {{disabled: true}}
# filter:
#   rddEventsDisabled: true
# columnLineage:
#   datasetLineageEnabled: true

# Only where the agent itself sends (delivery.mode: direct): what keeps it from holding Spark up.
# circuitBreaker: {{type: asyncTaskQueue, threadCount: 2}}

# Becomes a facet of every run.
# governance: {{pii: false, classification: internal, retention: P5Y, encryption: aes-256}}

# Properties of Spark, passed on as they are.
# spark:
#   spark.sql.shuffle.partitions: 8

# `--profile prod` or SPARKLINEAGE_PROFILE=prod lays these over what stands above.
# profiles:
#   prod:
#     namespace: prod.team.domain
#     transport: {{url: "https://marquez.example.com"}}
#     platforms:
#       emr: {{release: emr-7.5.0, artifacts: "s3://bucket/lineage"}}
"""


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What the starting file shall say."""

    namespace: str = "dev.team.domain"
    job: str | None = None
    """None leaves it to Spark's application name."""
    url: str | None = None
    """None keeps the lineage in the journal."""
    api_key: str | None = None
    """A reference such as `env:OPENLINEAGE_API_KEY`."""


def starting_file(answers: Answers) -> str:
    """The text of the file. As it is, and with every `# ` taken off its examples, it is a valid configuration."""
    lines = [_HEAD, *_about("namespace"), f"namespace: {scalar(answers.namespace)}", ""]
    lines += [*_about("job.name"), f"job: {scalar(answers.job)}" if answers.job else "# job: nightly_load", ""]
    off = "" if answers.url else "# "
    lines += [*_about("transport.url"), f"{off}transport:", f"{off}  type: http"]
    lines += [f"{off}  url: {scalar(answers.url or 'http://localhost:5000')}"]
    off = "" if answers.url and answers.api_key else "# "
    lines += [f"{off}  auth: {{type: api_key, apiKey: {scalar(answers.api_key or 'env:OPENLINEAGE_API_KEY')}}}", ""]
    return "\n".join([*lines, _filled(_EXAMPLES)])


def scalar(text: str) -> str:
    """A text as YAML, in quotes where it would be taken for something else."""
    plain = _PLAIN.fullmatch(text) and text.lower() not in _WORDS
    if plain:
        return text
    # JSON leaves characters as they are that YAML does not allow.
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(char if char.isprintable() else _escaped(char) for char in quoted)


def _escaped(char: str) -> str:
    return f"\\u{ord(char):04x}" if ord(char) <= 0xFFFF else f"\\U{ord(char):08x}"


def _filled(examples: str) -> str:
    def comment(match: re.Match[str]) -> str:
        return "\n".join(_about(match[1], indent="#   # "))

    return re.sub(r"(?m)^\{([a-zA-Z.]+)\}$", comment, examples).replace("{{", "{").replace("}}", "}")


def _about(name: str, indent: str = "# ") -> Iterator[str]:
    key = definition().keys[name]
    doc = key.doc[0].upper() + key.doc[1:]
    text = f"{doc}." if key.default is None else f"{doc} (default: {key.default})."
    yield from textwrap.wrap(text, _WIDTH, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False)
