"""A URI declared in a job has the name that the agent's own classes give it."""

from __future__ import annotations

import os
import subprocess
from importlib.util import find_spec
from pathlib import Path

import pytest

from sparklineage.agent.fetch import default_cache, fetch
from sparklineage.agent.releases import choose
from sparklineage.agent.repository import sources
from sparklineage.model.dataset import Dataset

pytestmark = pytest.mark.spark

URIS = [
    *("s3://b/k/x/", "s3a://b/k", "s3n://b/k", "s3://b", "s3://b/", "s3://b/k%20x", "s3://b/k=1/date=2013-01-01"),
    *("gs://b/k/x.csv", "wasb://c@acc.blob.core.windows.net/p", "wasbs://c@acc.blob.core.windows.net/p"),
    *("abfss://c@acc.dfs.core.windows.net/p/q", "abfs://c@acc.dfs.core.windows.net/"),
    *("hdfs://nn:8020/user/x/", "hdfs://nn:8020/", "hdfs:/user/x", "viewfs://c/p", "alluxio://h:1/p"),
    *("file:///data/x", "file:/data/x/", "file:///", "file://host/data/x", "dbfs:/mnt/x", "dbfs:///mnt/x"),
    *("adl://s/p", "oss://b/k", "cosn://b/k", "maprfs:///p"),
    *("jdbc:postgresql://h:5432/db?user=x&password=y#s.t", "jdbc:postgresql://u:p@h/db#s.t"),
    *("jdbc:postgresql://h1:1,h2:2/db#s.t", "jdbc:mysql://h/db#t", "jdbc:mysql://h:3307/db?user=x#s.t"),
    *("jdbc:mariadb://h:3306/db#s.t", "jdbc:redshift://c.r.redshift.amazonaws.com:5439/db#s.t"),
    *("jdbc:sqlserver://h:1433;databaseName=db;user=x;password=y#s.t", "jdbc:sqlserver://h;database=db#t"),
    *("jdbc:oracle:thin:@//h/svc#s.t", "jdbc:oracle:thin:u/p@h:1521:sid#s.t", "jdbc:oracle:thin:@h:1521/svc#t"),
    *("jdbc:db2://h/db#s.t", "jdbc:trino://h/cat#s.t", "jdbc:clickhouse://h/db#t", "jdbc:clickhouse://h/db#s.t"),
    *("jdbc:cassandra://h/ks#t", "jdbc:crate://h/db#s.t", "jdbc:oceanbase://h/db#s.t", "jdbc:vertica://h/db#s.t"),
    *("jdbc:hive2://h:10000/db#t", "jdbc:presto://h/cat#s.t", "jdbc:sqlite:/data/w.db#t"),
]


def test_names_are_the_agents_own() -> None:
    spark = find_spec("pyspark")
    assert spark
    assert spark.origin
    home = Path(spark.origin).parent
    places = sources(home=Path.home(), environ=os.environ, spark_home=home)
    agent = fetch(choose("4.2.0", "2.13"), cache=default_cache(os.environ, Path.home()), sources=places)
    answer = subprocess.run(
        ["java", "-cp", f"{agent}:{home}/jars/*", str(Path(__file__).with_name("AgentNames.java")), *URIS],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert answer.returncode == 0, answer.stderr
    theirs = [tuple(line.split("\t")) for line in answer.stdout.splitlines()]
    ours = [(dataset.namespace, dataset.name) for dataset in map(Dataset.of, URIS)]
    assert dict(zip(URIS, ours, strict=True)) == dict(zip(URIS, theirs, strict=True))
