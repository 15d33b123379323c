from __future__ import annotations

import re
import time
from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sparklineage import Dataset, facets, reads
from sparklineage.model.dataset import DatasetLike
from sparklineage.model.uri_credentials import text_without_credentials, without_credentials

# In front of the host, where one of the last is cut with more than it.
_IN_FRONT = [
    "jdbc:postgresql://bob:{}@h:5432/db",
    "jdbc:mysql://bob:{}@h1:1,bob:{}@h2:2/db",
    "jdbc:mysql:replication://bob:{}@h1,h2/db",
    "jdbc:oracle:thin:bob/{}@//h:1521/svc",
    "jdbc:oracle:thin:bob/{}@h:1521:sid",
    "jdbc:oracle:oci:bob/{}@(DESCRIPTION=(ADDRESS=(HOST=h))(CONNECT_DATA=(SID=s)))",
    "jdbc:acme:bob/{}@h:1/db",
    "postgresql://bob:{}@h/db",
    "postgresql+psycopg2://bob:{}@h/db",
    "oracle+cx_oracle://bob:{}@h:1521/svc",
    "my_db://bob:{}@h/db",
    "snowflake://bob:{}@org-acc/db",
    "mongodb://bob:{}@h1,h2/db",
    "mongodb+srv://bob:{}@h/db",
    "kafka://bob:{}@h:9092/topic",
    "elasticsearch://bob:{}@h/index",
    "redis://:{}@h:6379/0",
    "https://bob:{}@h/v1/rates",
    "https://bob:{}@h:8443/v1/rates",
    "ftp://bob:{}@h/v1/rates",
    "s3a://KEY:{}@bucket/key",
    "abfss://bob:{}@c@acc.dfs.core.windows.net/key",
    "acme://bob:{}@h/x",
]
_PARAMETERS = [
    "jdbc:postgresql://h/db?user=bob&password={}",
    "jdbc:postgresql://h/db?ssl=true&sslpassword={}&user=bob",
    "jdbc:mysql://h1,h2/db?password={}&user=bob",
    "jdbc:mysql://(host=h,port=1,user=bob,password={})/db",
    "jdbc:mysql://address=(host=h)(port=1)(user=bob)(password={})/db",
    "jdbc:sqlserver://h;databaseName=db;user=bob;password={};encrypt=true",
    "jdbc:sqlserver://;serverName=h;password={{{}}};databaseName=db",
    "jdbc:jtds:sqlserver://h/db;user=bob;password={}",
    "jdbc:db2://h:50000/db:user=bob;password={};",
    "jdbc:databricks://h:443/default;UID=token;PWD={}",
    "jdbc:databricks://h:443;httpPath=x;Auth_AccessToken={}",
    "jdbc:hive2://h:10000/db;user=bob;password={}",
    "jdbc:h2:file:/x/y;PASSWORD={}",
    "jdbc:h2:tcp://h/x;USER=bob;PASSWORD={}",
    "jdbc:derby:db;user=bob;password={}",
    "jdbc:sqlite:/data/w.db?key={}",
    "jdbc:teradata://h/DATABASE=db,USER=bob,PASSWORD={}",
    "jdbc:teradata://h/PASSWORD={},DATABASE=db",
    "jdbc:bigquery://https://www.googleapis.com/bigquery/v2:443;ProjectId=p;OAuthPvtKey={}",
    "jdbc:snowflake://acc.snowflakecomputing.com/?db=D&user=bob&password={}",
    "jdbc:oracle:thin:@h:1521/svc?oracle.net.wallet_password={}",
    "jdbc:oracle:thin:@(DESCRIPTION=(ADDRESS=(HOST=h))(SECURITY=(PASSWORD={}))(CONNECT_DATA=(SID=s)))",
    "jdbc:acme://h:user=bob;password={}",
    "JDBC:POSTGRESQL://h/db?PASSWORD={}",
    "postgresql://h/db?password={}",
    "mssql+pyodbc:///?odbc_connect=DRIVER%3Dx%3BPWD%3D{}",
    "mongodb://h/db.coll?authSource=admin&tlsCertificateKeyFilePassword={}",
    "https://h/v1/rates?key={}",
    "https://h/v1/rates#access_token={}",
    "ldap://h/x;password={}",
    "abfss://c@acc.dfs.core.windows.net/p?sv=2024&sig={}",
    "s3://bucket/key?X-Amz-Credential=AKIA/x&X-Amz-Signature={}",
    "file:///data/x?token={}",
    "file:/data/x?version=1&accessToken={}",
    "dbfs:/data/x?api_key={}",
    "hdfs://nn:8020/data/x?client_secret={}",
    "viewfs://c/data/x?aws_secret_access_key={}",
    "arn:aws:glue:eu-west-1:1:table/db/t?token={}",
]
_TABLES = ["", "#t", "#s.t"]
_CANARY = "cAnArY"
_AROUND = st.text("ab1%:/?#@;&=,.+$!*~^|\\\"' ", max_size=4)


