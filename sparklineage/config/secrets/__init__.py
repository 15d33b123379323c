"""Fetching the secrets that a configuration refers to. Nothing is kept anywhere, in memory or on disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sparklineage.config.secrets import aws_secretsmanager, aws_ssm, databricks, environment, file
from sparklineage.config.secrets.interface import Reader, UnreadableError
from sparklineage.config.secrets.literal import literal_problem
from sparklineage.errors import ConfigError, MissingExtraError, SparklineageError
from sparklineage.model.secret import Kind, Secret, SecretReference

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["READERS", "is_remote", "literal_problem", "resolve"]

READERS: dict[Kind, Reader] = {
    "env": environment.read,
    "file": file.read,
    "aws-secretsmanager": aws_secretsmanager.read,
    "aws-ssm": aws_ssm.read,
    "databricks": databricks.read,
}


def resolve(
    reference: SecretReference,
    *,
    source: str,
    environ: Mapping[str, str],
    timeout: float = 3.0,
    readers: Mapping[Kind, Reader] = READERS,
) -> Secret:
    """The secret behind `reference`, without the blanks and line ends around it; files often end with a newline.

    Each kind is read by its reader; a service is asked for at most twice `timeout` seconds, one repetition included.
    Raises ConfigError, or MissingExtraError, with one sentence that begins with `source` (the file and key, or the
    variable) and never holds the secret or anything else that was stored.
    """
    problem: SparklineageError
    try:
        value = readers[reference.kind](reference, environ=environ, timeout=timeout).strip()
    except UnreadableError as error:
        problem = ConfigError(f"{source} refers to {error}")
    except MissingExtraError as error:
        problem = MissingExtraError(f"{source} refers to {error}")
    else:
        if value:
            return Secret(value)
        problem = ConfigError(f"{source} is blank: nothing stands behind {reference.written}; store a value there.")
    # Raised here, so that it carries no other exception along whose attributes hold the secret.
    raise problem


def is_remote(reference: SecretReference) -> bool:
    """Whether a service has to be asked over the network."""
    return reference.kind not in ("env", "file")
