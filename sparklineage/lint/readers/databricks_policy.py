"""Databricks cluster policies, whose keys are the paths of a cluster: `spark_conf.spark.extraListeners`."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from sparklineage.config.documents import DocumentError, Mapping, Scalar, at, parse_json
from sparklineage.lint.readers.databricks_cluster import spark_of
from sparklineage.lint.readers.nodes import Source, known, text_of
from sparklineage.lint.settings import Setting, Sheet

if TYPE_CHECKING:
    from collections.abc import Iterator

_KEY = re.compile(r"(spark_conf|spark_env_vars)\.(.+)|(init_scripts)\.\d+\.(\w+)\.destination|(spark_version)")


def is_policy(node: Mapping) -> bool:
    """Whether a mapping has such keys, each with its type."""
    return any(_KEY.fullmatch(entry.key.text) and at(entry.value, "type") is not None for entry in node.entries)


def policy(source: Source, node: Mapping) -> Sheet:
    """What a policy fixes; whoever uses it sets the rest."""
    settings: list[Setting] = []
    environment: list[Setting] = []
    scripts: list[Setting] = []
    release = None
    for entry in node.entries:
        match, value = _KEY.fullmatch(entry.key.text), at(entry.value, "value")
        if not match or text_of(at(entry.value, "type")) != "fixed" or not isinstance(value, Scalar):
            continue
        if match[5]:
            release = known(source, value)
        elif match[3]:
            scripts.append(source.setting(entry.key, value, name=f"{match[3]}.{match[4]}"))
        else:
            # What would have to be renamed is but a part of the key.
            setting = replace(source.setting(entry.key, value, name=match[2]), key_span=None)
            if match[1] == "spark_conf":
                settings.append(setting)
            else:
                environment.append(replace(setting, origin="environment"))
    return Sheet(
        place=source.place(node),
        settings=tuple(settings),
        environment=tuple(environment),
        scripts=tuple(scripts),
        partial=True,
        platform="databricks",
        release=release,
        spark=spark_of(release),
    )


def policy_in_text(source: Source, definition: Scalar) -> Iterator[Sheet]:
    """The policy in the text that the API takes as `definition`, if there is one in it."""
    try:
        root = parse_json(definition.text)
    except DocumentError:
        return
    if isinstance(root, Mapping) and is_policy(root):
        yield policy(replace(source, within=definition), root)
