from __future__ import annotations

import inspect
import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timezone
from decimal import Decimal
from functools import partial
from importlib.resources import files
from typing import Any

import attr
import jsonschema
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openlineage.client.facet_v2 import data_quality_assertions_dataset, documentation_dataset
from pyspark.ml.linalg import VectorUDT
from pyspark.sql import types as spark

from sparklineage import Dataset, datasets, facets
from sparklineage.model.dataset import NoDataset
from sparklineage.model.facet import Facet, NoFacet
from sparklineage.model.masking import names_a_secret
from tests.unit.facets.hostile import attempts, values
from tests.unit.facets.official import read
from tests.unit.facets.shapes import FLIGHTS, NESTED, PASSWORD, STANDARD

OF_SIZE = "{} has no argument 'bytes'; did you mean 'size'?"


@pytest.mark.parametrize("facet", STANDARD, ids=lambda facet: facet.name)
def test_standard_facets_are_those_of_the_specification(facet: facets.Facet) -> None:
    found = read(json.loads(json.dumps(facet.value)))
    assert found._get_schema() == facet.value["_schemaURL"]
    assert facet.value["_producer"].startswith("https://our-solution.io/sparklineage/")
    assert PASSWORD not in str(facet)


@pytest.mark.usefixtures("strict")
def test_what_the_reading_refuses_is_refused() -> None:
    """The check above can fail."""
    value = dict(facets.output_statistics(rows=3).value)
    with pytest.raises(TypeError, match="rowCount"):
        read({**value, "rowCount": "3"})
    with pytest.raises(TypeError, match="rows"):
        read({**value, "rows": 3})


@pytest.mark.parametrize(
    ("name", "facet"),
    [
        ("governance", facets.governance(pii=True, classification="internal", retention="P5Y", encryption="aes-256")),
        ("sparklineage_mlflow", facets.mlflow(run_id="0f", model="delays", model_version=3, metrics={"auc": 0.9})),
        (
            "sparklineage_sagemaker",
            facets.sagemaker(job_name="train-1", job_type="Training", parameters={"depth": 6}, model_uri="s3://b/m"),
        ),
    ],
)
def test_own_facets_fit_their_published_schemas(name: str, facet: facets.Facet) -> None:
    schema = json.loads((files("sparklineage.model") / f"{name}-1.0.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(dict(facet.value), schema)
    assert facet.value["_schemaURL"] == schema["$id"] == f"https://our-solution.io/facets/{name}-1.0.json"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**facet.value, "pii": "yes", "runId": 3, "jobName": 3}, schema)


@pytest.mark.parametrize("place", ["run", "dataset"])
def test_one_schema_of_governance_is_for_runs_and_datasets(place: Any) -> None:
    facet = facets.governance(pii=True, place=place)
    schema = json.loads((files("sparklineage.model") / "governance-1.0.json").read_text(encoding="utf-8"))
    jsonschema.validate(dict(facet.value), schema)
    assert facet.place in schema["description"]
    assert schema["title"] == "GovernanceFacet"


def test_a_schema_is_nested_as_the_agent_nests_it() -> None:
    """tests/real compares the same types with the agent's own events."""
    assert facets.schema(NESTED).value["fields"] == [
        {"name": "id", "type": "long", "description": "of the flight"},
        {"name": "price", "type": "decimal(10,2)"},
        {"name": "at", "type": "timestamp_ntz"},
        {
            "name": "legs",
            "type": "array",
            "fields": [{"name": "_element", "type": "struct", "fields": [{"name": "to", "type": "string"}]}],
        },
        {
            "name": "counts",
            "type": "map",
            "fields": [
                {"name": "key", "type": "string"},
                {"name": "value", "type": "array", "fields": [{"name": "_element", "type": "integer"}]},
            ],
        },
    ]
    read(dict(facets.schema(NESTED).value))


