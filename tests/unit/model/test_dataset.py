from __future__ import annotations

import os
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from openlineage.client.naming import dataset as naming

from sparklineage import datasets
from sparklineage.model.dataset import Dataset, dataset_of, is_one_dataset
from tests.support.agent_names import FILES, SNOWFLAKE, TABLES


@pytest.mark.parametrize(
    ("uri", "official"),
    [
        ("s3://bucket/dir/key", naming.S3(bucket_name="bucket", object_key="dir/key")),
        ("s3a://bucket/dir/key/", naming.S3(bucket_name="bucket", object_key="dir/key")),
        ("gs://bucket/dir/key", naming.GCS(bucket_name="bucket", object_key="dir/key")),
        (
            "abfs://data@acc.dfs.core.windows.net/dir",
            naming.ABFSS(container="data", service="acc", path="dir"),
        ),
        (
            "hdfs://nn:8020/user/x",
            naming.HDFS(namenode_host="nn", namenode_port="8020", path="/user/x"),
        ),
        ("file:///data/x.csv", naming.LocalFileSystem(path="/data/x.csv")),
        (
            "jdbc:postgresql://h:5432/db#public.t",
            naming.Postgres(host="h", port="5432", database="db", schema="public", table="t"),
        ),
        ("mysql://h:3306/db/t", naming.MySQL(host="h", port="3306", database="db", table="t")),
        ("kafka://h:9092/topic", naming.Kafka(bootstrap_server_host="h", port="9092", topic="topic")),
        (
            "bigquery:p.d.t",
            naming.BigQuery(project_id="p", dataset_name="d", table_name="t"),
        ),
        ("bigquery://p/d/t", naming.BigQuery(project_id="p", dataset_name="d", table_name="t")),
        (
            "arn:aws:glue:eu-west-1:123:table/db/t",
            naming.AWSGlue(region_name="eu-west-1", account_id="123", database_name="db", table_name="t"),
        ),
        (
            "snowflake://org-acc/db/s/t",
            naming.Snowflake(organization_name="org", account_name="acc", database="db", schema="s", table="t"),
        ),
    ],
)
def test_a_uri_has_the_name_of_openlineages_own_client(uri: str, official: naming.DatasetNaming) -> None:
    assert Dataset.of(uri) == Dataset(official.get_namespace(), official.get_name())


@pytest.mark.parametrize("uri", [*FILES, *TABLES, *SNOWFLAKE])
def test_a_uri_has_the_agents_name(uri: str) -> None:
    found = Dataset.of(uri)
    assert (found.namespace, found.name) == {**FILES, **TABLES, **SNOWFLAKE}[uri]


def test_a_sqlite_uri_names_the_same_table_as_its_jdbc_url() -> None:
    assert Dataset.of("sqlite:///data/w.db#obs") == Dataset.of("jdbc:sqlite:/data/w.db#obs")
    assert Dataset.of("sqlite:///data/w.db") == Dataset("sqlite", "/data/w.db")
    # SQLAlchemy's absolute form.
    assert Dataset.of("sqlite:////data/w.db#obs") == Dataset.of("jdbc:sqlite:/data/w.db#obs")
    assert Dataset.of("sqlite:////data/w.db") == Dataset("sqlite", "/data/w.db")
    assert Dataset.of("duckdb:////data/w.db#obs") == Dataset.of("jdbc:duckdb:/data/w.db#obs")


