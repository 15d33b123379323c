from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openlineage.client.naming import dataset as naming

from sparklineage import Dataset, datasets
from tests.support.agent_names import SNOWFLAKE

if TYPE_CHECKING:
    from collections.abc import Callable

_REDSHIFT = "c.abc123.eu-west-1.redshift.amazonaws.com"


@pytest.mark.parametrize(
    ("ours", "official"),
    [
        (datasets.s3("bucket", "/dir/key/"), naming.S3("bucket", "dir/key")),
        (datasets.gcs("bucket", "dir/key"), naming.GCS("bucket", "dir/key")),
        (datasets.adls("data", "acc", "dir"), naming.ABFSS("data", "acc", "dir")),
        (datasets.hdfs("nn:8020", "/user/x"), naming.HDFS("nn", "8020", "/user/x")),
        (datasets.local("/data/x"), naming.LocalFileSystem("/data/x")),
        (datasets.postgresql("db", "shop", "orders"), naming.Postgres("db", "5432", "shop", "public", "orders")),
        (datasets.postgresql("db", "shop", "a.orders", port=1), naming.Postgres("db", "1", "shop", "a", "orders")),
        (datasets.mysql("db", "shop", "orders"), naming.MySQL("db", "3306", "shop", "orders")),
        (datasets.oracle("db", "svc", "T", schema="S"), naming.Oracle("db", "1521", "svc", "S", "T")),
        (
            datasets.redshift("c", "eu-west-1", "d", "t"),
            naming.Redshift("c", "eu-west-1", "5439", "d", "public", "t"),
        ),
        (
            datasets.snowflake("acc", "D", "T", organization="org"),
            naming.Snowflake("org", "acc", "D", "PUBLIC", "T"),
        ),
        (datasets.bigquery("p", "d", "t"), naming.BigQuery("p", "d", "t")),
        (datasets.kafka("broker:9092,other:9092", "orders"), naming.Kafka("broker", "9092", "orders")),
        (datasets.cassandra("db", "k", "t"), naming.Cassandra("db", "9042", "k", "t")),
        (datasets.glue("eu-west-1", "123", "d", "t"), naming.AWSGlue("eu-west-1", "123", "d", "t")),
    ],
    ids=lambda value: type(value).__name__,
)
def test_names_are_those_of_the_official_helpers(ours: Dataset, official: naming.DatasetNaming) -> None:
    assert (ours.namespace, ours.name) == (official.get_namespace(), official.get_name())