def test_collations_and_types_of_ones_own_are_called_as_the_agent_calls_them() -> None:
    frame = spark.StructType(
        [
            spark.StructField("c", spark.StringType("UTF8_LCASE")),
            spark.StructField(
                "m", spark.MapType(spark.StringType("UNICODE_CI"), spark.ArrayType(spark.StringType("UTF8_LCASE")))
            ),
            spark.StructField("s", spark.StructType([spark.StructField("x", spark.StringType("UTF8_LCASE"))])),
            spark.StructField("v", spark.ArrayType(VectorUDT())),
            spark.StructField("own", Own()),
        ]
    )
    lower = "string collate UTF8_LCASE"
    assert facets.schema(frame).value["fields"] == [
        {"name": "c", "type": lower},
        {
            "name": "m",
            "type": "map",
            "fields": [
                {"name": "key", "type": "string collate UNICODE_CI"},
                {"name": "value", "type": "array", "fields": [{"name": "_element", "type": lower}]},
            ],
        },
        {"name": "s", "type": "struct", "fields": [{"name": "x", "type": lower}]},
        {"name": "v", "type": "array", "fields": [{"name": "_element", "type": "vector"}]},
        {"name": "own", "type": "pythonuserdefined"},
    ]


class Own(spark.UserDefinedType):  # type: ignore[misc]
    """Known to Python alone."""

    @classmethod
    def sqlType(cls) -> spark.DataType:  # noqa: N802 - its name in PySpark
        return spark.StringType()

    @classmethod
    def module(cls) -> str:
        return __name__


@attr.define
class Cost:
    center: str
    amount: float | None = None


@dataclass
class Plain:
    center: str


@pytest.mark.parametrize("fields", [{"center": "A1"}, Cost("A1"), Plain("A1")])
def test_custom_facets_are_mappings_or_objects(fields: object) -> None:
    facet = facets.custom("acme_cost", fields, place="run", schema_url="https://acme.example/cost.json")
    assert (facet.name, facet.place, facet.value["center"]) == ("acme_cost", "run", "A1")
    assert "amount" not in facet.value


