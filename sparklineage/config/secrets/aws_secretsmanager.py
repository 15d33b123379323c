"""`aws-secretsmanager:NAME-OR-ARN[#json-key]`: a secret of AWS Secrets Manager."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sparklineage.config.secrets.aws import ask
from sparklineage.config.secrets.interface import UnreadableError
from sparklineage.errors import suggestion

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sparklineage.model.secret import SecretReference


def read(reference: SecretReference, *, environ: Mapping[str, str], timeout: float) -> str:
    """The current version of the secret, or the text behind one key of it where it is a JSON object."""
    what = f"the secret {reference.name} of AWS Secrets Manager"

    def question(client: Any) -> str:
        answer = client.get_secret_value(SecretId=reference.name)
        text = answer.get("SecretString")
        if isinstance(text, str):
            return text
        if "SecretBinary" in answer:
            raise UnreadableError(f"{what}, which holds bytes; store it as text.")
        raise UnreadableError(f"{what}, but the answer of AWS holds no value.")

    text = ask(
        "secretsmanager", question, name=reference.name, what=what, action="secretsmanager:GetSecretValue",
        environ=environ, timeout=timeout,
    )  # fmt: skip
    return field_of(text, reference.field, what)


def field_of(text: str, field: str, what: str) -> str:
    """What a reference means of a secret's text. Raises UnreadableError.

    The console of AWS stores what is typed there as a JSON object, so one that is meant whole is hardly a key.
    """
    try:
        # Numbers stay as they are written.
        found = json.loads(text, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        found = None
    if not field:
        if isinstance(found, dict):
            raise UnreadableError(f"{what}, which is a JSON object; name one of its keys: …#key.")
        return text
    if not isinstance(found, dict):
        raise UnreadableError(f"{what}, which is no JSON object; leave out #{field}.")
    if field not in found:
        raise UnreadableError(f"{what}, which has no key {field}.{suggestion(field, found)}")
    value = found[field]
    if not isinstance(value, str):
        raise UnreadableError(f"{what}, whose key {field} holds no text.")
    return value
