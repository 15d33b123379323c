"""Starts the relay of one `submit` with what only an installed toolkit has: the clients of services with secrets."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sparklineage.model.secret import Secret, SecretReference


def main(path: str) -> int:
    """The relay of the run in this folder, to its end; standard input is that of `sparklineage.relay.process`."""
    from sparklineage.relay.process import main as relay  # noqa: PLC0415

    return relay(path, fetch)


def fetch(reference: SecretReference, source: str) -> Secret:
    """The secret behind a reference, with this process's environment. Raises ConfigError or MissingExtraError."""
    from sparklineage.config.secrets import resolve  # noqa: PLC0415

    return resolve(reference, source=source, environ=os.environ)