def test_a_facet_of_the_client_brings_its_schema() -> None:
    theirs = documentation_dataset.DocumentationDatasetFacet(description="x")
    facet = facets.custom("acme_documentation", theirs)
    assert facet.value["_schemaURL"] == theirs._get_schema()
    assert facet.value["description"] == "x"


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: facets.custom("cost", {}, schema_url="https://a.example"), "no prefix"),
        (lambda: facets.custom("acme_cost", {"a": 1}), "schema_url"),
        (lambda: facets.custom("acme_cost", {"a": float("nan")}, schema_url="https://a.example"), "no finite number"),
        (lambda: facets.custom("acme_cost", 3, schema_url="https://a.example"), "which int is not"),
        (facets.output_statistics, "without any number"),
        (facets.data_quality_metrics, "without any number; give columns, rows, size or files"),
        (lambda: facets.data_quality_metrics({}, rows=None), "without any number"),
        (lambda: facets.output_statistics(rows=-1), "rows is below 0"),
        (lambda: facets.output_statistics(rows=True), "rows has to be a whole number, and is a bool"),
        (facets.governance, "without any of pii"),
        (lambda: facets.governance(pii="yes"), "pii has to be True or False, and is a str"),  # type: ignore[arg-type]
        (lambda: facets.lifecycle_state("gone"), "none of ALTER"),
        (lambda: facets.schema(3), "which int is not"),
        (lambda: facets.schema(spark.LongType()), "a schema is a struct"),
        (lambda: facets.column_lineage({}), "columns is empty"),
        (lambda: facets.column_lineage({"a": ["b"]}), "a column is"),  # type: ignore[list-item]
        (
            lambda: facets.data_quality_metrics({"a": {"nulls": 1}}),
            "columns.a.nulls is no metric; known are null_count",
        ),
        (facets.ownership, "owners is empty"),
        (lambda: facets.mlflow(run_id=" "), "run_id is blank"),
        (facets.sagemaker, "give job_name"),
    ],
)
@pytest.mark.usefixtures("strict")
def test_a_bad_value_is_told_where_it_is_written(make: object, told: str) -> None:
    with pytest.raises((ValueError, TypeError), match=told):
        make()  # type: ignore[operator]


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: facets.tags({"n": 3}), "tags.n has to be a text, True or False, and is an int"),  # type: ignore[dict-item]
        (lambda: facets.tags({3: "n"}), "a key of tags has to be a text, and is an int"),  # type: ignore[dict-item]
        (lambda: facets.tags(["pii"]), "tags has to be a mapping, such as a dict, and is a list"),  # type: ignore[arg-type]
        (
            lambda: facets.schema({"a": {"b": "long"}}),
            "schema.a has to be the name of a type, such as 'long' (a StructType has nested ones), and is a dict",
        ),
        (lambda: facets.schema({None: "long"}), "a key of schema has to be a text, and is None"),
        (lambda: facets.version(3.0), "dataset_version has to be a text or a whole number, and is a float"),  # type: ignore[arg-type]
        (lambda: facets.output_statistics(rows=1, bytes=2), OF_SIZE.format("output_statistics")),  # type: ignore[call-arg]
        (lambda: facets.input_statistics(bytes=2), OF_SIZE.format("input_statistics")),  # type: ignore[call-arg]
        (lambda: facets.data_quality_metrics(rows=1, bytes=2), OF_SIZE.format("data_quality_metrics")),  # type: ignore[call-arg]
        (
            lambda: facets.output_statistics(rows=1, partitions=3),  # type: ignore[call-arg]
            "output_statistics has no argument 'partitions'; it takes rows, size, files",
        ),
        (
            lambda: facets.documentation("x", contentType="text/plain"),  # type: ignore[call-arg]
            "documentation has no argument 'contentType'; did you mean 'content_type'?",
        ),
        (lambda: facets.documentation(b"x"), "description has to be a text, and is a bytes"),  # type: ignore[arg-type]
        (
            lambda: facets.data_quality_metrics({"a": 3}),  # type: ignore[dict-item]
            "columns.a has to be a mapping, such as a dict, and is an int",
        ),
        (lambda: facets.data_quality_metrics({"": {"min": 3}}), "a key of columns is blank"),
        (
            lambda: facets.data_quality_metrics({"a": {"null_count": "3"}}),
            "columns.a.null_count has to be a whole number, and is a str",
        ),
        (
            lambda: facets.mlflow(run_id="0f", parameters={3: "x"}),  # type: ignore[dict-item]
            "a key of parameters has to be a text, and is an int",
        ),
        (lambda: facets.mlflow(run_id="0f", metrics={"a": [1]}), "metrics.a has to be a number, and is a list"),
        (
            lambda: facets.custom("acme_x", {"a": {3: 1}}, schema_url="https://a.example"),
            "a key of acme_x.a has to be a text, and is an int",
        ),
    ],
)
def test_a_message_says_where_what_and_what_instead(
    make: Callable[[], object], told: str, caplog: pytest.LogCaptureFixture
) -> None:
    make()
    (message,) = caplog.messages
    assert message.partition("left out of the lineage: ")[2] == told


def test_a_metric_that_is_no_number_costs_no_other_one(caplog: pytest.LogCaptureFixture) -> None:
    metrics = {
        "loss": math.nan,
        "auc": 0.9,
        "gap": math.inf,
        "share": Decimal("0.25"),
        "odd": Decimal("NaN"),
        "x": None,
    }
    for facet in (facets.mlflow(run_id="0f", metrics=metrics), facets.sagemaker(job_name="t", metrics=metrics)):
        assert facet.value["metrics"] == {"auc": 0.9, "share": 0.25}
    found = facets.data_quality_metrics(
        {"a": {"min": math.nan, "max": 3, "sum": None, "quantiles": {0.5: math.nan, 0.9: 2}}}, rows=10
    )
    assert found.value["columnMetrics"] == {"a": {"max": 3, "quantiles": {"0.9": 2}}}
    assert [record.getMessage() for record in caplog.records] == [
        "left out of the lineage: metrics.loss is no finite number",
        "left out of the lineage: metrics.gap is no finite number",
        "left out of the lineage: metrics.odd is no finite number",
        "left out of the lineage: metrics.x has to be a number, and is None",
        "left out of the lineage: columns.a.min is no finite number",
        "left out of the lineage: columns.a.quantiles.0.5 is no finite number",
    ]


