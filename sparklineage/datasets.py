"""A dataset by what it is; each function returns a `Dataset` under the name that OpenLineage gives to it.

    from sparklineage import datasets

    datasets.postgresql("db.example.com", "shop", "public.orders")  # postgres://db.example.com:5432 shop.public.orders
    datasets.kafka("broker:9092", "orders")

The names are those of the specification's naming conventions and of openlineage-python's helpers, and where the Spark
agent names the same thing, the agent's, unless the function says otherwise. A URI does as well wherever a dataset is
taken; these are for what has no URI that says all. No function raises, unless a step is open that is strict: a bad part
is one warning of the logger `sparklineage`, which names the part and never shows a credential, and what is returned is
left out wherever it is declared.
"""

from __future__ import annotations

from sparklineage.model import dataset_parts as parts
from sparklineage.model.dataset import Dataset, NoDataset, dataset_of
from sparklineage.model.dataset_parts import Location  # noqa: TC001 - whoever asks for the types of a constructor
from sparklineage.model.lenient import lenient
from sparklineage.model.snowflake import account as account_of_snowflake
from sparklineage.model.snowflake import unquoted

__all__ = [
    "adls",
    "bigquery",
    "cassandra",
    "delta",
    "elasticsearch",
    "gcs",
    "glue",
    "hdfs",
    "hive",
    "http",
    "iceberg",
    "kafka",
    "kinesis",
    "local",
    "mongodb",
    "mysql",
    "named",
    "oracle",
    "postgresql",
    "redshift",
    "s3",
    "snowflake",
    "sqlserver",
    "unity_catalog",
]


def named(namespace: str, name: str) -> Dataset:
    """Anything, by its own namespace and name, even where both are URIs."""
    return dataset_of(Dataset(parts.part("namespace", namespace), parts.part("name", name)))


def s3(bucket: str, key: str) -> Dataset:
    """An object or a prefix: `s3://bucket` and the key. s3a and s3n are the same store."""
    return _object("s3", parts.bare("bucket", bucket), key)


def gcs(bucket: str, key: str) -> Dataset:
    """An object or a prefix of Google Cloud Storage: `gs://bucket` and the key."""
    return _object("gs", parts.bare("bucket", bucket), key)


def adls(container: str, account: str, path: str) -> Dataset:
    """A path of Azure Data Lake Storage: `abfss://container@account.dfs.core.windows.net` and the path.

    `account` is a name or a whole host.
    """
    host = parts.bare("account", account, example="mystorage")
    host = host if "." in host else f"{host}.dfs.core.windows.net"
    return _object("abfss", f"{parts.bare('container', container)}@{host}", path)


def hdfs(namenode: str, path: str) -> Dataset:
    """A path of HDFS: `hdfs://namenode:port`, or the name of a nameservice, and the path from the root."""
    return _object("hdfs", parts.host(namenode), parts.absolute(path))


def local(path: Location) -> Dataset:
    """A file or folder of this machine; a relative path is one of the working directory, `~` is the home folder.

    A URI will do where it is one of `file:`.
    """
    return dataset_of(parts.on_this_machine(path))


def postgresql(host: str, database: str, table: str, *, schema: str = "public", port: int = 5432) -> Dataset:
    """A table: `postgres://host:port` and `database.schema.table`. `table` may bring its schema.

    The agent repeats what the job's `dbtable` says: for a plain `orders` it has no schema in the name, and neither has
    this with `schema=""`, nor the URI `jdbc:postgresql://host/database#orders`.
    """
    return _table("postgres", host, database, table, schema=schema, port=port)


def mysql(host: str, database: str, table: str, *, port: int = 3306) -> Dataset:
    """A table: `mysql://host:port` and `database.table`.

    A `table` that names its database itself, as in `crm.orders`, is in that one: the agent takes the job's so, too.
    """
    within, found = parts.inner("database", database), parts.part("table", table)
    return named(f"mysql://{parts.host(host, port).lower()}", found if "." in found else f"{within}.{found}")


def oracle(host: str, service: str, table: str, *, schema: str = "", port: int = 1521) -> Dataset:
    """A table: `oracle://host:port` and `service.schema.table`. `table` may bring its schema.

    Without any the name has none, as the agent's has none where the job's `dbtable` has none.
    """
    return _table("oracle", host, service, table, schema=schema, port=port, what="service")


