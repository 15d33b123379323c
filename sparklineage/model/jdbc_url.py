"""Namespace and name that the agent gives to a table behind a JDBC URL.

What its JdbcDatasetUtils and JdbcExtractors do (1.53.0), to the letter, as a test that runs them checks: another
spelling would be a second dataset. Where they cannot read a URL, its whole text is the namespace.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Callable

PORTS = {
    "postgres": "5432",
    "mysql": "3306",
    "crate": "5432",
    "db2": "6789",
    "trino": "443",
    "oceanbase": "2881",
    "clickhouse": "8123",
    "cassandra": "9042",
    "oracle": "1521",
}
"""What is added where the URL has no port; other databases go without."""
DATABASE_IN_TABLE = frozenset({"mysql", "clickhouse"})
"""Here a table written as `a.b` names its database itself."""

_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9\-]*[A-Za-z0-9])?"
_BYTE = r"0*(?:25[0-5]|2[0-4]\d|1?\d?\d)"
_HOST = (
    rf"\[[0-9A-Fa-f:.%]+\]|(?:{_BYTE}\.){{3}}{_BYTE}"
    rf"|(?:{_LABEL}\.)+[A-Za-z](?:[A-Za-z0-9\-]*[A-Za-z0-9])?\.?|{_LABEL}\.?"
)
# What java.net.URI takes, of one host and of several.
_ONE = re.compile(rf"([A-Za-z][A-Za-z0-9+.\-]*)://({_HOST})(?::(\d*))?(/[^?]*)?(?:\?.*)?", re.DOTALL)
_ILLEGAL = re.compile(r"[\s\"<>\\^`{|}\x00-\x1f\x7f]|%(?![0-9A-Fa-f]{2})")
_SEVERAL = re.compile(r"(\w+)://([\w.\[\]:,\-]+)/?([\w.]+)?(?:\?.*)?", re.ASCII)
_PORTED = re.compile(r"(?:\[.*\]|[^:\]]+):\d*")
_MANY_SCHEMES = re.compile(r"^[\w+:]+://", re.ASCII)
_SQLSERVER = re.compile(r"[\w:]+://([\w.\-]+)?(\\\w+)?(:\d+)?(/\w+)?(;.*)?", re.ASCII)
_TERADATA = re.compile(r"\w+://([\w.\[\]:\-]+)?/?(.*)", re.ASCII)

_Location = tuple[str, str]
"""Namespace and database, empty where there is none."""


def split_jdbc(url: str, table: str, *, given: str) -> tuple[str, str]:
    """Namespace and name of `table`; `url` is without credentials and without `jdbc:`, `given` is with all."""
    url = re.sub(r"^ch:", "clickhouse:", url)
    location = _location(url, given)
    if location is None:
        return re.sub(r"(?:\(\)){2,}|[,;&:]{2,}|\?.*$", "", url), table
    namespace, database = location
    own = "." in table and namespace.partition(":")[0] in DATABASE_IN_TABLE
    return namespace, f"{database}.{table}" if database and not own else table


def ported(hosts: str, port: str) -> str:
    """A list of hosts, each with a port."""
    return ",".join(host if _PORTED.fullmatch(host) or not port else f"{host}:{port}" for host in hosts.split(","))


def _location(url: str, given: str) -> _Location | None:
    kind = url.lower()
    if kind.startswith("oracle"):
        return _oracle(url)
    if kind.replace("jtds:", "").startswith("sqlserver"):
        return _sqlserver(url)
    if kind.startswith("teradata"):
        return _teradata(url)
    if "," in given and "@" in given and "@" not in url:
        return None  # It reads no list of hosts with credentials.
    if "," not in given and _ILLEGAL.search(given):
        return None
    scheme = next((known for known in PORTS if kind.startswith(known)), "")
    if scheme in ("mysql", "oceanbase"):
        url = _MANY_SCHEMES.sub(f"{scheme}://", url)
    elif scheme == "clickhouse":
        url = re.sub(r"^clickhouse:(https?|grpc)://", "clickhouse://", url)
    elif scheme == "cassandra":
        url = url.replace("--", ",")
    return _generic(url, scheme, several="," in given or "," in url)


def _generic(url: str, scheme: str, *, several: bool) -> _Location | None:
    found = (_SEVERAL if several else _ONE).fullmatch(url)
    if not found:
        return None
    if several:
        hosts, database = found.group(2), found.group(3) or ""
    else:
        port = int(found.group(3) or 0)
        hosts = f"{found.group(2)}:{port}" if port else found.group(2)
        database = unquote(found.group(4) or "").replace("/", "", 1)
    namespace = f"{scheme or found.group(1)}://{ported(hosts, PORTS.get(scheme, ''))}"
    return namespace.lower(), database


def _sqlserver(url: str) -> _Location | None:
    found = _SQLSERVER.fullmatch(url)
    if not found:
        return None
    host, instance, port, database, rest = (group or "" for group in found.groups())
    told = {"servername": host, "portnumber": port[1:], "instance": instance[1:], "database": database[1:]}
    told.update(_settings((rest or "")[1:], ";", str.lower))
    host = told["servername"]
    if not host:
        return None
    host = f"[{host}]" if ":" in host and not host.startswith("[") else host
    namespace = f"sqlserver://{host}:{told['portnumber']}" if told["portnumber"] else f"sqlserver://{host}"
    instance = told["instance"] or told.get("instancename", "")
    namespace = namespace.lower() + (f"/{instance.lstrip('/')}" if instance else "")
    return namespace, told.get("databasename", "") or told["database"]


def _teradata(url: str) -> _Location | None:
    found = _TERADATA.fullmatch(url)
    if not found or not found.group(1):
        return None
    told = _settings(found.group(2), ",", str.upper)
    return f"teradata://{found.group(1)}:{told.get('DBS_PORT', '1025')}".lower(), told.get("DATABASE", "")


def _settings(text: str, mark: str, spelt: Callable[[str], str]) -> dict[str, str]:
    pairs = (item.split("=") for item in text.split(mark))
    return {spelt(pair[0]): pair[1] for pair in pairs if len(pair) == 2 and pair[1]}


def _oracle(url: str) -> _Location | None:
    place = re.sub(r"^.*@(//)?", "", url)
    place = re.sub(r"\?.*$", "", place)
    if "(" in place:
        place = _of_descriptor(place)
        return _generic(f"oracle://{place}", "oracle", several="," in place)
    directory = re.search(r"(?i)ldaps?:", place)
    if directory:
        host, *path = place[place.lower().index("ldap") :][len(directory.group()) :].removeprefix("//").split("/")
        place = f"{host}/{path[-1].partition(',')[0] if path else ''}"
    place = re.sub(r"^\w+://", "", place)
    host, colon, last = place.rpartition(":")
    if colon and not ("]" in last or "/" in last or re.fullmatch(r"\d+", last)):
        place = f"{host}/{last}"  # host:1521:sid
    return _generic(f"oracle://{place}", "oracle", several="," in place)


def _of_descriptor(text: str) -> str:
    """`host:port,host:port/service` of (DESCRIPTION=(ADDRESS=…)(CONNECT_DATA=…)); ValueError for half of one."""
    if not _balanced(text):
        raise ValueError("a parenthesis is missing")
    hosts: list[list[str]] = []
    service: dict[str, str] = {}
    for key, value in re.findall(r"\(\s*(\w+)\s*=\s*([^()]*?)\s*(?=[()])", text):
        name = key.upper()
        if name == "ADDRESS":
            hosts.append(["", PORTS["oracle"]])
        elif name in ("HOST", "PORT") and hosts:
            hosts[-1][name == "PORT"] = value
        elif name in ("SERVICE_NAME", "SID", "INSTANCE_NAME"):
            service.setdefault(name, value)
    told = next((service[name] for name in ("SERVICE_NAME", "SID", "INSTANCE_NAME") if name in service), "")
    listed = ",".join(f"{host}:{port}" for host, port in hosts if host)
    return f"{listed}/{told}".rstrip("/")


def _balanced(text: str) -> bool:
    """Whether one pair of parentheses holds all of it."""
    depth = 0
    for index, mark in enumerate(text):
        depth += (mark == "(") - (mark == ")")
        if depth <= 0 and index < len(text.rstrip()) - 1:
            return False
    return depth == 0
