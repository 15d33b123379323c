"""From an absolute URI to the namespace and name that the agent gives to the same data.

The rules are those of the agent's own classes for file systems and JDBC, which a test runs beside these:

- object stores (`s3`, `gs`, `abfss`, `wasbs` and their older spellings): namespace `scheme://bucket`,
  the key without its first slash; every other file system keeps the slash; `file` and `dbfs` have no host.
  Paths are Hadoop's: `%20` and `?` stand for themselves, `//` is `/`, and `a/../b` is `b`
- databases: namespace `scheme://host:port`, with the port that is usual where none is written; the name
  is `database.schema.table`. The table follows the last `#` (`jdbc:postgresql://h/db#schema.table`) or the
  database (`postgresql://h/db/schema/table`, `postgresql://h/db.schema.table`)
- SQLite: namespace `sqlite:/path/of.db`, the table after a `#` is the name; `sqlite:////path/of.db` is the same file,
  and so is `sqlite:///path/of.db`, which SQLAlchemy would take for one of the working directory
- SQLAlchemy's URLs: `postgresql+psycopg2://` is `postgresql://`, as of every database here, and `?service_name=` has
  Oracle's service
- Snowflake: namespace `snowflake://organization-account`, or `snowflake://locator.region.cloud`, without the domain
- `kafka://host:port/topic`, of several brokers the first; `bigquery:project.dataset.table`,
  `mongodb://host:port/database.collection`, `arn:aws:glue:region:account:table/db/t`
- Athena, Spanner, Milvus, Fabric (`awsathena://host/catalog.database.table`): the name without a slash, as the
  specification has it; Azure Data Explorer as the agent has it, its database in the namespace:
  `azurekusto://host/database` and the table
- HTTP: scheme and host, and the path as it is, without its query and fragment
- all others: the same, or with a table behind a `#` as the agent names what JDBC reaches: `acme://host/db#schema.table`
  is `db.schema.table`, and `duckdb:///x.db#t` the table of that name in `duckdb:/x.db`
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from sparklineage.model.jdbc_url import DATABASE_IN_TABLE, PORTS, ported, split_jdbc
from sparklineage.model.masking import mask
from sparklineage.model.snowflake import account, unquoted
from sparklineage.model.uri_credentials import (
    FILE_SYSTEMS,
    cut,
    is_jdbc,
    scheme_of,
    without_credentials,
    without_parameters,
    without_query,
)

# Spellings that the agent folds into one name for one store.
_FOLDED = {"s3a": "s3", "s3n": "s3", "abfs": "abfss", "wasb": "wasbs", "postgresql": "postgres"}
_OBJECT_STORES = {"s3", "gs", "abfss", "wasbs"}
_HOSTLESS = {"file", "dbfs"}
# Databases, which JDBC reaches too: a table of them has at least a database in front.
_DATABASES = {*PORTS, "mariadb", "sqlserver", "redshift", "snowflake", "presto", "teradata", "vertica", "hive", "hive2"}
# The port that OpenLineage's naming writes where a URI that is not JDBC's has none.
_PORTS = {**PORTS, "redshift": "5439", "teradata": "1025", "mongodb": "27017", "elasticsearch": "9200"}
# Named by the first host of a list.
_FIRST = {"kafka", "mongodb", "elasticsearch"}
_REMOTE_FILES = {"ftp", "ftps", "sftp"}
# What SQLAlchemy puts its driver behind: postgresql+psycopg2.
_DIALECTS = {*_DATABASES, "sqlite", "duckdb", "mssql", "bigquery", "awsathena", "spanner", "elasticsearch"}
# Pages and files, which have no tables.
_WHOLE = FILE_SYSTEMS | {"arn", "http", "https"}
NAMED = frozenset(
    {
        *_DATABASES,
        *_FIRST,
        *("mongodb+srv", "unitycatalog", "kinesis", "bigquery"),
        *("awsathena", "spanner", "milvus", "fabric-warehouse", "mssql"),
    }
)
"""Schemes with a name and no path behind the host: a slash is a dot, and what is percent-encoded is decoded."""


def split_uri(uri: str) -> tuple[str, str]:
    """Namespace and name of what an absolute URI points to, without credentials.

    Raises ValueError, with nothing secret in its text, for what is no such URI.
    """
    uri = _without_driver(uri)
    scheme = scheme_of(uri)
    if not scheme:
        raise ValueError(
            f"{shown(uri)} is not an absolute URI; write the scheme, such as file:///data/x or s3://bucket/key"
        )
    scheme = _FOLDED.get(scheme, scheme)
    arn = without_query(uri, scheme).split(":", maxsplit=5)
    if scheme == "arn" and arn[5:] > [""]:
        return ":".join(arn[:5]), arn[5]
    table = ""
    text = uri
    if scheme not in _WHOLE:
        text, mark, table = uri.rpartition("#")
        text, table = (text, without_parameters(f"#{table}")[1:]) if mark else (table, "")
    clean, doubt = cut(text)
    if doubt or "@" in table:
        # A password with one of these in it ends the host early.
        raise ValueError(
            f"{shown(uri)} has no host that can be told from its credentials; write it without them,"
            " or each of / ? # @ ; in them percent-encoded"
        )
    found = _found(uri, scheme, clean, text, table)
    if not all(found) or re.search(r"//(?:;|$)", found[0]):
        raise ValueError(f"{shown(uri)} names no dataset: a host or a name is missing")
    return found


def _without_driver(uri: str) -> str:
    """The URI without what SQLAlchemy adds to the scheme of a database that is known here."""
    dialect, plus, _ = scheme_of(uri).partition("+")
    if not plus or is_jdbc(uri) or _FOLDED.get(dialect, dialect) not in _DIALECTS:
        return uri
    return f"{dialect}{uri[uri.index(':') :]}"


def uri_of_path(path: os.PathLike[Any]) -> str:
    """The URI of a local path as the agent has it; that of a path of a cloud's store, where a library gives one."""
    try:
        uri = str(path.as_uri())  # type: ignore[attr-defined]
    except Exception:  # noqa: BLE001 - a relative one has none, nor have paths of other makes
        uri = ""
    if scheme_of(uri) not in ("", "file"):
        return uri
    local = os.fsdecode(path)
    if re.match(r"[A-Za-z][A-Za-z0-9+.\-]+:/", local):
        raise ValueError("this path is a URI that has lost a slash; give the URI as a text")
    return f"file:/{str(Path(local).absolute()).lstrip('/')}"


