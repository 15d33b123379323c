"""The `spark_conf` of a Databricks cluster: ours, and joined with the user's own.

Secrets stand in it as `{{secrets/scope/key}}`, which the platform puts in when the cluster starts. They are not written
as variables of the environment: the agent drops its `timeout` and `debug` settings once it has such variables, and who
can read the one can read the other. Source: Databricks documentation, secrets in Spark configuration properties and
environment variables; agent source, mergeWithNonNull.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from sparklineage.config.conf_values import typed
from sparklineage.errors import ConfigError
from sparklineage.model.conf_entry import ConfEntry
from sparklineage.model.conf_lists import CommaList
from sparklineage.model.conf_set import ConfSet
from sparklineage.model.conf_value import SecretValue, Text
from sparklineage.model.lists import joined
from sparklineage.model.secret import Secret, SecretReference
from sparklineage.targets.about import refuse_literal_secrets
from sparklineage.targets.limits import in_one_word, one_line

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sparklineage.targets.interface import Order

LISTENERS = "spark.extraListeners"
EVENT_LOG = "com.databricks.backend.daemon.driver.DBCEventLoggingListener"
"""What Databricks sets there itself; without it the Spark UI is gone when the cluster has ended (OpenLineage#3251)."""
APP_NAME = "spark.openlineage.appName"
_REFERENCE = re.compile(r"\{\{secrets/([^{}/\s]+/[^{}/\s]+)\}\}")
_PART = re.compile(r"\{\{\s*secrets/")


def cluster_conf(order: Order) -> ConfSet:
    """The properties for a cluster. Raises ConfigError for a secret or a value that no cluster can be given."""
    ours = []
    if LISTENERS in order.conf:
        value = CommaList((EVENT_LOG,), first=(EVENT_LOG,))
        ours.append(ConfEntry(key=LISTENERS, value=value, source="sparklineage", why="Databricks' own event log"))
    if order.application is not None:
        # Every application is called `Databricks Shell` there.
        ours.append(ConfEntry(key=APP_NAME, value=Text(order.name), source="the application's name"))
    conf = ConfSet(tuple(ours)).merged_with(ConfSet(tuple(_referring(entry) for entry in order.conf.entries)))
    # Of our own two lists the first one knows what has to stand in front of the user's.
    conf = ConfSet(tuple(_in_front(entry) for entry in conf.entries))
    refuse_literal_secrets(replace(order, conf=conf))
    for entry in conf.entries:
        written(entry)
    return conf


def written(entry: ConfEntry) -> str:
    """The text that `spark_conf` holds. Raises ConfigError for what the platform does not resolve or carry."""
    in_one_word(f"{entry.source}: the property {entry.key[:100]!r}", entry.key, "take another name")
    value = entry.value
    if isinstance(value, SecretValue) and isinstance(value.secret, SecretReference):
        reference = value.secret
        if reference.kind != "databricks":
            raise ConfigError(
                f"{entry.source}: {entry.key} is {reference.written}, which no Databricks cluster can look up; put it "
                "into a secret scope (`databricks secrets put-secret SCOPE KEY`) and write databricks:SCOPE/KEY."
            )
        return f"{{{{secrets/{reference.name}}}}}"
    text = value.reveal()
    one_line(f"{entry.source}: the value of {entry.key}", text)
    if _PART.search(text) and not _REFERENCE.fullmatch(text):
        raise ConfigError(
            f"{entry.source}: {entry.key} has {{{{secrets/…}}}} inside of a longer text, which Databricks does not put "
            "in; put the whole value into the secret and write databricks:SCOPE/KEY."
        )
    return text


def merged_conf(conf: ConfSet, theirs: Mapping[str, object], where: str) -> tuple[dict[str, object], ConfSet]:
    """Their `spark_conf` with ours in it, and the whole with what gave way. What does not change is as they have it."""
    texts = {key: _text(value) for key, value in theirs.items()}
    whole = conf.merged_with(texts, source=where, typed=typed)
    changed = {entry.key: written(entry) for entry in whole.entries if entry.source != where or entry.joined}
    return {**theirs, **{key: text for key, text in changed.items() if texts.get(key) != text}}, whole


def _text(value: object) -> str:
    return value if isinstance(value, str) else "" if value is None else str(value).lower()


def _referring(entry: ConfEntry) -> ConfEntry:
    """With a reference in the place of the form that it has on Databricks."""
    secret = entry.value.secret if isinstance(entry.value, SecretValue) else None
    if not isinstance(secret, Secret):
        return entry
    match = _REFERENCE.fullmatch(secret.reveal())
    if match is None:
        if _PART.search(secret.reveal()):
            written(replace(entry, value=Text(secret.reveal())))
        return entry
    return replace(entry, value=SecretValue(SecretReference(kind="databricks", name=match[1])))


def _in_front(entry: ConfEntry) -> ConfEntry:
    if entry.key != LISTENERS or not isinstance(entry.value, CommaList):
        return entry
    return replace(entry, value=CommaList(entry.value.entries, first=joined((EVENT_LOG,), entry.value.first)))
