"""What the user's Maven settings say about repositories."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from sparklineage.agent.web import Repository, repository
from sparklineage.errors import ConfigError
from sparklineage.model.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_REFERENCE = re.compile(r"\$\{(env\.)?([\w.\-]+)\}")


@dataclass(frozen=True, kw_only=True)
class MavenSettings:
    """The two things that matter for getting a file."""

    local: Path
    """Maven's local repository; it need not exist."""
    mirror: Repository | None = None
    """What stands in for the public repository, if anything does."""


def maven_settings(home: Path, environ: Mapping[str, str], *, timeout: float = 15.0) -> MavenSettings:
    """The settings of the user, then of the installed Maven. Raises ConfigError for a file that is no XML."""
    local: Path | None = None
    mirror: Repository | None = None
    for path in _files(home, environ):
        root = _parse(path)
        if root is None:
            continue
        reader = _Reader(home=home, environ=environ)
        if local is None and (text := reader.text(root, "localRepository")):
            local = Path(text)
        if mirror is None:
            mirror = _mirror(root, reader, path, timeout)
    return MavenSettings(local=local or home / ".m2" / "repository", mirror=mirror)


def _files(home: Path, environ: Mapping[str, str]) -> Iterator[Path]:
    yield home / ".m2" / "settings.xml"
    for name in ("MAVEN_HOME", "M2_HOME"):
        if environ.get(name):
            yield Path(environ[name]) / "conf" / "settings.xml"


def _parse(path: Path) -> ET.Element | None:
    try:
        root = ET.fromstring(path.read_bytes())  # noqa: S314 - the user's own file
    except ET.ParseError as error:
        raise ConfigError(f"{path}: not XML ({error}); Maven would refuse it too.") from None
    except OSError:
        return None
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]  # The namespace differs between versions of Maven.
    return root


@dataclass(frozen=True, kw_only=True)
class _Reader:
    home: Path
    environ: Mapping[str, str]

    def text(self, element: ET.Element, tag: str) -> str:
        """The text of a child with `${env.X}` and `${user.home}` replaced; empty if it or a variable is missing."""
        missing = False

        def value(match: re.Match[str]) -> str:
            nonlocal missing
            known = self.environ if match[1] else {"user.home": str(self.home)}
            missing = missing or match[2] not in known
            return known.get(match[2], "")

        text = _REFERENCE.sub(value, (element.findtext(tag) or "").strip())
        return "" if missing else text


def _mirror(root: ET.Element, reader: _Reader, path: Path, timeout: float) -> Repository | None:
    for element in root.iterfind("mirrors/mirror"):
        if reader.text(element, "blocked") == "true" or not mirrors_public(reader.text(element, "mirrorOf")):
            continue
        try:
            found = repository(reader.text(element, "url"), timeout=timeout)
        except ConfigError as error:
            raise ConfigError(f"{path}: mirror {reader.text(element, 'id')!r}: {error}") from None
        return _with_login(found, root, reader, reader.text(element, "id"), path)
    return None


def _with_login(found: Repository, root: ET.Element, reader: _Reader, identity: str, path: Path) -> Repository:
    for server in root.iterfind("servers/server"):
        if reader.text(server, "id") != identity:
            continue
        username, password, trouble = reader.text(server, "username"), reader.text(server, "password"), ""
        if password.startswith("{") and password.endswith("}"):
            trouble, password = f"the one in {path} is encrypted; use --repository instead", ""
        elif server.findtext("password") and not password:
            trouble = f"the one in {path} names a variable that is not set"
        return Repository(
            url=found.url,
            username=username,
            password=Secret(password) if password else None,
            password_trouble=trouble,
            timeout=found.timeout,
        )
    return found


def mirrors_public(mirror_of: str) -> bool:
    """Whether a mirror with this `mirrorOf` stands in for the public repository, whose id is `central`."""
    patterns = [pattern.strip() for pattern in mirror_of.split(",")]
    if "!central" in patterns:
        return False
    return any(pattern in {"*", "central", "external:*"} for pattern in patterns)
