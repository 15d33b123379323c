"""User names, passwords, tokens and signatures, cut out of a URI of any kind.

They stand in front of the host (`https://user:password@host`), in parameters, which every JDBC driver writes in its
own way (`?password=`, `;PWD=`, `,PASSWORD=`, `:user=u;password=`, `(password=)`), and in the queries of signed
addresses. Where it is not clear what a password is, too much is cut rather than too little.
"""

from __future__ import annotations

import re

from sparklineage.model.masking import MASK, mask_prose

FILE_SYSTEMS = frozenset(
    {
        *("file", "dbfs", "hdfs", "viewfs", "webhdfs", "swebhdfs", "har", "maprfs", "alluxio", "ofs", "o3fs"),
        *("s3", "s3a", "s3n", "gs", "abfs", "abfss", "wasb", "wasbs", "adl", "oss", "cosn", "cos", "obs", "tos"),
    }
)
"""Schemes whose paths are Hadoop's: nothing in them is percent-encoded, and a `?` is a character as any other."""

# No address of these is signed: what follows a question mark is a part of the file's name, unless it is called what
# nobody calls a part of a file's name.
_UNSIGNED = {"file", "dbfs", "hdfs", "viewfs", "har", "maprfs"}
# Those with a port in front of the path; elsewhere a colon there is one of credentials.
_WITH_PORT = {"hdfs", "webhdfs", "swebhdfs", "har", "maprfs", "alluxio", "ofs"}
# Here the part in front of the @ is a container of the store.
_CONTAINED = {"abfs", "abfss", "wasb", "wasbs"}
# A path of these may hold an @, and an = too.
_WEB = {"http", "https", "ftp", "ftps", "sftp"}
# What follows the scheme is a path or a name, which may hold an @.
_WITHOUT_HOST = {"sqlite", "h2", "derby", "duckdb", "hsqldb", "mailto", "arn", "urn"}

# No scheme has an underscore, but people's have one, as in oracle+cx_oracle://.
_SCHEME = re.compile(r"(?:[Jj][Dd][Bb][Cc]:)?([A-Za-z][A-Za-z0-9+.\-]+|[A-Za-z][A-Za-z0-9+.\-_]+(?=://)):")
_PLACE = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.\-_]*:)+//")
_ORACLE = re.compile(r"(?i)(?:jdbc:)?oracle:(?:(?:thin|oci8?|kprb):?)?")
_READABLE = re.compile(r"(?:(?:\[[^\]]*\]|[^:\[\],]*)(?::\d+)?(?:,|--|$))*")

