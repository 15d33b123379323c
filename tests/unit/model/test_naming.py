"""Job names, compared with what the agent's own NameNormalizer 1.53.0 gave for the same texts."""

from __future__ import annotations

import pytest

from sparklineage.model.naming import normalize_job_name

AGENT = {
    "My App 2": "my_app_2",
    "flights": "flights",
    "HTTPServerJob": "http_server_job",
    "myApp2Go": "my_app2_go",
    "  spaced  ": "spaced",
    "Zażółć gęślą": "zazo_c_gesl",
    "a.b.c": "a_b_c",
    "ABCDef": "abc_def",
    "my-job_2": "my_job_2",
    "Job123ABC": "job123_abc",
    "123abc": "123abc",
    "___x___": "_x_",
    "x__y": "x_y",
    "ÄÖÜß": "",
    "数据": "",
    "--lead": "lead",
    "ETL2S3": "etl2_s3",
    "PySpark App": "py_spark_app",
    "e2eTest": "e2e_test",
    "A1B2": "a1_b2",
    "snake_Case_Name": "snake_case_name",
    "v1.2.3-rc1": "v1_2_3_rc1",
}


@pytest.mark.parametrize("name", AGENT)
def test_a_name_becomes_what_the_agent_makes_of_it(name: str) -> None:
    assert normalize_job_name(name) == AGENT[name]
