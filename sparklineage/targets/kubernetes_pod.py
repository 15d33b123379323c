"""What the driver's pod needs: variables with keys from a Secret, and for the outbox a relay beside the driver."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sparklineage.errors import ConfigError
from sparklineage.targets.limits import form, one_line
from sparklineage.targets.opened import opened, references
from sparklineage.targets.pieces import alone, pieces, together

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sparklineage.model.conf_set import ConfSet
    from sparklineage.model.secret import SecretReference
    from sparklineage.targets.interface import Order

VOLUME = "sparklineage-journal"
RELAY = "sparklineage-relay"
USER = 185
"""Who runs Spark in the images of the Apache project."""
GRACE = 60
"""Seconds that the pod may take to end, in which the relay delivers."""
_SPOOL = "spark.sparklineage.spool"
_DEFAULT_SECRET = "sparklineage"  # noqa: S105 - the name of a Secret
LIKE_JSON = (
    "The agent reads it as JSON where it can, so a key such as 1e5, a number, needs double quotes around it there."
)
TOLD = "SPARKLINEAGE_RELAY"
"""The variable with what the relay is told."""
PYZ = "/opt/sparklineage/relay.pyz"
"""Where images have the relay: the kit's Dockerfile puts it there."""
_WATCH = ("python3", PYZ, "watch", "--config", f"env:{TOLD}", "--drain-timeout", str(GRACE - 10))
"""A container that restarts always is told to end when the driver has ended (sidecar containers of Kubernetes)."""


@dataclass(frozen=True, kw_only=True)
class Pod:
    """What is added to the driver's pod."""

    env: tuple[dict[str, Any], ...] = ()
    """Of the driver."""
    mount: str | None = None
    """Where the journal lies; None without a relay."""
    relay: dict[str, Any] | None = None
    """The container of the relay, without the user that it runs as."""

    @property
    def volumes(self) -> list[dict[str, Any]]:
        return [{"name": VOLUME, "emptyDir": {}}] if self.mount is not None else []

    @property
    def mounts(self) -> list[dict[str, Any]]:
        return [{"name": VOLUME, "mountPath": self.mount}] if self.mount is not None else []

    def container(self, user: object = None) -> dict[str, Any]:
        """The relay, as the user that runs the driver: nobody else may read its journal."""
        if self.relay is None:
            raise ValueError("there is no relay")
        return {**self.relay, "securityContext": {"runAsUser": USER if user is None else user}}


def pod(order: Order, conf: ConfSet, whole: ConfSet) -> Pod:
    """What the pod needs for the order; `conf` are the properties that are added, without plain secrets, to become the
    `whole`.

    Raises ConfigError for a secret that Kubernetes cannot look up, and for an outbox that nothing would empty.
    """
    secret = secret_name(order)
    _refuse_elsewhere(conf, secret)
    env = tuple(_env(conf, secret))
    if order.mode == "direct":
        return Pod(env=env)
    image = order.settings.get("relayImage")
    if not image:
        raise ConfigError(
            "delivery.mode is outbox, but platforms.kubernetes.relayImage is missing: the journal ends with its pod, "
            "so a relay has to be in it; name the image of `sparklineage bootstrap kubernetes`, or write "
            "delivery.mode: direct."
        )
    if not order.relay:
        raise ConfigError(
            "delivery.mode is outbox, but no transport is configured, and the journal ends with its pod; write one, or "
            "delivery.mode: direct."
        )
    form("platforms.kubernetes.relayImage", image, r"[\w.:/@-]+", "the name of an image")
    mount = whole[_SPOOL].written
    form(_SPOOL, mount, r"/[^:\x00-\x1f]*", "an absolute path without a colon")
    transport = opened(order, order.relay)
    _refuse_elsewhere(transport, secret)
    relay = {
        "name": RELAY,
        "image": image,
        "restartPolicy": "Always",
        "command": list(_WATCH),
        "env": [
            *(_from_secret(reference.name, reference, secret) for reference in _each(transport)),
            {"name": TOLD, "value": _literal(json.dumps({**order.told, "spool": mount}))},
            {"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
        ],
        "volumeMounts": [{"name": VOLUME, "mountPath": mount}],
    }
    return Pod(env=env, mount=mount, relay=relay)


def secret_name(order: Order, platform: str = "kubernetes") -> str:
    """The Secret that holds the keys. Raises ConfigError for what cannot be the name of one."""
    name = order.settings.get("secretName") or _DEFAULT_SECRET
    _subdomain(f"platforms.{platform}.secretName", name)
    return name


def secrets(order: Order, conf: ConfSet) -> Iterator[str]:
    """What has to be in the Secret, as a sentence; none without secrets."""
    found = [*_each(conf), *_each(order.relay)]
    if names := list(dict.fromkeys(reference.name for reference in found)):
        yield (
            f"Make the Secret {secret_name(order)} with {' and '.join(names)} in the application's namespace: kubectl "
            f"create secret generic {secret_name(order)} --from-env-file=FILE, with a line NAME=KEY for each."
        )
        if order.mode == "direct" and any(alone(parts) for parts in pieces(conf).values()):
            yield LIKE_JSON


def _env(conf: ConfSet, secret: str) -> Iterator[dict[str, Any]]:
    known: set[str] = set()
    for name, parts in pieces(conf).items():
        if reference := alone(parts):
            yield _from_secret(name, reference, secret)
            continue
        for part in parts:
            if not isinstance(part, str) and part.name not in known:
                known.add(part.name)
                yield _from_secret(part.name, part, secret)
        value = together(parts, _literal, lambda reference: f"$({reference.name})")
        one_line(name, value)
        yield {"name": name, "value": value}


def _from_secret(name: str, reference: SecretReference, secret: str) -> dict[str, Any]:
    return {"name": name, "valueFrom": {"secretKeyRef": {"name": secret, "key": reference.name}}}


def _literal(text: str) -> str:
    """The text of a variable of a pod: Kubernetes expands `$(NAME)` and reads `$$` as one."""
    return text.replace("$", "$$")


def _each(conf: ConfSet) -> list[SecretReference]:
    return list(dict.fromkeys(references(conf).values()))


def _refuse_elsewhere(conf: ConfSet, secret: str) -> None:
    for key, reference in references(conf).items():
        entry = conf.entry(key)
        if reference.kind != "env":
            raise ConfigError(
                f"{entry.source if entry else key}: {key} is {reference.written}, which Kubernetes cannot look up; put "
                f"the key into the Secret {secret} and write env:NAME, where NAME is its entry there."
            )


def _subdomain(what: str, name: str) -> None:
    if not re.fullmatch(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*", name) or len(name) > 253:
        raise ConfigError(
            f"{what} is {name[:100]!r}, but Kubernetes takes lower-case letters, digits, `-` and `.`, with a letter or "
            "digit at both ends, up to 253."
        )