_OPENS = (
    r"[\w.\-]{0,64}?(?:pass|pwd|secret|token|key|cred|authorization|signature|jaas|cookie|session"
    r"|user|uid|login|principal|mail)[\w.\-]{0,64}|sig|sas|code|pin|auth|delegation|odbc_connect"
)
_PARAMETER = re.compile(rf"(?i)(?:^|[?;&#])\s{{0,8}}(?:{_OPENS})\s{{0,8}}=")
_OF_A_NAME = re.compile(rf"(?i)[?;&#]\s{{0,8}}(?:{_OPENS})\s{{0,8}}=")
# Drivers have more ways to begin one.
_PROPERTY = re.compile(rf"(?i)(?:^|[?;&#,:(\s])\s{{0,8}}(?:{_OPENS})\s{{0,8}}=")
_OF_TERADATA = re.compile(rf"(?i)(?:^|[,/])\s{{0,8}}(?:{_OPENS})\s{{0,8}}=")
_QUERY = re.compile(rf"(?i)\?(?:[^?]*&)?(?:{_OPENS})=")
_CREDENTIAL = re.compile(
    r"(?i)\?(?:[^?/]*&)?(?:(?:[\w.\-]{0,32}[_.\-]|[a-z]{1,16})?(?:token|password|passwd|secret|signature|credentials?"
    r"|api[_\-]?key|(?:access|secret|account|private)[_\-]?key(?:[_\-]?id)?)|pwd|sig|sas|authorization)="
)
# In links, which have more parameters than these; their names are searched for the words.
_OF_A_LINK = re.compile(
    r"(?i)(?<=[?&#;])(?:[^=&#;?]{0,64}(?:key|token|secret|auth|password|passwd|cookie|credential|signature)[^=&#;?]{0,64}"
    r"|pwd|code|sig|sas|delegation)="
)
_LOGIN = re.compile(r"(?<=://)[^\s/@:'\"]*:[^\s/@'\"]+@")
_ADDRESS = re.compile(r"(?i)(?:jdbc|arn|file|dbfs):|[a-z][a-z0-9+.\-_]*://")
_IN_A_TEXT = re.compile(
    r"(?i)(?<![a-z0-9+.\-:/])(?:(?:jdbc|arn|file|dbfs):(?=[^\s\"'<>`])|[a-z][a-z0-9+.\-]{0,32}://)[^\s\"'<>`]*"
)
# Without one of these there is nothing to hide.
_HINT = re.compile(r"(?i)[=:@]|\b(?:bearer|basic)\s|AKIA|ASIA")
# Which server and database are meant: told by parameters of SQL Server, Teradata and BigQuery.
_IDENTITY = re.compile(
    r"(?i)[?;&,/]\s*(?:servername|portnumber|instance|instancename|databasename|database|dbs_port|projectid)"
    r"\s*=[^;&,?/(){}@#\s]*"
)
_BRACED = re.compile(r"\{(?:[^}]|\}\})*\}")
# MySQL's other ways to write hosts: address=(host=h)(port=1) and (host=h,port=1).
_GROUPS = re.compile(r"(?:(?:address=(?:\([^()]*\))+|\([^()]*\)),?)+(?=[/?;#]|$)")
_GROUPED = re.compile(r"(?:[^()]*@)?(?=\(|address=\()")
_GROUP = re.compile(r"\(([^()]*)\)")
_LEAF = re.compile(rf"(?i)\(\s{{0,8}}(?:{_OPENS})\s{{0,8}}=[^()]*\)")
_OF_A_HOST = re.compile(r"(?i)\s*(?:host|port|protocol|type|priority)\s*=[^@]*")


def without_credentials(uri: str) -> str:
    """The URI without user name, password and whatever else opens a door. Never raises; what is no URI stays."""
    return cut(uri)[0]


def without_query(path: str, scheme: str) -> str:
    """A path or a name without the query that it is signed by."""
    found = (_CREDENTIAL if scheme in _UNSIGNED else _QUERY).search(path)
    return path[: found.start()] if found else path


def without_parameters(name: str) -> str:
    """A name of what is behind an address, without all from the first secret parameter on."""
    found = _OF_A_NAME.search(name)
    return name[: found.start()] if found else name


def text_without_credentials(text: str) -> str:
    """What may be any text: without the credentials of addresses and of connection strings in it, else as it is.

    Of a link of the web only what is behind the name of its first secret parameter goes, of what is no address the
    secrets themselves.
    """
    if _HINT.search(text) is None:
        return text
    if _ADDRESS.match(text):
        # All of it, as passwords may hold blanks.
        text = _address_without_credentials(text)
    found, end = [], 0
    for word in _IN_A_TEXT.finditer(text):
        found += [mask_prose(text[end : word.start()]), _address_without_credentials(word.group())]
        end = word.end()
    return _LOGIN.sub("", "".join([*found, mask_prose(text[end:])]))


def _address_without_credentials(uri: str) -> str:
    if scheme_of(uri) not in _WEB:
        return without_credentials(uri)
    start = _start(uri)
    rest, _ = _without_user(uri[len(start) :], scheme_of(uri), placed=True)
    found = _OF_A_LINK.search(rest)
    return start + (rest[: found.end()] + MASK if found else rest)


def scheme_of(uri: str) -> str:
    """The scheme in lower case, the one behind `jdbc:`; empty where there is none."""
    found = _SCHEME.match(uri)
    return found.group(1).lower() if found else ""


def is_jdbc(uri: str) -> bool:
    return uri[:5].lower() == "jdbc:"


def cut(uri: str) -> tuple[str, bool]:
    """The URI without credentials, and whether it is in doubt where its host begins.

    It is, where a password may hold one of `/?#;@` that is not percent-encoded.
    """
    scheme = scheme_of(uri)
    if not scheme:
        return uri, False
    if scheme in FILE_SYSTEMS:
        return _of_files(uri, scheme)
    if scheme == "arn":
        return without_query(uri, scheme), False
    start = _start(uri)
    rest, doubt = _without_user(uri[len(start) :], scheme, placed=start.endswith("//"))
    return start + _without_parameters(rest, scheme), doubt


