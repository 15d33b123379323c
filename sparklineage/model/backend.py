"""An OpenLineage HTTP receiver, as configuration describes it."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit, urlunsplit

from sparklineage.model.masking import SECRET_KEY, mask

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sparklineage.model.secret import Secret

DEFAULT_ENDPOINT = "api/v1/lineage"
SECRET_HEADER = re.compile(r"(?i)key|token|secret|auth|password|cookie|credential|signature")
"""Finds headers and query parameters whose values are secret, by their names."""


@dataclass(frozen=True, kw_only=True)
class Backend:
    """Where events go."""

    url: str
    """http or https, with a path where a proxy wants one."""
    endpoint: str = DEFAULT_ENDPOINT
    api_key: Secret | None = None
    """Sent as `Authorization: Bearer`."""
    headers: Mapping[str, str] = field(default_factory=dict)
    timeout: float = 10.0
    """Seconds, for connecting and for each wait on the answer."""
    marquez: bool = False
    """Known to be Marquez, which answers 201 to an event that it has stored and to nothing else."""

    @property
    def target(self) -> str:
        """The URL that events are posted to."""
        parts = urlsplit(self.url)
        path = parts.path.rstrip("/")
        endpoint = self.endpoint.strip("/")
        if not path.endswith(f"/{endpoint}"):
            path = f"{path}/{endpoint}"
        return urlunsplit((parts.scheme, parts.netloc, path, parts.query, ""))

    @property
    def shown(self) -> str:
        """The URL as people and files may see it: without credentials and without a query."""
        parts = urlsplit(self.url)
        query = "" if SECRET_KEY.search(parts.query) else parts.query
        return mask(urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, query, "")))

    @property
    def secrets(self) -> tuple[str, ...]:
        """The key, the password of the URL, and the headers that carry a secret going by their names.

        What other headers say, such as a team's name, may well stand in an event.
        """
        headers = [value for name, value in self.headers.items() if SECRET_HEADER.search(name)]
        password = unquote(urlsplit(self.url).password or "")
        found = [self.api_key.reveal() if self.api_key else "", password, *headers]
        return tuple(value for value in found if value)

    @property
    def key(self) -> str:
        """The same short text for the same receiver; names its files in the journal."""
        parts = urlsplit(self.target)
        place = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
        return hashlib.sha256(place.encode()).hexdigest()[:12]
