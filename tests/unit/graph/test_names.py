"""Short names, and never the same one twice."""

from __future__ import annotations

import pytest

from sparklineage.graph import build
from sparklineage.graph.names import dataset_labels, job_labels
from tests.unit.graph.events import event


@pytest.mark.parametrize(
    ("key", "label"),
    [
        (("file", "/lake/bronze/flights"), "bronze/flights"),
        (("file", "/data/flights.csv"), "data/flights.csv"),
        (("file", "/flights.csv"), "flights.csv"),
        (("file", "/"), "/"),
        (("s3://bucket", "flights"), "flights"),
        (("hive://metastore:9083", "prod.sales.orders"), "sales.orders"),
        (("kafka://broker:9092", "shop.orders.v1"), "shop.orders.v1"),
        (("sqlite", "/data/weather.db#obs"), "data/weather.db#obs"),
    ],
)
def test_a_dataset_alone_needs_two_parts_of_its_path(key: tuple[str, str], label: str) -> None:
    """A dot inside a path is no separator, and a topic's dots are none either."""
    assert dataset_labels([key])[key] == label


def test_datasets_that_would_look_alike_get_more_of_their_path() -> None:
    """Only as much as it takes, and only those that need it."""
    keys = [("file", "/eu/raw/a"), ("file", "/us/raw/a"), ("s3://x", "raw/b"), ("s3://y", "raw/b"), ("file", "/raw/c")]
    assert list(dataset_labels(keys).values()) == ["eu/raw/a", "us/raw/a", "s3://x/raw/b", "s3://y/raw/b", "raw/c"]


def test_one_path_that_ends_another_is_told_apart() -> None:
    """`/b/c` and `/a/b/c`, in one namespace and in two."""
    keys = [("file", "/b/c"), ("file", "/a/b/c"), ("dbfs", "/b/c")]
    labels = dataset_labels(keys)
    assert len(set(labels.values())) == 3
    assert labels["file", "/a/b/c"] == "a/b/c"


def test_full_names_are_uris() -> None:
    """Nothing is left out with `full`."""
    keys = [("file", "/lake/a"), ("s3://bucket", "lake/a")]
    assert list(dataset_labels(keys, full=True).values()) == ["file:/lake/a", "s3://bucket/lake/a"]


def test_jobs_drop_the_application_and_the_command() -> None:
    """As far as the rest is unique; a step keeps its whole name."""
    graph = build(
        [
            event("START", "r1", "etl.execute_save_into_data_source_command.bronze_a", outputs=["/a"]),
            event("START", "r2", "etl.append_data.gold_b", outputs=["/b"]),
            event("START", "r3", "etl.overwrite.gold_b", outputs=["/b"]),
            event("START", "r4", "etl.collect_limit", inputs=["/b"]),
            event("START", "r5", "etl.train.model", inputs=["/b"], job_type="STEP"),
            event("START", "r6", "other", inputs=["/b"], parent=None),
        ]
    )
    assert sorted(job_labels(graph.jobs).values()) == [
        "append_data.gold_b",
        "bronze_a",
        "collect_limit",
        "other",
        "overwrite.gold_b",
        "train.model",
    ]
    assert "etl.append_data.gold_b" in job_labels(graph.jobs, full=True).values()
