"""What volumes and workspace files share: the client, a sentence for every error, the digest beside each file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from sparklineage.config.secrets.remote import quiet
from sparklineage.errors import (
    CredentialsError,
    ForbiddenError,
    MissingExtraError,
    NoSuchPlaceError,
    OccupiedError,
    SparklineageError,
    StoreError,
    TransferError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from sparklineage.agent.stores.interface import Payload

T = TypeVar("T")
_TIMEOUT = 60
_PATIENCE = 120
"""Seconds for which the SDK repeats what may pass."""

_UNREACHABLE = "the network broke off, or the workspace cannot be reached; nothing was left half done. Check the "
_UNREACHABLE += "proxy and DATABRICKS_HOST, and try again."
_LATER = "Databricks refuses for now; nothing was left half done, try again later."

_BY_CLASS: dict[str, tuple[type[SparklineageError], str]] = {
    "NotFound": (NoSuchPlaceError, "there is no such volume or folder; make it, and check catalog and schema."),
    "PermissionDenied": (ForbiddenError, "this may not be done; {rights} is needed."),
    "Unauthenticated": (
        CredentialsError,
        "Databricks does not accept the credentials; check DATABRICKS_TOKEN or the profile.",
    ),
    "AlreadyExists": (OccupiedError, "something else has this name, such as a notebook; name another folder."),
    "ResourceConflict": (OccupiedError, "something else has this name, such as a notebook; name another folder."),
    "TooManyRequests": (TransferError, _LATER),
    "InternalError": (TransferError, _LATER),
    "TemporarilyUnavailable": (TransferError, _LATER),
    "DeadlineExceeded": (TransferError, _LATER),
    "BadRequest": (StoreError, "Databricks does not take this name or file."),
    "JSONDecodeError": (StoreError, "the answer is none of Databricks; check DATABRICKS_HOST."),
    # Of requests, and of the SDK once it has repeated for long enough.
    "RequestException": (TransferError, _UNREACHABLE),
    "TimeoutError": (TransferError, _UNREACHABLE),
    "ConnectionError": (TransferError, _UNREACHABLE),
    "ValueError": (
        CredentialsError,
        "the SDK finds no credentials; set DATABRICKS_HOST and DATABRICKS_TOKEN, or DATABRICKS_CONFIG_PROFILE.",
    ),
}


class Workspace:
    """A client that is made when it is first needed. Host and credentials are found by the SDK's own rules."""

    def __init__(self, what: str, rights: str) -> None:
        self._what, self._rights = what, rights
        self._client: Any = None

    def ask(self, question: Callable[[Any], T]) -> T:
        """What `question` makes of the client. Raises StoreError and its kinds, MissingExtraError without the SDK."""
        with quiet():
            try:
                return question(self._made())
            except Exception as error:  # noqa: BLE001 - whatever the SDK raises, and its text may hold an answer
                raise self._problem(error) from None

    def found(self, question: Callable[[Any], T]) -> T | None:
        """The same; None for what is not there."""
        try:
            return self.ask(question)
        except NoSuchPlaceError:
            return None

    def _made(self) -> Any:
        if self._client is None:
            try:
                from databricks.sdk import WorkspaceClient
                from databricks.sdk.config import Config
            except ImportError:
                raise MissingExtraError(
                    f"{self._what}: Databricks needs databricks-sdk; run `pip install "
                    "'sparklineage-toolkit[databricks]'`."
                ) from None
            self._client = WorkspaceClient(
                config=Config(http_timeout_seconds=_TIMEOUT, retry_timeout_seconds=_PATIENCE, product="sparklineage")
            )
        return self._client

    def _problem(self, error: Exception) -> SparklineageError:
        if isinstance(error, SparklineageError):
            return error
        # The SDK wraps what it has repeated its request for.
        if isinstance(error, TimeoutError) and isinstance(error.__cause__, Exception):
            error = error.__cause__
        for ancestor in type(error).__mro__:
            if ancestor.__name__ in _BY_CLASS:
                kind, sentence = _BY_CLASS[ancestor.__name__]
                return kind(f"{self._what}: {sentence.format(rights=self._rights)}")
        return StoreError(f"{self._what}: Databricks fails with {type(error).__name__}; nothing was left half done.")


def sidecar(payload: Payload) -> bytes:
    """What lies beside each file as `<name>.sha512`, in the form that `sha512sum -c` reads."""
    return f"{payload.sha512}  {payload.name}\n".encode()


def digest_in(content: bytes) -> str | None:
    """The digest in such a file."""
    words = content.decode("ascii", "replace").split()
    return words[0] if words and len(words[0]) == 128 else None
