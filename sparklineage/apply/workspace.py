"""A Databricks workspace, asked through databricks-sdk; and a sentence for every error."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sparklineage.apply.shown import reason
from sparklineage.config.secrets.remote import quiet
from sparklineage.errors import (
    ApplyError,
    CredentialsError,
    ForbiddenError,
    MissingExtraError,
    NoSuchPlaceError,
    SparklineageError,
    TransferError,
    UnknownOutcomeError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from sparklineage.apply.interface import Json

_TIMEOUT = 60
_ATTEMPTS = 4
_REACH = "the workspace cannot be reached, and nothing was sent; check the network, the proxy and DATABRICKS_HOST."
_BROKE = "the network broke off, and nothing was changed; try again."
_LATER = "Databricks refuses for now, after several attempts, and nothing was changed; try again later."
_LOST = "the answer got lost on the way, so nobody knows whether it was done: look {look} before you try again."
_NO_CREDENTIALS = "the SDK finds no credentials; set DATABRICKS_HOST and DATABRICKS_TOKEN, or "
_NO_CREDENTIALS += "DATABRICKS_CONFIG_PROFILE."
_BY_CLASS: dict[str, tuple[type[SparklineageError], str]] = {
    "Unauthenticated": (
        CredentialsError,
        "Databricks does not accept the credentials; check DATABRICKS_TOKEN or the profile.",
    ),
    "PermissionDenied": (ForbiddenError, "this may not be done; {rights} is needed."),
    "NotFound": (NoSuchPlaceError, "it is not there; check its id and the workspace."),
    "TooManyRequests": (TransferError, _LATER),
    "JSONDecodeError": (ApplyError, "the answer is none of Databricks; check DATABRICKS_HOST."),
    "ValueError": (CredentialsError, _NO_CREDENTIALS),
}
_NOT_SENT = frozenset(
    ("NewConnectionError", "ConnectTimeoutError", "NameResolutionError", "ConnectTimeout", "SSLError")
)
_LOST_ANSWERS = frozenset(("RequestException", "InternalError", "TemporarilyUnavailable", "DeadlineExceeded"))


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a question was about."""

    what: str
    """`the cluster 1-2 of https://…`."""
    rights: str
    """What the asker needs."""
    look: str | None = None
    """For a call that changes something: where a person finds out whether it did."""
    secrets: tuple[str, ...] = ()
    """What no sentence may hold."""


@dataclass(frozen=True, kw_only=True)
class Workspace:
    """Host and credentials are found by the SDK's own rules."""

    sleep: Callable[[float], None] = field(default_factory=lambda: time.sleep)
    _made: list[Any] = field(default_factory=list, repr=False, compare=False)

    @property
    def host(self) -> str:
        """Raises CredentialsError where nobody says it."""
        return str(self._client().config.host)

    def where(self) -> str:
        """The workspace and who asks."""
        asked = Asked(what=f"the workspace {self.host}", rights="access to the workspace")
        try:
            who = self.ask("GET", "/api/2.0/preview/scim/v2/Me", asked).get("userName")
        except (ApplyError, ForbiddenError, NoSuchPlaceError):
            # A token may be for clusters alone.
            who = None
        return f"workspace {self.host}, as {who or 'a user who cannot be told'}"

    def ask(self, method: str, path: str, asked: Asked, query: Json | None = None) -> Json:
        """What the API answers to a question; it is repeated where it may pass."""
        return self._done(method, path, asked, query=query)

    def send(self, path: str, body: Json, asked: Asked, *, method: str = "POST") -> Json:
        """What it answers to a call that changes something, which is repeated only where it was refused for now."""
        return self._done(method, path, asked, body=body)

    def _done(self, method: str, path: str, asked: Asked, **content: Any) -> Json:
        client = self._client()
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        if number := getattr(client.config, "workspace_id", None):
            headers["X-Databricks-Workspace-Id"] = number
        for attempt in range(1, _ATTEMPTS + 1):
            with quiet():
                try:
                    answer = client.api_client.do(method, path, headers=headers, **content)
                    return answer if isinstance(answer, dict) else {}
                except Exception as error:  # noqa: BLE001 - whatever the SDK raises becomes a sentence
                    problem = _inner(error)
                    passing = _is(problem, "TooManyRequests") or (asked.look is None and _is(problem, *_LOST_ANSWERS))
                    if not passing or attempt == _ATTEMPTS:
                        raise translated(problem, asked) from None
            self.sleep(2.0**attempt)
        raise AssertionError  # not reached

    def _client(self) -> Any:
        if not self._made:
            try:
                from databricks.sdk import WorkspaceClient
                from databricks.sdk.config import Config
            except ImportError:
                raise MissingExtraError(
                    "Databricks: --apply needs databricks-sdk; run `pip install 'sparklineage-toolkit[databricks]'`."
                ) from None
            with quiet():
                try:
                    # Left alone the SDK repeats a call of which only the answer got lost, for five minutes.
                    config = Config(http_timeout_seconds=_TIMEOUT, retry_timeout_seconds=1, product="sparklineage")
                    self._made.append(WorkspaceClient(config=config))
                except Exception as error:  # noqa: BLE001
                    raise translated(_inner(error), Asked(what="Databricks", rights="a token")) from None
        return self._made[0]


def translated(error: Exception, asked: Asked) -> SparklineageError:
    """The error to raise for an exception of the SDK."""
    if isinstance(error, SparklineageError):
        return error
    for ancestor in type(error).__mro__:
        if ancestor.__name__ in _BY_CLASS:
            kind, sentence = _BY_CLASS[ancestor.__name__]
            return kind(f"{asked.what}: {sentence.format(rights=asked.rights)}")
    if _is(error, *_LOST_ANSWERS):
        if _never_sent(error):
            return TransferError(f"{asked.what}: {_REACH}")
        if asked.look is not None:
            return UnknownOutcomeError(f"{asked.what}: {_LOST.format(look=asked.look)}")
        return TransferError(f"{asked.what}: {_BROKE}")
    return _refused(error, asked)


def _refused(error: Exception, asked: Asked) -> SparklineageError:
    """With the reason that Databricks gives."""
    if not _is(error, "DatabricksError"):
        return ApplyError(f"{asked.what}: Databricks fails with {type(error).__name__}.")
    code = str(getattr(error, "error_code", "") or type(error).__name__)[:64]
    said = reason(str(error), asked.secrets).rstrip(".") or "no reason is given"
    if _is(error, "BadRequest") and re.search(r"(?i)does not exist", said):
        return NoSuchPlaceError(f"{asked.what}: {said}.")
    return ApplyError(f"{asked.what}: Databricks refuses it with {code}: {said}.")


def _inner(error: Exception) -> Exception:
    """What the SDK has repeated its request for, which it wraps."""
    return error.__cause__ if isinstance(error, TimeoutError) and isinstance(error.__cause__, Exception) else error


def _is(error: Exception, *names: str) -> bool:
    return any(ancestor.__name__ in names for ancestor in type(error).__mro__)


def _never_sent(error: BaseException) -> bool:
    """Whether no connection came to be: urllib3 says so in the reason of what requests raises."""
    inner = error.args[0] if error.args else None
    reasons = (error, inner, getattr(inner, "reason", None))
    return any(isinstance(one, Exception) and _is(one, *_NOT_SENT) for one in reasons)