@pytest.mark.usefixtures("strict")
def test_a_metric_that_is_no_number_is_raised_where_the_step_is_strict() -> None:
    with pytest.raises(ValueError, match=r"metrics\.loss is no finite number"):
        facets.mlflow(run_id="0f", metrics={"loss": math.nan})


@pytest.mark.usefixtures("strict")
@pytest.mark.parametrize(
    ("subtype", "kind", "told"),
    [
        (None, None, ("DIRECT", "TRANSFORMATION")),
        ("identity", None, ("DIRECT", "IDENTITY")),
        ("JOIN", None, ("INDIRECT", "JOIN")),
        ("Window", "indirect", ("INDIRECT", "WINDOW")),
        ("AGGREGATION", "DIRECT", ("DIRECT", "AGGREGATION")),
        ("hashed", None, ("DIRECT", "HASHED")),
        ("lookup", "INDIRECT", ("INDIRECT", "LOOKUP")),
        (None, "INDIRECT", ("INDIRECT", None)),
        (None, "DIRECT", ("DIRECT", "TRANSFORMATION")),
    ],
)
def test_the_kind_of_a_transformation_follows_from_its_subtype(
    subtype: str | None, kind: str | None, told: tuple[str, str | None]
) -> None:
    made = facets.transformation(subtype, kind=kind)
    assert (made["type"], made.get("subtype")) == told
    assert made["masking"] is False
    assert None not in made.values()
    read(dict(facets.column_lineage({"a": [(FLIGHTS, "b")]}, transformation=made).value))


@pytest.mark.usefixtures("strict")
@pytest.mark.parametrize(("subtype", "kind"), [("JOIN", "DIRECT"), ("identity", "INDIRECT")])
def test_a_subtype_of_the_other_kind_is_refused(subtype: str, kind: str) -> None:
    with pytest.raises(ValueError, match=f"kind is {kind}, and the subtype {subtype.upper()} is .*; leave kind out"):
        facets.transformation(subtype, kind=kind)


@pytest.mark.usefixtures("strict")
def test_a_test_of_data_quality_says_all_that_the_specification_has() -> None:
    test = facets.assertion(
        "custom_sql", False, column="id", severity="warn", expected=0, actual=3, name="no_orphans", description="d",
        content="SELECT 1", content_type="sql", params={"since": date(2026, 1, 1), "days": [np.int64(3)]},
    )  # fmt: skip
    assert test == {
        "assertion": "custom_sql", "success": False, "column": "id", "severity": "warn", "expected": "0",
        "actual": "3", "name": "no_orphans", "description": "d", "content": "SELECT 1", "contentType": "sql",
        "params": {"since": "2026-01-01", "days": [3]},
    }  # fmt: skip
    facet = facets.data_quality_assertions(test)
    read(dict(facet.value))
    assert facet.value["assertions"] == [test]
    known = {field.name for field in attr.fields(data_quality_assertions_dataset.Assertion)}
    assert set(test) == known
    with pytest.raises(TypeError, match="params has to be a mapping, such as a dict, and is a list"):
        facets.assertion("fresh", True, params=[3])  # type: ignore[arg-type]


@pytest.mark.usefixtures("strict")
def test_what_spark_returns_is_taken_as_a_metric() -> None:
    utc = timezone.utc
    found = facets.data_quality_metrics(
        {
            "amount": {"sum": Decimal("12.50"), "max": Decimal("1E+3"), "min": Decimal(-3), "count": 10**12},
            "day": {"min": date(1970, 1, 2), "max": date(1969, 12, 31), "quantiles": {0.5: date(1970, 1, 1)}},
            "at": {"min": datetime(1970, 1, 1, 0, 0, 1, 500_000, utc), "max": pd.Timestamp("1970-01-02", tz="UTC")},
        }
    )
    assert found.value["columnMetrics"] == {
        "amount": {"sum": 12.5, "max": 1000, "min": -3, "count": 10**12},
        "day": {"min": 86_400, "max": -86_400, "quantiles": {"0.5": 0}},
        "at": {"min": 1.5, "max": 86_400.0},
    }
    more = {"day": date(2026, 1, 2), "at": datetime(2026, 1, 2, 3, tzinfo=utc), "cost": Decimal("1.5")}
    own = facets.custom("acme_cost", more, schema_url="https://a.example")
    assert [own.value[key] for key in more] == ["2026-01-02", "2026-01-02T03:00:00+00:00", 1.5]


