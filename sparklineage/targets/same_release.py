"""A user's document that names a release, and an order that is for another one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sparklineage.config.platforms import platforms
from sparklineage.errors import ConfigError

if TYPE_CHECKING:
    from sparklineage.targets.interface import Order


def same_release(order: Order, platform: str, label: object, where: str) -> None:
    """Raises ConfigError where the agent is for another release: one for another Scala ends every job.

    `label` is what the document has, which may be nothing.
    """
    asked = order.settings.get("release")
    if not isinstance(label, str) or not label or label == asked:
        return
    known = platforms().find(platform, label).release
    # On EKS a label may name an image behind the release: emr-7.5.0-latest.
    if known != order.release if asked else known.scala != order.scala:
        raise ConfigError(
            f"{where}: the release is {label}, but the agent is the one for {asked or f'Scala {order.scala}'}; say "
            f"--release {label}, or write it as platforms.{platform}.release."
        )
