"""`env:NAME`: a variable of the environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sparklineage.config.secrets.interface import UnreadableError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sparklineage.model.secret import SecretReference


def read(reference: SecretReference, *, environ: Mapping[str, str], timeout: float) -> str:  # noqa: ARG001
    """The variable's value. An empty one counts as not set, as in a shell's `${NAME:?}`."""
    value = environ.get(reference.name)
    if not value:
        raise UnreadableError(f"the environment variable {reference.name}, which is not set.")
    return value