def _found(uri: str, scheme: str, clean: str, given: str, table: str) -> tuple[str, str]:
    clean, given = (re.sub(r"^(?i:jdbc:)", "", text) for text in (clean, given))
    place = clean.partition(":")[2]
    if scheme in FILE_SYSTEMS:
        return _file(uri, scheme, place)
    if scheme == "sqlite":
        return (f"sqlite:{_unhosted(place)}", unquote(table)) if table else ("sqlite", _unhosted(place))
    if scheme == "bigquery":
        return scheme, _bigquery(place, unquote(table))
    if table and (is_jdbc(uri) or scheme in _DATABASES - {"snowflake"}):
        if scheme == "oracle" and not is_jdbc(uri):
            clean = re.sub(r"/?\?(?:[^?]*&)?service_name=([^&]+).*", r"/\1", clean)
        try:
            return split_jdbc(clean, unquote(table), given=given)
        except ValueError:
            raise ValueError(f"{shown(uri)} is not a URI that can be read") from None
    if is_jdbc(uri) or scheme in NAMED:
        return _named(uri, scheme, place, unquote(table))
    return _address(scheme, place, unquote(table))


def _address(scheme: str, place: str, table: str) -> tuple[str, str]:
    """What HTTP serves, and what nobody here knows: host and path, and a table behind it."""
    host, path = _apart(re.split(r"[?#]", place, maxsplit=1)[0])
    name = path.rstrip("/") or "/"
    if scheme == "azurekusto":
        database, _, rest = path.strip("/").partition("/")
        return f"{scheme}://{host}/{database}", ".".join(filter(None, (rest, table)))
    if scheme == "azurecosmos" and (found := re.fullmatch(r"(/dbs/[^/]+)/(.+)", f"{name}/{table}".rstrip("/"))):
        return f"{scheme}://{host}{found.group(1)}", f"/{found.group(2).strip('/')}"
    if table and scheme in _REMOTE_FILES:
        name = f"{name}#{table}"
    elif table and host:
        return f"{scheme}://{host}", ".".join(filter(None, (path.strip("/"), table)))
    elif table:
        return f"{scheme}:{_rooted(path.rstrip('/'))}".rstrip(":"), table
    if scheme in ("http", "https"):
        return f"{scheme}://{host}", name
    return f"{scheme}://{host}" if host else scheme, name if host or path else ""


