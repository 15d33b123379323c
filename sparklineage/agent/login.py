"""The user name and password of a repository that its URL does not hold: from the environment or a netrc file."""

from __future__ import annotations

import netrc
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from sparklineage.errors import ConfigError
from sparklineage.model.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sparklineage.agent.web import Repository

USERNAME, PASSWORD = "SPARKLINEAGE_REPOSITORY_USERNAME", "SPARKLINEAGE_REPOSITORY_PASSWORD"


def with_login(found: Repository, *, home: Path, environ: Mapping[str, str], configured: bool) -> Repository:
    """The repository with the login that there is for it; one that has a login already stays as it is.

    The two variables belong to the `configured` repository alone, so that no mirror gets them. Raises ConfigError
    for one variable without the other, and for a netrc file that cannot be read as one.
    """
    if found.password is not None or found.url.startswith("file:"):
        return found
    username, password = environ.get(USERNAME), environ.get(PASSWORD)
    if configured and password:
        if not username:
            raise ConfigError(f"{PASSWORD} is set and {USERNAME} is not; set both.")
        return replace(found, username=username, password=Secret(password))
    host = urlsplit(found.url).hostname or ""
    path = Path(environ["NETRC"]) if environ.get("NETRC") else home / ".netrc"
    if login := _from_netrc(path, host):
        return replace(found, username=login[0], password=Secret(login[1]))
    return found


def _from_netrc(path: Path, host: str) -> tuple[str, str] | None:
    try:
        entry = netrc.netrc(str(path)).authenticators(host)
    except netrc.NetrcParseError:
        # Its own text quotes the word that it stumbled over, which may be the password.
        raise ConfigError(f"{path}: not a netrc file; write `machine HOST login USER password …`.") from None
    except (OSError, UnicodeDecodeError):
        return None
    return (entry[0] or "", entry[2] or "") if entry else None
