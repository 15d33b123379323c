"""`aws-ssm:/name`: a parameter of the AWS Systems Manager Parameter Store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sparklineage.config.secrets.aws import ask
from sparklineage.config.secrets.interface import UnreadableError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sparklineage.model.secret import SecretReference


def read(reference: SecretReference, *, environ: Mapping[str, str], timeout: float) -> str:
    """The parameter's value; a SecureString is decrypted by AWS."""
    what = f"the parameter {reference.name} of AWS Systems Manager"

    def question(client: Any) -> str:
        answer = client.get_parameter(Name=reference.name, WithDecryption=True)
        value = (answer.get("Parameter") or {}).get("Value")
        if isinstance(value, str):
            return value
        raise UnreadableError(f"{what}, but the answer of AWS holds no value.")

    return ask(
        "ssm", question, name=reference.name, what=what, action="ssm:GetParameter", environ=environ, timeout=timeout
    )