@pytest.mark.parametrize(
    ("uri", "jdbc"),
    [
        ("postgresql+psycopg2://u:canary1@h/db#public.t", "jdbc:postgresql://h/db#public.t"),
        ("postgresql+asyncpg://h/db/public/t", "jdbc:postgresql://h/db#public.t"),
        ("mysql+pymysql://u:canary1@h/db?charset=utf8mb4#t", "jdbc:mysql://h/db#t"),
        ("MariaDB+mariadbconnector://h/db#t", "jdbc:mariadb://h/db#t"),
        ("oracle+cx_oracle://u:canary1@h:1521/?service_name=svc#s.t", "jdbc:oracle:thin:@//h:1521/svc#s.t"),
        ("oracle+oracledb://u:canary1@h/?mode=x&service_name=svc&y=z#s.t", "jdbc:oracle:thin:@//h/svc#s.t"),
        ("oracle+oracledb://h/svc#s.t", "jdbc:oracle:thin:@//h/svc#s.t"),
        ("redshift+redshift_connector://h:5439/db#s.t", "jdbc:redshift://h:5439/db#s.t"),
        ("clickhouse+native://h/db#t", "jdbc:clickhouse://h/db#t"),
        ("sqlite+pysqlite:////data/w.db#t", "jdbc:sqlite:/data/w.db#t"),
    ],
)
def test_a_url_of_sqlalchemy_names_the_same_table_as_its_jdbc_url(uri: str, jdbc: str) -> None:
    assert Dataset.of(uri) == Dataset.of(jdbc)


@pytest.mark.parametrize("scheme", ["mongodb+srv", "redis+sentinel", "acme+x"])
def test_a_plus_in_another_scheme_stays(scheme: str) -> None:
    assert Dataset.of(f"{scheme}://h/db.t").namespace == f"{scheme}://h"


def test_no_secret_becomes_the_service_of_oracle() -> None:
    found = Dataset.of("oracle+cx_oracle://u:p?service_name=canary1&@h/svc#t")
    assert "canary1" not in str(found)