@pytest.mark.parametrize(
    ("ours", "uri"),
    [
        (datasets.s3("bucket", "key"), "s3a://bucket/key"),
        (datasets.gcs("bucket", "key"), "gs://bucket/key"),
        (datasets.adls("data", "acc", "dir"), "abfss://data@acc.dfs.core.windows.net/dir"),
        (datasets.hdfs("nn:8020", "/x/"), "hdfs://nn:8020/x"),
        (datasets.local("/data/x"), "file:///data/x"),
        (datasets.postgresql("db", "shop", "orders"), "jdbc:postgresql://db/shop#public.orders"),
        (datasets.mysql("db", "shop", "orders"), "jdbc:mysql://db:3306/shop#orders"),
        (datasets.oracle("db", "svc", "T", schema="S"), "jdbc:oracle:thin:@//db:1521/svc#S.T"),
        (datasets.oracle("db", "svc", "HR.EMP"), "jdbc:oracle:thin:@//db:1521/svc#HR.EMP"),
        (datasets.oracle("db", "svc", "EMP"), "jdbc:oracle:thin:@//db:1521/svc#EMP"),
        (datasets.elasticsearch("e1,e2:9201", "orders"), "elasticsearch://e1,e2:9201/orders"),
        (datasets.elasticsearch("https://e1:9201,https://e2:9201", "orders"), "elasticsearch://e1:9201/orders"),
        (datasets.sqlserver("db", "shop", "t"), "jdbc:sqlserver://db;databaseName=shop#dbo.t"),
        (datasets.bigquery("p", "d", "t"), "bigquery:p.d.t"),
        (datasets.kafka("b:9092", "t"), "kafka://b:9092/t"),
        (datasets.cassandra("db", "k", "t"), "cassandra://db/k/t"),
        (datasets.glue("eu-west-1", "123", "d", "t"), "arn:aws:glue:eu-west-1:123:table/d/t"),
        (datasets.delta("s3://b/orders"), "s3://b/orders"),
        (datasets.iceberg("s3://b/wh/", "shop.orders"), "s3://b/wh/shop/orders"),
        (datasets.iceberg("s3://b/wh", "shop.Orders", catalog="hive"), "s3://b/wh/shop.db/Orders"),
        (datasets.hive("hdfs://nn/wh/", "Shop.Orders"), "hdfs://nn/wh/shop.db/orders"),
        (datasets.hive("hdfs://nn/wh", "default.orders"), "hdfs://nn/wh/orders"),
        (datasets.hive("s3a://b/wh", "orders"), "s3://b/wh/orders"),
        (datasets.postgresql("db", "shop", "orders", schema=""), "jdbc:postgresql://db/shop#orders"),
        (datasets.sqlserver("db", "shop", "t", schema=""), "jdbc:sqlserver://db;databaseName=shop#t"),
        (datasets.kafka("SASL_SSL://b:9093, SASL_SSL://c:9093", "t"), "kafka://b:9093/t"),
        (datasets.kafka("b:9092,c:9092", "t"), "kafka://b:9092,c:9092/t"),
        (datasets.kafka("b:9092", "one,two"), "kafka://b:9092/one,two"),
        (datasets.mysql("db", "shop", "crm.orders"), "jdbc:mysql://db/shop#crm.orders"),
        (datasets.mysql("db", "shop", "crm.orders"), "mysql://db/shop/crm.orders"),
        (datasets.redshift(_REDSHIFT, "eu-west-1", "d", "t"), f"jdbc:redshift://{_REDSHIFT}:5439/d#public.t"),
        (datasets.redshift(_REDSHIFT, "eu-west-1", "d", "s.t"), f"jdbc:redshift://{_REDSHIFT}:5439/d#s.t"),
        (datasets.redshift(_REDSHIFT, "eu-west-1", "d", "t", port=None), f"jdbc:redshift://{_REDSHIFT}/d#public.t"),
        (datasets.redshift("c", "eu-west-1", "d", "t"), "redshift://c.eu-west-1/d/public/t"),
    ],
)
def test_a_uri_gives_the_same_name(ours: Dataset, uri: str) -> None:
    """And the URI's names are the agent's own, which tests/real compares."""
    assert ours == Dataset.of(uri)


@pytest.mark.parametrize(
    ("ours", "namespace", "name"),
    [
        (datasets.kinesis("eu-west-1", "clicks"), "kinesis://kinesis.eu-west-1.amazonaws.com", "clicks"),
        (datasets.kinesis("cn-north-1", "clicks"), "kinesis://kinesis.cn-north-1.amazonaws.com.cn", "clicks"),
        (datasets.kinesis("eu-west-1", "clicks", endpoint="localhost:4566"), "kinesis://localhost:4566", "clicks"),
        (datasets.mongodb("m1:27018,m2", "shop", "orders"), "mongodb://m1:27018", "shop.orders"),
        (datasets.elasticsearch("es", "orders"), "elasticsearch://es:9200", "orders"),
        (
            datasets.unity_catalog("https://dbc-1.cloud.databricks.com", "main", "shop", "orders"),
            "unitycatalog://dbc-1.cloud.databricks.com",
            "main.shop.orders",
        ),
        (
            datasets.http("https://u:canary@api.example.com/v1/rates/?key=canary"),
            "https://api.example.com",
            "/v1/rates",
        ),
        (datasets.named("acme://erp", "orders"), "acme://erp", "orders"),
    ],
)
def test_others_have_names_of_the_same_kind(ours: Dataset, namespace: str, name: str) -> None:
    assert (ours.namespace, ours.name) == (namespace, name)