def _everything(uri: str) -> list[str]:
    """Whatever is told of a URI to anybody."""
    found = [without_credentials(uri)]
    given: list[DatasetLike] = [uri, (uri, "orders"), ("acme", uri), Dataset(uri, "orders")]
    for value in given:
        try:
            dataset = Dataset.of(value)
        except ValueError as error:
            found.append(str(error))
        else:
            found += [dataset.namespace, dataset.name, dataset.uri]
    makers: list[Callable[[], facets.Facet]] = [
        partial(facets.data_source, "db", uri),
        partial(facets.mlflow, run_id="1", tracking_uri=uri),
        partial(facets.sagemaker, job_name="j", model_uri=uri),
        partial(facets.sagemaker, job_arn=uri, image=uri),
        partial(facets.mlflow, run_id="1", parameters={"source": uri}),
        partial(facets.custom, "acme_links", {"all": [{"one": uri}]}, schema_url="https://acme.example.com/links.json"),
        partial(facets.symlinks, uri),
        partial(facets.lifecycle_state, "RENAME", previous=uri),
    ]
    for make in makers:
        try:
            found.append(str(make()))
        except ValueError as error:
            found.append(str(error))
    return found


@given(st.sampled_from(_IN_FRONT), _AROUND, _AROUND, st.sampled_from(_TABLES))
@example("postgresql://bob:{}@h/db", "p?", "", "#public.t")
@example("jdbc:postgresql://bob:{}@h/db", "p#", "", "")
@example("https://bob:{}@h/v1/rates", "12/", "", "")
@example("https://bob:{}@h/v1/rates", "1@", "/x@", "")
@example("s3a://KEY:{}@bucket/key", "1@", "/", "")
@example("kafka://bob:{}@h:9092/topic", "a,", "", "")
@settings(max_examples=600, deadline=None)
def test_nothing_in_front_of_a_host_is_told(uri: str, before: str, after: str, table: str) -> None:
    whole = uri.replace("{}", f"{before}{_CANARY}{after}") + table
    assert not [text for text in _everything(whole) if _CANARY.lower() in text.lower()], whole


@given(st.sampled_from(_PARAMETERS), _AROUND, _AROUND, st.sampled_from(_TABLES))
@settings(max_examples=600, deadline=None)
def test_no_secret_parameter_is_told(uri: str, before: str, after: str, table: str) -> None:
    """A # in it is the end of the URI where no table follows, so it has none here."""
    secret = f"{before}{_CANARY}{after}"
    if not table:
        secret = secret.replace("#", "")
    whole = uri.format(secret) + table
    assert not [text for text in _everything(whole) if _CANARY.lower() in text.lower()], whole


@given(st.text(max_size=60), st.sampled_from(["", "jdbc:", "jdbc:oracle:thin:", "https://", "s3a://", "mysql://("]))
@settings(max_examples=300, deadline=None)
def test_what_is_left_has_nothing_to_cut(text: str, start: str) -> None:
    once = without_credentials(start + text)
    assert without_credentials(once) == once


