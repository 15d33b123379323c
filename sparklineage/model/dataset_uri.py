"""From an absolute URI to the namespace and name that the agent gives to the same data.

The rules are those of the agent's own classes for file systems and JDBC, which a test runs beside these:

- object stores (`s3`, `gs`, `abfss`, `wasbs` and their older spellings): namespace `scheme://bucket`,
  the key without its first slash; every other file system keeps the slash; `file` and `dbfs` have no host
- databases: namespace `scheme://host:port`, with the port that is usual where none is written; the name
  is `database.schema.table`. The table follows a `#` (`jdbc:postgresql://h/db#schema.table`) or the
  database (`postgresql://h/db/schema/table`, `postgresql://h/db.schema.table`)
- SQLite: namespace `sqlite:/path/of.db`, the table after a `#` is the name
- `kafka://host:port/topic`, of several brokers the first; `bigquery:project.dataset.table`,
  `arn:aws:glue:region:account:table/db/t`
"""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

from sparklineage.model.masking import MASK, mask

_SCHEME = re.compile(r"^[A-Za-z][A-Za-z0-9+.\-]+:")
# Spellings that the agent folds into one name for one store.
_FOLDED = {"s3a": "s3", "s3n": "s3", "abfs": "abfss", "wasb": "wasbs", "postgresql": "postgres"}
_OBJECT_STORES = {"s3", "gs", "abfss", "wasbs"}
_UNSLASHED = _OBJECT_STORES | {"kafka"}
_HOSTLESS = {"file", "dbfs"}
# Databases, with the port that the agent writes where the URL has none (empty: it adds nothing).
_DATABASES = {
    "postgres": "5432",
    "mysql": "3306",
    "mariadb": "",
    "oracle": "1521",
    "sqlserver": "",
    "redshift": "",
    "snowflake": "",
    "trino": "443",
    "presto": "",
    "db2": "6789",
    "clickhouse": "8123",
    "cassandra": "9042",
    "crate": "5432",
    "oceanbase": "2881",
    "teradata": "1025",
    "vertica": "",
    "hive": "",
    "hive2": "",
}
# Here a table written as `a.b` names its database itself.
_DATABASE_IN_TABLE = {"mysql", "clickhouse"}


def split_uri(uri: str) -> tuple[str, str]:
    """Namespace and name of what an absolute URI points to, without credentials.

    Raises ValueError, with nothing secret in its text, for what is no such URI.
    """
    if not _SCHEME.match(uri):
        raise ValueError(
            f"{_shown(uri)} is not an absolute URI; write the scheme, such as file:///data/x or s3://bucket/key"
        )
    if uri.startswith("arn:") and uri.count(":") >= 5:
        namespace, _, name = uri.rpartition(":")
        return namespace, name
    try:
        parts = urlsplit(_plain_jdbc(uri.removeprefix("jdbc:")))
    except ValueError:
        raise ValueError(f"{_shown(uri)} is not a URI that can be read") from None
    scheme = _FOLDED.get(parts.scheme, parts.scheme)
    host = parts.netloc if scheme in {"abfss", "wasbs"} else parts.netloc.rpartition("@")[2]
    path = unquote(parts.path)
    if not host and not path:
        raise ValueError(f"{_shown(uri)} names no dataset: nothing follows the scheme")
    if ("@" in path and scheme in _DATABASES) or (":" in host and scheme in _OBJECT_STORES):
        # A password with a slash in it ends the host early.
        raise ValueError(f"{_shown(uri)} has no host that can be read; write it without credentials")
    if scheme == "sqlite":
        return _sqlite_table(host + path, unquote(parts.fragment))
    if scheme == "bigquery":
        return scheme, ".".join(filter(None, [host, *path.split("/")]))
    if scheme in _DATABASES:
        return _table(uri, scheme, host, path, unquote(parts.fragment))
    return _file(uri, scheme, host, f"{path}#{parts.fragment}" if parts.fragment else path)


def _file(uri: str, scheme: str, host: str, path: str) -> tuple[str, str]:
    """A path of a file system, a key of an object store, or a topic."""
    if scheme in _HOSTLESS:
        if not path.startswith("/"):
            raise ValueError(f"{_shown(uri)} is relative; write {scheme}:///path from the root")
        host = ""
    if scheme == "kafka":
        host = host.partition(",")[0]
    name = path.rstrip("/") if scheme not in _UNSLASHED else path.strip("/")
    return f"{scheme}://{host}" if host else scheme, name or "/"


def _plain_jdbc(text: str) -> str:
    """JDBC's own spellings of Oracle and SQL Server, as plain URIs."""
    text = re.sub(r"^oracle:thin:.*@(?://)?", "oracle://", text)
    text = re.sub(r"^(oracle://[^:/]+:\d+):", r"\1/", text)
    if text.startswith("sqlserver:") and ";" in text:
        url, _, fragment = text.partition("#")
        head, *properties = url.split(";")
        for item in properties:
            key, _, value = item.partition("=")
            if key.strip().lower() in {"databasename", "database"}:
                head += f"/{value.strip()}"
        text = f"{head}#{fragment}" if fragment else head
    return text


def _sqlite_table(file: str, table: str) -> tuple[str, str]:
    return (f"sqlite:{file}", table) if table else ("sqlite", file)


def _table(uri: str, scheme: str, host: str, path: str, table: str) -> tuple[str, str]:
    if _DATABASES[scheme] and ":" not in host:
        host += f":{_DATABASES[scheme]}"
    names = [part for part in path.split("/") if part]
    if table:
        names = [table] if scheme in _DATABASE_IN_TABLE and "." in table else [*names, table]
    name = ".".join(names)
    if "." not in name:
        raise ValueError(f"{_shown(uri)} names no table; write it behind a #, such as {scheme}://host/db#schema.table")
    return f"{scheme}://{host}", name


def _shown(uri: str) -> str:
    """The URI for a message: without parameters, nor anything in front of the last @."""
    head = re.split(r"[?;]", uri, maxsplit=1)[0]
    if "@" in head:
        scheme, _, rest = head.partition("//")
        head = f"{scheme}//{MASK}@{rest.rpartition('@')[2]}"
    return repr(mask(head[:200]))
