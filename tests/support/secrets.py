"""Fetching a secret in a test, with a look at everything that could show it."""

from __future__ import annotations

import traceback

import pytest

from sparklineage.config.secrets import resolve
from sparklineage.errors import ConfigError, MissingExtraError, SparklineageError
from sparklineage.model.secret import SecretReference

CANARY = "canary-41f0aa93"


def fetch(text: str, **environ: str) -> str:
    reference = SecretReference.read(text)
    assert reference is not None
    found = resolve(reference, source="f.yml: key", environ=environ)
    assert CANARY not in f"{found!r} {found} {reference!r}"
    return found.reveal()


def refusal(text: str, **environ: str) -> str:
    """The sentence, after a look at everything of the error that could hold the secret."""
    with pytest.raises(SparklineageError) as caught:
        fetch(text, **environ)
    error = caught.value
    assert isinstance(error, (ConfigError, MissingExtraError))
    assert (error.__cause__, error.__context__) == (None, None)
    shown = f"{error!r} {error.args} {''.join(traceback.format_exception(error))}"
    assert CANARY not in shown
    assert "\n" not in str(error)
    return str(error)
