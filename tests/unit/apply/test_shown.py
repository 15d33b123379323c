"""What people see of requests: everything but secrets."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparklineage.apply.interface import Plan, Started
from sparklineage.apply.shown import lines, masked, plain_secrets, reason, secrets_in

CANARY = "canary-41f0aa93"


@pytest.mark.parametrize(
    "request_",
    [
        {"spark_conf": {"spark.openlineage.transport.auth.apiKey": CANARY}},
        {"Args": ["--conf", f"spark.my.password={CANARY}"]},
        {"Args": ["env", f"API_TOKEN={CANARY}"]},
        {"sparkSubmitParameters": f"--conf spark.a=b --conf spark.my.secret={CANARY} --class X"},
        {"KerberosAttributes": {"Realm": "r", "KdcAdminPassword": CANARY}},
        {"docker_image": {"basic_auth": {"username": "u", "password": CANARY}}},
        {"Properties": [{"Key": "a", "Value": f"https://u:{CANARY}@host/"}]},
        {"list": [[{"secret": [CANARY]}]]},
    ],
)
def test_no_secret_is_shown_wherever_it_stands(request_: dict[str, Any]) -> None:
    assert CANARY in json.dumps(request_)
    assert CANARY not in json.dumps(masked(request_))
    plan = Plan(
        call="c", place="p", resource="r", request=request_, before={}, send=lambda: Started(what="", ids={}, look="")
    )
    assert CANARY not in "\n".join(lines(plan)) + repr(plan)


@pytest.mark.parametrize(
    "text",
    [
        {"spark.openlineage.transport.auth.apiKey": "{{secrets/lineage/key}}"},
        {"spark.openlineage.transport.auth.apiKey": "EMR.secret@lineage"},
        {"spark.kubernetes.driver.secretKeyRef.KEY": "sparklineage:KEY"},
        {"spark.hadoop.fs.s3a.aws.credentials.provider": "org.example.Provider"},
        {"Args": ["--conf", "spark.openlineage.transport.auth.apiKey={{secrets/lineage/key}}"]},
        {"number": 1, "none": None, "yes": True, "spark.jars": "s3://b/a.jar,s3://b/c.jar"},
    ],
)
def test_references_and_names_are_shown(text: dict[str, Any]) -> None:
    assert masked(text) == text
    assert plain_secrets(text) == ()
    assert secrets_in(text) == ()


def test_a_service_that_quotes_a_secret_is_not_passed_on() -> None:
    request = {"spark.my.password": f'{CANARY}"x', "Args": [f"spark.your.token=b-{CANARY}"]}
    secrets = secrets_in(request)
    said = f'cannot use {json.dumps(request)}\nwith b-{CANARY} and {CANARY}"x'
    assert CANARY not in reason(said, secrets)
    assert "\n" not in reason(said, secrets)
    assert plain_secrets(request) == ("spark.my.password", "spark.your.token")
    assert len(reason("long " * 1000, ())) == 501
    assert reason("a\x1b[31mb\u202e", ()) == "a [31mb"


@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
))  # fmt: skip
def test_what_is_shown_has_the_form_of_what_is_sent(value: Any) -> None:
    def form(one: Any) -> Any:
        if isinstance(one, dict):
            return {key: form(inner) for key, inner in one.items()}
        return [form(inner) for inner in one] if isinstance(one, list) else type(one)

    assert form(masked(value)) == form(value)
    secrets_in(value)


def test_only_what_differs_is_shown_of_an_edit() -> None:
    before: dict[str, Any] = {"a": 1, "b": {"c": "d"}}
    plan = Plan(call="c", place="p", resource="r", request=before | {"e": [2]}, before=before,
                send=lambda: Started(what="", ids={}, look=""))  # fmt: skip
    changed = [line for line in lines(plan) if line[0] in "+-" and line[1] == " "]
    assert changed == ['+  "e": [', "+    2", "+  ]"]
    assert plan.changes