@pytest.mark.usefixtures("strict")
def test_an_id_may_be_a_number() -> None:
    made = facets.mlflow(run_id="0f", experiment_id=7, model_version=np.int64(3)).value
    assert (made["experimentId"], made["modelVersion"]) == ("7", "3")
    with pytest.raises(TypeError, match="experiment_id has to be a text or a whole number, and is a float"):
        facets.mlflow(run_id="0f", experiment_id=7.5)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="job_name has to be a text or a whole number, and is a bool"):
        facets.sagemaker(job_name=True)  # type: ignore[arg-type]


def test_whatever_a_function_gets_it_raises_nothing() -> None:
    made = [call() for _, call in attempts()]
    refused = [facet for facet in made if isinstance(facet, NoFacet)]
    assert all(isinstance(facet, Facet) for facet in made)
    assert all(type(facet.error) in (TypeError, ValueError) and str(facet.error) for facet in refused)
    assert len(refused) > 2_000
    described = Dataset.of(FLIGHTS).with_facets(*made, *values())
    assert described == Dataset.of(FLIGHTS)
    assert {name for name in described.facets if name} > {"documentation", "schema"}


def test_whatever_a_dataset_is_made_of_it_raises_nothing() -> None:
    for name in datasets.__all__:
        function = getattr(datasets, name)
        needed = [item for item in inspect.signature(function).parameters.values() if item.default is item.empty]
        for value in values():
            made = function(*[value] * len(needed))
            assert isinstance(made, NoDataset) or (made.namespace.strip() and made.name.strip())
    for value in values():
        made = Dataset.of(value)
        assert isinstance(made, NoDataset) or (made.namespace.strip() and made.name.strip())


@pytest.mark.usefixtures("strict")
def test_a_dataset_keeps_its_facets_by_where_they_belong() -> None:
    dataset = Dataset.of(FLIGHTS).with_facets(
        facets.documentation("old"),
        facets.documentation("new"),
        facets.output_statistics(rows=1),
        facets.input_statistics(rows=2),
    )
    assert dataset.facets["documentation"]["description"] == "new"
    assert (list(dataset.output_facets), list(dataset.input_facets)) == (["outputStatistics"], ["inputStatistics"])
    assert dataset == Dataset.of(FLIGHTS)
    with pytest.raises(ValueError, match="facet of a run"):
        dataset.with_facets(facets.mlflow(run_id="1"))


keys = st.text().filter(lambda key: not names_a_secret(key))
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(keys.filter(lambda key: not key.startswith("_")), json_values, max_size=4))
def test_whatever_json_can_hold_a_custom_facet_can(fields: dict[str, object]) -> None:
    facet = facets.custom("acme_any", fields, schema_url="https://acme.example/any.json")
    assert json.loads(json.dumps({key: facet.value[key] for key in fields})) == json.loads(json.dumps(fields))


@pytest.mark.parametrize("make", [partial(facets.mlflow, run_id="0f"), partial(facets.sagemaker, job_name="j")])
def test_a_parameter_of_a_secrets_name_is_masked(make: Callable[..., facets.Facet]) -> None:
    secret = dict.fromkeys(("db_password", "apiKey", "HF-token", "spark.fs.secret.key", "Secret"), "canary-5up3r")
    others: dict[str, object] = {
        "pad_token": "<pad>", "tokenizer": "bert", "max_tokens": "512", "hf_token": True, "api_key": None, "key": "id",
        "monkey": "x",
    }  # fmt: skip
    found = make(parameters=secret | others).value["parameters"]
    assert {name: found[name] for name in secret} == dict.fromkeys(secret, "********")
    assert {name: found[name] for name in others} == {name: str(value) for name, value in others.items()}


@pytest.mark.parametrize("one", ["s3://b/k", ("s3://b", "k"), Dataset.of("s3://b/k")])
def test_one_dataset_is_as_good_as_a_list_of_it(one: Any) -> None:
    assert facets.lineage(one) == facets.lineage([one])