def sqlserver(host: str, database: str, table: str, *, schema: str = "dbo", port: int | None = None) -> Dataset:
    """A table of SQL Server: `sqlserver://host[:port]` and `database.schema.table`; the agent adds no port.

    With `schema=""` the name is without, as the agent's is where the job's `dbtable` has none.
    """
    return _table("sqlserver", host, database, table, schema=schema, port=port)


def redshift(
    cluster: str, region: str, database: str, table: str, *, schema: str = "public", port: int | None = 5439
) -> Dataset:
    """A table of Amazon Redshift: `redshift://cluster.region:port` and `database.schema.table`.

    That is the specification's name. What Spark reaches by JDBC the agent calls by the host in its URL: for the same
    name give that host as `cluster`, `my-cluster.abc123.eu-west-1.redshift.amazonaws.com`, to which the region adds
    nothing, and `port=None` where the URL has no port.
    """
    host, where = parts.bare("cluster", cluster), parts.bare("region", region)
    return _table("redshift", host if "." in host else f"{host}.{where}", database, table, schema=schema, port=port)


def snowflake(account: str, database: str, table: str, *, schema: str = "PUBLIC", organization: str = "") -> Dataset:
    """A table: `snowflake://organization-account` and `database.schema.table`.

    `account` alone is organization and account with a hyphen between them, or an account locator with its region and
    cloud (`xy12345.us-east-2.aws`; without them the agent takes `us-west-1.aws`), or the host of either.
    """
    whole = f"{parts.bare('organization', organization)}-{account}" if organization else account
    where = account_of_snowflake(parts.bare("account", whole, example="myorg-myaccount"))
    found = unquoted(parts.part("table", table))
    name = found if "." in found or schema == "" else f"{unquoted(parts.inner('schema', schema))}.{found}"
    return named(f"snowflake://{where}", f"{unquoted(parts.inner('database', database))}.{name}")


def bigquery(project: str, dataset: str, table: str) -> Dataset:
    """A table of Google BigQuery: `bigquery` and `project.dataset.table`."""
    return named(
        "bigquery", f"{parts.inner('project', project)}.{parts.inner('dataset', dataset)}.{parts.part('table', table)}"
    )


def kafka(bootstrap: str, topic: str) -> Dataset:
    """A topic: `kafka://broker:port`, of several brokers the first, and the topic.

    `bootstrap` is what Spark's `kafka.bootstrap.servers` takes. Of a query that subscribes to `a,b` the agent makes one
    dataset of the name `a,b`, and so does this.
    """
    return named(
        f"kafka://{parts.host(parts.first('bootstrap', bootstrap), what='bootstrap')}", parts.part("topic", topic)
    )


def kinesis(region: str, stream: str, *, endpoint: str | None = None) -> Dataset:
    """A stream of Amazon Kinesis: `kinesis://kinesis.region.amazonaws.com` and its name.

    The specification has no name for it. This is the agent's, of a stream that Spark itself reads: the host of the
    endpoint, which is that of the region unless `endpoint` names another, with a port that is none of HTTP's.
    """
    place = parts.bare("region", region)
    suffix = "amazonaws.com.cn" if place.startswith("cn-") else "amazonaws.com"
    host = parts.host(endpoint, what="endpoint") if endpoint is not None else f"kinesis.{place}.{suffix}"
    return named(f"kinesis://{host}", parts.part("stream", stream))


def mongodb(host: str, database: str, collection: str, *, port: int = 27017) -> Dataset:
    """A collection: `mongodb://host:port` and `database.collection`; of a replica set the first host.

    Of a stream that Spark itself reads the agent takes the job's connection string and the database, and the name of
    the collection alone. For that one give the pair: `named("mongodb://host:27017/shop", "orders")`.
    """
    name = f"{parts.inner('database', database)}.{parts.part('collection', collection)}"
    return named(f"mongodb://{parts.host(parts.first('host', host), port)}", name)


