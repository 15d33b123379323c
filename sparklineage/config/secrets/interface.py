"""What a kind of reference implements, and how it says that it cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from sparklineage.errors import MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sparklineage.model.secret import SecretReference


class UnreadableError(Exception):
    """Why a secret cannot be had: the end of a sentence that begins with "… refers to". Never holds the secret."""


class Reader(Protocol):
    """Fetches the text behind a reference of one kind."""

    def __call__(self, reference: SecretReference, *, environ: Mapping[str, str], timeout: float) -> str:
        """The text as it was stored.

        Raises UnreadableError, or MissingExtraError with the end of the same sentence.
        """


def missing(what: str, package: str, extra: str) -> MissingExtraError:
    """The error where `package` is not installed."""
    return MissingExtraError(f"{what}, which needs {package}; run `pip install 'sparklineage-toolkit[{extra}]'`.")