@pytest.mark.parametrize(
    "value",
    [
        "postgresql://bob:canary1@h:5432/db.s.t",
        "jdbc:postgresql://h/db?user=bob&password=canary1#s.t",
        "s3a://KEY:canary1@bucket/key",
        "abfss://c@a.dfs.core.windows.net/p?sig=canary1",
        "kafka://bob:canary1@h:9092/topic",
        "hdfs://bob:canary1@nn:8020/x",
        ("postgres://bob:canary1@h:5432", "db.s.t"),
        Dataset("postgres://bob:can@ary1@h:5432", "db.s.t"),
    ],
)
def test_credentials_are_cut_off(value: str | tuple[str, str] | Dataset) -> None:
    dataset = Dataset.of(value)
    assert "ary1" not in dataset.uri
    assert "bob" not in dataset.uri
    assert dataset.name


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (
            "/data/x",
            "'/data/x' is not an absolute URI; write the scheme, such as",
        ),
        ("s3://", "'s3://' names no dataset: a host or a name is missing"),
        ("snowflake:///db/s/t", "'snowflake:///db/s/t' names no dataset: a host or a name is missing"),
        ("https:///x", "'https:///x' names no dataset: a host or a name is missing"),
        ("jdbc:sqlserver://;databaseName=db#t", "names no dataset: a host or a name is missing"),
        ("jdbc:postgresql://#t", "'jdbc:postgresql://#t' names no dataset: a host or a name is missing"),
        ("kafka://b:9092", "'kafka://b:9092' names no dataset: a host or a name is missing"),
        ("s3:bucket/key", "'s3:bucket/key' is relative; write s3://bucket/key"),
        ("s3:/bucket/key", "'s3:/bucket/key' has lost a slash; write s3://bucket/key"),
        ("abfss:/c@acc/key", "has lost a slash; write abfss://bucket/key"),
        ("azurekusto://h/db", "names no dataset: a host or a name is missing"),
        ("jdbc:oracle:thin:@(DESCRIPTION=(HOST=h)#t", "is not a URI that can be read"),
        ("file:data/x", "'file:data/x' is relative; write file:///path from the root"),
        (
            "jdbc:postgresql://h:5432/db?password=canary1",
            "'jdbc:postgresql://h:5432/db' names no table; write it behind a #, such as postgres://",
        ),
        (
            "s3a://KEY:can/ary1@bucket/key",
            "'s3a://bucket/key' has no host that can be told from its credentials; write it without them",
        ),
        (
            "postgresql://u:1/canary1@h/db#t",
            "'postgresql://h/db#t' has no host that can be told from its credentials; write it without them",
        ),
        (
            ("file", " "),
            "such as s3://bucket/key, which this tuple is not",
        ),
        (object(), "such as s3://bucket/key, which this object is not"),
        (Dataset("s3://b", None), "the name of a dataset is a text, and this is a NoneType"),  # type: ignore[arg-type]
        (Dataset(3, "x"), "the namespace of a dataset is a text, and this is a int"),  # type: ignore[arg-type]
        (Dataset("a", " "), "the name of a dataset is blank"),
        (Dataset("", "b"), "the namespace of a dataset is blank"),
    ],
)
def test_bad_values_say_what_to_write(value: object, message: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        dataset_of(value)  # type: ignore[arg-type]
    assert message in str(caught.value)
    assert "ary1" not in str(caught.value)


@pytest.mark.parametrize(
    ("uri", "namespace", "name"),
    [
        ("duckdb:///x.db#a", "duckdb:/x.db", "a"),
        ("duckdb:/x.db#main.a", "duckdb:/x.db", "main.a"),
        ("h2:mem:test#t", "h2:mem:test", "t"),
        ("mssql://h/db#dbo.a", "mssql://h", "db.dbo.a"),
        ("mssql://h/db#my%20table", "mssql://h", "db.my table"),
        ("neo4j://h#Person", "neo4j://h", "Person"),
        ("azurekusto://h/db#t", "azurekusto://h/db", "t"),
        ("awsathena://h/c#d.t", "awsathena://h", "c.d.t"),
        ("acme://h/a/b/#t", "acme://h", "a/b.t"),
        ("azurecosmos://h/dbs/d#colls/t", "azurecosmos://h/dbs/d", "/colls/t"),
        ("azurecosmos://h/dbs/d/colls/t", "azurecosmos://h/dbs/d", "/colls/t"),
        ("sftp://h/x#1.csv", "sftp://h", "/x#1.csv"),
        ("https://h/x#part", "https://h", "/x"),
        ("acme://h/db#t?password=canary1", "acme://h", "db.t"),
        ("acme://h/db#token=canary1", "acme://h", "/db"),
        ("postgresql://h/db#s.t?password=canary1", "postgres://h:5432", "db.s.t"),
    ],
)
def test_a_fragment_names_a_part_of_any_database(uri: str, namespace: str, name: str) -> None:
    assert Dataset.of(uri) == Dataset(namespace, name)


@pytest.mark.parametrize(
    ("uri", "namespace", "name"),
    [
        ("awsathena://athena.eu-west-1.amazonaws.com/c.d.t", "awsathena://athena.eu-west-1.amazonaws.com", "c.d.t"),
        ("spanner://p:i/d/s/t", "spanner://p:i", "d.s.t"),
        ("milvus://h:19530/d.c", "milvus://h:19530", "d.c"),
        ("fabric-warehouse://h/d.s.t", "fabric-warehouse://h", "d.s.t"),
        ("mssql://h:1433/d.s.t", "mssql://h:1433", "d.s.t"),
        # Of this one the agent has the database in the namespace (KustoRelationVisitor).
        ("azurekusto://h.kusto.windows.net/db/t", "azurekusto://h.kusto.windows.net/db", "t"),
    ],
)
def test_what_the_specification_names_without_a_slash_has_none(uri: str, namespace: str, name: str) -> None:
    found = Dataset.of(uri)
    assert found == Dataset(namespace, name) == Dataset.of(found.uri)


@pytest.mark.parametrize("uri", ["duckdb:///x.db", "h2:mem:test", "derby:/a/b"])
def test_a_table_of_an_embedded_database_has_the_name_that_jdbc_gives_it(uri: str) -> None:
    plain = Dataset.of(f"{uri}#t")
    assert plain == Dataset.of(f"jdbc:{uri.replace('//', '')}#t") == Dataset.of(plain.uri)


@pytest.mark.parametrize(
    "path",
    ["/data/my out", "/data/Größe", "/d/a%20b/x", "/d/a b", "/d/a?b/x", "/d/a#b", "/d/a@b:c", "//x/y", "/", "/ x "],
)
def test_a_path_is_the_local_file_under_the_agents_name(path: str) -> None:
    name = f"/{path.strip('/')}"
    assert Dataset.of(Path(path)) == Dataset.of(PurePosixPath(path)) == Dataset("file", name)


def test_a_path_is_one_of_the_working_directory_and_may_be_any_that_is_like_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ä b").touch()
    (entry,) = os.scandir(os.fsencode(tmp_path))
    paths: list[Any] = [Path("ä b"), Path("x/../ä b"), entry]
    assert [Dataset.of(path) for path in paths] == [Dataset("file", f"{tmp_path}/ä b")] * 3
    assert Dataset.of(tmp_path / "in" / "day=1").input_facets["subset"]["inputCondition"]["locations"] == [
        f"{tmp_path}/in/day=1"
    ]


class Remote:
    """A path of a cloud's store, as libraries have them: to open it would download it."""

    def as_uri(self) -> str:
        return "s3://b/my key"

    def __fspath__(self) -> str:
        raise AssertionError("downloaded")


def test_a_path_of_a_store_is_named_by_its_uri() -> None:
    assert Dataset.of(Remote()) == Dataset("s3://b", "my key")
    with pytest.raises(ValueError, match="this path is a URI that has lost a slash"):
        dataset_of(Path("s3://b/k"))


@pytest.mark.parametrize(
    "two",
    [
        ("s3://a/x", "s3://b/y"),
        ["s3://a/x", "s3://b/y"],
        ("s3://a", "s3://b"),
        ("s3://a/x", "jdbc:sqlite:/data/w.db#t"),
        ("sqlite:/data/w.db#t", "file:/data/x"),
        ("https://api.example.com", "https://api.example.com/v1"),
        ("bigquery:p.d.a", "bigquery:p.d.b"),
    ],
)
def test_two_uris_are_no_pair(two: Any) -> None:
    with pytest.raises(ValueError, match=r"^these are two datasets; give them one by one, or datasets\.named\("):
        dataset_of(two)
    assert not is_one_dataset(two)


@pytest.mark.parametrize(
    "pair",
    [
        ("s3://bucket", "key"),
        ("acme://erp", "orders:eu"),
        ("acme://erp", "a/b://c"),
        ("postgres://h:5432", "db.s.t"),
        ("arn:aws:glue:eu-west-1:1", "table/d/t"),
    ],
)
def test_a_namespace_and_a_name_are_a_pair(pair: tuple[str, str]) -> None:
    assert dataset_of(pair) == dataset_of(list(pair)) == Dataset(*pair)  # type: ignore[arg-type]
    assert is_one_dataset(pair)


def test_a_name_that_is_a_uri_is_said_to_be_one() -> None:
    pair = ("https://api.example.com", "https://api.example.com/v1")
    assert datasets.named(*pair) == Dataset.of(Dataset(*pair)) == Dataset(*pair)
    # Without a scheme the first is nothing but a namespace.
    assert Dataset.of(("acme", "s3://b/y")) == Dataset("acme", "s3://b/y")


@pytest.mark.parametrize(
    ("value", "what"),
    [
        ("s3://b/key\n", "name"),
        ("s3://b/key\r\n", "name"),
        ("s3://b/\tkey", "name"),
        ("jdbc:postgresql://h/db#s.t\x00", "name"),
        ("postgresql://h/db#t%0A", "name"),
        (Path("/data/x\n"), "name"),
        (("acme://erp", "orders\n"), "name"),
        (("acme://erp\n", "orders"), "namespace"),
        (("\nacme://erp", "orders"), "namespace"),
        (Dataset("acme://erp", "orders\x85"), "name"),
    ],
)
def test_no_dataset_begins_or_ends_in_a_line_break(value: Any, what: str) -> None:
    with pytest.raises(ValueError, match=f"^the {what} of a dataset begins or ends in a line break or a control char"):
        dataset_of(value)


def test_a_blank_at_the_end_of_a_name_stays() -> None:
    assert Dataset.of("s3://b/key ") == Dataset.of(("s3://b", "key ")) == Dataset("s3://b", "key ")
    assert Dataset.of(("s3://b", "two\nlines")).name == "two\nlines"


def test_equality_looks_at_the_names_alone() -> None:
    assert Dataset("file", "/x", facets={"a": 1}) == Dataset("file", "/x")


@pytest.mark.parametrize(
    ("dataset", "uri"),
    [
        (Dataset("file", "/x"), "file:/x"),
        (Dataset("s3://b", "k"), "s3://b/k"),
        (Dataset("hdfs://nn", "/k"), "hdfs://nn/k"),
        (Dataset("bigquery", "p.d.t"), "bigquery:p.d.t"),
        (Dataset("sqlite:/w.db", "obs"), "sqlite:/w.db#obs"),
    ],
)
def test_uri_is_what_people_write(dataset: Dataset, uri: str) -> None:
    assert dataset.uri == uri


def test_a_day_is_a_part_of_the_dataset() -> None:
    found = Dataset.of("s3://b/in/2026/11/21")
    assert found == Dataset("s3://b", "in")
    for facets, condition in ((found.input_facets, "inputCondition"), (found.output_facets, "outputCondition")):
        assert facets["subset"][condition] == {"type": "location", "locations": ["in/2026/11/21"]}
    assert Dataset.of("s3://b/in").input_facets == {}
    # What somebody names himself keeps its name.
    assert Dataset.of(("s3://b", "in/2026/11/21")).name == "in/2026/11/21"
    # No agent trims what it never sees.
    assert Dataset.of("https://api.example.com/rates/2026-11-21").name == "/rates/2026-11-21"


def test_two_days_are_one_dataset_with_both() -> None:
    both = Dataset.of("s3://b/in/day=1").joined(Dataset.of("s3://b/in/day=2"))
    assert both.output_facets["subset"]["outputCondition"]["locations"] == ["in/day=1", "in/day=2"]


def test_a_pair_of_http_has_no_query() -> None:
    pair = ("https://api.example.com", "/rates?token=canary-5up3r")
    for given in (pair, Dataset(*pair)):
        assert Dataset.of(given) == Dataset("https://api.example.com", "/rates")
    assert Dataset.of(("acme://erp", "orders?")).name == "orders?"


@pytest.mark.parametrize(
    ("pair", "name"),
    [
        (("file", "/in?token=canary-5up3r"), "/in"),
        (("s3://b", "in?X-Amz-Signature=canary-5up3r"), "in"),
        (("arn:aws:glue:eu-west-1:1", "table/d/t?api_key=canary-5up3r"), "table/d/t"),
        (("file", "/in?day=1"), "/in?day=1"),
        (("file", "/in/part-?.csv"), "/in/part-?.csv"),
        (("s3://b", "in/token=1/x"), "in/token=1/x"),
        (("postgres://h:5432", "db.t?password=canary-5up3r"), "db.t"),
        (("sqlserver://h", "db.t;user=me;password=canary-5up3r"), "db.t"),
        (("acme://erp", "orders?day=1&token=canary-5up3r"), "orders?day=1"),
        (("acme://erp", "?token=canary-5up3r"), "/"),
        (("acme://erp", "orders?day=1&on=2"), "orders?day=1&on=2"),
        (("acme", "orders?token=1"), "orders?token=1"),
    ],
)
def test_a_pair_has_no_query_with_secrets_where_its_namespace_is_an_address(pair: tuple[str, str], name: str) -> None:
    for given in (pair, Dataset(*pair)):
        assert Dataset.of(given) == Dataset(pair[0], name)