def cassandra(host: str, keyspace: str, table: str, *, port: int = 9042) -> Dataset:
    """A table: `cassandra://host:port` and `keyspace.table`."""
    name = f"{parts.inner('keyspace', keyspace)}.{parts.part('table', table)}"
    return named(f"cassandra://{parts.host(host, port).lower()}", name)


def elasticsearch(host: str, index: str, *, port: int = 9200) -> Dataset:
    """An index: `elasticsearch://host:port` and its name; of several hosts the first."""
    return named(f"elasticsearch://{parts.host(parts.first('host', host), port)}", parts.part("index", index))


def iceberg(warehouse: Location, table: str, *, catalog: str = "hadoop") -> Dataset:
    """A table of Iceberg as the agent names it: by its folder below the warehouse.

    `warehouse` is a URI such as `s3://bucket/warehouse`, `table` is `namespace.table`, `catalog` is `hadoop` or `hive`.
    In other catalogs, such as REST and Glue, and where it has a LOCATION, a table goes by the URI of that.
    """
    if catalog not in ("hadoop", "hive"):
        raise ValueError("catalog is hadoop or hive; of another one take the URI of the table's location")
    names = parts.part("table", table)
    return _below(warehouse, _hive_folder(names) if catalog == "hive" else names.replace(".", "/"))


def delta(location: Location) -> Dataset:
    """A Delta table as the agent names it: by the URI of its folder."""
    return dataset_of(parts.location("location", location))


def hive(warehouse: Location, table: str) -> Dataset:
    """A table that Spark keeps in a Hive metastore, as the agent names it: by its folder below the warehouse.

    `warehouse` is a URI such as `hdfs://nn:8020/user/hive/warehouse`, `table` is `database.table`, of which Spark
    keeps the lower case. Where the table or its database has a LOCATION, it goes by the URI of that. What the metastore
    calls it (`hive://host:9083` and `database.table`) is in the agent's facet `symlinks`, and is no second dataset.
    """
    return _below(warehouse, _hive_folder(parts.part("table", table).lower()))


def unity_catalog(workspace: str, catalog: str, schema: str, table: str) -> Dataset:
    """A table of Unity Catalog: `unitycatalog://workspace-host` and `catalog.schema.table`.

    The agent reports the folder behind it; `facets.symlinks` ties both names together.
    """
    host = parts.part("workspace", workspace).rpartition("://")[2].split("/")[0]
    within = f"{parts.inner('catalog', catalog)}.{parts.inner('schema', schema)}"
    return named(f"unitycatalog://{parts.host(host, what='workspace')}", f"{within}.{parts.part('table', table)}")


def glue(region: str, account: str, database: str, table: str) -> Dataset:
    """A table of the AWS Glue catalog: `arn:aws:glue:region:account` and `table/database/table`."""
    where = f"arn:aws:glue:{parts.bare('region', region)}:{parts.bare('account', account)}"
    return named(where, f"table/{parts.inner('database', database)}/{parts.part('table', table)}")


def http(url: str) -> Dataset:
    """An HTTP API or a file behind one: scheme and host, and the path without its query, which may hold keys."""
    found = parts.part("url", url)
    if found.partition("://")[0].lower() not in ("http", "https"):
        raise ValueError("url is no http:// or https:// address")
    return dataset_of(found)


def _table(
    scheme: str, host: str, database: str, table: str, *, schema: str, port: int | None, what: str = "database"
) -> Dataset:
    found = parts.part("table", table)
    name = found if "." in found or schema == "" else f"{parts.inner('schema', schema)}.{found}"
    # The agent writes hosts of JDBC in lower case.
    return named(f"{scheme}://{parts.host(host, port).lower()}", f"{parts.inner(what, database)}.{name}")


def _object(scheme: str, place: str, key: str) -> Dataset:
    return dataset_of(f"{scheme}://{place}/{parts.part('key', key).strip('/')}")


def _below(warehouse: Location, folder: str) -> Dataset:
    return dataset_of(f"{parts.location('warehouse', warehouse).rstrip('/')}/{folder}")


def _hive_folder(table: str) -> str:
    database, _, name = table.rpartition(".")
    return name if database in ("", "default") else f"{database}.db/{name}"


for _name in __all__:
    globals()[_name] = lenient(lambda error: NoDataset("", "", error=error), f"datasets.{_name}")(globals()[_name])
