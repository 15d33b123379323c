"""Commands of gcloud for Dataproc, and the initialization action that hands keys on."""

from __future__ import annotations

import shlex
from itertools import chain
from typing import TYPE_CHECKING

from sparklineage.errors import ConfigError
from sparklineage.targets.about import comments
from sparklineage.targets.limits import one_line
from sparklineage.targets.opened import references
from sparklineage.targets.pieces import pieces, together

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sparklineage.model.conf_set import ConfSet
    from sparklineage.model.secret import SecretReference
    from sparklineage.targets.interface import Order

_DELIMITERS = tuple(chain("#|@~;!%&+?", map(chr, range(0xA1, 0x250))))
_ENV = "/etc/spark/conf/spark-env.sh"
ACTION = "lineage-env.sh"


def dictionary(properties: Mapping[str, str]) -> str:
    """The value of a flag of gcloud that takes `key=value,key=value`, with another delimiter where a value has commas.

    Source: gcloud topic escaping. Raises ConfigError for what cannot be said so.
    """
    for key, text in properties.items():
        if "=" in key:
            raise ConfigError(f"{key} holds `=`, where gcloud would end the name; put it into the JSON instead.")
        one_line(key, key)
        one_line(key, text)
    if not any("," in part for item in properties.items() for part in item):
        return ",".join(f"{key}={text}" for key, text in properties.items())
    used = set("".join(chain.from_iterable(properties.items()))) | {"="}
    delimiter = next((sign for sign in _DELIMITERS if sign not in used), None)
    if delimiter is None:
        raise ConfigError("the properties hold every character that could stand between them; use the JSON instead.")
    return f"^{delimiter}^" + delimiter.join(f"{key}={text}" for key, text in properties.items())


def create_cluster(order: Order, properties: Mapping[str, str], notes: Iterable[str], *, action: bool) -> str:
    """The command that creates a cluster with these properties."""
    words = ["gcloud dataproc clusters create", '"${CLUSTER:?the name of the cluster}"', _region(order)]
    if release := order.settings.get("release"):
        words.append(f"--image-version={shlex.quote(release)}")
    if action:
        words.append(f"--initialization-actions={shlex.quote(action_place(order))}")
    words.append(f"--properties={shlex.quote(dictionary(properties))}")
    return _script(words, notes)


def action_place(order: Order) -> str:
    """Where the initialization action is looked for."""
    return f"{order.settings.get('artifacts', '').rstrip('/')}/{ACTION}"


def submit_job(
    order: Order, kind: str, jars: Sequence[str], properties: Mapping[str, str], notes: Iterable[str]
) -> str:
    """The command that submits the application as a job of this kind, `spark` or `pyspark`. `jars` are all of it."""
    application = order.application
    words = [f"gcloud dataproc jobs submit {kind}"]
    if application is None:
        words.append('"${APPLICATION:?gs:// address of the Python file}"')
    elif kind == "pyspark":
        words.append(shlex.quote(application.uri))
    elif application.main_class:
        words.append(f"--class={shlex.quote(application.main_class)}")
    else:
        words.append(f"--jar={shlex.quote(application.uri)}")
    words += ['--cluster="${CLUSTER:?the name of the cluster}"', _region(order)]
    words += [f"--jars={shlex.quote(_listed(jars))}"] if jars else []
    words += [f"--properties={shlex.quote(dictionary(properties))}"]
    if application is not None and application.arguments:
        words += ["--", *map(shlex.quote, application.arguments)]
    return _script(words, notes)


def initialization_action(conf: ConfSet, notes: Iterable[str]) -> str | None:
    """A script for every node that lets spark-submit fetch the keys when it starts a driver; None without secrets.

    The node holds no key: spark-env.sh asks Secret Manager. Raises ConfigError for a reference to another place.
    """
    for key, reference in references(conf).items():
        if reference.kind != "env":
            raise ConfigError(
                f"{key} is {reference.written}, which no node of Dataproc can look up; put the key into Secret Manager "
                "and write env:NAME, where NAME is the secret's name there."
            )
    exports = []
    for name, parts in pieces(conf).items():
        text = together(parts, shlex.quote, _fetched)
        one_line(name, text)
        exports.append(f"export {name}={text}")
    if not exports:
        return None
    return "\n".join(
        ["#!/usr/bin/env bash", *comments(notes), "# It never fails: a cluster whose action fails is not created.",
         f"grep -qsF '# sparklineage' {_ENV} || cat >>{_ENV} <<'SPARKLINEAGE' ||", "# sparklineage", *exports,
         "SPARKLINEAGE", f"  echo 'sparklineage: {_ENV} cannot be written, so jobs send without a key' >&2", ""]
    )  # fmt: skip


def _fetched(reference: SecretReference) -> str:
    return f'"$(timeout 30 gcloud secrets versions access latest --secret={reference.name})"'


def _listed(jars: Sequence[str]) -> str:
    used = set("".join(jars))
    if "," not in used:
        return ",".join(jars)
    delimiter = next(sign for sign in _DELIMITERS if sign not in used)
    return f"^{delimiter}^" + delimiter.join(jars)


def _region(order: Order) -> str:
    region = order.settings.get("region")
    return f"--region={shlex.quote(region)}" if region else '--region="${REGION:?the name of the region}"'


def _script(words: Iterable[str], notes: Iterable[str]) -> str:
    return "\n".join(["#!/usr/bin/env bash", *comments(notes), " \\\n  ".join(words), ""])