def _of_files(uri: str, scheme: str) -> tuple[str, bool]:
    start, mark, rest = uri.partition("://")
    authority, slash, path = rest.partition("/")
    user, at, host = authority.rpartition("@")
    contained = scheme in _CONTAINED
    readable = _READABLE.fullmatch(host) if scheme in _WITH_PORT else ":" not in host
    doubt = (at and not contained and "@" in path) or ("@" in rest and not readable) or (contained and ":" in user)
    if mark and doubt:
        rest = rest.rpartition("@")[2]
    elif not contained:
        rest = host + slash + path
    text = start + mark + rest if mark else uri
    return without_query(text, scheme), bool(mark and doubt)


def _start(uri: str) -> str:
    """The schemes of a URI, of which JDBC has several, with the slashes behind them."""
    found = next(filter(None, (pattern.match(uri) for pattern in (_PLACE, _ORACLE, _SCHEME))))
    return found.group()


def _without_user(rest: str, scheme: str, *, placed: bool) -> tuple[str, bool]:
    """What follows the scheme, without what is in front of the host."""
    grouped = _GROUPED.match(rest) if placed else None
    if grouped:
        return _without_users_of_groups(rest[grouped.end() :])
    if not placed and scheme == "oracle":
        # user/password@host. The agent cuts up to the last @, too; without any, it may all be credentials.
        front, at, place = rest.rpartition("@")
        kept, doubt = (_LEAF.sub("", at + place), False) if at else ("", True)
    elif "@" not in rest or scheme in _WITHOUT_HOST or (not placed and rest.startswith("/")):
        return rest, False
    else:
        authority = re.split(r"[/?#;]", rest, maxsplit=1)[0] if placed else ""
        tail = rest[len(authority) :]
        doubt = not placed or ("@" in tail and _doubtful(authority, tail, scheme))
        if not doubt and "@" not in authority:
            return rest, False
        front, _, kept = rest.rpartition("@")
        if not doubt:
            front, kept = authority.rpartition("@")[0], _hosts(authority) + tail
    if _first_secret(front, scheme) is not None:
        return "", True  # The @ may be one of a parameter's value, and no password ends there.
    return kept, doubt


def _doubtful(authority: str, tail: str, scheme: str) -> bool:
    """Whether the @ in `tail`, which is behind the host, may be the end of a password."""
    if "@" in authority or not _READABLE.fullmatch(authority):
        return True
    told = tail[: _first_secret(tail, scheme)]
    if scheme in _WEB and ":" not in authority:  # https://example.com/@somebody
        told = told[len(re.split(r"[?;#]", told, maxsplit=1)[0]) :]
    return "@" in told


def _hosts(authority: str) -> str:
    """The hosts without the credentials in front of each, where all have the same, or of the first."""
    hosts = authority.split(",")
    users = {user for user, at, _ in (host.rpartition("@") for host in hosts) if at}
    last = max((index for index, host in enumerate(hosts) if "@" in host), default=-1)
    if len(users) == 1 and all("@" in host for host in hosts[: last + 1]):
        return ",".join(host.rpartition("@")[2] for host in hosts)
    return authority.rpartition("@")[2]


def _without_users_of_groups(rest: str) -> tuple[str, bool]:
    groups = _GROUPS.match(rest)
    if not groups or "@" in rest[groups.end() :]:
        return "", True
    kept = _GROUP.sub(lambda group: f"({','.join(filter(_OF_A_HOST.fullmatch, group[1].split(',')))})", groups[0])
    return kept.replace("()", "") + rest[groups.end() :], False


def _without_parameters(rest: str, scheme: str) -> str:
    """Without all from the first secret parameter on, as nobody can tell where its value ends."""
    first = _first_secret(rest, scheme)
    if first is None:
        return rest
    dropped = _BRACED.sub("", rest[first:])
    return rest[:first] + ("" if scheme in _WEB else "".join(_IDENTITY.findall(dropped)))


def _first_secret(rest: str, scheme: str) -> int | None:
    patterns = [_PARAMETER if scheme in _WEB else _PROPERTY, *([_OF_TERADATA] if scheme == "teradata" else [])]
    return min((found.start() for found in (pattern.search(rest) for pattern in patterns) if found), default=None)