class Remote:
    """A path of a cloud's store, as libraries have them: to open it would download it."""

    def as_uri(self) -> str:
        return "s3://b/my key"

    def __fspath__(self) -> str:
        raise AssertionError("downloaded")


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: datasets.s3("s3://bucket", "key"), "bucket is a name alone"),
        (lambda: datasets.s3("bucket", " "), "key is blank"),
        (lambda: datasets.hdfs("nn", "x"), "path is relative"),
        (lambda: datasets.hive("/user/hive/warehouse", "shop.orders"), "is not an absolute URI"),
        (lambda: datasets.iceberg("s3://b/wh", "shop.orders", catalog="rest"), "catalog is hadoop or hive"),
        (lambda: datasets.kafka(None, "t"), "bootstrap is a text, such as 'broker:9092', and this is a NoneType"),  # type: ignore[arg-type]
        (lambda: datasets.http("ftp://x/y"), "url is no http"),
        (lambda: datasets.http("https://"), "names no dataset"),
        (lambda: datasets.mongodb(None, "shop", "c"), "host is a text, such as 'db.example.com', and this is a None"),  # type: ignore[arg-type]
        (lambda: datasets.unity_catalog(None, "c", "s", "t"), "workspace is a text, such as 'dbc-"),  # type: ignore[arg-type]
        (lambda: datasets.s3("b", None), "key is a text, such as 'daily/"),  # type: ignore[arg-type]
        (lambda: datasets.glue("eu", 123, "d", "t"), "account is a text, such as '123456789012', and this is a int"),  # type: ignore[arg-type]
        (lambda: datasets.mysql("db", "shop", "t", port="3306"), "port is a whole number, such as 5432, and this is a"),  # type: ignore[arg-type]
        *(
            (partial(make, port=port), f"^port is a number from 1 to 65535, and this is {port}$")
            for port in (0, -1, 65_536, 99_999, 10**30)
            for make in (
                partial(datasets.postgresql, "h", "d", "t"),
                partial(datasets.sqlserver, "h", "d", "t"),
                partial(datasets.mongodb, "h", "d", "c"),
                partial(datasets.elasticsearch, "h", "i"),
            )
        ),
        *(
            (
                partial(datasets.mysql, host, "d", "t"),
                "^the port behind the colon of host is no number from 1 to 65535$",
            )
            for host in ("h:0", "h:-1", "h:99999", "h:x", "[::1]:0", f"h:{'9' * 5_000}")
        ),
        (lambda: datasets.kafka("b:99999,c:1", "t"), "the port behind the colon of bootstrap is no number"),
        (lambda: datasets.hdfs("nn:0", "/x"), "the port behind the colon of host is no number"),
        (lambda: datasets.postgresql("h;password=canary", "d", "t"), "host is a name alone, such as 'db.example.com'"),
        (lambda: datasets.local("s3://b/k"), "path is a URI of another place than this machine; give it to Dataset.of"),
        (lambda: datasets.local("jdbc:sqlite:/data/w.db"), "path is a URI of another place than this machine"),
        (lambda: datasets.local(Path("s3://b/k")), "this path is a URI that has lost a slash; give the URI as a text"),
        (lambda: datasets.local(Remote()), "path is a URI of another place than this machine"),
        (lambda: datasets.local("file:data/x"), "'file:data/x' is relative"),
        (lambda: datasets.local("~nobody-at-all/x"), "path begins with a ~ of nobody"),
        (
            lambda: datasets.snowflake("https://org-acc.snowflakecomputing.com", "D", "T"),
            "account is a name alone, such as 'myorg-myaccount'",
        ),
        (lambda: datasets.adls("c", "https://acc", "x"), "account is a name alone, such as 'mystorage'"),
        (lambda: datasets.mysql("db", "shop", None), "table is a text, such as 'orders', and this is a NoneType"),  # type: ignore[arg-type]
    ],
)
@pytest.mark.usefixtures("strict")
def test_a_bad_part_is_named(make: Callable[[], Dataset], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        make()


@pytest.mark.parametrize("uri", SNOWFLAKE)
def test_an_account_of_snowflake_has_the_agents_name(uri: str) -> None:
    host, database, schema, table = uri.removeprefix("snowflake://").split("/")
    found = datasets.snowflake(host.removesuffix(":443"), database, table, schema=schema)
    assert (found.namespace, found.name) == SNOWFLAKE[uri]
    assert Dataset.of(found.uri) == found


_PARAMETERS = ["shop?user=u&password=canary", "shop;user=sa;password=canary", "shop&password=canary", "shop#pwd=canary"]


@pytest.mark.parametrize("value", [*_PARAMETERS, "shop?ssl"])
@pytest.mark.parametrize(
    ("make", "what"),
    [
        (lambda value: datasets.postgresql("h", value, "orders"), "database"),
        (lambda value: datasets.postgresql("h", "shop", "orders", schema=value), "schema"),
        (lambda value: datasets.mysql("h", value, "orders"), "database"),
        (lambda value: datasets.mysql("h", value, "crm.orders"), "database"),
        (lambda value: datasets.oracle("h", value, "EMP"), "service"),
        (lambda value: datasets.sqlserver("h", value, "t"), "database"),
        (lambda value: datasets.redshift("c", "eu-west-1", value, "t"), "database"),
        (lambda value: datasets.snowflake("o-a", value, "t"), "database"),
        (lambda value: datasets.snowflake("o-a", "d", "t", schema=value), "schema"),
        (lambda value: datasets.bigquery(value, "d", "t"), "project"),
        (lambda value: datasets.bigquery("p", value, "t"), "dataset"),
        (lambda value: datasets.mongodb("h", value, "orders"), "database"),
        (lambda value: datasets.cassandra("h", value, "t"), "keyspace"),
        (lambda value: datasets.unity_catalog("w", value, "s", "t"), "catalog"),
        (lambda value: datasets.unity_catalog("w", "c", value, "t"), "schema"),
        (lambda value: datasets.glue("eu", "1", value, "t"), "database"),
    ],
)
@pytest.mark.usefixtures("strict")
def test_a_name_in_front_of_others_has_no_parameters(make: Callable[[str], Dataset], what: str, value: str) -> None:
    with pytest.raises(
        ValueError, match=rf"^{what} is a name alone, such as .*, without a connection's param"
    ) as caught:
        make(value)
    assert "canary" not in str(caught.value)


def test_a_name_may_be_odd() -> None:
    found = datasets.sqlserver("h", "R&D #1", "#t?;")
    assert found == Dataset("sqlserver://h", "R&D #1.dbo.#t?;") == Dataset.of(found.uri)


@pytest.mark.parametrize("port", [1, 65_535])
def test_a_port_may_be_any_that_there_is(port: int) -> None:
    assert datasets.mysql("h", "d", "t", port=port) == datasets.mysql(f"h:{port}", "d", "t")
    assert datasets.cassandra("::1", "k", "t", port=port).namespace == f"cassandra://[::1]:{port}"


def test_a_folder_may_be_a_path() -> None:
    folder = Path("/data/my warehouse")
    found = [
        datasets.local(folder),
        datasets.delta(folder),
        datasets.hive(folder, "t"),
        datasets.iceberg(folder, "a.t"),
    ]
    assert [one.name for one in found] == [str(folder), str(folder), f"{folder}/t", f"{folder}/a/t"]
    assert {one.namespace for one in found} == {"file"}


def test_a_local_file_may_be_its_uri(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/bob")
    found = [datasets.local(path) for path in ("file:///data/my x", "FILE:/data/my x", "/data/my x")]
    assert found == [Dataset("file", "/data/my x")] * 3
    assert datasets.local("a:b/c") == Dataset("file", f"{tmp_path}/a:b/c")
    assert datasets.local("~/x") == datasets.local(Path("~/x")) == Dataset("file", "/home/bob/x")


def test_credentials_never_get_into_a_name() -> None:
    found = [
        datasets.postgresql("user:canary@db", "shop", "orders"),
        datasets.mongodb("user:canary@db,db2", "shop", "orders"),
        datasets.mongodb("user:ca,canary@db", "shop", "orders"),
        datasets.kafka("user:ca,canary@b:9092", "orders"),
        datasets.adls("data", "acc", "dir?sv=1&sig=canary"),
        datasets.delta("s3a://KEY:canary@b/orders"),
        datasets.http("https://user:canary@h/x?key=canary#access_token=canary"),
        datasets.named("jdbc:postgresql://user:canary@h/db?password=canary", "orders"),
        datasets.named("acme", "https://user:canary@h/x?token=canary"),
    ]
    assert "canary" not in str(found)


def test_the_uri_keeps_what_is_odd_in_a_name() -> None:
    odd = [
        datasets.http("https://h//a"),
        datasets.local("//"),
        datasets.kinesis("eu", ":"),
        datasets.cassandra("h", "JDBC:", "@"),
        datasets.s3("b", "a%2Fb/?c#d"),
        datasets.mysql("h", "a/b", "c%d#e?f;g@h"),
    ]
    assert [Dataset.of(one.uri) for one in odd] == odd
    assert datasets.local("//") == Dataset("file", "/")
    assert datasets.cassandra("h", "JDBC:", "@") == Dataset("cassandra://h:9042", "JDBC:.@")


# As people pass them: a path of Hadoop, a table, a host, and a name of anything.
_NAMES = st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=12).filter(str.strip)
_HOSTS = st.sampled_from(["h", "H.example.com", "10.0.0.1", "h:77", "::1", "[::1]", "[::1]:77", "u:p@h", "a_b"])
_WORDS = st.sampled_from(["a", "a-b", "A1", "org-acc"])
_INNER = _NAMES.filter(lambda text: not {*"?;&#"} & {*text})


def _unquoted(name: str) -> bool:
    """A quote at one end of a name would be one of the whole name's."""
    return '"' not in name


_PATHS = _NAMES.map(lambda text: f"/{text}")
_WAREHOUSES = st.sampled_from(["s3a://b/wh/", "hdfs://nn:8020/wh", "file:///w h", "abfss://c@a.dfs.core.windows.net/w"])
_CONSTRUCTORS = {
    "adls": (_WORDS, _WORDS, _NAMES),
    "bigquery": (_INNER, _INNER, _NAMES),
    "cassandra": (_HOSTS, _INNER, _NAMES),
    "delta": (_WAREHOUSES,),
    "elasticsearch": (_HOSTS, _NAMES),
    "gcs": (_WORDS, _NAMES),
    "glue": (_WORDS, _WORDS, _INNER, _NAMES),
    "hdfs": (_HOSTS, _PATHS),
    "hive": (_WAREHOUSES, _NAMES),
    "http": (_NAMES.map(lambda text: f"https://u:p@h/{text.replace('@', '')}"),),
    "iceberg": (_WAREHOUSES, _NAMES),
    "kafka": (_HOSTS, _NAMES),
    "kinesis": (_WORDS, _NAMES),
    "local": (_PATHS,),
    "mongodb": (_HOSTS, _INNER, _NAMES),
    "mysql": (_HOSTS, _INNER, _NAMES),
    "oracle": (_HOSTS, _INNER, _NAMES),
    "postgresql": (_HOSTS, _INNER, _NAMES),
    "redshift": (_WORDS | st.just(_REDSHIFT), _WORDS, _INNER, _NAMES),
    "s3": (_WORDS, _NAMES),
    "snowflake": (_WORDS, _INNER.filter(_unquoted), _NAMES.filter(_unquoted)),
    "sqlserver": (_HOSTS, _INNER, _NAMES),
    "unity_catalog": (_WORDS, _INNER, _INNER, _NAMES),
}


def test_every_constructor_is_tried() -> None:
    assert {*_CONSTRUCTORS, "named"} == set(datasets.__all__)


@pytest.mark.parametrize("name", _CONSTRUCTORS)
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_the_uri_of_a_dataset_is_the_same_dataset(name: str, data: st.DataObject) -> None:
    parts = [data.draw(part) for part in _CONSTRUCTORS[name]]
    found = getattr(datasets, name)(*parts)
    assert Dataset.of(found.uri) == found
    assert Dataset.of(found) == found


_NAMESPACES = [
    "acme://erp", "acme", "awsathena://athena.eu-west-1.amazonaws.com", "azurekusto://h/db",
    "kinesis://kinesis.eu-west-1.amazonaws.com", "spanner://p:i", "milvus://h:19530", "mssql://h:1433",
    "fabric-warehouse://h", "sqlserver://h/inst", "sqlserver://h:1433/inst", "duckdb:/data/x.db", "sqlite:/data/x.db",
]  # fmt: skip


@pytest.mark.parametrize("namespace", _NAMESPACES)
@given(name=_NAMES)
@settings(max_examples=60, deadline=None)
def test_the_uri_of_a_pair_is_the_same_dataset(namespace: str, name: str) -> None:
    found = datasets.named(namespace, name)
    assert Dataset.of(found.uri) == found


def test_some_pairs_have_no_uri() -> None:
    """As `Dataset.uri` says."""
    pairs = [
        ("s3://b", "landing/2026-11-21"),
        ("file", "x"),
        ("mongodb://h:27017/shop", "orders"),
        ("acme://h/eu", "x"),
    ]
    found = [datasets.named(*pair) for pair in pairs]
    assert [one.uri for one in found] == [
        "s3://b/landing/2026-11-21", "file:x", "mongodb://h:27017/shop/orders", "acme://h/eu/x"
    ]  # fmt: skip
    assert [Dataset.of((one.namespace, one.name)) for one in found] == found


def test_a_stream_of_kinesis_that_spark_reads_goes_by_its_endpoint() -> None:
    found = Dataset.of("kinesis://kinesis.eu-west-1.amazonaws.com/clicks")
    assert found == Dataset("kinesis://kinesis.eu-west-1.amazonaws.com", "clicks")
    assert found == datasets.kinesis("eu-west-1", "clicks")