def _file(uri: str, scheme: str, place: str) -> tuple[str, str]:
    """A path of a file system or a key of an object store."""
    host, path = _apart(place)
    if ":" in host and scheme in _OBJECT_STORES:
        raise ValueError(f"{shown(uri)} has no host that can be read; write it without credentials")
    if not place.startswith("//" if scheme in _OBJECT_STORES else "/"):
        if place.startswith("/"):
            raise ValueError(f"{shown(uri)} has lost a slash; write {scheme}://bucket/key")
        root = f"{scheme}://bucket/key" if scheme in _OBJECT_STORES else f"{scheme}:///path from the root"
        raise ValueError(f"{shown(uri)} is relative; write {root}")
    name = _normal(path)
    name = (name.lstrip("/") if scheme in _OBJECT_STORES else name) or "/"
    named = host if scheme not in _HOSTLESS else ""
    return f"{scheme}://{named}" if named else scheme, name if host or path else ""


def _normal(path: str) -> str:
    """As Hadoop's Path keeps it: without empty parts and dots, and without a slash at the end."""
    parts: list[str] = []
    for part in path.split("/"):
        if part == ".." and parts and parts[-1] != "..":
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return f"/{'/'.join(parts)}" if parts else ""


def _named(uri: str, scheme: str, place: str, table: str) -> tuple[str, str]:
    """A table, a topic or a collection by its names, which may have slashes or dots between them."""
    host, path = _apart(re.split(r"[?;]", place, maxsplit=1)[0])
    host = host.partition(",")[0] if scheme in _FIRST else host
    host = host.lower() if scheme in _DATABASES and scheme != "snowflake" else host
    names = [unquote(part) for part in path.split("/") if part]
    if scheme == "snowflake" and not is_jdbc(uri):
        host, names, table = account(host), [unquoted(name) for name in names], unquoted(table)
    if table:
        names = [*names, table]
    if scheme in DATABASE_IN_TABLE and names and "." in names[-1]:
        names = names[-1:]
    name = ".".join(names)
    if "." not in name and (is_jdbc(uri) or scheme in _DATABASES):
        raise ValueError(f"{shown(uri)} names no table; write it behind a #, such as {scheme}://host/db#schema.table")
    return f"{scheme}://{ported(host, _PORTS.get(scheme, ''))}" if host else "", name


def _bigquery(place: str, table: str) -> str:
    """`project.dataset.table`, with dots or slashes; the driver's URL has the project in a parameter."""
    project = re.search(r"(?i);\s*projectid\s*=([^;]*)", place)
    if project and table:
        return table if table.count(".") > 1 else f"{project.group(1).strip()}.{table}"
    names = [unquote(part) for part in re.split(r"[?;]", place, maxsplit=1)[0].split("/") if part]
    return ".".join([*names, *([table] if table else [])])


def _apart(place: str) -> tuple[str, str]:
    """Host and path of what follows the scheme's colon."""
    if not place.startswith("//"):
        return "", place
    host, slash, path = place[2:].partition("/")
    return host, slash + path


def _unhosted(place: str) -> str:
    """The path of a file, of `/path` and of `///path`."""
    path = place.partition("?")[0]
    return _rooted(unquote(path[2:] if path.startswith("//") else path))


def _rooted(path: str) -> str:
    """The path with one slash where it begins with several."""
    return f"/{path.lstrip('/')}" if path.startswith("/") else path


def shown(uri: str) -> str:
    """The URI for a message."""
    return repr(mask(without_credentials(uri)[:200]))
