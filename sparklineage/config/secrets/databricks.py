"""`databricks:scope/key`: a secret of a Databricks workspace."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any

from sparklineage.config.secrets.interface import UnreadableError, missing
from sparklineage.config.secrets.remote import bounded, quiet

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sparklineage.model.secret import SecretReference

_ABSENT = "which does not exist; check the scope and the key."
_DENIED = "which may not be read; READ on its scope is needed, and a valid token."
_UNREACHABLE = "but the workspace cannot be reached; check the network and DATABRICKS_HOST."
_LATER = "but Databricks refuses for now; try again later."
_BY_CLASS = {
    "NotFound": _ABSENT,
    "PermissionDenied": _DENIED,
    "Unauthenticated": "but Databricks does not accept the credentials; check DATABRICKS_TOKEN or the profile.",
    "BadRequest": "which Databricks does not hand out here, or whose name it does not accept.",
    "TooManyRequests": _LATER,
    "InternalError": _LATER,
    "TemporarilyUnavailable": _LATER,
    "DeadlineExceeded": _LATER,
    "JSONDecodeError": "but the answer is none of Databricks; check DATABRICKS_HOST.",
    # Of requests.
    "RequestException": _UNREACHABLE,
    "ValueError": "but the Databricks SDK finds no credentials that it can use; set DATABRICKS_HOST and "
    "DATABRICKS_TOKEN, or DATABRICKS_CONFIG_PROFILE.",
}


def read(reference: SecretReference, *, environ: Mapping[str, str], timeout: float) -> str:
    """The secret, through `dbutils` on a cluster of Databricks, elsewhere through the workspace's API.

    Host and credentials are found by the rules of the Databricks SDK. Elsewhere it takes at most twice `timeout`
    seconds.
    """
    what = f"the secret {reference.name} of Databricks"
    scope, _, key = reference.name.partition("/")
    try:
        import databricks.sdk  # noqa: F401
    except ImportError:
        raise missing(what, "databricks-sdk", "databricks") from None
    try:
        dbutils = _dbutils() if environ.get("DATABRICKS_RUNTIME_VERSION") else None
        if dbutils is not None:
            # Not in a thread of ours: the notebook's context belongs to this one.
            with quiet():
                return str(dbutils.secrets.get(scope, key))
        return bounded(lambda: _asked(scope, key, timeout), 2 * timeout)
    except (UnicodeError, binascii.Error):
        problem = "which holds bytes that are no UTF-8 text; store it as text."
    except TimeoutError as error:
        # The SDK wraps the error that it has repeated its question for.
        problem = (
            _problem(error.__cause__)
            if isinstance(error.__cause__, Exception)
            else f"but Databricks has not answered within {2 * timeout:g} s; check the network and DATABRICKS_HOST."
        )
    except Exception as error:  # noqa: BLE001 - whatever the SDK raises, and its text may hold an answer
        problem = _problem(error)
    raise UnreadableError(f"{what}, {problem}")


def _asked(scope: str, key: str, timeout: float) -> str:
    from databricks.sdk import WorkspaceClient
    from databricks.sdk.config import Config

    # The SDK repeats until this many seconds have passed, and takes 0 for its own 300.
    client = WorkspaceClient(config=Config(http_timeout_seconds=timeout, retry_timeout_seconds=1))
    return base64.b64decode(client.secrets.get_secret(scope, key).value or "").decode()


def _dbutils() -> Any:
    """The cluster's own, or None in a process to which Databricks gives none, such as one of its web terminal."""
    try:
        from databricks.sdk.runtime import dbutils
    except Exception:  # noqa: BLE001 - it looks for credentials while it is imported
        return None
    return dbutils


def _problem(error: Exception) -> str:
    """The sentence for an exception of the SDK or of `dbutils`. Nothing of its own text, which may quote the answer."""
    for ancestor in type(error).__mro__:
        if ancestor.__name__ in _BY_CLASS:
            return _BY_CLASS[ancestor.__name__]
    # On a cluster every error is one of Java.
    text = str(error)
    if "does not exist" in text:
        return _ABSENT
    if "PERMISSION_DENIED" in text or "does not have READ permission" in text:
        return _DENIED
    return f"but Databricks fails with {type(error).__name__}."