def test_no_uri_takes_long() -> None:
    began = time.process_time()
    for mark in "@/?#;,:&(= ":
        for start in ("jdbc:oracle:thin:", "jdbc:mysql://", "https://", "s3://", "jdbc:x:"):
            without_credentials(start + mark * 20_000)
            without_credentials(start + f"a{mark}key" * 5_000)
        for start in ("file:///x?", "arn:aws:s3:::x?", "https://h/x?", "", "a://"):
            for text in (mark * 20_000, f"a{mark}key" * 5_000, f"://u:{mark}" * 5_000):
                text_without_credentials(start + text)
    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    ("uri", "kept"),
    [
        ("jdbc:postgresql://bob:pw@h:5432/db?ssl=true&password=pw", "jdbc:postgresql://h:5432/db?ssl=true"),
        ("jdbc:oracle:thin:scott/tiger@//h:1521/svc", "jdbc:oracle:thin:@//h:1521/svc"),
        ("jdbc:oracle:thin:scott/tiger", "jdbc:oracle:thin:"),
        ("jdbc:sqlserver://h;user=sa;password={a;b};databaseName=db", "jdbc:sqlserver://h;databaseName=db"),
        ("jdbc:db2://h:50000/db:user=u;password=pw;", "jdbc:db2://h:50000/db"),
        ("jdbc:mysql://(host=h,port=1,user=u,password=pw)/db", "jdbc:mysql://(host=h,port=1)/db"),
        ("jdbc:mysql://u:p@h1:1,u:p@h2:2/db", "jdbc:mysql://h1:1,h2:2/db"),
        ("https://bob:pw@mlflow.example.com:5000/x", "https://mlflow.example.com:5000/x"),
        ("webhdfs://nn/x?op=OPEN&delegation=pw", "webhdfs://nn/x"),
        ("https://h/x?version=3", "https://h/x?version=3"),
        ("https://h/@scope/x", "https://h/@scope/x"),
        ("https://h/#/experiments/1", "https://h/#/experiments/1"),
        ("s3://bucket/a@b/part-?.csv", "s3://bucket/a@b/part-?.csv"),
        ("abfss://c@acc.dfs.core.windows.net/p", "abfss://c@acc.dfs.core.windows.net/p"),
        ("hdfs://nn:8020/a@b", "hdfs://nn:8020/a@b"),
        ("models:/orders@champion", "models:/orders@champion"),
        ("arn:aws:iam::1:user/a@b", "arn:aws:iam::1:user/a@b"),
        ("sqlite:///data/a@b.db", "sqlite:///data/a@b.db"),
        ("orders of eu@west", "orders of eu@west"),
        # A question mark is a character of a file's name as any other.
        ("file:///data/what?day=1&key=2", "file:///data/what?day=1&key=2"),
        ("file:///data/part-?.csv", "file:///data/part-?.csv"),
        ("hdfs://nn:8020/q?tokenizer=1/x", "hdfs://nn:8020/q?tokenizer=1/x"),
        ("dbfs:/q?user=bob/token=1", "dbfs:/q?user=bob/token=1"),
        ("file:///data/token=1/x?", "file:///data/token=1/x?"),
    ],
)
def test_the_rest_stays(uri: str, kept: str) -> None:
    assert without_credentials(uri) == kept


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("https://u:pw@h/x?tab=2", "https://h/x?tab=2"),
        ("https://ghp_pw@github.com/acme/etl", "https://github.com/acme/etl"),
        ("https://h/x?tab=2&user=bob&api_key=pw&more=1", "https://h/x?tab=2&user=bob&api_key=********"),
        ("https://h/x#access_token=pw", "https://h/x#access_token=********"),
        ("https://h/runs?user=bob&session=3#top", "https://h/runs?user=bob&session=3#top"),
        ("jdbc:postgresql://h/db?password=pw", "jdbc:postgresql://h/db"),
        ("clone https://u:pw@h/x, then ask bob@h", "clone https://h/x, then ask bob@h"),
        ("see https://h/@bob, or at 12:30 bob@h", "see https://h/@bob, or at 12:30 bob@h"),
        ("models:/orders@champion", "models:/orders@champion"),
        ("bob@example.com", "bob@example.com"),
        ("note: password is in the vault", "note: password is in the vault"),
        ("repo.example.com:5000/etl@sha256:0123", "repo.example.com:5000/etl@sha256:0123"),
    ],
)
def test_of_other_texts_only_the_credentials_of_addresses_go(text: str, kept: str) -> None:
    assert text_without_credentials(text) == kept
    fields = {"one": text, "more": [{"two": text}]}
    facet = facets.custom("acme_links", fields, schema_url="https://acme.example.com/links.json")
    assert facet.value["one"] == facet.value["more"][0]["two"] == kept
    assert facets.mlflow(run_id="1", parameters={"text": text}).value["parameters"] == {"text": kept}


def test_a_warning_tells_none_either(caplog: pytest.LogCaptureFixture) -> None:
    declared = reads(*(re.sub(r"\{+\}+", f"p?{_CANARY}/#x", uri) for uri in (*_IN_FRONT, *_PARAMETERS)))
    declared(lambda: None)
    assert "has no host that can be told" in caplog.text
    assert _CANARY not in caplog.text
