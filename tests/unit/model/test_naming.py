"""Job names: of applications compared with what the agent's own NameNormalizer 1.53.0 gave for the same texts."""

from __future__ import annotations

import pytest

from sparklineage.model.naming import normalize_job_name, step_job_name

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


@pytest.mark.parametrize("name", [name for name in AGENT if name.isascii()])
def test_a_step_with_a_plain_name_is_called_as_the_agent_would_call_it(name: str) -> None:
    assert step_job_name("app", name) == f"app.{AGENT[name]}"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("订单", "订单"),
        ("客户 2", "客户_2"),
        ("Загрузка", "загрузка"),
        ("Zażółć gęślą", "zażółć_gęślą"),
        ("Zaz\u0307o\u0301łc\u0301", "zażółć"),
        ("ग्राहक सूची", "ग्राहक_सूची"),
        ("\uff21\uff22", "ab"),
        ("🚀 load 🚀", "load"),
        ("→ Größe ←", "größe"),
        ("a\ufe0fb", "a\ufe0fb"),
        ("x \u0301", "x"),
        ("lone\ud800", "lone"),
    ],
)
def test_a_step_keeps_letters_and_digits_of_every_script(name: str, expected: str) -> None:
    assert step_job_name("app", name) == f"app.{expected}"


def test_steps_of_whose_names_nothing_is_left_are_told_apart() -> None:
    assert step_job_name("app", "🚀") == "app.step_377bd7c6"
    names = ["🚀", "🛰️", "", " ", "___", "!", "?", "\ud800", "\u0301"]
    assert len({step_job_name("app", name) for name in names}) == len(names)
